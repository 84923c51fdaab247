"""The registry of published report forms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, select

from server.storage.tables import REPORT_FORM


@dataclass(frozen=True, slots=True)
class ReportRecord:
    """A published report form as it is stored; ``model`` is the canonical JSON that ``digest`` is taken of."""

    id: int
    report: str
    version: str
    title: str
    model: str
    digest: str
    template_sha256: str
    decision: str
    decided_on: date | None
    effective_from: date
    published_at: datetime


def insert_report(connection: Connection, **values: object) -> None:
    """Stores a new version of a report form."""
    connection.execute(insert(REPORT_FORM).values(**values))


def report_version(connection: Connection, report: str, version: str) -> ReportRecord | None:
    """One version of a report form."""
    query = select(REPORT_FORM).where(REPORT_FORM.c.report == report, REPORT_FORM.c.version == version)
    row = connection.execute(query).first()
    return None if row is None else ReportRecord(**row._mapping)


def report_for(connection: Connection, report: str, day: date) -> ReportRecord | None:
    """The newest version in effect on that day."""
    query = (
        select(REPORT_FORM)
        .where(REPORT_FORM.c.report == report, REPORT_FORM.c.effective_from <= day)
        .order_by(REPORT_FORM.c.effective_from.desc(), REPORT_FORM.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else ReportRecord(**row._mapping)


def list_reports(connection: Connection) -> tuple[ReportRecord, ...]:
    """All versions, by report and by the day they take effect."""
    query = select(REPORT_FORM).order_by(REPORT_FORM.c.report, REPORT_FORM.c.effective_from, REPORT_FORM.c.id)
    return tuple(ReportRecord(**row._mapping) for row in connection.execute(query))
