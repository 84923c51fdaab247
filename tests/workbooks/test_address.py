"""A1 addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbooks.address import Range, address, column_letters, column_number, parse_address, parse_range

rows = st.integers(1, 1_048_576)
columns = st.integers(1, 16_384)


@given(rows, columns)
def test_an_address_reads_back_as_it_was_written(row: int, column: int) -> None:
    assert parse_address(address(row, column)) == (row, column)
    assert column_number(column_letters(column)) == column


@given(rows, columns, rows, columns)
def test_a_range_reads_back_whatever_corner_comes_first(
    row: int, column: int, other_row: int, other_column: int
) -> None:
    text = f"{address(row, column)}:{address(other_row, other_column)}"

    area = parse_range(text)

    assert area == parse_range(str(area))
    assert area.holds(row, column)
    assert area.holds(other_row, other_column)


def test_the_corners_of_the_sheet_have_their_known_names() -> None:
    assert column_letters(5) == "E"
    assert address(1_048_576, 16_384) == "XFD1048576"
    assert parse_range("$A$1:C3") == Range(1, 1, 3, 3)
    assert list(parse_range("B2").cells()) == [(2, 2)]


@pytest.mark.parametrize("text", ["", "A", "1", "A0", "XFE1", "A1048577", "A1:B2", "A-1", "Ａ1", "A١"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no"):
        parse_address(text)


@pytest.mark.parametrize("column", [0, -1, 16_385])
def test_columns_beyond_the_sheet_have_no_letters(column: int) -> None:
    with pytest.raises(ValueError, match="no such column"):
        column_letters(column)
