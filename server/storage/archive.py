"""What is kept for long: submissions with their documents, and the time stamps over them. Nothing here ever changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, exists, func, insert, select

from server.storage.blobs import put_blob
from server.storage.dialects import upsert
from server.storage.engine import lock
from server.storage.tables import (
    ARCHIVE_COVER,
    ARCHIVE_EVIDENCE,
    ARCHIVE_STAMP,
    ATTACHMENT,
    AUDIT_EVENT,
    EVIDENCE,
    FORM_VERSION,
    ORG_UNIT,
    SUBMISSION,
)
from server.storage.types import fetching

_LOCK: Final = 0x6269_6575_0005
_COVERS_AT_ONCE: Final = 1000
SIGNED: Final = ("workbook",)
# Stands for a moment of a row that is none.
UNREADABLE: Final = datetime(1, 1, 1, tzinfo=UTC)
EVERYTHING: Final = ("workbook", "history")


@dataclass(frozen=True, slots=True)
class Named:
    """A document by what it is there: the name of an attachment, or the kind of a piece of evidence."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class KeptSubmission:
    """A submission as the archive sees it; the documents are blobs."""

    id: int
    form: str | None
    version: str | None
    form_version_id: int | None
    unit_code: str | None
    unit_name: str | None
    period: str | None
    revision: int
    status: str
    source: str
    received_at: datetime
    blob_sha256: str
    signer: str
    certificate_sha256: str
    signed_at: datetime | None
    verdict: str | None
    attachments: tuple[Named, ...] = ()
    evidence: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredStamp:
    """A time stamp over a manifest, as it is stored."""

    id: int
    kind: str
    stamped_at: datetime
    good_until: datetime
    authority: str
    digest: str
    manifest_sha256: str
    token_sha256: str
    evidence: tuple[Named, ...] = ()


def lock_archive(connection: Connection) -> None:
    """Lets one transaction at a time add to the archive, until it ends."""
    lock(connection, _LOCK)


def kept(connection: Connection, numbers: Collection[int]) -> tuple[KeptSubmission, ...]:
    """The submissions of these numbers, in their order, with their documents named.

    Raises:
        ValueError: a row holds what is no moment.
    """
    columns = [SUBMISSION.c[name] for name in _OWN_COLUMNS]
    joined = (FORM_VERSION.c.version, ORG_UNIT.c.code.label("unit_code"), ORG_UNIT.c.name.label("unit_name"))
    query = (
        select(*columns, *joined)
        .outerjoin(FORM_VERSION, FORM_VERSION.c.id == SUBMISSION.c.form_version_id)
        .outerjoin(ORG_UNIT, ORG_UNIT.c.id == SUBMISSION.c.unit_id)
        .where(SUBMISSION.c.id.in_(numbers))
        .order_by(SUBMISSION.c.id)
    )
    with fetching():
        rows = connection.execute(query).all()
    ids = [row.id for row in rows]
    attachments, evidence = _attachments(connection, ids), _evidence(connection, ids)
    return tuple(
        KeptSubmission(
            **row._mapping,
            attachments=tuple(attachments.get(row.id, ())),
            evidence=tuple(evidence.get(row.id, ())),
        )
        for row in rows
    )


def numbers_after(
    connection: Connection,
    after: int,
    limit: int,
    *,
    uncovered: bool = False,
    sources: Collection[str] = SIGNED,
    since: datetime | None = None,
    numbers: Collection[int] | None = None,
) -> tuple[int, ...]:
    """Numbers of at most ``limit`` submissions after one, though nothing else of them can be read."""
    query = select(SUBMISSION.c.id).where(SUBMISSION.c.id > after, *_chosen(sources, since))
    if uncovered:
        query = query.where(_uncovered())
    if numbers is not None:
        query = query.where(SUBMISSION.c.id.in_(numbers))
    return tuple(connection.execute(query.order_by(SUBMISSION.c.id).limit(limit)).scalars())


def count_kept(connection: Connection, *, sources: Collection[str] = SIGNED, since: datetime | None = None) -> int:
    """How many submissions there are."""
    query = select(func.count()).select_from(SUBMISSION).where(*_chosen(sources, since))
    return connection.execute(query).scalar_one()


def count_uncovered(connection: Connection) -> int:
    """How many signed submissions no stamp covers."""
    query = select(func.count()).select_from(SUBMISSION).where(*_chosen(SIGNED, None), _uncovered())
    return connection.execute(query).scalar_one()


def stamps(connection: Connection) -> tuple[StoredStamp, ...]:
    """Every stamp in the order in which they were given, with what its authority is judged by."""
    evidence: dict[int, list[Named]] = defaultdict(list)
    kept = select(ARCHIVE_EVIDENCE).order_by(ARCHIVE_EVIDENCE.c.kind, ARCHIVE_EVIDENCE.c.blob_sha256)
    for row in connection.execute(kept):
        evidence[row.archive_stamp_id].append(Named(row.kind, row.blob_sha256))
    numbers = connection.execute(select(ARCHIVE_STAMP.c.id).order_by(ARCHIVE_STAMP.c.id)).scalars().all()
    return tuple(
        StoredStamp(**values, evidence=tuple(evidence.get(values["id"], ())))
        for values in _stamp_values(connection, numbers)
    )


def _stamp_values(connection: Connection, numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
    try:
        with fetching():
            rows = connection.execute(select(ARCHIVE_STAMP).order_by(ARCHIVE_STAMP.c.id)).all()
        yield from (dict(row._mapping) for row in rows)
    except ValueError:
        for number in numbers:
            yield _values_of_stamp(connection, number)


def _values_of_stamp(connection: Connection, number: int) -> dict[str, Any]:
    """The row of one stamp; a moment in it that cannot be read hides neither the rest nor other stamps."""
    values: dict[str, Any] = {}
    for column in ARCHIVE_STAMP.c:
        query = select(column).where(ARCHIVE_STAMP.c.id == number)
        try:
            with fetching():
                values[column.name] = connection.execute(query).scalar_one()
        except ValueError:
            values[column.name] = UNREADABLE
    return values


def newest_stamp(connection: Connection) -> int:
    """Number of the last stamp; 0 where there is none."""
    return connection.execute(select(func.max(ARCHIVE_STAMP.c.id))).scalar() or 0


def covers_of(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """The stamps that each of these submissions was entered under."""
    query = (
        select(ARCHIVE_COVER.c.submission_id, ARCHIVE_COVER.c.archive_stamp_id)
        .where(ARCHIVE_COVER.c.submission_id.in_(numbers))
        .order_by(ARCHIVE_COVER.c.archive_stamp_id)
    )
    found: dict[int, list[int]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.submission_id].append(row.archive_stamp_id)
    return {number: tuple(covers) for number, covers in found.items()}


def insert_stamp(connection: Connection, manifest: bytes, token: bytes, **values: object) -> tuple[int, str]:
    """Stores a stamp with its manifest and token; returns its number and the SHA-256 of the manifest."""
    kept = {"manifest_sha256": put_blob(connection, manifest), "token_sha256": put_blob(connection, token)}
    key = connection.execute(insert(ARCHIVE_STAMP).values(**values, **kept)).inserted_primary_key
    return int(key[0]) if key is not None else 0, kept["manifest_sha256"]


def insert_covers(connection: Connection, stamp_id: int, numbers: Sequence[int]) -> None:
    """Enters submissions under a stamp."""
    for start in range(0, len(numbers), _COVERS_AT_ONCE):
        some = numbers[start : start + _COVERS_AT_ONCE]
        connection.execute(insert(ARCHIVE_COVER), [{"submission_id": n, "archive_stamp_id": stamp_id} for n in some])


def add_stamp_evidence(connection: Connection, stamp_id: int, kind: str, documents: Iterable[bytes]) -> None:
    """Keeps what a stamp's authority is judged by; what is kept already stays."""
    kept = sorted({put_blob(connection, document) for document in documents})
    rows = [{"archive_stamp_id": stamp_id, "kind": kind, "blob_sha256": sha256} for sha256 in kept]
    if rows:
        connection.execute(upsert(connection, ARCHIVE_EVIDENCE).on_conflict_do_nothing(), rows)


def audit_head(connection: Connection) -> tuple[int, str]:
    """Number and hash of the last event of the audit log; 0 and "" where there is none."""
    query = select(AUDIT_EVENT.c.id, AUDIT_EVENT.c.hash).order_by(AUDIT_EVENT.c.id.desc()).limit(1)
    last = connection.execute(query).first()
    return (0, "") if last is None else (last.id, last.hash)


def audit_hash(connection: Connection, number: int) -> str | None:
    """Hash of one event of the audit log; None where there is no such event."""
    return connection.execute(select(AUDIT_EVENT.c.hash).where(AUDIT_EVENT.c.id == number)).scalar()


_OWN_COLUMNS = [
    name
    for name in KeptSubmission.__dataclass_fields__
    if name not in ("version", "unit_code", "unit_name", "attachments", "evidence")
]


def _chosen(sources: Collection[str], since: datetime | None) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = [SUBMISSION.c.source.in_(sources)]
    return chosen if since is None else [*chosen, SUBMISSION.c.received_at >= since]


def _uncovered() -> ColumnElement[bool]:
    return ~exists().where(ARCHIVE_COVER.c.submission_id == SUBMISSION.c.id)


def _attachments(connection: Connection, ids: Sequence[int]) -> dict[int, list[Named]]:
    query = select(ATTACHMENT).where(ATTACHMENT.c.submission_id.in_(ids)).order_by(ATTACHMENT.c.number)
    found: dict[int, list[Named]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.submission_id].append(Named(row.name, row.blob_sha256))
    return found


def _evidence(connection: Connection, ids: Sequence[int]) -> dict[int, list[Named]]:
    query = select(EVIDENCE).where(EVIDENCE.c.submission_id.in_(ids)).order_by(EVIDENCE.c.kind, EVIDENCE.c.blob_sha256)
    found: dict[int, list[Named]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.submission_id].append(Named(row.kind, row.blob_sha256))
    return found
