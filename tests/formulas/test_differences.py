"""A changed formula is told by the slip that was made, each kind under a code of its own, on official forms."""

import pytest

from form_templates.filling import key_addresses
from form_templates.model import CellKey
from formulas.differences import difference
from tests.formulas.specimens import CROPS, LIVESTOCK, POVERTY, a_filled_form, a_version, place, report_on
from workbooks.finding import Finding
from workbooks.patch import Formula
from workbooks.workbook import open_workbook


def told(form: str, row: str, column: str, formula: str) -> Finding:
    """The one finding on formulas, after this formula was written into a cell."""
    report = report_on(form, {(row, column): Formula(formula)})
    found = [finding for finding in report.findings if finding.code[2] == "4"]
    assert len(found) == 1, found
    assert found[0].cell == place(form, row, column)
    assert not report.ok
    return found[0]


def at(row: str, column: str, form: str = CROPS) -> str:
    return place(form, row, column)


def test_a_sum_of_one_row_too_many_names_it() -> None:
    first, last = place(POVERTY, "02*#29551", "2"), place(POVERTY, "03", "2")

    finding = told(POVERTY, "02", "2", f"SUM({first}:{last})")

    assert finding.code == "BS412"
    assert f"cộng thừa ô {last};" in finding.message


def test_a_sum_of_a_shifted_range_names_what_it_lacks_and_what_it_adds() -> None:
    finding = told(CROPS, "03", "3", f"SUM({at('05', '3')},{at('06', '3')})")

    assert finding.code == "BS413"
    assert f"bỏ sót ô {at('04', '3')} và cộng nhầm ô {at('06', '3')};" in finding.message


def test_a_factor_that_became_a_divisor_is_another_operator() -> None:
    published = formula_of(LIVESTOCK, "01", "3")

    finding = told(LIVESTOCK, "01", "3", published.replace("*100", "/100"))

    assert finding.code == "BS414"
    assert "dùng phép / thay cho *" in finding.message


def test_another_function_is_named() -> None:
    finding = told(CROPS, "01", "3", formula_of(CROPS, "01", "3").replace("SUM(", "AVERAGE("))

    assert finding.code == "BS415"
    assert "dùng hàm AVERAGE thay cho SUM" in finding.message


def test_a_cell_of_another_row_is_named() -> None:
    published, other = formula_of(LIVESTOCK, "01", "3"), at("02", "1", LIVESTOCK)

    finding = told(LIVESTOCK, "01", "3", published.replace(at("01", "1", LIVESTOCK), other))

    assert finding.code == "BS416"
    assert f"lấy {other} thay cho {at('01', '1', LIVESTOCK)};" in finding.message


def test_an_absolute_reference_to_the_same_cell_is_the_same_formula() -> None:
    published, cell = formula_of(LIVESTOCK, "01", "3"), at("01", "1", LIVESTOCK)
    absolute = published.replace(cell, f"${cell[0]}${cell[1:]}")
    assert absolute != published

    report = report_on(LIVESTOCK, {("01", "3"): Formula(absolute)})

    assert [finding for finding in report.findings if finding.code[2] == "4"] == []


def test_the_formula_of_the_row_below_pasted_here_names_where_it_belongs() -> None:
    finding = told(LIVESTOCK, "01", "3", formula_of(LIVESTOCK, "02", "3"))

    assert finding.code == "BS417"
    assert f"của ô {at('02', '3', LIVESTOCK)};" in finding.message


@pytest.mark.parametrize("change", ["{}+5", "1.5+{}", "{}*1000"])
def test_a_number_added_to_a_formula_is_told(change: str) -> None:
    assert told(CROPS, "01", "3", change.format(formula_of(CROPS, "01", "3"))).code == "BS418"


def test_another_factor_in_a_formula_is_told() -> None:
    published = formula_of(LIVESTOCK, "01", "3")

    assert told(LIVESTOCK, "01", "3", published.replace("*100", "*1000")).code == "BS418"


def test_an_array_formula_is_told() -> None:
    assert difference("SUM(F9:F12)", "{SUM(F9:F12)}").kind.code == "BS419"


def test_a_longer_range_inside_a_formula_is_told_as_a_range() -> None:
    longer = difference("SUM(F9:F12)/G9", "SUM(F9:F14)/G9")
    shorter = difference("SUM(F9:F12)/G9", "SUM(F9:F11)/G9")

    assert (longer.kind.code, longer.details["extra"]) == ("BS412", "ô F13, F14")
    assert (shorter.kind.code, shorter.details["missing"]) == ("BS404", "ô F12")


@pytest.mark.parametrize("found", ["", "((", "1", '"x"', "SUM(A:A)", "F9:F12", "SUM(F9:F12)(", "A1:XFD1048576*2"])
def test_whatever_stands_there_is_told_as_something(found: str) -> None:
    assert difference("SUM(F9:F12)*2", found).kind.code in {"BS403", "BS412", "BS416"}


def formula_of(form: str, row: str, column: str) -> str:
    sheet, at_row, at_column = key_addresses(a_filled_form(form), a_version(form))[CellKey("T1", row, column)]
    formula = open_workbook(a_filled_form(form)).read_sheet(sheet).cells[at_row, at_column].formula
    assert formula is not None
    return formula
