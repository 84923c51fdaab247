from __future__ import annotations

from dataclasses import replace

import pytest
import xlwings as xw

from addin.errors import ActionError
from addin.painting import AMBER, RED, paint, unpaint
from tests.addin.forms import CROPS
from workbooks.finding import Finding, Severity


def a_finding(cell: str, *, code: str = "BS401", severity: Severity = Severity.ERROR, sheet: str = CROPS) -> Finding:
    return Finding(code, severity, f"Ô {cell} sai.", "Nhập lại.", sheet=sheet, cell=cell)


def test_a_finding_colours_its_cell_and_says_what_to_do(crops: xw.Book) -> None:
    sheet = crops.sheets[0]

    marked = paint(crops, [a_finding("E12"), a_finding("F12", code="BS501", severity=Severity.WARNING)])

    assert marked == 2
    assert (sheet["E12"].color, sheet["F12"].color) == (RED, AMBER)
    assert sheet["E12"].note.text.startswith("LỖI BS401: Ô E12 sai.\n→ Nhập lại.")
    assert sheet["F12"].note.text.startswith("CẢNH BÁO BS501")


def test_several_findings_on_one_cell_share_a_note_with_the_error_first(crops: xw.Book) -> None:
    warning = a_finding("E12", code="BS601", severity=Severity.WARNING)

    paint(crops, [warning, a_finding("E12")])

    text = crops.sheets[0]["E12"].note.text
    assert text.index("BS401") < text.index("BS601")
    assert crops.sheets[0]["E12"].color == RED


def test_an_explained_warning_shows_its_explanation(crops: xw.Book) -> None:
    explained = replace(a_finding("E12", severity=Severity.WARNING), explanation="Hạn mặn kéo dài")

    paint(crops, [explained])

    assert crops.sheets[0]["E12"].note.text.startswith("CẢNH BÁO BS401: Ô E12 sai.\n→ Giải trình: Hạn mặn kéo dài")


def test_unpainting_leaves_no_trace(crops: xw.Book) -> None:
    sheet = crops.sheets[0]
    places = ["D9", "E12", "A12", "B12", "I9"]
    before = [(sheet[place].color, sheet[place].note) for place in places]
    paint(crops, [a_finding(place) for place in places])

    count = unpaint(crops)

    assert count == len(places)
    assert [(sheet[place].color, sheet[place].note) for place in places] == before
    assert len(sheet.notes) == 0


def test_painting_twice_is_painting_once(crops: xw.Book) -> None:
    sheet = crops.sheets[0]
    original = sheet["E12"].color
    paint(crops, [a_finding("E12"), a_finding("F12")])
    once = sheet["E12"].note.text

    paint(crops, [a_finding("E12")])

    assert sheet["E12"].note.text == once
    assert sheet["F12"].note is None
    unpaint(crops)
    assert sheet["E12"].color == original


def test_the_notes_of_others_are_kept(crops: xw.Book) -> None:
    sheet = crops.sheets[0]
    sheet["E12"].add_note("Số này lấy từ Chi cục,\nđã đối chiếu.")
    sheet["G14"].add_note("Chú ý.")

    paint(crops, [a_finding("E12")])

    assert "đã đối chiếu" in sheet["E12"].note.text
    unpaint(crops)
    assert sheet["E12"].note.text == "Số này lấy từ Chi cục,\nđã đối chiếu."
    assert sheet["G14"].note.text == "Chú ý."


def test_a_colour_the_person_gave_meanwhile_is_left_alone(crops: xw.Book) -> None:
    sheet = crops.sheets[0]
    paint(crops, [a_finding("E12")])
    sheet["E12"].color = (0, 128, 0)

    unpaint(crops)

    assert sheet["E12"].color == (0, 128, 0)


def test_marks_survive_saving_and_opening_again(office: xw.App, crops: xw.Book) -> None:
    original = crops.sheets[0]["E12"].color
    paint(crops, [a_finding("E12")])
    path = crops.fullname
    crops.save()
    crops.close()

    again = office.books.open(path)
    count = unpaint(again)
    colour, note = again.sheets[0]["E12"].color, again.sheets[0]["E12"].note
    again.close()

    assert (count, colour, note) == (1, original, None)


def test_the_protection_of_a_sheet_is_as_it_was(crops: xw.Book) -> None:
    sheet = crops.sheets[0]
    assert sheet.api.isProtected()

    paint(crops, [a_finding("E9")])

    assert sheet["E9"].color == RED
    assert sheet.api.isProtected()


def test_a_password_is_not_ours_to_lift(crops: xw.Book) -> None:
    sheet = crops.sheets[0]
    sheet.api.unprotect("")
    sheet.api.protect("bí mật")

    with pytest.raises(ActionError, match="khóa bằng mật khẩu"):
        paint(crops, [a_finding("E12")])

    assert sheet.api.isProtected()
    sheet.api.unprotect("bí mật")


def test_findings_without_a_cell_are_left_to_the_list(crops: xw.Book) -> None:
    findings = [a_finding(""), a_finding("E12", sheet=""), a_finding("E12", sheet="Không có"), a_finding("rác")]

    assert paint(crops, findings) == 0


def test_many_findings_are_painted_and_all_removed(crops: xw.Book) -> None:
    cells = [f"{column}{row}" for row in range(30, 36) for column in "ABCDEFGHIJ"]

    marked = paint(crops, [a_finding(cell) for cell in cells])

    assert marked == 60
    assert unpaint(crops) == 60
