"""Checking a merged workbook: every unit's sheet as its own form, and the whole as what the units' sheets give (L09).

On the sheet of the whole a cell that adds up must be the sum of the same cell on every unit's sheet; what may not be
added must be the form's own formula over the summed cells (decision 9), with the result that formula really has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from form_templates.coding import Place, decode_formula
from form_templates.model import Aggregation, CellKey, CellKind, CellSpec, FormVersion
from form_templates.reading import FilledCell, FilledForm, ValueState, read_form
from formulas import catalogue
from formulas.arithmetic import CellValue
from formulas.compiler import CompiledForm
from formulas.differences import is_plain_sum
from formulas.evaluation import aggregate, evaluate_filled
from formulas.integrity import agree
from formulas.naming import cell_name, member_keys
from formulas.wording import excerpt, first_of, value_text
from workbooks.address import address
from workbooks.finding import Finding
from workbooks.references import quote_sheet, references
from workbooks.workbook import Workbook

_NAMED: Final = 3


def unit_sheets(workbook: Workbook, version: FormVersion) -> tuple[str, ...]:
    """The sheets that hold one unit's form: those with names of the form's tables scoped to them."""
    scoped = {(name.sheet, name.name.casefold()) for name in workbook.names if name.sheet is not None}
    wanted = [f"bs_{table.code}_rows".casefold() for table in version.tables]
    own = {table.sheet for table in version.tables}
    return tuple(
        entry.name
        for entry in workbook.sheets
        if entry.name not in own and all((entry.name, name) in scoped for name in wanted)
    )


@dataclass(frozen=True)
class UnitSheet:
    """One unit's form, with what its formulas really give."""

    filled: FilledForm
    computed: Mapping[CellKey, CellValue]

    def number(self, key: CellKey) -> float | None:
        """What the unit adds to the whole; None where it has no number there."""
        cell = self.filled.cells.get(key)
        value = self.computed.get(key) if key in self.computed else cell.value if cell else None
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def read_units(workbook: Workbook, compiled: CompiledForm) -> tuple[UnitSheet, ...]:
    """Every unit's form."""
    units = []
    for name in unit_sheets(workbook, compiled.version):
        filled = read_form(workbook, compiled.version, sheet=name)
        units.append(UnitSheet(filled, evaluate_filled(compiled, filled)))
    return tuple(units)


@dataclass(frozen=True)
class Whole:
    """The sheet of the consolidating unit over the sheets of its units."""

    workbook: Workbook
    compiled: CompiledForm
    filled: FilledForm
    units: tuple[UnitSheet, ...]

    @cached_property
    def values(self) -> dict[CellKey, CellValue]:
        """What every cell of the whole must be."""
        sums: dict[CellKey, CellValue] = {}
        for key in self.filled.cells:
            numbers = [number for unit in self.units if (number := unit.number(key)) is not None]
            if numbers and _adds_up(self.filled.version.cell(key)):
                sums[key] = sum(numbers)
        return sums | aggregate(self.compiled, sums, member_keys(self.filled))

    def findings(self) -> Iterator[Finding]:
        """Cells of the whole that are not what the units' sheets give."""
        for key, cell in self.filled.cells.items():
            spec = self.filled.version.cell(key)
            if spec.kind is CellKind.NOT_APPLICABLE:
                continue
            if _adds_up(spec):
                yield from self._sum(key, spec, cell)
            elif spec.aggregation is Aggregation.FORMULA and (formula := spec.aggregate_formula or spec.formula):
                yield from self._recomputed(key, spec, cell, formula)

    def _sum(self, key: CellKey, spec: CellSpec, cell: FilledCell) -> Iterator[Finding]:
        places = {place: unit.number(key) for unit in self.units if (place := _place(unit, key))}
        needed = {place for place, number in places.items() if number is not None}
        formula = _written_sum(places)
        if cell.formula is None:
            if needed or cell.state is ValueState.NUMBER:
                yield self._at(catalogue.OVERWRITTEN, key, cell, formula=formula)
            return
        found = self._references(cell)
        if found - set(places) or not (is_plain_sum(self._raw(cell)) or self._raw(cell) == "0"):
            yield self._at(catalogue.CHANGED, key, cell, formula=formula)
        elif missing := sorted(needed - found):
            yield self._at(catalogue.SHORTENED, key, cell, formula=formula, missing=_named(missing))
        else:
            yield from self._stale(key, spec, cell, formula)

    def _recomputed(self, key: CellKey, spec: CellSpec, cell: FilledCell, coded: str) -> Iterator[Finding]:
        try:
            formula = decode_formula(coded, self.filled.layouts, (cell.sheet, cell.row, cell.column))
        except KeyError:
            formula = coded
        if cell.formula is None:
            kind = catalogue.DELETED if cell.state is ValueState.BLANK else catalogue.OVERWRITTEN
            yield self._at(kind, key, cell, formula=formula)
        elif self._raw(cell) != formula and cell.formula != coded:
            yield self._at(catalogue.CHANGED, key, cell, formula=formula)
        else:
            yield from self._stale(key, spec, cell, formula)

    def _stale(self, key: CellKey, spec: CellSpec, cell: FilledCell, formula: str) -> Iterator[Finding]:
        """What is stored of each unit is rounded, so a sum may be off by half a digit for each."""
        wanted = self.values.get(key)
        if cell.value is None or agree(cell.value, wanted, spec.decimals):
            return
        if isinstance(cell.value, int | float) and isinstance(wanted, int | float):
            slack = 0.5 * 10.0**-spec.decimals * len(self.units)
            if _adds_up(spec) and abs(cell.value - wanted) <= slack:
                return
        yield self._at(catalogue.STALE, key, cell, formula=formula)

    def _references(self, cell: FilledCell) -> set[Place]:
        found: set[Place] = set()
        for reference in references(self._raw(cell)):
            if not reference.corners:
                continue
            first, last = reference.corners[0], reference.corners[-1]
            # A range over a unit's sheet is no sum of one cell each; its far corner makes it differ.
            found |= {(reference.sheet or cell.sheet, corner.row, corner.column) for corner in (first, last)}
        return found

    def _raw(self, cell: FilledCell) -> str:
        return self.workbook.read_sheet(cell.sheet).cells[cell.row, cell.column].formula or ""

    def _at(self, kind: catalogue.Kind, key: CellKey, cell: FilledCell, *, formula: str, missing: str = "") -> Finding:
        return kind.at(
            cell.sheet,
            address(cell.row, cell.column),
            name=cell_name(key),
            formula=excerpt(formula),
            found=excerpt(self._raw(cell)) if cell.formula is not None else "",
            value=value_text(cell.value),
            computed=value_text(self.values.get(key)),
            missing=missing,
        )


def _adds_up(spec: CellSpec) -> bool:
    return spec.aggregation is Aggregation.SUM and spec.aggregate_formula is None


def _place(unit: UnitSheet, key: CellKey) -> Place | None:
    cell = unit.filled.cells.get(key)
    return None if cell is None else (cell.sheet, cell.row, cell.column)


def _written(place: Place) -> str:
    sheet, row, column = place
    return f"{quote_sheet(sheet)}!{address(row, column)}"


def _named(places: Sequence[Place]) -> str:
    return "ô " + first_of([*map(_written, places)], _NAMED)


def _written_sum(places: Mapping[Place, float | None]) -> str:
    return f"SUM({','.join(map(_written, places))})"
