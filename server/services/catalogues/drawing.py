"""A catalogue as an Excel workbook that people edit: headings, lists to choose from, print set-up, instructions."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from server.services.catalogues.kinds import CODE, NAME, PARENT, Field, Kind, shown
from server.storage.catalogues import Entry
from workbooks.address import column_letters

_HEADINGS_AT: Final = 4
_SPARE: Final = 500
"""Empty lines below the last entry that have their lists too."""
LISTS: Final = "Danh sách"
"""The hidden sheet of what may be chosen; its first cell says what the catalogue was when it was taken away."""
_FONT: Final = "Times New Roman"
_HEADING: Final = PatternFill("solid", fgColor="DDE6EF")
_THIN: Final = Side(style="thin", color="A6A6A6")
_BOX: Final = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_NOTES: Final = (
    "Thêm mục: ghi một dòng mới ở cuối. Sửa: sửa ngay trên dòng. Bỏ: xóa cả dòng; mục thôi hiệu lực từ ngày nhập.",
    "Mã không đổi: đổi mã là bỏ mục cũ và thêm mục mới. Cột ghi nhiều giá trị thì cách nhau bằng dấu “;”.",
    "Không đổi tên trang, không xóa hay đổi tên cột. Nhập lại: bieuso catalogue import {name} TỆP --from NGÀY.",
    "Xem trước, không ghi: thêm --dry-run. Quá khứ không bị sửa: mọi thay đổi có hiệu lực từ ngày nhập.",
)  # fmt: skip


def draw_catalogue(kind: Kind, entries: Sequence[Entry], day: date, units: Mapping[str, str]) -> bytes:
    """The workbook of a catalogue as at a day; ``units`` are the names of the units of measure by code."""
    book = Workbook()
    sheet = book.active
    if not isinstance(sheet, Worksheet):
        raise TypeError("a new workbook has a sheet")
    sheet.title = kind.title
    _top(sheet, kind, day)
    for row, entry in enumerate(entries, _HEADINGS_AT + 1):
        for column, one in enumerate(kind.fields, 1):
            _write(sheet, row, column, text_of(entry, one, units), boxed=True)
    last = _HEADINGS_AT + len(entries)
    _page(sheet, kind, last)
    _lists(book, sheet, kind, last + _SPARE, units)
    _write(book[LISTS], 1, 1, fingerprint(entries))
    book.properties.title, book.properties.creator = f"Danh mục {kind.title.lower()}", "BiểuSố"
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def fingerprint(entries: Iterable[Entry]) -> str:
    """SHA-256 over what a catalogue says, whatever the order."""
    told = sorted([one.code, one.name, one.parent_code or "", dict(one.attributes)] for one in entries)
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def text_of(entry: Entry, one: Field, units: Mapping[str, str]) -> str:
    """A field of an entry as people read it; a unit of measure by its name."""
    own = {CODE: entry.code, NAME: entry.name, PARENT: entry.parent_code or ""}
    stored = own.get(one.key, entry.attributes.get(one.key, ""))
    return units.get(stored, stored) if one.refers == "units-of-measure" else shown(one, stored)


def _top(sheet: Worksheet, kind: Kind, day: date) -> None:
    title = _write(sheet, 1, 1, f"DANH MỤC {kind.title.upper()}")
    title.font = Font(name=_FONT, size=14, bold=True)
    _write(sheet, 2, 1, f"{kind.about} Hiệu lực tại ngày {day:%d/%m/%Y}.").font = Font(name=_FONT, italic=True)
    for column, one in enumerate(kind.fields, 1):
        cell = _write(sheet, _HEADINGS_AT, column, one.title, boxed=True)
        cell.font = Font(name=_FONT, bold=True, color="9B1C1F" if one.required else "000000")
        cell.fill = _HEADING
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        sheet.column_dimensions[column_letters(column)].width = one.width
    sheet.row_dimensions[_HEADINGS_AT].height = 32
    sheet.cell(3, 1).value = "Cột tiêu đề màu đỏ bắt buộc ghi; cách dùng xem trang “Hướng dẫn”."
    sheet.cell(3, 1).font = Font(name=_FONT, size=9, color="9B1C1F")


def _write(sheet: Worksheet, row: int, column: int, text: str, *, boxed: bool = False) -> Cell:
    cell = sheet.cell(row, column)
    if not isinstance(cell, Cell):
        raise TypeError("no cell is merged here")
    if text:
        # Told to be text: a name that begins with "=" must not become a formula on somebody's machine.
        cell.value = text
        cell.data_type = "s"
    cell.number_format = "@"
    cell.font = Font(name=_FONT, size=11)
    if boxed:
        cell.border = _BOX
        cell.alignment = Alignment(vertical="top", wrap_text=True)
    return cell


def _page(sheet: Worksheet, kind: Kind, last: int) -> None:
    """Headings stay in sight and are repeated on paper; A4 landscape, as wide as the page."""
    edge = column_letters(len(kind.fields))
    sheet.freeze_panes = f"C{_HEADINGS_AT + 1}"
    sheet.auto_filter.ref = f"A{_HEADINGS_AT}:{edge}{max(last, _HEADINGS_AT + 1)}"
    sheet.print_title_rows = f"{_HEADINGS_AT}:{_HEADINGS_AT}"
    sheet.print_area = f"A1:{edge}{max(last, _HEADINGS_AT + 1)}"
    setup = sheet.page_setup
    setup.orientation, setup.paperSize, setup.fitToWidth, setup.fitToHeight = "landscape", 9, 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    footer = HeaderFooterItem()
    footer.right.text = "Trang &P/&N"
    sheet.oddFooter = footer


def _lists(book: Workbook, sheet: Worksheet, kind: Kind, last: int, units: Mapping[str, str]) -> None:
    """What may be chosen: on a hidden sheet, since a list inside a validation ends at 255 characters."""
    lists, notes = book.create_sheet(LISTS), book.create_sheet("Hướng dẫn")
    lists.sheet_state = "hidden"
    for column, one in enumerate(kind.fields, 1):
        words = list(units.values()) if one.refers == "units-of-measure" else list(one.choices.values())
        letter = column_letters(column)
        for row, word in enumerate(words, 1):
            _write(lists, row, column, word)
        validation = _choice(one, letter, len(words)) if words else _hint(one)
        if words or one.hint:
            validation.add(f"{letter}{_HEADINGS_AT + 1}:{letter}{last}")
            sheet.add_data_validation(validation)
    for row, line in enumerate((*_NOTES, *_choices(kind)), 1):
        _write(notes, row, 1, line.replace("{name}", kind.name)).alignment = Alignment(wrap_text=True)
    notes.column_dimensions["A"].width = 120


def _choice(one: Field, letter: str, count: int) -> DataValidation:
    chosen = DataValidation("list", formula1=f"'{LISTS}'!${letter}$1:${letter}${count}", allow_blank=not one.required)
    chosen.errorTitle, chosen.error = one.title, "Hãy chọn trong danh sách."
    # Where several may be written, the list only helps: Excel must let the rest through.
    chosen.showErrorMessage = not one.many
    return chosen


def _hint(one: Field) -> DataValidation:
    told = DataValidation(allow_blank=True)
    told.promptTitle, told.prompt, told.showInputMessage = one.title, one.hint, True
    return told


def _choices(kind: Kind) -> Iterator[str]:
    for one in kind.fields:
        if one.choices:
            yield f"{one.title}: {'; '.join(one.choices.values())}."
