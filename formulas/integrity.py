"""Every formula against the published one, by codes, and every shown result against our own (decision 6, L32)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from form_templates.coding import decode_formula
from form_templates.model import CellKey, CellKind, CellSpec
from form_templates.reading import FilledCell, FilledForm, ValueState
from formulas import catalogue
from formulas.arithmetic import CellValue
from formulas.compiler import CompiledFormula, compile_formula, typed_result
from formulas.errors import FormulaError
from formulas.naming import cell_name, member_keys
from formulas.wording import excerpt, first_of, value_text
from workbooks.address import address
from workbooks.finding import Finding
from workbooks.references import map_references, references
from workbooks.sheet import CellError
from workbooks.workbook import Workbook

_STRING: Final = re.compile(r'"(?:[^"]|"")*"')
_EXTERNAL: Final = re.compile(r"\[[^\]]*\][^!,;()]*!|\.xls[xmb]?\b", re.IGNORECASE)
_PLAIN_SUM: Final = re.compile(r"(?:SUM|[(),+\s])*", re.IGNORECASE)
_MOST_CELLS: Final = 20_000
# A sum that lost some of its cells may add others twice; beyond this it is simply another formula.
_REPEATED: Final = 2
_MOST_COMPILED: Final = 500
_NAMED: Final = 5


def check_formulas(filled: FilledForm, workbook: Workbook, computed: Mapping[CellKey, CellValue]) -> Iterator[Finding]:
    """Findings on formulas; ``computed`` is what the published formulas give."""
    checker = _Checker(filled, workbook, computed)
    for key, cell in filled.cells.items():
        spec = filled.version.cell(key)
        if spec.kind is CellKind.CALC:
            yield from checker.calculated(key, spec, cell)
        elif cell.formula is not None:
            yield from checker.typed(key, spec, cell)


@dataclass(frozen=True)
class _Checker:
    """The checks of one form."""

    filled: FilledForm
    workbook: Workbook
    computed: Mapping[CellKey, CellValue]
    compiled: dict[tuple[str, str, str], CompiledFormula | None] = field(default_factory=dict)

    def calculated(self, key: CellKey, spec: CellSpec, cell: FilledCell) -> Iterator[Finding]:
        """A cell that the published form computes."""
        if cell.formula is None:
            kind = catalogue.DELETED if cell.state is ValueState.BLANK else catalogue.OVERWRITTEN
            yield self._at(kind, key, spec, cell)
        elif cell.formula != spec.formula:
            yield self._changed(key, spec, cell)
        elif self._is_stale(key, spec, cell):
            yield self._at(catalogue.STALE, key, spec, cell)
        if isinstance(result := self.computed.get(key), CellError):
            yield self._at(catalogue.ERROR_RESULT, key, spec, cell, value=result.value)

    def typed(self, key: CellKey, spec: CellSpec, cell: FilledCell) -> Iterator[Finding]:
        """A formula where the published form has none."""
        raw = self._raw(cell)
        if spec.kind is CellKind.NOT_APPLICABLE:
            yield self._at(catalogue.STRAY_FORMULA, key, spec, cell)
        elif _is_external(raw):
            yield self._at(catalogue.EXTERNAL, key, spec, cell)
        elif (result := typed_result(cell.formula or "")) is None:
            yield self._at(catalogue.FORMULA_IN_INPUT, key, spec, cell)
        elif cell.value is not None and not agree(cell.value, result, spec.decimals):
            yield self._at(catalogue.STALE, key, spec, cell, formula=excerpt(raw), computed=value_text(result))
        else:
            yield self._at(catalogue.TYPED_SUM, key, spec, cell)

    def _changed(self, key: CellKey, spec: CellSpec, cell: FilledCell) -> Finding:
        raw = self._raw(cell)
        if "#REF!" in _STRING.sub("", raw).upper():
            return self._at(catalogue.BROKEN_REFERENCE, key, spec, cell)
        if _is_external(raw):
            return self._at(catalogue.EXTERNAL, key, spec, cell)
        missing = _left_out(self._published(spec, cell), raw)
        if missing:
            return self._at(catalogue.SHORTENED, key, spec, cell, missing=missing)
        return self._at(catalogue.CHANGED, key, spec, cell)

    def _is_stale(self, key: CellKey, spec: CellSpec, cell: FilledCell) -> bool:
        """Whether the cell shows what its formula does not give.

        A cell that only follows another wrong cell is right in itself: the finding belongs to the other one.
        """
        if cell.value is None or key not in self.computed or agree(cell.value, self.computed[key], spec.decimals):
            return False
        here = self._compiled(spec.formula or "", key)
        if here is None:
            return True
        return not agree(cell.value, here.value(self._shown, self._members, key.row), spec.decimals)

    @cached_property
    def _shown(self) -> dict[CellKey, CellValue]:
        """What the file shows; where a formula has not been calculated yet, what it will show."""
        cells = self.filled.cells.items()
        return {key: self.computed.get(key) if cell.value is None else cell.value for key, cell in cells}

    @cached_property
    def _members(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        return member_keys(self.filled)

    def _compiled(self, coded: str, key: CellKey) -> CompiledFormula | None:
        """One cell's formula by itself; None where it is faulty, or where so many were asked that it takes too long."""
        place = (coded, key.table, key.region)
        if place not in self.compiled and len(self.compiled) < _MOST_COMPILED:
            try:
                self.compiled[place] = compile_formula(coded, self.filled.version, key.table, key.region)
            except FormulaError:
                self.compiled[place] = None
        return self.compiled.get(place)

    def _published(self, spec: CellSpec, cell: FilledCell) -> str:
        """The published formula in the addresses of this workbook; in codes where a row it needs is gone."""
        try:
            return decode_formula(spec.formula or "", self.filled.layouts, (cell.sheet, cell.row, cell.column))
        except KeyError:
            return spec.formula or ""

    def _raw(self, cell: FilledCell) -> str:
        return self.workbook.read_sheet(cell.sheet).cells[cell.row, cell.column].formula or ""

    def _at(self, kind: catalogue.Kind, key: CellKey, spec: CellSpec, cell: FilledCell, **details: str) -> Finding:
        known = {
            "name": cell_name(key),
            "formula": excerpt(self._published(spec, cell)),
            "found": excerpt(self._raw(cell)) if cell.formula is not None else "",
            "value": value_text(cell.value),
            "computed": value_text(self.computed.get(key)),
        }
        return kind.at(cell.sheet, address(cell.row, cell.column), **known | details)


def agree(shown: CellValue, computed: CellValue, decimals: int) -> bool:
    """Whether two values are the same to everybody: numbers to 13 digits, or far below the last digit kept."""
    if isinstance(shown, bool | CellError) or isinstance(computed, bool | CellError):
        return shown is computed
    if isinstance(shown, int | float) and isinstance(computed, int | float):
        slack = max(abs(shown), abs(computed)) * 1e-13
        return abs(shown - computed) <= max(slack, 1e-6 * 10.0**-decimals)
    # A formula that gives a blank shows 0 or an empty text.
    return (shown or "") == (computed or "")


def _is_external(raw: str) -> bool:
    return _EXTERNAL.search(_STRING.sub("", raw)) is not None


def _left_out(published: str, found: str) -> str:
    """Addresses that the published sum adds and this one does not; ``""`` where they differ otherwise."""
    wanted = _summed(published, _MOST_CELLS)
    here = _summed(found, _REPEATED * len(wanted)) if wanted else set()
    if not here or not here < wanted:
        return ""
    return "ô " + first_of([address(row, column) for _, row, column in sorted(wanted - here)], _NAMED)


def is_plain_sum(formula: str) -> bool:
    """Whether a formula only adds cells: ``SUM(F8:F12)``, ``F8+F9``."""
    return _PLAIN_SUM.fullmatch(map_references(formula, lambda _: "")) is not None


def _summed(formula: str, most: int) -> set[tuple[str, int, int]]:
    """The cells (sheet, row, column) that a plain sum adds; empty for any other formula, and for one of more cells.

    Cells count as often as they are added: a short formula may add one large range two thousand times.
    """
    cells: set[tuple[str, int, int]] = set()
    if not is_plain_sum(formula):
        return cells
    added = 0
    for reference in references(formula):
        if not reference.corners:
            return set()
        first, last = reference.corners[0], reference.corners[-1]
        rows = range(min(first.row, last.row), max(first.row, last.row) + 1)
        columns = range(min(first.column, last.column), max(first.column, last.column) + 1)
        added += len(rows) * len(columns)
        if added > most:
            return set()
        cells |= {(reference.sheet, row, column) for row in rows for column in columns}
    return cells
