"""The register of certificates that sign for units. An entry is never removed; all that changes is when it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, or_, select, update

from server.storage.engine import lock
from server.storage.tables import EVIDENCE, ORG_UNIT, SIGNER, SUBMISSION
from signing.roles import SignerRole

_LOCK = 0x6269_6575_0004


@dataclass(frozen=True, slots=True)
class SignerRecord:
    """A certificate that may sign for a unit from ``valid_from`` on and before ``valid_to``.

    ``end_reason`` is in words, and there only where somebody ended the right; an end that was set from the beginning,
    as a delegation has, needs none.
    """

    id: int
    unit_id: int
    unit_code: str
    unit_name: str
    certificate_sha256: str
    name: str
    role: SignerRole
    valid_from: date
    valid_to: date | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class AcceptedWith:
    """An accepted submission, replaced since or not, among whose signatures a certificate is."""

    id: int
    form: str
    period: str
    status: str
    received_at: datetime
    verdict: str | None


def lock_signers(connection: Connection) -> None:
    """Keeps others from changing the register until this transaction ends; taken before anything is read."""
    lock(connection, _LOCK)


def insert_signer(connection: Connection, **values: object) -> int:
    """Registers a certificate; returns the id of the entry."""
    key = connection.execute(insert(SIGNER).values(**values)).inserted_primary_key
    return int(key[0]) if key is not None else 0


def end_signer(connection: Connection, signer_id: int, day: date, reason: str) -> None:
    """The one thing about an entry that may change: the first day on which it no longer holds, and why."""
    connection.execute(update(SIGNER).where(SIGNER.c.id == signer_id).values(valid_to=day, end_reason=reason))


def signer_by_id(connection: Connection, signer_id: int) -> SignerRecord | None:
    """The entry of that id."""
    return next(_records(connection, _signers().where(SIGNER.c.id == signer_id)), None)


def register_of(connection: Connection, unit_id: int) -> tuple[SignerRecord, ...]:
    """Every entry of a unit, also those that are over or have not begun."""
    return tuple(_records(connection, _signers().where(SIGNER.c.unit_id == unit_id)))


def signers_at(connection: Connection, *, unit: str | None, day: date | None) -> tuple[SignerRecord, ...]:
    """The entries of one unit (its code) or all, those that hold on a day or all; by unit, then as they were made."""
    query = _signers()
    if unit is not None:
        query = query.where(ORG_UNIT.c.code == unit)
    if day is not None:
        holds = or_(SIGNER.c.valid_to.is_(None), SIGNER.c.valid_to > day)
        query = query.where(SIGNER.c.valid_from <= day, holds)
    return tuple(_records(connection, query))


def accepted_with(connection: Connection, unit_id: int, certificate_sha256: str) -> tuple[AcceptedWith, ...]:
    """The accepted submissions of a unit that keep this certificate as evidence, oldest first."""
    kept = select(EVIDENCE.c.submission_id).where(
        EVIDENCE.c.kind == "certificate", EVIDENCE.c.blob_sha256 == certificate_sha256
    )
    names = ("id", "form", "period", "status", "received_at", "verdict")
    columns = [SUBMISSION.c[name] for name in names]
    query = (
        select(*columns)
        .where(SUBMISSION.c.unit_id == unit_id, SUBMISSION.c.status != "refused", SUBMISSION.c.id.in_(kept))
        .order_by(SUBMISSION.c.id)
    )
    return tuple(AcceptedWith(**row._mapping) for row in connection.execute(query))


def _signers() -> Select[tuple[Any, ...]]:
    unit = (ORG_UNIT.c.code.label("unit_code"), ORG_UNIT.c.name.label("unit_name"))
    query = select(SIGNER, *unit).join(ORG_UNIT, ORG_UNIT.c.id == SIGNER.c.unit_id)
    return query.order_by(ORG_UNIT.c.code, SIGNER.c.id)


def _records(connection: Connection, query: Select[tuple[Any, ...]]) -> Iterator[SignerRecord]:
    for row in connection.execute(query):
        values: Mapping[str, Any] = dict(row._mapping)
        yield SignerRecord(**{**values, "role": SignerRole(values["role"])})
