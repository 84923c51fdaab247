"""The same files in a real spreadsheet program: it reads what we write, and we read what it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.worksheet.datavalidation import DataValidation

from tests.office import saved as saved_by_libreoffice
from tests.workbooks.building import saved
from workbooks import raw_sheet
from workbooks.patch import Constant, Formula, patch_cells
from workbooks.rows import RowInsert, insert_rows
from workbooks.sheet import CellError
from workbooks.sheets import SheetClone, clone_sheets, rename_sheet
from workbooks.workbook import Workbook, open_workbook

Convert = Callable[..., list[Workbook]]


@pytest.fixture(scope="module")
def resave(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Convert]:
    """Opens workbooks in LibreOffice, computes them and saves them again as .xlsx, all in one start."""
    folder = tmp_path_factory.mktemp("libreoffice")

    def convert(*contents: bytes) -> list[Workbook]:
        sources = [folder / f"{number}.xlsx" for number in range(len(contents))]
        for source, content in zip(sources, contents, strict=True):
            source.write_bytes(content)
        return [open_workbook(file.read_bytes()) for file in saved_by_libreoffice(sources, folder / "out")]

    return convert


def a_form() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Biểu 1"
    sheet["A1"] = "Chỉ tiêu & <số liệu>"
    sheet["E11"] = "=SUM(E12:E15)"
    for row in range(12, 16):
        sheet.cell(row, 5, row - 11)
        sheet.cell(row, 6, f"=E{row}*10+'Biểu 1'!$E$15")
    sheet["G11"] = "=E12/0"
    sheet["G12"] = "=E12>0"
    sheet["G13"] = '=A1&"!"'
    sheet["A15"].comment = Comment("ghi chú", "ai")
    sheet.merge_cells("A18:C19")
    rule = DataValidation(type="decimal", operator="greaterThan", formula1="$E$15")
    rule.add("E12:E15")
    sheet.add_data_validation(rule)
    book.create_sheet("Tổng")["A1"] = "='Biểu 1'!E11"
    sheet.print_area = "A1:G19"
    return saved(book)


def test_libreoffice_and_we_agree_on_each_others_files(resave: Convert) -> None:
    form = a_form()
    patched = patch_cells(form, {"Biểu 1": {(12, 5): Constant(100), (20, 9): Formula("E12+1"), (1, 1): " Đã sửa\n"}})
    inserted = insert_rows(patch_cells(form, {"Biểu 1": {(13, 5): 50}}), "Biểu 1", 13, 2, 13)
    clones = [SheetClone("Xã A", (RowInsert(13, 1, 13),), {(14, 5): 1000}), SheetClone("Phường B")]
    cloned = clone_sheets(rename_sheet(form, "Biểu 1", "T1"), "T1", clones)

    plain, patched_again, inserted_again, cloned_again = resave(form, patched, inserted, cloned)

    cells = plain.read_sheet("Biểu 1").cells
    assert cells[1, 1].value == "Chỉ tiêu & <số liệu>"
    assert (cells[11, 5].value, cells[11, 5].formula) == (10.0, "SUM(E12:E15)")
    assert cells[11, 7].value is CellError.DIV0
    assert cells[12, 7].value is True
    assert cells[13, 7].value == "Chỉ tiêu & <số liệu>!"
    assert plain.read_sheet("Tổng").cells[1, 1].value == 10.0
    content = plain.package.part(plain.sheet_entry("Biểu 1").part)
    assert raw_sheet._plain_rows(content, "x") is not None, "what LibreOffice writes takes the fast way"

    cells = patched_again.read_sheet("Biểu 1").cells
    assert [cells[1, 1].value, cells[11, 5].value, cells[20, 9].value] == [" Đã sửa\n", 109.0, 101.0]

    cells = inserted_again.read_sheet("Biểu 1").cells
    assert (cells[11, 5].value, cells[11, 5].formula) == (58.0, "SUM(E12:E17)")
    assert cells[14, 6].value == 4.0
    assert inserted_again.read_sheet("Tổng").cells[1, 1].value == 58.0

    assert [entry.name for entry in cloned_again.sheets] == ["T1", "Tổng", "Xã A", "Phường B"]
    assert cloned_again.read_sheet("Xã A").cells[11, 5].value == 1010.0
    assert cloned_again.read_sheet("Xã A").cells[12, 6].value == 14.0
    assert cloned_again.read_sheet("Phường B").cells[11, 5].value == 10.0
    assert cloned_again.read_sheet("Tổng").cells[1, 1].value == 10.0

    # What LibreOffice wrote is patched like any other file.
    again = patch_cells(inserted_again.package.with_parts({}), {"Biểu 1": {(12, 5): Constant(7)}})
    assert open_workbook(again).read_sheet("Biểu 1").cells[12, 5].value == 7.0
