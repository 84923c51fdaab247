"""The frame of a table in one workbook: which sheet, which column holds "Mã số", which row numbers the columns.

====== ============================================================
BS358  defined names are missing or wrong; codes were found without them (warning)
BS359  neither names nor codes; the published coordinates are read
BS360  the sheet of the form is missing
====== ============================================================
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from form_templates.codebook import Codebook
from form_templates.model import Table
from workbooks.address import Range, parse_range
from workbooks.finding import Finding, Severity
from workbooks.references import unquote_sheet
from workbooks.sheet import Sheet
from workbooks.workbook import Workbook

_A1: Final = r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}"
_REFERENCE: Final = re.compile(rf"((?:'(?:[^']|'')+'|[^'!]+)!)({_A1}(?::{_A1})?)")


@dataclass(frozen=True, slots=True)
class Frame:
    """Where to look for codes: row codes in column ``codes_at`` over ``rows``, column codes in row ``header_at``."""

    sheet: str
    codes_at: int
    header_at: int
    rows: range
    columns: range


def find_frame(workbook: Workbook, table: Table, sheet: str | None) -> tuple[Frame | None, list[Finding]]:
    """The frame by defined names, else by the code texts, else by the published coordinates; with what disagrees."""
    named = _frame_by_names(workbook, table, sheet)
    name = sheet or (named.sheet if named else table.sheet)
    if all(entry.name != name for entry in workbook.sheets):
        message = f"Không có trang tính “{name}” của biểu."
        return None, [_finding("BS360", message, "Đặt lại tên trang tính như biểu gốc.", "")]
    grid = workbook.read_sheet(name)
    wanted = len(table.rows) + len(table.regions) + len(table.columns)
    seen = _codes_seen(grid, table, named) if named else 0
    if named and seen == wanted:
        return named, []
    texts = _frame_by_codes(grid, table)
    if texts and _codes_seen(grid, table, texts) > seen:
        message = f"Tên BS_{table.code}_rows, BS_{table.code}_cols không có hoặc trỏ sai; biểu được tìm theo mã số."
        return texts, [_finding("BS358", message, _FRESH, name, Severity.WARNING)]
    if named and seen:
        return named, []
    message = "Không tìm thấy cột Mã số và dòng đánh số cột; số liệu được đọc theo vị trí trong biểu mẫu đã ban hành."
    return _published(table, name), [_finding("BS359", message, _FRESH, name)]


_FRESH: Final = "Lấy lại biểu gốc từ hệ thống và chép số liệu sang."


def _finding(code: str, message: str, remedy: str, sheet: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(code, severity, message, remedy, sheet=sheet)


def _frame_by_names(workbook: Workbook, table: Table, sheet: str | None) -> Frame | None:
    rows = _named_range(workbook, f"BS_{table.code}_rows", sheet)
    columns = _named_range(workbook, f"BS_{table.code}_cols", sheet)
    if rows is None or columns is None or rows[0] != columns[0]:
        return None
    down, across = rows[1], columns[1]
    return Frame(
        rows[0],
        down.first_column,
        across.first_row,
        range(down.first_row, down.last_row + 1),
        range(across.first_column, across.last_column + 1),
    )


def _named_range(workbook: Workbook, name: str, sheet: str | None) -> tuple[str, Range] | None:
    """Sheet and range of a defined name: of the names scoped to ``sheet`` first, then of the workbook's own."""
    folded = name.casefold()
    found = [defined for defined in workbook.names if defined.name.casefold() == folded]
    found.sort(key=lambda defined: (defined.sheet != sheet, defined.sheet is not None))
    for defined in found:
        place = _reference(defined.refers_to)
        if place is not None and (sheet is None or place[0] == sheet):
            return place
    return None


def _reference(text: str) -> tuple[str, Range] | None:
    match = _REFERENCE.fullmatch(text.removeprefix("="))
    if match is None:
        return None
    try:
        return unquote_sheet(match[1]), parse_range(match[2])
    except ValueError:
        return None


def _codes_seen(sheet: Sheet, table: Table, frame: Frame) -> int:
    """How many published codes stand where the frame says."""
    rows, columns = _row_codes(table), _column_codes(table)
    # A name may span a million rows, of which the sheet has a few.
    spanned = frame.rows if len(frame.rows) <= len(sheet.cells) else sorted({row for row, _ in sheet.cells})
    places = ((row, frame.codes_at) for row in spanned if row in frame.rows)
    down = {rows.match(sheet.cells[place].value) for place in places if place in sheet.cells}
    across = {columns.match(sheet.cells[at].value) for at in _header_cells(sheet, frame)}
    return len(down - {None}) + len(across - {None})


def _header_cells(sheet: Sheet, frame: Frame) -> list[tuple[int, int]]:
    return [(frame.header_at, column) for column in frame.columns if (frame.header_at, column) in sheet.cells]


def _row_codes(table: Table) -> Codebook:
    return Codebook([*(row.code for row in table.rows), *(region.code for region in table.regions)])


def _column_codes(table: Table) -> Codebook:
    return Codebook(column.code for column in table.columns)


def _frame_by_codes(sheet: Sheet, table: Table) -> Frame | None:
    """The row with the most column codes, and below it the column with the most row codes."""
    across = _tally(sheet, _column_codes(table), by_row=True, below=0)
    header = _fullest(across)
    down = _tally(sheet, _row_codes(table), by_row=False, below=header) if header else {}
    codes = _fullest(down)
    if not (header and codes):
        return None
    rows, columns = down[codes].values(), across[header].values()
    return Frame(sheet.name, codes, header, range(min(rows), max(rows) + 1), range(min(columns), max(columns) + 1))


def _tally(sheet: Sheet, book: Codebook, *, by_row: bool, below: int) -> Mapping[int, dict[str, int]]:
    """Line → the codes on it, each with its last place along the line."""
    lines: dict[int, dict[str, int]] = defaultdict(dict)
    for (row, column), cell in sheet.cells.items():
        code = book.match(cell.value) if row > below else None
        if code is not None:
            line, place = (row, column) if by_row else (column, row)
            lines[line][code] = place
    return lines


def _fullest(lines: Mapping[int, Mapping[str, int]]) -> int:
    """The line with the most codes, the first of equals; 0 where no code stands anywhere."""
    return max(sorted(lines), key=lambda line: len(lines[line]), default=0)


def _published(table: Table, sheet: str) -> Frame:
    rows = [row.at for row in table.rows] + [region.sentinel for region in table.regions]
    columns = [column.at for column in table.columns]
    return Frame(
        sheet,
        table.codes_at,
        table.header_at,
        range(min(rows, default=1), max(rows, default=0) + 1),
        range(min(columns, default=1), max(columns, default=0) + 1),
    )
