"""The short relations of a spec (``=02+06``, ``<=08``, ``c4*c5/10``, ``c5~20..100``) as coded formulas.

Sums are laid out as ``SUM(…)``, which passes over the text states "-", "…" and "x"; products and ratios as
``IFERROR(ROUND(…,d),"-")``, so that growth on an empty base shows "-" and what is shown is what is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

CODE: Final = r"[0-9]{1,3}"
_COLUMN: Final = re.compile(rf"c({CODE})(?:@({CODE}))?")
_EXPRESSION: Final = re.compile(rf"c{CODE}(?:@{CODE})?|[0-9]+(?:\.[0-9]+)?|[-+*/()]")
_SIGNED: Final = re.compile(r"([-+]?)([^-+]+)")
_RANGE: Final = re.compile(r"(.+)~(-?[0-9]+(?:\.[0-9]+)?)\.\.(-?[0-9]+(?:\.[0-9]+)?)")
_COMPARISON: Final = re.compile(r"(.+?)(<=|>=|=|<|>)(.+)")
_ROW_SUM: Final = re.compile(rf"={CODE}(?:[-+]{CODE})*")
_ROW_AT_MOST: Final = re.compile(rf"<={CODE}")
_ROW_BETWEEN: Final = re.compile(rf"~({CODE})\.\.({CODE})")


def is_row_sum(relation: str) -> bool:
    """Whether a row relation makes the row a formula: ``=02+06-08``, or ``=*`` over its repeating region."""
    return relation == "=*" or _ROW_SUM.fullmatch(relation) is not None


def is_row_rule(relation: str) -> bool:
    """Whether a row relation only binds what is typed: ``<=08`` or ``~02..05``."""
    return _ROW_AT_MOST.fullmatch(relation) is not None or _ROW_BETWEEN.fullmatch(relation) is not None


def is_column_formula(text: str) -> bool:
    """Whether the text is a column formula of the vocabulary, spelled without white space."""
    return _COLUMN.search(text) is not None and not _EXPRESSION.sub("", text) and text.count("(") == text.count(")")


def is_column_rule(text: str) -> bool:
    """Whether the text compares column sums (``c1=c5+c9``) or bounds one (``c5~20..100``)."""
    match = _RANGE.fullmatch(text) or _COMPARISON.fullmatch(text)
    if match is None:
        return False
    sides = [match[1]] if "~" in text else [match[1], match[3]]
    return all(is_additive(side) for side in sides)


def is_additive(text: str) -> bool:
    """Whether a column formula only adds and subtracts columns."""
    return is_column_formula(text) and not re.search(r"[*/()]", text) and not re.search(r"(?<![c@0-9])[0-9]", text)


def codes_in(relation: str) -> list[str]:
    """Row codes a row relation names."""
    return re.findall(CODE, relation)


def columns_in(text: str) -> list[tuple[str, str]]:
    """Columns a column formula names, each with the row it is fixed to, or ``""``."""
    return [(column, row or "") for column, row in _COLUMN.findall(text)]


def row_sum(relation: str, column: str, region: str) -> str:
    """The coded formula of a summed row in one column. ``region`` is what ``=*`` means."""
    if relation == "=*":
        return f"SUM({{{region}|{column}}})"
    return _sums(relation.removeprefix("="), lambda code: f"{{{code}|{column}}}")


def row_rule(relation: str, row: str, column: str) -> str:
    """The coded rule of a row relation in one column."""
    own = f"SUM({{{row}|{column}}})"
    between = _ROW_BETWEEN.fullmatch(relation)
    if between:
        span = f"{{{between[1]}:{between[2]}|{column}}}"
        return f"AND({own}>=MIN({span}),{own}<=MAX({span}))"
    return f"{own}<=SUM({{{relation.removeprefix('<=')}|{column}}})"


def column_formula(text: str, row: str, decimals: int) -> str:
    """The coded formula of a column in one row; ``row`` may be ``@``."""
    if is_additive(text):
        return _sums(text, lambda name: _cell(name, row))
    expression = _COLUMN.sub(lambda match: _cell(match[0], row), text)
    return f'IFERROR(ROUND({expression},{decimals}),"-")'


def column_rule(text: str, row: str) -> str:
    """The coded rule of a column relation in one row. A bounded value may always be absent or nothing."""
    bounded = _RANGE.fullmatch(text)
    if bounded:
        value = _sums(bounded[1], lambda name: _cell(name, row))
        return f"OR({value}=0,AND({value}>={bounded[2]},{value}<={bounded[3]}))"
    match = _COMPARISON.fullmatch(text)
    if match is None:
        raise ValueError(text)
    left, right = (_sums(side, lambda name: _cell(name, row)) for side in (match[1], match[3]))
    return f"{left}{match[2]}{right}"


def _cell(name: str, row: str) -> str:
    match = _COLUMN.fullmatch(name)
    if match is None:
        raise ValueError(name)
    return f"{{{match[2] or row}|{match[1]}}}"


def _sums(text: str, code: Callable[[str], str]) -> str:
    terms = _SIGNED.findall(text)
    added = [code(name) for sign, name in terms if sign != "-"]
    taken = [code(name) for sign, name in terms if sign == "-"]
    return _sum(added) + (f"-{_sum(taken)}" if taken else "")


def _sum(cells: Sequence[str]) -> str:
    return f"SUM({','.join(cells)})" if cells else "0"
