import io
import time

import openpyxl
import pytest

from form_templates.coding import decode_formula
from form_templates.filling import key_addresses
from form_templates.model import CellKey
from form_templates.reading import read_form
from formulas.checking import check
from formulas.integrity import agree
from tests.formulas.specimens import (
    CROPS,
    LIVESTOCK,
    POVERTY,
    a_filled_form,
    a_version,
    findings_of,
    only,
    place,
    report_on,
    with_cells,
)
from workbooks.patch import Constant, Formula, Patch, patch_cells
from workbooks.rows import insert_rows
from workbooks.sheet import CellError
from workbooks.workbook import open_workbook


def formula_at(form: str, row: str, column: str) -> str:
    sheet, at_row, at_column = key_addresses(a_filled_form(form), a_version(form))[CellKey("T1", row, column)]
    formula = open_workbook(a_filled_form(form)).read_sheet(sheet).cells[at_row, at_column].formula
    assert formula is not None
    return formula


def test_a_formula_overwritten_by_a_number_is_told_with_both() -> None:
    report = report_on(CROPS, {("03", "3"): Constant(205.0)})

    finding = only(report, "BS401")

    assert finding.cell == place(CROPS, "03", "3")
    assert "205" in finding.message
    assert f"={formula_at(CROPS, '03', '3')}" in finding.message
    assert "kết quả đúng là 200" in finding.message
    assert "Khôi phục công thức" in finding.remedy
    assert not report.ok


def test_a_formula_overwritten_by_its_own_result_is_told_all_the_same() -> None:
    assert only(report_on(CROPS, {("03", "3"): Constant(200.0)}), "BS401")


def test_a_formula_overwritten_by_a_dash_is_told() -> None:
    assert "“-”" in only(report_on(CROPS, {("03", "3"): Constant("-")}), "BS401").message


def test_a_deleted_formula_is_told() -> None:
    finding = only(report_on(CROPS, {("03", "3"): Constant(None)}), "BS402")

    assert finding.cell == place(CROPS, "03", "3")


def test_a_wrong_total_is_told_once_and_not_at_every_total_above() -> None:
    shown = {("03", "3"): Constant(205.0), ("02", "3"): 305.0, ("01", "3"): 805.0}

    report = report_on(CROPS, shown)

    assert [finding.code for finding in report.findings if finding.code[2] == "4"] == ["BS401"]


def test_a_short_formula_that_adds_millions_of_cells_takes_no_time() -> None:
    greedy = Formula(f"SUM({','.join(['A1:T999'] * 900)})", 205.0)
    start = time.process_time()

    report = report_on(CROPS, {("03", "3"): greedy})

    assert only(report, "BS403").cell == place(CROPS, "03", "3")
    assert time.process_time() - start < 3  # 0.1 s; adding all of them took a quarter of a minute


def test_a_changed_formula_is_told_with_the_published_one() -> None:
    changed = Formula("E13*2")

    finding = only(report_on(CROPS, {("03", "3"): changed}), "BS403")

    assert finding.cell == place(CROPS, "03", "3")
    assert "=E13*2" in finding.message
    assert f"={formula_at(CROPS, '03', '3')}" in finding.message


def test_a_sum_that_leaves_out_a_row_names_the_cell_left_out() -> None:
    left_out = place(CROPS, "12", "3")
    shortened = formula_at(CROPS, "01", "3").replace(f",{left_out}", "")
    assert shortened != formula_at(CROPS, "01", "3")

    finding = only(report_on(CROPS, {("01", "3"): Formula(shortened)}), "BS404")

    assert finding.cell == place(CROPS, "01", "3")
    assert left_out in finding.message


def test_a_range_that_ends_before_the_last_member_is_told() -> None:
    first, last = place(POVERTY, "02*#29551", "2"), place(POVERTY, "02*#29557", "2")

    finding = only(report_on(POVERTY, {("02", "2"): Formula(f"SUM({first}:{last})")}), "BS404")

    assert place(POVERTY, "02*#29560", "2") in finding.message


def test_a_formula_dragged_from_another_column_is_told() -> None:
    dragged = Formula(formula_at(LIVESTOCK, "01", "5"))

    finding = only(report_on(LIVESTOCK, {("01", "3"): dragged}), "BS417")

    assert finding.cell == place(LIVESTOCK, "01", "3")
    assert f"của ô {place(LIVESTOCK, '01', '5')};" in finding.message


def test_a_broken_reference_is_told() -> None:
    finding = only(report_on(CROPS, {("03", "3"): Formula("SUM(F13,#REF!)", CellError.REF)}), "BS409")

    assert finding.cell == place(CROPS, "03", "3")


def test_a_formula_of_another_file_is_told_wherever_it_stands() -> None:
    linked = Formula("[1]Sheet1!A1+1", 5.0)

    report = report_on(CROPS, {("04", "3"): linked, ("03", "3"): linked})

    cells = [finding.cell for finding in findings_of(report, "BS408")]
    assert cells == [place(CROPS, "03", "3"), place(CROPS, "04", "3")]


def test_a_shown_value_that_the_formula_does_not_give_is_told_with_both() -> None:
    finding = only(report_on(CROPS, {("03", "3"): 999.0}), "BS405")

    assert finding.cell == place(CROPS, "03", "3")
    assert "999" in finding.message
    assert "200" in finding.message


def test_a_shown_value_that_differs_in_the_fifteenth_digit_is_the_same() -> None:
    report = report_on(CROPS, {("03", "3"): 200.00000000000003})

    assert findings_of(report, "BS405") == []


@pytest.mark.parametrize(
    ("shown", "computed", "same"),
    [
        (0.1 + 0.2, 0.3, True),
        (1e15, 1e15 + 1000.0, False),
        (5.0, "-", False),
        ("-", "-", True),
        (None, 0.0, True),
        (True, 1.0, False),
        (CellError.NA, CellError.NA, True),
        (CellError.NA, CellError.DIV0, False),
        (123456789.1, 123456789.2, False),
    ],
)
def test_values_agree_as_people_see_them(shown: object, computed: object, same: bool) -> None:
    assert agree(shown, computed, 1) is same


def test_a_sum_typed_into_an_input_cell_is_allowed_with_a_warning() -> None:
    report = report_on(CROPS, {("04", "3"): Formula("60+40", 100.0)})

    finding = only(report, "BS406")

    assert finding.cell == place(CROPS, "04", "3")
    assert "=60+40" in finding.message
    assert report.ok
    assert report.computed[CellKey("T1", "03", "3")] == 200.0


def test_a_sum_typed_into_an_input_cell_must_show_its_result() -> None:
    assert only(report_on(CROPS, {("04", "3"): Formula("60+40", 101.0)}), "BS405")


@pytest.mark.parametrize("text", ["F14*2", "NOW()", "RAND()*0+100", "Sheet9!A1", 'INDIRECT("F14")', "LEN(", "{1,2}"])
def test_a_formula_with_references_or_unknown_functions_in_an_input_cell_is_an_error(text: str) -> None:
    report = report_on(CROPS, {("04", "3"): Formula(text, 100.0)})

    finding = only(report, "BS407")

    assert finding.cell == place(CROPS, "04", "3")
    assert not report.ok


def test_a_formula_in_a_hatched_cell_is_told() -> None:
    assert only(report_on(CROPS, {("01", "5"): Formula("H12*2", 1.0)}), "BS410").cell == place(CROPS, "01", "5")


def test_formulas_keep_their_meaning_when_rows_move() -> None:
    version = a_version(CROPS)
    sheet = version.tables[0].sheet
    data = insert_rows(a_filled_form(CROPS), sheet, 5, 3, 5)

    report = check(data, version)

    assert [finding for finding in report.findings if finding.code[2] == "4"] == []


def test_a_file_without_cached_values_is_no_fault() -> None:
    stream = io.BytesIO()
    book = openpyxl.load_workbook(io.BytesIO(a_filled_form(CROPS)))
    book.save(stream)

    assert findings_of(check(stream.getvalue(), a_version(CROPS)), "BS405") == []


def test_a_formula_overwritten_after_its_row_lost_a_neighbour_is_none() -> None:
    """A row is deleted, the formulas below mended, and the total that needed the row typed as a number."""
    version = a_version(CROPS)
    book = openpyxl.load_workbook(io.BytesIO(a_filled_form(CROPS)))
    _, deleted, _ = key_addresses(a_filled_form(CROPS), version)[CellKey("T1", "04", "2")]
    book[CROPS].delete_rows(deleted)
    stream = io.BytesIO()
    book.save(stream)
    (table,) = read_form(open_workbook(stream.getvalue()), version).layouts
    mended: dict[tuple[int, int], Patch] = {}
    for spec in version.tables[0].cells:
        if spec.formula is None or spec.key.row not in table.row_of:
            continue
        at = table.row_of[spec.key.row], table.column_of[spec.key.column]
        try:
            mended[at] = Formula(decode_formula(spec.formula, (table,), (CROPS, *at)), 0.0)
        except (KeyError, StopIteration):
            mended[at] = Constant(1.0)

    filled = read_form(open_workbook(patch_cells(stream.getvalue(), {CROPS: mended})), version)

    cell = filled.cells[CellKey("T1", "03", "2")]
    assert (cell.value, cell.formula) == (1.0, None)


def test_a_form_with_every_formula_overwritten_tells_of_every_one() -> None:
    version = a_version(CROPS)
    data = a_filled_form(CROPS)
    calculated = [key for key, spec in version.cell_by_key.items() if spec.formula]
    places = key_addresses(data, version)
    sheet = version.tables[0].sheet

    report = check(patch_cells(data, {sheet: {places[key][1:]: Constant(1.0) for key in calculated}}), version)

    assert len(findings_of(report, "BS401")) == len(calculated)


def test_with_cells_leaves_the_rest_alone() -> None:
    assert findings_of(check(with_cells(CROPS, {("04", "3"): 100.0}), a_version(CROPS)), "BS401") == []


def test_a_workbook_of_stale_values_is_judged_in_time() -> None:
    version = a_version(POVERTY)
    data = a_filled_form(POVERTY)
    places = key_addresses(data, version)
    shown = {places[key][1:]: 7.0 for key in places if version.cell(key).formula}

    report = check(patch_cells(data, {version.tables[0].sheet: shown}), version)

    assert findings_of(report, "BS405")
