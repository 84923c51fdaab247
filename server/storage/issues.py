"""Which workbooks were handed out: one serial and time of issue for each form version, unit and period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from server.storage.dialects import upsert
from server.storage.tables import ISSUE


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as its stamp tells it."""

    serial: str
    issued_at: datetime


def find_issue(connection: Connection, form_version_id: int, unit_id: int, period: str) -> Issue | None:
    """The issue of a form version to a unit for a period."""
    query = select(ISSUE.c.serial, ISSUE.c.issued_at).where(
        ISSUE.c.form_version_id == form_version_id, ISSUE.c.unit_id == unit_id, ISSUE.c.period == period
    )
    row = connection.execute(query).first()
    return None if row is None else Issue(row.serial, row.issued_at)


def insert_issue(connection: Connection, form_version_id: int, unit_id: int, period: str, issue: Issue) -> None:
    """Remembers an issue; of two at once the first stands."""
    connection.execute(
        upsert(connection, ISSUE)
        .values(
            form_version_id=form_version_id,
            unit_id=unit_id,
            period=period,
            serial=issue.serial,
            issued_at=issue.issued_at,
        )
        .on_conflict_do_nothing()
    )
