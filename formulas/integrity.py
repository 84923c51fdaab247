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
from formulas.differences import difference
from formulas.errors import FormulaError
from formulas.naming import cell_name, member_keys
from formulas.wording import excerpt, value_text
from workbooks.address import address
from workbooks.finding import Finding
from workbooks.sheet import CellError
from workbooks.workbook import Workbook

_STRING: Final = re.compile(r'"(?:[^"]|"")*"')
_EXTERNAL: Final = re.compile(r"\[[^\]]*\][^!,;()]*!|\.xls[xmb]?\b", re.IGNORECASE)
_MOST_COMPILED: Final = 500


def check_formulas(filled: FilledForm, workbook: Workbook, computed: Mapping[CellKey, CellValue]) -> Iterator[Finding]:
    """Findings on formulas; ``computed`` is what the published formulas give."""
    checker = _Checker(filled, workbook, computed)
    for key, cell in filled.cells.items():
        spec = cell.spec
        if spec.kind is CellKind.CALC:
            # A glance is enough for nearly every cell: the published formula, showing the very value that it gives.
            value, result = cell.value, computed.get(key)
            plain = value == result and type(value) is type(result) is not CellError
            if not plain or cell.formula != spec.formula:
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
        if source := self._source(key, cell):
            return self._at(catalogue.MOVED, key, spec, cell, source=source)
        told = difference(self._published(spec, cell), raw)
        return self._at(told.kind, key, spec, cell, **told.details)

    @cached_property
    def _published_at(self) -> dict[str, CellKey]:
        """Where each published formula stands: the first of its cells."""
        cells = self.filled.version.cell_by_key.values()
        return {spec.formula: spec.key for spec in reversed(list(cells)) if spec.formula is not None}

    def _source(self, key: CellKey, cell: FilledCell) -> str:
        """The address of the cell whose published formula stands here; of a region's, in the same row."""
        source = self._published_at.get(cell.formula or "")
        if source is None:
            return ""
        row = key.row if source.row == key.template.row else source.row
        found = self.filled.cells.get(source._replace(row=row))
        return "" if found is None else address(found.row, found.column)

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
