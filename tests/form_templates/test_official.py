"""The official templates held against the forms as they were given (tests/specimens/forms.json), item by item."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from form_templates.model import Aggregation, CarrySource, CellKey, CellKind, Column, FormVersion, Rule
from tests.form_templates.specimens import forms, version
from workbooks.finding import Severity

_FILE = Path(__file__).parents[1] / "specimens" / "forms.json"
_KINDS = {"in": CellKind.INPUT, "carry": CellKind.CARRY, "calc": CellKind.CALC, "text": CellKind.TEXT}
_DEPARTURES = {
    # What one budget gives to the one below is taken out once: README, KTXH-06.T.
    ("KTXH-06.T", "01"): "=02+20+21-22",
    # A ratio is written with rNN, so that a factor is not mistaken for a row.
    ("KTXH-01.Q", "30"): "=r01/r29",
    ("KTXH-15.N", "03"): "=r02/r01*10",
    ("KTXH-15.N", "05"): "=r04/r01*10",
    ("KTXH-15.N", "15"): "=r13/r14",
}
_ADDED_ROWS = {"KTXH-06.T": ["22"]}
_OWN_FORMULA = {
    # A stock does not run up over the year: README, KTXH-12.T.
    ("KTXH-12.T", "12", "2"),
    # The output of a group of like crops is added: the checks of KTXH-09.T.
    ("KTXH-09.T", "02", "6"),
    ("KTXH-09.T", "03", "6"),
}


@lru_cache
def given() -> dict[str, Any]:
    return {form["id"]: form for form in json.loads(_FILE.read_text(encoding="utf-8"))}


def columns(form: str) -> dict[str, Column]:
    return {column.code: column for column in version(form).tables[0].columns}


def the_rules(form: str) -> list[Rule]:
    return list(version(form).rules)


def addends(formula: str) -> tuple[set[str], set[str]]:
    """Cells added and cells taken away in ``SUM(…)-SUM(…)``."""
    match = re.fullmatch(r"(?:SUM\(([^()]*)\))?(?:-SUM\(([^()]*)\))?", formula)
    assert match, formula
    return tuple(set(filter(None, (part or "").split(","))) for part in match.groups())  # type: ignore[return-value]  # two groups


def test_every_form_that_was_given_has_its_template() -> None:
    assert forms() == sorted(given())
    assert len(forms()) == 15


@pytest.mark.parametrize("form", forms())
def test_title_and_sender_are_those_given(form: str) -> None:
    assert version(form).title == given()[form]["title"].upper()
    assert version(form).sender


@pytest.mark.parametrize("form", forms())
def test_every_column_has_its_number_kind_and_header(form: str) -> None:
    printed = {code: column for code, column in columns(form).items() if not column.is_reference}

    assert list(printed) == [column["no"] for column in given()[form]["cols"]]
    for column in given()[form]["cols"]:
        found = printed[column["no"]]
        assert found.kind is _KINDS[column["kind"]], column
        assert found.header.casefold() == column["header"].casefold()


@pytest.mark.parametrize("form", forms())
def test_every_row_has_its_code_label_and_unit(form: str) -> None:
    rows = {row.code: row for row in version(form).tables[0].rows}
    wanted = [row for row in given()[form]["rows"] if row["code"] != "*"]

    assert [code for code in rows if code not in _ADDED_ROWS.get(form, [])] == [row["code"] for row in wanted]
    for row in wanted:
        assert (rows[row["code"]].label, rows[row["code"]].unit) == (row["label"], row["unit"])


def told(text: str, form: str) -> str:
    """A given formula with the code of a column for ``prev(c6)``."""
    return re.sub(r"prev\(c([0-9]+)\)", lambda match: f"c{earlier(form, match[1])}", text)


def earlier(form: str, column: str) -> str:
    return next(
        code
        for code, other in columns(form).items()
        if other.carry
        and other.carry.column == column
        and other.carry.source in (CarrySource.PREVIOUS_PERIOD, CarrySource.PREVIOUS_IN_YEAR)
    )


def column_cases() -> list[tuple[str, str, str]]:
    return [(form, col["no"], col["formula"]) for form in forms() for col in given()[form]["cols"] if col["formula"]]


@pytest.mark.parametrize(("form", "column", "text"), column_cases())
def test_a_column_formula_means_what_was_given(form: str, column: str, text: str) -> None:
    """A ratio in every row; a sum in every row that is not itself made of other rows."""
    is_ratio = re.search(r"[*/]", text) is not None
    summed = {row["code"] for row in given()[form]["rows"] if row["rel"].startswith("=")}
    summed |= {region.code.removesuffix("*") for region in version(form).tables[0].regions}
    checked = 0
    for key, cell in version(form).cell_by_key.items():
        if key.column != column or cell.kind is CellKind.NOT_APPLICABLE:
            continue
        if key.row in summed and not is_ratio:
            continue
        if (form, key.row, column) in _OWN_FORMULA or (form == "KTXH-15.N" and key.row in ("06", "07")):
            continue
        row = "@" if key.region else key.row
        expected = re.sub(r"c([0-9]+(?:kt)?)@([0-9]+)", r"{\2|\1}", told(text, form))
        expected = re.sub(r"c([0-9]+(?:kt)?)", rf"{{{row}|\1}}", expected)
        assert cell.formula is not None
        if is_ratio:
            assert cell.formula == f'IFERROR(ROUND({expected},{cell.decimals}),"-")'
        else:
            added = {term[1:] for term in re.findall(r"[+]\{[^}]*\}", "+" + expected)}
            taken = {term[1:] for term in re.findall(r"[-]\{[^}]*\}", expected)}
            assert addends(cell.formula) == (added, taken)
        checked += 1
    assert checked


def row_cases() -> list[tuple[str, str, str]]:
    cases = [(form, row["code"], row["rel"]) for form in forms() for row in given()[form]["rows"] if row["rel"]]
    return [(form, code, _DEPARTURES.get((form, code), relation)) for form, code, relation in cases]


@pytest.mark.parametrize(("form", "row", "relation"), row_cases())
def test_a_row_relation_is_there_as_formula_or_rule(form: str, row: str, relation: str) -> None:
    if relation.startswith("="):
        _assert_made(form, row, relation.removeprefix("="))
    else:
        _assert_bound(form, row, relation)


def _assert_made(form: str, row: str, expression: str) -> None:
    """Every printed column that adds up (or all, in a ratio of rows) holds the relation."""
    checked = 0
    for code, column in columns(form).items():
        cell = version(form).cell(CellKey("T1", row, code))
        own_ratio = (
            (cell.unit == "%" and cell.kind is CellKind.CALC) or "%" in column.header or "ROUND" in (cell.formula or "")
        )
        if column.is_reference or cell.kind in (CellKind.NOT_APPLICABLE, CellKind.TEXT):
            continue
        if expression.startswith("r"):
            if column.unit == "%":
                continue
            body = re.sub(r"r([0-9]+)", rf"{{\1|{code}}}", expression)
            assert cell.formula == f'IFERROR(ROUND({body},{cell.decimals}),"-")'
            assert cell.aggregation is Aggregation.FORMULA
        elif own_ratio:
            continue
        elif expression == "*":
            assert cell.formula == f"SUM({{{row}*|{code}}})"
        else:
            assert cell.formula is not None, (row, code)
            added = {f"{{{m}|{code}}}" for m in re.findall(r"(?<![-0-9])([0-9]+)", expression)}
            taken = {f"{{{m}|{code}}}" for m in re.findall(r"-([0-9]+)", expression)}
            assert addends(cell.formula) == (added, taken)
        checked += 1
    assert checked


def _assert_bound(form: str, row: str, relation: str) -> None:
    found = [rule for rule in the_rules(form) if f"{{{row}|" in rule.formula and "<=" in rule.formula]
    between = re.fullmatch(r"~([0-9]+)\.\.([0-9]+)", relation)
    limits = f"MAX({{{between[1]}:{between[2]}|" if between else f"<=SUM({{{relation.removeprefix('<=')}|"

    bound = [rule for rule in found if limits in rule.formula]

    assert bound
    assert all(rule.severity is Severity.ERROR for rule in bound)


@pytest.mark.parametrize(
    ("form", "formula", "severity"),
    [
        ("KTXH-01.Q", "SUM({01|7})=SUM({02|7},{06|7},{13|7},{28|7})", "error"),
        ("KTXH-01.Q", "OR(SUM({01|4})<=0,SUM({01|7})=SUM({01|6})-100)", "error"),
        ("KTXH-02.T", "OR(SUM({03|2})=0,AND(SUM({03|2})>=30,SUM({03|2})<=300))", "warning"),
        ("KTXH-03.T", "SUM({05|6})>=SUM({05|5})", "error"),
        ("KTXH-03.T", "OR(SUM({05|6kt})=0,SUM({05|6})>=SUM({05|6kt}))", "warning"),
        ("KTXH-06.T", "SUM({22|2})<=SUM({02|2},{20|2},{21|2})", "error"),
        ("KTXH-07.T", "SUM({03|2})<=SUM({03|1})", "warning"),
        ("KTXH-07.T", "SUM({03|5})<=SUM({03|2})", "error"),
        ("KTXH-07.T", "SUM({03|8})>=SUM({03|5})", "error"),
        ("KTXH-07.T", "OR(SUM({03|1})<=0,SUM({03|6})>=50,LEN({03|9})>0)", "warning"),
        ("KTXH-08.Q", "SUM({01|2})=SUM({43|2},{49|2},{50|2},{51|2},{52|2})", "error"),
        ("KTXH-08.Q", "SUM({02|1})=SUM({11|1},{20|1})", "error"),
        ("KTXH-09.T", "SUM({04|4})<=SUM({04|3})", "error"),
        ("KTXH-11.T", "SUM({05|4},{06|4},{07|4},{08|4},{09|4},{10|4})<=SUM({01|4})", "error"),
        (
            "KTXH-12.T",
            "OR(SUM({12|1kt})=0,SUM({12|1})=SUM({12|1kt},{01|1},{08|1})-SUM({09|1},{11|1}))",
            "warning",
        ),
        ("KTXH-13.N", "SUM({@|9})<=SUM({@|7})", "error"),
        ("KTXH-14.T", "SUM({@|1})=SUM({@|5},{@|9})", "error"),
        ("KTXH-15.N", "OR(SUM({06|3})=0,AND(SUM({06|3})>=0,SUM({06|3})<=100))", "error"),
    ],
)
def test_a_check_given_in_words_is_a_rule(form: str, formula: str, severity: str) -> None:
    assert (formula, severity) in {(rule.formula, rule.severity.value) for rule in the_rules(form)}


def test_rows_29_and_30_of_grdp_stand_in_columns_1_and_2_only() -> None:
    form = version("KTXH-01.Q")

    applicable = {
        (row, column)
        for row in ("29", "30")
        for column in "1234567"
        if form.cell(CellKey("T1", row, column)).kind is not CellKind.NOT_APPLICABLE
    }

    assert applicable == {("29", "1"), ("29", "2"), ("30", "1"), ("30", "2")}


def test_an_index_is_never_added() -> None:
    assert {cell.aggregation for cell in version("KTXH-02.T").cell_by_key.values()} == {Aggregation.NONE}


def test_a_percentage_is_compared_by_difference() -> None:
    form = version("KTXH-15.N")

    assert form.cell(CellKey("T1", "06", "4")).formula == 'IF(COUNT({06|3},{06|1})=2,ROUND({06|3}-{06|1},1),"-")'
    assert form.cell(CellKey("T1", "02", "4")).formula == 'IFERROR(ROUND({02|3}/{02|1}*100,1),"-")'


def test_a_number_of_enterprises_at_the_end_of_the_month_does_not_run_up() -> None:
    assert version("KTXH-12.T").cell(CellKey("T1", "12", "2")).formula == "SUM({12|1})"


def test_whole_things_are_counted_in_whole_numbers() -> None:
    for form in ("KTXH-12.T", "KTXH-14.T"):
        cells = [cell for cell in version(form).cell_by_key.values() if "%" not in cell.unit]
        assert {cell.decimals for cell in cells} == {0}


def reference_columns() -> list[tuple[str, str]]:
    return [(form, code) for form in forms() for code, column in columns(form).items() if column.is_reference]


def test_cumulative_forms_have_their_reference_columns() -> None:
    assert reference_columns() == [
        ("KTXH-03.T", "6kt"),
        ("KTXH-04.T", "3kt"),
        ("KTXH-05.T", "4kt"),
        ("KTXH-06.T", "3kt"),
        ("KTXH-08.Q", "2kt"),
        ("KTXH-11.T", "5kt"),
        ("KTXH-11.T", "6kt"),
        ("KTXH-12.T", "1kt"),
        ("KTXH-12.T", "2kt"),
    ]


@pytest.mark.parametrize(("form", "code"), reference_columns())
def test_a_reference_column_repeats_earlier_figures_in_every_row(form: str, code: str) -> None:
    form_version: FormVersion = version(form)
    source = code.removesuffix("kt")

    for key, cell in form_version.cell_by_key.items():
        if key.column == code:
            like = form_version.cell(CellKey("T1", key.row, source))
            hatched = like.kind is CellKind.NOT_APPLICABLE
            assert cell.kind is (CellKind.NOT_APPLICABLE if hatched else CellKind.CARRY)
            assert (cell.unit, cell.decimals) == (like.unit, like.decimals)
    cumulative = CarrySource.PREVIOUS_PERIOD if (form, code) == ("KTXH-12.T", "1kt") else CarrySource.PREVIOUS_IN_YEAR
    carry = columns(form)[code].carry
    assert carry is not None
    assert (carry.column, carry.source) == (source, cumulative)
