"""Reading a filled form: every cell of the form version by its codes, whatever people did to the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from form_templates.coding import Layout, code_formula, decode_formula
from form_templates.locating import LocatedTable, Member, locate_tables
from form_templates.model import CellKey, CellSpec, FormVersion, member_row
from workbooks.finding import Finding
from workbooks.sheet import BLANK_CELL, CellError, Sheet, Value
from workbooks.workbook import Workbook

__all__ = ["FilledCell", "FilledForm", "Member", "Value", "ValueState", "read_form", "state_of"]


class ValueState(StrEnum):
    """What a cell says. Blank, zero, "-" (no phenomenon), "…" (no data), "x" (not applicable) are five things."""

    NUMBER = "number"
    BLANK = "blank"
    NONE = "none"
    NO_DATA = "no_data"
    NOT_APPLICABLE = "not_applicable"
    TEXT = "text"
    ERROR = "error"
    BOOLEAN = "boolean"


# Excel and Vietnamese keyboards turn a typed hyphen into a longer dash, and three points into one character.
_SYMBOLS: Final = {
    **dict.fromkeys(("-", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212"), ValueState.NONE),
    **dict.fromkeys(("…", "..."), ValueState.NO_DATA),
    **dict.fromkeys(("x", "X"), ValueState.NOT_APPLICABLE),
    "": ValueState.BLANK,
}


class FilledCell(NamedTuple):
    """One cell of a filled form.

    Attributes:
        row, column: sheet row and column, from 1.
        value: as the file shows it; of a formula, the cached value, which nobody should trust.
        formula: coded formula, or None where the cell holds none.
        style: index of the cell style, for `Workbook.font_of`.
        spec: what the form version says of the cell; of a member's cell, what it says of its region.
    """

    sheet: str
    row: int
    column: int
    value: Value
    formula: str | None
    state: ValueState
    style: int
    spec: CellSpec


@dataclass(frozen=True)
class FilledForm:
    """A form as filled in: all its cells by codes, with the member rows of its regions.

    Attributes:
        cells: a cell that could not be found is not among them, and then a finding says what is missing.
        members: (table, region) → member rows, top to bottom; every region of the version has its entry.
        layouts: one per table, in the order of the version.
        findings: where the workbook disagrees with the published layout.
    """

    version: FormVersion
    cells: Mapping[CellKey, FilledCell]
    members: Mapping[tuple[str, str], tuple[Member, ...]]
    layouts: tuple[Layout, ...]
    findings: tuple[Finding, ...]


def state_of(value: Value) -> ValueState:
    """The state a cell's value stands for. A number typed as text is text: others judge it."""
    if value is None:
        return ValueState.BLANK
    if isinstance(value, bool):
        return ValueState.BOOLEAN
    if isinstance(value, float | int):
        return ValueState.NUMBER
    if isinstance(value, CellError):
        return ValueState.ERROR
    return _SYMBOLS.get(value.strip(), ValueState.TEXT)  # str.strip takes no-break spaces too


def read_form(workbook: Workbook, version: FormVersion, *, sheet: str | None = None) -> FilledForm:
    """Read a filled form; what is wrong with its layout is in the findings.

    ``sheet`` names the sheet of one unit, in a merged workbook that holds one sheet per unit.

    Raises:
        WorkbookError: a sheet of the form cannot be read at all.
    """
    located = locate_tables(workbook, version.tables, sheet=sheet)
    layouts = tuple(table.layout for table in located)
    cells: dict[CellKey, FilledCell] = {}
    for table in located:
        if table.layout.column_at:
            cells.update(_cells(workbook.read_sheet(table.layout.sheet), table, layouts))
    members = {(item.table.code, region): found for item in located for region, found in item.members.items()}
    return FilledForm(version, cells, members, layouts, tuple(finding for item in located for finding in item.findings))


def cell_places(located: LocatedTable) -> Iterator[tuple[CellKey, CellSpec, int, int]]:
    """Every cell of a table, members expanded, with its sheet row and column."""
    layout = located.layout
    rows = {
        region: [(member_row(region, member.key), member.row) for member in members]
        for region, members in located.members.items()
    }
    for spec in located.table.cells:
        key, column = spec.key, layout.column_of.get(spec.key.column)
        if column is None:
            continue
        fixed = layout.row_of.get(key.row)
        for row_key, row in rows.get(key.row, () if fixed is None else ((key.row, fixed),)):
            yield CellKey(key.table, row_key, key.column), spec, row, column


class _Planned(NamedTuple):
    """A cell of the form in one layout; ``text`` is its published formula in the addresses of that layout."""

    key: CellKey
    spec: CellSpec
    row: int
    column: int
    formula: str | None
    text: str | None


_NEW: Final = tuple.__new__  # FilledCell(…) would first go through a Python function, ten thousand times


def _cells(sheet: Sheet, located: LocatedTable, layouts: tuple[Layout, ...]) -> Iterator[tuple[CellKey, FilledCell]]:
    find, name = sheet.cells.get, sheet.name
    number = ValueState.NUMBER
    for key, spec, row, column, published, text in _plan(located, layouts):
        value, formula, style, _ = find((row, column)) or BLANK_CELL
        if formula is not None:
            # Nearly always it is the published one, which is far cheaper to confirm than to parse.
            formula = published if formula == text else code_formula(formula, layouts, (name, row, column))
        state = number if type(value) is float else state_of(value)
        yield key, _NEW(FilledCell, (name, row, column, value, formula, state, style, spec))


def _plan(located: LocatedTable, layouts: tuple[Layout, ...]) -> Sequence[_Planned]:
    """The cells of a table with their formulas in addresses; the same for all workbooks whose rows stand alike."""
    plans = located.table.plans
    # The second table of a form may refer to the first one, so the layouts of all decide.
    alike = tuple(layout.signature for layout in layouts)
    plan = plans.get(alike)
    if not isinstance(plan, list):
        plan = [_planned(one, layouts, located.layout.sheet) for one in cell_places(located)]
        for old in list(plans)[: max(0, len(plans) - _MOST_PLANS + 1)]:
            plans.pop(old, None)  # another thread may have been quicker
        plans[alike] = plan
    return plan


_MOST_PLANS: Final = 16


def _planned(place: tuple[CellKey, CellSpec, int, int], layouts: tuple[Layout, ...], sheet: str) -> _Planned:
    key, spec, row, column = place
    text = None
    if spec.formula is not None:
        # A row or column that the formula needs may be gone: the findings of the layout say so.
        with suppress(KeyError, ValueError, StopIteration):
            text = decode_formula(spec.formula, layouts, (sheet, row, column))
    return _Planned(key, spec, row, column, spec.formula, text)
