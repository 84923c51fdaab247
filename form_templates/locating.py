"""Where the grid of each table stands in one workbook: its columns, its rows, and the member rows of its regions.

A cell is found by its codes, not by its address, because people insert, delete and move rows. The order of trust is:
the defined names ``BS_<table>_rows`` and ``BS_<table>_cols``, then the code texts wherever they stand on the sheet,
then the published coordinates (see ``form_templates.frame``). What disagrees is a finding; what can still be found is
read all the same.

====== ============================================================
BS361  a row code is missing
BS362  a repeating region lost its sentinel row
BS363  a sentinel row stands twice
BS364  a column code is missing
BS365  a column code stands twice
BS366  a column code the form does not have
BS367  a row code stands twice
BS368  a row code the form does not have
BS369  numbers in a region row that has neither code nor label
BS370  two rows of one member
BS371  a hidden row inside the grid
BS372  a hidden column inside the grid
BS373  numbers in a row without code
BS374  numbers in a column without code
BS375  a member row of a region of units has no unit code (warning)
BS376  more member rows than are read
BS377  cells of the grid merged with one another
BS378  the sheet of the form is hidden
====== ============================================================
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Final

from form_templates.codebook import Codebook, plain_text
from form_templates.coding import Layout
from form_templates.frame import Frame, find_frame
from form_templates.model import Region, Table, member_row
from workbooks.address import address, column_letters
from workbooks.finding import Finding, Severity
from workbooks.sheet import CellError, Sheet
from workbooks.workbook import Workbook

# QĐ 19/2025/QĐ-TTg: the code of a commune has five digits; as a number it loses its leading zeros.
_UNIT_CODE_WIDTH: Final = 5
# The row that numbers the columns marks label, code and unit of measure with letters: A, B, C, 1, 2, 3 …
_LETTER: Final = re.compile(r"[A-ZĐ]")
_ROW: Final = itemgetter(0)
# A hostile sheet could make one finding per row of a million; people read a list only so far.
_MAX_FINDINGS: Final = 200
# More than the communes of any province or the fields of any service. What many rows cost is not only their reading:
# each is evaluated, compared, stored and shown.
MAX_MEMBERS: Final = 2_000
_LONGEST: Final = 60  # characters of a text that a message repeats


@dataclass(frozen=True, slots=True)
class Member:
    """A member row of a repeating region. ``key`` is its code, or its label where it has no code."""

    key: str
    label: str
    code: str
    row: int


@dataclass(frozen=True)
class LocatedTable:
    """One table as it stands in a workbook.

    Attributes:
        members: region code → its filled rows, top to bottom.
        nameless: rows of regions that hold numbers but neither code nor label.
    """

    table: Table
    layout: Layout
    codes_at: int
    labels_at: int
    members: Mapping[str, tuple[Member, ...]]
    nameless: frozenset[int]
    findings: tuple[Finding, ...]

    def blank_rows(self, region: str) -> list[int]:
        """Rows of the region that nobody has used, top to bottom."""
        first, sentinel = self.layout.regions[region]
        return [row for row in range(first, sentinel) if row not in self.layout.row_at and row not in self.nameless]


def locate_tables(workbook: Workbook, tables: Iterable[Table], *, sheet: str | None = None) -> list[LocatedTable]:
    """Every table as it stands in the workbook. Never raises on what people did to a sheet.

    ``sheet`` names the sheet all tables stand on, in a merged workbook that holds one sheet per unit.
    """
    return [_locate(workbook, table, sheet) for table in tables]


def _locate(workbook: Workbook, table: Table, sheet: str | None) -> LocatedTable:
    frame, findings = find_frame(workbook, table, sheet)
    if frame is None:
        layout = Layout(table.code, sheet or table.sheet, {}, {}, {})
        members: dict[str, tuple[Member, ...]] = {region.code: () for region in table.regions}
        return LocatedTable(table, layout, table.codes_at, table.labels_at, members, frozenset(), tuple(findings))
    if workbook.sheet_entry(frame.sheet).state != "visible":
        message = f"Trang tính “{frame.sheet}” của biểu bị ẩn."
        remedy = "Bỏ ẩn trang tính để người ký thấy số liệu."
        findings = [*findings, Finding("BS378", Severity.ERROR, message, remedy, sheet=frame.sheet)]
    return _Locator(workbook.read_sheet(frame.sheet), table, frame, findings).located()


class _Locator:
    """Finds the codes of one table inside its frame, noting what is wrong on the way."""

    def __init__(self, sheet: Sheet, table: Table, frame: Frame, findings: Sequence[Finding]) -> None:
        self._sheet = sheet
        self._table = table
        self._frame = frame
        self._findings = list(findings)
        # Rows and columns that already have their finding: one fault is told once.
        self._judged_rows: set[int] = set()
        self._judged_columns: set[int] = {frame.codes_at, frame.codes_at + table.labels_at - table.codes_at}
        self._labels_at = frame.codes_at + table.labels_at - table.codes_at
        self._rows_with_cells = sorted(row for row in set(map(_ROW, sheet.cells)) if row in frame.rows)

    def located(self) -> LocatedTable:
        """The table with everything found in it."""
        columns = self._columns()
        codes = {row: self._value(row, self._frame.codes_at) for row in self._rows_with_cells}
        regions = self._regions(codes)
        rows, nameless = self._fixed_rows(codes, regions), set[int]()
        members: dict[str, tuple[Member, ...]] = {}
        for region in self._table.regions:
            found = self._readable(region, self._members(region, regions[region.code], columns, nameless))
            members[region.code] = self._distinct(found)
            rows |= {member.row: member_row(region.code, member.key) for member in found}
        layout = Layout(self._table.code, self._sheet.name, dict(sorted(rows.items())), columns, regions)
        self._check_uncoded(layout)
        self._check_hidden(layout)
        self._check_merged(layout)
        return LocatedTable(
            self._table,
            layout,
            self._frame.codes_at,
            self._labels_at,
            members,
            frozenset(nameless),
            tuple(self._findings[:_MAX_FINDINGS]),
        )

    # -- columns ---------------------------------------------------------------------------------------------------

    def _columns(self) -> dict[int, str]:
        frame = self._frame
        book = Codebook(column.code for column in self._table.columns)
        found: dict[int, str] = {}
        for column in sorted(at for row, at in self._sheet.cells if row == frame.header_at and at in frame.columns):
            text = plain_text(self._value(frame.header_at, column))
            code = book.match(text)
            place = address(frame.header_at, column)
            if code is None and text and not _LETTER.fullmatch(text):
                self._note("BS366", f"Cột “{text[:_LONGEST]}” không có trong biểu đã ban hành.", _REMOVE_COLUMN, place)
                self._judged_columns.add(column)
            elif code in found.values():
                self._note("BS365", f"Số hiệu cột {code} xuất hiện hai lần.", _REMOVE_COLUMN, place)
                self._judged_columns.add(column)
            elif code is not None:
                found[column] = code
        published = {column.code: column.at for column in self._table.columns}
        for code, at in _placed(published, found):
            self._note(
                "BS364", f"Thiếu số hiệu cột {code} ở dòng đánh số cột.", _RESTORE, self._safe(frame.header_at, at)
            )
            if at > 0:
                found.setdefault(at, code)
        return dict(sorted(found.items()))

    # -- rows ------------------------------------------------------------------------------------------------------

    def _regions(self, codes: Mapping[int, object]) -> dict[str, tuple[int, int]]:
        """Region code → (first row, sentinel row)."""
        texts = {row: plain_text(value) for row, value in codes.items()}
        return {region.code: self._extent(region, texts) for region in self._table.regions}

    def _extent(self, region: Region, texts: Mapping[int, str]) -> tuple[int, int]:
        sentinels = [row for row, text in texts.items() if text == region.code]
        anchor, first = self._anchor(region, texts)
        if len(sentinels) > 1:
            self._note(
                "BS363",
                f"Dòng chốt {region.code} xuất hiện {len(sentinels)} lần.",
                "Xóa dòng chốt thừa, chỉ giữ dòng xám nhỏ ở cuối vùng.",
                self._safe(sentinels[-1], self._frame.codes_at),
            )
        if sentinels and sentinels[-1] >= first:
            return first, sentinels[-1]
        self._note(
            "BS362",
            f"Không tìm thấy dòng chốt {region.code} ở cuối vùng lặp.",
            "Dòng chốt là dòng xám nhỏ cuối vùng, không được xóa; lấy lại biểu gốc và chép số liệu sang.",
            self._safe(first, self._frame.codes_at),
        )
        return first, max(first, self._row_after(region, texts, anchor) - 1)

    def _anchor(self, region: Region, texts: Mapping[int, str]) -> tuple[int, int]:
        """Published row above the region, and the first row of the region in this workbook."""
        above = [(row.at, row.code) for row in self._table.rows if row.at < region.first]
        above += [(other.sentinel, other.code) for other in self._table.regions if other.sentinel < region.first]
        at, code = max(above, default=(self._table.header_at, ""))
        book = Codebook([code])
        here = next((row for row, text in texts.items() if code and book.match(text)), None)
        if here is None:
            here = at + self._frame.header_at - self._table.header_at
        return at, here + region.first - at

    def _row_after(self, region: Region, texts: Mapping[int, str], anchor: int) -> int:
        """Row of the published row below a region that lost its sentinel."""
        below = [(row.at, row.code) for row in self._table.rows if row.at > region.sentinel]
        _, code = min(below, default=(0, ""))
        book = Codebook([code])
        here = next((row for row, text in texts.items() if code and book.match(text)), None)
        last = max(self._rows_with_cells, default=anchor)
        return here if here is not None else min(region.sentinel + 1, last + 1)

    def _fixed_rows(self, codes: Mapping[int, object], regions: Mapping[str, tuple[int, int]]) -> dict[int, str]:
        book = Codebook(row.code for row in self._table.rows)
        taken = [range(first, sentinel + 1) for first, sentinel in regions.values()]
        found: dict[int, str] = {}
        known: set[str] = set()
        for row, value in codes.items():
            text = plain_text(value)
            if not text or any(row in span for span in taken) or "*" in text:
                continue
            code = book.match(text)
            place = self._safe(row, self._frame.codes_at)
            if code is None or code in known:
                self._judged_rows.add(row)
            if code is None:
                self._note("BS368", f"Mã số “{text[:_LONGEST]}” không có trong biểu đã ban hành.", _REMOVE_ROW, place)
            elif code in known:
                self._note("BS367", f"Mã số {code} xuất hiện hai lần.", _REMOVE_ROW, place)
            else:
                found[row] = code
                known.add(code)
        published = {row.code: row.at for row in self._table.rows}
        for code, at in _placed(published, found):
            self._note("BS361", f"Thiếu mã số {code} ở cột Mã số.", _RESTORE, self._safe(at, self._frame.codes_at))
            if at > 0 and not any(at in span for span in taken):
                found.setdefault(at, code)
        return found

    def _members(
        self, region: Region, extent: tuple[int, int], columns: Mapping[int, str], nameless: set[int]
    ) -> Iterator[Member]:
        first, sentinel = extent
        for row in self._rows_with_cells:
            if not first <= row < sentinel:
                continue
            label = plain_text(self._value(row, self._labels_at))
            code = _member_code(region, self._value(row, self._frame.codes_at))
            if code or label:
                self._check_unit_code(region, code, label, row)
                yield Member(code or label, label, code, row)
            elif self._typed(row, columns):
                nameless.add(row)
                self._note(
                    "BS369",
                    f"Dòng {row} có số liệu nhưng không có mã số và tên.",
                    "Nhập mã số hoặc tên của dòng, hoặc xóa dòng.",
                    self._safe(row, self._labels_at),
                )

    def _readable(self, region: Region, members: Iterator[Member]) -> list[Member]:
        """The first members, with a finding where there are more."""
        found = list(islice(members, MAX_MEMBERS + 1))
        if len(found) > MAX_MEMBERS:
            self._note(
                "BS376",
                f"Vùng lặp {region.code} có hơn {MAX_MEMBERS} dòng; các dòng sau không được đọc.",
                "Bỏ các dòng không phải số liệu của biểu.",
                self._safe(found[-1].row, self._labels_at),
            )
        return found[:MAX_MEMBERS]

    def _check_unit_code(self, region: Region, code: str, label: str, row: int) -> None:
        if region.members == "unit" and not code:
            self._note(
                "BS375",
                f"Dòng “{label[:_LONGEST]}” chưa có mã đơn vị hành chính.",
                "Nhập mã đơn vị (5 chữ số) vào cột Mã số.",
                self._safe(row, self._frame.codes_at),
                Severity.WARNING,
            )

    def _distinct(self, found: Sequence[Member]) -> tuple[Member, ...]:
        """Members without the second row of any key, which is a finding."""
        first: dict[str, Member] = {}
        for member in found:
            if first.setdefault(member.key, member) is not member:
                self._note(
                    "BS370",
                    f"Dòng “{member.key[:_LONGEST]}” trùng với dòng {first[member.key].row}.",
                    "Gộp hai dòng làm một hoặc sửa mã số, tên cho khác nhau.",
                    self._safe(member.row, self._frame.codes_at),
                )
        return tuple(first.values())

    # -- what should not be there ----------------------------------------------------------------------------------

    def _check_uncoded(self, layout: Layout) -> None:
        """Numbers between coded rows or columns would slip into the ranges of SUM formulas unseen."""
        if not (layout.key_at and layout.column_at):
            return
        rows = range(min(layout.key_at), max(layout.key_at) + 1)
        columns = range(min(layout.column_at), max(layout.column_at) + 1)
        within = [range(first, sentinel) for first, sentinel in layout.regions.values()]
        coded_rows, coded_columns = layout.key_at, layout.column_at
        for (row, column), cell in self._sheet.cells.items():
            if row in coded_rows and column in coded_columns:
                continue
            if row not in rows or column not in columns or not (cell.formula or _is_number(cell.value)):
                continue
            if row not in layout.key_at and row not in self._judged_rows and not any(row in span for span in within):
                self._note("BS373", "Số liệu nằm ở dòng không có mã số.", _REMOVE_ROW, address(row, column))
                self._judged_rows.add(row)
            elif column not in layout.column_at and column not in self._judged_columns:
                self._note("BS374", "Số liệu nằm ở cột không có số hiệu.", _REMOVE_COLUMN, address(row, column))
                self._judged_columns.add(column)

    def _check_merged(self, layout: Layout) -> None:
        """Of merged cells only the first is shown; the others would be signed and added unseen."""
        rows, columns = sorted(layout.row_at), sorted(layout.column_at)
        for area in self._sheet.merged:
            down = bisect_right(rows, area.last_row) - bisect_left(rows, area.first_row)
            across = bisect_right(columns, area.last_column) - bisect_left(columns, area.first_column)
            if down > 0 and across > 0 and down * across > 1:
                self._note(
                    "BS377",
                    f"Các ô {area} của biểu bị gộp làm một.",
                    "Bỏ gộp ô để người ký thấy mọi số liệu.",
                    self._safe(area.first_row, area.first_column),
                )
                return  # one is enough to look at the sheet again, and a sheet may have a million of them

    def _check_hidden(self, layout: Layout) -> None:
        sentinels = {sentinel for _, sentinel in layout.regions.values()}
        for row in sorted(set(self._sheet.hidden_rows) & set(layout.row_at) - sentinels):
            self._note("BS371", f"Dòng {row} của biểu bị ẩn.", "Bỏ ẩn dòng để người ký thấy.", self._safe(row, 1))
        for column in sorted(set(self._sheet.hidden_columns) & set(layout.column_at)):
            letters = column_letters(column)
            self._note("BS372", f"Cột {letters} của biểu bị ẩn.", "Bỏ ẩn cột để người ký thấy.", f"{letters}1")

    # -- reading ---------------------------------------------------------------------------------------------------

    def _value(self, row: int, column: int) -> object:
        return self._sheet.cell(row, column).value

    def _typed(self, row: int, columns: Mapping[int, str]) -> bool:
        """Whether anybody typed into the row; formulas the row was issued with do not count."""
        cells = (self._sheet.cell(row, column) for column in columns)
        return any(cell.formula is None and cell.value not in (None, "") for cell in cells)

    def _safe(self, row: int, column: int) -> str:
        try:
            return address(row, column)
        except ValueError:
            return ""

    def _note(self, code: str, message: str, remedy: str, cell: str, severity: Severity = Severity.ERROR) -> None:
        self._findings.append(Finding(code, severity, message, remedy, sheet=self._sheet.name, cell=cell))


_RESTORE: Final = "Nhập lại mã như biểu gốc, hoặc lấy lại biểu gốc và chép số liệu sang."
_REMOVE_ROW: Final = "Xóa dòng thêm vào ngoài biểu, hoặc sửa lại mã số như biểu gốc."
_REMOVE_COLUMN: Final = "Xóa cột thêm vào ngoài biểu, hoặc sửa lại số hiệu cột như biểu gốc."


def _member_code(region: Region, value: object) -> str:
    text = plain_text(value)
    if region.members == "unit" and isinstance(value, float) and text.isdigit():
        return text.zfill(_UNIT_CODE_WIDTH)
    return text


def _is_number(value: object) -> bool:
    return isinstance(value, float | int | CellError)


def _placed(published: Mapping[str, int], found: Mapping[int, str]) -> Iterator[tuple[str, int]]:
    """Codes that were not found, each with the place its nearest found neighbour above lets expect (0: nowhere)."""
    here = {code: at for at, code in found.items()}
    shift: int | None = None
    for code, at in sorted(published.items(), key=lambda item: item[1]):
        if code in here:
            shift = here[code] - at
        elif shift is not None:
            yield code, at + shift
        else:
            yield code, at + min((here[c] - published[c] for c in here), default=0)
