"""Reading a filled form: every cell of the form version by its codes, whatever people did to the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import repeat
from typing import Final, NamedTuple

from form_templates.coding import Layout, Place, code_formula, decode_formula
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
            cells |= _cells(workbook.read_sheet(table.layout.sheet), table, layouts)
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


@dataclass(frozen=True, slots=True)
class _Plan:
    """The cells of a table in one layout, side by side; ``texts`` are their published formulas in its addresses."""

    keys: tuple[CellKey, ...]
    specs: tuple[CellSpec, ...]
    places: tuple[tuple[int, int], ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    formulas: tuple[str | None, ...]
    texts: tuple[str | None, ...]


def _cells(sheet: Sheet, located: LocatedTable, layouts: tuple[Layout, ...]) -> dict[CellKey, FilledCell]:
    plan = _plan(located, layouts)
    found = list(map(sheet.cells.get, plan.places, repeat(BLANK_CELL)))
    # All cells at once, for a form may have ten thousand: a loop that makes them one by one takes three times as long.
    values, written, styles, _ = zip(*found, strict=True) if found else ((), (), (), ())
    # Nearly always they are the published ones, which is far cheaper to confirm than to parse.
    formulas = plan.formulas if written == plan.texts else tuple(_coded(written, plan, layouts, sheet.name))
    number = ValueState.NUMBER
    fields = zip(
        repeat(sheet.name),
        plan.rows,
        plan.columns,
        values,
        formulas,
        [number if type(value) is float else state_of(value) for value in values],
        styles,
        plan.specs,
    )
    return dict(zip(plan.keys, map(tuple.__new__, repeat(FilledCell), fields), strict=False))


def _coded(written: Sequence[str | None], plan: _Plan, layouts: tuple[Layout, ...], sheet: str) -> Iterator[str | None]:
    """The formulas with codes in place of addresses; only those that differ from the published ones are parsed."""
    for formula, text, published, place in zip(written, plan.texts, plan.formulas, plan.places, strict=True):
        if formula is None:
            yield None
        else:
            yield published if formula == text else code_formula(formula, layouts, (sheet, *place))


def _plan(located: LocatedTable, layouts: tuple[Layout, ...]) -> _Plan:
    """The cells of a table with their formulas in addresses; the same for all workbooks whose rows stand alike."""
    plans = located.table.plans
    # The second table of a form may refer to the first one, so the layouts of all decide.
    alike = tuple(layout.signature for layout in layouts)
    plan = plans.get(alike)
    if not isinstance(plan, _Plan):
        plan = _planned(list(cell_places(located)), layouts, located.layout.sheet)
        for old in list(plans)[: max(0, len(plans) - _MOST_PLANS + 1)]:
            plans.pop(old, None)  # another thread may have been quicker
        # A region of a hundred thousand rows is no form that comes in again and again.
        if len(plan.keys) <= _LARGEST_PLAN:
            plans[alike] = plan
    return plan


_MOST_PLANS: Final = 16
_LARGEST_PLAN: Final = 50_000  # cells


def _planned(cells: Sequence[tuple[CellKey, CellSpec, int, int]], layouts: tuple[Layout, ...], sheet: str) -> _Plan:
    texts = tuple(_addressed(spec, layouts, (sheet, row, column)) for _, spec, row, column in cells)
    return _Plan(
        tuple(key for key, _, _, _ in cells),
        tuple(spec for _, spec, _, _ in cells),
        tuple((row, column) for _, _, row, column in cells),
        tuple(row for _, _, row, _ in cells),
        tuple(column for _, _, _, column in cells),
        # A formula that has no text in this layout is none that a cell could hold.
        tuple(None if text is None else spec.formula for text, (_, spec, _, _) in zip(texts, cells, strict=True)),
        texts,
    )


def _addressed(spec: CellSpec, layouts: tuple[Layout, ...], at: Place) -> str | None:
    if spec.formula is not None:
        # A row or column that the formula needs may be gone: the findings of the layout say so.
        with suppress(KeyError, ValueError, StopIteration):
            return decode_formula(spec.formula, layouts, at)
    return None
