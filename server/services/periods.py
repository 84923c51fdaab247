"""Period codes from outside, and what day it is in Viet Nam."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Final

from form_templates.period import Period, PeriodError
from server.errors import InvalidError

VIETNAM: Final = timezone(timedelta(hours=7))  # Asia/Ho_Chi_Minh: no daylight saving time


def day_in_vietnam(at: datetime) -> date:
    """The date on which people there saw it happen."""
    return at.astimezone(VIETNAM).date()


def parse_period(code: str) -> Period:
    """The period of that code. Raises InvalidError, which says what codes look like."""
    try:
        return Period.parse(code)
    except PeriodError as error:
        raise InvalidError(str(error)) from error
