"""Accounts of people, and their sessions."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, Engine
from werkzeug.security import check_password_hash, generate_password_hash

from server.errors import ConflictError, InvalidError, NotFoundError, SignInNeededError, TooManyAttemptsError
from server.services.audit import SYSTEM, Action, record
from server.services.periods import day_in_vietnam
from server.services.units import require_unit
from server.storage import accounts
from server.storage.accounts import AccountRecord
from server.storage.engine import reading, writing

SESSION_LENGTH: Final = timedelta(hours=12)
_SHORTEST_PASSWORD: Final = 10
_LONGEST_PASSWORD: Final = 200
_LONGEST_NAME: Final = 100
_BRAKE_WINDOW: Final = timedelta(minutes=15)
_FAILURES: Final = 5  # for one name from one address
# Across all addresses: high enough that a stranger cannot easily lock a leader out on the day of the deadline.
_FAILURES_PER_NAME: Final = 100
# Across all names: a whole office may sit behind one address, but nobody should fill the audit log from outside.
_FAILURES_PER_ADDRESS: Final = 100
# What nobody's password hashes to; checked for unknown names, so that they take as long as known ones.
_NOBODY: Final = "scrypt:32768:8:1$nobody$" + "0" * 128
_SECRET: Final = "sha256$"  # noqa: S105 - the name of a method


class Role(StrEnum):
    """What an account may do, always for its own unit."""

    OFFICER = "officer"
    LEADER = "leader"
    CONSOLIDATOR = "consolidator"
    TEMPLATE_OWNER = "template_owner"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """Who is asking."""

    id: int
    username: str
    full_name: str
    unit_id: int
    unit_code: str
    unit_name: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A new account and its first password, shown once."""

    account: Account
    password: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An open session. The token is given out here and kept nowhere else: the database has its hash."""

    token: str
    expires_at: datetime
    account: Account


def create_account(
    engine: Engine,
    *,
    username: str,
    full_name: str,
    unit: str,
    roles: Collection[Role],
    now: datetime,
    password: str | None = None,
    actor: str = SYSTEM,
) -> NewAccount:
    """Makes an account; without a password one is generated.

    Raises:
        ConflictError: the user name is taken. InvalidError: a password too short. NotFoundError: no such unit today.
    """
    if not username or username != username.strip() or len(username) > _LONGEST_NAME or not username.isprintable():
        raise InvalidError(
            f"Tên đăng nhập {username!r} không hợp lệ.", "Dùng 1 đến 100 ký tự, không có khoảng trắng ở hai đầu."
        )
    if not roles:
        raise InvalidError("Tài khoản phải có ít nhất một vai trò.", "Chọn vai trò.")
    secret = new_secret() if password is None else password
    stored = _hash_secret(secret) if password is None else _hash_password(password)
    with writing(engine) as connection:
        if accounts.account_named(connection, username) is not None:
            raise ConflictError(f"Tên đăng nhập “{username}” đã có.", "Chọn tên khác.")
        account_id = accounts.insert_account(
            connection,
            username=username,
            full_name=full_name,
            password=stored,
            unit_id=require_unit(connection, unit, day_in_vietnam(now)).id,
            roles=" ".join(sorted(Role(role).value for role in roles)),
            active=1,
            created_at=now,
        )
        made = _account(_require(connection, account_id))
        details = {"unit": made.unit_code, "roles": sorted(made.roles)}
        record(connection, Action.ACCOUNT_CREATED, at=now, actor=actor, subject=f"account:{username}", details=details)
    return NewAccount(made, secret)


def close_account(engine: Engine, username: str, *, now: datetime, actor: str = SYSTEM) -> None:
    """Ends an account and its sessions; what it did stays on record. Raises NotFoundError."""
    with writing(engine) as connection:
        found = accounts.account_named(connection, username)
        if found is None:
            raise NotFoundError(f"Không có tài khoản “{username}”.", "Kiểm tra tên đăng nhập.")
        accounts.update_account(connection, found.id, active=0)
        accounts.delete_sessions_of(connection, found.id)
        record(connection, Action.ACCOUNT_CLOSED, at=now, actor=actor, subject=f"account:{username}")


def change_password(engine: Engine, account: Account, *, old: str, new: str, now: datetime) -> None:
    """Sets a new password and ends all sessions. Raises SignInNeededError (wrong old one), InvalidError (too short)."""
    with reading(engine) as connection:
        known = _matches(_require(connection, account.id).password, old)
    if not known:
        raise SignInNeededError("Mật khẩu hiện tại không đúng.", "Nhập lại.")
    stored = _hash_password(new)
    with writing(engine) as connection:
        accounts.update_account(connection, account.id, password=stored)
        accounts.delete_sessions_of(connection, account.id)
        subject = f"account:{account.username}"
        record(connection, Action.PASSWORD_CHANGED, at=now, actor=account.username, subject=subject)


def sign_in(engine: Engine, username: str, password: str, *, address: str, now: datetime) -> SignedIn:
    """Opens a session.

    Raises:
        SignInNeededError: wrong name or password (which of them is not said).
        TooManyAttemptsError: too many wrong passwords lately.
    """
    if len(username) > _LONGEST_NAME or not username.isprintable():
        # No account has such a name, and not every database can be asked for one.
        raise SignInNeededError("Tên đăng nhập hoặc mật khẩu không đúng.", "Nhập lại.")
    with reading(engine) as connection:
        _brake(connection, username, address, now)
        found = accounts.account_named(connection, username)
    # Takes tens of milliseconds by design, so outside of any write transaction.
    right = _matches(_NOBODY if found is None else found.password, password) and found is not None and found.active == 1
    if not right or found is None:
        _remember_failure(engine, username, address, now)
        raise SignInNeededError("Tên đăng nhập hoặc mật khẩu không đúng.", "Nhập lại.")
    return _open_session(engine, _account(found), address, now)


def account_of(engine: Engine, token: str, *, now: datetime) -> Account | None:
    """Whose session the token opens; None where it is unknown or over."""
    with reading(engine) as connection:
        found = accounts.session_account(connection, _hash_token(token), now)
    return _account(found) if found is not None and found.active == 1 else None


def sign_out(engine: Engine, token: str) -> None:
    """Ends the session."""
    with writing(engine) as connection:
        accounts.delete_session(connection, _hash_token(token))


def list_accounts(engine: Engine) -> tuple[Account, ...]:
    """All open accounts by user name."""
    with reading(engine) as connection:
        return tuple(_account(found) for found in accounts.all_accounts(connection) if found.active == 1)


def new_secret() -> str:
    """A password for a new account, or a token: 192 bits from the system's source of randomness."""
    return secrets.token_urlsafe(24)


def _open_session(engine: Engine, account: Account, address: str, now: datetime) -> SignedIn:
    signed_in = SignedIn(new_secret(), now + SESSION_LENGTH, account)
    with writing(engine) as connection:
        accounts.forget_failures(connection, username=account.username, address=address)
        accounts.insert_session(
            connection,
            token_sha256=_hash_token(signed_in.token),
            account_id=account.id,
            created_at=now,
            expires_at=signed_in.expires_at,
        )
        subject, details = f"account:{account.username}", {"address": address}
        record(connection, Action.ACCOUNT_SIGNED_IN, at=now, actor=account.username, subject=subject, details=details)
    return signed_in


def _brake(connection: Connection, username: str, address: str, now: datetime) -> None:
    since = now - _BRAKE_WINDOW
    here = accounts.count_failures(connection, since=since, username=username, address=address)
    anywhere = accounts.count_failures(connection, since=since, username=username)
    from_here = accounts.count_failures(connection, since=since, address=address)
    if here >= _FAILURES or anywhere >= _FAILURES_PER_NAME or from_here >= _FAILURES_PER_ADDRESS:
        raise TooManyAttemptsError(
            "Đã nhập sai mật khẩu quá nhiều lần.",
            "Chờ 15 phút rồi thử lại, hoặc nhờ quản trị viên.",
            retry_after=int(_BRAKE_WINDOW.total_seconds()),
        )


def _remember_failure(engine: Engine, username: str, address: str, now: datetime) -> None:
    with writing(engine) as connection:
        accounts.forget_failures_before(connection, now - _BRAKE_WINDOW)
        accounts.insert_failure(connection, username=username, address=address, at=now)
        subject = f"account:{username}"
        record(
            connection,
            Action.ACCOUNT_SIGN_IN_FAILED,
            at=now,
            actor=SYSTEM,
            subject=subject,
            details={"address": address},
        )


def _hash_password(password: str) -> str:
    if not (_SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD and password.isprintable()):
        raise InvalidError(
            f"Mật khẩu dài {len(password)} ký tự hoặc chứa ký tự điều khiển.",
            f"Dùng từ {_SHORTEST_PASSWORD} đến {_LONGEST_PASSWORD} ký tự in được.",
        )
    return generate_password_hash(password, method="scrypt")


def _hash_secret(secret: str) -> str:
    # A slow hash protects guessable passwords. Nobody guesses 192 random bits, so a plain hash keeps them as safe,
    # and opening 124 accounts does not take half a minute.
    return _SECRET + _hash_token(secret)


def _hash_token(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _matches(stored: str, password: str) -> bool:
    if len(password) > _LONGEST_PASSWORD or not password.isprintable():
        return False
    if stored.startswith(_SECRET):
        return hmac.compare_digest(stored, _hash_secret(password))
    return check_password_hash(stored, password)


def _require(connection: Connection, account_id: int) -> AccountRecord:
    found = accounts.account_by_id(connection, account_id)
    if found is None:
        raise NotFoundError(f"Không có tài khoản số {account_id}.", "Đăng nhập lại.")
    return found


def _account(found: AccountRecord) -> Account:
    roles = frozenset(Role(name) for name in found.roles.split())
    return Account(found.id, found.username, found.full_name, found.unit_id, found.unit_code, found.unit_name, roles)
