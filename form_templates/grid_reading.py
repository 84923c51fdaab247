"""Reading the grid of a template: its index row, codes, labels, headers and repeating regions.

====== ============================================================
BS323  the index row (A B C 1 2 3 …) is not as it must be
BS324  a row code, label or unit is missing, doubled or ill formed
BS325  a repeating region lacks its sentinel row or its rows
====== ============================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from form_templates.definition_reading import Definition, RegionEntry, cell_text
from form_templates.errors import Faults
from form_templates.model import REFERENCE_SUFFIXES, Region, Row
from workbooks.address import Range
from workbooks.sheet import Sheet

_ROW_CODE: Final = re.compile(r"[0-9]{2,3}")
_COLUMN_CODE: Final = re.compile(rf"[1-9][0-9]?(?:{'|'.join(REFERENCE_SUFFIXES)})?")
_LETTERS: Final = ("A", "B", "C")
_BODY_REMEDY: Final = "Hãy sửa cột Mã số, tên chỉ tiêu hoặc đơn vị tính của biểu."


@dataclass(frozen=True, slots=True)
class Head:
    """The columns of a table: where the fixed ones stand, and code → (sheet column, header text)."""

    labels_at: int
    codes_at: int
    units_at: int
    index_at: int
    columns: dict[str, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Body:
    """The rows of a table."""

    rows: tuple[Row, ...]
    regions: tuple[Region, ...]


def read_head(sheet: Sheet, columns: Range, faults: Faults) -> Head:
    """Reads the index row and the headers above it."""
    reader = _HeadReader(sheet, columns, faults)
    return reader.head()


class _HeadReader:
    def __init__(self, sheet: Sheet, columns: Range, faults: Faults) -> None:
        self._sheet = sheet
        self._columns = columns
        self._faults = faults
        self._row = columns.first_row

    def head(self) -> Head:
        fixed: dict[str, int] = {}
        numbered: dict[str, tuple[int, str]] = {}
        for at in range(self._columns.first_column, self._columns.last_column + 1):
            text = _text(self._sheet, self._row, at)
            if not text and not self._header_text(at):
                continue  # the gap before the reference columns
            if text in (fixed | numbered):
                self._wrong(f"Số hiệu cột {text} có hai lần.", at)
            elif text in _LETTERS:
                fixed[text] = at
            elif _COLUMN_CODE.fullmatch(text):
                numbered[text] = (at, self._header(at))
            else:
                self._wrong(f"Dòng số hiệu cột có “{text}”; chỉ được có A, B, C và 1, 2, 3…", at)
        for letter in _LETTERS:
            if letter not in fixed:
                self._wrong(f"Dòng số hiệu cột thiếu {letter} (A chỉ tiêu, B mã số, C đơn vị tính).", 1)
        labels, codes, units = (fixed.get(letter, at) for at, letter in enumerate(_LETTERS, 1))
        return Head(labels, codes, units, self._row, numbered)

    def _header(self, column: int) -> str:
        header = self._header_text(column)
        if not header:
            self._wrong("Cột không có tiêu đề.", column)
        return header

    def _header_text(self, column: int) -> str:
        """Texts of the header rows above a column, from the outermost group down, each once."""
        texts = [self._merged_text(row, column) for row in range(self._top(), self._row)]
        return " - ".join(dict.fromkeys(filter(None, texts)))

    def _top(self) -> int:
        """First header row: that of the merged cell right above the first index cell."""
        box = self._box(self._row - 1, self._columns.first_column)
        return box.first_row if box else max(1, self._row - 1)

    def _merged_text(self, row: int, column: int) -> str:
        box = self._box(row, column)
        return _text(self._sheet, *(box[:2] if box else (row, column)))

    def _box(self, row: int, column: int) -> Range | None:
        return next((box for box in self._sheet.merged if box.holds(row, column)), None)

    def _wrong(self, message: str, column: int) -> None:
        remedy = "Hãy sửa dòng số hiệu cột (A B C 1 2 3…) hoặc tiêu đề cột."
        self._faults.note("BS323", message, remedy, self._sheet.name, (self._row, column))


def read_body(sheet: Sheet, head: Head, extent: Range, known: Definition, faults: Faults) -> Body:
    """Reads the coded rows and the regions between them."""
    reader = _BodyReader(sheet, head, extent, known, faults)
    rows = tuple(reader.rows())
    return Body(rows, tuple(reader.regions(rows)))


class _BodyReader:
    def __init__(self, sheet: Sheet, head: Head, extent: Range, known: Definition, faults: Faults) -> None:
        self._sheet = sheet
        self._head = head
        self._faults = faults
        self._known = known
        self._codes = {row: _text(sheet, row, head.codes_at) for row in range(extent.first_row, extent.last_row + 1)}

    def rows(self) -> Iterator[Row]:
        """Every coded row; headings and region rows have no code."""
        seen: set[str] = set()
        regions = {region.code for region in self._known.regions}
        for at, code in self._codes.items():
            if not code or code in regions:
                continue
            self._check_code(at, code, seen)
            seen.add(code)
            label, unit = (_text(self._sheet, at, column) for column in (self._head.labels_at, self._head.units_at))
            if not label:
                self._wrong("BS324", f"Dòng mã số {code} không có tên chỉ tiêu.", (at, self._head.labels_at))
            if not unit and not self._indicator(code):  # publishing gives it the unit of its indicator (C06)
                self._wrong("BS324", f"Dòng mã số {code} không có đơn vị tính.", (at, self._head.units_at))
            yield Row(code, label, unit, at, self._indicator(code))
        if not seen:
            self._wrong("BS324", "Biểu không có dòng nào có mã số.", None)

    def _check_code(self, at: int, code: str, seen: set[str]) -> None:
        place = (at, self._head.codes_at)
        if not isinstance(self._sheet.cells[place].value, str):
            self._wrong("BS324", f"Mã số {code} phải là văn bản (như '01), không phải số.", place)
        elif not _ROW_CODE.fullmatch(code):
            self._wrong("BS324", f"Mã số “{code}” phải gồm 2 hoặc 3 chữ số, hoặc là mã của một vùng lặp.", place)
        if code in seen:
            self._wrong("BS324", f"Mã số {code} có hai lần.", place)

    def regions(self, rows: tuple[Row, ...]) -> Iterator[Region]:
        """Every region, found by its sentinel row; it starts below the coded row or sentinel above it."""
        marks = {
            region.code: [at for at, code in self._codes.items() if code == region.code]
            for region in self._known.regions
        }
        sentinels = [at for places in marks.values() for at in places]
        for entry in self._known.regions:
            places = marks[entry.code]
            if len(places) == 1:
                above = [at for at in (*(row.at for row in rows), *sentinels) if at < places[0]]
                yield from self._region(entry, max(above, default=places[0] - 1) + 1, places[0])
                continue
            count = len(places)
            message = f"Vùng lặp {entry.code} phải có một dòng chốt (cột mã số ghi “{entry.code}”), đang có {count}."
            self._wrong("BS325", message, (places[1], self._head.codes_at) if count else None)

    def _region(self, entry: RegionEntry, first: int, sentinel: int) -> Iterator[Region]:
        if first == sentinel:
            message = f"Vùng lặp {entry.code} chưa có dòng mẫu nào phía trên dòng chốt."
            self._wrong("BS325", message, (sentinel, self._head.codes_at))
            return
        yield Region(entry.code, entry.label, entry.unit, first, sentinel, entry.members, self._indicator(entry.code))

    def _indicator(self, code: str) -> str:
        entry = self._known.rows.get(code)
        return entry.indicator if entry is not None else ""

    def _wrong(self, code: str, message: str, at: tuple[int, int] | None) -> None:
        self._faults.note(code, message, _BODY_REMEDY, self._sheet.name, at)


def _text(sheet: Sheet, row: int, column: int) -> str:
    return cell_text(sheet.cell(row, column))
