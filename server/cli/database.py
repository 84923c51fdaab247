"""The database that the settings name, opened for one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from server.config import Config
from server.storage.engine import connect
from server.storage.schema import upgrade


@contextmanager
def opened() -> Iterator[tuple[Engine, Config]]:
    """Engine (newest schema) and settings; the connections are closed afterwards."""
    config = Config.from_environment()
    engine = connect(config.database_url)
    try:
        upgrade(engine)
        yield engine, config
    finally:
        engine.dispose()
