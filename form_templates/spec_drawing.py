"""A blank spec workbook for owners of forms: the lists with their headings, drop-down lists, and a small example."""

from __future__ import annotations

import io

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from form_templates.builder import reproducible
from form_templates.spec_words import EXAMPLE, FORM, FORM_SHEET, GUIDE, GUIDE_SHEET, TABLES, Heading
from workbooks.address import column_letters as letter

_FONT = "Times New Roman"
_THIN = Side(style="thin", color="BFBFBF")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_LINES = 40
"""Lines that are drawn; below them cells are text as well, so that Excel leaves ``=02+06`` and ``01`` as they are."""
_LAST_LINE = 2_000


def blank_spec_workbook() -> bytes:
    """The workbook to fill; it may be laid out as it is. The same bytes each time."""
    book = Workbook()
    form = book.worksheets[0]
    form.title = FORM_SHEET
    _draw_form(form)
    for name, (_, headings) in TABLES.items():
        _draw_table(book.create_sheet(name), headings)
    _draw_guide(book.create_sheet(GUIDE_SHEET))
    stream = io.BytesIO()
    book.save(stream)
    return reproducible(stream.getvalue())


def _draw_form(sheet: Worksheet) -> None:
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 30, 90
    _put(sheet, 1, 1, "Mục", head=True)
    _put(sheet, 1, 2, "Nội dung", head=True)
    for row, (heading, (content,)) in enumerate(zip(FORM, EXAMPLE[FORM_SHEET], strict=True), 2):
        _put(sheet, row, 1, heading.title, head=True)
        _put(sheet, row, 2, content)


def _draw_table(sheet: Worksheet, headings: tuple[Heading, ...]) -> None:
    example = EXAMPLE.get(sheet.title, ())
    for column, heading in enumerate(headings, 1):
        place = letter(column)
        sheet.column_dimensions[place].width = heading.width
        sheet.column_dimensions[place].number_format = "@"
        _put(sheet, 1, column, heading.title, head=True)
        for row in range(2, _LINES + 2):
            line = example[row - 2] if row - 2 < len(example) else ()
            _put(sheet, row, column, line[column - 1] if column <= len(line) else "")
        if heading.words:
            choice = DataValidation(type="list", formula1=f'"{",".join(heading.words)}"', allow_blank=True)
            choice.errorTitle, choice.error = "Giá trị không hợp lệ", f"Chỉ chọn: {', '.join(heading.words)}."
            choice.add(f"{place}2:{place}{_LAST_LINE}")
            sheet.add_data_validation(choice)
    sheet.freeze_panes = "C2"
    sheet.row_dimensions[1].height = 32


def _draw_guide(sheet: Worksheet) -> None:
    for place, width in (("A", 34), ("B", 28), ("C", 90)):
        sheet.column_dimensions[place].width = width
    for row, line in enumerate(GUIDE, 1):
        for column, text in enumerate(line, 1):
            _put(sheet, row, column, text, head=row == 1)


def _put(sheet: Worksheet, row: int, column: int, text: str, *, head: bool = False) -> None:
    cell = sheet.cell(row, column)
    cell.font = Font(name=_FONT, bold=head)
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    cell.number_format = "@"
    cell.border = _BOX
    if head:
        cell.fill = PatternFill("solid", fgColor="E7E6E6")
    if text:
        cell.value = text
        cell.data_type = "s"  # "=02+06" is a relation in words, not a formula
