"""In what a formula differs from the published one: told in words that lead to the slip that was made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import formualizer

from formulas import catalogue
from formulas.wording import first_of
from workbooks.address import address
from workbooks.references import Reference, map_references, references

_PLAIN_SUM: Final = re.compile(r"(?:SUM|[(),+\s])*", re.IGNORECASE)
_MOST_CELLS: Final = 20_000
# A sum that lost some of its cells may add others twice; beyond this it is simply another formula.
_REPEATED: Final = 2
_NAMED: Final = 5
_PREFIXES: Final = re.compile(r"(?:_XLFN\.|_XLWS\.)+")
_Area = frozenset[tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class Difference:
    """What kind of finding a changed formula is, and what its message names besides both formulas."""

    kind: catalogue.Kind
    details: Mapping[str, str] = field(default_factory=dict)


def difference(published: str, found: str) -> Difference:
    """How two formulas differ, both in the addresses of one workbook, without ``=``."""
    if found.startswith("{"):
        return Difference(catalogue.ARRAY_FORMULA if found[1:-1] == published else catalogue.CHANGED)
    return _of_sums(published, found) or _of_tokens(published, found) or Difference(catalogue.CHANGED)


def is_plain_sum(formula: str) -> bool:
    """Whether a formula only adds cells: ``SUM(F8:F12)``, ``F8+F9``."""
    return _PLAIN_SUM.fullmatch(map_references(formula, lambda _: "")) is not None


def _of_sums(published: str, found: str) -> Difference | None:
    wanted = _summed(published, _MOST_CELLS)
    here = _summed(found, _MOST_CELLS) if wanted else frozenset()
    # A sum of far more cells than the published one is told as another formula: nobody reads such a list.
    return _of_areas(wanted, here) if here and len(here) <= _REPEATED * len(wanted) + _NAMED else None


def _of_areas(wanted: _Area, here: _Area) -> Difference | None:
    missing, extra = _named(wanted - here), _named(here - wanted)
    if missing and extra:
        return Difference(catalogue.OTHER_RANGE, {"missing": missing, "extra": extra})
    if missing:
        return Difference(catalogue.SHORTENED, {"missing": missing})
    return Difference(catalogue.EXTENDED, {"extra": extra}) if extra else None


def _named(cells: _Area) -> str:
    return "ô " + first_of([address(row, column) for _, row, column in sorted(cells)], _NAMED) if cells else ""


def _summed(formula: str, most: int) -> _Area:
    """The cells (sheet, row, column) that a plain sum adds; empty for any other formula, and for one of more cells.

    Cells count as often as they are added: a short formula may add one large range two thousand times.
    """
    if not is_plain_sum(formula):
        return frozenset()
    cells: set[tuple[str, int, int]] = set()
    added = 0
    for reference in references(formula):
        added += _size(reference)
        if not reference.corners or added > most:
            return frozenset()
        cells |= set(_cells(reference))
    return frozenset(cells)


def _spans(reference: Reference) -> tuple[range, range]:
    first, last = reference.corners[0], reference.corners[-1]
    rows = range(min(first.row, last.row), max(first.row, last.row) + 1)
    return rows, range(min(first.column, last.column), max(first.column, last.column) + 1)


def _size(reference: Reference) -> int:
    if not reference.corners:
        return 0
    rows, columns = _spans(reference)
    return len(rows) * len(columns)


def _cells(reference: Reference) -> Iterator[tuple[str, int, int]]:
    rows, columns = _spans(reference)
    return ((reference.sheet, row, column) for row in rows for column in columns)


# -- token by token ----------------------------------------------------------------------------------------------------

_Token = tuple[str, str]
"""What it is (``range``, ``number``, ``operator``, ``function``, or anything else) and what it says."""


def _of_tokens(published: str, found: str) -> Difference | None:
    wanted, here = _tokens(published), _tokens(found)
    if _has_addend(wanted, here):
        return Difference(catalogue.OTHER_CONSTANT)
    if len(wanted) != len(here):
        return None
    apart = [(one, other) for one, other in zip(wanted, here, strict=True) if one != other]
    kinds = {(one[0], other[0]) for one, other in apart}
    if len(kinds) != 1 or not apart:
        return None
    (what, other_what) = next(iter(kinds))
    if what != other_what:
        return None
    return _of_one_kind(what, [(one[1], other[1]) for one, other in apart])


def _of_one_kind(what: str, apart: Sequence[tuple[str, str]]) -> Difference | None:
    details = {"here": apart[0][0], "there": apart[0][1]}
    if what == "operator":
        return Difference(catalogue.OTHER_OPERATOR, details)
    if what == "function":
        return Difference(catalogue.OTHER_FUNCTION, details)
    if what == "number":
        return Difference(catalogue.OTHER_CONSTANT)
    if what != "range":
        return None
    return (_of_ranges(*apart[0]) if len(apart) == 1 else None) or Difference(catalogue.OTHER_REFERENCE, details)


def _of_ranges(wanted: str, here: str) -> Difference | None:
    """A range of more than one cell that grew or shrank."""
    found = [*references(wanted), *references(here)]
    if len(found) != 2 or not all(1 <= _size(reference) <= _MOST_CELLS for reference in found):
        return None
    wanted_cells, cells = (frozenset(_cells(reference)) for reference in found)
    return _of_areas(wanted_cells, cells) if wanted_cells & cells else None


def _has_addend(wanted: Sequence[_Token], here: Sequence[_Token]) -> bool:
    """Whether the formula found is the published one and a number more: ``SUM(F8:F12)+5``."""
    added = len(here) - len(wanted)
    if added != 2:
        return False
    ends = (here[:-2] == wanted and (here[-2][0], here[-1][0])), (here[2:] == wanted and (here[1][0], here[0][0]))
    return ("operator", "number") in ends


def _tokens(formula: str) -> list[_Token]:
    try:
        tokens = formualizer.tokenize("=" + formula).tokens()
    except (formualizer.TokenizerError, ValueError):
        return []
    return [_token(token) for token in tokens if token.token_type != formualizer.TokenType.Whitespace]


def _token(token: formualizer.PyToken) -> _Token:
    value, kind, subtype = token.value, token.token_type, token.subtype
    if kind == formualizer.TokenType.Operand and subtype == formualizer.TokenSubType.Range:
        return "range", value.replace("$", "").upper()
    if kind == formualizer.TokenType.Operand and subtype == formualizer.TokenSubType.Number:
        return "number", f"{float(value):.15g}"
    if kind == formualizer.TokenType.Func:
        name = _PREFIXES.sub("", value.upper()).removesuffix("(")
        return ("function", name) if name != ")" else ("close", name)
    if kind in (formualizer.TokenType.OpInfix, formualizer.TokenType.OpPrefix, formualizer.TokenType.OpPostfix):
        return "operator", value
    return str(kind), value
