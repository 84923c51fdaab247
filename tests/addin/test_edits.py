from __future__ import annotations

import pytest
import xlwings as xw

from addin.edits import book_edits, carry
from addin.errors import EditError
from form_templates.model import CellKey
from form_templates.reading import FilledForm, read_form
from tests.addin.conftest import Opener
from tests.addin.forms import CROPS, OFFICIAL, POVERTY, an_issued
from workbooks.package import open_package
from workbooks.sheet import Cell
from workbooks.workbook import open_workbook


def sheet_of(book: xw.Book) -> xw.Sheet:
    """The form's sheet with its protection lifted, as somebody determined would."""
    sheet = book.sheets[0]
    sheet.api.unprotect("")
    return sheet


def edited(book: xw.Book, form: str) -> FilledForm:
    issued = an_issued(form)
    return read_form(open_workbook(book_edits(book, issued.data, issued.version)), issued.version)


def cell(data: bytes, row: int, column: int) -> Cell:
    workbook = open_workbook(data)
    return workbook.read_sheet(workbook.sheets[0].name).cells[row, column]


@pytest.mark.parametrize("form", OFFICIAL)
def test_a_book_nobody_touched_carries_nothing(opened: Opener, form: str) -> None:
    issued = an_issued(form)

    carried = carry(opened(issued), issued.data, issued.version)

    assert carried.changed == {}


def test_typed_values_reach_the_issued_file_and_nothing_else_changes(crops: xw.Book) -> None:
    issued = an_issued(CROPS)
    crops.sheets[0]["E12:H12"].value = [1520.5, 1498, 1400, 62.35]
    crops.sheets[0]["E13"].value = "-"

    data = book_edits(crops, issued.data, issued.version)

    before, after = open_package(issued.data), open_package(data)
    assert [part for part in before.parts if before.part(part) != after.part(part)] == ["/xl/worksheets/sheet1.xml"]
    assert before.parts == after.parts
    filled = read_form(open_workbook(data), issued.version)
    assert [filled.cells[CellKey("T1", "04", code)].value for code in "2345"] == [1520.5, 1498, 1400, 62.35]
    assert filled.cells[CellKey("T1", "05", "2")].value == "-"
    assert filled.findings == ()


def test_totals_show_our_own_recomputation(crops: xw.Book) -> None:
    crops.sheets[0]["G12:H12"].value = [1400, 62.35]

    filled = edited(crops, CROPS)

    total = filled.cells[CellKey("T1", "03", "6")]
    assert total.value == 8729
    assert total.formula == "SUM({04|6},{05|6})"


def test_a_total_overwritten_by_a_number_is_carried(crops: xw.Book) -> None:
    sheet_of(crops)["E9"].value = 99999

    total = edited(crops, CROPS).cells[CellKey("T1", "01", "2")]

    assert (total.value, total.formula) == (99999, None)


def test_a_formula_that_was_changed_is_carried_as_typed(crops: xw.Book) -> None:
    sheet_of(crops)["E11"].formula = "=SUM(E12,E13)+100"

    total = edited(crops, CROPS).cells[CellKey("T1", "03", "2")]

    assert (total.value, total.formula) == (100, "SUM({04|2},{05|2})+100")


def test_a_formula_that_was_deleted_is_carried_as_blank(crops: xw.Book) -> None:
    sheet_of(crops)["E11"].clear_contents()

    total = edited(crops, CROPS).cells[CellKey("T1", "03", "2")]

    assert (total.value, total.formula) == (None, None)


def test_a_sum_typed_into_an_input_cell_is_carried(crops: xw.Book) -> None:
    crops.sheets[0]["E12"].formula = "=1000+520.5"

    typed = edited(crops, CROPS).cells[CellKey("T1", "04", "2")]

    assert (typed.value, typed.formula) == (1520.5, "1000+520.5")


def test_text_that_begins_with_an_equals_sign_does_not_become_a_formula(crops: xw.Book) -> None:
    issued = an_issued(CROPS)
    sheet = sheet_of(crops)
    sheet["A21"].impl.cell.setString("=HYPERLINK(1)")

    data = book_edits(crops, issued.data, issued.version)

    assert cell(data, 21, 1).value == "=HYPERLINK(1)"
    assert cell(data, 21, 1).formula is None


def test_an_error_value_stays_an_error(crops: xw.Book) -> None:
    crops.sheets[0]["E12"].formula = "=1/0"

    typed = edited(crops, CROPS).cells[CellKey("T1", "04", "2")]

    assert typed.value == "#DIV/0!"
    assert typed.state == "error"


def test_a_code_and_a_label_that_were_changed_are_carried(crops: xw.Book) -> None:
    sheet = sheet_of(crops)
    sheet["B12"].value = "99"
    sheet["A12"].value = "Lúa xuân"

    filled = edited(crops, CROPS)

    assert {finding.code for finding in filled.findings} >= {"BS368"}
    issued = an_issued(CROPS)
    assert cell(book_edits(crops, issued.data, issued.version), 12, 1).value == "Lúa xuân"


def test_text_in_an_old_encoding_is_carried_with_its_font(crops: xw.Book) -> None:
    issued = an_issued(CROPS)
    sheet = sheet_of(crops)
    sheet["A12"].value = "Lóa §«ng Xu©n"
    sheet["A12"].font.name = ".VnTime"
    sheet["A13"].value = "Lúa mùa"
    sheet["A13"].font.name = "Arial"

    data = book_edits(crops, issued.data, issued.version)

    before, after = open_workbook(issued.data), open_workbook(data)
    typed, plain = (after.read_sheet(CROPS).cells[row, 1] for row in (12, 13))
    assert (typed.value, after.font_of(typed.style)) == ("Lóa §«ng Xu©n", ".VnTime")
    assert plain.style == before.read_sheet(CROPS).cells[13, 1].style
    assert after.styles.formats[: before.styles.count] == before.styles.formats
    assert after.styles.fonts[: before.styles.count] == before.styles.fonts


def test_values_of_members_are_carried_under_their_keys(poverty: xw.Book) -> None:
    sheet = poverty.sheets[0]
    sheet["D11:D12"].value = [[1200], [800]]
    sheet["A13:B13"].value = ["Phường Ba", "29557"]
    sheet["D13"].value = 500

    filled = edited(poverty, POVERTY)

    assert [member.key for member in filled.members["T1", "02*"]] == ["29551", "29554", "29557"]
    assert filled.cells[CellKey("T1", "02*#29557", "1")].value == 500
    assert filled.cells[CellKey("T1", "02", "1")].value == 2500
    assert filled.findings == ()


def test_rows_inserted_into_a_region_grow_the_issued_file(poverty: xw.Book) -> None:
    issued = an_issued(POVERTY)
    sheet = poverty.sheets[0]
    sheet["12:13"].insert("down")
    sheet["A12:B13"].value = [["Phường Ba", "29557"], ["Phường Bốn", "29560"]]
    sheet["D11:D14"].value = [[1], [20], [300], [4000]]

    carried = carry(poverty, issued.data, issued.version)

    workbook = open_workbook(carried.data)
    filled = read_form(workbook, issued.version)
    assert [member.key for member in filled.members["T1", "02*"]] == ["29551", "29557", "29560", "29554"]
    assert filled.findings == ()
    cells = filled.cells
    assert cells[CellKey("T1", "02*#29560", "1")].value == 300
    assert cells[CellKey("T1", "02*#29560", "8")].formula == 'IFERROR(ROUND({@|7}/{@|1}*100,2),"-")'
    assert cells[CellKey("T1", "02", "1")].value == 4321
    assert cells[CellKey("T1", "02", "1")].formula == "SUM({02*|1})"
    assert workbook.read_sheet(POVERTY).cells[13, 3].value == "Hộ"
    assert not carried.alignments[POVERTY].moves


def test_rows_deleted_from_a_region_leave_blank_rows(poverty: xw.Book) -> None:
    issued = an_issued(POVERTY)
    sheet = sheet_of(poverty)
    sheet["D11:D12"].value = [[1200], [800]]
    sheet["11:11"].delete()

    carried = carry(poverty, issued.data, issued.version)

    filled = read_form(open_workbook(carried.data), issued.version)
    assert [member.key for member in filled.members["T1", "02*"]] == ["29554"]
    assert filled.cells[CellKey("T1", "02", "1")].value == 800
    assert filled.cells[CellKey("T1", "02", "1")].formula == "SUM({02*|1})"
    assert carried.place_in_book(POVERTY, 15, 4) == (14, 4)


def test_a_row_put_above_the_form_with_nothing_in_it_does_no_harm(crops: xw.Book) -> None:
    issued = an_issued(CROPS)
    sheet = sheet_of(crops)
    sheet["1:1"].insert("down")
    sheet["E13"].value = 1520.5
    sheet["E12"].formula = "=SUM(E13,E14)*2"

    carried = carry(crops, issued.data, issued.version)

    filled = read_form(open_workbook(carried.data), issued.version)
    assert carried.changed == {CROPS: frozenset({(12, 5), (11, 5)})}
    assert filled.cells[CellKey("T1", "04", "2")].value == 1520.5
    assert cell(carried.data, 11, 5).formula == "SUM(E12,E13)*2"
    assert carried.place_in_book(CROPS, 12, 5) == (13, 5)


def test_what_has_no_place_in_the_form_is_refused_by_name(crops: xw.Book) -> None:
    issued = an_issued(CROPS)
    sheet = sheet_of(crops)
    sheet["12:12"].insert("down")
    sheet["E12"].value = 777

    with pytest.raises(EditError, match=r"Ô E12 của trang “KTXH-09.T” \(777") as caught:
        book_edits(crops, issued.data, issued.version)

    assert caught.value.code == "no-place"


def test_a_row_of_the_form_that_was_deleted_is_refused_by_its_code(crops: xw.Book) -> None:
    issued = an_issued(CROPS)
    sheet_of(crops)["12:12"].delete()

    with pytest.raises(EditError, match="mất dòng mã số 04"):
        book_edits(crops, issued.data, issued.version)


def test_a_form_without_its_sheet_is_refused(crops: xw.Book) -> None:
    issued = an_issued(CROPS)
    crops.sheets.add("Khác")
    crops.sheets[0].delete()

    with pytest.raises(EditError, match="Không thấy trang"):
        book_edits(crops, issued.data, issued.version)


def test_a_workbook_that_libreoffice_saved_still_carries(office: xw.App, crops: xw.Book) -> None:
    issued = an_issued(CROPS)
    crops.sheets[0]["E12"].value = 1520.5
    path = crops.fullname
    crops.save()
    crops.close()
    again = office.books.open(path)

    carried = carry(again, issued.data, issued.version)
    again.close()

    assert carried.changed == {CROPS: frozenset({(12, 5)})}
