"""Drawing the sheet "Giải trình": some lines on A4 landscape, everything else protected."""

from __future__ import annotations

from typing import Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from form_templates import definition
from form_templates.explanations import HEADINGS, HEADINGS_AT, LINES
from workbooks.references import quote_sheet

_TITLE: Final = "GIẢI TRÌNH CÁC CẢNH BÁO VỀ SỐ LIỆU"
_HOW: Final = (
    "Mỗi cảnh báo về số liệu ghi một dòng: mã cảnh báo (BS502 …), ô (F12, hoặc mã số 03, cột 5) và lý do số liệu vẫn "
    "đúng, ít nhất ba từ."
)
_WIDTHS: Final = (14, 22, 46, 56)
_FONT: Final = "Times New Roman"
_THIN: Final = Side(style="thin", color="404040")
_HAIR: Final = Side(style="hair", color="7F7F7F")
_WRAP: Final = Alignment(vertical="top", wrap_text=True)
_CENTRE: Final = Alignment(horizontal="center", vertical="center", wrap_text=True)
_FIRST: Final = HEADINGS_AT + 1
_LAST: Final = _FIRST + LINES - 1


def draw_explanations(book: Workbook) -> None:
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
        cell = sheet.cell(HEADINGS_AT, column, heading)
        cell.font, cell.alignment = Font(name=_FONT, size=11, bold=True), _CENTRE
        cell.border = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)


def _set_page(sheet: Worksheet) -> None:
    sheet.freeze_panes = f"A{_FIRST}"
    sheet.print_title_rows = f"{HEADINGS_AT}:{HEADINGS_AT}"
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
