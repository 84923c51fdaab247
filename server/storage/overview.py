"""Queries behind the pages that follow up: who was asked, who has sent, what became of it. Each one query for all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, or_, select

from server.storage.tables import FINDING, FORM_VERSION, ISSUE, ORG_UNIT, SUBMISSION
from server.storage.units import Unit, valid_at

_SENT = and_(SUBMISSION.c.source == "workbook", SUBMISSION.c.form.is_not(None), SUBMISSION.c.unit_id.is_not(None))


class CampaignKey(NamedTuple):
    """One form in one period."""

    form: str
    period: str


class Attempt(NamedTuple):
    """One workbook that a unit sent."""

    id: int
    form: str
    period: str
    unit_id: int
    status: str
    received_at: datetime


class FindingCode(NamedTuple):
    """The code of one finding of a submission."""

    submission_id: int
    code: str


def campaign_keys(connection: Connection) -> tuple[CampaignKey, ...]:
    """Everything that was issued or sent, by form and period."""
    issued = select(FORM_VERSION.c.form, ISSUE.c.period).join(
        FORM_VERSION, FORM_VERSION.c.id == ISSUE.c.form_version_id
    )
    sent = select(SUBMISSION.c.form, SUBMISSION.c.period).where(_SENT)
    both = issued.union(sent).subquery()
    rows = connection.execute(select(both.c.form, both.c.period).order_by(both.c.form, both.c.period))
    return tuple(CampaignKey(row.form, row.period) for row in rows)


def form_titles(connection: Connection) -> dict[str, str]:
    """Form id → title of its newest version."""
    query = select(FORM_VERSION.c.form, FORM_VERSION.c.title).order_by(FORM_VERSION.c.effective_from, FORM_VERSION.c.id)
    return {row.form: row.title for row in connection.execute(query)}


def reporting_units(connection: Connection, day: date) -> tuple[Unit, ...]:
    """The units that have no unit below them on that day, by code."""
    child = ORG_UNIT.alias()
    has_child = (
        select(child.c.id)
        .where(child.c.parent_code == ORG_UNIT.c.code, child.c.valid_from <= day)
        .where(or_(child.c.valid_to.is_(None), child.c.valid_to > day))
        .exists()
    )
    query = select(ORG_UNIT).where(valid_at(day), ~has_child).order_by(ORG_UNIT.c.code)
    return tuple(Unit(**row._mapping) for row in connection.execute(query))


def units_with_code(connection: Connection, code: str) -> frozenset[int]:
    """Ids of every unit that ever bore the code."""
    rows = connection.execute(select(ORG_UNIT.c.id).where(ORG_UNIT.c.code == code))
    return frozenset(row.id for row in rows)


def attempts(connection: Connection, keys: Collection[CampaignKey]) -> tuple[Attempt, ...]:
    """Every workbook that was sent for those forms and periods, oldest first."""
    columns = [SUBMISSION.c[name] for name in Attempt._fields]
    query = (
        select(*columns)
        .where(_SENT, SUBMISSION.c.form.in_({key.form for key in keys}))
        .where(SUBMISSION.c.period.in_({key.period for key in keys}))
        .order_by(SUBMISSION.c.id)
    )
    found = (Attempt(**row._mapping) for row in connection.execute(query))
    return tuple(attempt for attempt in found if (attempt.form, attempt.period) in keys)


def accepted_units(connection: Connection, key: CampaignKey, unit_ids: Iterable[int]) -> frozenset[int]:
    """Which of the units have figures that count for a form and period, imported history included."""
    query = select(SUBMISSION.c.unit_id).where(
        SUBMISSION.c.form == key.form, SUBMISSION.c.period == key.period, SUBMISSION.c.status == "accepted"
    )
    wanted = frozenset(unit_ids)
    return frozenset(row.unit_id for row in connection.execute(query)) & wanted


def finding_codes(connection: Connection, submission_ids: Sequence[int]) -> tuple[FindingCode, ...]:
    """The codes found in those submissions, in their order."""
    if not submission_ids:
        return ()
    query = (
        select(FINDING.c.submission_id, FINDING.c.code)
        .where(FINDING.c.submission_id.in_(submission_ids))
        .order_by(FINDING.c.submission_id, FINDING.c.number)
    )
    return tuple(FindingCode(row.submission_id, row.code) for row in connection.execute(query))
