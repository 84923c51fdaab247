from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from form_templates.errors import FormError
from form_templates.filling import CellValue, MemberLabel, fill, issue, key_addresses
from form_templates.model import CellKey, CellKind
from form_templates.reading import ValueState, state_of
from form_templates.stamp import embedded_version, read_stamp, stamp_is_ours
from tests.form_templates.specimens import (
    KEY,
    KEY_ID,
    KEYS,
    a_stamp,
    forms,
    in_libreoffice,
    patched,
    read,
    template,
    typed_keys,
    version,
)
from workbooks.patch import Formula
from workbooks.sheets import SheetClone, clone_sheets
from workbooks.workbook import open_workbook

_CROPS, _POVERTY, _SERVICE = "KTXH-09.T", "KTXH-13.N", "KTXH-14.T"
_NUMBERS = st.one_of(
    st.integers(-(10**12), 10**12), st.floats(allow_nan=False, allow_infinity=False, width=32), st.just(0)
)
_VALUES = st.one_of(_NUMBERS, st.sampled_from(["-", "…", "x", None, "1.234,5"]), st.booleans())


def fields(count: int) -> list[MemberLabel]:
    return [MemberLabel(f"Lĩnh vực {number}") for number in range(1, count + 1)]


def service(count: int, data: bytes | None = None) -> bytes:
    """The service form with members, each with as many files received online as its number says."""
    values: Mapping[CellKey, CellValue] = {
        CellKey("T1", f"01*#Lĩnh vực {number}", "2"): number for number in range(1, count + 1)
    }
    return fill(data or template(_SERVICE), version(_SERVICE), values, {("T1", "01*"): fields(count)})


@pytest.mark.parametrize("form", forms())
@settings(max_examples=15)
@given(data=st.data())
def test_what_is_filled_is_read_back_in_value_and_state(form: str, data: st.DataObject) -> None:
    values = data.draw(st.dictionaries(st.sampled_from(typed_keys(form)), _VALUES)) if typed_keys(form) else {}

    found = read(fill(template(form), version(form), values), form)

    assert found.findings == ()
    for key, value in values.items():
        cell = found.cells[key]
        expected = float(value) if isinstance(value, int) and not isinstance(value, bool) else value
        assert (cell.value, cell.state) == (expected, state_of(expected))
    untouched = found.cells.keys() - values.keys()
    before = read(template(form), form).cells
    assert all(found.cells[key] == before[key] for key in untouched)


def test_exact_decimals_are_written_digit_by_digit() -> None:
    key = CellKey("T1", "04", "3")

    filled = fill(template(_CROPS), version(_CROPS), {key: Decimal("1234567.1")})

    assert b"<v>1234567.1</v>" in open_workbook(filled).package.part("/xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("count", [1, 8, 9, 40])
def test_a_region_grows_to_its_members_and_its_sums_stay_whole(count: int) -> None:
    found = read(service(count), _SERVICE)

    first, sentinel = found.layouts[0].regions["01*"]
    assert found.findings == ()
    assert [member.label for member in found.members["T1", "01*"]] == [label.label for label in fields(count)]
    assert sentinel - first == max(count, 8)
    for column in ("1", "2", "11"):
        assert found.cells[CellKey("T1", "01", column)].formula == f"SUM({{01*|{column}}})"
    for key, cell in found.cells.items():
        assert cell.formula == version(_SERVICE).cell(key).formula
    assert found.cells[CellKey("T1", f"01*#Lĩnh vực {count}", "2")].value == float(count)


def test_libreoffice_adds_up_every_row_of_a_grown_region(tmp_path: Path) -> None:
    found = read(in_libreoffice(service(30), tmp_path, []), _SERVICE)

    assert found.findings == ()
    assert found.cells[CellKey("T1", "01", "2")].value == float(sum(range(1, 31)))


def test_new_rows_take_no_values_from_the_row_they_are_like() -> None:
    full = service(8)
    grown = fill(full, version(_SERVICE), {}, {("T1", "01*"): fields(11)})

    found = read(grown, _SERVICE)

    assert [found.cells[CellKey("T1", f"01*#Lĩnh vực {number}", "2")].value for number in (8, 9, 10, 11)] == [
        8.0,
        None,
        None,
        None,
    ]


def test_new_rows_look_like_the_rows_above_and_have_their_unit() -> None:
    found = read(service(12), _SERVICE)
    sheet = open_workbook(service(12)).read_sheet(_SERVICE)

    styles = {
        tuple(found.cells[CellKey("T1", f"01*#{member.key}", str(column))].style for column in range(1, 12))
        for member in found.members["T1", "01*"]
    }

    assert len(styles) == 1
    assert {sheet.cells[member.row, 3].value for member in found.members["T1", "01*"]} == {"Hồ sơ"}


def test_two_regions_of_one_form_grow_together() -> None:
    wards = [MemberLabel(f"Phường {number}", f"{29000 + number}") for number in range(10)]
    communes = [MemberLabel(f"Xã {number}", f"{28000 + number}") for number in range(5)]
    values: dict[CellKey, CellValue] = {CellKey("T1", f"02*#{ward.code}", "1"): 10 for ward in wards}
    values |= {CellKey("T1", f"03*#{commune.code}", "1"): 20 for commune in communes}

    filled = fill(template(_POVERTY), version(_POVERTY), values, {("T1", "02*"): wards, ("T1", "03*"): communes})

    found = read(filled, _POVERTY)
    assert found.findings == ()
    assert [len(found.members["T1", region]) for region in ("02*", "03*")] == [10, 5]
    assert found.cells[CellKey("T1", "02", "1")].formula == "SUM({02*|1})"
    assert found.cells[CellKey("T1", "03", "1")].formula == "SUM({03*|1})"
    assert {found.cells[key].value for key in values} == {10.0, 20.0}


def test_members_that_are_there_keep_their_rows() -> None:
    before = service(3)

    after = service(10, before)

    members = read(after, _SERVICE).members["T1", "01*"]
    assert members[:3] == read(before, _SERVICE).members["T1", "01*"]
    assert [member.label for member in members] == [label.label for label in fields(10)]


def test_filling_again_changes_only_the_values() -> None:
    members = {("T1", "01*"): read(service(3), _SERVICE).members["T1", "01*"]}

    again = fill(service(3), version(_SERVICE), {CellKey("T1", "01*#Lĩnh vực 2", "2"): "…"}, members)

    found = read(again, _SERVICE)
    assert found.members["T1", "01*"] == members["T1", "01*"]
    assert found.cells[CellKey("T1", "01*#Lĩnh vực 2", "2")].state is ValueState.NO_DATA
    assert found.cells[CellKey("T1", "01*#Lĩnh vực 1", "2")].value == 1.0


def test_a_formula_typed_into_an_input_cell_does_not_survive_filling() -> None:
    key = CellKey("T1", "04", "3")
    typed = patched(_CROPS, {(12, 6): Formula("1+1", 2)})

    cell = read(fill(typed, version(_CROPS), {key: 5}), _CROPS).cells[key]

    assert (cell.value, cell.formula) == (5.0, None)


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (CellKey("T1", "99", "1"), "BS390"),
        (CellKey("T1", "04", "99"), "BS390"),
        (CellKey("T9", "04", "1"), "BS390"),
        (CellKey("T1", "04*#1", "1"), "BS390"),
        (CellKey("T1", "01", "3"), "BS391"),
        (CellKey("T1", "01", "5"), "BS391"),
    ],
    ids=["row", "column", "table", "region", "formula", "hatched"],
)
def test_a_cell_that_is_not_for_filling_is_refused(key: CellKey, code: str) -> None:
    with pytest.raises(FormError, match=code):
        fill(template(_CROPS), version(_CROPS), {key: 1})


def test_everything_that_cannot_be_filled_is_named_at_once() -> None:
    values: dict[CellKey, CellValue] = {CellKey("T1", "99", "1"): 1, CellKey("T1", "01", "3"): 1}

    with pytest.raises(FormError) as error:
        fill(template(_CROPS), version(_CROPS), values)

    assert [finding.code for finding in error.value.findings] == ["BS390", "BS391"]


def test_a_member_without_a_row_and_an_unknown_region_are_refused() -> None:
    with pytest.raises(FormError, match="BS393"):
        fill(template(_SERVICE), version(_SERVICE), {CellKey("T1", "01*#Đất đai", "2"): 1})
    with pytest.raises(FormError, match="BS392"):
        fill(template(_SERVICE), version(_SERVICE), {}, {("T1", "09*"): fields(1)})


def test_an_issued_workbook_says_for_whom_and_when_and_carries_its_form() -> None:
    key = CellKey("T1", "04", "1")

    workbook = open_workbook(issue(template(_CROPS), version(_CROPS), a_stamp(), KEY_ID, KEY, values={key: 12.5}))

    sheet = workbook.read_sheet(_CROPS)
    assert sheet.cells[2, 9].value == "UBND xã Bình Minh"
    assert sheet.cells[3, 2].value == "Kỳ báo cáo: Tháng 9 năm 2026"
    assert [entry.state for entry in workbook.sheets] == ["visible", "visible", "hidden", "veryHidden"]
    assert read_stamp(workbook) == a_stamp()
    assert stamp_is_ours(workbook, KEYS)
    assert embedded_version(workbook) == version(_CROPS)


def test_an_issued_workbook_reads_like_the_template_with_its_prefilled_cells() -> None:
    values = {key: 1.5 for key in typed_keys(_CROPS) if version(_CROPS).cell(key).kind is CellKind.CARRY}

    found = read(issue(template(_CROPS), version(_CROPS), a_stamp(), KEY_ID, KEY, values=values), _CROPS)

    assert found.findings == ()
    assert {key for key, cell in found.cells.items() if cell.value == 1.5} == set(values)


def test_a_definition_sheet_left_visible_is_hidden_at_issue() -> None:
    package = open_workbook(template(_CROPS)).package
    shown = package.with_parts(
        {"/xl/workbook.xml": package.part("/xl/workbook.xml").replace(b'"hidden"', b'"visible"')}
    )

    workbook = open_workbook(issue(shown, version(_CROPS), a_stamp(), KEY_ID, KEY))

    assert workbook.sheet_entry("Định nghĩa").state == "hidden"


def test_a_workbook_of_many_members_is_issued_with_them() -> None:
    stamp = a_stamp(_SERVICE)

    issued = issue(template(_SERVICE), version(_SERVICE), stamp, KEY_ID, KEY, members={("T1", "01*"): fields(20)})

    assert len(read(issued, _SERVICE).members["T1", "01*"]) == 20


def test_a_stamp_of_another_form_is_not_issued() -> None:
    with pytest.raises(FormError, match="BS380"):
        issue(template(_CROPS), version(_CROPS), a_stamp(_SERVICE), KEY_ID, KEY)
    with pytest.raises(FormError, match="BS380"):
        issue(template(_CROPS), version(_CROPS), replace(a_stamp(), version="7"), KEY_ID, KEY)


def test_addresses_follow_the_rows() -> None:
    places = key_addresses(service(10), version(_SERVICE))

    assert places[CellKey("T1", "01", "2")] == (_SERVICE, 9, 5)
    assert places[CellKey("T1", "01*#Lĩnh vực 10", "11")] == (_SERVICE, 19, 14)


def test_one_sheet_of_a_merged_workbook_is_filled_alone() -> None:
    merged = clone_sheets(template(_CROPS), _CROPS, [SheetClone("29551", (), {}), SheetClone("29554", (), {})])
    key = CellKey("T1", "04", "3")

    filled = fill(merged, version(_CROPS), {key: 8}, sheet="29554")

    assert read(filled, _CROPS, sheet="29554").cells[key].value == 8.0
    assert read(filled, _CROPS, sheet="29551").cells[key].state is ValueState.BLANK
    assert read(filled, _CROPS).cells[key].state is ValueState.BLANK


def test_a_region_of_one_sheet_of_a_merged_workbook_grows_alone() -> None:
    merged = clone_sheets(template(_SERVICE), _SERVICE, [SheetClone("29551", (), {}), SheetClone("29554", (), {})])
    key = CellKey("T1", "01*#Lĩnh vực 12", "2")

    filled = fill(merged, version(_SERVICE), {key: 8}, {("T1", "01*"): fields(12)}, sheet="29551")

    grown, other = read(filled, _SERVICE, sheet="29551"), read(filled, _SERVICE, sheet="29554")
    assert grown.cells[key].value == 8.0
    assert grown.cells[CellKey("T1", "01", "2")].formula == "SUM({01*|2})"
    assert (grown.layouts[0].regions["01*"], other.layouts[0].regions["01*"]) == ((10, 22), (10, 18))
    assert grown.findings == other.findings == ()


def test_issuing_is_quick_enough_for_a_thousand_communes() -> None:
    values: dict[CellKey, CellValue] = dict.fromkeys(typed_keys(_CROPS), 12.5)
    times = []
    for _ in range(10):
        start = time.process_time()
        issue(template(_CROPS), version(_CROPS), a_stamp(), KEY_ID, KEY, values=values)
        times.append(time.process_time() - start)

    # Measured 10 ms of the processor; a slow machine may need several times as long.
    assert min(times) < 0.1
