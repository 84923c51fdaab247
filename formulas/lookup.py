"""VLOOKUP, HLOOKUP, MATCH and INDEX over the cells of a range, which come row by row with the range's width.

An exact search looks at cells of the type that is looked for alone: texts without case and with wildcards, numbers to
the last bit (unlike the operator ``=``; Microsoft's advice on VLOOKUP's #N/A for decimals is to ROUND). What is looked
for in a blank cell is 0. An approximate search halves the range again and again, as Excel does, passing over cells of
other types; in a range that is not in order its result means nothing, and programs disagree about it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from formulas.arithmetic import NA, VALUE, CellValue, folded, number, truth
from formulas.criteria import like
from workbooks.sheet import CellError

Cells: TypeAlias = tuple[CellValue, ...]

REF: Final = CellError.REF
_LONGEST_WANTED: Final = 255


def vlookup(wanted: CellValue, cells: Cells, width: int, column: CellValue, approximate: CellValue = True) -> CellValue:
    """VLOOKUP: from the first row whose first cell matches, the cell in ``column``."""
    at = _found(wanted, cells[::width], approximate)
    if isinstance(at, CellError):
        return at
    place = _place(column, width)
    return place if isinstance(place, CellError) else cells[at * width + place]


def hlookup(wanted: CellValue, cells: Cells, width: int, row: CellValue, approximate: CellValue = True) -> CellValue:
    """HLOOKUP: from the first column whose first cell matches, the cell in ``row``."""
    at = _found(wanted, cells[:width], approximate)
    if isinstance(at, CellError):
        return at
    place = _place(row, len(cells) // width)
    return place if isinstance(place, CellError) else cells[place * width + at]


def match(wanted: CellValue, cells: Cells, order: CellValue = 1.0) -> CellValue:
    """MATCH: the place, from 1; ``order`` is 0 (exact), positive (ascending) or negative (descending)."""
    direction = number(order)
    if isinstance(direction, CellError):
        return direction
    at = _position(wanted, cells, direction)
    return at if isinstance(at, CellError) else float(at + 1)


def index(cells: Cells, width: int, row: CellValue, column: CellValue = None) -> CellValue:
    """INDEX of one cell. In a single row or column one number is enough; whole rows are not given (#VALUE!)."""
    down, across = _ordinal(row), _ordinal(column)
    if isinstance(down, CellError):
        return down
    if isinstance(across, CellError):
        return across
    height = len(cells) // width
    if across == 0 and height == 1:
        down, across = 1, down
    elif across == 0 and width == 1:
        across = 1
    elif down == 0 and height == 1:
        down = 1
    if down < 0 or across < 0:
        return VALUE
    if down > height or across > width:
        return REF
    return cells[(down - 1) * width + across - 1] if down and across else VALUE


def _ordinal(value: CellValue) -> int | CellError:
    x = number(value)
    return x if isinstance(x, CellError) else math.trunc(max(-1e9, min(x, 1e9)))


def _place(value: CellValue, most: int) -> int | CellError:
    """A column of VLOOKUP's table from 0."""
    ordinal = _ordinal(value)
    if isinstance(ordinal, CellError):
        return ordinal
    if ordinal < 1:
        return VALUE
    return REF if ordinal > most else ordinal - 1


def _found(wanted: CellValue, cells: Sequence[CellValue], approximate: CellValue) -> int | CellError:
    if isinstance(wanted, CellError):
        return wanted
    is_approximate = truth(approximate)
    if isinstance(is_approximate, CellError):
        return is_approximate
    return _position(wanted, cells, 1.0 if is_approximate else 0.0)


def _position(wanted: CellValue, cells: Sequence[CellValue], order: float) -> int | CellError:
    if isinstance(wanted, CellError):
        return wanted
    value = 0.0 if wanted is None else wanted
    if isinstance(value, str) and len(value) > _LONGEST_WANTED:
        return VALUE
    return _nearest(value, cells, order < 0.0) if order else _exact(value, cells)


def _exact(wanted: float | str | bool, cells: Sequence[CellValue]) -> int | CellError:
    matches = _matcher(wanted)
    return next((at for at, cell in enumerate(cells) if matches(cell)), NA)


def _matcher(wanted: float | str | bool) -> Callable[[CellValue], bool]:
    if isinstance(wanted, str):
        return like(wanted)
    if isinstance(wanted, bool):
        return lambda cell: cell is wanted
    return lambda cell: cell.__class__ is float and cell == wanted


def _nearest(wanted: float | str | bool, cells: Sequence[CellValue], descending: bool) -> int | CellError:
    kind, key = _sort_key(wanted)
    same = [(at, key) for at, cell in enumerate(cells) if cell is not None for k, key in [_sort_key(cell)] if k == kind]
    low, high = 0, len(same)
    while low < high:
        middle = (low + high) // 2
        other = same[middle][1]
        if other >= key if descending else other <= key:  # type: ignore[operator]  # of one kind
            low = middle + 1
        else:
            high = middle
    return same[low - 1][0] if low else NA


def _sort_key(value: float | str | bool) -> tuple[str, float | str]:
    """What a value is compared as: its kind, then its place among its kind."""
    if isinstance(value, CellError):
        return "error", value.value
    if isinstance(value, bool):
        return "truth", float(value)
    return ("text", folded(value)) if isinstance(value, str) else ("number", float(value))
