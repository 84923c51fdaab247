"""Period codes from outside, and what day it is in Viet Nam."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Final

from form_templates.period import Period, PeriodError, PeriodKind, periods_of_year
from server.errors import InvalidError

VIETNAM: Final = timezone(timedelta(hours=7))  # Asia/Ho_Chi_Minh: no daylight saving time


def day_in_vietnam(at: datetime) -> date:
    """The date on which people there saw it happen; where the calendar ends, as it is written.

    "Never expires" is 31/12/9999 at midnight (RFC 5280, 4.1.2.5), and there is no day after it.
    """
    try:
        return at.astimezone(VIETNAM).date()
    except OverflowError:
        return at.date()


def parse_period(code: str) -> Period:
    """The period of that code. Raises InvalidError, which says what codes look like."""
    try:
        return Period.parse(code)
    except PeriodError as error:
        raise InvalidError(str(error)) from error


def recent_periods(kinds: Iterable[str], *, since: date, today: date) -> tuple[Period, ...]:
    """The periods of these kinds of this year and the last that have begun and end after ``since``; newest first."""
    found = [
        period
        for kind in kinds
        for year in (today.year - 1, today.year)
        for period in periods_of_year(year, PeriodKind(kind))
        if period.first_day <= today and period.last_day >= since
    ]
    return tuple(sorted(found, reverse=True))
