"""Accounts, their sessions, and failed sign-ins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from server.storage.tables import ACCOUNT, LOGIN_FAILURE, ORG_UNIT, SESSION


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """An account as it is stored, with the unit it belongs to."""

    id: int
    username: str
    full_name: str
    password: str
    unit_id: int
    unit_code: str
    unit_name: str
    roles: str
    active: int


def insert_account(connection: Connection, **values: object) -> int:
    """Stores an account; returns its id."""
    key = connection.execute(insert(ACCOUNT).values(**values)).inserted_primary_key
    return int(key[0]) if key is not None else 0


def update_account(connection: Connection, account_id: int, **values: object) -> None:
    """Changes an account."""
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(**values))


def account_named(connection: Connection, username: str) -> AccountRecord | None:
    """The account of that user name."""
    return _account(connection.execute(_accounts().where(ACCOUNT.c.username == username)).first())


def account_by_id(connection: Connection, account_id: int) -> AccountRecord | None:
    """The account of that id."""
    return _account(connection.execute(_accounts().where(ACCOUNT.c.id == account_id)).first())


def all_accounts(connection: Connection) -> tuple[AccountRecord, ...]:
    """All accounts by user name."""
    return tuple(AccountRecord(**row._mapping) for row in connection.execute(_accounts().order_by(ACCOUNT.c.username)))


def insert_session(
    connection: Connection, *, token_sha256: str, account_id: int, created_at: datetime, expires_at: datetime
) -> None:
    """Opens a session and clears away those that are over."""
    connection.execute(delete(SESSION).where(SESSION.c.expires_at <= created_at))
    values = {
        "token_sha256": token_sha256,
        "account_id": account_id,
        "created_at": created_at,
        "expires_at": expires_at,
    }
    connection.execute(insert(SESSION).values(values))


def session_account(connection: Connection, token_sha256: str, now: datetime) -> AccountRecord | None:
    """Whose session it is, if it is still open."""
    query = (
        _accounts()
        .join(SESSION, SESSION.c.account_id == ACCOUNT.c.id)
        .where(SESSION.c.token_sha256 == token_sha256, SESSION.c.expires_at > now)
    )
    return _account(connection.execute(query).first())


def delete_session(connection: Connection, token_sha256: str) -> None:
    """Ends a session."""
    connection.execute(delete(SESSION).where(SESSION.c.token_sha256 == token_sha256))


def delete_sessions_of(connection: Connection, account_id: int) -> None:
    """Ends all sessions of an account."""
    connection.execute(delete(SESSION).where(SESSION.c.account_id == account_id))


def insert_failure(connection: Connection, *, username: str, address: str, at: datetime) -> None:
    """Remembers a wrong password."""
    connection.execute(insert(LOGIN_FAILURE).values(username=username, address=address, at=at))


def forget_failures(connection: Connection, *, username: str, address: str) -> None:
    """After a right password from that address."""
    connection.execute(
        delete(LOGIN_FAILURE).where(LOGIN_FAILURE.c.username == username, LOGIN_FAILURE.c.address == address)
    )


def forget_failures_before(connection: Connection, at: datetime) -> None:
    """Clears away what no longer counts."""
    connection.execute(delete(LOGIN_FAILURE).where(LOGIN_FAILURE.c.at < at))


def count_failures(
    connection: Connection, *, since: datetime, username: str | None = None, address: str | None = None
) -> int:
    """Wrong passwords for a user name or for all, from one address or from everywhere."""
    query = select(func.count()).select_from(LOGIN_FAILURE).where(LOGIN_FAILURE.c.at >= since)
    if username is not None:
        query = query.where(LOGIN_FAILURE.c.username == username)
    if address is not None:
        query = query.where(LOGIN_FAILURE.c.address == address)
    return connection.execute(query).scalar_one()


def _accounts() -> Select[tuple[object, ...]]:
    names = ("id", "username", "full_name", "password", "unit_id", "roles", "active")
    unit = (ORG_UNIT.c.code.label("unit_code"), ORG_UNIT.c.name.label("unit_name"))
    return select(*(ACCOUNT.c[name] for name in names), *unit).join(ORG_UNIT, ORG_UNIT.c.id == ACCOUNT.c.unit_id)


def _account(row: Row[tuple[object, ...]] | None) -> AccountRecord | None:
    return None if row is None else AccountRecord(**row._mapping)
