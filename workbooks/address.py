"""Cell addresses in A1 style. Rows and columns are numbered from 1, as people see them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

MAX_ROW = 1_048_576
MAX_COLUMN = 16_384

_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})")


class Range(NamedTuple):
    """A rectangle of cells, both corners included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int

    def __str__(self) -> str:
        """``A1:C3``, or ``A1`` for a single cell."""
        start = address(self.first_row, self.first_column)
        end = address(self.last_row, self.last_column)
        return start if start == end else f"{start}:{end}"

    def holds(self, row: int, column: int) -> bool:
        """Whether the cell lies inside."""
        return self.first_row <= row <= self.last_row and self.first_column <= column <= self.last_column

    def cells(self) -> Iterator[tuple[int, int]]:
        """Every (row, column), row by row."""
        for row in range(self.first_row, self.last_row + 1):
            for column in range(self.first_column, self.last_column + 1):
                yield row, column


@lru_cache(maxsize=MAX_COLUMN)
def column_letters(column: int) -> str:
    """``column_letters(5) == "E"``. Raises ValueError outside 1 … 16384."""
    if not 1 <= column <= MAX_COLUMN:
        raise ValueError(f"no such column: {column}")
    letters = ""
    while column:
        column, digit = divmod(column - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


@lru_cache(maxsize=MAX_COLUMN)
def column_number(letters: str) -> int:
    """``column_number("E") == 5``. Raises ValueError for what is not a column."""
    number = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            raise ValueError(f"no such column: {letters!r}")
        number = number * 26 + ord(letter) - 64
    if not 1 <= number <= MAX_COLUMN:
        raise ValueError(f"no such column: {letters!r}")
    return number


def address(row: int, column: int) -> str:
    """``address(7, 5) == "E7"``."""
    if not 1 <= row <= MAX_ROW:
        raise ValueError(f"no such row: {row}")
    return f"{column_letters(column)}{row}"


def parse_address(text: str) -> tuple[int, int]:
    """``parse_address("E7") == (7, 5)``; dollar signs are allowed. Raises ValueError."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise ValueError(f"not a cell address: {text!r}")
    row, column = int(match[2]), column_number(match[1])
    if row > MAX_ROW:
        raise ValueError(f"no such row: {text!r}")
    return row, column


def parse_range(text: str) -> Range:
    """``parse_range("A1:C3") == Range(1, 1, 3, 3)``; corners may come in any order. Raises ValueError."""
    start, _, end = text.partition(":")
    row, column = parse_address(start)
    other_row, other_column = parse_address(end) if ":" in text else (row, column)
    return Range(min(row, other_row), min(column, other_column), max(row, other_row), max(column, other_column))
