from datetime import UTC, datetime
from functools import lru_cache

import pytest

from form_templates.model import CellKey
from form_templates.serial import digest
from form_templates.stamp import Stamp, StampKind
from formulas.checking import check, check_workbook
from formulas.compiler import compile_version
from formulas.evaluation import aggregate, evaluate
from server.services.merging import UnitForm, merge
from tests.formulas.specimens import CROPS, POVERTY, a_version, findings_of, members_of, only, plain_values, template
from workbooks.address import address
from workbooks.finding import Finding
from workbooks.patch import Constant, Formula, Patch, patch_cells
from workbooks.workbook import open_workbook

UNITS = (("29551", "Xã Tam Bình"), ("29554", "Xã Cái Ngang"), ("29557", "Xã Hòa Hiệp"))
FIRST_SHEET = "29551 Xã Tam Bình"


@lru_cache
def a_merged_workbook(form: str) -> bytes:
    """Three units' forms under one whole, as the service makes it."""
    version = a_version(form)
    compiled = compile_version(version)
    members = {
        place: tuple((one.key, one.label) for one in named) for place, named in members_of(version).items() if named
    }
    keys = {place: tuple(key for key, _ in named) for place, named in members.items()}
    typed = plain_values(form)
    values = {**typed, **evaluate(compiled, typed, keys)}
    units = [UnitForm(code, name, values, members) for code, name in UNITS]
    sums = {key: 3 * value for key, value in values.items() if isinstance(value, float)}
    whole = UnitForm("86", "Tỉnh Vĩnh Long", {**sums, **aggregate(compiled, sums, keys)}, members)
    stamp = Stamp(
        form,
        version.version,
        digest(version),
        "86",
        "Tỉnh Vĩnh Long",
        "2026-M09" if form == CROPS else "2026",
        "2026-000009",
        datetime(2026, 9, 20, tzinfo=UTC),
        StampKind.MERGED,
    )
    return merge(template(form), version, whole, units, stamp=stamp, stamp_key=("k1", b"throw-away"))


def place_on_the_whole(form: str, row: str, column: str) -> tuple[int, int]:
    filled = check(a_merged_workbook(form), a_version(form)).filled
    assert filled is not None
    cell = filled.cells[CellKey("T1", row, column)]
    return cell.row, cell.column


def broken(form: str, sheet: str, row: str, column: str, patch: Patch) -> tuple[tuple[Finding, ...], str]:
    at = place_on_the_whole(form, row, column)
    data = patch_cells(a_merged_workbook(form), {sheet: {at: patch}})
    return check(data, a_version(form)).findings, address(*at)


@pytest.mark.parametrize("form", [CROPS, POVERTY])
def test_a_merged_workbook_has_no_findings(form: str) -> None:
    report = check(a_merged_workbook(form), a_version(form))

    assert report.findings == ()


def test_the_report_has_the_values_of_the_whole() -> None:
    report = check(a_merged_workbook(CROPS), a_version(CROPS))

    assert report.computed[CellKey("T1", "04", "3")] == 300.0
    assert report.computed[CellKey("T1", "04", "5")] == pytest.approx(55.25, abs=0.01)


def test_a_sum_of_the_whole_overwritten_by_a_number_is_told() -> None:
    findings, cell = broken(CROPS, CROPS, "04", "3", Constant(300.0))

    assert [(finding.code, finding.sheet, finding.cell) for finding in findings] == [("BS401", CROPS, cell)]


def test_a_sum_that_leaves_out_a_unit_names_it() -> None:
    row, column = place_on_the_whole(CROPS, "04", "3")
    place = address(row, column)
    two = Formula(f"SUM('29551 Xã Tam Bình'!{place},'29554 Xã Cái Ngang'!{place})", 300.0)

    findings, _ = broken(CROPS, CROPS, "04", "3", two)

    assert [finding.code for finding in findings] == ["BS404"]
    assert f"'29557 Xã Hòa Hiệp'!{place}" in findings[0].message


@pytest.mark.parametrize(
    "text", ["SUM('29551 Xã Tam Bình'!A1)", "AVERAGE('29551 Xã Tam Bình'!F12)", "F13+F14", "SUM(1,2)", "F12*2"]
)
def test_another_formula_in_the_place_of_a_sum_is_told(text: str) -> None:
    findings, cell = broken(CROPS, CROPS, "04", "3", Formula(text, 300.0))

    assert [(finding.code, finding.cell) for finding in findings] == [("BS403", cell)]


def test_a_shown_sum_that_the_units_do_not_give_is_told() -> None:
    findings, cell = broken(CROPS, CROPS, "04", "3", 301.0)

    assert [(finding.code, finding.cell) for finding in findings] == [("BS405", cell)]
    assert "300" in findings[0].message


def test_a_ratio_of_the_whole_must_be_the_forms_own_formula() -> None:
    findings, cell = broken(CROPS, CROPS, "04", "5", Formula(f"SUM('{FIRST_SHEET}'!H12)", 55.3))

    assert [(finding.code, finding.cell) for finding in findings] == [("BS403", cell)]


def test_a_number_changed_on_a_units_sheet_is_told_on_the_whole() -> None:
    findings, _ = broken(CROPS, FIRST_SHEET, "04", "3", 110.0)

    stale = [finding for finding in findings if finding.sheet == CROPS]

    assert {finding.code for finding in stale} == {"BS405"}


def test_a_formula_overwritten_on_a_units_sheet_is_told_there() -> None:
    findings, cell = broken(CROPS, FIRST_SHEET, "03", "3", Constant(200.0))

    assert [(finding.code, finding.sheet, finding.cell) for finding in findings] == [("BS401", FIRST_SHEET, cell)]


def test_one_units_sheet_is_checked_on_its_own() -> None:
    data = patch_cells(a_merged_workbook(CROPS), {FIRST_SHEET: {place_on_the_whole(CROPS, "04", "3"): "chưa có"}})

    report = check_workbook(open_workbook(data), a_version(CROPS), sheet=FIRST_SHEET)

    assert only(report, "BS603").sheet == FIRST_SHEET
    assert {finding.sheet for finding in report.findings} == {FIRST_SHEET}


def test_legacy_text_on_a_units_sheet_is_told() -> None:
    data = patch_cells(a_merged_workbook(CROPS), {FIRST_SHEET: {(40, 1): "§Êt ®ai"}})

    assert findings_of(check(data, a_version(CROPS)), "BS701")[0].sheet == FIRST_SHEET
