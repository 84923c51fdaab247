"""The audit log: what may be recorded, and the proof that nothing recorded was changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Engine

from server.storage import audit
from server.storage.audit import AuditEvent
from server.storage.engine import reading

SYSTEM = "system"  # the actor where a program and not a person acted


class Action(StrEnum):
    """Everything that leaves a trace, as ``subject:action``."""

    UNITS_LOADED = "units:loaded"
    FORM_PUBLISHED = "form:published"
    FORM_WITHDRAWN = "form:withdrawn"
    DRAFT_SAVED = "draft:saved"
    DRAFT_DELETED = "draft:deleted"
    CATALOGUE_CHANGED = "catalogue:changed"
    REPORT_PUBLISHED = "report:published"
    HISTORY_IMPORTED = "history:imported"
    SUBMISSION_ACCEPTED = "submission:accepted"
    SUBMISSION_REFUSED = "submission:refused"
    TOTALS_REBUILT = "totals:rebuilt"
    ACCOUNT_CREATED = "account:created"
    ACCOUNT_CLOSED = "account:closed"
    ACCOUNT_SIGNED_IN = "account:signed-in"
    ACCOUNT_SIGN_IN_FAILED = "account:sign-in-failed"
    PASSWORD_CHANGED = "account:password-changed"  # noqa: S105 - the name of an event
    SIGNER_REGISTERED = "signer:registered"
    SIGNER_REPLACED = "signer:replaced"
    SIGNER_REVOKED = "signer:revoked"
    ARCHIVE_STAMPED = "archive:stamped"
    ARCHIVE_RENEWED = "archive:renewed"
    ARCHIVE_EXPORTED = "archive:exported"


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Result of walking the chain.

    Attributes:
        events: how many events were read.
        head: hash of the last one. Written down elsewhere, it shows later that the tail was not cut off.
        broken_at: number of the first event that does not fit, or None.
    """

    events: int
    head: str
    broken_at: int | None

    @property
    def ok(self) -> bool:
        """Whether every event stands as it was recorded."""
        return self.broken_at is None


def record(
    connection: Connection,
    action: Action,
    *,
    at: datetime,
    actor: str,
    subject: str,
    details: Mapping[str, object] | None = None,
) -> str:
    """Appends an event inside the caller's transaction, as its last write. Returns the new head."""
    return audit.append_event(
        connection, at=at, action=action.value, actor=actor, subject=subject, details=details or {}
    )


def verify(engine: Engine, *, head: str | None = None) -> AuditReport:
    """Walks the chain from its first event. With ``head``, the log must also still contain the event of that hash."""
    count, previous, found = 0, "", head is None
    with reading(engine) as connection:
        try:
            for event in audit.events(connection):
                count += 1
                if not _fits(event, count, previous):
                    return AuditReport(count, previous, count)
                previous = event.hash
                found = found or event.hash == head
        except ValueError:  # of a moment that is none
            return AuditReport(count + 1, previous, count + 1)
    return AuditReport(count, previous, None if found else count + 1)


def _fits(event: AuditEvent, number: int, previous: str) -> bool:
    values = {name: getattr(event, name) for name in AuditEvent.__dataclass_fields__}
    return event.id == number and event.previous == previous and event.hash == audit.event_hash(values)
