"""The audit log: append-only by triggers, and a chain of hashes, so that a change behind the triggers shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from server.storage.engine import lock
from server.storage.tables import AUDIT_EVENT
from server.storage.types import fetching

_LOCK = 0x6269_6575_0002
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event; ``hash`` covers all other fields, ``previous`` (the hash of the event before) included."""

    id: int
    at: datetime
    action: str
    actor: str
    subject: str
    details: str
    previous: str
    hash: str


def append_event(
    connection: Connection, *, at: datetime, action: str, actor: str, subject: str, details: Mapping[str, object]
) -> str:
    """Appends an event; returns its hash. Must be the last write of a transaction.

    The lock is held until the commit. Taken last by everyone, it can be part of no deadlock and holds others up least.
    """
    lock(connection, _LOCK)
    newest = select(AUDIT_EVENT.c.id, AUDIT_EVENT.c.hash).order_by(AUDIT_EVENT.c.id.desc()).limit(1)
    last = connection.execute(newest).first()
    values: dict[str, object] = {
        "id": 1 if last is None else last.id + 1,
        "at": at,
        "action": action,
        "actor": actor,
        "subject": subject,
        "details": json.dumps(details, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        "previous": "" if last is None else last.hash,
    }
    sealed = event_hash(values)
    connection.execute(insert(AUDIT_EVENT).values(**values, hash=sealed))
    return sealed


def event_hash(values: Mapping[str, object]) -> str:
    """SHA-256 over the fields of an event, written so that no two events share their text."""
    at = values["at"]
    moment = at.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(at, datetime) else ""
    fields = [values["id"], moment, *(values[name] for name in ("action", "actor", "subject", "details", "previous"))]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def events(connection: Connection, *, after: int = 0) -> Iterator[AuditEvent]:
    """All events in their order, fetched in batches.

    Raises:
        ValueError: the next event cannot be read; every one before it was given.
    """
    size = _BATCH
    while True:
        try:
            batch = some_events(connection, after=after, limit=size)
        except ValueError:
            if size == 1:
                raise
            size = 1
            continue
        if not batch:
            return
        yield from batch
        after = batch[-1].id


def subjects(connection: Connection, actions: Collection[str], *, after: int) -> Iterator[tuple[int, str, str]]:
    """Number, action and subject of events of some kinds, in their order."""
    columns = AUDIT_EVENT.c.id, AUDIT_EVENT.c.action, AUDIT_EVENT.c.subject
    chosen = select(*columns).where(AUDIT_EVENT.c.action.in_(actions)).order_by(AUDIT_EVENT.c.id).limit(_BATCH)
    while batch := connection.execute(chosen.where(AUDIT_EVENT.c.id > after)).all():
        yield from ((row.id, row.action, row.subject) for row in batch)
        after = batch[-1].id


def events_numbered(connection: Connection, numbers: Sequence[int]) -> dict[int, AuditEvent]:
    """Events by their numbers; such as cannot be read are left out."""
    try:
        with fetching():
            found = connection.execute(select(AUDIT_EVENT).where(AUDIT_EVENT.c.id.in_(numbers))).all()
    except ValueError:
        if len(numbers) == 1:
            return {}
        return {key: event for one in numbers for key, event in events_numbered(connection, [one]).items()}
    return {row.id: AuditEvent(**row._mapping) for row in found}


def some_events(connection: Connection, *, after: int, limit: int) -> tuple[AuditEvent, ...]:
    """At most ``limit`` events after a number, in their order."""
    query = select(AUDIT_EVENT).where(AUDIT_EVENT.c.id > after).order_by(AUDIT_EVENT.c.id).limit(limit)
    with fetching():
        return tuple(AuditEvent(**row._mapping) for row in connection.execute(query))
