"""Excel's operators over cell values. Every function takes any values and gives a value; none raises.

Values are floats, texts, booleans, errors, or None for a blank cell. The arithmetic ones answer a float or an error.
The first lines of each function are the fast way for two numbers; the rest is for everything else a cell may hold.

Sources: ECMA-376 part 1 §18.17 (operators, types); Microsoft KB 78113 (floating-point arithmetic in Excel: 15 digits,
a final addition or subtraction that comes out at or very near zero is zero).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Final, TypeAlias

from workbooks.sheet import CellError, Value

CellValue: TypeAlias = Value
Number: TypeAlias = float | CellError
Truth: TypeAlias = bool | CellError

DIV0: Final = CellError.DIV0
VALUE: Final = CellError.VALUE
NUM: Final = CellError.NUM
NA: Final = CellError.NA

NEAR: Final = 2e-14
"""Numbers further apart than this, relatively, differ within 15 digits for certain."""

LONGEST_TEXT: Final = 32_767
"""Units of UTF-16 that a cell can hold (Microsoft, Excel specifications and limits)."""

BEYOND: Final = re.compile("[\U00010000-\U0010ffff]")
"""Characters of two units of UTF-16."""

_SNAP: Final = 2.0**-49
_NUMERAL: Final = re.compile(r"\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*(%?)\s*", re.ASCII)
_LONGEST_NUMERAL: Final = 400
_FULL_DIGITS: Final = 1e21
_WIDEST: Final = 20


def number(value: CellValue) -> Number:
    """A value where a number is wanted: blank is 0, a text is a number only if it reads as one."""
    if value.__class__ is float:
        return value
    if value is None:
        return 0.0
    if isinstance(value, CellError):
        return value
    if isinstance(value, str):
        return text_number(value)
    return float(value)


def text_number(text: str) -> Number:
    """The number a text reads as, in the invariant form (``1234.5``, ``12%``), else #VALUE!."""
    match = _NUMERAL.fullmatch(text) if len(text) <= _LONGEST_NUMERAL else None
    if match is None:
        return VALUE
    result = float(match[1]) / (100.0 if match[2] else 1.0)
    return result if result - result == 0.0 else VALUE


def finite(result: float) -> Number:
    """The result as a cell shows it: overflow is #NUM!, and there is no negative zero."""
    return result + 0.0 if result - result == 0.0 else NUM


def digits15(value: float) -> float:
    """The number of 15 significant digits nearest to the value: what Excel compares and rounds."""
    return float(f"{value:.14e}")


def over_numbers(operation: Callable[[float, float], Number], a: CellValue, b: CellValue) -> Number:
    """An operation over any two values: over the numbers they stand for, or the first error among them."""
    x, y = number(a), number(b)
    if isinstance(x, CellError):
        return x
    return y if isinstance(y, CellError) else operation(x, y)


def add(a: CellValue, b: CellValue) -> Number:
    """``a+b`` inside a formula."""
    if a.__class__ is not float or b.__class__ is not float:
        return over_numbers(add, a, b)
    return finite(a + b)


def subtract(a: CellValue, b: CellValue) -> Number:
    """``a-b`` inside a formula."""
    if a.__class__ is not float or b.__class__ is not float:
        return over_numbers(subtract, a, b)
    return finite(a - b)


def add_all(values: tuple[CellValue, ...]) -> Number:
    """``a+b+c+…``, from the left."""
    total = 0.0
    for value in values:
        if value.__class__ is not float:
            value = number(value)  # noqa: PLW2901 - the same value, as a number
            if isinstance(value, CellError):
                return value
        total += value
    return finite(total)


def add_last(a: CellValue, b: CellValue) -> Number:
    """``a+b`` as the last operation of a formula: zero where only the noise of binary fractions is left."""
    result = add(a, b)
    return _settled(result, b) if result.__class__ is float else result


def subtract_last(a: CellValue, b: CellValue) -> Number:
    """``a-b`` as the last operation of a formula: zero where only the noise of binary fractions is left."""
    result = subtract(a, b)
    return _settled(result, b) if result.__class__ is float else result


def _settled(result: Number, operand: CellValue) -> Number:
    if isinstance(result, CellError) or result == 0.0:
        return result
    size = number(operand)
    return 0.0 if isinstance(size, float) and abs(result) < abs(size) * _SNAP else result


def multiply(a: CellValue, b: CellValue) -> Number:
    """``a*b``."""
    if a.__class__ is not float or b.__class__ is not float:
        return over_numbers(multiply, a, b)
    return finite(a * b)


def divide(a: CellValue, b: CellValue) -> Number:
    """``a/b``; a blank or zero divisor is #DIV/0!."""
    if a.__class__ is not float or b.__class__ is not float:
        return over_numbers(divide, a, b)
    if b == 0.0:
        return DIV0
    return finite(a / b)


def power(a: CellValue, b: CellValue) -> Number:
    """``a^b``: 0^0 is #NUM!, 0 to a negative power #DIV/0!; a negative base has odd roots only."""
    return over_numbers(_power, a, b)


def _power(base: float, exponent: float) -> Number:
    if base == 0.0 and exponent <= 0.0:
        return NUM if exponent == 0.0 else DIV0
    if base < 0.0 and _is_odd_root(exponent):
        return finite(-((-base) ** exponent))
    try:
        result = base**exponent
    except OverflowError:
        return NUM
    return finite(result) if isinstance(result, float) else NUM


def _is_odd_root(exponent: float) -> bool:
    """Whether the exponent is 1/3, 1/5, … : Excel gives (-8)^(1/3) as -2."""
    if exponent == 0.0 or abs(exponent) >= 1.0:
        return False
    root = digits15(1.0 / exponent)
    return root % 2.0 == 1.0


def negate(value: CellValue) -> Number:
    """``-a``."""
    result = number(value)
    return result if isinstance(result, CellError) else 0.0 - result


def percent(value: CellValue) -> Number:
    """``a%``."""
    return divide(value, 100.0)


def text(value: CellValue) -> str | CellError:
    """A value where a text is wanted. Numbers take the invariant form (point, 15 digits)."""
    if isinstance(value, str):  # texts and errors
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return _number_text(float(value))


def _number_text(value: float) -> str:
    """15 significant digits, written out unless that would be very long."""
    decimal = Decimal(f"{value:.14e}").normalize()
    written = f"{decimal:f}"
    if abs(value) < _FULL_DIGITS and (abs(value) >= 1.0 or len(written) <= _WIDEST):
        return written
    mantissa, _, exponent = f"{decimal:e}".partition("e")
    return f"{mantissa}E{int(exponent):+03d}"


def concatenate(a: CellValue, b: CellValue) -> str | CellError:
    """``a&b``."""
    left, right = text(a), text(b)
    if isinstance(left, CellError):
        return left
    return right if isinstance(right, CellError) else bounded(left + right)


def units(value: str) -> int:
    """Length of a text as Excel counts it, in units of UTF-16."""
    return len(value) + len(BEYOND.findall(value))


def bounded(value: str) -> str | CellError:
    """The text, or #VALUE! where a cell could not hold it; so no formula can make texts grow without end."""
    return value if len(value) <= LONGEST_TEXT and units(value) <= LONGEST_TEXT else VALUE


def folded(value: str) -> str:
    """A text as comparisons see it: composed, without case."""
    return unicodedata.normalize("NFC", value).casefold()


def equal(a: CellValue, b: CellValue) -> Truth:
    """``a=b``."""
    order = compare(a, b)
    return order if order.__class__ is CellError else order == 0


def unequal(a: CellValue, b: CellValue) -> Truth:
    """``a<>b``."""
    order = compare(a, b)
    return order if order.__class__ is CellError else order != 0


def less(a: CellValue, b: CellValue) -> Truth:
    """``a<b``."""
    order = compare(a, b)
    return order if isinstance(order, CellError) else order < 0


def less_equal(a: CellValue, b: CellValue) -> Truth:
    """``a<=b``."""
    order = compare(a, b)
    return order if isinstance(order, CellError) else order <= 0


def greater(a: CellValue, b: CellValue) -> Truth:
    """``a>b``."""
    order = compare(a, b)
    return order if isinstance(order, CellError) else order > 0


def greater_equal(a: CellValue, b: CellValue) -> Truth:
    """``a>=b``."""
    order = compare(a, b)
    return order if isinstance(order, CellError) else order >= 0


def compare(a: CellValue, b: CellValue) -> int | CellError:
    """-1, 0 or 1: numbers by 15 digits, texts without case, any number < any text < any boolean."""
    if a.__class__ is float and b.__class__ is float:
        return _compare_numbers(a, b)
    if isinstance(a, CellError):
        return a
    if isinstance(b, CellError):
        return b
    left, right = _filled(a, b), _filled(b, a)
    if isinstance(left, str) and isinstance(right, str):
        return _sign(folded(left), folded(right))
    ranks = _rank(left), _rank(right)
    if ranks[0] != ranks[1]:
        return -1 if ranks[0] < ranks[1] else 1
    return _compare_numbers(float(left), float(right))


def _compare_numbers(a: float, b: float) -> int:
    if a == b:
        return 0
    if abs(a - b) <= NEAR * abs(a):
        a, b = digits15(a), digits15(b)
    return -1 if a < b else int(a > b)


def _filled(value: float | str | bool | None, other: float | str | bool | None) -> float | str | bool:
    """A blank is the zero, the empty text or the FALSE of what it is compared with."""
    if value is not None:
        return value
    if isinstance(other, str):
        return ""
    return False if isinstance(other, bool) else 0.0


def _rank(value: float | str | bool) -> int:
    return 2 if isinstance(value, bool) else int(isinstance(value, str))


def _sign(a: str, b: str) -> int:
    return -1 if a < b else int(a > b)


def truth(value: CellValue) -> Truth:
    """A value as a condition."""
    if isinstance(value, bool | CellError):
        return value
    if isinstance(value, str):
        word = value.strip().casefold()
        return word == "true" if word in {"true", "false"} else VALUE
    return value is not None and value != 0.0


def shown(value: CellValue) -> CellValue:
    """What a formula's cell shows: the content of a blank cell, brought over by reference, is 0."""
    return 0.0 if value is None else value
