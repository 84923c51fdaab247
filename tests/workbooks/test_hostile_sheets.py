"""Damaged sheets and books are refused in words; no other exception ever leaves the package."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workbooks.building import PLAIN_PARTS, parts_with, sheet_xml, zipped
from workbooks.errors import WorkbookError
from workbooks.patch import Constant, Formula, patch_cells
from workbooks.rows import RowInsert, insert_rows
from workbooks.sheets import SheetClone, clone_sheets, rename_sheet
from workbooks.workbook import open_workbook

SHEET = sheet_xml(
    '<row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">SUM(B1:B9)</f><v>1</v></c></row>'
    '<row r="2"><c r="A2"><f t="shared" si="0"/><v>1</v></c><c r="B2"><f t="array" ref="B2">1+1</f></c></row>',
    before='<dimension ref="A1:B2"/><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
    ' state="frozen"/><selection activeCell="A2" sqref="A2"/></sheetView></sheetViews>'
    '<cols><col min="1" max="2" style="0"/></cols>',
    after='<mergeCells count="1"><mergeCell ref="C1:D1"/></mergeCells><conditionalFormatting sqref="A1:A2">'
    '<cfRule type="expression" priority="1"><formula>A1&gt;B1</formula></cfRule></conditionalFormatting>'
    '<rowBreaks count="1"><brk id="2" max="16383"/></rowBreaks>',
)
NAMES = (
    '<definedNames><definedName name="n" localSheetId="0">\'T1\'!$A$1</definedName>'
    "<definedName name=\"m\">'T1'!$A$1:$B$2</definedName></definedNames></workbook>"
)
BOOK = PLAIN_PARTS["xl/workbook.xml"].replace("</workbook>", NAMES)
PIECES = [
    "",
    "0",
    "-1",
    "9" * 400,
    "x",
    "é",
    "²",
    "A1",
    "A0",
    "XFE1",
    "A1:",
    ":",
    " ",
    "'",
    "!",
    '"',
    "<",
    "&",
    "$",
    "1.5",
    "#REF!",
    "T1!",
]

DEEDS: list[Callable[[bytes], object]] = [
    lambda data: [open_workbook(data).read_sheet(entry.name) for entry in open_workbook(data).sheets],
    lambda data: patch_cells(data, {"T1": {(1, 1): Constant(1), (2, 2): Formula("A1"), (3, 3): "x"}}),
    lambda data: insert_rows(data, "T1", 1, 2, 2),
    lambda data: clone_sheets(data, "T1", [SheetClone("T2", (RowInsert(1, 1, 1),), {(1, 1): 5})]),
    lambda data: rename_sheet(data, "T1", "Biểu"),
]


def mangled(text: str, data: st.DataObject) -> str:
    """The text with one or two of its attribute values and contents replaced by what does not belong there."""
    for _ in range(data.draw(st.integers(0, 2))):
        places = [*re.finditer(r'(?<==")[^"]*|(?<=>)[^<]+', text)]
        place = data.draw(st.sampled_from(places))
        text = text[: place.start()] + data.draw(st.sampled_from(PIECES)) + text[place.end() :]
    return text


def refused(deed: Callable[[bytes], object], book: bytes) -> WorkbookError | None:
    try:
        deed(book)
    except WorkbookError as error:
        return error
    return None


@pytest.mark.parametrize("deed", DEEDS)
def test_the_undamaged_book_is_worked_on(deed: Callable[[bytes], object]) -> None:
    assert deed(zipped(parts_with({"xl/worksheets/sheet1.xml": SHEET, "xl/workbook.xml": BOOK})))


@settings(max_examples=300)
@given(st.data())
def test_only_refusals_come_out_of_damaged_books(data: st.DataObject) -> None:
    changes = {
        "xl/worksheets/sheet1.xml": mangled(SHEET, data),
        "xl/workbook.xml": mangled(BOOK, data),
        "xl/_rels/workbook.xml.rels": mangled(PLAIN_PARTS["xl/_rels/workbook.xml.rels"], data),
    }
    book = zipped(parts_with(changes))

    for deed in DEEDS:
        error = refused(deed, book)
        assert error is None or error.finding.remedy


def test_a_frozen_pane_of_endless_height_is_refused() -> None:
    endless = SHEET.replace('ySplit="1"', f'ySplit="{"9" * 400}"')
    book = zipped(parts_with({"xl/worksheets/sheet1.xml": endless, "xl/workbook.xml": BOOK}))

    error = refused(lambda data: insert_rows(data, "T1", 1, 2, 2), book)

    assert error is not None
    assert error.finding.code == "BS142"
