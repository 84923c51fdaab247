"""The sheet "Giải trình": lines on which officers explain warnings about their figures; as read from a workbook.

The explanations travel inside the workbook, so the signature covers them as it covers the figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from form_templates import definition
from workbooks.address import Range, parse_range
from workbooks.references import unquote_sheet
from workbooks.sheet import Sheet
from workbooks.workbook import Workbook

HEADINGS: Final = ("Mã cảnh báo", "Ô", "Nội dung cảnh báo", "Giải trình")
HEADINGS_AT: Final = 4
LINES: Final = 60
_MOST_LINES: Final = 500


@dataclass(frozen=True, slots=True)
class Explanation:
    """One line: ``row`` is its sheet row; texts are as typed, without outer white space."""

    row: int
    code: str
    cell: str
    warning: str
    text: str


def has_explanations(workbook: Workbook) -> bool:
    """Whether the form has, or had, a place for explanations: those issued before there were any do not."""
    return lines_of(workbook) is not None or any(name.name == definition.EXPLANATIONS for name in workbook.names)


def read_explanations(workbook: Workbook) -> Iterator[Explanation]:
    """The lines in which something is explained, top to bottom; none where the sheet is not there.

    Raises:
        WorkbookError: the sheet cannot be read.
    """
    lines = lines_of(workbook)
    for row, texts in lines.texts.items() if lines else ():
        if texts[-1]:
            yield Explanation(row, *texts)


@dataclass(frozen=True, slots=True)
class Lines:
    """All lines, blank ones among them: code, cell, warning and explanation by sheet row, from ``column`` on."""

    sheet: str
    column: int
    texts: Mapping[int, tuple[str, str, str, str]]

    def free(self, code: str, cell: str) -> int | None:
        """Row of the line that names this warning, as it is written, else of the first blank one; None: all taken."""
        named = (row for row, texts in self.texts.items() if texts[:2] == (code, cell))
        blank = (row for row, texts in self.texts.items() if not any(texts))
        return next(named, next(blank, None))


def lines_of(workbook: Workbook) -> Lines | None:
    """The lines of a workbook; None where it has no place for explanations.

    Raises:
        WorkbookError: the sheet cannot be read.
    """
    area = _area(workbook)
    if area is None:
        return None
    sheet, (first, column, last, _) = workbook.read_sheet(area[0]), area[1]
    rows = range(first, last + 1)
    return Lines(area[0], column, {row: _texts(sheet, row, column) for row in rows})


def _area(workbook: Workbook) -> tuple[str, Range] | None:
    """Sheet and lines; found by the defined name, or below the headings where a program lost the name."""
    names = {entry.name for entry in workbook.sheets}
    for name in workbook.names:
        sheet, mark, place = name.refers_to.rpartition("!")
        if name.name != definition.EXPLANATIONS or name.sheet is not None or unquote_sheet(sheet + mark) not in names:
            continue
        try:
            first, left, last, _ = parse_range(place)
        except ValueError:
            continue
        return unquote_sheet(sheet + mark), Range(first, left, min(last, first + _MOST_LINES), left + 3)
    if definition.EXPLANATIONS_SHEET not in names:
        return None
    sheet_name = definition.EXPLANATIONS_SHEET
    cells = workbook.read_sheet(sheet_name).cells
    found = next((place for place, cell in cells.items() if cell.value == HEADINGS[-1]), (HEADINGS_AT, 4))
    return sheet_name, Range(found[0] + 1, max(1, found[1] - 3), found[0] + LINES, max(4, found[1]))


def _texts(sheet: Sheet, row: int, column: int) -> tuple[str, str, str, str]:
    values = (sheet.cell(row, column + offset).value for offset in range(4))
    code, cell, warning, text = (value.strip() if isinstance(value, str) else "" for value in values)
    return code, cell, warning, text
