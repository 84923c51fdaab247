"""Totals and their lineage with the words around them: labels, units of measure, who has reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from form_templates.model import CellKey, CellKind, FormVersion
from form_templates.period import Period
from formulas.compiler import compile_formula
from formulas.wording import number_text
from server.errors import NotFoundError
from server.services.contents import MemberLabels
from server.services.lineage import Lineage, lineage
from server.services.overview import Sight
from server.services.periods import parse_period
from server.services.rights import refuse_hidden
from server.services.totals import TotalValue, UnitTotals, totals_in
from server.storage.engine import reading
from server.storage.overview import CampaignKey, accepted_units
from server.storage.units import Unit, descendants_at, units_at


@dataclass(frozen=True)
class TotalsView:
    """A form as it stands for a unit.

    Attributes:
        members: (key, label) of the member rows of each (table, region).
        reported: units below (or the unit itself) whose figures are in; ``expected`` how many there are.
        choices: the units that may be asked for, by code.
    """

    totals: UnitTotals
    members: MemberLabels
    reported: int
    expected: int
    choices: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A cell in words, with its value."""

    key: CellKey
    row: str
    column: str
    text: str


@dataclass(frozen=True)
class LineageView:
    """Where one value comes from.

    Attributes:
        measure: unit of measure.
        applies: whether the form has a figure there at all (no ``x``).
        recomputed: the value was made by ``formula`` from the inputs, not added from the sources.
        formula: the coded formula behind the value, or of the same cell in each unit's form.
        inputs: the cells that the formula takes.
    """

    lineage: Lineage
    version: FormVersion
    unit: Unit
    period: Period
    cell: Named
    measure: str
    applies: bool
    recomputed: bool
    formula: str | None
    inputs: tuple[Named, ...]


def view_totals(
    engine: Engine, *, form: str, period: str, unit: str | None, home: str | None, sight: Sight
) -> TotalsView:
    """The form for ``unit``, else for ``home`` (the unit of whoever asks), else for the unit that all others are below.

    Raises:
        InvalidError: no period code. NotFoundError: no such form or unit then. NotAllowedError: not for this account.
    """
    seen = sight(parse_period(period).last_day)
    with reading(engine) as connection:
        totals, everyone = _asked(connection, form, period, unit or home, seen)
        reported, expected = _progress(connection, totals, everyone)
    members = _labelled(totals, everyone)
    choices = tuple(one for one in everyone if seen is None or one.id in seen)
    return TotalsView(totals, members, reported, expected, choices)


def view_lineage(
    engine: Engine, *, form: str, period: str, key: CellKey, unit: str | None, home: str | None, sight: Sight
) -> LineageView:
    """Where the value of one cell comes from. Raises as `view_totals` does, and NotFoundError for an unknown cell."""
    seen = sight(parse_period(period).last_day)
    with reading(engine) as connection:
        totals, everyone = _asked(connection, form, period, unit or home, seen)
    found = lineage(engine, unit=totals.unit.code, form=form, period=period, key=key)
    version = totals.published.version
    spec = version.cell(key)
    coded = found.formula or spec.formula
    inputs = found.inputs
    if found.formula is None and coded is not None:
        inputs = compile_formula(coded, version, key.table, key.region).keys(totals.members, key.row)
    names = {one.code: one.name for one in everyone}
    return LineageView(
        lineage=found,
        version=version,
        unit=totals.unit,
        period=totals.period,
        cell=_named(version, totals.values, names, key),
        measure=spec.unit,
        applies=spec.kind is not CellKind.NOT_APPLICABLE,
        recomputed=found.formula is not None,
        formula=coded,
        inputs=tuple(_named(version, totals.values, names, one) for one in inputs),
    )


def total_text(version: FormVersion, key: CellKey, value: TotalValue | None) -> str:
    """A total as a page shows it; ``""`` where there is none."""
    if value is None or value.value is None:
        return ""
    return number_text(value.value, version.cell(key).decimals)


def _asked(
    connection: Connection, form: str, period: str, unit: str | None, seen: frozenset[int] | None
) -> tuple[UnitTotals, tuple[Unit, ...]]:
    """The totals of the unit, else of the one that all others are below; and all units of that day."""
    everyone = units_at(connection, parse_period(period).last_day)
    totals = totals_in(connection, unit=unit or topmost(everyone), form=form, period=period)
    refuse_hidden(seen, totals.unit.id, totals.unit.code)
    return totals, everyone


def topmost(everyone: Sequence[Unit]) -> str:
    """Code of the unit that all others are below. Raises NotFoundError where there are no units."""
    codes = {unit.code for unit in everyone}
    for unit in everyone:
        if unit.parent_code is None or unit.parent_code not in codes:
            return unit.code
    raise NotFoundError("Chưa có đơn vị nào.", "Nạp danh mục đơn vị hành chính trước.")


def _progress(connection: Connection, totals: UnitTotals, everyone: Sequence[Unit]) -> tuple[int, int]:
    parents = {unit.parent_code for unit in everyone}
    below = descendants_at(connection, totals.unit, totals.period.last_day) or (totals.unit,)
    leaves = {unit.id for unit in below if unit.code not in parents}
    key = CampaignKey(totals.published.record.form, totals.period.code)
    return len(accepted_units(connection, key, leaves)), len(leaves)


def _labelled(totals: UnitTotals, everyone: Sequence[Unit]) -> MemberLabels:
    names = {unit.code: unit.name for unit in everyone}
    return {place: tuple((key, names.get(key, key)) for key in keys) for place, keys in totals.members.items()}


def _named(version: FormVersion, values: Mapping[CellKey, TotalValue], names: Mapping[str, str], key: CellKey) -> Named:
    table = next(one for one in version.tables if one.code == key.table)
    column = next(one.header for one in table.columns if one.code == key.column)
    if key.member:
        row = names.get(key.member, key.member)
    else:
        row = next((one.label for one in table.rows if one.code == key.row), key.row)
    return Named(key, row, column, total_text(version, key, values.get(key)))
