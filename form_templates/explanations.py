"""The sheet "Giải trình": lines on which officers explain warnings about their figures; drawn, and read again.

The explanations travel inside the workbook, so the signature covers them as it covers the figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from openpyxl import Workbook as Drawing
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from form_templates import definition
from workbooks.address import Range, parse_range
from workbooks.references import quote_sheet, unquote_sheet
from workbooks.sheet import Sheet
from workbooks.workbook import Workbook

HEADINGS: Final = ("Mã cảnh báo", "Ô", "Nội dung cảnh báo", "Giải trình")
_TITLE: Final = "GIẢI TRÌNH CÁC CẢNH BÁO VỀ SỐ LIỆU"
_HOW: Final = (
    "Mỗi cảnh báo về số liệu ghi một dòng: mã cảnh báo (BS502 …), ô (F12, hoặc mã số 03, cột 5) và lý do số liệu vẫn "
    "đúng, ít nhất ba từ."
)
_WIDTHS: Final = (14, 22, 46, 56)
_HEADINGS_AT: Final = 4
_FIRST: Final = 5
_LINES: Final = 60
_LAST: Final = _FIRST + _LINES - 1
_MOST_LINES: Final = 500
_FONT: Final = "Times New Roman"
_THIN: Final = Side(style="thin", color="404040")
_HAIR: Final = Side(style="hair", color="7F7F7F")
_WRAP: Final = Alignment(vertical="top", wrap_text=True)
_CENTRE: Final = Alignment(horizontal="center", vertical="center", wrap_text=True)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One line: ``row`` is its sheet row; texts are as typed, without outer white space."""

    row: int
    code: str
    cell: str
    warning: str
    text: str


def draw_explanations(book: Drawing) -> None:
    """Adds the sheet and its defined name to a template: A4 landscape, everything but the lines protected."""
    sheet = book.create_sheet(definition.EXPLANATIONS_SHEET)
    _draw_head(sheet)
    for row in range(_FIRST, _LAST + 1):
        for column in range(1, len(HEADINGS) + 1):
            cell = sheet.cell(row, column)
            cell.font, cell.alignment, cell.number_format = Font(name=_FONT, size=11), _WRAP, "@"
            cell.border = Border(left=_THIN, right=_THIN, top=_HAIR, bottom=_THIN if row == _LAST else _HAIR)
            cell.fill, cell.protection = PatternFill("solid", fgColor="FFFBE6"), Protection(locked=False)
    _set_page(sheet)
    place = f"{quote_sheet(definition.EXPLANATIONS_SHEET)}!$A${_FIRST}:$D${_LAST}"
    book.defined_names[definition.EXPLANATIONS] = DefinedName(definition.EXPLANATIONS, attr_text=place)


def _draw_head(sheet: Worksheet) -> None:
    for letter, width in zip("ABCD", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    for row, text, font in ((1, _TITLE, Font(name=_FONT, size=14, bold=True)), (2, _HOW, Font(name=_FONT, size=11))):
        cell = sheet.cell(row, 1, text)
        cell.font, cell.alignment = font, _CENTRE
        sheet.merge_cells(f"A{row}:D{row}")
        sheet.row_dimensions[row].height = 32
    for column, heading in enumerate(HEADINGS, 1):
        cell = sheet.cell(_HEADINGS_AT, column, heading)
        cell.font, cell.alignment = Font(name=_FONT, size=11, bold=True), _CENTRE
        cell.border = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)


def _set_page(sheet: Worksheet) -> None:
    sheet.freeze_panes = f"A{_FIRST}"
    sheet.print_title_rows = f"{_HEADINGS_AT}:{_HEADINGS_AT}"
    sheet.print_area = f"A1:D{_LAST}"
    setup = sheet.page_setup
    setup.orientation, setup.paperSize, setup.fitToWidth, setup.fitToHeight = "landscape", 9, 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    footer = HeaderFooterItem()
    footer.left.text, footer.right.text = definition.EXPLANATIONS_SHEET, "Trang &P/&N"
    sheet.oddFooter = footer
    protection = sheet.protection
    protection.sheet = True
    protection.insertRows = protection.formatRows = protection.formatColumns = False  # False means allowed


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
    found = next((place for place, cell in cells.items() if cell.value == HEADINGS[-1]), (_HEADINGS_AT, 4))
    return sheet_name, Range(found[0] + 1, max(1, found[1] - 3), found[0] + _LINES, max(4, found[1]))


def _texts(sheet: Sheet, row: int, column: int) -> tuple[str, str, str, str]:
    values = (sheet.cell(row, column + offset).value for offset in range(4))
    code, cell, warning, text = (value.strip() if isinstance(value, str) else "" for value in values)
    return code, cell, warning, text
