"""Drawing the sheets that make a template one of a report form: where its figures come from, and room for traces."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any, Final

from openpyxl import load_workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from form_templates import definition
from form_templates.builder import build_template, reproducible
from form_templates.errors import FormError
from form_templates.reports import (
    FIRST_LINE,
    HEADINGS,
    SOURCES_SHEET,
    TRACE_HEADINGS,
    TRACES_SHEET,
    WORDS,
    SourcePeriod,
)
from form_templates.spec import document_of, spec_of
from form_templates.spec_fields import Fields
from workbooks.address import column_letters as letter
from workbooks.finding import Finding, Severity

_FONT: Final = "Times New Roman"
_THIN: Final = Side(style="thin", color="7F7F7F")
_BOX: Final = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_HEAD: Final = PatternFill("solid", fgColor="E8F1FA")
_WRAP: Final = Alignment(horizontal="left", vertical="center", wrap_text=True)
_ABOUT: Final = (
    "Mỗi dòng nói các ô (dòng × cột) của biểu báo cáo lấy số liệu từ biểu nhập liệu nào; * là mọi dòng hoặc mọi cột. "
    "Để trống dòng nguồn, cột nguồn nếu mã giống nhau. Ô có công thức không cần nguồn."
)
_SPARE_LINES: Final = 200
_REMEDY: Final = "Hãy sửa tệp mô tả biểu (.toml) rồi đọc lại."


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of the sheet of sources, as people write it."""

    rows: str
    columns: str
    form: str
    source_rows: str = ""
    source_columns: str = ""
    period: str = WORDS[SourcePeriod.SAME]


def build_form(text: str) -> bytes:
    """The template that a TOML spec describes, of a report where it has ``[[sources]]``. Raises FormError (BS341)."""
    document = document_of(text)
    return _report(document) if "sources" in document else build_template(spec_of(document))


def build_report(text: str) -> bytes:
    """The report template that a TOML spec describes: a form's, and ``[[sources]]``. Raises FormError (BS341)."""
    return _report(document_of(text))


def _report(document: dict[str, Any]) -> bytes:
    written = document.pop("sources", None)
    if not isinstance(written, list) or not all(isinstance(item, dict) for item in written):
        raise FormError.single("BS341", "Biểu báo cáo: thiếu [[sources]].", _REMEDY)
    top = Fields({"sources": written}, "biểu báo cáo")
    lines = [
        SourceLine(
            rows=fields.text("rows"),
            columns=fields.text("columns"),
            form=fields.text("form"),
            source_rows=fields.text("source_rows", default=""),
            source_columns=fields.text("source_columns", default=""),
            period=WORDS[fields.choice("period", SourcePeriod, SourcePeriod.SAME)],
        )
        for fields in top.tables("sources")
    ]
    problems = top.problems()
    if problems:
        raise FormError(Finding("BS341", Severity.ERROR, problem, _REMEDY) for problem in problems)
    return with_sources(build_template(spec_of(document)), lines)


def with_sources(template: bytes, lines: Sequence[SourceLine]) -> bytes:
    """A template as `builder.build_template` lays it out, with its sheets of sources and traces. Deterministic."""
    book = load_workbook(io.BytesIO(template))
    # Nobody types into a report, so there is nothing to explain.
    book.remove(book[definition.EXPLANATIONS_SHEET])
    del book.defined_names[definition.EXPLANATIONS]
    sources = book.create_sheet(SOURCES_SHEET, 1)
    _head(sources, _ABOUT, HEADINGS, (14, 14, 16, 16, 16, 22))
    for at, line in enumerate(lines, start=FIRST_LINE):
        for column, text in enumerate(astuple(line), start=1):
            _write(sources, at, column, text)
    words = DataValidation(type="list", formula1=f'"{",".join(WORDS.values())}"', allow_blank=True)
    words.error = "Chọn một trong các kỳ có sẵn."
    words.add(f"{letter(len(HEADINGS))}{FIRST_LINE}:{letter(len(HEADINGS))}{FIRST_LINE + _SPARE_LINES}")
    sources.add_data_validation(words)
    traces = book.create_sheet(TRACES_SHEET, 2)
    about = "Nguồn của từng số liệu trong báo cáo này, tại thời điểm lập."
    _head(traces, about, TRACE_HEADINGS, (8, 8, 18, 14, 12, 12, 12, 24, 40))
    stream = io.BytesIO()
    book.save(stream)
    return reproducible(stream.getvalue())


def _head(sheet: Worksheet, about: str, headings: Sequence[str], widths: Sequence[int]) -> None:
    _write(sheet, 1, 1, about)
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(headings))
    sheet.row_dimensions[1].height = 36
    for column, (text, width) in enumerate(zip(headings, widths, strict=True), start=1):
        _write(sheet, FIRST_LINE - 1, column, text)
        cell = sheet.cell(FIRST_LINE - 1, column)
        cell.font, cell.fill, cell.border = Font(name=_FONT, size=11, bold=True), _HEAD, _BOX
        sheet.column_dimensions[letter(column)].width = width
    sheet.freeze_panes = f"A{FIRST_LINE}"
    sheet.print_title_rows = f"{FIRST_LINE - 1}:{FIRST_LINE - 1}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _write(sheet: Worksheet, row: int, column: int, text: str) -> None:
    cell = sheet.cell(row, column)
    cell.value = text or None
    cell.font = Font(name=_FONT, size=11)
    cell.alignment = _WRAP
    cell.number_format = "@"
