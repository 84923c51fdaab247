"""A template workbook as read, before its cells and rules are compiled: grid, definition, layout, locks.

====== ============================================================
BS322  a defined name of the template is missing or points elsewhere
BS332  the definition sheet and the form do not name the same columns or rows
====== ============================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from form_templates import definition
from form_templates.coding import Layout
from form_templates.definition_reading import ColumnEntry, Definition, read_definition
from form_templates.errors import Faults, FormError
from form_templates.grid_reading import Head, read_body, read_head
from form_templates.model import Column, Table
from workbooks import markup
from workbooks.address import Range, address, parse_range
from workbooks.references import unquote_sheet
from workbooks.sheet import Cell, Sheet
from workbooks.workbook import Workbook

_NAME_REMEDY: Final = "Hãy đặt lại tên vùng trong Formulas > Name Manager (Công thức > Quản lý tên)."
# Far above any official form (487 rows, 60 columns); a name over whole columns is a slip of the hand.
_MAX_ROWS: Final = 5_000
_MAX_COLUMNS: Final = 120


@dataclass(frozen=True)
class Template:
    """What stands on the form and on the definition sheet.

    Attributes:
        table: the table without its cells.
        entries: column code → what the definition sheet says of it.
        opened: cell styles that are not locked.
        unit_at, period_at: addresses that issuing writes.
    """

    sheet: Sheet
    known: Definition
    table: Table
    units_at: int
    layout: Layout
    entries: dict[str, ColumnEntry]
    opened: frozenset[int]
    unit_at: str
    period_at: str

    def cell(self, row: int, column: int) -> Cell:
        """A cell of the form's sheet."""
        return self.sheet.cell(row, column)

    def is_open(self, row: int, column: int) -> bool:
        """Whether people may type there."""
        return not self.sheet.protected or self.cell(row, column).style in self.opened

    def anchors(self) -> dict[str, int]:
        """Sheet row of each row code; of a region, its first row."""
        firsts = {code: first for code, (first, _) in self.layout.regions.items()}
        return {row.code: row.at for row in self.table.rows} | firsts


def read_template(workbook: Workbook, faults: Faults) -> Template:
    """Reads a template. Raises FormError at once where the grid cannot be found at all."""
    known = read_definition(workbook, faults)
    sheet, rows, columns, unit_at, period_at = _places(workbook, faults)
    head = read_head(sheet, columns, faults)
    body = read_body(sheet, head, rows, known, faults)
    table = Table(
        code=definition.TABLE,
        sheet=sheet.name,
        codes_at=head.codes_at,
        labels_at=head.labels_at,
        header_at=head.index_at,
        rows=body.rows,
        columns=tuple(_columns(head, known, sheet.name, faults)),
        regions=body.regions,
        cells=(),
    )
    _note_strange_rows(table, known, faults)
    entries = {entry.code: entry for entry in known.columns}
    layout, opened = Layout.published(table), _open_styles(workbook)
    return Template(sheet, known, table, head.units_at, layout, entries, opened, unit_at, period_at)


def _places(workbook: Workbook, faults: Faults) -> tuple[Sheet, Range, Range, str, str]:
    """The sheet of the form, its code column, index row, and the cells for unit and period."""
    templates = (definition.GRID, definition.ROWS, definition.COLUMNS, definition.UNIT_CELL, definition.PERIOD_CELL)
    names = [name.format(table=definition.TABLE) for name in templates]
    found = [_named_place(workbook, name, faults) for name in names]
    places = [place for place in found if place is not None]
    if len({sheet for sheet, _ in places}) > 1:
        faults.note("BS322", f"Các tên {', '.join(names)} phải cùng chỉ vào một trang.", _NAME_REMEDY)
    if any(name.name.startswith(definition.GRID.format(table="T2")) for name in workbook.names):
        faults.note("BS322", "Biểu có nhiều hơn một bảng.", "Hãy tách mỗi bảng thành một biểu riêng.")
    if len(places) != len(names) or len({sheet for sheet, _ in places}) > 1:
        raise FormError(faults.found)
    _, (sheet, rows), (_, columns), (_, unit), (_, period) = places
    return workbook.read_sheet(sheet), rows, columns, address(*unit[:2]), address(*period[:2])


def _named_place(workbook: Workbook, name: str, faults: Faults) -> tuple[str, Range] | None:
    refers = [item.refers_to for item in workbook.names if item.name == name and item.sheet is None]
    sheet, bang, place = refers[0].rpartition("!") if len(refers) == 1 else ("", "", "")
    try:
        found = unquote_sheet(sheet + bang), parse_range(place)
    except ValueError:
        found = "", Range(1, 1, 1, 1)
    if found[0] in {entry.name for entry in workbook.sheets} and not _too_large(found[1]):
        return found
    faults.note("BS322", f"Thiếu tên vùng {name}, hoặc tên này không chỉ vào một vùng ô của biểu.", _NAME_REMEDY)
    return None


def _too_large(area: Range) -> bool:
    height = area.last_row - area.first_row + 1
    width = area.last_column - area.first_column + 1
    return height > _MAX_ROWS or width > _MAX_COLUMNS


def _columns(head: Head, known: Definition, sheet: str, faults: Faults) -> Iterator[Column]:
    """Columns that stand both on the form and on the definition sheet."""
    entries = {entry.code: entry for entry in known.columns}
    for code, (at, header) in head.columns.items():
        entry = entries.get(code)
        if entry is not None:
            yield Column(code, header, entry.kind, at, entry.unit, entry.carry)
            continue
        message = f"Cột {code} của biểu chưa được khai báo trên trang “{definition.SHEET}”."
        faults.note("BS332", message, "Hãy khai báo cột này, hoặc xóa cột.", sheet, (head.index_at, at))
    for entry in known.columns:
        if entry.code not in head.columns:
            message = f"Cột {entry.code} được khai báo nhưng không có trên biểu."
            faults.note("BS332", message, "Hãy xóa dòng khai báo này.", definition.SHEET, (entry.row, 1))
        if entry.carry and entry.carry.column not in head.columns:
            message = f"Cột {entry.code} mang sang từ cột {entry.carry.column} không có trên biểu."
            faults.note("BS332", message, "Hãy ghi số hiệu một cột có thật.", definition.SHEET, (entry.row, 5))


def _note_strange_rows(table: Table, known: Definition, faults: Faults) -> None:
    codes = {row.code for row in table.rows} | {region.code for region in known.regions}
    for entry in known.rows.values():
        if entry.code not in codes:
            message = f"Dòng {entry.code} được khai báo nhưng không có trên biểu."
            faults.note("BS332", message, "Hãy xóa dòng khai báo này.", definition.SHEET, (entry.row, 1))


def _open_styles(workbook: Workbook) -> frozenset[int]:
    """Indexes of the cell styles that are not locked (ECMA-376 part 1, 18.8.33: locked unless said otherwise)."""
    targets = [item.target for item in workbook.package.relationships(workbook.part) if item.kind == "styles"]
    if not targets:
        return frozenset()
    root = markup.parse_xml(workbook.package.part(targets[0]), targets[0])
    styles = root.iterfind(f"{{{markup.MAIN}}}cellXfs/{{{markup.MAIN}}}xf")
    locks = [style.find(f"{{{markup.MAIN}}}protection") for style in styles]
    return frozenset(
        index for index, lock in enumerate(locks) if lock is not None and lock.get("locked") in {"0", "false"}
    )
