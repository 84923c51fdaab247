"""Reading the definition sheet of a template, with everything wrong noted and reading carried on.

====== ============================================================
BS320  the definition sheet or one of its tables is missing
BS321  an entry of the definition sheet is missing, unknown or not of its kind
====== ============================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from form_templates import definition
from form_templates.codebook import plain_text
from form_templates.definition import Entry, Section
from form_templates.errors import Faults
from form_templates.model import Aggregation, Carry, CarrySource, CellKind, Narrative
from form_templates.period import PeriodKind
from workbooks.finding import Severity
from workbooks.sheet import Cell, Sheet
from workbooks.workbook import Workbook

_Word = TypeVar("_Word")
_MAX_LINES: Final = 2_000
_REMEDY: Final = f"Hãy sửa ô này trên trang “{definition.SHEET}”."
_REGION_CODE: Final = re.compile(r"[0-9]{2,3}\*")
_ANYTHING: Final = re.compile(r".+")
_KIND: Final = "(?:" + "|".join(PeriodKind) + ")"
_PATTERNS: Final = {
    Entry.FORM: re.compile(r"[A-Z0-9][A-Z0-9.-]{1,24}"),
    Entry.VERSION: re.compile(r"[1-9][0-9]{0,3}"),
    Entry.PERIODS: re.compile(rf"{_KIND}(?: *[,;] *{_KIND})*"),
}


@dataclass(frozen=True, slots=True)
class ColumnEntry:
    """A line of the table of columns. ``unit`` "" and ``decimals`` None mean that each row has its own."""

    code: str
    kind: CellKind
    unit: str
    decimals: int | None
    carry: Carry | None
    aggregation: Aggregation
    row: int


@dataclass(frozen=True, slots=True)
class RowEntry:
    """A line of the table of rows; ``decimals`` and ``aggregation`` None are as the columns say."""

    code: str
    decimals: int | None
    aggregation: Aggregation | None
    indicator: str
    row: int


@dataclass(frozen=True, slots=True)
class RegionEntry:
    """A line of the table of regions."""

    code: str
    label: str
    unit: str
    members: str
    row: int


@dataclass(frozen=True, slots=True)
class Written:
    """A formula written for the first of the cells it applies to, as it stands in row ``row`` of the sheet."""

    code: str
    formula: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    row: int
    severity: Severity = Severity.ERROR
    message: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """The definition sheet as values."""

    entries: Mapping[Entry, str]
    periods: tuple[str, ...]
    columns: tuple[ColumnEntry, ...]
    rows: Mapping[str, RowEntry]
    regions: tuple[RegionEntry, ...]
    aggregates: tuple[Written, ...]
    rules: tuple[Written, ...]
    narrative_required: bool = False


def read_definition(workbook: Workbook, faults: Faults) -> Definition:
    """Reads the definition sheet; what cannot be read is left out and noted."""
    if not any(entry.name == definition.SHEET for entry in workbook.sheets):
        message = f"Biểu không có trang “{definition.SHEET}”."
        faults.note(
            "BS320", message, "Hãy tạo biểu bằng lệnh bieuso form new, hoặc chép trang này từ một biểu mẫu khác."
        )
        return Definition({}, (), (), {}, (), (), ())
    return _Reader(workbook.read_sheet(definition.SHEET), faults).definition()


class _Reader:
    """Reads the tables one after another."""

    def __init__(self, sheet: Sheet, faults: Faults) -> None:
        self._sheet = sheet
        self._faults = faults
        self._titles = {self._text(row, 1): row for row, column in sorted(sheet.cells) if column == 1}

    def definition(self) -> Definition:
        lines = {self._text(row, 1): row for row in self._distinct(Section.FORM)}
        entries = self._entries(lines)
        return Definition(
            entries,
            self._periods(entries[Entry.PERIODS]),
            tuple(self._column(row) for row in self._distinct(Section.COLUMNS)),
            {entry.code: entry for entry in map(self._row, self._distinct(Section.ROWS))},
            tuple(self._region(row) for row in self._distinct(Section.REGIONS)),
            tuple(self._aggregate(row) for row in self._lines(Section.AGGREGATES)),
            tuple(self._rule(row) for row in self._lines(Section.RULES)),
            self._narrative(lines.get(definition.NARRATIVE)) is Narrative.REQUIRED,
        )

    def _lines(self, section: Section) -> Iterator[int]:
        """Sheet rows of a table's lines, down to the first blank one."""
        title = self._titles.get(section.value)
        if title is None:
            message = f"Trang “{definition.SHEET}” không có bảng “{section.value}”."
            self._faults.note("BS320", message, "Hãy chép lại bảng này từ một biểu mẫu khác.", definition.SHEET)
            return
        for row in range(title + 2, title + 2 + _MAX_LINES):
            if not self._text(row, 1) and self._cell(row, 1).formula is None:
                return
            yield row

    def _distinct(self, section: Section) -> Iterator[int]:
        """The lines of a table whose first column names each thing once."""
        seen: set[str] = set()
        for row in self._lines(section):
            if self._text(row, 1) in seen:
                self._wrong(f"“{self._text(row, 1)}” được khai báo hai lần.", (row, 1))
            else:
                yield row
            seen.add(self._text(row, 1))

    def _narrative(self, row: int | None) -> Narrative:
        """Whether a report in words is demanded; the line may be missing, or say nothing."""
        if row is None or not self._text(row, 2):
            return Narrative.OPTIONAL
        return self._word(row, 2, definition.NARRATIVES, Narrative.OPTIONAL)

    def _entries(self, rows: Mapping[str, int]) -> dict[Entry, str]:
        found: dict[Entry, str] = {}
        for entry in Entry:
            place = rows.get(entry.value, 1), 2
            found[entry] = self._text(*place) if entry.value in rows else ""
            if not found[entry]:
                self._wrong(f"Thiếu “{entry.value}”.", place)
            elif not _PATTERNS.get(entry, _ANYTHING).fullmatch(found[entry]):
                self._wrong(f"{entry.value} “{found[entry]}” không đúng dạng.", place)
        return found

    def _periods(self, text: str) -> tuple[str, ...]:
        """The kinds of period; what is no kind was noted with its entry."""
        return tuple(word for word in _list(text) if word in set(PeriodKind))

    def _column(self, row: int) -> ColumnEntry:
        kind = self._word(row, 2, definition.KINDS, CellKind.INPUT)
        source_text = self._text(row, 5)
        carry = (
            Carry(source_text, self._word(row, 6, definition.SOURCES, CarrySource.PREVIOUS_PERIOD))
            if source_text
            else None
        )
        if (kind is CellKind.CARRY) != (carry is not None):
            self._wrong("Cột “mang sang” phải ghi rõ mang từ cột nào, của kỳ nào; cột khác để trống.", (row, 5))
        unit = self._text(row, 3)
        if not unit and kind is not CellKind.TEXT:
            self._wrong(
                f"Thiếu đơn vị tính của cột (ghi “{definition.PER_ROW}” nếu mỗi dòng có đơn vị riêng).", (row, 3)
            )
        return ColumnEntry(
            code=self._text(row, 1),
            kind=kind,
            unit="" if unit == definition.PER_ROW else unit,
            decimals=self._column_decimals(row, kind),
            carry=carry,
            aggregation=self._word(row, 7, definition.AGGREGATIONS, Aggregation.SUM),
            row=row,
        )

    def _column_decimals(self, row: int, kind: CellKind) -> int | None:
        if kind is CellKind.TEXT:
            return 0
        return None if self._text(row, 4) == definition.PER_ROW else self._decimals(row, 4)

    def _row(self, row: int) -> RowEntry:
        aggregation = self._word(row, 3, definition.AGGREGATIONS, Aggregation.SUM) if self._text(row, 3) else None
        decimals = self._decimals(row, 2) if self._text(row, 2) else None
        return RowEntry(self._text(row, 1), decimals, aggregation, self._text(row, 4), row)

    def _region(self, row: int) -> RegionEntry:
        if not _REGION_CODE.fullmatch(self._text(row, 1)):
            self._wrong(f"Mã vùng “{self._text(row, 1)}” phải là 2 hoặc 3 chữ số và dấu sao, như 02*.", (row, 1))
        for column in (2, 3):
            if not self._text(row, column):
                self._wrong("Vùng lặp phải có tên và đơn vị tính.", (row, column))
        members = self._word(row, 4, definition.MEMBERS, "")
        return RegionEntry(self._text(row, 1), self._text(row, 2), self._text(row, 3), members, row)

    def _aggregate(self, row: int) -> Written:
        return Written("", self._formula(row, 1), self._codes(row, 2), self._codes(row, 3), row)

    def _rule(self, row: int) -> Written:
        message = self._text(row, 6)
        if not message:
            self._wrong("Quy tắc chưa có thông báo khi sai.", (row, 6))
        severity = self._word(row, 5, definition.SEVERITIES, Severity.ERROR)
        return Written(
            self._text(row, 1), self._formula(row, 2), self._codes(row, 3), self._codes(row, 4), row, severity, message
        )

    def _formula(self, row: int, column: int) -> str:
        formula = self._cell(row, column).formula
        if formula is None:
            self._wrong("Ô này phải là một công thức Excel (bắt đầu bằng dấu =).", (row, column))
        return formula or ""

    def _codes(self, row: int, column: int) -> tuple[str, ...]:
        codes = _list(self._text(row, column))
        if not codes:
            self._wrong("Chưa ghi áp dụng cho dòng, cột nào.", (row, column))
        return codes

    def _decimals(self, row: int, column: int) -> int:
        text = self._text(row, column)
        if text.isascii() and text.isdigit() and int(text) <= definition.MOST_DECIMALS:
            return int(text)
        message = f"Số chữ số thập phân “{text}” phải là số nguyên từ 0 đến {definition.MOST_DECIMALS}."
        self._wrong(message, (row, column))
        return 0

    def _word(self, row: int, column: int, words: Mapping[_Word, str], default: _Word) -> _Word:
        text = self._text(row, column)
        for value, word in words.items():
            if word == text:
                return value
        self._wrong(f"Không hiểu “{text}”; chỉ dùng: {', '.join(words.values())}.", (row, column))
        return default

    def _cell(self, row: int, column: int) -> Cell:
        return self._sheet.cell(row, column)

    def _text(self, row: int, column: int) -> str:
        return cell_text(self._cell(row, column))

    def _wrong(self, message: str, at: tuple[int, int]) -> None:
        self._faults.note("BS321", message, _REMEDY, definition.SHEET, at)


def cell_text(cell: Cell) -> str:
    """A cell's text as codes and labels compare; a whole number without its point."""
    return plain_text(cell.value)


def _list(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (item.strip() for item in text.replace(";", ",").split(",")))))
