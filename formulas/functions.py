"""Excel's functions over cell values, as compiled formulas call them. None of them raises.

A range comes as a tuple of its cells' values. Functions that take ranges follow Excel: texts, booleans and blanks
*inside ranges* are passed over, the same *written as an argument* count as numbers (``direct`` makes them so).
An error among the values is the result, the first one found. Source: ECMA-376 part 1 §18.17.7.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Context, Decimal
from typing import Final, TypeAlias

from formulas.arithmetic import (
    DIV0,
    NUM,
    VALUE,
    CellValue,
    Number,
    Truth,
    digits15,
    finite,
    number,
    over_numbers,
    truth,
)
from formulas.criteria import matcher
from workbooks.sheet import CellError

Values: TypeAlias = tuple[CellValue, ...]
Array: TypeAlias = Values | CellValue

_MOST_DIGITS: Final = 400.0
_POWERS: Final[Mapping[CellValue, float]] = {float(n): 10.0**n for n in range(16)}
_DECIMALS: Final = Context(prec=800, Emin=-9999, Emax=9999)
_LARGEST_QUOTIENT: Final = 1125900000000.0
"""MOD gives #NUM! beyond this quotient (Microsoft KB 119083 and what newer versions do)."""


def direct(value: CellValue) -> Number | None:
    """A value written as an argument of SUM and its kin, where it counts as a number or is an error."""
    return 0.0 if value is None else number(value)


def _numbers(values: Values) -> list[float] | CellError:
    """The numbers of a range, or the first error in it."""
    found = []
    for value in values:
        if value.__class__ is float:
            found.append(value)
        elif isinstance(value, CellError):
            return value
        elif value is not None and not isinstance(value, str | bool):
            found.append(float(value))
    return found


def sum_of(values: Values) -> Number:
    """SUM."""
    total = 0.0
    for value in values:
        if value.__class__ is float:
            total += value
        elif value is not None and value.__class__ is not str:
            if isinstance(value, CellError):
                return value
            if not isinstance(value, str | bool):
                total += float(value)
    return finite(total)


def average(values: Values) -> Number:
    """AVERAGE: of no numbers at all it is #DIV/0!."""
    found = _numbers(values)
    if isinstance(found, CellError):
        return found
    return finite(sum(found) / len(found)) if found else DIV0


def smallest(values: Values) -> Number:
    """MIN: of no numbers at all it is 0."""
    found = _numbers(values)
    return found if isinstance(found, CellError) else min(found, default=0.0)


def largest(values: Values) -> Number:
    """MAX: of no numbers at all it is 0."""
    found = _numbers(values)
    return found if isinstance(found, CellError) else max(found, default=0.0)


def count(values: Values) -> float:
    """COUNT: numbers only; errors are passed over."""
    return float(sum(1 for value in values if is_number(value)))


def count_filled(values: Values) -> float:
    """COUNTA: everything that is not blank, errors and empty texts included."""
    return float(sum(1 for value in values if value is not None))


def count_blank(values: Values) -> float:
    """COUNTBLANK: empty texts count as blank."""
    return float(sum(1 for value in values if value is None or (value == "" and isinstance(value, str))))


def count_ifs(*criteria: Values | CellValue) -> float:
    """COUNTIF and COUNTIFS: pairs of range and criterion."""
    return float(sum(_chosen(criteria)))


def sum_if(values: Values, criterion: CellValue, addends: Values | None = None) -> Number:
    """SUMIF; without addends the matching values themselves are added."""
    return sum_ifs(values if addends is None else addends, values, criterion)


def sum_ifs(addends: Values, *criteria: Values | CellValue) -> Number:
    """SUMIFS: addends, then pairs of range and criterion. All ranges have one length; the compiler sees to it."""
    return sum_of(tuple(itertools.compress(addends, _chosen(criteria))))


def average_if(values: Values, criterion: CellValue, addends: Values | None = None) -> Number:
    """AVERAGEIF; without addends the matching values themselves are taken."""
    return average_ifs(values if addends is None else addends, values, criterion)


def average_ifs(addends: Values, *criteria: Values | CellValue) -> Number:
    """AVERAGEIFS: where nothing matches it is #DIV/0!."""
    return average(tuple(itertools.compress(addends, _chosen(criteria))))


def _chosen(criteria: tuple[Values | CellValue, ...]) -> list[bool]:
    """Which places match every criterion; the criteria are pairs of range and criterion."""
    chosen: list[bool] = []
    for values, criterion in zip(criteria[::2], criteria[1::2], strict=True):
        if isinstance(values, tuple) and not isinstance(criterion, tuple):
            matches = matcher(criterion)
            if chosen:
                chosen = [was and matches(value) for was, value in zip(chosen, values, strict=True)]
            else:
                chosen = [matches(value) for value in values]
    return chosen


def sum_product(*arrays: Array) -> Number:
    """SUMPRODUCT: what is not a number counts as zero."""
    rows = [array if isinstance(array, tuple) else (array,) for array in arrays]
    products = []
    for factors in zip(*rows, strict=True):
        product = 1.0
        for factor in factors:
            if isinstance(factor, CellError):
                return factor
            product *= float(factor) if is_number(factor) else 0.0
        products.append(product)
    return sum_of(tuple(products))


def each(operation: Callable[..., CellValue], *operands: Array) -> Array:
    """An operator over arrays, cell by cell; a single value goes with every cell."""
    length = next((len(operand) for operand in operands if isinstance(operand, tuple)), None)
    if length is None:
        return operation(*operands)
    spread = [operand if isinstance(operand, tuple) else (operand,) * length for operand in operands]
    return tuple(operation(*values) for values in zip(*spread, strict=True))


def round_half_away(value: CellValue, digits: CellValue) -> Number:
    """ROUND: half away from zero, on the decimal value (15 digits), so ROUND(2.675,2) is 2.68."""
    power = _POWERS.get(digits)
    if power is None or value.__class__ is not float:
        return _rounded(value, digits, ROUND_HALF_UP)
    scaled = abs(value) * power
    if scaled < 1e11:
        whole = math.floor(scaled)
        rest = scaled - whole
        # Far from the middle the noise of binary fractions cannot matter, and no decimal is needed.
        if rest < 0.499:
            return whole / power if value > 0.0 else 0.0 - whole / power
        if rest > 0.501:
            return (whole + 1) / power if value > 0.0 else 0.0 - (whole + 1) / power
    return _rounded(value, digits, ROUND_HALF_UP)


def round_up(value: CellValue, digits: CellValue) -> Number:
    """ROUNDUP: away from zero."""
    return _rounded(value, digits, ROUND_UP)


def round_down(value: CellValue, digits: CellValue) -> Number:
    """ROUNDDOWN: towards zero."""
    return _rounded(value, digits, ROUND_DOWN)


def _rounded(value: CellValue, digits: CellValue, rounding: str) -> Number:
    x, n = number(value), _places(digits)
    if isinstance(x, CellError):
        return x
    return n if isinstance(n, CellError) else _round(x, n, rounding)


def _places(digits: CellValue) -> int | CellError:
    n = number(digits)
    return n if isinstance(n, CellError) else int(max(-_MOST_DIGITS, min(n, _MOST_DIGITS)))


def _round(x: float, n: int, rounding: str) -> Number:
    decimal = Decimal(f"{x:.14e}")
    if n > 14 - decimal.adjusted():
        return x
    return finite(float(decimal.quantize(Decimal(1).scaleb(-n, _DECIMALS), rounding, _DECIMALS)))


def integer(value: CellValue) -> Number:
    """INT: down to the next integer, on 15 digits, so that INT(0.3/0.1) is 3."""
    x = number(value)
    return x if isinstance(x, CellError) else float(math.floor(digits15(x))) + 0.0


def absolute(value: CellValue) -> Number:
    """ABS."""
    x = number(value)
    return x if isinstance(x, CellError) else abs(x)


def modulo(value: CellValue, divisor: CellValue) -> Number:
    """MOD: n - d*INT(n/d), with the sign of the divisor."""
    return over_numbers(_modulo, value, divisor)


def _modulo(n: float, d: float) -> Number:
    if d == 0.0:
        return DIV0
    quotient = n / d
    if not abs(quotient) < _LARGEST_QUOTIENT:
        return NUM
    whole = math.floor(digits15(quotient))
    rest = n - d * whole
    return 0.0 if digits15(quotient) == whole else rest + 0.0


def both(values: Values) -> Truth:
    """AND."""
    found = _truths(values)
    return found if isinstance(found, CellError) else all(found)


def either(values: Values) -> Truth:
    """OR."""
    found = _truths(values)
    return found if isinstance(found, CellError) else any(found)


def _truths(values: Values) -> list[bool] | CellError:
    found: list[bool] = []
    for value in values:
        if isinstance(value, CellError):
            return value
        if value is not None and not isinstance(value, str):
            found.append(value != 0.0)
    return found or VALUE


def negation(value: CellValue) -> Truth:
    """NOT."""
    result = truth(value)
    return result if isinstance(result, CellError) else not result


def is_number(value: CellValue) -> bool:
    """ISNUMBER."""
    return value is not None and not isinstance(value, str | bool)


def is_blank(value: CellValue) -> bool:
    """ISBLANK: an empty text is not blank."""
    return value is None


def is_text(value: CellValue) -> bool:
    """ISTEXT."""
    return isinstance(value, str) and not isinstance(value, CellError)
