"""Submissions and their findings. A row never changes but for its status."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Row, Select, func, insert, or_, select, update

from server.storage.blobs import put_blob
from server.storage.engine import lock
from server.storage.tables import BLOB, EVIDENCE, FINDING, FORM_VERSION, ORG_UNIT, SUBMISSION
from workbooks.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class Submission:
    """One workbook that was sent, or one import of history. The first five are None where a refused file hid them."""

    id: int
    form: str | None
    version: str | None
    unit_id: int | None
    unit_code: str | None
    unit_name: str | None
    period: str | None
    as_at: date | None
    form_version_id: int | None
    revision: int
    status: str
    source: str
    received_at: datetime
    blob_sha256: str
    blob_size: int
    account_id: int | None
    idempotency_key: str | None
    signer: str
    certificate_sha256: str
    signed_at: datetime | None
    verdict: str | None
    outcome: str


def lock_reporting(connection: Connection, *names: object) -> None:
    """Lets one transaction at a time store for these names (form, unit and period), until it ends."""
    number = int.from_bytes(hashlib.sha256("\0".join(map(str, names)).encode()).digest()[:8], signed=True)
    lock(connection, number)


def insert_submission(connection: Connection, **values: object) -> int:
    """Stores a submission; returns its id."""
    key = connection.execute(insert(SUBMISSION).values(_storable(values))).inserted_primary_key
    return int(key[0]) if key is not None else 0


def insert_findings(connection: Connection, submission_id: int, findings: Sequence[Finding]) -> None:
    """Stores the findings in their order."""
    rows = [
        {"submission_id": submission_id, "number": number} | _storable(finding.to_dict())
        for number, finding in enumerate(findings, start=1)
    ]
    if rows:
        connection.execute(insert(FINDING), rows)


def _storable(values: Mapping[str, object]) -> dict[str, object]:
    """The values with what PostgreSQL cannot hold replaced: names in certificates may contain anything."""
    return {
        name: value.replace("\0", "\ufffd").encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in values.items()
    }


def insert_evidence(connection: Connection, submission_id: int, kind: str, documents: Iterable[bytes]) -> None:
    """Keeps certificates or revocation lists (DER) with a submission."""
    kept = sorted({put_blob(connection, document) for document in documents})
    rows = [{"submission_id": submission_id, "kind": kind, "blob_sha256": sha256} for sha256 in kept]
    if rows:
        connection.execute(insert(EVIDENCE), rows)


def findings_of(connection: Connection, submission_id: int) -> tuple[Finding, ...]:
    """The findings of a submission in their order."""
    query = select(FINDING).where(FINDING.c.submission_id == submission_id).order_by(FINDING.c.number)
    return tuple(
        Finding(
            row.code,
            Severity(row.severity),
            row.message,
            row.remedy,
            sheet=row.sheet,
            cell=row.cell,
            part=row.part,
            explanation=row.explanation or "",
        )
        for row in connection.execute(query)
    )


def mark_superseded(connection: Connection, submission_id: int) -> None:
    """An accepted submission gives way to a newer one; its bytes, facts and findings stay."""
    connection.execute(update(SUBMISSION).where(SUBMISSION.c.id == submission_id).values(status="superseded"))


def submission(connection: Connection, submission_id: int) -> Submission | None:
    """One submission."""
    return _one(connection, _query().where(SUBMISSION.c.id == submission_id))


def current_submission(connection: Connection, form: str, unit_id: int, period: str) -> Submission | None:
    """The accepted submission of a unit for a form and period, history included; there is at most one."""
    return _one(
        connection,
        _query().where(
            SUBMISSION.c.form == form,
            SUBMISSION.c.unit_id == unit_id,
            SUBMISSION.c.period == period,
            SUBMISSION.c.status == "accepted",
        ),
    )


def accepted_with_content(connection: Connection, sha256: str) -> Submission | None:
    """The submission that these bytes were accepted as, even where a newer one took its place since."""
    return _one(
        connection,
        _query()
        .where(
            SUBMISSION.c.blob_sha256 == sha256,
            SUBMISSION.c.source == "workbook",
            SUBMISSION.c.status.in_(("accepted", "superseded")),
        )
        .order_by(SUBMISSION.c.id)
        .limit(1),
    )


def first_with_content(connection: Connection, sha256: str) -> Submission | None:
    """The first submission of exactly these bytes, whatever became of it."""
    return _one(
        connection,
        _query()
        .where(SUBMISSION.c.blob_sha256 == sha256, SUBMISSION.c.source == "workbook")
        .order_by(SUBMISSION.c.id)
        .limit(1),
    )


def equal_refusal(connection: Connection, sha256: str, account_id: int, outcome: str) -> Submission | None:
    """A refusal of the same bytes of the same account with the same outcome."""
    return _one(
        connection,
        _query()
        .where(
            SUBMISSION.c.blob_sha256 == sha256,
            SUBMISSION.c.account_id == account_id,
            SUBMISSION.c.outcome == outcome,
            SUBMISSION.c.status == "refused",
        )
        .limit(1),
    )


def count_refusals(connection: Connection, account_id: int, since: datetime) -> int:
    """How many different files of an account were refused since then."""
    query = (
        select(func.count())
        .select_from(SUBMISSION)
        .where(SUBMISSION.c.account_id == account_id, SUBMISSION.c.status == "refused")
        .where(SUBMISSION.c.received_at >= since)
    )
    return connection.execute(query).scalar_one()


def submission_with_key(connection: Connection, account_id: int, key: str) -> Submission | None:
    """What an account sent under an idempotency key."""
    return _one(connection, _query().where(SUBMISSION.c.account_id == account_id, SUBMISSION.c.idempotency_key == key))


def list_submissions(
    connection: Connection,
    *,
    unit_ids: Collection[int] | None = None,
    or_account: int | None = None,
    form: str | None = None,
    period: str | None = None,
    status: str | None = None,
    source: str = "workbook",
    before: int | None = None,
    limit: int = 100,
) -> tuple[Submission, ...]:
    """Submissions, newest first; ``before`` continues below an id.

    ``unit_ids`` None means all units. A refused file whose unit could not be told belongs to ``or_account`` alone.
    """
    query = _query().where(SUBMISSION.c.source == source).order_by(SUBMISSION.c.id.desc()).limit(limit)
    if unit_ids is not None:
        of_units = SUBMISSION.c.unit_id.in_(unit_ids)
        query = query.where(of_units if or_account is None else or_(of_units, SUBMISSION.c.account_id == or_account))
    for column, wanted in ((SUBMISSION.c.form, form), (SUBMISSION.c.period, period), (SUBMISSION.c.status, status)):
        if wanted is not None:
            query = query.where(column == wanted)
    if before is not None:
        query = query.where(SUBMISSION.c.id < before)
    return tuple(_submission(row) for row in connection.execute(query))


def _query() -> Select[tuple[object, ...]]:
    columns = [SUBMISSION.c[name] for name in _OWN_COLUMNS]
    joined = (FORM_VERSION.c.version, ORG_UNIT.c.code.label("unit_code"), ORG_UNIT.c.name.label("unit_name"))
    return (
        select(*columns, *joined, BLOB.c.size.label("blob_size"))
        .join(BLOB, BLOB.c.sha256 == SUBMISSION.c.blob_sha256)
        .outerjoin(FORM_VERSION, FORM_VERSION.c.id == SUBMISSION.c.form_version_id)
        .outerjoin(ORG_UNIT, ORG_UNIT.c.id == SUBMISSION.c.unit_id)
    )


_OWN_COLUMNS = [
    name for name in Submission.__dataclass_fields__ if name not in ("version", "unit_code", "unit_name", "blob_size")
]


def _one(connection: Connection, query: Select[tuple[object, ...]]) -> Submission | None:
    row = connection.execute(query).first()
    return None if row is None else _submission(row)


def _submission(row: Row[tuple[object, ...]]) -> Submission:
    return Submission(**row._mapping)
