from __future__ import annotations

import xlwings as xw

from addin import actions
from addin.painting import RED
from tests.addin.forms import CROPS, POVERTY, an_issued
from tests.addin.test_edits import sheet_of


def test_overwritten_and_deleted_formulas_come_back(crops: xw.Book) -> None:
    sheet = sheet_of(crops)
    sheet["E9"].value = 99999
    sheet["E11"].formula = "=SUM(E12,E13)+100"
    sheet["I12"].clear_contents()
    sheet.api.protect("")
    actions.check(crops)
    assert sheet["E9"].color == RED

    count = actions.restore_formulas(crops)

    assert count == 3
    assert sheet["E9"].formula == "=SUM(E10,E15,E16,E17,E20)"
    assert sheet["E11"].formula == "=SUM(E12,E13)"
    assert sheet["I12"].formula == '=IFERROR(ROUND(G12*H12/10,1),"-")'
    assert len(sheet.notes) == 0
    assert sheet.api.isProtected()
    assert actions.restore_formulas(crops) == 0


def test_rows_that_were_inserted_get_their_formulas(poverty: xw.Book) -> None:
    sheet = poverty.sheets[0]
    sheet["12:12"].insert("down")
    sheet["A12:B12"].value = ["Phường Ba", "29557"]

    count = actions.restore_formulas(poverty)

    assert count == 3
    assert sheet["F12"].formula == '=IFERROR(ROUND(E12/D12*100,2),"-")'


def test_old_vietnamese_text_becomes_unicode_in_the_font_of_the_form(crops: xw.Book) -> None:
    sheet = sheet_of(crops)
    official = sheet["A13"].font.name
    sheet["A12"].value = "Lóa §«ng Xu©n"
    sheet["A12"].font.name = ".VnTime"
    sheet["A22"].value = "Đã đối chiếu với sổ gốc"

    count = actions.repair_text(crops)

    assert count == 1
    assert sheet["A12"].value == "Lúa Đông Xuân"
    assert sheet["A12"].font.name == official
    assert sheet["A22"].value == "Đã đối chiếu với sổ gốc"


def test_a_book_in_order_is_left_alone(crops: xw.Book) -> None:
    assert actions.restore_formulas(crops) == 0
    assert actions.repair_text(crops) == 0
    assert an_issued(CROPS).version.form == CROPS != POVERTY
