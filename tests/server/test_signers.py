from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from sqlalchemy import text

from server.cli.main import bieuso
from server.errors import ConflictError, InvalidError, NotFoundError, ServiceError
from server.services import audit
from server.services.signers import (
    EndReason,
    RegisteredSigner,
    SignerChange,
    list_signers,
    register_signer,
    replace_signer,
    revoke_signer,
    signer_history,
)
from server.services.submissions import get_submission
from server.storage import audit as audit_log
from server.storage import blobs
from server.storage.engine import reading, writing
from signing.roles import SignerRole
from tests.server.world import NOW, World, crops
from tests.signing.authorities import Holder, rsa_key

TODAY = date(2026, 10, 2)
LEADER = "Lãnh đạo Phường Phú Khương"
SQLITE_ONLY = pytest.mark.parametrize("world", ["sqlite"], indirect=True)  # what the database has no part in


def pem(*holders: Holder) -> bytes:
    return b"".join(holder.certificate.public_bytes(Encoding.PEM) for holder in holders)


def register(
    world: World,
    certificate: bytes,
    *,
    unit: str = "28756",
    name: str = "Trần Thị B",
    role: SignerRole = SignerRole.OFFICER,
    since: date = TODAY,
    until: date | None = None,
) -> SignerChange:
    return register_signer(
        world.engine,
        unit=unit,
        certificate=certificate,
        name=name,
        role=role,
        valid_from=since,
        valid_to=until,
        now=NOW,
        actor="quantri",
    )


def everyone(world: World, unit: str = "28756", day: date | None = None) -> tuple[RegisteredSigner, ...]:
    return list_signers(world.engine, unit=unit, day=day, today=TODAY)


def number_of(world: World, name: str = LEADER) -> int:
    return next(one.entry.id for one in everyone(world) if one.entry.name == name)


def codes(made: SignerChange) -> list[str]:
    return [finding.code for finding in made.findings]


def test_a_registered_certificate_is_kept_with_role_and_days(world: World) -> None:
    person = world.authorities.officer("Trần Thị B")

    made = register(world, pem(person), until=date(2027, 1, 1))

    (found,) = [one for one in everyone(world, day=TODAY) if one.entry.name == "Trần Thị B"]
    assert found == made.signer
    assert (found.entry.role, found.entry.valid_to) == (SignerRole.OFFICER, date(2027, 1, 1))
    assert found.certificate is not None
    assert found.certificate.serial == f"{person.certificate.serial_number:x}"
    assert (found.certificate.issuer, found.certificate.holder) == ("Cấp chứng thư thử", "Trần Thị B")
    with reading(world.engine) as connection:
        kept = blobs.get_blob(connection, found.entry.certificate_sha256)
    assert kept == person.certificate.public_bytes(Encoding.DER)
    assert audit.verify(world.engine).ok


@SQLITE_ONLY
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"authority": True}, "tổ chức chứng thực"),
        ({"usage": ("key_encipherment",)}, "không được cấp để ký số"),
        ({"purposes": (ExtendedKeyUsageOID.SERVER_AUTH,)}, "không được cấp để ký số"),
        ({"end": datetime(2026, 10, 1, tzinfo=UTC)}, "hết hạn ngày 01/10/2026"),
        ({"key": rsa_key(1024)}, "quá yếu"),
        ({"key": ec.generate_private_key(ec.SECP192R1())}, "quá yếu"),
    ],
    ids=["authority", "usage", "purpose", "expired", "rsa", "curve"],
)
def test_a_certificate_that_nobody_may_sign_with_is_refused(
    world: World, options: dict[str, object], told: str
) -> None:
    person = world.authorities.officer("Trần Thị B", **options)  # type: ignore[arg-type]  # passed on as they are

    with pytest.raises(InvalidError, match=told):
        register(world, pem(person))

    assert len(everyone(world)) == 1


@SQLITE_ONLY
def test_what_is_no_certificate_is_refused(world: World) -> None:
    for data in (
        b"",
        b"PK\x03\x04",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"\x30" * 70_000,
    ):
        with pytest.raises(InvalidError, match="không phải là chứng thư số"):
            register(world, data)


@SQLITE_ONLY
def test_a_file_with_the_whole_chain_is_refused_and_the_wanted_one_named(world: World) -> None:
    person = world.authorities.officer("Trần Thị B")

    with pytest.raises(InvalidError, match="2 chứng thư") as refused:
        register(world, pem(person, world.authorities.issuing))

    assert f"“Trần Thị B” (số {person.certificate.serial_number:x})" in refused.value.remedy


@SQLITE_ONLY
def test_a_private_key_is_refused_before_anything_is_read(world: World) -> None:
    person = world.authorities.officer("Trần Thị B")
    key = person.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    with pytest.raises(InvalidError, match="khóa bí mật"):
        register(world, pem(person) + key)


@SQLITE_ONLY
def test_a_certificate_near_its_end_or_of_another_name_is_registered_with_a_warning(world: World) -> None:
    ending = world.authorities.officer("Trần Thị B", end=NOW + timedelta(days=20))
    lasting = world.authorities.officer("UBND Phường Phú Khương", end=NOW + timedelta(days=40))

    near, other = register(world, pem(ending)), register(world, pem(lasting), role=SignerRole.SEAL)

    assert (codes(near), codes(other)) == (["BS865"], ["BS866"])
    assert [one.code for one in signer_history(world.engine, near.signer.entry.id, now=NOW).findings] == ["BS865"]


@SQLITE_ONLY
def test_a_name_is_the_same_however_its_letters_are_composed(world: World) -> None:
    person = world.authorities.officer("Tra\u0302\u0300n  THỊ B")

    assert codes(register(world, pem(person))) == []


def test_one_certificate_has_one_role_for_a_unit_at_a_time(world: World) -> None:
    person = pem(world.authorities.officer("Trần Thị B"))
    register(world, person, until=date(2026, 12, 1))

    for role, since in ((SignerRole.OFFICER, TODAY), (SignerRole.LEADER, date(2026, 11, 30))):
        with pytest.raises(ConflictError, match="đã đăng ký cho Phường Phú Khương với vai trò “Người lập biểu”"):
            register(world, person, role=role, since=since)
    register(world, person, role=SignerRole.LEADER, since=date(2026, 12, 1))
    register(world, person, unit="28807", role=SignerRole.LEADER)

    assert [one.entry.role.value for one in everyone(world)] == ["leader", "officer", "leader"]


@pytest.mark.parametrize("unit", ["99999", "28756"])
def test_a_unit_that_is_not_there_on_the_first_day_has_no_signers(world: World, unit: str) -> None:
    person = pem(world.authorities.officer("Trần Thị B"))

    with pytest.raises(NotFoundError, match=unit):
        register(world, person, unit=unit, since=date(2025, 6, 30))


@SQLITE_ONLY
def test_an_empty_stretch_or_name_is_refused(world: World) -> None:
    person = pem(world.authorities.officer("Trần Thị B"))

    with pytest.raises(InvalidError, match="không sau ngày"):
        register(world, person, until=TODAY)
    for name in (" ", "a\nb", "x" * 101):
        with pytest.raises(InvalidError, match="Họ và tên"):
            register(world, person, name=name)


def test_a_replacement_ends_the_old_entry_on_the_day_the_new_begins(world: World) -> None:
    fresh = world.authorities.officer(LEADER)

    made = replace_signer(world.engine, number_of(world), certificate=pem(fresh), day=TODAY, now=NOW)

    old, new = (one.entry for one in everyone(world))
    assert (old.valid_from, old.valid_to, new.valid_from, new.valid_to) == (date(2025, 7, 1), TODAY, TODAY, None)
    assert old.end_reason == f"Thay bằng chứng thư số {fresh.certificate.serial_number:x} của {LEADER}"
    assert (new.name, new.role, new.id) == (old.name, old.role, made.signer.entry.id)
    assert [one.entry for one in everyone(world, day=TODAY)] == [new]
    assert [one.entry for one in everyone(world, day=TODAY - timedelta(days=1))] == [old]


def test_the_same_certificate_takes_another_role_from_a_day_on(world: World) -> None:
    same = pem(world.leaders["28756"])

    with pytest.raises(ConflictError, match="chính là chứng thư đang đăng ký"):
        replace_signer(world.engine, number_of(world), certificate=same, day=TODAY, now=NOW)
    replace_signer(world.engine, number_of(world), certificate=same, day=TODAY, role=SignerRole.OFFICER, now=NOW)

    assert [one.entry.role for one in everyone(world)] == [SignerRole.LEADER, SignerRole.OFFICER]


def test_a_refused_replacement_changes_nothing(world: World) -> None:
    person, fresh = (pem(world.authorities.officer(name)) for name in ("Trần Thị B", LEADER))
    register(world, person)
    before = everyone(world)

    with pytest.raises(ConflictError):
        replace_signer(world.engine, number_of(world), certificate=person, day=TODAY, now=NOW)
    with pytest.raises(NotFoundError):
        replace_signer(world.engine, 2**40, certificate=person, day=TODAY, now=NOW)
    with pytest.raises(ConflictError, match="bắt đầu từ 01/07/2025"):
        replace_signer(world.engine, number_of(world), certificate=fresh, day=date(2025, 6, 30), now=NOW)

    assert everyone(world) == before


def test_a_revocation_in_the_past_tells_what_was_signed_since(world: World) -> None:
    early, late = NOW, NOW + timedelta(days=2)
    first = world.send(world.signed(at=early), now=early)
    second = world.send(world.signed(values=crops(12), at=late), now=late)
    world.send(world.signed("28807"), "28807")

    ended = revoke_signer(
        world.engine, number_of(world), day=date(2026, 10, 3), reason=EndReason.LOST, now=NOW + timedelta(days=3)
    )

    assert (first.status, second.status) == ("accepted", "accepted")
    assert [(one.submission, one.status, one.day) for one in ended.signed_since] == [
        (second.id, "accepted", date(2026, 10, 4))
    ]
    assert (ended.signer.entry.valid_to, ended.signer.entry.end_reason) == (
        date(2026, 10, 3),
        "Mất thiết bị ký hoặc lộ khóa",
    )


def test_the_command_prints_what_was_signed_since_and_leaves_it(world: World, tmp_path: Path) -> None:
    sent = world.send(world.signed())
    url = world.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    words = ["signer", "revoke", str(number_of(world)), "--from", "2026-10-01", "--reason", "lost"]

    done = CliRunner().invoke(bieuso, words, env={"BIEUSO_DATABASE_URL": url, "BIEUSO_DATA": str(tmp_path)})

    assert done.exit_code == 0
    assert f"số {sent.id}: KTXH-09.T kỳ 2026-M09, ký ngày 02/10/2026" in done.stdout
    assert get_submission(world.engine, sent.id).submission.status == "accepted"


def test_what_was_signed_since_tells_of_submissions_that_were_replaced_too(world: World) -> None:
    first, second = world.send(world.signed()), world.send(world.signed(values=crops(12)))

    ended = revoke_signer(world.engine, number_of(world), day=TODAY, reason=EndReason.LEFT, now=NOW)

    assert [(one.submission, one.status) for one in ended.signed_since] == [
        (first.id, "superseded"),
        (second.id, "accepted"),
    ]


def test_the_end_may_move_back_but_not_forward(world: World) -> None:
    number = number_of(world)
    revoke_signer(world.engine, number, day=TODAY, reason=EndReason.LEFT, now=NOW)

    with pytest.raises(ConflictError, match="đã kết thúc từ 02/10/2026"):
        revoke_signer(world.engine, number, day=TODAY + timedelta(days=9), reason=EndReason.LEFT, now=NOW)
    with pytest.raises(InvalidError, match="bắt đầu từ 01/07/2025"):
        revoke_signer(world.engine, number, day=date(2025, 6, 1), reason=EndReason.LOST, now=NOW)
    found = revoke_signer(world.engine, number, day=date(2026, 9, 1), reason=EndReason.LOST, now=NOW)

    assert found.signer.entry.valid_to == date(2026, 9, 1)


def test_every_change_is_in_the_audit_log_with_who_made_it(world: World) -> None:
    before = audit.verify(world.engine).events
    made = register(world, pem(world.authorities.officer("Trần Thị B")))
    fresh = pem(world.authorities.officer("Trần Thị B"))
    new = replace_signer(
        world.engine, made.signer.entry.id, certificate=fresh, day=date(2026, 11, 1), now=NOW, actor="quantri"
    )
    revoke_signer(
        world.engine, new.signer.entry.id, day=date(2026, 12, 1), reason=EndReason.LEFT, now=NOW, actor="quantri"
    )

    with reading(world.engine) as connection:
        events = list(audit_log.events(connection))[before:]

    assert [(one.action, one.actor, one.subject) for one in events] == [
        (f"signer:{what}", "quantri", "unit:28756") for what in ("registered", "replaced", "revoked")
    ]
    assert audit.verify(world.engine).ok


@dataclass
class Attempts:
    """What several administrators got who did the same at once."""

    done: int = 0
    refused: int = 0


@pytest.mark.parametrize("what", ["register", "replace", "revoke"])
def test_of_two_administrators_at_once_the_second_is_told(world: World, what: str) -> None:
    number, found = number_of(world), Attempts()
    same, fresh = pem(world.authorities.officer("Trần Thị B")), [pem(world.authorities.officer(LEADER)) for _ in "12"]
    start = threading.Barrier(2)

    def administer(index: int) -> None:
        start.wait()
        try:
            if what == "register":
                register(world, same)
            elif what == "replace":
                replace_signer(world.engine, number, certificate=fresh[index], day=TODAY, now=NOW)
            else:
                revoke_signer(world.engine, number, day=TODAY, reason=EndReason.LOST, now=NOW)
        except ConflictError:
            found.refused += 1
        else:
            found.done += 1

    threads = [threading.Thread(target=administer, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (found.done, found.refused) == (1, 1)
    assert len(everyone(world)) == {"register": 2, "replace": 2, "revoke": 1}[what]


@SQLITE_ONLY
def test_certificates_that_end_soon_are_found(world: World) -> None:
    register(world, pem(world.authorities.officer("Trần Thị B", end=NOW + timedelta(days=20))))

    soon = list_signers(world.engine, day=TODAY, expiring=30, today=TODAY)

    assert [one.entry.name for one in soon] == ["Trần Thị B"]
    assert [one.certificate.days_left(TODAY) for one in soon if one.certificate] == [20]
    assert len(list_signers(world.engine, day=TODAY, today=TODAY)) == 4


@SQLITE_ONLY
def test_a_list_of_a_unit_that_never_was_says_so(world: World) -> None:
    with pytest.raises(ServiceError, match="99999"):
        list_signers(world.engine, unit="99999", day=TODAY, today=TODAY)


def test_a_certificate_that_never_expires_is_registered(world: World) -> None:
    """RFC 5280, 4.1.2.5: 99991231235959Z, which is next year in Viet Nam, and no calendar has that."""
    endless = world.authorities.officer("Trần Thị B", end=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))

    made = register(world, pem(endless))

    assert made.signer.certificate is not None
    assert (made.signer.certificate.valid_until, made.findings) == (date(9999, 12, 31), ())


@pytest.mark.parametrize("verdict", ["", "{", "[]", "{}", '{"signatures": [{}]}', '{"signatures": null}'])
def test_a_damaged_verdict_hides_nothing_that_a_lost_key_signed(world: World, verdict: str) -> None:
    late = NOW + timedelta(days=2)
    sent = world.send(world.signed(at=late), now=late)
    with writing(world.engine) as connection:
        values = {"verdict": verdict, "id": sent.id}
        on = " ON submission" if connection.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER submission_no_update{on}"))  # the database itself refuses it
        connection.execute(text("UPDATE submission SET verdict = :verdict WHERE id = :id"), values)

    ended = revoke_signer(world.engine, number_of(world), day=date(2026, 10, 3), reason=EndReason.LOST, now=late)

    assert [(one.submission, one.day) for one in ended.signed_since] == [(sent.id, date(2026, 10, 4))]


@pytest.mark.parametrize("number", [0, -1, 2**63, -(10**30)])
def test_an_entry_that_no_database_can_number_is_not_there(world: World, number: int) -> None:
    with pytest.raises(NotFoundError):
        signer_history(world.engine, number, now=NOW)
