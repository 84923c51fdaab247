from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.comments import Comment

from form_templates import serial
from form_templates.attachments import read_attachments, with_attachments
from form_templates.definition import ATTACHMENTS_SHEET
from form_templates.errors import FormError
from form_templates.explanations import lines_of, read_explanations
from form_templates.filling import CellValue, MemberLabel, Members, fill, issue, key_addresses
from form_templates.model import CellKey, CellKind, FormVersion
from form_templates.reading import read_form
from form_templates.stamp import Stamp
from formulas.checking import check
from formulas.converting import Conversion, convert
from formulas.freezing import freeze
from tests.form_templates.specimens import KEY, KEY_ID, a_stamp
from tests.form_templates.successions import first_spec, second_spec, template, third_spec, version
from tests.narratives import a_pdf
from workbooks.address import address
from workbooks.patch import Constant, Formula, Patch, patch_cells
from workbooks.workbook import open_workbook

FIRST, SECOND = first_spec(), second_spec()


def key(row: str, column: int) -> CellKey:
    return CellKey("T1", row, str(column))


def stamp_of(form: FormVersion) -> Stamp:
    return replace(a_stamp(), form=form.form, version=form.version, digest=serial.digest(form))


@lru_cache
def issued(spec: str) -> bytes:
    form = version(spec)
    return freeze(issue(template(spec), form, stamp_of(form), KEY_ID, KEY), form)


def officers(values: Mapping[CellKey, CellValue], formulas: Mapping[CellKey, Formula] | None = None) -> bytes:
    """The first version's workbook as an officer left it."""
    data = fill(issued(FIRST), version(FIRST), values)
    places = key_addresses(data, version(FIRST))
    patches: dict[tuple[int, int], Patch] = {places[at][1:]: formula for at, formula in (formulas or {}).items()}
    return patch_cells(data, {"KTXH-09.T": patches})


def at(data: bytes, row: str, column: int) -> str:
    """Where a cell of the first version stands."""
    sheet_row, sheet_column = key_addresses(data, version(FIRST))[key(row, column)][1:]
    return address(sheet_row, sheet_column)


def converted(data: bytes, *, to: tuple[str, ...] = (SECOND,), beside: bool = False) -> Conversion:
    versions = [version(FIRST), *(version(spec) for spec in to)]
    return convert(data, issued(to[-1]), versions, template=template(FIRST) if beside else None)


def cells(done: Conversion, spec: str = SECOND) -> dict[CellKey, object]:
    return {at: cell.value for at, cell in read_form(open_workbook(done.data), version(spec)).cells.items()}


def told(done: Conversion) -> set[tuple[str, str]]:
    return {(one.cell, one.reason) for one in done.left}


def test_figures_are_where_the_new_version_has_them_and_its_formulas_follow() -> None:
    data = officers(
        {
            key("04", 3): 5.0,
            key("05", 3): 10.0,
            key("07", 3): 1.5,
            key("08", 3): 2.5,
            key("12", 3): 4.0,
            key("12", 2): 7.0,
        }
    )

    done = converted(data)
    found = cells(done)

    assert [found[key(row, 3)] for row in ("04", "05", "13", "07", "14")] == [5.0, 7.0, 3.0, 4.0, 4.0]
    assert found[key("14", 2)] == 0.007
    assert (found[key("03", 3)], found[key("01", 3)]) == (15.0, 23.0)
    assert done.left == ()


def test_each_moved_cell_is_listed_with_how() -> None:
    data = officers({key("05", 3): 10.0, key("07", 3): 1.5, key("08", 3): 2.5, key("12", 2): 7.0})

    done = converted(data)

    moves = {(one.from_cell, one.how) for one in done.moved}
    assert (at(data, "05", 3), "chia theo tỷ lệ 0,7") in moves
    assert (at(data, "05", 3), "chia theo tỷ lệ 0,3") in moves
    assert (at(data, "08", 3), "cộng gộp") in moves
    assert (at(data, "12", 2), "nhân hệ số 0,001") in moves
    assert len(done.moved) == 5


def test_the_new_workbook_is_issued_to_the_same_unit_and_checks_clean() -> None:
    values: dict[CellKey, CellValue] = {}
    for row in ("04", "05", "06", "07", "08", "10", "11", "12"):
        values |= {key(row, 2): 10.0, key(row, 3): 9.0, key(row, 4): 8.0, key(row, 5): 50.0}
    done = converted(officers(values))

    report = check(done.data)

    assert [finding for finding in report.findings if finding.severity.value == "error"] == []
    assert read_form(open_workbook(done.data), version(SECOND)).cells[key("04", 3)].value == 9.0


def test_what_was_typed_in_place_of_a_number_goes_along_as_it_is() -> None:
    signs: dict[CellKey, CellValue] = {key("04", 3): "mười ha", key("12", 3): "-", key("06", 3): "…"}
    data = officers(signs, {key("04", 4): Formula("120+35", 155.0)})

    done = converted(data)
    found = read_form(open_workbook(done.data), version(SECOND)).cells

    assert found[key("04", 3)].value == "mười ha"
    assert (found[key("14", 3)].value, found[key("06", 3)].value) == ("-", "…")
    assert (found[key("04", 4)].formula, found[key("04", 4)].value) == ("120+35", 155.0)
    assert done.left == ()


def test_a_typed_sum_that_is_divided_becomes_a_number_and_the_list_says_so() -> None:
    data = officers({}, {key("05", 3): Formula("6+4", 99.0)})

    done = converted(data)

    # The shown 99 is not believed; the sum is.
    assert (cells(done)[key("05", 3)], cells(done)[key("13", 3)]) == (7.0, 3.0)
    assert {one.content for one in done.moved} == {"=6+4"}
    assert all("công thức tự ghi thành số" in one.how for one in done.moved)


def test_what_has_no_place_is_listed_and_not_lost_in_silence() -> None:
    data = officers({key("07", 5): 40.0, key("08", 5): 60.0, key("07", 3): "nhiều", key("08", 3): 3.0})

    done = converted(data)

    assert {cell for cell, _ in told(done)} == {at(data, "07", 5), at(data, "08", 5), at(data, "07", 3)}
    assert {one.content for one in done.left} == {"40", "60", "nhiều"}
    assert cells(done)[key("07", 3)] == 3.0


def test_a_number_typed_over_a_formula_is_listed_and_computed_again() -> None:
    data = officers({key("04", 3): 5.0})
    data = patch_cells(data, {"KTXH-09.T": {key_addresses(data, version(FIRST))[key("03", 3)][1:]: Constant(77.0)}})

    done = converted(data)

    assert [(one.cell, one.content) for one in done.left] == [(at(data, "03", 3), "77")]
    assert cells(done)[key("03", 3)] == 5.0


def test_notes_other_sheets_and_words_beside_the_form_are_listed() -> None:
    book = load_workbook(io.BytesIO(officers({key("04", 3): 1.0})))
    sheet = book["KTXH-09.T"]
    sheet["F12"].comment = Comment("so lieu cua tram", "Cán bộ")
    sheet["B40"], sheet["R12"] = "Người lập biểu: Nguyễn Văn A", 1234.5
    book.create_sheet("Nháp")["A1"] = 5
    stream = io.BytesIO()
    book.save(stream)

    done = converted(stream.getvalue(), beside=True)

    listed = {(one.sheet, one.cell, one.content) for one in done.left}
    assert ("KTXH-09.T", "F12", "so lieu cua tram") in listed
    assert ("KTXH-09.T", "B40", "Người lập biểu: Nguyễn Văn A") in listed
    assert ("KTXH-09.T", "R12", "1.234,5") in listed
    assert ("Nháp", "", "") in listed
    assert len(listed) == 4


def test_attached_files_do_not_go_along_and_the_list_says_so() -> None:
    data = with_attachments(officers({key("04", 3): 1.0}), [("phụ lục.pdf", a_pdf())])

    done = converted(data, beside=True)

    assert read_attachments(open_workbook(done.data)) == ()
    assert [(one.sheet, one.cell, one.content) for one in done.left] == [(ATTACHMENTS_SHEET, "B5", "phụ lục.pdf")]
    assert "đính kèm lại" in done.left[0].reason


def test_explanations_go_along_and_name_the_cell_where_it_stands_now() -> None:
    data = officers({key("12", 3): 4.0})
    lines = lines_of(open_workbook(data))
    assert lines is not None
    old = at(data, "12", 3)
    first = next(iter(lines.texts))
    said = ("BS520", old, "Số tăng nhiều", "Mở rộng diện tích theo kế hoạch")
    data = patch_cells(data, {lines.sheet: {(first, lines.column + i): text for i, text in enumerate(said)}})

    done = converted(data)

    new = address(*key_addresses(done.data, version(SECOND))[key("14", 3)][1:])
    explained = list(read_explanations(open_workbook(done.data)))
    assert [(one.code, one.cell, one.text) for one in explained] == [("BS520", new, said[3])]
    assert done.left == ()


def test_versions_in_a_row_give_back_what_came_together_again() -> None:
    done = converted(officers({key("05", 3): 12.3, key("12", 3): 4.0}), to=(SECOND, third_spec()))

    found = cells(done, third_spec())
    assert (found[key("05", 3)], found[key("12", 3)]) == (12.3, 4.0)


def test_a_renamed_sheet_is_still_the_form_and_a_missing_one_is_not() -> None:
    book = load_workbook(io.BytesIO(officers({key("05", 3): 10.0})))
    book["KTXH-09.T"].title = "Bản của tôi"
    for name in book.defined_names.values():
        name.attr_text = (name.attr_text or "").replace("KTXH-09.T", "Bản của tôi")
    renamed, without = io.BytesIO(), io.BytesIO()
    book.save(renamed)
    del book["Bản của tôi"]
    book.save(without)

    done = converted(renamed.getvalue(), beside=True)
    with pytest.raises(FormError):
        converted(without.getvalue(), beside=True)

    assert cells(done)[key("13", 3)] == 3.0
    assert done.left == ()


def test_numbers_that_no_form_has_are_moved_or_listed_all_the_same() -> None:
    data = officers({key("05", 3): 1e300, key("04", 2): 1e-300, key("12", 2): -1e22, key("07", 3): 1e15})

    done = converted(data)

    assert {one.from_cell for one in done.moved} >= {at(data, "05", 3), at(data, "12", 2), at(data, "07", 3)}
    assert cells(done)[key("07", 3)] == 1e15
    assert at(data, "04", 2) in {one.from_cell for one in done.moved} | {one.cell for one in done.left}


def test_converting_changes_nothing_in_the_officers_workbook_and_is_repeatable() -> None:
    data = officers({key("05", 3): 10.0})

    assert converted(data) == converted(data)


amounts = st.one_of(
    st.integers(-99_999, 999_999).map(lambda units: units / 10),
    st.sampled_from(["-", "…", "x", "chữ", " "]),
)
typed = st.sampled_from(
    [cell.key for cell in version(FIRST).cell_by_key.values() if cell.kind in (CellKind.INPUT, CellKind.CARRY)]
)


@settings(max_examples=40)
@given(st.dictionaries(typed, amounts, max_size=30))
def test_additive_figures_keep_their_sum_and_every_cell_is_moved_or_listed(values: dict[CellKey, CellValue]) -> None:
    data = officers(values)

    done = converted(data)

    found = cells(done)
    for column in ("1", "3", "4"):
        before = [
            Decimal(str(value)) for at, value in values.items() if at.column == column and isinstance(value, float)
        ]
        after = [
            Decimal(repr(value))
            for at, value in found.items()
            if at.column == column and isinstance(value, float) and version(SECOND).cell(at).kind is not CellKind.CALC
        ]
        assert sum(before, Decimal(0)) == sum(after, Decimal(0))
    places = key_addresses(data, version(FIRST))
    told_of = {one.from_cell for one in done.moved} | {one.cell for one in done.left}
    wanted = {address(*places[at][1:]) for at, value in values.items() if value != " "}
    assert wanted <= told_of


# -- repeated rows -----------------------------------------------------------------------------------------------------

_REGION = """
id = "THU-02.T"
version = "%s"
title = "Biểu thử"
unit_text = "Hồ sơ"
decision = "QĐ"
basis = "Biểu thử"
sender = "UBND xã"
receiver = "UBND tỉnh"
deadline = "Ngày 18"
periods = ["M"]

[[columns]]
code = "1"
header = "Số hồ sơ"
unit = "Hồ sơ"
decimals = 0

[[rows]]
code = "%s"
label = "Tổng số"
unit = "Hồ sơ"
relation = "=*"

[[regions]]
code = "%s*"
under = "%s"
label = "Lĩnh vực"
unit = "Hồ sơ"
members = "field"
"""


def test_repeated_rows_keep_their_names_even_where_nothing_was_typed_yet() -> None:
    old = _REGION % ("1", "01", "01", "01")
    links = '[succession]\nversion = "1"\n[[succession.rows]]\nold = "01"\nnew = "02"\n'
    new = _REGION % ("2", "02", "02", "02") + links + '[[succession.rows]]\nold = "01*"\nnew = "02*"\n'
    names = [MemberLabel(f"Lĩnh vực {i}", f"LV{i}") for i in (4, 0, 6, 1, 5, 3, 2)]
    rows: Members = {("T1", "01*"): names}
    values = {CellKey("T1", f"01*#{name.code}", "1"): float(i) for i, name in enumerate(names) if i}
    data = fill(issued(old), version(old), values, rows)

    done = convert(data, issued(new), [version(old), version(new)])
    found = read_form(open_workbook(done.data), version(new))

    assert [member.label for member in found.members["T1", "02*"]] == [name.label for name in names]
    assert {at.member: cell.value for at, cell in found.cells.items() if at.member} == {
        name.code: float(i) if i else None for i, name in enumerate(names)
    }
    assert found.cells[key("02", 1)].value == 21.0
    assert not done.left
