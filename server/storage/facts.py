"""Facts: one cell of one submission each, and the facts behind a total."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, insert, select

from form_templates.model import CellKey
from server.storage.exact import FactState, unscaled
from server.storage.tables import CELL, FACT, FORM_VERSION, ORG_UNIT, SUBMISSION
from server.storage.totals import ancestry


@dataclass(frozen=True, slots=True)
class FactRow:
    """A fact as it is stored; ``value`` is scaled, and there for numbers only."""

    cell_id: int
    state: FactState
    value: int | None
    at_row: int
    at_column: int


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact as it is read; ``value`` is the exact decimal."""

    key: CellKey
    state: FactState
    value: Decimal | None
    decimals: int
    at_row: int
    at_column: int


@dataclass(frozen=True, slots=True)
class Addend:
    """One stored cell for one total: whose, by which key, and the scaled number."""

    cell_id: int
    value: int


@dataclass(frozen=True, slots=True)
class Contribution:
    """A fact behind a total, with where and by whom it was signed."""

    submission_id: int
    unit_code: str
    unit_name: str
    version: str
    source: str
    value: Decimal
    at_row: int
    at_column: int
    blob_sha256: str
    signer: str
    signed_at: datetime | None
    received_at: datetime


def insert_facts(connection: Connection, submission_id: int, facts: Iterable[FactRow]) -> None:
    """Stores the facts of a submission."""
    rows = [
        {
            "submission_id": submission_id,
            "cell_id": fact.cell_id,
            "state": fact.state.value,
            "value": fact.value,
            "at_row": fact.at_row,
            "at_column": fact.at_column,
        }
        for fact in facts
    ]
    if rows:
        connection.execute(insert(FACT), rows)


def facts_of(connection: Connection, submission_id: int) -> dict[CellKey, Fact]:
    """The facts of a submission."""
    query = (
        select(FACT, CELL.c.table_code, CELL.c.row_code, CELL.c.column_code, CELL.c.decimals)
        .join(CELL, CELL.c.id == FACT.c.cell_id)
        .where(FACT.c.submission_id == submission_id)
        .order_by(CELL.c.table_code, CELL.c.row_code, CELL.c.id)
    )
    found: dict[CellKey, Fact] = {}
    for row in connection.execute(query):
        key = CellKey(row.table_code, row.row_code, row.column_code)
        value = None if row.value is None else unscaled(row.value, row.decimals)
        found[key] = Fact(key, FactState(row.state), value, row.decimals, row.at_row, row.at_column)
    return found


def addends_of(connection: Connection, submission_id: int) -> tuple[Addend, ...]:
    """The numbers that a submission adds to the totals above it."""
    query = (
        select(FACT.c.cell_id, FACT.c.value)
        .join(CELL, CELL.c.id == FACT.c.cell_id)
        .where(FACT.c.submission_id == submission_id, FACT.c.state == FactState.NUMBER, CELL.c.aggregation == "sum")
    )
    return tuple(Addend(row.cell_id, row.value) for row in connection.execute(query))


def contributions(
    connection: Connection, unit_id: int, form: str, period: str, key: CellKey
) -> tuple[Contribution, ...]:
    """The numbers of accepted submissions below a unit for one cell, by unit code."""
    above = ancestry()
    query = (
        select(
            SUBMISSION.c.id.label("submission_id"),
            ORG_UNIT.c.code.label("unit_code"),
            ORG_UNIT.c.name.label("unit_name"),
            FORM_VERSION.c.version,
            SUBMISSION.c.source,
            FACT.c.value,
            CELL.c.decimals,
            FACT.c.at_row,
            FACT.c.at_column,
            SUBMISSION.c.blob_sha256,
            SUBMISSION.c.signer,
            SUBMISSION.c.signed_at,
            SUBMISSION.c.received_at,
        )
        .join(above, above.c.submission_id == SUBMISSION.c.id)
        .join(ORG_UNIT, ORG_UNIT.c.id == SUBMISSION.c.unit_id)
        .join(FORM_VERSION, FORM_VERSION.c.id == SUBMISSION.c.form_version_id)
        .join(CELL, CELL.c.form_version_id == FORM_VERSION.c.id)
        .join(FACT, (FACT.c.submission_id == SUBMISSION.c.id) & (FACT.c.cell_id == CELL.c.id))
        .where(above.c.unit_id == unit_id, SUBMISSION.c.form == form, SUBMISSION.c.period == period)
        .where(CELL.c.table_code == key.table, CELL.c.row_code == key.row, CELL.c.column_code == key.column)
        .where(FACT.c.state == FactState.NUMBER)
        .order_by(ORG_UNIT.c.code)
    )
    found = []
    for row in connection.execute(query):
        fields = dict(row._mapping)
        decimals = fields.pop("decimals")
        fields["value"] = unscaled(fields["value"], decimals)
        found.append(Contribution(**fields))
    return tuple(found)
