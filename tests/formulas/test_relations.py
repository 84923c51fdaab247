from dataclasses import replace

import pytest

from form_templates.model import FormVersion, Rule
from form_templates.reading import read_form
from formulas.compiler import compile_version
from formulas.evaluation import evaluate
from formulas.naming import member_keys
from formulas.relations import check_relations
from tests.formulas.specimens import (
    CROPS,
    LIVESTOCK,
    POVERTY,
    PROCEDURES,
    a_version,
    findings_of,
    only,
    place,
    report_on,
    with_cells,
)
from workbooks.finding import Finding, Severity
from workbooks.workbook import open_workbook


def with_rule(form: str, formula: str, *, region: str = "") -> FormVersion:
    rule = Rule("R99", "T1", formula, Severity.ERROR, "Quan hệ thử.", region)
    return replace(a_version(form), rules=(rule,))


def findings_under(form: str, formula: str, cells: dict[tuple[str, str], object]) -> list[Finding]:
    """Findings of one relation over the filled form with some cells changed."""
    version = with_rule(form, formula)
    filled = read_form(open_workbook(with_cells(form, cells)), version)
    typed = {key: cell.value for key, cell in filled.cells.items()}
    compiled = compile_version(version)
    values = typed | evaluate(compiled, typed, member_keys(filled))
    return list(check_relations(compiled, filled, values))


def test_a_part_greater_than_its_whole_is_told_at_the_part() -> None:
    report = report_on(LIVESTOCK, {("03", "2"): 211.0})

    finding = only(report, "BS501")

    assert finding.severity is Severity.ERROR
    assert finding.cell == place(LIVESTOCK, "03", "2")
    assert "(mã số 03) không được lớn hơn" in finding.message
    assert f"Vế trái ({place(LIVESTOCK, '03', '2')}) là 211" in finding.message
    assert f"vế phải ({place(LIVESTOCK, '02', '2')}) là 210, lệch 1." in finding.message
    assert place(LIVESTOCK, "02", "2") in finding.remedy


def test_a_relation_between_columns_is_checked_in_its_row() -> None:
    report = report_on(CROPS, {("04", "4"): 100.1})

    finding = only(report, "BS501")

    assert finding.cell == place(CROPS, "04", "4")
    assert "là 100,1, vế phải" in finding.message


def test_a_difference_below_the_last_digit_is_no_difference() -> None:
    assert findings_of(report_on(CROPS, {("04", "4"): 100.0}), "BS501") == []


def test_an_unusual_number_is_a_warning_only() -> None:
    report = report_on(CROPS, {("04", "5"): 5.5})

    finding = findings_of(report, "BS502")[0]

    assert finding.severity is Severity.WARNING
    assert "không được nhỏ hơn 20" in finding.message
    assert [finding.code for finding in report.findings if finding.severity is Severity.ERROR] == ["BS505"]


def test_every_member_of_a_region_is_checked() -> None:
    report = report_on(POVERTY, {("02*#29554", "4"): 101.0, ("03*#29560", "4"): 102.0})

    cells = [finding.cell for finding in findings_of(report, "BS501")]

    assert place(POVERTY, "02*#29554", "4") in cells
    assert place(POVERTY, "03*#29560", "4") in cells


def test_a_balance_of_counted_things_agrees_to_the_last_one() -> None:
    report = report_on(PROCEDURES, {("01*#Hộ tịch", "2"): 61.0})

    cells = [finding.cell for finding in findings_of(report, "BS501")]

    assert place(PROCEDURES, "01*#Hộ tịch", "1") in cells


def test_rounded_parts_may_miss_the_whole_by_half_a_digit_each() -> None:
    parts = "{02|3}={07|3}+{08|3}"

    within = findings_under(CROPS, parts, {("06", "3"): 0.1, ("07", "3"): 100.0, ("08", "3"): 100.0})
    beyond = findings_under(CROPS, parts, {("06", "3"): 0.2, ("07", "3"): 100.0, ("08", "3"): 100.0})

    assert within == []
    assert len(beyond) == 1
    assert "lệch 0,2" in beyond[0].message


@pytest.mark.parametrize(
    ("formula", "broken"),
    [
        ("{04|3}=100", False),
        ("{04|3}<>100", True),
        ("{04|3}<100", True),
        ("{04|3}>99.9", False),
        ("NOT({04|3}=100)", True),
        ("AND({04|3}>=20,{04|3}<=99)", True),
        ("OR({04|3}=0,AND({04|3}>=20,{04|3}<=100))", False),
        ("OR({04|3}=0,{04|3}>100)", True),
        ("IF({04|3}>50,{05|3}>50,TRUE)", False),
        ("IF({04|3}>50,{05|3}>500,TRUE)", True),
        ("SUM({04:05|3})=200", False),
        ("ROUND({04|3}/3,1)=33.3", False),
        ("ISBLANK({04|3})", True),
        ('{04|3}="x"', True),
        ("ABS({04|3}-{05|3})<=0.5", False),
    ],
)
def test_relations_of_every_shape_are_understood(formula: str, broken: bool) -> None:
    found = findings_under(CROPS, formula, {})

    assert bool(found) is broken
    assert all(finding.cell == place(CROPS, "04", "3") for finding in found)


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("{04|3}<=99", "là 100,0, không được lớn hơn 99."),
        ("99>={04|3}", "là 100,0, so với 99."),
        ("ISBLANK({04|3})", "Điều kiện không đúng ở F12."),
        ("{04|3}>{05|3}", "Vế trái (F12) là 100,0, vế phải (F13) là 100,0, lệch 0."),
    ],
)
def test_both_sides_are_told_as_people_read_numbers(formula: str, told: str) -> None:
    assert findings_under(CROPS, formula, {})[0].message.endswith(told)


def test_a_relation_with_an_error_in_it_says_that_it_is_unknown() -> None:
    found = findings_under(CROPS, "{04|3}/({05|3}-{05|3})>1", {})

    assert [finding.code for finding in found] == ["BS503"]
    assert "#DIV/0!" in found[0].message


def test_a_symbol_in_a_relation_is_no_number() -> None:
    assert findings_under(LIVESTOCK, "SUM({03|2})<=SUM({02|2})", {("03", "2"): "-"}) == []


def test_relations_look_at_what_formulas_give_not_at_what_is_shown() -> None:
    assert findings_under(CROPS, "{03|3}=200", {("03", "3"): 1.0}) == []


def test_a_long_sum_names_its_first_cells_and_counts_the_rest() -> None:
    found = findings_under(CROPS, "{04|3}=SUM({02:12|3})", {})

    assert "ô khác" in found[0].message


def test_the_finding_points_at_the_left_hand_cell() -> None:
    found = findings_under(CROPS, "{08|3}<={04|3}+{05|3}-150", {})

    assert [finding.cell for finding in found] == [place(CROPS, "08", "3")]
