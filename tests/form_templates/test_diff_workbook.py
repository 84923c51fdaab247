"""A comparison as a workbook to look at: changed cells in colour with notes, a list in front, the template intact."""

import io
from dataclasses import replace

import openpyxl
from openpyxl.workbook.workbook import Workbook as Book

from form_templates.compile import compile_template
from form_templates.diff import diff
from form_templates.diff_workbook import SHEET, marked_workbook
from form_templates.model import FormVersion
from tests.form_templates.specimens import template, version
from workbooks.patch import Formula, patch_cells

FORM = "KTXH-09.T"
GREEN, AMBER, RED = "00C6EFCE", "00FFEB9C", "00FFC7CE"


def edited() -> bytes:
    """The template with a label and a formula changed."""
    formula = Formula('IFERROR(ROUND(G12*H12/10,2),"-")')
    return patch_cells(template(FORM), {FORM: {(14, 1): "=1+1 {x} [/red]", (12, 9): formula}})


def without_row(form: FormVersion, code: str) -> FormVersion:
    (table,) = form.tables
    rows = tuple(row for row in table.rows if row.code != code)
    cells = tuple(cell for cell in table.cells if cell.key.row != code)
    return replace(form, tables=(replace(table, rows=rows, cells=cells),))


def marked(old: FormVersion, new: bytes) -> Book:
    found = diff(old, compile_template(new))
    return openpyxl.load_workbook(io.BytesIO(marked_workbook(new, found)))


def test_changed_cells_are_coloured_and_say_before_and_after() -> None:
    sheet = marked(version(FORM), edited())[FORM]

    assert sheet["I12"].fill.start_color.rgb == AMBER
    assert sheet["A14"].fill.start_color.rgb == AMBER
    note = sheet["I12"].comment
    assert note is not None
    assert 'Trước: =IFERROR(ROUND(G12*H12/10,1),"-")' in note.text
    assert 'Sau: =IFERROR(ROUND(G12*H12/10,2),"-")' in note.text


def test_cells_that_did_not_change_are_as_they_were() -> None:
    was = openpyxl.load_workbook(io.BytesIO(edited()))[FORM]
    sheet = marked(version(FORM), edited())[FORM]

    same = [cell.coordinate for row in was.iter_rows() for cell in row if cell.coordinate not in {"A14", "I12"}]

    assert [at for at in same if sheet[at].value != was[at].value] == []
    assert [at for at in same if sheet[at].fill.start_color.rgb != was[at].fill.start_color.rgb] == []
    assert sheet.merged_cells.ranges == was.merged_cells.ranges


def test_the_first_sheet_lists_every_change_as_text() -> None:
    book = marked(version(FORM), edited())
    sheet = book.worksheets[0]

    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5)]

    assert (sheet.title, book.active is sheet) == (SHEET, True)
    assert rows[0][3] == "Dòng 06, tên: “2. Ngô” → “=1+1 {x} [/red]”"
    assert rows[1][4:7] == [
        "I12",
        '=IFERROR(ROUND(G12*H12/10,1),"-")',
        '=IFERROR(ROUND(G12*H12/10,2),"-")',
    ]
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}


def test_very_long_labels_make_rows_and_texts_that_excel_can_open() -> None:
    new = patch_cells(template(FORM), {FORM: {(row, 1): chr(96 + row) * 32_700 for row in range(12, 16)}})

    sheet = marked(version(FORM), new).worksheets[0]

    assert max(dimension.height or 0 for dimension in sheet.row_dimensions.values()) <= 409
    assert max(len(str(cell.value)) for row in sheet.iter_rows() for cell in row) <= 32_767


def test_a_removed_row_is_listed_in_red_and_an_added_one_is_green() -> None:
    old = version(FORM)
    removed = openpyxl.load_workbook(io.BytesIO(marked_workbook(template(FORM), diff(old, without_row(old, "11")))))
    added = marked(without_row(old, "11"), template(FORM))

    line = removed.worksheets[0][5]
    assert (line[3].value, line[3].fill.start_color.rgb) == ("Bỏ dòng 11 “Đậu các loại”", RED)
    assert {added[FORM][f"{column}19"].fill.start_color.rgb for column in "ABCDEFGHIJK"} == {GREEN}


def test_two_equal_versions_give_a_list_that_says_so() -> None:
    sheet = marked(version(FORM), template(FORM)).worksheets[0]

    assert sheet["A5"].value == "Hai phiên bản không khác nhau."


def test_a_template_that_has_a_sheet_of_that_name_already_keeps_it() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template(FORM)))
    book.create_sheet("THAY ĐỔI")["A1"] = "của tôi"
    stream = io.BytesIO()
    book.save(stream)

    made = marked(version(FORM), stream.getvalue())

    assert (made.worksheets[0].title, made["THAY ĐỔI"]["A1"].value) == ("Thay đổi 2", "của tôi")
