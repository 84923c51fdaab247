"""Exact numbers: decimals kept as 64-bit integers scaled by a power of ten. No float arithmetic anywhere."""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum

LARGEST = 2**63 - 1  # the same bound on both databases; -2**63 is left out to keep the range symmetric


class FactState(IntEnum):
    """What stands in a cell. Blank, zero, "-", "…" and "x" are different answers (decision 10)."""

    NUMBER = 0
    BLANK = 1
    NONE = 2
    NO_DATA = 3
    NOT_APPLICABLE = 4
    TEXT = 5
    ERROR = 6


class NotFiniteError(ValueError):
    """NaN or infinity."""


class TooLargeError(ValueError):
    """The scaled number does not fit 64 bits."""


class TooPreciseError(ValueError):
    """The number has more digits after the point than the cell keeps."""


def scaled(value: float | Decimal, decimals: int) -> int:
    """The integer that stands for ``value``; nothing is rounded.

    Raises:
        NotFiniteError, TooLargeError, TooPreciseError: it cannot be stored as it is.
    """
    whole, rest, _ = _shifted(value, decimals)
    if rest:
        raise TooPreciseError(f"{value} keeps more than {decimals} decimals")
    return _bounded(whole)


def scaled_rounding(value: float | Decimal, decimals: int) -> int:
    """The same for a computed number, rounded half away from zero as Excel's ROUND does."""
    whole, rest, divisor = _shifted(value, decimals)
    up = 2 * abs(rest) >= divisor
    return _bounded(whole + (0 if not up else 1 if rest > 0 else -1))


def unscaled(value: int, decimals: int) -> Decimal:
    """The decimal that the stored integer stands for."""
    return Decimal((int(value < 0), tuple(map(int, str(abs(value)))), -decimals))


def _shifted(value: float | Decimal, decimals: int) -> tuple[int, int, int]:
    """Whole part and rest of value x 10**decimals, and what the rest is counted in; in integers throughout."""
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        raise NotFiniteError(str(value))
    magnitude = int("".join(map(str, digits)) or "0") * (-1 if sign else 1)
    shift = exponent + decimals
    if magnitude == 0:
        return 0, 0, 1
    if len(digits) + shift > 20:  # before the power of ten is made: 1e300 would be a number of 300 digits
        raise TooLargeError(f"{value} does not fit 64 bits")
    if shift >= 0:
        return magnitude * 10**shift, 0, 1
    if len(digits) + shift < -1:  # far below half a unit; keep the sign, spare the power
        return 0, 1 if magnitude > 0 else -1, 10
    divisor = 10**-shift
    whole, rest = divmod(abs(magnitude), divisor)
    return (whole, rest, divisor) if magnitude > 0 else (-whole, -rest, divisor)


def _bounded(value: int) -> int:
    if not -LARGEST <= value <= LARGEST:
        raise TooLargeError(f"{value} does not fit 64 bits")
    return value
