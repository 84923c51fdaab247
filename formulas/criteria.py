"""The criteria of COUNTIF, SUMIF and SUMIFS: ``">=5"``, ``"<>"``, ``"lúa*"``, a number, a boolean.

Source: Microsoft's reference of COUNTIF and SUMIF. A blank criterion cell means 0; wildcards are ``*``, ``?``, ``~``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

from formulas.arithmetic import CellValue, compare, equal, folded, text_number
from workbooks.sheet import CellError

Matcher: TypeAlias = Callable[[CellValue], bool]

_OPERATOR: Final = re.compile(r"<=|>=|<>|=|<|>")
_LONGEST_PATTERN: Final = 255


@lru_cache(maxsize=512, typed=True)
def matcher(criterion: CellValue) -> Matcher:
    """The predicate a criterion stands for."""
    if criterion is None:
        criterion = 0.0
    if not isinstance(criterion, str) or isinstance(criterion, CellError):
        return _equals(criterion)
    found = _OPERATOR.match(criterion)
    operator = found[0] if found else ""
    operand = criterion.removeprefix(operator)
    if operator in {"", "=", "<>"}:
        match = _same(operand, operator)
        return (lambda value: not match(value)) if operator == "<>" else match
    return _ordered(operator, _typed(operand))


def _typed(operand: str) -> float | str | bool | CellError:
    """What the text of a criterion means: a number, TRUE or FALSE, an error, else itself."""
    result = text_number(operand)
    if isinstance(result, float):
        return result
    word = operand.upper()
    if word in {"TRUE", "FALSE"}:
        return word == "TRUE"
    return CellError(word) if word in {error.value for error in CellError} else operand


def _same(operand: str, operator: str) -> Matcher:
    if not operand:
        # "=" and "<>" ask whether the cell is blank; "" lets an empty text pass as blank.
        return (lambda value: value is None) if operator else (lambda value: value is None or value == "")
    typed = _typed(operand)
    if isinstance(typed, str) and not isinstance(typed, CellError):
        return like(typed)
    return _equals(typed)


def _equals(wanted: float | str | bool | CellError) -> Matcher:
    if isinstance(wanted, CellError):
        return lambda value: isinstance(value, CellError) and value == wanted
    if isinstance(wanted, bool):
        return lambda value: value is wanted
    return lambda value: _is_number(value, float(wanted))


def _is_number(value: CellValue, wanted: float) -> bool:
    """Whether a cell holds the number, or a text that reads as it: COUNTIF takes "5" for 5."""
    if value is None or isinstance(value, bool | CellError):
        return False
    found = text_number(value) if isinstance(value, str) else float(value)
    return isinstance(found, float) and equal(found, wanted) is True


def like(pattern: str) -> Matcher:
    """Whether a cell holds a text of this pattern, without case."""
    if not re.search(r"[*?~]", pattern):
        wanted = folded(pattern)
        return lambda value: _is_text(value) and folded(str(value)) == wanted
    matches = _wildcard(folded(pattern)[:_LONGEST_PATTERN])
    return lambda value: _is_text(value) and matches(folded(str(value)))


def _wildcard(pattern: str) -> Callable[[str], bool]:
    """Matches with ``*`` and ``?``; ``~`` takes the next character as it is. Linear in text times pattern."""
    pieces = re.findall(r"~[*?~]|.", pattern, re.DOTALL)

    def matches(value: str) -> bool:
        at, start, star, mark = 0, 0, -1, 0
        while at < len(value):
            if start < len(pieces) and pieces[start] == "*":
                star, mark, start = start, at, start + 1
            elif start < len(pieces) and _one(pieces[start], value[at]):
                at, start = at + 1, start + 1
            elif star >= 0:
                mark, at, start = mark + 1, mark + 1, star + 1
            else:
                return False
        return all(piece == "*" for piece in pieces[start:])

    return matches


def _one(piece: str, character: str) -> bool:
    return piece == "?" or piece[-1] == character


def _is_text(value: CellValue) -> bool:
    return isinstance(value, str) and not isinstance(value, CellError)


def _ordered(operator: str, operand: float | str | bool | CellError) -> Matcher:
    """``<``, ``<=``, ``>``, ``>=``: only cells of the operand's own type can match."""
    if isinstance(operand, CellError):
        return lambda value: False
    kind = bool if isinstance(operand, bool) else str if isinstance(operand, str) else float
    wanted = {"<": {-1}, "<=": {-1, 0}, ">": {1}, ">=": {0, 1}}[operator]
    return lambda value: _kind(value) is kind and compare(value, operand) in wanted


def _kind(value: CellValue) -> type | None:
    if value is None or isinstance(value, CellError):
        return None
    if isinstance(value, bool):
        return bool
    return str if isinstance(value, str) else float
