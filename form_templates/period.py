"""Reporting periods: ``2026-M07``, ``2026-Q3``, ``2026-H1``, ``2026-9M``, ``2026``."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import total_ordering
from typing import Final


class PeriodKind(StrEnum):
    """Kinds of period, as form versions list them."""

    MONTH = "M"
    QUARTER = "Q"
    HALF = "H"
    NINE_MONTHS = "9M"
    YEAR = "Y"


_CODE: Final = re.compile(r"(?P<year>[0-9]{4})(?:-(?:(?P<kind>[MQH])(?P<number>[0-9]{1,2})|(?P<nine>9M)))?")
_MONTHS: Final = {
    PeriodKind.MONTH: 1,
    PeriodKind.QUARTER: 3,
    PeriodKind.HALF: 6,
    PeriodKind.NINE_MONTHS: 9,
    PeriodKind.YEAR: 12,
}
_MONTHS_OF_YEAR: Final = 12
_ROMAN: Final = ("I", "II", "III", "IV")


class PeriodError(ValueError):
    """The text is not a period code; the message (Vietnamese) says what is."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of the calendar that a form reports on. ``number`` counts within the year; 1 for nine months and year.

    Periods sort by their last day; of two that end together the shorter comes first (Q3 before 9M).
    """

    year: int
    kind: PeriodKind
    number: int = 1

    def __post_init__(self) -> None:
        if not (1900 <= self.year <= 2999 and 1 <= self.number <= _count(self.kind)):
            raise PeriodError(f"Kỳ báo cáo không có thật: năm {self.year}, loại {self.kind}, số {self.number}.")

    @classmethod
    def parse(cls, code: str) -> Period:
        """Reads a period code. Raises PeriodError with what is accepted."""
        match = _CODE.fullmatch(code)
        if match is None:
            raise PeriodError(_refusal(code))
        kind = PeriodKind(match["kind"] or match["nine"] or PeriodKind.YEAR)
        try:
            period = cls(int(match["year"]), kind, int(match["number"] or 1))
        except PeriodError as error:
            raise PeriodError(_refusal(code)) from error
        if period.code != code:
            raise PeriodError(_refusal(code))
        return period

    @property
    def code(self) -> str:
        """The canonical code: parsing it gives this period again."""
        match self.kind:
            case PeriodKind.MONTH:
                return f"{self.year:04d}-M{self.number:02d}"
            case PeriodKind.QUARTER | PeriodKind.HALF:
                return f"{self.year:04d}-{self.kind}{self.number}"
            case PeriodKind.NINE_MONTHS:
                return f"{self.year:04d}-9M"
            case PeriodKind.YEAR:
                return f"{self.year:04d}"

    def __str__(self) -> str:
        return self.code

    def __lt__(self, other: Period) -> bool:
        return self._order < other._order

    @property
    def _order(self) -> tuple[date, int]:
        return self.last_day, _MONTHS[self.kind]

    @property
    def first_day(self) -> date:
        """First day the figures are about."""
        return date(self.year, (self.number - 1) * _MONTHS[self.kind] + 1, 1)

    @property
    def last_day(self) -> date:
        """Last day the figures are about."""
        month = self.number * _MONTHS[self.kind]
        return date(self.year, month, calendar.monthrange(self.year, month)[1])

    def previous(self) -> Period | None:
        """The period before this one in the same series (H1 of 2026 follows H2 of 2025); None for nine months.

        Nine months have no neighbour: the nine months before them would be those of no report.
        """
        if self.kind is PeriodKind.NINE_MONTHS:
            return None
        if self.number > 1:
            return Period(self.year, self.kind, self.number - 1)
        return Period(self.year - 1, self.kind, _count(self.kind))

    def same_last_year(self) -> Period:
        """The same period of the year before ("cùng kỳ năm trước")."""
        return Period(self.year - 1, self.kind, self.number)

    @property
    def label(self) -> str:
        """As it is written on a form: ``Tháng 9 năm 2026``, ``Quý III năm 2026``, ``6 tháng đầu năm 2026``."""
        match self.kind:
            case PeriodKind.MONTH:
                return f"Tháng {self.number} năm {self.year}"
            case PeriodKind.QUARTER:
                return f"Quý {_ROMAN[self.number - 1]} năm {self.year}"
            case PeriodKind.HALF:
                return f"6 tháng {'đầu' if self.number == 1 else 'cuối'} năm {self.year}"
            case PeriodKind.NINE_MONTHS:
                return f"9 tháng năm {self.year}"
            case PeriodKind.YEAR:
                return f"Năm {self.year}"


def periods_of_year(year: int, kind: PeriodKind) -> tuple[Period, ...]:
    """All periods of a kind within a year, the first one first."""
    return tuple(Period(year, kind, number + 1) for number in range(_count(kind)))


def _count(kind: PeriodKind) -> int:
    """How many periods of a kind a year has."""
    return 1 if kind is PeriodKind.NINE_MONTHS else _MONTHS_OF_YEAR // _MONTHS[kind]


def _refusal(code: str) -> str:
    return (
        f"Mã kỳ báo cáo “{code}” không hợp lệ. Hãy ghi theo một trong các dạng: 2026-M07 (tháng), 2026-Q3 (quý), "
        "2026-H1 (6 tháng), 2026-9M (9 tháng), 2026 (năm)."
    )
