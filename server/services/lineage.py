"""Lineage: from any total down to the signed cells it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, Engine

from form_templates.model import CellKey
from formulas.compiler import compile_formula
from server.errors import NotFoundError
from server.services.figures import cell_address
from server.services.registry import Published
from server.services.totals import TotalValue, UnitTotals, totals_in
from server.storage.engine import reading
from server.storage.facts import Contribution, contributions, facts_of
from server.storage.submissions import Submission, current_submission


@dataclass(frozen=True, slots=True)
class Source:
    """One signed cell behind a total. For imported history ``cell`` and ``signer`` are empty."""

    unit: str
    unit_name: str
    submission: int
    source: str
    sheet: str
    cell: str
    value: Decimal
    workbook_sha256: str
    signer: str
    signed_at: datetime | None
    received_at: datetime


@dataclass(frozen=True)
class Lineage:
    """A total and what it is made of.

    Attributes:
        total: the value of the cell, None where there is none.
        formula: the coded formula that gave the value, where it was computed and not added.
        inputs: the cells that formula refers to; ask for their lineage next.
        sources: the signed cells that were added, by unit code; none for a computed value.
    """

    unit: str
    form: str
    period: str
    key: CellKey
    total: TotalValue | None
    formula: str | None
    inputs: tuple[CellKey, ...]
    sources: tuple[Source, ...]


def lineage(engine: Engine, *, unit: str, form: str, period: str, key: CellKey) -> Lineage:
    """What a unit's value of one cell is made of. For a unit with none below it, its own cell.

    Raises:
        NotFoundError: no such form, unit or cell. InvalidError: no period code.
    """
    with reading(engine) as connection:
        totals = totals_in(connection, unit=unit, form=form, period=period)
        if key.template not in totals.published.version.cell_by_key:
            raise NotFoundError(
                f"Biểu {form} không có ô dòng {key.row}, cột {key.column} của bảng {key.table}.", "Kiểm tra mã."
            )
        value = totals.values.get(key)
        # A ratio of the province is not made of the communes' ratios: follow its inputs instead.
        added = not totals.consolidated or (value is not None and not value.computed)
        sources = _sources(connection, totals, key) if added else ()
    formula, inputs = _formula(totals, key, value)
    return Lineage(totals.unit.code, form, period, key, value, formula, inputs, sources)


def _sources(connection: Connection, totals: UnitTotals, key: CellKey) -> tuple[Source, ...]:
    form, period = totals.published.record.form, totals.period.code
    if totals.consolidated:
        found = contributions(connection, totals.unit.id, form, period, key)
        return tuple(_source(totals.published, key, one) for one in found)
    current = current_submission(connection, form, totals.unit.id, period)
    return () if current is None else _own_source(connection, totals, key, current)


def _source(published: Published, key: CellKey, one: Contribution) -> Source:
    return Source(
        unit=one.unit_code,
        unit_name=one.unit_name,
        submission=one.submission_id,
        source=one.source,
        sheet=_sheet(published, key.table),
        cell=cell_address(one.at_row, one.at_column),
        value=one.value,
        workbook_sha256=one.blob_sha256,
        signer=one.signer,
        signed_at=one.signed_at,
        received_at=one.received_at,
    )


def _own_source(connection: Connection, totals: UnitTotals, key: CellKey, current: Submission) -> tuple[Source, ...]:
    fact = facts_of(connection, current.id).get(key)
    if fact is None or fact.value is None:
        return ()
    one = Contribution(
        submission_id=current.id,
        unit_code=totals.unit.code,
        unit_name=totals.unit.name,
        version=current.version or "",
        source=current.source,
        value=fact.value,
        at_row=fact.at_row,
        at_column=fact.at_column,
        blob_sha256=current.blob_sha256,
        signer=current.signer,
        signed_at=current.signed_at,
        received_at=current.received_at,
    )
    return (_source(totals.published, key, one),)


def _formula(totals: UnitTotals, key: CellKey, value: TotalValue | None) -> tuple[str | None, tuple[CellKey, ...]]:
    """The formula behind a value that was computed rather than added, and the cells it takes."""
    spec = totals.published.version.cell(key)
    coded = spec.formula
    if totals.consolidated:
        coded = (spec.aggregate_formula or spec.formula) if value is not None and value.computed else None
    if coded is None:
        return None, ()
    compiled = compile_formula(coded, totals.published.version, key.table, key.region)
    return coded, compiled.keys(totals.members, key.row)


def _sheet(published: Published, table: str) -> str:
    return next(one.sheet for one in published.version.tables if one.code == table)
