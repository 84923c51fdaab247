from __future__ import annotations

from pathlib import Path

import pytest
import xlwings as xw

from addin import actions
from addin.errors import ActionError
from addin.painting import RED
from formulas.text.detection import Certainty
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


def test_each_run_is_rewritten_in_its_own_font_and_keeps_its_looks(crops: xw.Book) -> None:
    sheet = sheet_of(crops)
    typed_in_runs(sheet, "Tổng số: ", "sè hé ngh\u00cco", ".VnTime")
    sheet["A12"].characters[9:].font.bold = True

    assert actions.repair_text(crops) == 1

    cell = sheet["A12"]
    assert cell.value == "Tổng số: số hộ nghèo"
    assert cell.characters[9:].font.name == "Times New Roman"
    assert cell.characters[9:].font.bold
    assert cell.characters[:9].font.name == "Arial"


def test_what_was_repaired_can_be_taken_back_run_by_run(crops: xw.Book) -> None:
    sheet = sheet_of(crops)
    typed_in_runs(sheet, "Tổng số: ", "sè hé ngh\u00cco", ".VnTime")
    sheet["A16"].value = "C©y l©u n¨m vµ c©y ¨n qu¶"
    actions.repair_text(crops)
    sheet["A16"].value = "Cây lâu năm"

    assert actions.undo_text(crops) == 1

    assert sheet["A12"].value == "Tổng số: sè hé ngh\u00cco"
    assert sheet["A12"].characters[9:].font.name == ".VnTime"
    assert sheet["A16"].value == "Cây lâu năm"
    assert actions.undo_text(crops) == 0


def test_doubtful_texts_are_shown_and_rewritten_only_when_chosen(crops: xw.Book) -> None:
    sheet = sheet_of(crops)
    sheet["A22"].value = "Traø Vinh"

    previewed = actions.preview_text(crops)

    assert [(one.cell, one.before, one.after, one.certainty) for one in previewed] == [
        ("A22", "Traø Vinh", "Trà Vinh", Certainty.DOUBTFUL)
    ]
    assert actions.repair_text(crops) == 0
    assert actions.repair_text(crops, previewed) == 1
    assert sheet["A22"].value == "Trà Vinh"


def test_a_damaged_log_is_told_and_nothing_changes(crops: xw.Book) -> None:
    sheet = sheet_of(crops)
    sheet["A12"].value = "Lóa §«ng Xu©n"
    actions.repair_text(crops)
    log = next((Path(crops.fullname).parent / ".bieuso").glob("*.chu.json"))
    log.write_text('[{"sheet": 1}]', encoding="utf-8")

    with pytest.raises(ActionError):
        actions.undo_text(crops)

    assert sheet["A12"].value == "Lúa Đông Xuân"


def typed_in_runs(sheet: xw.Sheet, first: str, second: str, font: str) -> None:
    cell = sheet["A12"]
    cell.value = first + second
    cell.characters[: len(first)].font.name = "Arial"
    cell.characters[len(first) :].font.name = font


def test_a_book_in_order_is_left_alone(crops: xw.Book) -> None:
    assert actions.restore_formulas(crops) == 0
    assert actions.repair_text(crops) == 0
    assert an_issued(CROPS).version.form == CROPS != POVERTY
