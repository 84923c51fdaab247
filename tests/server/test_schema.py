from __future__ import annotations

import socket
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, literal, select, text
from sqlalchemy.exc import DatabaseError as SqlError
from sqlalchemy.exc import OperationalError

from server.storage.engine import DatabaseError, connect, reading, writing
from server.storage.schema import current, head, upgrade
from server.storage.tables import METADATA
from server.storage.types import Instant
from tests.databases import PostgresServer


def test_the_migrated_schema_equals_the_tables_in_the_code(engine: Engine) -> None:
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})

        differences = compare_metadata(context, METADATA)

    assert differences == []
    assert current(engine) == head()


def test_upgrading_twice_does_nothing(engine: Engine) -> None:
    upgrade(engine)

    assert current(engine) == head()


def test_two_services_that_start_at_once_migrate_once(tmp_path: Path, postgres: PostgresServer) -> None:
    postgres.execute("CREATE DATABASE fresh")
    for url in (f"sqlite:///{tmp_path / 'new.db'}", postgres.url("fresh")):
        engines = [connect(url) for _ in range(3)]
        workers = [threading.Thread(target=upgrade, args=(one,)) for one in engines]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(30)

        assert {current(one) for one in engines} == {head()}
        for one in engines:
            one.dispose()


def test_every_sqlite_table_is_strict_so_that_no_float_slips_in(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        return
    with reading(engine) as connection:
        rows = connection.execute(text("SELECT name, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite_%'"))
        loose = {name for name, strict in rows if not strict}

    assert loose == {"alembic_version"}


@pytest.mark.parametrize("table", ["audit_event"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}"])
def test_the_database_itself_refuses_to_change_the_audit_log(engine: Engine, table: str, statement: str) -> None:
    with writing(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO audit_event (id, at, action, actor, subject, details, previous, hash)"
                " VALUES (1, '2026-01-01T00:00:00.000000Z', 'a', 'b', 'c', '{}', '', 'h')".replace("'{}'", "'x'")
            )
        )

    with pytest.raises(SqlError, match="append-only"), writing(engine) as connection:
        connection.execute(text(statement.format(table)))


def test_insert_or_replace_does_not_get_past_the_audit_triggers(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        return
    insert = (
        "INSERT {} INTO audit_event (id, at, action, actor, subject, details, previous, hash)"
        " VALUES (1, 'x', 'a', 'b', 'c', 'd', '', 'h')"
    )
    with writing(engine) as connection:
        connection.execute(text(insert.format("")))

    with pytest.raises(SqlError, match="append-only"), writing(engine) as connection:
        connection.execute(text(insert.format("OR REPLACE")))


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_cannot_be_served_is_refused(url: str) -> None:
    with pytest.raises(DatabaseError):
        connect(url)


def test_a_new_file_that_another_service_is_just_opening_is_waited_for(tmp_path: Path) -> None:
    """SQLite's own time-out does not hold for turning the write-ahead log on."""
    path = tmp_path / "new.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("PRAGMA journal_mode = DELETE").close()
    other.execute("CREATE TABLE t (a)").close()
    other.execute("BEGIN IMMEDIATE").close()
    other.execute("INSERT INTO t VALUES (1)").close()
    release = threading.Timer(0.5, lambda: other.execute("COMMIT").close())
    release.start()
    engine = connect(f"sqlite:///{path}")

    with reading(engine) as connection:
        mode = connection.execute(text("PRAGMA journal_mode")).scalar()

    release.join()
    other.close()
    engine.dispose()
    assert mode == "wal"


def test_the_end_of_the_calendar_is_read_back_from_a_server_in_viet_nam(postgres: PostgresServer) -> None:
    url, never = postgres.new_database(), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    postgres.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET timezone TO 'Asia/Ho_Chi_Minh'")
    engine = connect(url)

    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        connection.rollback()  # what a connection is told at first must not go with its first transaction
    with reading(engine) as connection:
        found = connection.execute(select(literal(never, Instant()))).scalar()

    assert found == never
    engine.dispose()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("wanted", ["", "?connect_timeout=2"])
def test_a_database_that_takes_lines_and_says_nothing_is_given_up(wanted: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        engine = connect(f"postgresql://bieuso@127.0.0.1:{mute.getsockname()[1]}/bieuso{wanted}")

        with pytest.raises(OperationalError, match="timeout"):
            engine.connect()
