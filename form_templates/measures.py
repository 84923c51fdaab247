"""Units of measure: a catalogue that knows how each is written, what it measures, and how to convert (C06).

The catalogue that comes with the program is ``data/units_of_measure.csv``; any other rows of the same columns do too.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Final

RATIO: Final = "tỷ lệ"
_COUNTED, _MONEY = "đếm: ", "tiền: "
_SEPARATOR: Final = "|"
_MAX_DIGITS: Final = 40
"""Digits of a factor or of a converted value, far more than any figure has: hostile rows must not fill the memory."""


class MeasureError(Exception):
    """A unit of measure that is unknown or cannot be converted, or a catalogue that contradicts itself; Vietnamese."""


@dataclass(frozen=True, slots=True)
class UnitOfMeasure:
    """One unit: ``factor`` base units of its ``dimension`` are one of it. Equal dimensions convert and may be added."""

    code: str
    name: str
    dimension: str
    factor: Decimal
    synonyms: tuple[str, ...] = ()

    @property
    def is_ratio(self) -> bool:
        """Whether its numbers compare two amounts of the same kind: they are never added."""
        return self.dimension == RATIO

    @property
    def is_money(self) -> bool:
        """Whether its numbers are amounts of money."""
        return self.dimension.startswith(_MONEY)

    @property
    def is_counted(self) -> bool:
        """Whether its numbers are counts of single whole things."""
        return self.dimension.startswith(_COUNTED) and self.factor == 1

    def adds_to(self, other: UnitOfMeasure) -> bool:
        """Whether numbers in both may be added as they are, without converting first."""
        return (self.dimension, self.factor) == (other.dimension, other.factor)


class Measures:
    """A catalogue of units of measure, looked up by code or by any spelling of the name."""

    def __init__(self, units: Iterable[UnitOfMeasure]) -> None:
        """Raises MeasureError where one spelling would mean two units."""
        self._units = tuple(units)
        self._by_text: dict[str, UnitOfMeasure] = {}
        for unit in self._units:
            for text in dict.fromkeys(map(spelling, (unit.code, unit.name, *unit.synonyms))):
                other = self._by_text.setdefault(text, unit)
                if other is not unit:
                    raise MeasureError(f"“{text}” là cách viết của cả hai đơn vị tính {other.code} và {unit.code}.")

    def __iter__(self) -> Iterator[UnitOfMeasure]:
        return iter(self._units)

    def __len__(self) -> int:
        return len(self._units)

    def find(self, text: str) -> UnitOfMeasure | None:
        """The unit that is written so (code, name or synonym), or None."""
        return self._by_text.get(spelling(text))

    def unit(self, text: str) -> UnitOfMeasure:
        """As `find`. Raises MeasureError where there is none."""
        found = self.find(text)
        if found is None:
            raise MeasureError(f"Đơn vị tính “{text}” không có trong danh mục.")
        return found

    def convert(self, value: Decimal, source: str, target: str) -> Decimal:
        """The value in another unit, exactly.

        Raises:
            MeasureError: an unknown unit, units of different dimensions, or a result that no decimal number holds.
        """
        one, other = self.unit(source), self.unit(target)
        if not value.is_finite():
            raise MeasureError(f"“{value}” không phải là số.")
        if one.dimension != other.dimension:
            raise MeasureError(
                f"Không đổi được {one.name} ({one.dimension}) ra {other.name} ({other.dimension}): khác đại lượng."
            )
        return _exact(Fraction(value) * Fraction(one.factor) / Fraction(other.factor))


def spelling(text: str) -> str:
    """What is compared of a unit's name: NFC, without regard to case, blanks, or dots that shorten words."""
    composed = unicodedata.normalize("NFC", text).casefold().replace("²", "2").replace("³", "3")
    return "".join(composed.split()).rstrip(".")


def _exact(number: Fraction) -> Decimal:
    """A fraction as the decimal number it is."""
    digits, power = number.denominator, 0
    while digits % 10 == 0:
        digits, power = digits // 10, power + 1
    for divisor in (2, 5):
        while digits % divisor == 0:
            digits, power = digits // divisor, power + 1
    if digits != 1 or power > _MAX_DIGITS:
        raise MeasureError("Kết quả đổi đơn vị là số thập phân vô hạn, không ghi chính xác được.")
    # Built from text, which is exact: arithmetic on Decimal would round to the precision of the context.
    return Decimal(f"{number.numerator * 10**power // number.denominator}e-{power}")


def units_of(rows: Iterable[Mapping[str, str]]) -> tuple[UnitOfMeasure, ...]:
    """Units from rows with the columns of the CSV file. Raises MeasureError, which says what is wrong in which row."""
    return tuple(_unit(row) for row in rows)


def _unit(row: Mapping[str, str]) -> UnitOfMeasure:
    code, name, dimension, factor = (
        unicodedata.normalize("NFC", row.get(column) or "").strip()
        for column in ("code", "name", "dimension", "factor")
    )
    if not (code and name and dimension):
        raise MeasureError(f"Đơn vị tính “{code or name}” phải có mã, tên và đại lượng.")
    synonyms = tuple(filter(None, (item.strip() for item in (row.get("synonyms") or "").split(_SEPARATOR))))
    return UnitOfMeasure(code, name, dimension, _factor(code, factor), synonyms)


def _factor(code: str, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or number <= 0 or not -_MAX_DIGITS < number.adjusted() < _MAX_DIGITS:
        raise MeasureError(f"Hệ số “{text[:40]}” của đơn vị tính {code} phải là một số thập phân lớn hơn 0.")
    return number


def read_units(text: str) -> tuple[UnitOfMeasure, ...]:
    """Units from CSV text with a heading line. Raises MeasureError."""
    return units_of(csv.DictReader(io.StringIO(text)))


@cache
def bundled() -> Measures:
    """The catalogue that comes with the program."""
    return Measures(read_units(files("form_templates").joinpath("data/units_of_measure.csv").read_text("utf-8")))
