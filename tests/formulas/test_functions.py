"""Functions as Excel has them. Examples are those of Microsoft's reference unless another source is named."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulas.arithmetic import CellValue
from formulas.functions import round_half_away
from formulas.whitelist import SCALAR
from tests.formulas.excel_cases import CASES, CELLS
from tests.formulas.small_forms import result_of
from workbooks.sheet import CellError


@pytest.mark.parametrize(("formula", "expected"), CASES)
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


ASKING = {"ISNUMBER", "ISBLANK", "ISTEXT", "ISERROR"}


@pytest.mark.parametrize("name", sorted(set(SCALAR) - ASKING))
def test_a_function_carries_the_first_error_among_its_arguments(name: str) -> None:
    least, cells = SCALAR[name].least, {"01|1": CellError.NA, "02|1": CellError.REF}
    for at in range(least):
        arguments = ["1"] * at + ["{01|1}"] + ["{02|1}"] * (least - at - 1)
        if name == "TEXT":
            arguments[1:] = ['"0"']
        if "{01|1}" in arguments:
            assert result_of(f"{name}({','.join(arguments)})", cells) is CellError.NA
