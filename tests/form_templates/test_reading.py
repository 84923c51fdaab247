from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook as Book

from form_templates.filling import MemberLabel, fill
from form_templates.locating import MAX_MEMBERS
from form_templates.model import CellKey, CellKind
from form_templates.reading import Member, ValueState, read_form, state_of
from tests.form_templates.specimens import codes, forms, in_libreoffice, patched, read, template, version
from workbooks.finding import Severity
from workbooks.patch import Formula, Plain
from workbooks.rows import insert_rows
from workbooks.sheet import CellError
from workbooks.sheets import SheetClone, clone_sheets
from workbooks.workbook import open_workbook

_CROPS, _POVERTY, _SERVICE = "KTXH-09.T", "KTXH-13.N", "KTXH-14.T"


def with_openpyxl(data: bytes, change: Callable[[Book], object]) -> bytes:
    """The workbook as openpyxl saves it after a change; good enough where no cached values are wanted."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def without_names(book: Book) -> None:
    for name in [name for name in book.defined_names if name.startswith("BS_")]:
        del book.defined_names[name]


@lru_cache
def poverty_with_members() -> bytes:
    members = {
        ("T1", "02*"): [MemberLabel("Phường An Hội", "29551"), MemberLabel("Phường Phú Khương", "29554")],
        ("T1", "03*"): [MemberLabel("Xã Bình Minh", "00004")],
    }
    return fill(template(_POVERTY), version(_POVERTY), {CellKey("T1", "02*#29551", "1"): 1200}, members)


@pytest.mark.parametrize("form", forms())
def test_a_published_template_reads_without_findings(form: str) -> None:
    found = read(template(form), form)

    assert found.findings == ()


@pytest.mark.parametrize("form", forms())
def test_every_formula_of_a_template_reads_as_published(form: str) -> None:
    cells = {key: cell for key, cell in read(template(form), form).cells.items() if not key.region}

    assert {key: cell.formula for key, cell in cells.items()} == {key: version(form).cell(key).formula for key in cells}
    assert set(cells) == {key for key in version(form).cell_by_key if not key.region}


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (None, ValueState.BLANK),
        ("", ValueState.BLANK),
        (" \u00a0", ValueState.BLANK),
        (0.0, ValueState.NUMBER),
        (-1.5, ValueState.NUMBER),
        ("-", ValueState.NONE),
        (" –\u00a0", ValueState.NONE),
        ("…", ValueState.NO_DATA),
        ("...", ValueState.NO_DATA),
        ("x", ValueState.NOT_APPLICABLE),
        ("X ", ValueState.NOT_APPLICABLE),
        ("1.234", ValueState.TEXT),
        ("không có", ValueState.TEXT),
        (CellError.DIV0, ValueState.ERROR),
        (True, ValueState.BOOLEAN),
    ],
)
def test_a_blank_a_zero_and_the_symbols_are_different_states(value: Plain, state: ValueState) -> None:
    assert state_of(value if not isinstance(value, int) or isinstance(value, bool) else float(value)) is state  # type: ignore[arg-type]  # no Decimal among the cases


def test_a_cell_keeps_its_place_value_and_style() -> None:
    data = patched(_CROPS, {(12, 6): 125.5})

    cell = read(data, _CROPS).cells[CellKey("T1", "04", "3")]

    assert (cell.sheet, cell.row, cell.column) == ("KTXH-09.T", 12, 6)
    assert (cell.value, cell.state, cell.formula) == (125.5, ValueState.NUMBER, None)
    assert cell.style > 0


def test_a_formula_that_was_changed_is_coded_as_it_stands() -> None:
    data = patched(_CROPS, {(10, 4): Formula("SUM(D11:D14)"), (11, 4): Formula("$D$12 + sum(D13)")})

    cells = read(data, _CROPS).cells

    assert cells[CellKey("T1", "02", "1")].formula == "SUM({03:06|1})"
    assert cells[CellKey("T1", "03", "1")].formula == "{04|1}+SUM({05|1})"


def test_rows_inserted_above_the_grid_move_nothing_but_addresses() -> None:
    moved = insert_rows(patched(_CROPS, {(12, 6): 7}), "KTXH-09.T", 4, 3, 4)

    found = read(moved, _CROPS)

    assert found.findings == ()
    cell = found.cells[CellKey("T1", "04", "3")]
    assert (cell.row, cell.value) == (15, 7.0)
    assert found.cells[CellKey("T1", "03", "1")].formula == "SUM({04|1},{05|1})"


def test_rows_inserted_and_deleted_in_libreoffice_are_read_right(tmp_path: Path) -> None:
    actions: list[list[object]] = [
        ["insert_rows", "KTXH-14.T", 12, 2],
        ["put", "KTXH-14.T", 10, 1, "Đất đai"],
        ["put", "KTXH-14.T", 12, 1, "  Hộ\u00a0 tịch "],
        ["put", "KTXH-14.T", 12, 5, 25],
        ["put", "KTXH-14.T", 13, 1, "Tư pháp"],
        ["put", "KTXH-14.T", 13, 5, "…"],
        ["delete_rows", "KTXH-14.T", 15, 1],
        ["insert_rows", "KTXH-14.T", 3, 1],
    ]

    found = read(in_libreoffice(template(_SERVICE), tmp_path, actions), _SERVICE)

    assert found.findings == ()
    assert [member.key for member in found.members["T1", "01*"]] == ["Đất đai", "Hộ tịch", "Tư pháp"]
    assert found.cells[CellKey("T1", "01*#Hộ tịch", "2")].value == 25.0
    assert found.cells[CellKey("T1", "01*#Hộ tịch", "2")].row == 13
    assert found.cells[CellKey("T1", "01*#Tư pháp", "2")].state is ValueState.NO_DATA
    assert found.cells[CellKey("T1", "01", "2")].formula == "SUM({01*|2})"
    assert found.layouts[0].regions["01*"] == (11, 20)


def test_members_are_the_filled_rows_of_a_region() -> None:
    found = read(poverty_with_members(), _POVERTY)

    assert found.members["T1", "02*"] == (
        Member("29551", "Phường An Hội", "29551", 11),
        Member("29554", "Phường Phú Khương", "29554", 12),
    )
    assert found.members["T1", "03*"] == (Member("00004", "Xã Bình Minh", "00004", 16),)
    assert found.cells[CellKey("T1", "02*#29551", "1")].value == 1200.0
    assert (
        found.cells[CellKey("T1", "02*#29551", "3")].formula
        == version(_POVERTY).cell(CellKey("T1", "02*", "3")).formula
    )
    assert CellKey("T1", "02*", "1") not in found.cells


def test_a_unit_code_typed_as_a_number_keeps_its_leading_zeros() -> None:
    found = read(patched(_POVERTY, {(16, 2): 4}, poverty_with_members()), _POVERTY)

    assert [member.key for member in found.members["T1", "03*"]] == ["00004"]


def test_codes_retyped_as_numbers_are_still_codes() -> None:
    data = patched(_CROPS, {(9, 2): 1, (10, 2): "2", (8, 4): 1, (8, 5): 2, (20, 2): 12})

    assert read(data, _CROPS).findings == ()


@pytest.mark.parametrize("form", forms())
def test_without_names_the_codes_are_found_all_the_same(form: str) -> None:
    found = read(with_openpyxl(template(form), without_names), form)

    assert codes(found) == ["BS358"]
    assert found.findings[0].severity is Severity.WARNING
    assert set(found.cells) == set(read(template(form), form).cells)


def test_without_names_and_with_rows_moved_the_codes_are_found_all_the_same() -> None:
    moved = insert_rows(with_openpyxl(poverty_with_members(), without_names), _POVERTY, 2, 5, 2)

    found = read(moved, _POVERTY)

    assert codes(found) == ["BS358"]
    assert [member.row for member in found.members["T1", "02*"]] == [16, 17]


def test_without_names_and_codes_the_published_places_are_read() -> None:
    wiped = {(row, 2): None for row in range(9, 21)} | {(8, column): None for column in range(1, 12)}

    found = read(with_openpyxl(patched(_CROPS, {**wiped, (12, 6): 7}), without_names), _CROPS)

    assert codes(found)[0] == "BS359"
    assert found.cells[CellKey("T1", "04", "3")].value == 7.0


def test_names_that_point_elsewhere_do_not_mislead() -> None:
    def misplace(book: Book) -> None:
        book.defined_names["BS_T1_rows"].attr_text = "'KTXH-09.T'!$H$30:$H$40"

    found = read(with_openpyxl(template(_CROPS), misplace), _CROPS)

    assert codes(found) == ["BS358"]
    assert found.cells[CellKey("T1", "04", "3")].row == 12


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({(12, 2): None}, ["BS361"]),
        ({(12, 2): "03"}, ["BS367", "BS361"]),
        ({(12, 2): "77"}, ["BS368", "BS361"]),
        ({(8, 6): None}, ["BS364"]),
        ({(8, 6): "2"}, ["BS365", "BS364"]),
        ({(8, 6): "99"}, ["BS366", "BS364"]),
    ],
    ids=["missing", "double", "unknown", "no column", "double column", "unknown column"],
)
def test_wrong_codes_are_findings_and_the_rest_is_read(
    cells: dict[tuple[int, int], str | None], expected: list[str]
) -> None:
    found = read(patched(_CROPS, {**cells, (20, 5): 3}), _CROPS)

    assert codes(found) == expected
    assert all(finding.sheet == "KTXH-09.T" and finding.cell for finding in found.findings)
    assert found.cells[CellKey("T1", "12", "2")].value == 3.0


def test_a_lost_code_is_read_where_its_neighbours_let_expect_it() -> None:
    found = read(patched(_CROPS, {(12, 2): None, (12, 6): 9}), _CROPS)

    assert found.cells[CellKey("T1", "04", "3")].value == 9.0


def test_a_lost_sentinel_is_a_finding_and_the_members_are_read() -> None:
    found = read(patched(_POVERTY, {(14, 2): None}, poverty_with_members()), _POVERTY)

    assert codes(found) == ["BS362"]
    assert [member.key for member in found.members["T1", "02*"]] == ["29551", "29554"]


def test_a_sentinel_that_stands_twice_is_a_finding() -> None:
    assert codes(read(patched(_POVERTY, {(13, 2): "02*"}), _POVERTY)) == ["BS363"]


def test_numbers_in_a_region_row_without_name_are_a_finding() -> None:
    found = read(patched(_POVERTY, {(12, 4): 5}), _POVERTY)

    assert codes(found) == ["BS369"]
    assert (found.findings[0].sheet, found.findings[0].cell) == ("KTXH-13.N", "A12")


def test_a_unit_row_without_code_is_known_by_its_name_and_warned_of() -> None:
    found = read(patched(_POVERTY, {(12, 2): None}, poverty_with_members()), _POVERTY)

    assert [(finding.code, finding.severity, finding.cell) for finding in found.findings] == [
        ("BS375", Severity.WARNING, "B12")
    ]
    assert [member.key for member in found.members["T1", "02*"]] == ["29551", "Phường Phú Khương"]


def test_two_rows_of_one_member_are_a_finding() -> None:
    found = read(patched(_POVERTY, {(12, 2): "29551"}, poverty_with_members()), _POVERTY)

    assert codes(found) == ["BS370"]
    assert [member.row for member in found.members["T1", "02*"]] == [11]


def test_labels_written_in_parts_and_with_odd_spaces_are_one_member() -> None:
    decomposed = "  Hộ\u00a0 ti\u0323ch "

    found = read(patched(_SERVICE, {(10, 1): decomposed}), _SERVICE)

    assert [member.key for member in found.members["T1", "01*"]] == ["Hộ tịch"]


def test_numbers_outside_the_coded_rows_and_columns_are_findings() -> None:
    between = insert_rows(template(_CROPS), "KTXH-09.T", 12, 1, 21)

    found = read(patched(_CROPS, {(13, 5): 99}, between), _CROPS)

    assert codes(found) == ["BS373"]
    assert found.findings[0].cell == "E13"


def test_hidden_rows_and_columns_inside_the_grid_are_findings() -> None:
    def hide(book: Book) -> None:
        book["KTXH-09.T"].row_dimensions[12].hidden = True
        book["KTXH-09.T"].row_dimensions[25].hidden = True
        book["KTXH-09.T"].column_dimensions["E"].hidden = True

    found = read(with_openpyxl(template(_CROPS), hide), _CROPS)

    assert [(finding.code, finding.cell) for finding in found.findings] == [("BS371", "A12"), ("BS372", "E1")]


@pytest.mark.parametrize(("area", "seen"), [("D9:D10", "D9"), ("D10:F10", "D10"), ("A1:N40", "A1")])
def test_cells_of_the_grid_merged_with_one_another_are_a_finding(area: str, seen: str) -> None:
    # Of merged cells only the first is shown; a file may keep figures in the others all the same.
    found = read(with_openpyxl(template(_CROPS), lambda book: book["KTXH-09.T"].merge_cells(area)), _CROPS)

    assert [(finding.code, finding.cell) for finding in found.findings if finding.code == "BS377"] == [("BS377", seen)]


def test_merged_cells_beside_the_grid_are_nobodys_business() -> None:
    found = read(with_openpyxl(template(_CROPS), lambda book: book["KTXH-09.T"].merge_cells("A9:C9")), _CROPS)

    assert "BS377" not in codes(found)


def test_rows_of_a_region_beyond_all_reason_are_not_read() -> None:
    with_rows = insert_rows(template(_SERVICE), "KTXH-14.T", 10, MAX_MEMBERS, 10)

    found = read(patched(_SERVICE, {(10 + n, 1): f"Lĩnh vực {n}" for n in range(MAX_MEMBERS + 1)}, with_rows), _SERVICE)

    assert codes(found) == ["BS376"]
    assert found.findings[0].cell == f"A{10 + MAX_MEMBERS}"
    assert len(found.members["T1", "01*"]) == MAX_MEMBERS


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_form_on_a_hidden_sheet_is_a_finding(state: str) -> None:
    # Beside it anything may stand that looks like the form: the signer would see that and not the figures.
    def hide(book: Book) -> None:
        book.create_sheet("Biểu")
        book["KTXH-09.T"].sheet_state = state

    assert codes(read(with_openpyxl(template(_CROPS), hide), _CROPS)) == ["BS378"]


def test_a_form_without_its_sheet_is_a_finding() -> None:
    found = read(template(_CROPS), _CROPS, sheet="29551")

    assert codes(found) == ["BS360"]
    assert found.cells == {}


def test_each_sheet_of_a_merged_workbook_is_read_by_its_own_names() -> None:
    clones = [
        SheetClone("29551", (), {(12, 6): 1.0}),
        SheetClone("29554", (), {(12, 6): 2.0}),
    ]
    merged = clone_sheets(template(_CROPS), "KTXH-09.T", clones)
    moved = insert_rows(merged, "29554", 3, 2, 3)

    first, second = read(moved, _CROPS, sheet="29551"), read(moved, _CROPS, sheet="29554")

    key = CellKey("T1", "04", "3")
    assert (first.cells[key].sheet, first.cells[key].row, first.cells[key].value) == ("29551", 12, 1.0)
    assert (second.cells[key].sheet, second.cells[key].row, second.cells[key].value) == ("29554", 14, 2.0)
    assert second.cells[CellKey("T1", "03", "1")].formula == "SUM({04|1},{05|1})"
    assert first.findings == second.findings == ()


def test_rows_that_changed_places_are_read_by_their_codes() -> None:
    found = read(patched(_CROPS, {(12, 2): "05", (13, 2): "04", (12, 6): 5, (13, 6): 4}), _CROPS)

    assert found.findings == ()
    assert [found.cells[CellKey("T1", code, "3")].value for code in ("04", "05")] == [4.0, 5.0]


_PLACES = st.integers(-3, 30) | st.sampled_from([10**9, -(10**9)])


@settings(max_examples=60)
@given(st.tuples(*[_PLACES] * 7))
def test_a_hostile_form_version_does_not_make_reading_raise(places: tuple[int, ...]) -> None:
    codes_at, labels_at, header_at, first, sentinel, row, at = places
    published = version(_POVERTY)
    table = published.tables[0]
    hostile = replace(
        table,
        codes_at=codes_at,
        labels_at=labels_at,
        header_at=header_at,
        rows=(replace(table.rows[0], at=row), *table.rows[1:]),
        columns=(replace(table.columns[0], at=at), *table.columns[1:]),
        regions=(replace(table.regions[0], first=first, sentinel=sentinel), *table.regions[1:]),
    )

    for data in (poverty_with_members(), _nameless()):
        read_form(open_workbook(data), replace(published, tables=(hostile,)))


@lru_cache
def _nameless() -> bytes:
    wiped = {(row, 2): None for row in range(9, 20)} | {(8, column): None for column in range(1, 13)}
    return with_openpyxl(patched(_POVERTY, wiped, poverty_with_members()), without_names)


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.tuples(st.integers(8, 20), st.integers(1, 12)),
        st.one_of(
            st.none(),
            st.sampled_from(["01", "02", "02*", "03*", "1", "12", "29551", "-", "…", "x", " "]),
            st.floats(-5, 100),
            st.booleans(),
            st.builds(Formula, st.sampled_from(["D9+1", "SUM(D:D)", "SUM(D11:D14)", "1+", "#REF!", "'a b'!A1"])),
        ),
        max_size=12,
    )
)
def test_whatever_is_typed_over_a_form_reading_it_never_raises(cells: dict[tuple[int, int], Plain]) -> None:
    found = read(patched(_POVERTY, cells, poverty_with_members()), _POVERTY)

    assert all(version(_POVERTY).cell(key) for key in found.cells)
    assert all(version(_POVERTY).cell(key).kind in CellKind for key in found.cells)
