"""Engines and transactions for SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from psycopg import Connection as PostgresConnection
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

_BUSY_MILLISECONDS = 30_000
# Of libpq: a server whose machine or network is gone is given up, not waited for with all that others wait for.
_POSTGRESQL_PATIENCE = {
    "connect_timeout": 10,  # seconds
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}


class DatabaseError(Exception):
    """The database address cannot be used; the message (Vietnamese) says why."""


def connect(url: str) -> Engine:
    """An engine for ``sqlite:///path`` or ``postgresql://…``. The folder of a SQLite file is made.

    Raises:
        DatabaseError: neither of the two, or a SQLite database in memory (each connection would see its own).
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise DatabaseError(f"“{url}” không phải địa chỉ cơ sở dữ liệu") from error
    if address.get_backend_name() == "sqlite":
        return _sqlite(address.database)
    if address.get_backend_name() == "postgresql":
        return _postgresql(address.set(drivername="postgresql+psycopg"))
    raise DatabaseError(f"chỉ dùng được sqlite:/// và postgresql://, không dùng được {address.get_backend_name()}")


def _postgresql(address: URL) -> Engine:
    patience = {name: value for name, value in _POSTGRESQL_PATIENCE.items() if name not in address.query}
    engine = create_engine(address, pool_pre_ping=True, connect_args=patience)
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: PostgresConnection[Any], _entry: ConnectionPoolEntry) -> None:
    """Has moments told in UTC: east of it the last hours of the year 9999, "never expires", cannot be read back."""
    connection.autocommit = True  # else the setting would go with the first transaction that is given up
    connection.execute("SET TIME ZONE 'UTC'")
    connection.autocommit = False


def _sqlite(path: str | None) -> Engine:
    if not path or path == ":memory:":
        raise DatabaseError("SQLite cần một tệp: sqlite:///đường/dẫn/bieuso.db")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_MILLISECONDS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    for pragma in (
        f"busy_timeout = {_BUSY_MILLISECONDS}",
        "synchronous = FULL",  # a submission that was confirmed survives a power cut
        "foreign_keys = ON",
        "recursive_triggers = ON",  # else INSERT OR REPLACE would delete past the triggers of the audit log
        "trusted_schema = OFF",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    _write_ahead(connection)


def _write_ahead(connection: SqliteConnection) -> None:
    """Turns the write-ahead log on. Of services that start at once on a new file one does; SQLite lets no other wait.

    The busy time-out does not hold for this change (sqlite.org/wal.html), so we wait ourselves.
    """
    deadline = time.monotonic() + _BUSY_MILLISECONDS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later would fail with SQLITE_BUSY under two writers: take the lock now.
    reading_only = connection.get_execution_options().get("bieuso_reading", False)
    connection.exec_driver_sql("BEGIN" if reading_only else "BEGIN IMMEDIATE")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads and sees one state of the database throughout."""
    options: dict[str, object] = {"bieuso_reading": True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that commits at its end, and leaves nothing behind when anything is raised inside."""
    with engine.begin() as connection:
        yield connection


def lock(connection: Connection, number: int) -> None:
    """Holds the lock of that number until the transaction ends. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
