"""Cell values between UNO and xlwings: dates, booleans and errors are numbers to LibreOffice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

ERROR_TEXTS: Final = {
    503: "#NUM!",
    519: "#VALUE!",
    521: "#NULL!",
    524: "#REF!",
    525: "#NAME?",
    532: "#DIV/0!",
    32767: "#N/A",
}
DATE, TIME, LOGICAL = 2, 4, 1024  # com.sun.star.util.NumberFormat

_SECONDS_A_DAY = 86400


class ErrorValue(str):
    """An error shown by a cell (``#DIV/0!``). xlwings turns it into None unless asked with ``err_to_str``."""

    __slots__ = ()


def error_value(code: int) -> ErrorValue:
    """The error Excel would show. LibreOffice has more kinds than Excel; the rest become ``#VALUE!``."""
    return ErrorValue(ERROR_TEXTS.get(code, "#VALUE!"))


def to_datetime(serial: float, null_date: dt.datetime) -> dt.datetime:
    """The moment of a serial number, to the nearest millisecond as Excel gives it."""
    days, fraction = divmod(serial, 1)
    return null_date + dt.timedelta(days=days, milliseconds=round(fraction * _SECONDS_A_DAY * 1000))


def to_serial(moment: dt.date | dt.datetime, null_date: dt.datetime) -> float:
    """The serial number of a date or a moment; a time zone is dropped, as xlwings does."""
    at = moment if isinstance(moment, dt.datetime) else dt.datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001  # sheets have no time zones
    return (at.replace(tzinfo=None) - null_date) / dt.timedelta(days=1)


def clean(
    value: object,
    date_builder: Callable[..., object],
    empty_as: object,
    number_builder: Callable[[float], object] | None,
    *,
    errors_as_text: bool,
) -> object:
    """One value as the reader asked for it (the options of ``Range.options``)."""
    if value is None or value == "":
        return empty_as
    if isinstance(value, ErrorValue):
        return str(value) if errors_as_text else None
    if isinstance(value, dt.datetime):
        return date_builder(
            month=value.month,
            day=value.day,
            year=value.year,
            hour=value.hour,
            minute=value.minute,
            second=value.second,
            microsecond=value.microsecond,
            tzinfo=None,
        )
    if number_builder is not None and isinstance(value, float) and not isinstance(value, bool):
        return number_builder(value)
    return value


def prepare(value: object) -> object:
    """One value on its way to a cell: numpy and pandas kinds become Python's."""
    if value is None:
        return ""
    if isinstance(value, str | bool | dt.date):
        return value
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime()
    if hasattr(value, "item"):
        value = value.item()
    return "" if value != value else value  # noqa: PLR0124  # only NaN differs from itself
