"""Drawing the form itself: an official table on A4 landscape, protected but for the cells that people fill."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from form_templates import spec_relations
from form_templates.coding import decode_formula
from form_templates.model import CellKind
from form_templates.sheet_plan import (
    CODES_AT,
    FIRST_COLUMN,
    FIRST_ROW,
    GROUPS_AT,
    HEADERS_AT,
    INDEX_AT,
    LABELS_AT,
    UNITS_AT,
    Plan,
    PlannedCell,
    PlannedRow,
)
from form_templates.spec_parts import ColumnSpec
from form_templates.validation_drawing import draw_validations
from workbooks.address import Range
from workbooks.address import column_letters as letter

_FONT: Final = "Times New Roman"
_THIN: Final = Side(style="thin", color="404040")
_HAIR: Final = Side(style="hair", color="7F7F7F")
_BOX: Final = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_BODY: Final = Border(left=_THIN, right=_THIN, top=_HAIR, bottom=_HAIR)
_LAST: Final = Border(left=_THIN, right=_THIN, top=_HAIR, bottom=_THIN)
_CENTRE: Final = Alignment(horizontal="center", vertical="center", wrap_text=True)
_LEFT: Final = Alignment(horizontal="left", vertical="center", wrap_text=True)
_BESIDE: Final = Alignment(horizontal="left", vertical="bottom")
_OPEN: Final = Protection(locked=False)
_FILLS: Final = {
    CellKind.INPUT: PatternFill("solid", fgColor="FFFBE6"),
    CellKind.CARRY: PatternFill("solid", fgColor="E8F1FA"),
    CellKind.CALC: PatternFill("solid", fgColor="F2F2F2"),
    CellKind.TEXT: PatternFill("solid", fgColor="FFFBE6"),
    CellKind.NOT_APPLICABLE: PatternFill("lightUp", fgColor="A6A6A6"),
}
_PAGE_WIDTH: Final = 138
"""Characters of the body font across A4 landscape; wider forms are shrunk to fit."""
_LABEL_WIDTH: Final = 42
_CODE_WIDTH: Final = 8
_UNIT_WIDTH: Final = 11
_TEXT_WIDTH: Final = 26
_REFERENCE_WIDTH: Final = 14
_GAP_WIDTH: Final = 2
_REFERENCE_CAPTION: Final = "Số liệu đối chiếu (hệ thống điền sẵn)"
SENTINEL_TEXT: Final = "(chèn dòng phía trên dòng này)"


def draw_form(sheet: Worksheet, plan: Plan) -> tuple[str, str]:
    """Draws the form; gives the addresses of the cells for the unit's name and the period."""
    _widths(sheet, plan)
    unit_cell, period_cell = _top(sheet, plan)
    _headers(sheet, plan)
    for line in plan.rows:
        _line(sheet, plan, line)
    draw_validations(sheet, plan)
    bottom = _footer(sheet, plan)
    _page(sheet, plan, bottom)
    _protect(sheet)
    return unit_cell, period_cell


def _widths(sheet: Worksheet, plan: Plan) -> None:
    texts = sum(column.kind is CellKind.TEXT for _, column in plan.printed)
    fixed = _LABEL_WIDTH + _CODE_WIDTH + _UNIT_WIDTH + texts * _TEXT_WIDTH
    each = min(17.0, max(9.5, (_PAGE_WIDTH - fixed) / max(1, len(plan.printed) - texts)))
    for at, width in ((LABELS_AT, _LABEL_WIDTH), (CODES_AT, _CODE_WIDTH), (UNITS_AT, _UNIT_WIDTH)):
        sheet.column_dimensions[letter(at)].width = width
    for at, column in plan.printed:
        sheet.column_dimensions[letter(at)].width = _TEXT_WIDTH if column.kind is CellKind.TEXT else each
    for at, _ in plan.references:
        sheet.column_dimensions[letter(at)].width = _REFERENCE_WIDTH
        sheet.column_dimensions[letter(plan.edge + 1)].width = _GAP_WIDTH


def _top(sheet: Worksheet, plan: Plan) -> tuple[str, str]:
    """Number and decision on the left, title and period in the centre, who reports to whom on the right."""
    spec, last = plan.spec, plan.edge
    right = max(FIRST_COLUMN + 2, last - 2)
    _write(sheet, 1, LABELS_AT, f"Biểu số: {spec.id}", bold=True, size=12)
    _write(sheet, 2, LABELS_AT, spec.decision, size=10)
    _write(sheet, 3, LABELS_AT, "Ngày nhận báo cáo:", size=10)
    _write(sheet, 4, LABELS_AT, spec.deadline, size=10)
    _merged(sheet, Range(1, CODES_AT, 2, right - 1), spec.title, bold=True, size=14, alignment=_CENTRE)
    period = _merged(sheet, Range(3, CODES_AT, 3, right - 1), "Kỳ báo cáo: ……", bold=True, size=12, alignment=_CENTRE)
    _merged(sheet, Range(1, right, 1, last), "Đơn vị báo cáo:", size=10)
    unit = _merged(sheet, Range(2, right, 2, last), "………………………", bold=True, size=11)
    _merged(sheet, Range(3, right, 3, last), "Đơn vị nhận báo cáo:", size=10)
    _merged(sheet, Range(4, right, 4, last), spec.receiver, bold=True, size=11)
    units = Alignment(horizontal="right", vertical="center")
    _merged(sheet, Range(5, right, 5, last), f"Đơn vị tính: {spec.unit_text}", italic=True, size=10, alignment=units)
    for row, height in ((1, 18), (2, 30), (3, 18), (4, 18), (5, 18)):
        sheet.row_dimensions[row].height = height
    return unit.coordinate, period.coordinate


def _headers(sheet: Worksheet, plan: Plan) -> None:
    for at, text in ((LABELS_AT, "Chỉ tiêu"), (CODES_AT, "Mã số"), (UNITS_AT, "Đơn vị tính")):
        _header(sheet, Range(GROUPS_AT, at, HEADERS_AT, at), text)
    for group, members in groupby(plan.printed, key=lambda item: _group(item[1].header)):
        columns = list(members)
        if group and len(columns) > 1:
            _header(sheet, Range(GROUPS_AT, columns[0][0], GROUPS_AT, columns[-1][0]), group)
            for at, column in columns:
                _header(sheet, Range(HEADERS_AT, at, HEADERS_AT, at), _capital(column.header.partition(" - ")[2]))
            continue
        for at, column in columns:
            _header(sheet, Range(GROUPS_AT, at, HEADERS_AT, at), column.header)
    _reference_headers(sheet, plan)
    index = [(LABELS_AT, "A"), (CODES_AT, "B"), (UNITS_AT, "C"), *((at, column.code) for at, column in plan.columns)]
    for at, text in index:
        cell = _write(sheet, INDEX_AT, at, text, italic=True, size=10, alignment=_CENTRE)
        cell.border = _BOX
        cell.number_format = "@"
    longest = max(len(column.header) for _, column in plan.printed)
    sheet.row_dimensions[GROUPS_AT].height = 30
    sheet.row_dimensions[HEADERS_AT].height = 48 if longest > 30 else 34
    sheet.row_dimensions[INDEX_AT].height = 15


def _reference_headers(sheet: Worksheet, plan: Plan) -> None:
    for at, column in plan.references:
        _header(sheet, Range(GROUPS_AT, at, HEADERS_AT, at), column.header)
    if plan.references:
        _write(sheet, GROUPS_AT - 1, plan.references[0][0], _REFERENCE_CAPTION, italic=True, size=9, alignment=_BESIDE)


def _header(sheet: Worksheet, box: Range, text: str) -> None:
    for row, column in box.cells():
        sheet.cell(row, column).border = _BOX
    _merged(sheet, box, text, bold=True, size=10, alignment=_CENTRE)


def _group(header: str) -> str:
    group, dash, _ = header.partition(" - ")
    return group if dash else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _line(sheet: Worksheet, plan: Plan, line: PlannedRow) -> None:
    if line.is_sentinel:
        _sentinel(sheet, plan, line)
        return
    bold = _is_total(plan, line)
    _labels(sheet, line, bold=bold)
    for at, column in plan.columns:
        if line.key:
            _grid_cell(sheet, plan, line, at, column, bold=bold)
    for at in _framed(plan):
        sheet.cell(line.at, at).border = _LAST if line.at == plan.last_row else _BODY
    label = str(sheet.cell(line.at, LABELS_AT).value or "")
    sheet.row_dimensions[line.at].height = 36 if len(label) > 44 else 22


def _framed(plan: Plan) -> list[int]:
    """The sheet columns of the body, the gap before the reference columns left out."""
    return [*range(LABELS_AT, plan.last_printed + 1), *(at for at, _ in plan.references)]


def _labels(sheet: Worksheet, line: PlannedRow, *, bold: bool) -> None:
    label, code, unit, level = _texts(line)
    alignment = Alignment(horizontal="left", vertical="center", wrap_text=True, indent=level)
    cells = [
        _write(sheet, line.at, LABELS_AT, label, bold=bold, size=11, alignment=alignment),
        _write(sheet, line.at, CODES_AT, code, bold=bold, size=11, alignment=_CENTRE),
        _write(sheet, line.at, UNITS_AT, unit, bold=bold, size=11, alignment=_CENTRE),
    ]
    cells[1].number_format = "@"
    if line.is_member:
        for cell in cells[:2]:
            cell.protection = _OPEN
            cell.fill = _FILLS[CellKind.INPUT]


def _texts(line: PlannedRow) -> tuple[str | None, str | None, str, int]:
    if line.region is not None:
        return None, None, line.region.unit, 1
    if line.row is not None:
        return line.row.label, line.row.code or None, line.row.unit, line.row.level
    raise ValueError(line)


def _is_total(plan: Plan, line: PlannedRow) -> bool:
    row = line.row
    if row is None:
        return False
    return not row.code or spec_relations.is_row_sum(row.relation) or (plan.spec.region_under(row.code) is not None)


def _grid_cell(sheet: Worksheet, plan: Plan, line: PlannedRow, at: int, column: ColumnSpec, *, bold: bool) -> None:
    planned = plan.cell(line, column)
    cell = _write(sheet, line.at, at, _content(plan, line, at, planned), bold=bold, size=11)
    cell.alignment = Alignment(horizontal="right", vertical="center")
    cell.number_format = _number_format(planned.decimals)
    cell.fill = _FILLS[planned.kind]
    if planned.kind is CellKind.NOT_APPLICABLE:
        cell.alignment = _CENTRE
    if planned.kind is CellKind.TEXT:
        cell.alignment, cell.number_format = _LEFT, "@"
    if planned.kind in (CellKind.INPUT, CellKind.CARRY, CellKind.TEXT):
        cell.protection = _OPEN


def _content(plan: Plan, line: PlannedRow, at: int, planned: PlannedCell) -> str | None:
    if planned.kind is CellKind.NOT_APPLICABLE:
        return "x"
    if planned.formula is None:
        return None
    return "=" + decode_formula(planned.formula, [plan.layout], (plan.spec.id, line.at, at))


def _number_format(decimals: int) -> str:
    """Excel shows this as 1.234,5 where the locale is Vietnamese."""
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def _sentinel(sheet: Worksheet, plan: Plan, line: PlannedRow) -> None:
    for at in _framed(plan):
        cell = sheet.cell(line.at, at)
        cell.border = _LAST if line.at == plan.last_row else _BODY
        cell.fill = PatternFill("solid", fgColor="E7E6E6")
    for at, text in ((LABELS_AT, SENTINEL_TEXT), (CODES_AT, line.code)):
        cell = _write(sheet, line.at, at, text, italic=True, size=7, colour="7F7F7F", alignment=_CENTRE)
        cell.number_format = "@"
    sheet.row_dimensions[line.at].height = 9.5


def _footer(sheet: Worksheet, plan: Plan) -> int:
    """Notes, date and the three signatures; gives the last row."""
    row, last = plan.last_row + 1, plan.edge
    notes = "Ghi chú: “-” không có hiện tượng; “…” có hiện tượng nhưng chưa có số liệu; “x” không áp dụng."
    _merged(sheet, Range(row, LABELS_AT, row, last), notes, italic=True, size=9)
    places = _thirds(last)
    date = _merged(sheet, Range(row + 1, places[2][0], row + 1, places[2][1]), "……, ngày … tháng … năm ……", italic=True)
    date.alignment = _CENTRE
    titles = ("Người lập biểu", "Người kiểm tra biểu", "Thủ trưởng đơn vị")
    hints = ("(Ký, họ tên)", "(Ký, họ tên)", "(Ký, đóng dấu, họ tên)")
    for (left, right), title, hint in zip(places, titles, hints, strict=True):
        _merged(sheet, Range(row + 2, left, row + 2, right), title, bold=True, alignment=_CENTRE)
        _merged(sheet, Range(row + 3, left, row + 3, right), hint, italic=True, size=10, alignment=_CENTRE)
        _merged(sheet, Range(row + 7, left, row + 7, right), None, bold=True, alignment=_CENTRE)
    for at in range(LABELS_AT, last + 1):  # the date and the names under the signatures are for people to fill
        sheet.cell(row + 1, at).protection = sheet.cell(row + 7, at).protection = _OPEN
    return row + 7


def _thirds(last: int) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Columns of the three signatures; the label column is as wide as several others."""
    right = max(FIRST_COLUMN + 2, last - 3)
    return (LABELS_AT, LABELS_AT), (CODES_AT, right - 1), (right, last)


def _page(sheet: Worksheet, plan: Plan, bottom: int) -> None:
    sheet.freeze_panes = f"{letter(FIRST_COLUMN)}{FIRST_ROW}"
    sheet.sheet_view.showGridLines = False
    sheet.print_title_rows = f"{GROUPS_AT}:{INDEX_AT}"
    sheet.print_area = f"A1:{letter(plan.edge)}{bottom}"
    setup = sheet.page_setup
    setup.orientation, setup.paperSize, setup.fitToWidth, setup.fitToHeight = "landscape", 9, 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    margins = sheet.page_margins
    margins.left, margins.right, margins.top, margins.bottom, margins.footer = 0.5, 0.5, 0.5, 0.7, 0.3
    sheet.print_options.horizontalCentered = True
    footer = HeaderFooterItem()
    footer.left.text, footer.right.text = plan.spec.id, "Trang &P/&N"
    sheet.oddFooter = footer


def _protect(sheet: Worksheet) -> None:
    """No password: it keeps people from slips, not from their own form. The service checks every formula anyway."""
    protection = sheet.protection
    protection.sheet = True
    protection.insertRows = protection.formatRows = protection.formatColumns = False  # False means allowed


def _write(
    sheet: Worksheet,
    row: int,
    column: int,
    text: str | None,
    *,
    bold: bool = False,
    italic: bool = False,
    size: int = 11,
    colour: str = "000000",
    alignment: Alignment = _LEFT,
) -> Cell:
    cell = next(_cells(sheet, row, column))
    cell.value = text
    cell.font = Font(name=_FONT, size=size, bold=bold, italic=italic, color=colour)
    cell.alignment = alignment
    return cell


def _cells(sheet: Worksheet, row: int, column: int) -> Iterator[Cell]:
    cell = sheet.cell(row, column)
    if isinstance(cell, Cell):
        yield cell


def _merged(
    sheet: Worksheet,
    box: Range,
    text: str | None,
    *,
    bold: bool = False,
    italic: bool = False,
    size: int = 11,
    alignment: Alignment = _LEFT,
) -> Cell:
    top, left = box[:2]
    cell = _write(sheet, top, left, text, bold=bold, italic=italic, size=size, alignment=alignment)
    if (top, left) != box[2:]:
        sheet.merge_cells(str(box))
    return cell
