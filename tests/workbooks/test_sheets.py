"""Copies of a sheet stand on their own; a renamed sheet is followed everywhere."""

from __future__ import annotations

import io
import time

import openpyxl
import pytest
from openpyxl.chart import BarChart
from openpyxl.chart import Reference as ChartReference
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet

from tests.workbooks.building import a_workbook, parts_with, saved, sheet_xml, zipped
from workbooks.errors import WorkbookError
from workbooks.markup import OFFICE_RELATIONSHIPS
from workbooks.patch import Constant
from workbooks.rows import RowInsert
from workbooks.sheets import SheetClone, clone_sheets, rename_sheet
from workbooks.workbook import DefinedName as Name
from workbooks.workbook import open_workbook


def a_form() -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Biểu 1"
    sheet["A1"] = "Chỉ tiêu"
    sheet["E11"] = "=SUM(E12:E15)+'Biểu 1'!A2"
    for row in range(12, 16):
        sheet.cell(row, 5, row)
    sheet.print_area = "A1:F15"
    book.defined_names["BS_T1"] = DefinedName("BS_T1", attr_text="'Biểu 1'!$E$12:$E$15")
    book.defined_names["elsewhere"] = DefinedName("elsewhere", attr_text="Tổng!$A$1")
    book.create_sheet("Tổng")["A1"] = "='Biểu 1'!E11*2"
    return book


def refusal(data: bytes, *names: str) -> str:
    with pytest.raises(WorkbookError) as caught:
        clone_sheets(data, "Biểu 1", [SheetClone(name) for name in names])
    return caught.value.finding.code


def test_a_copy_points_at_itself_and_the_source_stays() -> None:
    data = clone_sheets(
        saved(a_form()), "Biểu 1", [SheetClone("Xã An Bình"), SheetClone("T7", cells={(12, 5): Constant(9)})]
    )

    workbook = open_workbook(data)
    assert [entry.name for entry in workbook.sheets] == ["Biểu 1", "Tổng", "Xã An Bình", "T7"]
    assert workbook.read_sheet("Biểu 1").cells[11, 5].formula == "SUM(E12:E15)+'Biểu 1'!A2"
    assert workbook.read_sheet("Xã An Bình").cells[11, 5].formula == "SUM(E12:E15)+'Xã An Bình'!A2"
    assert workbook.read_sheet("T7").cells[11, 5].formula == "SUM(E12:E15)+'T7'!A2"
    assert workbook.read_sheet("T7").cells[12, 5].value == 9
    assert workbook.read_sheet("Tổng").cells[1, 1].formula == "'Biểu 1'!E11*2"


def test_names_of_the_source_become_local_names_of_the_copy() -> None:
    workbook = open_workbook(clone_sheets(saved(a_form()), "Biểu 1", [SheetClone("Xã")]))

    assert Name("BS_T1", "'Biểu 1'!$E$12:$E$15", None) in workbook.names
    assert {name for name in workbook.names if name.sheet == "Xã"} == {
        Name("BS_T1", "Xã!$E$12:$E$15", "Xã"),
        Name("_xlnm.Print_Area", "Xã!$A$1:$F$15", "Xã"),
    }


def test_rows_put_into_a_copy_move_its_own_names_and_formulas() -> None:
    clone = SheetClone("Xã", (RowInsert(13, 2, 13),), {(14, 5): 100})

    workbook = open_workbook(clone_sheets(saved(a_form()), "Biểu 1", [clone, SheetClone("Phường")]))

    assert workbook.read_sheet("Xã").cells[11, 5].formula == "SUM(E12:E17)+Xã!A2"
    assert [workbook.read_sheet("Xã").cells[row, 5].value for row in range(12, 18)] == [12, 13, 100, None, 14, 15]
    assert Name("BS_T1", "Xã!$E$12:$E$17", "Xã") in workbook.names
    assert Name("BS_T1", "Phường!$E$12:$E$15", "Phường") in workbook.names
    assert Name("BS_T1", "'Biểu 1'!$E$12:$E$15", None) in workbook.names


def test_openpyxl_opens_the_copies_with_their_comments_and_charts() -> None:
    book = a_form()
    sheet = book["Biểu 1"]
    sheet["A15"].comment = Comment("ghi chú", "ai")
    chart = BarChart()
    chart.add_data(ChartReference(sheet, min_col=5, min_row=12, max_row=15))
    sheet.add_chart(chart, "H18")

    data = clone_sheets(saved(book), "Biểu 1", [SheetClone("Xã", (RowInsert(13, 2, 13),)), SheetClone("Phường")])

    copies = openpyxl.load_workbook(io.BytesIO(data))
    assert copies["Xã"]["A17"].comment.text == "ghi chú"
    assert copies["Phường"]["A15"].comment.text == "ghi chú"
    assert copies["Xã"]._charts[0].series[0].val.numRef.f == "Xã!$E$12:$E$17"
    assert copies["Xã"]._charts[0].anchor._from.row == 19
    assert copies["Biểu 1"]._charts[0].series[0].val.numRef.f == "'Biểu 1'!$E$12:$E$15"


@pytest.mark.parametrize(
    "name", ["", "a" * 32, "a/b", "a:b", "[a]", "a?", "a*", "a\\b", "'a", "a'", "biểu 1", "TỔNG", "a\nb"]
)
def test_sheet_names_excel_would_not_take_are_refused(name: str) -> None:
    assert refusal(saved(a_form()), name) == "BS170"


def test_two_copies_of_one_name_are_refused() -> None:
    assert refusal(saved(a_form()), "Xã", "xã") == "BS170"


def test_a_sheet_with_a_table_is_not_copied() -> None:
    book = a_form()
    book["Biểu 1"].append(["a", "b"])
    book["Biểu 1"].add_table(Table(displayName="T", ref="A16:B18"))

    assert refusal(saved(book), "Xã") == "BS171"


def test_a_hundred_and_more_copies_are_made_in_one_go() -> None:
    def fill(sheet: Worksheet) -> None:
        for row in range(1, 61):
            for column in range(1, 13):
                sheet.cell(row, column).value = row * column if column % 2 else f"=A{row}*2+SUM(A1:A{row})"

    clones = [
        SheetClone(f"Xã {number}", (RowInsert(30, 1 + number % 5, 30),), {(5, 1): number}) for number in range(124)
    ]
    data = a_workbook(fill)

    started = time.process_time()
    made = clone_sheets(data, "T1", clones)
    elapsed = time.process_time() - started

    workbook = open_workbook(made)
    assert len(workbook.sheets) == 125
    assert workbook.read_sheet("Xã 77").cells[5, 1].value == 77
    assert elapsed < 6  # about 0.5 s of the processor


def test_a_renamed_sheet_is_followed_everywhere() -> None:
    book = a_form()
    sheet = book["Biểu 1"]
    chart = BarChart()
    chart.add_data(ChartReference(sheet, min_col=5, min_row=12, max_row=15))
    sheet.add_chart(chart, "H18")
    book["Tổng"]["A2"] = "='BIỂU 1'!A1&\"'Biểu 1'!A1\"&BS_T1"

    data = rename_sheet(saved(book), "Biểu 1", "Bảng & 'a'b")

    workbook = open_workbook(data)
    assert workbook.sheets[0].name == "Bảng & 'a'b"
    assert workbook.read_sheet("Tổng").cells[1, 1].formula == "'Bảng & ''a''b'!E11*2"
    assert workbook.read_sheet("Tổng").cells[2, 1].formula == "'Bảng & ''a''b'!A1&\"'Biểu 1'!A1\"&BS_T1"
    assert Name("BS_T1", "'Bảng & ''a''b'!$E$12:$E$15", None) in workbook.names
    assert Name("_xlnm.Print_Area", "'Bảng & ''a''b'!$A$1:$F$15", "Bảng & 'a'b") in workbook.names
    changed = openpyxl.load_workbook(io.BytesIO(data))
    assert changed.worksheets[0]._charts[0].series[0].val.numRef.f == "'Bảng & ''a''b'!$E$12:$E$15"
    again = open_workbook(rename_sheet(data, "Bảng & 'a'b", "Biểu 1"))
    assert again.read_sheet("Tổng").cells[1, 1].formula == "'Biểu 1'!E11*2"


def test_a_sheet_may_be_renamed_to_the_same_letters_in_another_case() -> None:
    assert open_workbook(rename_sheet(saved(a_form()), "Tổng", "TỔNG")).sheets[1].name == "TỔNG"


def test_a_name_that_is_taken_is_refused_in_renaming() -> None:
    with pytest.raises(WorkbookError, match="BS170"):
        rename_sheet(saved(a_form()), "Biểu 1", "tổng")


def test_print_settings_of_a_printer_are_not_copied() -> None:
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"'
        f' Type="{OFFICE_RELATIONSHIPS}/printerSettings" Target="../printerSettings/printerSettings1.bin"/>'
        "</Relationships>"
    )
    parts = {
        "xl/worksheets/sheet1.xml": sheet_xml("", after='<pageSetup orientation="landscape" r:id="rId1"/>'),
        "xl/worksheets/_rels/sheet1.xml.rels": rels,
        "xl/printerSettings/printerSettings1.bin": b"printer",
    }

    package = open_workbook(clone_sheets(zipped(parts_with(parts)), "T1", [SheetClone("T2")])).package

    assert package.relationships("/xl/worksheets/sheet2.xml") == ()
    assert b'<pageSetup orientation="landscape"/>' in package.part("/xl/worksheets/sheet2.xml")
    assert b"r:id" in package.part("/xl/worksheets/sheet1.xml")
