from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert, select, text

from server.errors import ConflictError, InvalidError, SignInNeededError, TooManyAttemptsError
from server.services import audit
from server.services.accounts import (
    SESSION_LENGTH,
    Account,
    NewAccount,
    Role,
    account_of,
    change_password,
    close_account,
    create_account,
    list_accounts,
    sign_in,
    sign_out,
)
from server.services.units import add_units
from server.storage.engine import reading, writing
from server.storage.tables import ACCOUNT, AUDIT_EVENT, SESSION
from tests.server.test_units import a_unit
from tests.server.world import NOW, PASSWORD, World


def an_account(engine: Engine, password: str | None = PASSWORD, username: str = "an") -> NewAccount:
    add_units(engine, [a_unit()], now=NOW)
    return create_account(
        engine,
        username=username,
        full_name="Nguyễn Thị An",
        unit="00001",
        roles=[Role.OFFICER, Role.LEADER],
        password=password,
        now=NOW,
    )


def test_signing_in_opens_a_session_for_the_right_account(engine: Engine) -> None:
    made = an_account(engine).account

    signed_in = sign_in(engine, "an", PASSWORD, address="127.0.0.1", now=NOW)

    assert signed_in.account == made
    assert account_of(engine, signed_in.token, now=NOW) == made
    assert made.roles == {Role.OFFICER, Role.LEADER}


def test_neither_passwords_nor_tokens_are_stored(engine: Engine) -> None:
    generated = an_account(engine, None).password
    an_account(engine, PASSWORD, "binh")
    token = sign_in(engine, "an", generated, address="", now=NOW).token

    with reading(engine) as connection:
        stored = [*connection.execute(select(ACCOUNT.c.password)).scalars()]
        stored += connection.execute(select(SESSION.c.token_sha256)).scalars()

    assert not any(secret in kept for kept in stored for secret in (generated, PASSWORD, token))
    assert any(kept.startswith("scrypt:") for kept in stored)


@pytest.mark.parametrize(
    ("username", "password"), [("an", "sai mật khẩu"), ("nobody", PASSWORD), ("an", ""), ("an", "\ud800")]
)
def test_a_wrong_name_and_a_wrong_password_are_told_apart_by_nobody(
    engine: Engine, username: str, password: str
) -> None:
    an_account(engine)

    with pytest.raises(SignInNeededError, match="Tên đăng nhập hoặc mật khẩu không đúng"):
        sign_in(engine, username, password, address="", now=NOW)


@pytest.mark.parametrize("username", ["a\0b", "a\ud800", "a" * 100_000, "a\n"])
def test_a_name_that_no_account_has_is_wrong_and_no_fault_of_the_database(engine: Engine, username: str) -> None:
    with pytest.raises(SignInNeededError):
        sign_in(engine, username, PASSWORD, address="127.0.0.1", now=NOW)


def test_a_session_ends_by_itself_and_by_signing_out(engine: Engine) -> None:
    secret = an_account(engine, None).password
    first = sign_in(engine, "an", secret, address="", now=NOW).token
    second = sign_in(engine, "an", secret, address="", now=NOW).token

    sign_out(engine, second)

    assert account_of(engine, second, now=NOW) is None
    assert account_of(engine, first, now=NOW + SESSION_LENGTH - timedelta(seconds=1)) is not None
    assert account_of(engine, first, now=NOW + SESSION_LENGTH) is None


def test_wrong_passwords_bring_the_brake_from_that_address_only(engine: Engine) -> None:
    secret = an_account(engine, None).password
    for _ in range(5):
        with pytest.raises(SignInNeededError):
            sign_in(engine, "an", "sai mật khẩu", address="10.0.0.9", now=NOW)

    with pytest.raises(TooManyAttemptsError) as caught:
        sign_in(engine, "an", secret, address="10.0.0.9", now=NOW)

    assert caught.value.retry_after == 900
    assert sign_in(engine, "an", secret, address="10.0.0.1", now=NOW).account.username == "an"
    assert sign_in(engine, "an", secret, address="10.0.0.9", now=NOW + timedelta(minutes=16)).token


def test_closing_an_account_and_changing_a_password_end_the_sessions(engine: Engine) -> None:
    account: Account = an_account(engine).account
    token = sign_in(engine, "an", PASSWORD, address="", now=NOW).token

    with pytest.raises(SignInNeededError):
        change_password(engine, account, old="sai mật khẩu", new="mật khẩu mới dài", now=NOW)
    change_password(engine, account, old=PASSWORD, new="mật khẩu mới dài", now=NOW)
    assert account_of(engine, token, now=NOW) is None
    token = sign_in(engine, "an", "mật khẩu mới dài", address="", now=NOW).token
    close_account(engine, "an", now=NOW)

    assert account_of(engine, token, now=NOW) is None
    assert list_accounts(engine) == ()
    with pytest.raises(SignInNeededError):
        sign_in(engine, "an", "mật khẩu mới dài", address="", now=NOW)


@pytest.mark.parametrize("password", ["ngắn", "x" * 201, "mười ký tự\x00\x00"])
def test_a_password_of_no_use_is_refused(engine: Engine, password: str) -> None:
    with pytest.raises(InvalidError):
        an_account(engine, password)


def test_a_user_name_is_given_once(engine: Engine) -> None:
    an_account(engine)

    with pytest.raises(ConflictError):
        an_account(engine)


def test_the_audit_log_shows_every_change_made_behind_its_back(engine: Engine) -> None:
    secret = an_account(engine, None).password
    for _ in range(3):
        sign_in(engine, "an", secret, address="", now=NOW)
    before = audit.verify(engine)
    assert before.ok
    off = "ALTER TABLE audit_event DISABLE TRIGGER ALL"
    if engine.dialect.name == "sqlite":
        off = "DROP TRIGGER audit_event_no_update"

    with writing(engine) as connection:
        connection.execute(text(off))
        connection.execute(AUDIT_EVENT.update().where(AUDIT_EVENT.c.id == 2).values(actor="someone else"))

    assert audit.verify(engine).broken_at == 2


def test_the_audit_log_without_its_tail_does_not_hold_the_head_noted_before(engine: Engine) -> None:
    an_account(engine, None)
    head = audit.verify(engine).head
    if engine.dialect.name == "sqlite":
        off = "DROP TRIGGER audit_event_no_delete"
    else:
        off = "ALTER TABLE audit_event DISABLE TRIGGER ALL"

    with writing(engine) as connection:
        connection.execute(text(off))
        connection.execute(AUDIT_EVENT.delete().where(AUDIT_EVENT.c.id == 2))

    assert audit.verify(engine).ok
    assert not audit.verify(engine, head=head).ok


def test_an_event_slipped_in_between_is_found(engine: Engine) -> None:
    an_account(engine, None)
    with writing(engine) as connection:
        forged = {"id": 3, "at": NOW, "action": "a", "actor": "b", "subject": "c", "details": "{}"}
        connection.execute(insert(AUDIT_EVENT).values(**forged, previous="x", hash="y"))

    assert audit.verify(engine).broken_at == 3


def test_a_unit_has_accounts_from_midnight_in_viet_nam_on(world: World) -> None:
    first_hour = datetime(2025, 6, 30, 17, 30, tzinfo=UTC)  # half past midnight on the day the communes began

    made = create_account(
        world.engine, username="sớm", full_name="Sớm", unit="28756", roles=[Role.OFFICER], now=first_hour
    )

    assert made.account.unit_code == "28756"
