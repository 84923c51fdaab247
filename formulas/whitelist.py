"""The functions that a formula may use, and everything that generated code can name."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final, NamedTuple

from formulas import arithmetic, dates, functions, lookup, number_formats, text_functions
from workbooks.sheet import CellError

MOST_ARGUMENTS: Final = 255

BINARY: Final = {
    "+": arithmetic.add,
    "-": arithmetic.subtract,
    "*": arithmetic.multiply,
    "/": arithmetic.divide,
    "^": arithmetic.power,
    "&": arithmetic.concatenate,
    "=": arithmetic.equal,
    "<>": arithmetic.unequal,
    "<": arithmetic.less,
    "<=": arithmetic.less_equal,
    ">": arithmetic.greater,
    ">=": arithmetic.greater_equal,
}
COMPARISONS: Final = frozenset({"=", "<>", "<", "<=", ">", ">="})
UNARY: Final = {"-": arithmetic.negate, "%": arithmetic.percent}


class Scalar(NamedTuple):
    """A function of single values, and how many it takes."""

    function: Callable[..., object]
    least: int
    most: int


def is_error(value: object) -> bool:
    """Whether a value is an error; what IFERROR asks, and ISERROR."""
    return value.__class__ is CellError


def is_missing(value: object) -> bool:
    """Whether a value is #N/A; what IFNA asks."""
    return value is CellError.NA


SCALAR: Final = {
    "ROUND": Scalar(functions.round_half_away, 2, 2),
    "ROUNDUP": Scalar(functions.round_up, 2, 2),
    "ROUNDDOWN": Scalar(functions.round_down, 2, 2),
    "INT": Scalar(functions.integer, 1, 1),
    "ABS": Scalar(functions.absolute, 1, 1),
    "MOD": Scalar(functions.modulo, 2, 2),
    "NOT": Scalar(functions.negation, 1, 1),
    "ISNUMBER": Scalar(functions.is_number, 1, 1),
    "ISBLANK": Scalar(functions.is_blank, 1, 1),
    "ISTEXT": Scalar(functions.is_text, 1, 1),
    "ISERROR": Scalar(is_error, 1, 1),
    "LEFT": Scalar(text_functions.left, 1, 2),
    "RIGHT": Scalar(text_functions.right, 1, 2),
    "MID": Scalar(text_functions.middle, 3, 3),
    "LEN": Scalar(text_functions.length, 1, 1),
    "TRIM": Scalar(text_functions.trim, 1, 1),
    "UPPER": Scalar(text_functions.upper, 1, 1),
    "LOWER": Scalar(text_functions.lower, 1, 1),
    "CONCATENATE": Scalar(text_functions.concatenate_all, 1, MOST_ARGUMENTS),
    "VALUE": Scalar(text_functions.value_of, 1, 1),
    "TEXT": Scalar(number_formats.formatted, 2, 2),
    "DATE": Scalar(dates.date, 3, 3),
    "YEAR": Scalar(dates.year, 1, 1),
    "MONTH": Scalar(dates.month, 1, 1),
    "DAY": Scalar(dates.day, 1, 1),
}
OVER_VALUES: Final[dict[str, Callable[..., object]]] = {
    "SUM": functions.sum_of,
    "AVERAGE": functions.average,
    "MIN": functions.smallest,
    "MAX": functions.largest,
    "COUNT": functions.count,
    "COUNTA": functions.count_filled,
    "AND": functions.both,
    "OR": functions.either,
}
LOGICAL: Final = frozenset({"AND", "OR"})
TRUTHS: Final = frozenset({"AND", "OR", "NOT", "ISNUMBER", "ISBLANK", "ISTEXT", "ISERROR", "TRUE", "FALSE"})
"""Functions that give nothing but TRUE, FALSE or an error."""
PASSING: Final = frozenset({"IF", "IFS", "IFERROR", "IFNA", "INDEX", "VLOOKUP", "HLOOKUP"})
"""Functions that may bring over the content of a blank cell."""

WHITELIST: Final = frozenset(
    {
        *SCALAR,
        *OVER_VALUES,
        *PASSING,
        *("TRUE", "FALSE", "MATCH", "SUMPRODUCT", "COUNTBLANK"),
        *("COUNTIF", "COUNTIFS", "SUMIF", "SUMIFS", "AVERAGEIF", "AVERAGEIFS"),
    }
)
"""The functions that a formula may use."""

_FUNCTIONS: Final = (
    *BINARY.values(),
    *UNARY.values(),
    *(scalar.function for scalar in SCALAR.values()),
    *OVER_VALUES.values(),
    *(arithmetic.add_last, arithmetic.subtract_last, arithmetic.add_all, arithmetic.truth, arithmetic.shown),
    *(functions.direct, functions.count_ifs, functions.sum_if, functions.sum_ifs, functions.average_if),
    *(functions.average_ifs, functions.sum_product, functions.each, functions.count_blank),
    *(lookup.vlookup, lookup.hlookup, lookup.index, lookup.match),
    is_missing,
)
RUNTIME: Final = MappingProxyType({function.__name__: function for function in _FUNCTIONS} | {"NA": arithmetic.NA})
"""Everything that generated code can name, beside its own arguments."""
