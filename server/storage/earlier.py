"""Figures of a unit's earlier periods, for holding new ones against them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, select

from form_templates.model import CellKey
from server.storage.exact import FactState, unscaled
from server.storage.tables import CELL, FACT, FORM_VERSION, SUBMISSION


class EarlierSubmission(NamedTuple):
    """An accepted submission: its id, period, and the number of its form version."""

    id: int
    period: str
    version: str


def earlier_submissions(
    connection: Connection, form: str, unit_id: int, before: date, limit: int
) -> tuple[EarlierSubmission, ...]:
    """Accepted submissions of a form by a unit for periods that ended before a day, newest first."""
    query = (
        select(SUBMISSION.c.id, SUBMISSION.c.period, FORM_VERSION.c.version)
        .join(FORM_VERSION, FORM_VERSION.c.id == SUBMISSION.c.form_version_id)
        .where(SUBMISSION.c.form == form, SUBMISSION.c.unit_id == unit_id)
        .where(SUBMISSION.c.status == "accepted", SUBMISSION.c.as_at < before)
        .order_by(SUBMISSION.c.as_at.desc(), SUBMISSION.c.id.desc())
        .limit(limit)
    )
    return tuple(EarlierSubmission(*row) for row in connection.execute(query))


def numbers_of(connection: Connection, submission_ids: Collection[int]) -> dict[CellKey, list[Decimal]]:
    """The numbers that some submissions have in each cell."""
    query = (
        select(FACT.c.value, CELL.c.table_code, CELL.c.row_code, CELL.c.column_code, CELL.c.decimals)
        .join(CELL, CELL.c.id == FACT.c.cell_id)
        .where(FACT.c.submission_id.in_(submission_ids), FACT.c.state == FactState.NUMBER)
    )
    found: dict[CellKey, list[Decimal]] = {}
    for row in connection.execute(query) if submission_ids else ():
        key = CellKey(row.table_code, row.row_code, row.column_code)
        found.setdefault(key, []).append(unscaled(row.value, row.decimals))
    return found
