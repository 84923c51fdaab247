"""The database that the settings name, opened for one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from server.config import Config
from server.errors import ConfigError, ServiceError
from server.storage.engine import DatabaseError, connect
from server.storage.schema import upgrade


@contextmanager
def opened() -> Iterator[tuple[Engine, Config]]:
    """Engine (newest schema) and settings; the connections are closed afterwards."""
    config = Config.from_environment()
    with database_errors_told():
        engine = connect(config.database_url)
        try:
            upgrade(engine)
            yield engine, config
        finally:
            engine.dispose()


@contextmanager
def database_errors_told() -> Iterator[None]:
    """Errors of the database as what people read. Told here, so that no other command loads SQLAlchemy to name them."""
    try:
        yield
    except DatabaseError as error:
        raise ConfigError(f"Không dùng được cơ sở dữ liệu theo BIEUSO_DATABASE_URL: {error}.") from error
    except OperationalError as error:
        raise ServiceError(f"Không kết nối được cơ sở dữ liệu, hoặc cơ sở dữ liệu đang bận: {error.orig}") from error
