"""Brings a database to the newest schema. Migrations are packaged; no alembic.ini is needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from server.storage.engine import lock, reading, writing
from server.storage.tables import METADATA

_LOCK = 0x6269_6575_0001  # two services that start at once migrate one after the other


def upgrade(engine: Engine) -> None:
    """Runs the migrations that are missing, all in one transaction. Does nothing on a database that is up to date."""
    script = _script()
    if current(engine) == script.get_current_head():
        return
    with writing(engine) as connection:
        lock(connection, _LOCK)
        _run(connection, script)


def current(engine: Engine) -> str | None:
    """The revision the database is at, or None for an empty one."""
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """The newest revision this program knows."""
    return _script().get_current_head()


def _script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def _run(connection: Connection, script: ScriptDirectory) -> None:
    def steps(revision: str | Sequence[str], _context: MigrationContext) -> list[RevisionStep]:
        return list(script._upgrade_revs("head", revision))  # type: ignore[arg-type]  # the same call as in alembic.command.upgrade

    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(connection=connection, target_metadata=METADATA)
        environment.run_migrations()
