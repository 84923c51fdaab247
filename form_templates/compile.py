"""Compiling a template workbook into a form version; or refusing it with everything that is wrong, cell by cell.

====== ============================================================
BS325  a repeating region lacks its sentinel row or its rows
BS326  a cell that people fill is locked, or a formula is not
BS327  a cell of the grid holds neither what its column says, nor a formula, nor "x"
====== ============================================================

The modules that read the parts of a template list their own codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from form_templates import definition
from form_templates.coding import code_formula
from form_templates.definition import Entry
from form_templates.definition_reading import cell_text
from form_templates.definition_succession import note_faults, read_succession, succession_of
from form_templates.errors import Faults, FormError
from form_templates.model import (
    REFERENCE_SUFFIXES,
    Aggregation,
    CellKey,
    CellKind,
    CellSpec,
    Column,
    FormVersion,
    Region,
)
from form_templates.rule_reading import check_coded, read_aggregates, read_rules
from form_templates.template_reading import Template, read_template
from workbooks.errors import WorkbookError
from workbooks.workbook import Workbook, open_workbook

_REMEDY: Final = "Hãy sửa ô này trên biểu."


def compile_template(data: bytes) -> FormVersion:
    """The form version a template describes. Raises FormError with every fault found."""
    faults = Faults()
    try:
        version = draft_version(open_workbook(data), faults)
    except WorkbookError as error:
        raise FormError([*faults.found, error.finding]) from error
    faults.refuse()
    return version


def draft_version(workbook: Workbook, faults: Faults) -> FormVersion:
    """What a template describes as far as it can be read, with placeholders at the faults, which are noted.

    Raises FormError where the grid cannot be found at all, WorkbookError where a sheet cannot be read.
    """
    template = read_template(workbook, faults)
    cells = tuple(_Cells(template, faults).specs())
    rules = tuple(read_rules(template, faults))
    entries = {entry: template.known.entries.get(entry, "") for entry in Entry}
    declared = read_succession(workbook, template.table, faults)
    version = FormVersion(
        form=entries[Entry.FORM],
        version=entries[Entry.VERSION],
        title=entries[Entry.TITLE],
        unit_text=entries[Entry.UNIT_TEXT],
        basis=entries[Entry.BASIS],
        sender=entries[Entry.SENDER],
        periods=template.known.periods,
        unit_at=template.unit_at,
        period_at=template.period_at,
        tables=(replace(template.table, cells=cells),),
        rules=rules,
        succession=succession_of(declared),
        narrative_required=template.known.narrative_required,
    )
    note_faults(declared, version, faults)
    return version


class _Cells:
    """Compiles the cells of the grid."""

    def __init__(self, template: Template, faults: Faults) -> None:
        self._template = template
        self._faults = faults
        self._aggregates = read_aggregates(template, faults)

    def specs(self) -> Iterator[CellSpec]:
        """Every cell of the coded rows, and of each region's first row."""
        table = self._template.table
        for row in table.rows:
            for column in table.columns:
                yield self._spec(row.code, row.unit, row.at, column)
        for region in table.regions:
            self._check_region(region)
            for column in table.columns:
                yield self._spec(region.code, region.unit, region.first, column)

    def _spec(self, code: str, unit: str, at: int, column: Column) -> CellSpec:
        key = CellKey(definition.TABLE, code, column.code)
        kind, formula = self._content(at, column)
        self._check_lock(at, column, kind)
        if kind is CellKind.NOT_APPLICABLE:
            return CellSpec(key, kind, column.unit or unit, 0, None, Aggregation.NONE)
        if kind is CellKind.TEXT:
            return CellSpec(key, kind, "", 0, None, Aggregation.NONE)
        aggregation, aggregate = self._aggregation(key, formula, (at, column.at))
        return CellSpec(key, kind, column.unit or unit, self._decimals(key), formula, aggregation, aggregate)

    def _content(self, at: int, column: Column) -> tuple[CellKind, str | None]:
        cell = self._template.cell(at, column.at)
        text = cell_text(cell)
        if cell.formula is not None:
            coded = self._coded(cell.formula, at, column)
            sheet = self._template.sheet.name
            check_coded(coded, written=cell.formula, faults=self._faults, sheet=sheet, at=(at, column.at))
            return CellKind.CALC, coded
        if text == "x":
            return CellKind.NOT_APPLICABLE, None
        if text or not isinstance(cell.value, str | None):
            message = f"Ô có sẵn giá trị “{text}”; ô của biểu mẫu phải để trống, là công thức hoặc “x”."
            self._wrong("BS327", message, (at, column.at))
        elif column.kind is CellKind.CALC:
            self._wrong("BS327", f"Ô của cột công thức {column.code} không có công thức.", (at, column.at))
        return column.kind, None

    def _coded(self, formula: str, at: int, column: Column) -> str:
        return code_formula(formula, [self._template.layout], (self._template.sheet.name, at, column.at))

    def _decimals(self, key: CellKey) -> int:
        entry, row = self._template.entries[key.column], self._template.known.rows.get(key.row)
        decimals = entry.decimals if entry.decimals is not None or row is None else row.decimals
        if decimals is None:
            message = f"Thiếu số chữ số thập phân của dòng {key.row}; cột {key.column} để “{definition.PER_ROW}”."
            self._faults.note("BS332", message, "Hãy khai báo thêm dòng này.", definition.SHEET, (entry.row, 4))
        return decimals or 0

    def _aggregation(self, key: CellKey, formula: str | None, at: tuple[int, int]) -> tuple[Aggregation, str | None]:
        """How units combine in a cell; where by formula, one's own formula serves unless another is given."""
        chosen = self._chosen_aggregation(key)
        if chosen is not Aggregation.FORMULA:
            return chosen, None
        aggregate = self._aggregates.get((key.row, key.column), formula)
        if aggregate is None:
            message = f"Cột {key.column}, dòng {key.row}: chưa có công thức tổng hợp nhiều đơn vị."
            remedy = f"Hãy ghi công thức ở bảng “{definition.Section.AGGREGATES}” trang “{definition.SHEET}”."
            self._faults.note("BS331", message, remedy, self._template.sheet.name, at)
        return Aggregation.FORMULA, aggregate

    def _chosen_aggregation(self, key: CellKey) -> Aggregation:
        """As the row says, but a ratio stays a ratio; an earlier figure cannot be made anew."""
        column, row = self._template.entries[key.column], self._template.known.rows.get(key.row)
        chosen = row.aggregation if row is not None and row.aggregation is not None else column.aggregation
        if column.aggregation is Aggregation.FORMULA and chosen is Aggregation.SUM:
            return Aggregation.FORMULA
        is_reference = column.code[-2:] in REFERENCE_SUFFIXES
        return Aggregation.NONE if is_reference and chosen is Aggregation.FORMULA else chosen

    def _check_lock(self, at: int, column: Column, kind: CellKind) -> None:
        if not self._template.sheet.protected:
            return
        filled = kind in (CellKind.INPUT, CellKind.CARRY, CellKind.TEXT)
        if filled != self._template.is_open(at, column.at):
            message = "Ô nhập liệu đang bị khóa." if filled else "Ô công thức hoặc ô “x” phải được khóa."
            self._wrong("BS326", message, (at, column.at))

    def _check_region(self, region: Region) -> None:
        """All rows of a region are alike, names can be typed, and the sentinel row is bare."""
        for column in self._template.table.columns:
            sentinel = self._template.cell(region.sentinel, column.at)
            if sentinel.formula is not None or sentinel.value is not None:
                message = f"Dòng chốt của vùng {region.code} phải để trống ở các cột số liệu."
                self._wrong("BS325", message, (region.sentinel, column.at))
            for at in range(region.first + 1, region.sentinel):
                if self._trait(at, column) != self._trait(region.first, column):
                    message = f"Các dòng mẫu của vùng {region.code} phải giống nhau; ô này khác dòng đầu của vùng."
                    self._wrong("BS329", message, (at, column.at))
        for at in range(region.first, region.sentinel):
            for name in (self._template.table.labels_at, self._template.table.codes_at):
                if not self._template.is_open(at, name):
                    message = f"Ô tên, mã số của dòng mẫu vùng {region.code} đang bị khóa."
                    self._wrong("BS326", message, (at, name))

    def _trait(self, at: int, column: Column) -> tuple[str, bool]:
        cell = self._template.cell(at, column.at)
        text = cell_text(cell) if cell.formula is None else "=" + self._coded(cell.formula, at, column)
        return text, self._template.is_open(at, column.at)

    def _wrong(self, code: str, message: str, at: tuple[int, int]) -> None:
        self._faults.note(code, message, _REMEDY, self._template.sheet.name, at)
