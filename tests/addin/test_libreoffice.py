from __future__ import annotations

import builtins
import datetime as dt
import sys
from pathlib import Path

import pytest
import xlwings as xw

from addin.libreoffice import Office, OfficeError, register
from addin.libreoffice.uno_bridge import speaking, uno


def test_no_paid_part_of_xlwings_is_in_use() -> None:
    assert not xw.__pro__


def test_uno_leaves_the_import_machinery_and_the_path_alone() -> None:
    original_import, original_path = builtins.__import__, list(sys.path)

    uno()

    assert builtins.__import__ is original_import
    assert sys.path == original_path
    assert not any("dist-packages" in entry for entry in sys.path)


def test_numbers_text_booleans_dates_and_blanks_come_back_as_they_went(sheet: xw.Sheet) -> None:
    row = [1.0, -2.5, "Đắk Lắk", True, False, dt.datetime.fromisoformat("2026-09-01T12:30"), None, "007"]

    sheet["A1"].value = row

    assert sheet["A1:H1"].value == row


def test_a_date_is_shown_as_a_date(sheet: xw.Sheet) -> None:
    sheet["A1"].value = dt.date(2026, 2, 28)

    assert sheet["A1"].value == dt.datetime.fromisoformat("2026-02-28")
    assert sheet["A1"].options(dates=dt.date).value == dt.date(2026, 2, 28)


def test_an_error_is_none_unless_it_is_asked_for_by_name(sheet: xw.Sheet) -> None:
    sheet["A1"].value = [["=1/0", "=NA()", '=1+"x"', "=NoSuchName+1", '=""']]

    assert sheet["A1:E1"].value == [None, None, None, None, None]
    assert sheet["A1:E1"].options(err_to_str=True).value == ["#DIV/0!", "#N/A", "#VALUE!", "#NAME?", None]


@pytest.mark.parametrize(
    "formula",
    [
        "=SUM(A1:B1,C1)",
        "='Số liệu'!A1*2",
        "=SUM('Số liệu'!$A$1:B2,'Số liệu'!C1)",
        "=SUM('Số liệu'!A:A)",
        '=IF(A1>0,"a;b, c!d",{1,2;3,4})',
        "=STDEV.S(A1:B1)+T.DIST.2T(1.5,3)",
        "=IF(A1=FALSE,TRUE,FALSE)",
        '="Trang.A1"&"\'"',
        "=LOG10(A1)+ROUND(1.5,0)",
    ],
)
def test_a_formula_reads_as_excel_writes_it(book: xw.Book, formula: str) -> None:
    book.sheets.add("Số liệu", after=book.sheets[0])
    sheet = book.sheets[0]

    sheet["D4"].formula = formula

    assert sheet["D4"].formula == formula


def test_one_formula_for_many_cells_moves_its_references(sheet: xw.Sheet) -> None:
    sheet["A1:B2"].value = [[1, 2], [3, 4]]

    sheet["D1:E2"].formula = "=A1*10"

    assert sheet["D1:E2"].formula == (("=A1*10", "=B1*10"), ("=A2*10", "=B2*10"))
    assert sheet["D1:E2"].value == [[10, 20], [30, 40]]


def test_text_that_looks_like_a_number_stays_text(sheet: xw.Sheet) -> None:
    sheet["A1"].value = ["0012", "1.5", "'x"]

    assert sheet["A1:C1"].value == ["0012", "1.5", "'x"]
    assert sheet["A1:C1"].formula == (("0012", "1.5", "'x"),)


def test_names_are_found_by_book_and_sheet(book: xw.Book) -> None:
    book.names.add("BS_T1", "=Sheet1!$A$1:$B$3")
    book.sheets[0].names.add("rieng", "=Sheet1!$C$1")

    assert book.names["BS_T1"].refers_to == "=Sheet1!$A$1:$B$3"
    assert book.names["bs_t1"].refers_to_range.address == "$A$1:$B$3"
    assert book.names["Sheet1!rieng"].refers_to_range.address == "$C$1"
    assert book.sheets[0].names["rieng"].refers_to == "=Sheet1!$C$1"
    assert book.sheets[0].range("BS_T1").address == "$A$1:$B$3"


def test_an_inserted_row_moves_names_formulas_and_notes(book: xw.Book) -> None:
    sheet = book.sheets[0]
    sheet["A2:A4"].value = [[1], [2], [3]]
    sheet["A5"].formula = "=SUM(A2:A4)"
    sheet["A4"].add_note("ở dòng 4")
    book.names.add("cot", "=Sheet1!$A$2:$A$5")

    sheet["4:4"].insert("down")

    assert sheet["A6"].formula == "=SUM(A2:A5)"
    assert book.names["cot"].refers_to_range.address == "$A$2:$A$6"
    assert [note.location.address for note in sheet.notes] == ["$A$5"]
    sheet["4:4"].delete()
    assert sheet["A5"].formula == "=SUM(A2:A4)"


def test_a_colour_that_cells_do_not_share_is_none(sheet: xw.Sheet) -> None:
    sheet["A1"].color = (255, 235, 156)

    assert sheet["A1"].color == (255, 235, 156)
    assert sheet["B1"].color is None
    assert sheet["A1:B1"].color is None
    sheet["A1"].color = None
    assert sheet["A1"].color is None


def test_colours_are_set_cell_by_cell_and_others_left(sheet: xw.Sheet) -> None:
    sheet["B1"].color = "#00ff00"

    sheet["A1:C1"].set_colors([[(255, 0, 0), ..., None]])

    assert [sheet[address].color for address in ("A1", "B1", "C1")] == [(255, 0, 0), (0, 255, 0), None]


def test_notes_are_written_changed_and_removed(sheet: xw.Sheet) -> None:
    sheet["B2"].add_note("Sai tổng")

    sheet["B2"].note.text = "Sai tổng dòng"

    assert sheet["B2"].note.text == "Sai tổng dòng"
    sheet["B2"].note.delete()
    assert sheet["B2"].note is None
    assert len(sheet.notes) == 0


def test_fonts_and_number_formats(sheet: xw.Sheet) -> None:
    sheet["A1"].font.name = ".VnTime"
    sheet["A1"].font.bold = True
    sheet["A1"].number_format = "#,##0.00"

    assert sheet["A1"].font.name == ".VnTime"
    assert sheet["A1:B1"].font.name is None
    assert (sheet["A1"].font.bold, sheet["B1"].font.bold) == (True, False)
    assert sheet["A1"].number_format == "#,##0.00"


def test_a_book_is_saved_and_opened_again(office: xw.App, tmp_path: Path) -> None:
    path = tmp_path / "biểu số 1.xlsx"
    book = office.books.add()
    book.sheets[0]["A1"].value = "Bắc Ninh"
    book.save(path)
    book.close()

    again = office.books.open(path)

    assert again.name == path.name
    assert Path(again.fullname) == path
    assert again.sheets[0]["A1"].value == "Bắc Ninh"
    again.close()
    assert path.name not in [book.name for book in office.books]
    assert not list(tmp_path.glob(".~lock*"))


def test_a_hidden_sheet_is_there_and_not_shown(book: xw.Book) -> None:
    hidden = book.sheets.add("_bieuso")

    hidden.visible = False

    assert not book.sheets["_bieuso"].visible
    assert "_bieuso" in [sheet.name for sheet in book.sheets]


def test_a_hundred_thousand_cells_travel_in_bulk(sheet: xw.Sheet) -> None:
    block = [[float(row * column) for column in range(100)] for row in range(1000)]

    sheet["A1"].value = block

    assert sheet.used_range.value == block


def test_what_libreoffice_refuses_is_said_in_vietnamese() -> None:
    with pytest.raises(OfficeError, match="LibreOffice không làm được việc: thử"), speaking("thử"):
        uno().getClass("no.such.Type")


def test_a_book_whose_office_died_says_so(tmp_path: Path) -> None:
    register()
    with xw.App(visible=False, add_book=False) as app:
        book = app.books.add()
        cell = book.sheets[0]["A1"]
        cell.value = 1
        app.impl.office._kill()

        with pytest.raises(OfficeError, match="LibreOffice"), book.app.properties(screen_updating=False):
            _ = cell.color
        with pytest.raises(OfficeError):
            _ = [sheet.name for sheet in book.sheets]


def test_an_office_that_was_killed_leaves_nothing_behind() -> None:
    office = Office()
    home = Path(office._home)
    office._kill()

    office.close()

    assert not home.exists()
    with pytest.raises(OfficeError, match="LibreOffice đã đóng"):
        _ = office.desktop


def test_writing_values_leaves_notes_where_they_are(sheet: xw.Sheet) -> None:
    sheet["A1"].add_note("một")
    sheet["B2"].add_note("hai")
    sheet["C9"].add_note("ngoài")

    sheet["A1"].value = 5
    sheet["A1:B2"].value = [[1, 2], [3, 4]]
    sheet["B2"].formula = "=A1"

    assert [(note.location.address, note.text) for note in sheet.notes] == [
        ("$A$1", "một"),
        ("$B$2", "hai"),
        ("$C$9", "ngoài"),
    ]


def test_constants_are_not_taken_for_formulas(sheet: xw.Sheet) -> None:
    texts = ["Ha; Tạ/ha; Tấn", "a~b!c", "{=1;2}", "TRUE()"]
    sheet["A1"].value = texts
    sheet["E1"].impl.cell.setString("=SUM(A1;B1)")

    assert sheet["A1:E1"].formula == ((*texts, "=SUM(A1;B1)"),)

    sheet["A2:B2"].formula = [["x, y", "=SUM(A3,B3)"]]
    assert sheet["A2:B2"].formula == (("x, y", "=SUM(A3,B3)"),)


def test_an_array_formula_reads_without_its_braces(sheet: xw.Sheet) -> None:
    sheet["A1:B2"].value = [[1, 2], [3, 4]]

    sheet["D1"].formula_array = "=SUM(A1:A2*B1:B2)"

    assert sheet["D1"].value == 14
    assert sheet["D1"].formula == "=SUM(A1:A2*B1:B2)"
    assert sheet["D1"].has_array
