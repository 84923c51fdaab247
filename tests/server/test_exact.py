from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.storage.exact import (
    LARGEST,
    NotFiniteError,
    TooLargeError,
    TooPreciseError,
    scaled,
    scaled_rounding,
    unscaled,
)


@given(st.integers(-LARGEST, LARGEST), st.integers(0, 8))
def test_a_stored_number_comes_back_as_it_was(value: int, decimals: int) -> None:
    assert scaled(unscaled(value, decimals), decimals) == value


@given(st.decimals(-(10**12), 10**12, places=6), st.integers(0, 6))
def test_computed_numbers_round_half_away_from_zero(value: Decimal, decimals: int) -> None:
    expected = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)

    assert unscaled(scaled_rounding(value, decimals), decimals) == expected


def test_a_float_is_read_as_it_is_written_not_as_it_is_held() -> None:
    assert scaled(0.1, 1) == 1
    assert scaled(1.005, 3) == 1005
    assert scaled_rounding(1.005, 2) == 101  # the float is a hair below; people see 1,005


@pytest.mark.parametrize("value", [1e300, -1e300, 1e19, 9223372036854775808, Decimal("1e400")])
def test_what_does_not_fit_64_bits_is_refused(value: float | Decimal) -> None:
    with pytest.raises(TooLargeError):
        scaled(value, 0)


def test_a_digit_too_many_is_refused_not_rounded() -> None:
    with pytest.raises(TooPreciseError):
        scaled(1.25, 1)
    with pytest.raises(TooPreciseError):
        scaled(1e-300, 2)
    assert scaled_rounding(1e-300, 2) == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_and_infinity_are_refused(value: float) -> None:
    with pytest.raises(NotFiniteError):
        scaled(value, 0)
