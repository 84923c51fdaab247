"""Functions as Excel has them. Examples are those of Microsoft's reference unless another source is named."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulas.arithmetic import CellValue
from formulas.functions import round_half_away
from tests.formulas.small_forms import result_of
from workbooks.sheet import CellError

CELLS: dict[str, CellValue] = {
    "01|1": 10.0, "01|2": "7", "01|3": True,
    "02|1": 20.0, "02|2": "abc", "02|3": None,
    "03|1": 30.0, "03|2": "", "03|3": -5.5,
    "04|1": "Lúa", "04|2": "lúa nước", "04|3": "Ngô",
}  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        # ROUND, ROUNDUP, ROUNDDOWN, INT, MOD: the reference's own examples.
        ("ROUND(2.15,1)", 2.2),
        ("ROUND(2.149,1)", 2.1),
        ("ROUND(-1.475,2)", -1.48),
        ("ROUND(21.5,-1)", 20.0),
        ("ROUND(626.3,-3)", 1000.0),
        ("ROUND(1.98,-1)", 0.0),
        ("ROUND(-50.55,-2)", -100.0),
        ("ROUNDUP(3.2,0)", 4.0),
        ("ROUNDUP(76.9,0)", 77.0),
        ("ROUNDUP(3.14159,3)", 3.142),
        ("ROUNDUP(-3.14159,1)", -3.2),
        ("ROUNDUP(31415.92654,-2)", 31500.0),
        ("ROUNDDOWN(3.2,0)", 3.0),
        ("ROUNDDOWN(76.9,0)", 76.0),
        ("ROUNDDOWN(3.14159,3)", 3.141),
        ("ROUNDDOWN(-3.14159,1)", -3.1),
        ("ROUNDDOWN(31415.92654,-2)", 31400.0),
        ("INT(8.9)", 8.0),
        ("INT(-8.9)", -9.0),
        ("MOD(3,2)", 1.0),
        ("MOD(-3,2)", 1.0),
        ("MOD(3,-2)", -1.0),
        ("MOD(-3,-2)", -1.0),
        ("MOD(3,0)", CellError.DIV0),
        ("MOD(1E20,3)", CellError.NUM),
        # Decimal, not binary, value: shared notes on Excel against LibreOffice (which gives 109 for the second).
        ("ROUND(2.675,2)", 2.68),
        ("ROUND(21.9/0.2,0)", 110.0),
        ("ROUND(1.005,2)", 1.01),
        ("ROUND(-2.5,0)", -3.0),
        ("ROUND(0.5,0)", 1.0),
        ("ROUNDUP(1.1*100,0)", 110.0),
        ("ROUNDDOWN(4.1*100,0)", 410.0),
        ("INT(4.1*100)", 410.0),
        ("ROUND(1E300,2)", 1e300),
        ("ROUND(5,400)", 5.0),
        ("ROUND(5,-400)", 0.0),
        ("ROUND(2.567,1.9)", 2.6),
        ('ROUND("abc",1)', CellError.VALUE),
        ("ROUND(1/0,1)", CellError.DIV0),
        ("ABS(-4)", 4.0),
        ('ABS("-3")', 3.0),
        # Over ranges texts and booleans are passed over; as arguments they count.
        ("SUM({01:03|1})", 60.0),
        ("SUM({01:03|1:3})", 54.5),
        ("SUM({01|2},{01|3})", 0.0),
        ('SUM("7",TRUE)', 8.0),
        ('SUM("abc")', CellError.VALUE),
        ("SUM({01|1},,5)", 15.0),
        ("SUM({01|1}*1,{01|2}*1)", 17.0),
        ("SUM(IF(TRUE,{02|2},5))", 0.0),  # IF gives the cell itself; LibreOffice agrees
        ("MAX(-1,IF(TRUE,{05|1},0))", -1.0),
        ("SUM(IFS(TRUE,{02|2}))", 0.0),
        ('SUM(IF(TRUE,"abc",5))', CellError.VALUE),
        ("AVERAGE({01:03|1})", 20.0),
        ("AVERAGE({01:04|1})", 20.0),
        ("AVERAGE({01:03|2})", CellError.DIV0),
        ("MIN({01:03|1:3})", -5.5),
        ("MAX({01:03|1:3})", 30.0),
        ("MAX({01:03|2})", 0.0),
        ("MIN({01:03|2},9)", 9.0),
        ("COUNT({01:04|1:3})", 4.0),
        ('COUNT("3",TRUE,"x",1/0,)', 3.0),
        ("COUNTA({01:04|1:3})", 11.0),
        ("COUNTA({05|1:3})", 0.0),
        # Conditions.
        ('IF({01|1}>5,"cao","thấp")', "cao"),
        ("IF({05|1},1,2)", 2.0),
        ("IF({05|1},1)", False),
        ("IF(TRUE,{05|1},1)", 0.0),
        ("IF(FALSE,1,)", 0.0),
        ('IF("TRUE",1,2)', 1.0),
        ('IF("x",1,2)', CellError.VALUE),
        ("IF(1/0,1,2)", CellError.DIV0),
        ("IF({05|1}=0,0,{01|1}/{05|1})", 0.0),
        ('IFERROR({01|1}/{05|1},"–")', "–"),
        ("IFERROR({01|1},1/0)", 10.0),
        ("IFERROR({05|1},1)", 0.0),
        ("IFERROR(IFERROR(1/0,1/0),3)", 3.0),
        ("IFS(FALSE,1,{01|1}>5,2,TRUE,3)", 2.0),
        ("IFS(FALSE,1)", CellError.NA),
        ("_xlfn.IFS(TRUE,1,1/0,2)", 1.0),
        ("AND(TRUE,{01|1}>5)", True),
        ("AND({01|3},{01|2})", True),
        ("AND({01:03|2})", CellError.VALUE),
        ('AND("TRUE",1)', True),
        ('AND("x")', CellError.VALUE),
        ("OR(FALSE,{01|1}<5)", False),
        ("OR({01:03|1})", True),
        ("OR(TRUE,1/0)", CellError.DIV0),
        ("NOT({05|1})", True),
        ('NOT("x")', CellError.VALUE),
        ("ISNUMBER({01|1})", True),
        ("ISNUMBER({01|2})", False),
        ("ISNUMBER({01|3})", False),
        ("ISNUMBER(1/0)", False),
        ("ISBLANK({05|1})", True),
        ("ISBLANK({03|2})", False),
        # Criteria.
        ('COUNTIF({01:03|1},">10")', 2.0),
        ("COUNTIF({01:03|1},10)", 1.0),
        ('COUNTIF({01:03|1},"=10")', 1.0),
        ('COUNTIF({01:03|1},"<>10")', 2.0),
        ("COUNTIF({01:03|1},{01|1})", 1.0),
        ('COUNTIF({01:03|1},">="&{02|1})', 2.0),
        ('COUNTIF({04|1:3},"lúa")', 1.0),
        ('COUNTIF({04|1:3},"lúa*")', 2.0),
        ('COUNTIF({04|1:3},"?gô")', 1.0),
        ('COUNTIF({04|1:3},"*")', 3.0),
        ('COUNTIF({04|1:3},"~*")', 0.0),
        ('COUNTIF({01:03|2},"7")', 1.0),
        ("COUNTIF({01:03|2},7)", 1.0),
        ('COUNTIF({01:05|3},"")', 2.0),
        ('COUNTIF({01:03|2},"")', 1.0),
        ('COUNTIF({01:03|2},"=")', 0.0),
        ('COUNTIF({01:05|3},"<>")', 3.0),
        ("COUNTIF({01:03|3},TRUE)", 1.0),
        ("COUNTIF({01:03|1},{05|1})", 0.0),
        ('SUMIF({01:03|1},">10")', 50.0),
        ('SUMIF({01:03|1},">10",{01:03|3})', -5.5),
        ('SUMIF({04|1:3},"lúa*",{01|1:3})', 10.0),
        ('SUMIFS({01:03|1},{01:03|1},">10",{01:03|1},"<30")', 20.0),
        ("SUMPRODUCT({01:03|1},{01:03|1})", 1400.0),
        ("SUMPRODUCT({01:03|1},{01:03|2})", 0.0),
        ("SUMPRODUCT({01:03|1}*{01:03|1})", 1400.0),
        ("SUMPRODUCT(({01:03|1}>10)*{01:03|1})", 50.0),
        ("SUMPRODUCT(--({01:03|1}>10),{01:03|1})", 50.0),
        ("SUMPRODUCT({01:03|1}/{01|1})", 6.0),
        ("SUMPRODUCT({01:03|1}*{01:03|2})", CellError.VALUE),
        ("SUMPRODUCT({01|1},{02|1})", 200.0),
        ("TRUE()", True),
        ("FALSE()", False),
    ],
)
def test_functions_follow_excel(formula: str, expected: CellValue) -> None:
    result = result_of(formula, CELLS)

    assert type(result) is type(expected)
    assert result == expected


def test_an_error_in_a_range_is_the_result_but_not_of_counting() -> None:
    cells: dict[str, CellValue] = {"01|1": 1.0, "02|1": CellError.NA, "03|1": CellError.DIV0}

    for name in ("SUM", "AVERAGE", "MIN", "MAX", "AND", "OR"):
        assert result_of(f"{name}({{01:03|1}})", cells) is CellError.NA
    assert result_of("COUNT({01:03|1})", cells) == 1.0
    assert result_of("COUNTA({01:03|1})", cells) == 3.0
    assert result_of('COUNTIF({01:03|1},"#N/A")', cells) == 1.0
    assert result_of('SUMIF({01:03|1},">0")', cells) == 1.0


def test_a_branch_that_is_not_taken_is_not_computed() -> None:
    assert result_of("IF(TRUE,1,1/0)") == 1.0
    assert result_of("IFS(TRUE,1,TRUE,1/0)") == 1.0


@given(st.floats(-1e9, 1e9), st.integers(-4, 8))
def test_rounding_quickly_and_by_decimals_agree(value: float, digits: int) -> None:
    decimal = Decimal(f"{value:.14e}")
    beyond = digits > 14 - decimal.adjusted()  # there is nothing to round within 15 digits
    expected = value if beyond else float(decimal.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))

    result = round_half_away(value, float(digits))

    assert isinstance(result, float)
    assert math.isclose(result, expected, rel_tol=1e-15, abs_tol=0.0)


@given(st.integers(-(10**7), 10**7), st.integers(0, 4))
def test_a_number_of_few_digits_is_rounded_half_away_from_zero(scaled: int, digits: int) -> None:
    value = Decimal(scaled).scaleb(-digits - 1)

    result = round_half_away(float(value), float(digits))

    assert result == float(value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
