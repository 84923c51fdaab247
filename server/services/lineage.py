"""Lineage: from any total down to the signed cells it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, Engine

from form_templates.model import CellKey
from form_templates.translating import OriginCell
from formulas.compiler import compile_formula
from server.errors import NotFoundError
from server.services.figures import cell_address
from server.services.registry import Published
from server.services.retelling import published_version
from server.services.totals import TotalValue, UnitTotals, totals_in
from server.storage.engine import reading
from server.storage.facts import Contribution, contributions, facts_of
from server.storage.submissions import Submission, current_submission


@dataclass(frozen=True, slots=True)
class Source:
    """One signed cell behind a total. For imported history ``cell`` and ``signer`` are empty.

    ``version`` and ``key`` say what was reported; where that is an earlier version of the form than the total is told
    in, ``share`` of it counts, times ``factor`` (L35).
    """

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
    version: str
    key: CellKey
    share: Decimal = Decimal(1)
    factor: Decimal = Decimal(1)


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


def lineage(engine: Engine, *, unit: str, form: str, period: str, key: CellKey, version: str | None = None) -> Lineage:
    """What a unit's value of one cell is made of. For a unit with none below it, its own cell.

    ``version``: in whose terms, as for ``totals.read``.

    Raises:
        NotFoundError: no such form, version, unit or cell. InvalidError: as ``totals.read``.
    """
    with reading(engine) as connection:
        totals = totals_in(connection, unit=unit, form=form, period=period, version=version)
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
    """The signed cells of the same code, and of earlier versions those that the value is told from."""
    told = {one.version for one in totals.told}
    own = [one for one in _contributions(connection, totals, key) if one.version not in told]
    found = [_source(totals.published, OriginCell(key), one) for one in own]
    for origin in totals.origins(key):
        reported = published_version(connection, totals.published.record.form, origin.version)
        for cell in origin.cells:
            earlier = [one for one in _contributions(connection, totals, cell.key) if one.version == origin.version]
            found += [_source(reported, cell, one) for one in earlier]
    return tuple(sorted(found, key=lambda source: source.unit))


def _contributions(connection: Connection, totals: UnitTotals, key: CellKey) -> tuple[Contribution, ...]:
    """The numbers reported in a cell, whichever version of the form they are under."""
    form, period = totals.published.record.form, totals.period.code
    if totals.consolidated:
        return contributions(connection, totals.unit.id, form, period, key)
    current = current_submission(connection, form, totals.unit.id, period)
    return () if current is None else _own_contribution(connection, totals, key, current)


def _source(published: Published, cell: OriginCell, one: Contribution) -> Source:
    return Source(
        unit=one.unit_code,
        unit_name=one.unit_name,
        submission=one.submission_id,
        source=one.source,
        sheet=_sheet(published, cell.key.table),
        cell=cell_address(one.at_row, one.at_column),
        value=one.value,
        workbook_sha256=one.blob_sha256,
        signer=one.signer,
        signed_at=one.signed_at,
        received_at=one.received_at,
        version=one.version,
        key=cell.key,
        share=cell.share,
        factor=cell.factor,
    )


def _own_contribution(
    connection: Connection, totals: UnitTotals, key: CellKey, current: Submission
) -> tuple[Contribution, ...]:
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
    return (one,)


def _formula(totals: UnitTotals, key: CellKey, value: TotalValue | None) -> tuple[str | None, tuple[CellKey, ...]]:
    """The formula behind a value that was computed rather than added, and the cells it takes."""
    spec = totals.published.version.cell(key)
    coded = spec.formula
    if totals.consolidated:
        computed = value is not None and (value.computed or totals.is_recomputed(key))
        coded = (spec.aggregate_formula or spec.formula) if computed else None
    if coded is None:
        return None, ()
    compiled = compile_formula(coded, totals.published.version, key.table, key.region)
    return coded, compiled.keys(totals.members, key.row)


def _sheet(published: Published, table: str) -> str:
    return next(one.sheet for one in published.version.tables if one.code == table)
