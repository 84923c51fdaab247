"""What a cell holds must be seen: fonts in the colour of the paper, and conditional formats that hide numbers (V07)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from form_templates.model import CellKey
from form_templates.reading import FilledCell, FilledForm, ValueState
from formulas import catalogue
from formulas.naming import cell_name
from formulas.values import disguises
from formulas.wording import value_text
from workbooks.address import Range, address
from workbooks.colours import UNKNOWN
from workbooks.finding import Finding
from workbooks.sheet import Condition
from workbooks.styles import Look
from workbooks.workbook import Workbook

# White figures on the pale yellow of input cells differ by 25 of 255 in one of three colours, and nobody reads them.
_SAME_TO_THE_EYE: Final = 32
_SMALLEST: Final = 4.0
"""Points; the smallest print on any form is 7."""
_MOST_AREAS: Final = 500


def check_appearance(filled: FilledForm, workbook: Workbook) -> Iterator[Finding]:
    """Findings on values of the form that the person who signs cannot see."""
    hidden = _hidden_styles(workbook)
    for key, cell in filled.cells.items() if hidden else ():
        if cell.style in hidden and (cell.formula is not None or cell.state is not ValueState.BLANK):
            yield _invisible(key, cell, hidden[cell.style])
    for layout in filled.layouts:
        if layout.column_at and (conditions := workbook.read_sheet(layout.sheet).conditions):
            cells = [cell for cell in filled.cells.values() if cell.sheet == layout.sheet]
            yield from _conditions(workbook, cells, conditions)


def _hidden_styles(workbook: Workbook) -> Mapping[int, str]:
    """The cell styles in which nothing can be seen, each with the reason."""
    found = {}
    for style, look in enumerate(workbook.styles.looks):
        if UNKNOWN in (look.colour, look.background):
            found[style] = "màu chữ hoặc màu nền không xác định được"
        elif _is_same(look.colour, look.background):
            found[style] = "chữ cùng màu với nền"
        elif 0 < look.size < _SMALLEST:
            found[style] = f"cỡ chữ {look.size:g}"
    return found


def _is_same(colour: str, background: str) -> bool:
    if not colour or not background:
        return False
    if UNKNOWN in (colour, background):
        return True
    pairs = zip(bytes.fromhex(colour), bytes.fromhex(background), strict=True)
    return all(abs(one - other) <= _SAME_TO_THE_EYE for one, other in pairs)


def _invisible(key: CellKey, cell: FilledCell, reason: str) -> Finding:
    place, value = address(cell.row, cell.column), value_text(cell.value)
    return catalogue.INVISIBLE.at(cell.sheet, place, name=cell_name(key), value=value, reason=reason)


def _conditions(workbook: Workbook, cells: Sequence[FilledCell], conditions: Sequence[Condition]) -> Iterator[Finding]:
    looks = workbook.styles.conditional
    room = _MOST_AREAS
    for condition in conditions:
        change = looks[condition.style] if 0 <= condition.style < len(looks) else Look("", "")
        always = not condition.shows_value or (change.format != "" and disguises(change.format))
        for area in condition.areas if always or change.colour or change.background else ():
            room -= 1
            inside = (cell for cell in cells if _is_inside(cell, area))
            first = next((cell for cell in inside if always or _vanishes(workbook, cell, change)), None)
            if first is not None:
                place = address(first.row, first.column)
                yield catalogue.HIDING_CONDITION.at(first.sheet, place, area=str(area))
            if not room:  # nobody has so many; a file made to keep the service busy does
                return


def _vanishes(workbook: Workbook, cell: FilledCell, change: Look) -> bool:
    own = workbook.styles.look_of(cell.style)
    return _is_same(change.colour or own.colour, change.background or own.background)


def _is_inside(cell: FilledCell, area: Range) -> bool:
    return area.first_row <= cell.row <= area.last_row and area.first_column <= cell.column <= area.last_column
