"""Warnings about figures want an explanation on the sheet "Giải trình" of the very workbook."""

import io

import openpyxl
import pytest

from formulas.checking import Report, check
from formulas.explaining import is_enough
from tests.formulas.specimens import CROPS, a_version, findings_of, only, place, with_cells
from workbooks.finding import Severity
from workbooks.patch import patch_cells
from workbooks.rows import insert_rows

SHEET = "Giải trình"
LOW_YIELD = {("04", "5"): 5.5}
CELL = place(CROPS, "04", "5")
WHY = "Hạn mặn kéo dài làm giảm năng suất"


def explained(*lines: tuple[str, str, str], cells: dict[tuple[str, str], float] | None = None) -> Report:
    """The report on a form of low yields with lines (code, cell, explanation) on its sheet of explanations."""
    written = {
        (5 + number, column): text
        for number, (code, cell, why) in enumerate(lines)
        for column, text in ((1, code), (2, cell), (4, why))
    }
    data = with_cells(CROPS, cells or LOW_YIELD)
    return check(patch_cells(data, {SHEET: written}), a_version(CROPS))


def test_an_unexplained_warning_refuses_the_workbook_and_is_named() -> None:
    report = explained()

    finding = only(report, "BS505")

    assert not report.ok
    assert f"BS502 ở {CELL}" in finding.message
    assert finding.sheet == SHEET
    assert only(report, "BS502").explanation == ""


@pytest.mark.parametrize(
    ("code", "cell"),
    [
        ("BS502", CELL),
        ("502", CELL),
        ("", CELL),
        ("BS502", CELL.lower()),
        ("BS502", f"${CELL[0]}${CELL[1:]}"),
        ("BS502", f"'KTXH-09.T'!{CELL}"),
        ("BS502", f"Ô {CELL}"),
        ("BS502", "Mã số 04, cột 5"),
        ("BS502", "04, 5"),
        ("BS502", "dòng 04 cột 5"),
        ("BS502", f"{CELL}, H13"),
    ],
)
def test_an_explanation_is_known_by_address_or_codes_as_people_write_them(code: str, cell: str) -> None:
    report = explained((code, cell, WHY))

    assert findings_of(report, "BS505") == []
    assert only(report, "BS502").explanation == WHY
    assert report.ok


@pytest.mark.parametrize(("code", "cell"), [("BS501", CELL), ("BS502", "A1"), ("BS502", ""), ("BS502", "05, 4")])
def test_an_explanation_of_something_else_explains_nothing(code: str, cell: str) -> None:
    assert only(explained((code, cell, WHY)), "BS505")


@pytest.mark.parametrize("text", ["ok", ".", "", "đúng rồi", "ok ok ok ok ok", "1 2 3 4", "a b c", "……"])
def test_a_word_or_two_are_no_explanation(text: str) -> None:
    assert not is_enough(text)
    assert only(explained(("BS502", CELL, text)), "BS505")


@pytest.mark.parametrize("text", ["Giá xăng tăng", WHY, "Do bão số 3, mất trắng 40 ha"])
def test_three_words_are_enough(text: str) -> None:
    assert is_enough(text)


def test_an_explanation_of_a_warning_that_is_gone_is_harmless() -> None:
    report = explained(("BS502", CELL, WHY), cells={("04", "5"): 55.0})

    assert report.findings == ()


def test_an_explanation_in_an_old_encoding_is_told() -> None:
    report = explained(("BS502", CELL, "H¹n mÆn kÐo dµi lµm gi¶m n¨ng suÊt"))

    assert only(report, "BS701").sheet == SHEET


def test_an_explanation_by_codes_follows_its_row() -> None:
    data = insert_rows(with_cells(CROPS, LOW_YIELD), CROPS, 5, 2, 5)
    data = patch_cells(data, {SHEET: {(5, 2): "Mã số 04, cột 5", (5, 4): WHY}})

    report = check(data, a_version(CROPS))

    assert only(report, "BS502").explanation == WHY


def test_only_warnings_about_figures_want_an_explanation() -> None:
    """A cell left blank, or a sum typed into a cell, is a technical matter."""
    report = explained(cells={("04", "5"): None})  # type: ignore[dict-item]  # a blank cell

    assert only(report, "BS613").severity is Severity.WARNING
    assert findings_of(report, "BS505") == []


def test_a_form_issued_before_there_was_a_place_for_explanations_is_not_held_to_them() -> None:
    book = openpyxl.load_workbook(io.BytesIO(with_cells(CROPS, LOW_YIELD)))
    del book[SHEET]
    del book.defined_names["BS_explanations"]
    stream = io.BytesIO()
    book.save(stream)

    report = check(stream.getvalue(), a_version(CROPS))

    assert only(report, "BS502").explanation == ""
    assert findings_of(report, "BS505") == []


def test_the_sheet_deleted_from_the_form_does_not_spare_the_explanation() -> None:
    book = openpyxl.load_workbook(io.BytesIO(with_cells(CROPS, LOW_YIELD)))
    del book[SHEET]
    stream = io.BytesIO()
    book.save(stream)

    assert only(check(stream.getvalue(), a_version(CROPS)), "BS505")


def test_the_lines_are_found_where_a_program_lost_the_name() -> None:
    book = openpyxl.load_workbook(io.BytesIO(with_cells(CROPS, LOW_YIELD)))
    del book.defined_names["BS_explanations"]
    book[SHEET]["B7"], book[SHEET]["D7"] = CELL, WHY
    stream = io.BytesIO()
    book.save(stream)

    assert only(check(stream.getvalue(), a_version(CROPS)), "BS502").explanation == WHY


def test_the_explanation_is_part_of_what_programs_are_told() -> None:
    told = only(explained(("", CELL, WHY)), "BS502").to_dict()

    assert told["explanation"] == WHY
