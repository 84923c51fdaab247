"""A comparison of two versions as a workbook to read: the new template with what changed in colour, and a list.

This is a copy for reading, so openpyxl may write it anew; nobody fills or publishes it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Final

import openpyxl
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from form_templates.changes import Action, Change
from form_templates.diff import FormDiff

SHEET: Final = "Thay đổi"
_COLOURS: Final = {
    Action.ADDED: "C6EFCE",
    Action.CHANGED: "FFEB9C",
    Action.MOVED: "FFEB9C",
    Action.REMOVED: "FFC7CE",
}
_STRENGTH: Final = (Action.MOVED, Action.CHANGED, Action.ADDED)
"""A cell that several changes meet has the colour of the last of these."""
_HEADINGS: Final = (
    ("STT", 5), ("Phần", 13), ("Việc", 7), ("Thay đổi", 58), ("Ô", 14), ("Công thức trước", 30), ("Công thức sau", 30),
)  # fmt: skip
_AUTHOR: Final = "BiểuSố"
_MOST_CELLS_NAMED: Final = 6
_LONGEST_NOTE: Final = 1_000
_LONGEST_TEXT: Final = 32_000
_LINE: Final = 15.5  # points
_HIGHEST: Final = 400.0  # points; Excel knows no row above 409
_FRAME: Final = Side(style="thin", color="999999")


def marked_workbook(template: bytes, found: FormDiff) -> bytes:
    """The template of the new version with every changed cell coloured and noted, behind a sheet that lists it all."""
    book = openpyxl.load_workbook(io.BytesIO(template))
    sheets = {table.code: book[table.sheet] for table in found.new.tables}
    for code, sheet in sheets.items():
        _mark(
            sheet, [change for change in found.changes if change.table == code and change.action is not Action.REMOVED]
        )
    _list_changes(book.create_sheet(_free_name(book.sheetnames), 0), found)
    book.active = 0
    for other in book.worksheets[1:]:
        other.sheet_view.tabSelected = False
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _free_name(taken: Iterable[str]) -> str:
    names = {name.casefold() for name in taken}
    candidates = (SHEET, *(f"{SHEET} {number}" for number in range(2, 300)))
    return next(name for name in candidates if name.casefold() not in names)


def _mark(sheet: Worksheet, changes: Iterable[Change]) -> None:
    """Colours the cells of a sheet, and puts on each a note of what changed there."""
    met: dict[str, list[Change]] = {}
    corners = {
        address: merged.coord.partition(":")[0]
        for merged in sheet.merged_cells.ranges
        for row in sheet[merged.coord]
        for address in (cell.coordinate for cell in row)
    }
    for change in changes:
        for address in change.cells:
            corner = corners.get(address, address)
            if change not in met.setdefault(corner, []):
                met[corner].append(change)
    for address, found in met.items():
        cell = sheet[address]
        if isinstance(cell, Cell):
            action = max((change.action for change in found), key=_STRENGTH.index)
            cell.fill = _fill(action)
            _put_note(cell, "\n".join(map(_note, found)))


def _note(change: Change) -> str:
    if not change.what:
        return change.text
    before, after = change.formulas if any(change.formulas) else (change.before, change.after)
    return f"{change.what.capitalize()}\nTrước: {before or change.before}\nSau: {after or change.after}"


def _put_note(cell: Cell, text: str) -> None:
    before = f"{cell.comment.text}\n\n" if cell.comment else ""
    note = Comment(_printable(before + text)[:_LONGEST_NOTE], _AUTHOR)
    note.width, note.height = 360, 40 + 18 * (note.text.count("\n") + len(note.text) // 50)
    cell.comment = note


def _list_changes(sheet: Worksheet, found: FormDiff) -> None:
    old, new = found.old, found.new
    _write(sheet, 1, 1, f"THAY ĐỔI CỦA BIỂU {new.form}: PHIÊN BẢN {old.version} → PHIÊN BẢN {new.version}")
    sheet["A1"].font = Font(name="Times New Roman", size=14, bold=True)
    _write(sheet, 2, 1, "Xanh: thêm. Vàng: sửa, dời. Đỏ: bỏ (ô ghi theo biểu của phiên bản trước).")
    sheet["A2"].font = Font(name="Times New Roman", size=11, italic=True)
    for column, (heading, width) in enumerate(_HEADINGS, 1):
        cell = _write(sheet, 4, column, heading)
        cell.font = Font(name="Times New Roman", size=11, bold=True)
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        sheet.column_dimensions[cell.column_letter].width = width
    for number, change in enumerate(found.changes, 1):
        places = ", ".join(change.cells[:_MOST_CELLS_NAMED]) + ("…" if len(change.cells) > _MOST_CELLS_NAMED else "")
        texts = (str(number), change.subject.value, change.action.value, change.text, places, *change.formulas)
        for column, text in enumerate(texts, 1):
            cell = _write(sheet, 4 + number, column, text)
            cell.font = Font(name="Times New Roman", size=11)
            cell.fill = _fill(change.action)
            cell.alignment = Alignment(vertical="top", wrap_text=True)
        # Not every program makes a row as high as its wrapped text, so it is said.
        lines = (-(-len(text) // width) for text, (_, width) in zip(texts, _HEADINGS, strict=True))
        sheet.row_dimensions[4 + number].height = min(_HIGHEST, _LINE * max(1, *lines))
    if not found.changes:
        _write(sheet, 5, 1, "Hai phiên bản không khác nhau.")
    _set_up_page(sheet)


def _write(sheet: Worksheet, row: int, column: int, text: str) -> Cell:
    """A text as a text, no longer than a cell holds: one that begins with ``=`` must not become a formula."""
    cell = sheet.cell(row, column)
    if isinstance(cell, MergedCell):
        raise TypeError("the list has no merged cells")
    cell.value = _printable(text)[:_LONGEST_TEXT]
    cell.data_type = "s"
    if row >= 4:
        cell.border = Border(left=_FRAME, right=_FRAME, top=_FRAME, bottom=_FRAME)
    return cell


def _set_up_page(sheet: Worksheet) -> None:
    sheet.freeze_panes = "A5"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToHeight = 0
    sheet.print_title_rows = "4:4"


def _fill(action: Action) -> PatternFill:
    return PatternFill("solid", start_color=_COLOURS[action])


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable() or character == "\n")
