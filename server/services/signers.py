"""The register of people's certificates: whose may sign for a unit, in which role, from when until when.

Entries are never removed and never rewritten but for their end. What was signed while an entry held stays accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from cryptography import x509
from sqlalchemy import Connection, Engine

from server.errors import ConflictError, InvalidError, NotFoundError
from server.services.audit import SYSTEM, Action, record
from server.services.certificates import (
    CertificateFacts,
    der_of,
    doubts,
    facts_of,
    facts_of_stored,
    read_certificate,
    refuse_unfit,
)
from server.services.periods import day_in_vietnam
from server.services.units import require_unit
from server.services.verdicts import stored_verdict
from server.storage import blobs, signers
from server.storage.engine import reading, writing
from server.storage.signers import AcceptedWith, SignerRecord
from signing.identity import Registration, Standing, identity_of
from signing.roles import SignerRole
from workbooks.finding import Finding

_LONGEST_NAME: Final = 100


class EndReason(StrEnum):
    """Why a person's right to sign ends."""

    LOST = "lost"
    LEFT = "left"
    DELEGATION_ENDED = "delegation-ended"

    @property
    def words(self) -> str:
        """As people read it."""
        return _REASONS[self]


_REASONS: Final = {
    EndReason.LOST: "Mất thiết bị ký hoặc lộ khóa",
    EndReason.LEFT: "Thôi giữ chức vụ",
    EndReason.DELEGATION_ENDED: "Hết ủy quyền",
}


@dataclass(frozen=True, slots=True)
class RegisteredSigner:
    """An entry of the register with its certificate, which is None where it was not kept at registering."""

    entry: SignerRecord
    certificate: CertificateFacts | None

    def to_dict(self, day: date) -> dict[str, Any]:
        """The wire form; ``days_left`` counts from that day."""
        entry, certificate = self.entry, self.certificate
        return {
            "id": entry.id,
            "unit": entry.unit_code,
            "unit_name": entry.unit_name,
            "name": entry.name,
            "role": entry.role.value,
            "valid_from": entry.valid_from.isoformat(),
            "valid_to": None if entry.valid_to is None else entry.valid_to.isoformat(),
            "end_reason": entry.end_reason or "",
            "certificate_sha256": entry.certificate_sha256,
            "certificate": None if certificate is None else certificate.to_dict(day),
        }


@dataclass(frozen=True, slots=True)
class SignerChange:
    """The entry after a change, and what to look at twice."""

    signer: RegisteredSigner
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedSince:
    """An accepted submission that was signed with a certificate after the right to do so had ended."""

    submission: int
    form: str
    period: str
    status: str
    day: date

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        told = {"submission": self.submission, "form": self.form, "period": self.period, "status": self.status}
        return told | {"day": self.day.isoformat()}


@dataclass(frozen=True, slots=True)
class SignerHistory:
    """One entry with everything that there is to decide about it."""

    signer: RegisteredSigner
    findings: tuple[Finding, ...]
    signed_since: tuple[SignedSince, ...]


def register_signer(
    engine: Engine,
    *,
    unit: str,
    certificate: bytes,
    name: str,
    role: SignerRole,
    valid_from: date,
    now: datetime,
    valid_to: date | None = None,
    actor: str = SYSTEM,
) -> SignerChange:
    """Registers a certificate (PEM or DER) as one that signs for a unit from ``valid_from`` on, before ``valid_to``.

    Raises:
        InvalidError: the file, the certificate, the name or the days cannot be used.
        NotFoundError: no such unit on the first day.
        ConflictError: the certificate is registered for that unit in an overlapping time, in whatever role.
    """
    found = read_certificate(certificate)
    person = _person(name)
    refuse_unfit(found, valid_from)
    _refuse_empty(valid_from, valid_to)
    with writing(engine) as connection:
        signers.lock_signers(connection)
        unit_id = require_unit(connection, unit, valid_from).id
        made = _enter(connection, found, unit_id, _Entry(person, SignerRole(role), valid_from, valid_to))
        details = {"signer": made.id, "certificate": made.certificate_sha256, "name": person, "role": role.value}
        record(connection, Action.SIGNER_REGISTERED, at=now, actor=actor, subject=f"unit:{unit}", details=details)
    return _change(made, found, now)


def replace_signer(
    engine: Engine,
    signer_id: int,
    *,
    certificate: bytes,
    day: date,
    now: datetime,
    name: str | None = None,
    role: SignerRole | None = None,
    actor: str = SYSTEM,
) -> SignerChange:
    """From ``day`` on another certificate takes the place of an entry's, for the same person and role unless told.

    Raises:
        InvalidError, NotFoundError: as ``register_signer`` does, or no such entry.
        ConflictError: the entry is not in force on that day, somebody ended it already, or nothing would change.
    """
    found = read_certificate(certificate)
    refuse_unfit(found, day)
    with writing(engine) as connection:
        signers.lock_signers(connection)
        old = _require(connection, signer_id)
        _refuse_replacing(old, day)
        new = _Entry(old.name if name is None else _person(name), role or old.role, day, old.valid_to)
        if (facts_of(found).sha256, new.name, new.role) == (old.certificate_sha256, old.name, old.role):
            raise ConflictError("Chứng thư mới chính là chứng thư đang đăng ký.", "Chọn tệp chứng thư mới.")
        require_unit(connection, old.unit_code, day)
        signers.end_signer(connection, old.id, day, _replaced_by(found, new))
        made = _enter(connection, found, old.unit_id, new)
        details = {
            "ended": old.id,
            "signer": made.id,
            "certificate": made.certificate_sha256,
            "name": made.name,
            "role": made.role.value,
            "from": day.isoformat(),
        }
        subject = f"unit:{old.unit_code}"
        record(connection, Action.SIGNER_REPLACED, at=now, actor=actor, subject=subject, details=details)
    return _change(made, found, now)


def revoke_signer(
    engine: Engine, signer_id: int, *, day: date, reason: EndReason, now: datetime, actor: str = SYSTEM
) -> SignerHistory:
    """From ``day`` on, which may be past, the entry's certificate signs no more; tells what it signed since then.

    Raises:
        InvalidError: a day before the right began.
        NotFoundError: no such entry.
        ConflictError: the right ended by that day already.
    """
    with writing(engine) as connection:
        signers.lock_signers(connection)
        old = _require(connection, signer_id)
        if day < old.valid_from:
            raise InvalidError(
                f"Đăng ký này bắt đầu từ {old.valid_from:%d/%m/%Y}, sau ngày {day:%d/%m/%Y}.",
                f"Ghi ngày từ {old.valid_from:%d/%m/%Y} trở đi.",
            )
        if old.valid_to is not None and old.valid_to <= day:
            raise _over(old)
        signers.end_signer(connection, old.id, day, reason.words)
        details = {
            "signer": old.id,
            "certificate": old.certificate_sha256,
            "from": day.isoformat(),
            "reason": reason.value,
            "before": None if old.valid_to is None else [old.valid_to.isoformat(), old.end_reason],
        }
        subject = f"unit:{old.unit_code}"
        record(connection, Action.SIGNER_REVOKED, at=now, actor=actor, subject=subject, details=details)
    return signer_history(engine, signer_id, now=now)


def registrations(entries: Iterable[SignerRecord]) -> tuple[Registration, ...]:
    """Entries of the register as signatures are held against them."""
    return tuple(
        Registration(
            one.certificate_sha256, one.name, one.role, one.valid_from, one.valid_to, end_reason=one.end_reason or ""
        )
        for one in entries
    )


def list_signers(
    engine: Engine,
    *,
    unit: str | None = None,
    day: date | None = None,
    expiring: int | None = None,
    today: date,
) -> tuple[RegisteredSigner, ...]:
    """The entries that hold on a day, or all; with ``expiring`` those whose certificate ends within so many days."""
    with reading(engine) as connection:
        if unit is not None:
            require_unit(connection, unit, day or today)
        found = [_with_certificate(connection, one) for one in signers.signers_at(connection, unit=unit, day=day)]
    if expiring is None:
        return tuple(found)
    since = day or today
    return tuple(one for one in found if one.certificate and one.certificate.days_left(since) <= expiring)


def signer_history(engine: Engine, signer_id: int, *, now: datetime) -> SignerHistory:
    """One entry: its certificate, what to look at twice, and what was signed since it ended. Raises NotFoundError."""
    with reading(engine) as connection:
        signer = _with_certificate(connection, _require(connection, signer_id))
        since = tuple(_signed_since(connection, signer.entry))
    found = () if signer.certificate is None else tuple(doubts(signer.certificate, signer.entry.name, now))
    return SignerHistory(signer, found, since)


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    role: SignerRole
    valid_from: date
    valid_to: date | None


def _enter(connection: Connection, found: x509.Certificate, unit_id: int, new: _Entry) -> SignerRecord:
    """Stores the certificate and the entry; raises ConflictError where the certificate is registered already."""
    sha256 = blobs.put_blob(connection, der_of(found))
    for other in signers.register_of(connection, unit_id):
        if other.certificate_sha256 == sha256 and _collide(other, new):
            raise ConflictError(
                f"Chứng thư của “{facts_of(found).holder}” đã đăng ký cho {other.unit_name} với vai trò "
                f"“{other.role.words}” {_stretch(other)}.",
                "Mỗi chứng thư chỉ có một vai trò tại một thời điểm. Không cần đăng ký lại; "
                "muốn đổi vai trò thì dùng chức năng thay.",
            )
    signer_id = signers.insert_signer(
        connection,
        unit_id=unit_id,
        certificate_sha256=sha256,
        name=new.name,
        role=new.role.value,
        valid_from=new.valid_from,
        valid_to=new.valid_to,
    )
    return _require(connection, signer_id)


def _collide(other: SignerRecord, new: _Entry) -> bool:
    begins_before_its_end = other.valid_to is None or new.valid_from < other.valid_to
    ends_after_its_begin = new.valid_to is None or other.valid_from < new.valid_to
    return (begins_before_its_end and ends_after_its_begin) or other.valid_from == new.valid_from


def _refuse_replacing(old: SignerRecord, day: date) -> None:
    if old.end_reason is not None or (old.valid_to is not None and old.valid_to <= day):
        raise _over(old)
    if day < old.valid_from:
        raise ConflictError(
            f"Đăng ký này bắt đầu từ {old.valid_from:%d/%m/%Y}, sau ngày thay {day:%d/%m/%Y}.",
            f"Ghi ngày thay từ {old.valid_from:%d/%m/%Y} trở đi.",
        )


def _over(old: SignerRecord) -> ConflictError:
    reason = f" ({old.end_reason})" if old.end_reason else ""
    return ConflictError(
        f"Đăng ký của {old.name} đã kết thúc từ {old.valid_to:%d/%m/%Y}{reason}.",
        "Xem lại danh sách: có thể quản trị viên khác vừa thay đổi. Cần thì đăng ký chứng thư mới.",
    )


def _refuse_empty(valid_from: date, valid_to: date | None) -> None:
    if valid_to is not None and valid_to <= valid_from:
        raise InvalidError(
            f"Ngày thôi ký {valid_to:%d/%m/%Y} không sau ngày được ký {valid_from:%d/%m/%Y}.", "Sửa lại một trong hai."
        )


def _person(name: str) -> str:
    plain = " ".join(name.split(" ")).strip()
    if not plain or len(plain) > _LONGEST_NAME or not plain.isprintable():
        raise InvalidError("Họ và tên không hợp lệ.", f"Dùng 1 đến {_LONGEST_NAME} ký tự in được.")
    return plain


def _replaced_by(found: x509.Certificate, new: _Entry) -> str:
    return f"Thay bằng chứng thư số {facts_of(found).serial} của {new.name}"


def _stretch(entry: SignerRecord) -> str:
    end = "" if entry.valid_to is None else f" đến trước {entry.valid_to:%d/%m/%Y}"
    return f"từ {entry.valid_from:%d/%m/%Y}{end}"


def _require(connection: Connection, signer_id: int) -> SignerRecord:
    found = signers.signer_by_id(connection, signer_id) if 0 < signer_id < 2**63 else None
    if found is None:
        raise NotFoundError(f"Không có đăng ký người ký số {signer_id}.", "Xem số trong danh sách người ký.")
    return found


def _with_certificate(connection: Connection, entry: SignerRecord) -> RegisteredSigner:
    der = blobs.get_blob(connection, entry.certificate_sha256)
    return RegisteredSigner(entry, None if der is None else facts_of_stored(der))


def _change(made: SignerRecord, found: x509.Certificate, now: datetime) -> SignerChange:
    facts = facts_of(found)
    return SignerChange(RegisteredSigner(made, facts), tuple(doubts(facts, made.name, now)))


def _signed_since(connection: Connection, entry: SignerRecord) -> Iterator[SignedSince]:
    """The accepted submissions signed on or after the day the entry ended. They stay: people decide about them."""
    if entry.valid_to is None:
        return
    register = registrations(signers.register_of(connection, entry.unit_id))
    for one in signers.accepted_with(connection, entry.unit_id, entry.certificate_sha256):
        for day in _days_signed(one, entry.certificate_sha256):
            who = identity_of(entry.certificate_sha256, register, entry.unit_code, day)
            if day >= entry.valid_to and who.status is not Standing.REGISTERED:
                yield SignedSince(one.id, one.form, one.period, one.status, day)


def _days_signed(found: AcceptedWith, certificate_sha256: str) -> list[date]:
    """The days of that certificate's signatures as they were judged, each once.

    Of a verdict that is damaged only the day of receipt is known; better one submission too many to look at.
    """
    received = day_in_vietnam(found.received_at)
    try:
        own = [
            one
            for one in stored_verdict(found.verdict)["signatures"]
            if one["certificate_sha256"] == certificate_sha256
        ]
        days = [one.get("identity", {}).get("day") for one in own]
        return sorted({date.fromisoformat(day) if day else received for day in days})
    except (ValueError, KeyError, TypeError, AttributeError):
        return [received]
