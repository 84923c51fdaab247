"""Two versions of a form compared: every edit an owner makes is named, in words, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from form_templates.changes import Action, Change, Subject
from form_templates.diff import diff
from form_templates.model import (
    Aggregation,
    Carry,
    CarrySource,
    CellKey,
    CellKind,
    CellSpec,
    Column,
    FormVersion,
    Link,
    Region,
    Row,
    Rule,
    Succession,
    Table,
)
from tests.form_templates.specimens import forms, version
from workbooks.finding import Severity

CROPS, POVERTY = "KTXH-09.T", "KTXH-13.N"


def with_table(form: FormVersion, **parts: object) -> FormVersion:
    (table,) = form.tables
    return replace(form, tables=(replace(table, **parts),))  # type: ignore[arg-type] # parts are fields of a table


def without_row(form: FormVersion, code: str) -> FormVersion:
    (table,) = form.tables
    rows = tuple(row for row in table.rows if row.code != code)
    return with_table(form, rows=rows, cells=tuple(cell for cell in table.cells if cell.key.row != code))


def with_row(form: FormVersion, code: str, **parts: object) -> FormVersion:
    (table,) = form.tables
    rows = tuple(replace(row, **parts) if row.code == code else row for row in table.rows)  # type: ignore[arg-type] # as above
    return with_table(form, rows=rows)


def with_column(form: FormVersion, code: str, **parts: object) -> FormVersion:
    (table,) = form.tables
    columns = [replace(col, **parts) if col.code == code else col for col in table.columns]  # type: ignore[arg-type] # as above
    return with_table(form, columns=tuple(columns))


def with_cells(form: FormVersion, keys: Iterable[tuple[str, str]], **parts: object) -> FormVersion:
    (table,) = form.tables
    wanted = set(keys)
    cells = [
        replace(cell, **parts) if (cell.key.row, cell.key.column) in wanted else cell  # type: ignore[arg-type] # as above
        for cell in table.cells
    ]
    return with_table(form, cells=tuple(cells))


def summary(change: Change) -> tuple[Subject, Action, tuple[str, ...], tuple[str, ...], str]:
    return change.subject, change.action, change.rows, change.columns, change.what


def changes(old: FormVersion, new: FormVersion) -> tuple[Change, ...]:
    return diff(old, new).changes


def only(old: FormVersion, new: FormVersion) -> Change:
    (change,) = changes(old, new)
    return change


@pytest.mark.parametrize("form", forms())
def test_a_version_does_not_differ_from_itself(form: str) -> None:
    assert changes(version(form), version(form)) == ()


def test_a_version_number_alone_is_no_change() -> None:
    assert changes(version(CROPS), replace(version(CROPS), version="2")) == ()


def test_a_row_removed_is_told_with_its_label_and_old_cell() -> None:
    change = only(version(CROPS), without_row(version(CROPS), "11"))

    assert change.text == "Bỏ dòng 11 “Đậu các loại”"
    assert (change.subject, change.action, change.cells) == (Subject.ROW, Action.REMOVED, ("A19",))


def test_a_row_added_is_told_with_its_place() -> None:
    change = only(without_row(version(CROPS), "11"), version(CROPS))

    assert change.text == "Thêm dòng 11 “Đậu các loại” (Ha) sau dòng 10"
    assert change.cells[:3] == ("A19", "B19", "C19")


def test_a_row_renamed_keeps_its_code() -> None:
    change = only(version(CROPS), with_row(version(CROPS), "06", label="2. Ngô và cây lương thực khác"))

    assert change.text == "Dòng 06, tên: “2. Ngô” → “2. Ngô và cây lương thực khác”"
    assert change.cells == ("A14",)


def test_one_row_moved_is_one_change() -> None:
    (table,) = version(CROPS).tables
    moved = [*table.rows[:3], table.rows[10], *table.rows[3:10], *table.rows[11:]]

    change = only(version(CROPS), with_table(version(CROPS), rows=tuple(moved)))

    assert summary(change)[:3] == (Subject.ROW, Action.MOVED, ("11",))
    assert change.text == "Dời dòng 11 “Đậu các loại” sau dòng 03"


def test_rows_pushed_down_by_another_row_have_not_changed() -> None:
    old = version(CROPS)
    (table,) = old.tables
    lower = tuple(replace(row, at=row.at + 1) if row.at > 12 else row for row in table.rows)

    assert changes(old, with_table(old, rows=lower)) == ()


def test_a_unit_changed_for_a_column_is_not_told_again_for_every_cell() -> None:
    old = version(CROPS)
    new = with_column(old, "6", unit="Nghìn tấn")
    new = with_cells(new, [(row.code, "6") for row in old.tables[0].rows], unit="Nghìn tấn")

    assert only(old, new).text == "Cột 6 “Sản lượng (tấn)”, đơn vị tính: “Tấn” → “Nghìn tấn”"


def test_a_unit_changed_for_a_row_is_not_told_again_for_every_cell() -> None:
    old = version("KTXH-10.Q")
    new = with_row(old, "06", unit="Con")
    new = with_cells(new, [("06", "1"), ("06", "2"), ("06", "4")], unit="Con")

    assert only(old, new).text == "Dòng 06 “Tổng đàn gia cầm”, đơn vị tính: “Nghìn con” → “Con”"


def test_decimals_of_a_column_are_one_change() -> None:
    old = version(CROPS)
    rows = [row.code for row in old.tables[0].rows if old.cell(CellKey("T1", row.code, "5")).kind is CellKind.INPUT]

    change = only(old, with_cells(old, [(row, "5") for row in rows], decimals=1))

    assert (change.subject, change.rows, change.columns) == (Subject.CELL, tuple(rows), ("5",))
    assert (change.what, change.before, change.after) == ("số chữ số thập phân", "2", "1")


def test_a_total_that_takes_in_one_more_row_is_told_in_words_and_addresses() -> None:
    old, columns = version(CROPS), ("1", "2", "3", "4")
    (table,) = old.tables
    cells = tuple(
        replace(cell, formula=f"SUM({{10|{cell.key.column}}},{{11|{cell.key.column}}},{{12|{cell.key.column}}})")
        if (cell.key.row, cell.key.column) in {("09", column) for column in columns}
        else cell
        for cell in table.cells
    )

    change = only(old, with_table(old, cells=cells))

    assert (change.rows, change.columns) == (("09",), columns)
    assert (change.before, change.after) == ("=SUM([dòng 10],[dòng 11])", "=SUM([dòng 10],[dòng 11],[dòng 12])")
    assert change.formulas == ("=SUM(D18,D19)", "=SUM(D18,D19,D20)")
    assert change.cells == ("D17", "E17", "F17", "G17")


def test_a_formula_dragged_down_a_column_is_one_change() -> None:
    old = version(CROPS)
    (table,) = old.tables
    cells = []
    for cell in table.cells:
        formula = f"{{{cell.key.row}|3}}/{{{cell.key.row}|2}}"
        of_column = cell.key.column == "8"
        cells.append(replace(cell, formula=formula, aggregate_formula=formula) if of_column else cell)

    change = only(old, with_table(old, cells=tuple(cells)))

    assert (len(change.rows), change.columns, change.after) == (12, ("8",), "=[cột 3]/[cột 2]")


def test_a_cell_that_becomes_typed_is_told() -> None:
    change = only(version(CROPS), with_cells(version(CROPS), [("04", "6")], kind=CellKind.INPUT, formula=None))

    assert change.text.startswith("Dòng 04, cột 6, công thức: “=IFERROR(ROUND([cột 4]*[cột 5]/10,1)")
    assert change.text.endswith("→ “nhập”")


def test_aggregation_is_told() -> None:
    change = only(version(CROPS), with_cells(version(CROPS), [("04", "3")], aggregation=Aggregation.NONE))

    assert (change.what, change.before, change.after) == ("tổng hợp nhiều đơn vị", "cộng", "không tổng hợp")


def test_a_carried_column_is_told_with_its_source() -> None:
    new = with_column(version(CROPS), "1", carry=Carry("4", CarrySource.PREVIOUS_PERIOD))

    change = only(version(CROPS), new)

    assert (change.before, change.after) == ("cột 3 của cùng kỳ năm trước", "cột 4 của kỳ trước")


def test_a_region_is_compared_by_name_unit_members_and_rows() -> None:
    old = version(POVERTY)
    (table,) = old.tables
    wards, communes = table.regions
    regions = (replace(wards, label="Phường, đặc khu", sentinel=wards.sentinel + 2), communes)

    assert [change.what for change in changes(old, with_table(old, regions=regions))] == ["tên", "số dòng mẫu"]


def test_rules_of_one_declaration_are_told_together() -> None:
    old = version(CROPS)
    stricter = tuple(
        replace(rule, severity=Severity.WARNING) if rule.code.startswith("R1.") else rule for rule in old.rules
    )

    change = only(old, replace(old, rules=stricter))

    assert (change.subject, change.what, change.before, change.after) == (Subject.RULE, "mức độ", "lỗi", "cảnh báo")
    assert len(change.rows) == 12


def test_a_rule_removed_or_added_is_told_with_its_message() -> None:
    old = version(CROPS)
    fewer = replace(old, rules=tuple(rule for rule in old.rules if not rule.code.startswith("R3")))

    assert only(old, fewer).text.startswith("Bỏ quan hệ R3 (cảnh báo): Năng suất ngô")
    assert only(fewer, old).text.startswith("Thêm quan hệ R3 (cảnh báo): Năng suất ngô")


def test_a_rule_that_no_longer_applies_to_a_row_is_told() -> None:
    old = version(CROPS)
    fewer = replace(old, rules=tuple(rule for rule in old.rules if rule.code != "R1.12"))

    assert only(old, fewer).text == "Quan hệ R1: không còn cho 12"


def test_facts_of_the_header_are_told() -> None:
    new = replace(version(CROPS), title="TRỒNG TRỌT", periods=("M",))

    assert {change.what for change in changes(version(CROPS), new)} == {"tên biểu", "kỳ báo cáo"}


def test_what_became_of_a_row_is_told() -> None:
    links = (Link("05", "05", share="0.6"), Link("05", "13", share="0.4"), Link("12", ""))
    new = replace(version(CROPS), succession=Succession("1", rows=links))

    assert [change.text for change in changes(version(CROPS), new)] == [
        "Khai báo: tiếp nối phiên bản 1",
        "Khai báo: dòng 05 → dòng 05 (tỷ lệ 0,6)",
        "Khai báo: dòng 05 → dòng 13 (tỷ lệ 0,4)",
        "Khai báo: dòng 12 → không chuyển tiếp",
    ]


# Where a thing stands on the sheet is no part of what the form means; all else must be compared.
PLACES = {
    Row: {"at"},
    Column: {"at"},
    Region: {"first"},
    Table: {"codes_at", "labels_at", "header_at"},
    FormVersion: {"version"},
}
ANOTHER: dict[str, object] = {"kind": CellKind.CARRY, "aggregation": Aggregation.NONE, "severity": Severity.WARNING}


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (part, field.name)
        for part in (Row, Column, Region, CellSpec, Rule, FormVersion)
        for field in fields(part)
        if field.name not in PLACES.get(part, set()) | {"code", "key", "tables", "rules", "succession", "periods"}
    ],
)
def test_no_property_of_the_model_is_forgotten(part: type, name: str) -> None:
    """A property that is added to the model must be told when it changes."""
    old = version(POVERTY)
    (table,) = old.tables
    holder = {Row: table.rows, Column: table.columns, Region: table.regions, CellSpec: table.cells, Rule: old.rules}
    parts = holder.get(part, (old,))
    at = next(i for i, one in enumerate(parts) if not isinstance(one, CellSpec) or one.formula)
    special = {"carry": Carry("1", CarrySource.PREVIOUS_PERIOD), "decimals": 5, "sentinel": 99}
    aggregated = {"aggregation": Aggregation.FORMULA} if name == "aggregate_formula" else {}
    edited = replace(parts[at], **{name: ANOTHER.get(name, special.get(name, "khác"))}, **aggregated)
    together = (*parts[:at], edited, *parts[at + 1 :])
    field_of = {Row: "rows", Column: "columns", Region: "regions", CellSpec: "cells"}

    if part is FormVersion:
        new = edited
    elif part is Rule:
        new = replace(old, rules=together)
    else:
        new = with_table(old, **{field_of[part]: together})

    assert changes(old, new) != ()


NAMES = st.text(st.characters(categories=["L"]), min_size=1, max_size=8)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(forms()), st.data(), NAMES)
def test_a_row_dropped_added_renamed_or_measured_otherwise_is_named_and_nothing_else(
    form: str, data: st.DataObject, name: str
) -> None:
    old = version(form)
    (table,) = old.tables
    code = data.draw(st.sampled_from([row.code for row in table.rows]))
    row = next(row for row in table.rows if row.code == code)
    own = [(code, col.code) for col in table.columns if old.cell(CellKey("T1", code, col.code)).unit == row.unit]
    own = [(code, column) for _, column in own if not next(col for col in table.columns if col.code == column).unit]
    unit = f"{row.unit} {name}"

    told = {
        (Action.REMOVED, ""): (old, without_row(old, code)),
        (Action.ADDED, ""): (without_row(old, code), old),
        (Action.CHANGED, "tên"): (old, with_row(old, code, label=f"{row.label} {name}")),
        (Action.CHANGED, "đơn vị tính"): (old, with_cells(with_row(old, code, unit=unit), own, unit=unit)),
    }

    for (action, what), (before, after) in told.items():
        assert [summary(change) for change in changes(before, after)] == [(Subject.ROW, action, (code,), (), what)]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([form for form in forms() if len(version(form).tables[0].rows) > 3]), st.data())
def test_a_row_moved_is_named_and_nothing_else(form: str, data: st.DataObject) -> None:
    old = version(form)
    rows = list(old.tables[0].rows)
    source = data.draw(st.integers(0, len(rows) - 1))
    # Further than to the place beside it: of two rows that change places, either may be the one that moved.
    target = data.draw(st.sampled_from([place for place in range(len(rows)) if abs(place - source) > 1]))
    row = rows.pop(source)
    rows.insert(target, row)

    (change,) = changes(old, with_table(old, rows=tuple(rows)))

    assert summary(change) == (Subject.ROW, Action.MOVED, (row.code,), (), "")


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(forms()), st.data())
def test_a_formula_changed_is_named_and_nothing_else(form: str, data: st.DataObject) -> None:
    old = version(form)
    calculated = {(cell.key.row, cell.key.column): cell for cell in old.tables[0].cells if cell.formula}
    if not calculated:
        return
    key = data.draw(st.sampled_from(list(calculated)))
    cell = calculated[key]
    edited = f"{cell.formula}+1"
    aggregate = edited if cell.aggregate_formula == cell.formula else cell.aggregate_formula

    (change,) = changes(old, with_cells(old, [key], formula=edited, aggregate_formula=aggregate))

    assert summary(change) == (Subject.CELL, Action.CHANGED, key[:1], key[1:], "công thức")
    assert change.formulas[1] == f"{change.formulas[0]}+1"
    assert change.after == f"{change.before}+1"


@settings(max_examples=50, deadline=None)
@given(st.sampled_from([form for form in forms() if version(form).rules]), st.data(), NAMES)
def test_a_rule_changed_is_named_and_nothing_else(form: str, data: st.DataObject, name: str) -> None:
    old = version(form)
    at = data.draw(st.integers(0, len(old.rules) - 1))
    rule = replace(old.rules[at], message=f"{old.rules[at].message} {name}")

    (change,) = changes(old, replace(old, rules=(*old.rules[:at], rule, *old.rules[at + 1 :])))

    assert summary(change) == (Subject.RULE, Action.CHANGED, (rule.code,), (), "thông báo")
