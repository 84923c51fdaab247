"""Operators as Excel has them. Each row says where its expectation comes from."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulas import arithmetic
from formulas.arithmetic import CellValue
from tests.formulas.small_forms import result_of
from workbooks.sheet import CellError

KB = "Microsoft KB 78113, floating-point arithmetic may give inaccurate results in Excel"
PRECEDENCE = "Microsoft, Calculation operators and precedence in Excel"
ECMA = "ECMA-376 part 1, 18.17"
FORUM = "joeu2004 and J. E. McGimpsey on Excel's comparison of 15 digits and its zeroing of the last subtraction"
EXCEL = "as seen in Excel, reported by users; ironcalc gives the same"


@pytest.mark.parametrize(
    ("formula", "expected", "source"),
    [
        ("-2^2", 4.0, PRECEDENCE),
        ("5-2^2", 1.0, PRECEDENCE),
        ("2^3^2", 64.0, PRECEDENCE),
        ("50%%", 0.005, PRECEDENCE),
        ("2*3%", 0.06, PRECEDENCE),
        ("1+2*3", 7.0, PRECEDENCE),
        ("(1+2)*3", 9.0, PRECEDENCE),
        ("10-4-3", 3.0, PRECEDENCE),
        ("8/4/2", 1.0, PRECEDENCE),
        ('1+2&"x"', "3x", PRECEDENCE),
        ('"a"&"b"="AB"', True, PRECEDENCE),
        ("--5", 5.0, PRECEDENCE),
        ("1/0", CellError.DIV0, ECMA),
        ("0^0", CellError.NUM, ECMA),
        ("0^-1", CellError.DIV0, ECMA),
        ("(-8)^(1/2)", CellError.NUM, ECMA),
        ("(-8)^(1/3)", -2.0, EXCEL),
        ("(-8)^3", -512.0, ECMA),
        ("1E308*10", CellError.NUM, ECMA),
        ("10^400", CellError.NUM, ECMA),
        ("1.333+1.225-1.333-1.225", 0.0, KB),
        ("0.1+0.2-0.3", 0.0, FORUM),
        ("(0.1+0.2-0.3)", 0.1 + 0.2 - 0.3, FORUM),
        ("1*(0.5-0.4-0.1)", 0.5 - 0.4 - 0.1, KB),
        ("0.1+0.2=0.3", True, FORUM),
        ("0.5-0.4-0.1=0", False, FORUM),
        ("1=1.0000000000000002", True, FORUM),
        ("1.00000000000001=1", False, FORUM),
        ("0.1+0.2>0.3", False, FORUM),
        ("0.1+0.2<=0.3", True, FORUM),
        ('"lúa"="LÚA"', True, ECMA),
        ('"lu\u0301a"="lúa"', True, "our decision 5: comparisons on NFC"),
        ('"a">5', True, ECMA),
        ('TRUE>"z"', True, ECMA),
        ("TRUE>5", True, ECMA),
        ("TRUE=1", False, ECMA),
        ('"5"=5', False, ECMA),
        ('"5"*2', 10.0, ECMA),
        ('" 1.5 "+1', 2.5, ECMA),
        ('"50%"*2', 1.0, EXCEL),
        ('"1e2"+0', 100.0, EXCEL),
        ('"1.234,5"+0', CellError.VALUE, "invariant form only: what a text says must not hang on the machine"),
        ('"1,234"+0', CellError.VALUE, "invariant form only"),
        ('"abc"+1', CellError.VALUE, ECMA),
        ('""+1', CellError.VALUE, ECMA),
        ("TRUE+TRUE", 2.0, ECMA),
        ("-TRUE", -1.0, ECMA),
        ('1/3&""', "0.333333333333333", ECMA),
        ('100&""', "100", ECMA),
        ('TRUE&""', "TRUE", ECMA),
        ('0.00001&""', "0.00001", EXCEL),
        ('1E+20&""', "100000000000000000000", EXCEL),
        ('-1.50&""', "-1.5", ECMA),
    ],
)
def test_operators_follow_excel(formula: str, expected: CellValue, source: str) -> None:
    result = result_of(formula)

    assert _same(result, expected), f"{formula} gave {result!r}; {source}"


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("{01|1}", 0.0),
        ("{01|1}+5", 5.0),
        ("5/{01|1}", CellError.DIV0),
        ("{01|1}^{01|1}", CellError.NUM),
        ('{01|1}&"x"', "x"),
        ("{01|1}=0", True),
        ('{01|1}=""', True),
        ("{01|1}=FALSE", True),
        ("{01|1}={01|2}", True),
        ("{01|1}<1", True),
        ('{01|1}<"a"', True),
        ("-{01|1}", 0.0),
        ("+{01|1}", 0.0),
        ("{01|1}%", 0.0),
    ],
)
def test_a_blank_cell_is_what_the_place_wants(formula: str, expected: CellValue) -> None:
    result = result_of(formula)

    assert _same(result, expected)


@pytest.mark.parametrize("mark", ["-", "…", "x", "–", "chưa có"])
def test_a_mark_in_arithmetic_is_an_error_as_excel_has_it(mark: str) -> None:
    assert result_of("{01|1}*2", {"01|1": mark}) is CellError.VALUE


def test_the_first_error_is_carried() -> None:
    cells: dict[str, CellValue] = {"01|1": CellError.NA, "01|2": CellError.DIV0}

    assert result_of("{01|1}+{01|2}", cells) is CellError.NA
    assert result_of("{01|2}*{01|1}", cells) is CellError.DIV0
    assert result_of("1+2+{01|2}+{01|1}", cells) is CellError.DIV0
    assert result_of("{01|1}={01|2}", cells) is CellError.NA
    assert result_of('"a"&{01|2}', cells) is CellError.DIV0
    assert result_of("-{01|1}%", cells) is CellError.NA


def test_there_is_no_negative_zero() -> None:
    for formula in ("-1*0", "0/-5", "-0", "0*-1%"):
        result = result_of(formula)
        assert isinstance(result, float)
        assert math.copysign(1.0, result) == 1.0, formula


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
ANY_VALUE: st.SearchStrategy[CellValue] = st.one_of(
    NUMBERS, st.text(max_size=6), st.booleans(), st.none(), st.sampled_from(CellError)
)
OPERATORS = [
    arithmetic.add,
    arithmetic.subtract,
    arithmetic.add_last,
    arithmetic.subtract_last,
    arithmetic.multiply,
    arithmetic.divide,
    arithmetic.power,
    arithmetic.concatenate,
    arithmetic.equal,
    arithmetic.less,
]


@given(st.sampled_from(OPERATORS), ANY_VALUE, ANY_VALUE)
def test_an_operator_answers_every_pair_of_values(operator: object, a: CellValue, b: CellValue) -> None:
    result = operator(a, b)  # type: ignore[operator]  # one of the list above

    assert isinstance(result, float | str | bool)
    assert not isinstance(result, float) or math.isfinite(result)


@given(ANY_VALUE, ANY_VALUE)
def test_comparison_is_an_order(a: CellValue, b: CellValue) -> None:
    forth, back = arithmetic.compare(a, b), arithmetic.compare(b, a)

    if isinstance(a, CellError) or isinstance(b, CellError):
        assert isinstance(forth, CellError)
    else:
        assert forth == -back  # type: ignore[operator]  # no error is compared here


@given(st.floats(-1e300, 1e300))
def test_a_number_written_as_text_reads_back_to_15_digits(value: float) -> None:
    written = arithmetic.text(value)

    assert isinstance(written, str)
    read = arithmetic.text_number(written)
    assert isinstance(read, float)
    assert math.isclose(read, value, rel_tol=1e-14, abs_tol=1e-300)


def _same(result: CellValue, expected: CellValue) -> bool:
    return type(result) is type(expected) and result == expected
