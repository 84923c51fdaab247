"""Specs: forms as short lists of rows and columns."""

import re

import pytest

from form_templates import spec_relations
from form_templates.errors import FormError
from form_templates.model import Aggregation, Carry, CarrySource, CellKind
from form_templates.spec import read_spec

SPEC = """
id = "KTXH-99.T"
title = "BIỂU THỬ"
unit_text = "Ha"
decision = "QĐ"
basis = "composed"
sender = "UBND xã"
receiver = "UBND tỉnh"
deadline = "Ngày 18"
periods = ["M"]

[[columns]]
code = "1"
header = "Cùng kỳ"
kind = "carry"
carry = { column = "2", source = "same-period-last-year" }

[[columns]]
code = "2"
header = "Thực hiện"

[[columns]]
code = "3"
header = "So sánh (%)"
kind = "calc"
unit = "%"
decimals = 1
formula = "c2/c1*100"
aggregation = "formula"

[[rows]]
code = "01"
label = "Tổng số"
unit = "Ha"
relation = "=02"

[[rows]]
code = "02"
label = "Lúa"
unit = "Ha"
"""


def problems(text: str) -> list[str]:
    with pytest.raises(FormError) as refusal:
        read_spec(text)
    assert {finding.code for finding in refusal.value.findings} == {"BS341"}
    return [finding.message for finding in refusal.value.findings]


def test_a_spec_reads_as_written() -> None:
    spec = read_spec(SPEC)

    carry = spec.columns[0].carry
    assert carry is not None
    assert (carry.column, carry.source) == ("2", CarrySource.SAME_PERIOD_LAST_YEAR)
    assert [column.kind for column in spec.columns] == [CellKind.CARRY, CellKind.INPUT, CellKind.CALC]
    assert (spec.version, spec.rows[0].relation) == ("1", "=02")


def test_everything_wrong_is_told_at_once() -> None:
    found = problems(SPEC.replace('title = "BIỂU THỬ"', 'colour = "red"').replace('kind = "calc"', 'kind = "magic"'))

    assert any("“title”" in problem for problem in found)
    assert any("“colour”" in problem for problem in found)
    assert any("magic" in problem for problem in found)


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ('relation = "=02"', 'relation = "=07"', "dòng 07"),
        ('relation = "=02"', 'relation = "=01"', "chính dòng này"),
        ('relation = "=02"', 'relation = "=*"', "vùng lặp"),
        ('relation = "=02"', 'relation = "tổng"', "không hiểu quan hệ"),
        ('code = "02"', 'code = "01"', "01 có 2 lần"),
        ('code = "02"', 'code = "2"', "“2”"),
        ('formula = "c2/c1*100"', 'formula = "c2/c9"', "c2/c9"),
        ('formula = "c2/c1*100"', 'formula = "SUM(c2)"', "không hiểu công thức"),
        ('formula = "c2/c1*100"', "", "phải có formula"),
        ('carry = { column = "2"', 'carry = { column = "8"', "cột 8"),
        ('periods = ["M"]', 'periods = ["W"]', "W"),
        ("decimals = 1", "decimals = 1.5", "1.5"),
        ('aggregation = "formula"', 'aggregation = "mean"', "mean"),
        ('label = "Lúa"', 'label = "=1+1"', "dấu ="),
        ('label = "Lúa"', 'label = "Lúa\\u0000"', "ký tự điều khiển"),
        ('label = "Lúa"', 'label = "Lúa\\uffff"', "ký tự điều khiển"),
        ('label = "Lúa"', f'label = "{"Lúa" * 2000}"', "dài 6000 ký tự"),
        ("decimals = 1", "decimals = 7", "từ 0 đến 6"),
        ('code = "02"\nlabel', "label", "để trống đơn vị tính"),
        ('formula = "c2/c1*100"', 'formula = "c2*"', "không hiểu công thức"),
        ('formula = "c2/c1*100"', 'formula = ")c2("', "không hiểu công thức"),
        ('formula = "c2/c1*100"', 'formula = "c2(3)"', "không hiểu công thức"),
        ('formula = "c2/c1*100"', f'formula = "{"(" * 2000}c2{")" * 2000}"', "không hiểu công thức"),
        ('formula = "c2/c1*100"', 'formula = "c2+c3"', "nêu chính cột này"),
        ('formula = "c2/c1*100"', 'formula = "prev(c9)+c2"', "“prev(c9)+c2”"),
        ('relation = "=02"', 'relation = "=r02*"', "không hiểu quan hệ"),
        ('relation = "=02"', 'relation = "=02+02"', "nêu dòng 02 2 lần"),
        ('id = "KTXH-99.T"', 'id = "../x"', "../x"),
        ('title = "BIỂU THỬ"', 'title = "BIỂU THỬ"\nversion = "1.0"', "1.0"),
    ],
)
def test_a_contradiction_is_told_with_its_place(written: str, instead: str, told: str) -> None:
    assert any(told in problem for problem in problems(SPEC.replace(written, instead)))


def test_a_total_of_hundreds_of_rows_keeps_to_what_excel_takes() -> None:
    rows = [f"{code:03d}" for code in range(2, 301)]

    coded = spec_relations.row_sum("=" + "-".join(rows), "3", "")

    assert coded.startswith("SUM({002|3})-SUM(SUM({003|3},")
    assert max(addends.count(",") + 1 for addends in re.findall(r"SUM\(([^()]+)\)", coded)) == 255
    assert all(f"{{{row}|3}}" in coded for row in rows)


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ('formula = "c2/c1*100"', 'formula = " C2 / C1 * 100 "'),
        ('relation = "=02"', 'relation = "= 02"'),
        ('formula = "c2/c1*100"', 'formula = "(c2/c1)*100"\nformula_by_unit = { Ha = "C2 – C1" }'),
    ],
)
def test_formulas_may_be_spelled_as_people_type_them(written: str, instead: str) -> None:
    spec, other = read_spec(SPEC), read_spec(SPEC.replace(written, instead))

    assert other.rows[0].relation == spec.rows[0].relation
    assert other.columns[2].formula.replace("(", "").replace(")", "") == spec.columns[2].formula
    assert set(other.columns[2].formula_by_unit.values()) <= {"c2-c1"}


def test_a_rule_whose_least_is_above_its_most_is_refused() -> None:
    rule = '[[rules]]\ncode = "R1"\nmessage = "m"\nrelation = "{}"\n'

    assert read_spec(SPEC + rule.format("C2 ≥ C1")).rules[0].relation == "c2>=c1"
    assert any("c2~5..1" in problem for problem in problems(SPEC + rule.format("c2~5..1")))


def test_a_column_that_cannot_be_added_may_not_stand_in_a_summed_row() -> None:
    text = SPEC.replace('header = "Thực hiện"', 'header = "Năng suất"\naggregation = "formula"\naggregate = "c1*2"')

    assert any("không cộng được" in problem for problem in problems(text))


def test_a_list_saved_by_notepad_is_read() -> None:
    assert read_spec("\ufeff" + SPEC) == read_spec(SPEC)


def test_text_that_is_not_toml_is_refused() -> None:
    assert "TOML" in problems("id = ")[0]
    assert "TOML" in problems("a = " + "[" * 100_000)[0]


@pytest.mark.parametrize(
    ("text", "coded"),
    [
        ("c2+c3", "SUM({04|2},{04|3})"),
        ("c2-c4+c5+c6", "SUM({04|2},{04|5},{04|6})-SUM({04|4})"),
        ("c4*c5/10", 'IFERROR(ROUND({04|4}*{04|5}/10,1),"-")'),
        ("c2/c2@01*100", 'IFERROR(ROUND({04|2}/{01|2}*100,1),"-")'),
        ("(c5-c4)/c4@01*100", 'IFERROR(ROUND(({04|5}-{04|4})/{01|4}*100,1),"-")'),
    ],
)
def test_a_column_formula_becomes_a_coded_formula(text: str, coded: str) -> None:
    assert spec_relations.is_column_formula(text)
    assert spec_relations.column_formula(text, "04", 1) == coded


@pytest.mark.parametrize(
    ("relation", "coded"),
    [
        ("=02+06", "SUM({02|3},{06|3})"),
        ("=01-11", "SUM({01|3})-SUM({11|3})"),
        ("=*", "SUM({01*|3})"),
    ],
)
def test_a_summed_row_becomes_a_coded_formula(relation: str, coded: str) -> None:
    assert spec_relations.row_sum(relation, "3", "01*") == coded


@pytest.mark.parametrize(
    ("relation", "coded"),
    [
        ("c4<=c3", "SUM({@|4})<=SUM({@|3})"),
        ("c1=c5+c9", "SUM({@|1})=SUM({@|5},{@|9})"),
        ("c5~20..100", "OR(SUM({@|5})=0,AND(SUM({@|5})>=20,SUM({@|5})<=100))"),
    ],
)
def test_a_relation_of_columns_becomes_a_coded_rule(relation: str, coded: str) -> None:
    assert spec_relations.is_column_rule(relation)
    assert spec_relations.column_rule(relation, "@") == coded


def test_an_index_lies_between_its_parts() -> None:
    coded = spec_relations.row_rule("~02..05", "01", "1")

    assert coded == "AND(SUM({01|1})>=MIN({02:05|1}),SUM({01|1})<=MAX({02:05|1}))"


def with_column(text: str) -> str:
    """The spec with one more column, and then what else is given."""
    head = '[[columns]]\ncode = "4"\nheader = "Lũy kế"\nkind = "calc"\nformula = "prev(c4)+c2"\n\n'
    return SPEC.replace("[[rows]]", head + "[[rows]]", 1) + text


def a_rule(relation: str, more: str = "") -> str:
    return f'\n[[rules]]\ncode = "R1"\nrelation = \'{relation}\'\nmessage = "Sai."\n{more}\n'


def test_the_earlier_figure_of_a_running_total_becomes_a_reference_column() -> None:
    spec = read_spec(with_column(""))

    added = spec.column("4kt")
    assert [column.code for column in spec.columns] == ["1", "2", "3", "4", "4kt"]
    assert (added.header, added.kind, added.is_reference) == ("Kỳ trước: Lũy kế", CellKind.CARRY, True)
    assert added.carry == Carry("4", CarrySource.PREVIOUS_IN_YEAR)
    assert spec.column("4").formula == "c4kt+c2"


def test_a_column_that_the_form_carries_anyway_is_not_carried_twice() -> None:
    spec = read_spec(SPEC + a_rule("c2~lastyear±80%"))

    assert [column.code for column in spec.columns] == ["1", "2", "3"]
    assert spec.rules[0].relation == "c2~c1±80%"


def test_an_earlier_period_of_what_does_not_run_up_may_lie_in_the_year_before() -> None:
    spec = read_spec(SPEC + a_rule("c2~prev±50%"))

    assert spec.column("2kt").carry == Carry("2", CarrySource.PREVIOUS_PERIOD)


def test_a_ratio_of_last_year_is_never_added() -> None:
    assert read_spec(SPEC + a_rule("c3>=lastyear(c3)")).column("3ck").aggregation is Aggregation.NONE


@pytest.mark.parametrize(
    ("relation", "more", "told"),
    [
        ("r01=r02+r09", "", "ô không có trong biểu"),
        ("r01=r02", 'rows = ["01"]', "chỉ ghi columns"),
        ("c2<=c1", 'columns = ["2"]', "chỉ ghi rows"),
        ("r01=prev(r02)", "", "phải ghi columns"),
        ("c2>=prev(c9)", "", "ô không có trong biểu"),
        ("c2>=c1*c2", "", "không hiểu"),
        ("c2~prev", "", "không hiểu"),
        ("c2>0", 'when = ["c2"]', "không hiểu điều kiện"),
    ],
)
def test_a_faulty_rule_is_told(relation: str, more: str, told: str) -> None:
    assert any(told in problem for problem in problems(SPEC + a_rule(relation, more)))


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ('header = "Thực hiện"', 'header = "Ghi chú"\nkind = "text"\nunit = "Ha"', "không có đơn vị tính"),
        ('header = "Thực hiện"', 'header = "Thực hiện"\nformula_by_unit = { "%" = "c2-c1" }', "chỉ cột công thức"),
        ('header = "Thực hiện"', 'header = "Ghi chú"\nkind = "text"', "cột ghi chữ"),
        ('relation = "=02"', 'relation = "=r02/r09"', "dòng 09"),
        ('relation = "=02"', 'relation = "=02"\naggregation = "mean"', "mean"),
    ],
)
def test_a_fault_of_the_wider_vocabulary_is_told(written: str, instead: str, told: str) -> None:
    assert any(told in problem for problem in problems(SPEC.replace(written, instead)))


@pytest.mark.parametrize(
    ("relation", "coded"),
    [
        ("c7@01=c6@01-100", "SUM({01|7})=SUM({01|6})-100"),
        ("c6>=100*c1+5", "SUM({@|6})>=100*SUM({@|1})+5"),
        ("c1@06/c1@01~100..500", "OR(IFERROR({06|1}/{01|1},0)=0,AND(IFERROR({06|1}/{01|1},0)>=100,"
         "IFERROR({06|1}/{01|1},0)<=500))"),
        (
            "c2~c2kt±50%",
            "OR(SUM({@|2kt})<=0,SUM({@|2})=0,AND(SUM({@|2})>=0.5*SUM({@|2kt}),SUM({@|2})<=1.5*SUM({@|2kt})))",
        ),
        ('c9<>""', "LEN({@|9})>0"),
        ("c3>=0", "SUM({@|3})>=0"),
    ],
)  # fmt: skip
def test_a_wider_relation_of_columns_becomes_a_coded_rule(relation: str, coded: str) -> None:
    assert spec_relations.is_column_rule(relation)
    assert spec_relations.column_rule(relation, "@") == coded


def test_a_rule_says_when_it_is_not_looked_at() -> None:
    coded = spec_relations.column_rule("c2<=c1", "@", when=["c3>0", "c4<50"], history=["c1kt"])

    assert coded == "OR(SUM({@|3})<=0,SUM({@|4})>=50,SUM({@|1kt})=0,SUM({@|2})<=SUM({@|1}))"


def test_a_relation_of_rows_becomes_a_coded_rule() -> None:
    assert spec_relations.is_rows_rule("r05+r06<=r01")
    assert spec_relations.rows_rule("r05+r06<=r01", "4") == "SUM({05|4},{06|4})<=SUM({01|4})"


def test_a_ratio_of_rows_becomes_a_coded_formula() -> None:
    assert spec_relations.is_row_ratio("=r02/r01*10")
    assert not spec_relations.is_row_ratio("=r02+r01")
    assert spec_relations.row_ratio("=r02/r01*10", "3", 2) == 'IFERROR(ROUND({02|3}/{01|3}*10,2),"-")'
