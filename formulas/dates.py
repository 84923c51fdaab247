"""DATE, YEAR, MONTH, DAY over serial numbers of the 1900 date system, as Excel has them.

Day 1 is 1 January 1900. To Excel, as to Lotus 1-2-3 before it, 1900 was a leap year: day 60 is a 29 February that
never was, and day 0 is "0 January 1900" (ECMA-376 part 1 §18.17.4.1). Workbooks of the 1904 system are refused
elsewhere (BS420s). Years below 1900 are counted from 1900 (Microsoft's reference of DATE).
"""

from __future__ import annotations

import datetime
import math
from typing import Final, NamedTuple

from formulas.arithmetic import NUM, CellValue, Number, digits15, number
from workbooks.sheet import CellError

LAST_DAY: Final = 2_958_465
"""31 December 9999."""
_LEAP_BUG: Final = 60
_BEFORE: Final = datetime.date(1899, 12, 31).toordinal()
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 9999
_FARTHEST: Final = 1e6
"""Months or days further away than this lead out of the calendar from any year."""


class Day(NamedTuple):
    """A day as Excel names it; ``Day(1900, 2, 29)`` and ``Day(1900, 1, 0)`` are among them."""

    year: int
    month: int
    day: int


def day_of(serial: float) -> Day | None:
    """The day of a serial number, its time of day left off; None outside the calendar."""
    whole = math.floor(serial)
    if not 0 <= whole <= LAST_DAY:
        return None
    if whole == 0:
        return Day(_FIRST_YEAR, 1, 0)
    if whole == _LEAP_BUG:
        return Day(_FIRST_YEAR, 2, 29)
    found = datetime.date.fromordinal(_BEFORE + whole - (whole > _LEAP_BUG))
    return Day(found.year, found.month, found.day)


def date(year: CellValue, month: CellValue, day: CellValue) -> Number:
    """DATE: months and days outside the year and month carry over."""
    parts = []
    for value in (year, month, day):
        part = number(value)
        if isinstance(part, CellError):
            return part
        parts.append(math.floor(digits15(part)) if abs(part) < _FARTHEST else None)
    years, months, days = parts
    return NUM if years is None or months is None or days is None else _serial(years, months, days)


def _serial(year: int, month: int, day: int) -> Number:
    if 0 <= year < _FIRST_YEAR:
        year += _FIRST_YEAR
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return NUM
    carried, of_year = divmod(month - 1, 12)
    if not 1 <= year + carried <= _LAST_YEAR:
        return NUM
    first = datetime.date(year + carried, of_year + 1, 1).toordinal() - _BEFORE
    serial = first + (first >= _LEAP_BUG) + day - 1
    return float(serial) if 0 <= serial <= LAST_DAY else NUM


def year(value: CellValue) -> Number:
    """YEAR."""
    found = _day(value)
    return found if isinstance(found, CellError) else float(found.year)


def month(value: CellValue) -> Number:
    """MONTH."""
    found = _day(value)
    return found if isinstance(found, CellError) else float(found.month)


def day(value: CellValue) -> Number:
    """DAY."""
    found = _day(value)
    return found if isinstance(found, CellError) else float(found.day)


def _day(value: CellValue) -> Day | CellError:
    serial = number(value)
    return serial if isinstance(serial, CellError) else day_of(serial) or NUM
