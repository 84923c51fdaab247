"""What a published formula may say, and what is refused with the cell named."""

from __future__ import annotations

import contextlib
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from form_templates.model import CellKind, Rule
from form_templates.serial import from_json, to_json
from formulas.compiler import compile_formula, compile_version, typed_result
from formulas.errors import FormulaError
from formulas.evaluation import evaluate
from tests.formulas.small_forms import TABLE, a_cell, a_form, key
from workbooks.finding import Severity
from workbooks.sheet import CellError


@pytest.mark.parametrize(
    ("formula", "code", "named"),
    [
        ("XLOOKUP({01|1},{01:02|1},{01:02|2})", "BS451", "XLOOKUP"),
        ("NOW()", "BS451", "NOW"),
        ('INDIRECT("A1")', "BS451", "INDIRECT"),
        ('__import__("os")', "BS451", "__IMPORT__"),
        ("LET({01|1},1)", "BS451", "LET"),
        ("A1+1", "BS452", "A1"),
        ("Sheet1!A1", "BS452", "Sheet1!A1"),
        ("A:A", "BS452", "A:A"),
        ("tên", "BS452", "tên"),
        ("_x", "BS452", "_x"),
        ("{!Sheet!A1}+1", "BS452", "Sheet!A1"),
        ("{!A1", "BS452", "A1"),
        ("{99|1}", "BS452", "99|1"),
        ("{01|99}", "BS452", "01|99"),
        ("{T9!01|1}", "BS452", "T9!01|1"),
        ("{05:01|1}", "BS452", "05:01"),
        ("{01|3:1}", "BS452", "3:1"),
        ("{@|1}", "BS452", "@|1"),
        ("SUM({@|1})", "BS452", "@|1"),
        ("{}", "BS452", "{}"),
        ("{01}", "BS452", "01"),
        ("{1,2}+1", "BS452", "1,2"),
        ("{01:02|1}+1", "BS454", "01:02|1"),
        ("ROUND(1)", "BS454", "ROUND"),
        ("SUM()", "BS454", "SUM"),
        ("IF(1)", "BS454", "IF"),
        ("IFS(1,2,3)", "BS454", "IFS"),
        ("COUNTIF(1,2)", "BS454", "COUNTIF"),
        ("SUMIF({01:02|1},1,{01:03|1})", "BS454", "SUMIF"),
        ("SUMPRODUCT({01:02|1},{01|1:2})", "BS454", "SUMPRODUCT"),
        ("SUMPRODUCT({01:02|1}*{01:03|1})", "BS454", "SUMPRODUCT"),
        ("VLOOKUP(1,{01:02|1:2},3)", "BS454", "3"),
        ("VLOOKUP(1,{01:02|1:2},0,FALSE)", "BS454", "VLOOKUP"),
        ("VLOOKUP(1,2,3)", "BS454", "VLOOKUP"),
        ("HLOOKUP(1,{01:02|1:2},3)", "BS454", "HLOOKUP"),
        ("MATCH(1,{01:02|1:2},0)", "BS454", "MATCH"),
        ("INDEX({01:02|1:2},1)", "BS454", "INDEX"),
        ("COUNTIFS({01:02|1},1,{01:03|1},1)", "BS454", "COUNTIFS"),
        ("COUNTIFS({01:02|1},1,{01:02|1})", "BS454", "COUNTIFS"),
        ("AVERAGEIF({01:02|1},1,{01|1:2})", "BS454", "AVERAGEIF"),
        ('TEXT({01|1},"General")', "BS454", "General"),
        ('TEXT({01|1},"mmm")', "BS454", "mmm"),
        ('TEXT({01|1},"hh:mm")', "BS454", "hh:mm"),
        ('TEXT({01|1},"#,##0,")', "BS454", "#,##0,"),
        ('TEXT({01|1},"")', "BS454", "TEXT"),
        ("TEXT({01|1},{01|2})", "BS454", "TEXT"),
        ('REPT("x",1E9)', "BS451", "REPT"),
        ("#REF!+1", "BS455", "#REF!"),
        ("IFERROR({01|1},#N/A)", "BS455", "#N/A"),
        ("({01|1},{01|2})", "BS455", ","),
        ("1+", "BS450", "1+"),
        ("(1", "BS450", "(1"),
        ("", "BS450", ""),
        ("1e999", "BS455", "1e999"),
        ("{01|1}}", "BS450", ""),
        ("(" * 100 + "1" + ")" * 100, "BS450", "(("),
        ("1+" * 300 + "1", "BS450", "1+1"),
        ("1+" * 5000 + "1", "BS450", "8192"),
        ("NaN", "BS455", "NaN"),
    ],
)
def test_a_formula_outside_the_whitelist_is_refused_with_its_cell(formula: str, code: str, named: str) -> None:
    version = a_form(a_cell("05", "6", formula))

    with pytest.raises(FormulaError) as caught:
        compile_version(version)

    (finding,) = caught.value.findings
    assert finding.code == code
    assert finding.severity is Severity.ERROR
    assert (finding.sheet, finding.cell) == ("Biểu", "I14")
    assert named in finding.message
    assert "Dòng 05, cột 6" in finding.message
    assert finding.remedy


def test_all_faults_come_at_once() -> None:
    version = a_form(a_cell("01", "1", "NOW()"), a_cell("02", "1", "A1"), a_cell("03", "1", "1+"))

    with pytest.raises(FormulaError) as caught:
        compile_version(version)

    assert [finding.cell for finding in caught.value.findings] == ["D10", "D11", "D12"]


def test_a_calculated_cell_without_formula_is_refused() -> None:
    version = a_form(a_cell("01", "1", kind=CellKind.CALC))

    with pytest.raises(FormulaError, match="BS450"):
        compile_version(version)


@pytest.mark.parametrize(
    "formulas",
    [
        {"01|1": "{01|1}+1"},
        {"01|1": "{02|1}", "02|1": "{01|1}"},
        {"01|1": "SUM({02:03|1})", "02|1": "{03|2}", "03|2": "{01|1}"},
    ],
)
def test_a_circle_is_refused_at_every_cell_of_it(formulas: dict[str, str]) -> None:
    version = a_form(*(a_cell(*place.split("|"), formula) for place, formula in formulas.items()))

    with pytest.raises(FormulaError) as caught:
        compile_version(version)

    assert {finding.code for finding in caught.value.findings} == {"BS453"}
    assert len(caught.value.findings) == len(formulas)
    for place in formulas:
        assert all(f"({place})" in finding.message for finding in caught.value.findings)


def test_a_circle_within_a_region_is_refused() -> None:
    version = a_form(a_cell("06*", "1", "SUM({06*|1})"), region="06*")

    with pytest.raises(FormulaError, match="BS453"):
        compile_version(version)


def test_formulas_are_ordered_by_what_they_need() -> None:
    version = a_form(a_cell("01", "1", "{02|1}*2"), a_cell("02", "1", "{03|1}+1"), a_cell("03", "1", "{04|1}"))

    compiled = compile_version(version)

    assert compiled.order == (key("03", "1"), key("02", "1"), key("01", "1"))
    assert evaluate(compiled, {key("04", "1"): 4.0})[key("01", "1")] == 10.0


def test_a_long_chain_of_cells_is_ordered() -> None:
    rows = tuple(f"{n:04d}" for n in range(3000))
    cells = [a_cell(row, "1", f"{{{after}|1}}+1") for row, after in pairwise(rows)]

    compiled = compile_version(a_form(*cells, rows=rows))

    assert evaluate(compiled, {key(rows[-1], "1"): 0.0})[key(rows[0], "1")] == 2999.0


def test_the_longest_sums_are_computed() -> None:
    for formula, expected in (("+".join(["1"] * 200), 200.0), ("-1+" * 60 + "1", -59.0), ("1-" * 200 + "1", -199.0)):
        assert typed_result(formula) == expected
    assert typed_result("IF(1=1," * 60 + "5" + ",0)" * 60) == 5.0


def test_an_equal_version_is_compiled_once() -> None:
    version = a_form(a_cell("01", "1", "{02|1}*2"))

    first = compile_version(version)

    assert compile_version(version) is first
    assert compile_version(from_json(to_json(version))) is first


def test_codes_within_a_text_are_text() -> None:
    assert typed_result('"{01|1}"&"{!x}"&"#REF!"') == "{01|1}{!x}#REF!"
    assert typed_result('"a""b"') == 'a"b'
    assert typed_result('"_BS0_"') == "_BS0_"


def test_a_name_like_our_placeholders_is_refused() -> None:
    for formula in ("_BS0_", "_bs0_+{01|1}", "{01|1}+_BS0_"):
        with pytest.raises(FormulaError):
            compile_version(a_form(a_cell("05", "6", formula)))


def test_a_form_that_would_fill_the_memory_is_refused() -> None:
    rows = tuple(f"{n:04d}" for n in range(6000))

    with pytest.raises(FormulaError, match=r"BS450.*20000"):
        compile_version(a_form(a_cell("0000", "6", "SUM({0000:5999|1:4})"), rows=rows))
    with pytest.raises(FormulaError, match=r"BS450.*250000"):
        compile_version(a_form(*(a_cell(row, "6", f"SUM({{{row}:5999|1:3}})") for row in rows[:15]), rows=rows))


def test_a_form_that_would_take_minutes_to_compute_is_refused() -> None:
    rows = tuple(f"{n:04d}" for n in range(1500))
    cells = [a_cell(row, "6", "SUM({0000:1499|1:3})") for row in rows]

    with pytest.raises(FormulaError, match=r"BS450.*5000000"):
        compile_version(a_form(*cells, rows=rows))


def test_texts_do_not_grow_beyond_what_a_cell_holds() -> None:
    rows = tuple(f"{n:02d}" for n in range(40))
    doubling = [a_cell(below, "1", f"{{{row}|1}}&{{{row}|1}}") for row, below in pairwise(rows)]
    joined = a_cell("00", "2", f"CONCATENATE({','.join(['{00|1}'] * 20)})")

    result = evaluate(compile_version(a_form(*doubling, joined, rows=rows)), {key("00", "1"): "x" * 2000})

    assert len(str(result[key("04", "1")])) == 32_000
    assert result[key("05", "1")] is result[key("39", "1")] is result[key("00", "2")] is CellError.VALUE


def test_formulas_of_many_shapes_and_depths_stay_within_bounds() -> None:
    nested = "IF({01|1}>0," * 60 + "1" + ",0)" * 60
    wide = "SUM(" + ",".join(["{01:05|1:5}"] * 250) + ")"
    product = "SUMPRODUCT(" + ",".join(["{01:05|1:5}"] * 255) + ")"
    signs = "-" * 60 + "{01|1}"
    compiled = compile_version(
        a_form(*(a_cell(f"0{n}", "6", text) for n, text in enumerate((nested, wide, product, signs), 1)))
    )

    result = evaluate(compiled, {key("01", "1"): 1.0})

    assert [result[key(f"0{n}", "6")] for n in range(1, 5)] == [1.0, 250.0, 1.0, 1.0]


@pytest.mark.parametrize("pattern", ["*" * 200 + "b", "?*" * 100 + "b", "*a" * 100 + "b", "~" * 255, "~?" * 120])
def test_hostile_wildcards_are_matched_in_time(pattern: str) -> None:
    formula = f'MATCH("{pattern}",{{01:04|1}},0)&COUNTIF({{01:04|1}},"{pattern}")'
    compiled = compile_version(a_form(a_cell("05", "6", f'IFERROR({formula},"none")')))
    cells = {key(f"0{n}", "1"): "a" * 32_000 for n in range(1, 5)}

    start = time.process_time()
    result = evaluate(compiled, cells)

    assert result[key("05", "6")] == "none"
    assert time.process_time() - start < 10.0


@pytest.mark.parametrize("formula", ["{01|1}", "VLOOKUP(1)", "1+", "A1", ""])
def test_only_a_formula_without_references_has_a_typed_result(formula: str) -> None:
    assert typed_result(formula) is None


def test_a_rule_tells_its_sides_and_cells() -> None:
    version = a_form(a_cell("01", "1"), region="06*")
    formula = compile_formula("{01|1}<=SUM({06*|2})", version, TABLE)
    values = {key("01", "1"): 5.0, key("06*#a", "2"): 1.0, key("06*#b", "2"): 2.0}
    members = {(TABLE, "06*"): ["a", "b"]}

    assert formula.operator == "<="
    assert formula.value(values, members) is False
    assert formula.sides(values, members) == (5.0, 3.0)
    assert formula.keys(members) == (key("01", "1"), key("06*#a", "2"), key("06*#b", "2"))


def test_a_rule_of_a_region_is_asked_row_by_row() -> None:
    version = a_form(a_cell("01", "1"), region="06*")
    formula = compile_formula("{@|1}<={@|2}+{01|1}", version, TABLE, "06*")
    values = {key("06*#a", "1"): 5.0, key("06*#a", "2"): 6.0, key("06*#b", "1"): 9.0}

    assert formula.value(values, {}, "06*#a") is True
    assert formula.sides(values, {}, "06*#b") == (9.0, 0.0)
    assert formula.keys({}, "06*#b") == (key("06*#b", "1"), key("06*#b", "2"), key("01", "1"))


def test_a_rule_that_is_no_comparison_has_no_sides() -> None:
    formula = compile_formula("AND({01|1}>0,{02|1}>0)", a_form(), TABLE)

    assert formula.operator == ""
    with pytest.raises(ValueError, match="not a comparison"):
        formula.sides({})


def test_a_bad_rule_keeps_the_form_from_being_compiled() -> None:
    version = a_form(rules=(Rule("R1", TABLE, "{01|1}<=NOW()", Severity.ERROR, "…"),))

    with pytest.raises(FormulaError, match=r"R1.*NOW"):
        compile_version(version)


@given(st.text(alphabet='{}|!@*#:,()"+-^%&=<>.01 ASUMIF_\n', max_size=40))
def test_a_hostile_formula_is_refused_or_computed_but_never_breaks(formula: str) -> None:
    version = a_form(a_cell("05", "6", formula), region="06*")

    with contextlib.suppress(FormulaError):
        assert key("05", "6") in evaluate(compile_version(version), {})


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("1+", "công thức viết dở"),
        ("SUM(1", "thiếu dấu ngoặc đóng"),
        ("1)", "thừa dấu ngoặc đóng"),
        ('"a', "thiếu dấu nháy đóng"),
        ("SUM(1;2)", "dấu chấm phẩy"),
        ("(" * 100 + "1" + ")" * 100, "quá sâu"),
        ("{01|1} {01|2}", "thừa hoặc thiếu dấu"),
    ],
)
def test_a_formula_that_cannot_be_read_says_why_in_the_owners_words(formula: str, reason: str) -> None:
    with pytest.raises(FormulaError, match=reason) as refusal:
        compile_formula(formula, a_form(), TABLE)

    assert "Token" not in str(refusal.value)
