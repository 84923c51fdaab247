"""A form as a table on a page: the form's rows and columns, with whatever each cell is to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from form_templates.model import CellKey, CellKind, Column, FormVersion, Region, Table, member_row


@dataclass(frozen=True, slots=True)
class Flag:
    """One finding at a cell: its code, where it is explained, and whether it refuses the workbook."""

    code: str
    link: str
    severity: str


@dataclass(frozen=True, slots=True)
class GridCell:
    """One cell.

    Attributes:
        link: where the text leads.
        id: anchor on the page.
        mark: how the cell is marked: ``error``, ``warning``, or ``""``.
        wanted: the page was asked for this cell.
    """

    text: str = ""
    link: str = ""
    id: str = ""
    mark: str = ""
    wanted: bool = False
    flags: tuple[Flag, ...] = ()
    not_applicable: bool = False


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row; ``total`` for rows that are made of others, ``member`` for repeated ones."""

    label: GridCell
    code: str
    unit: str
    total: bool
    member: bool
    cells: tuple[GridCell, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """One table of a form."""

    code: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[GridRow, ...]


@dataclass(frozen=True)
class Showing:
    """What the cells show: figures by key, and the label of a row, given its text."""

    cell: Callable[[CellKey], GridCell]
    label: Callable[[Table, str, str], GridCell]


MemberLabels = Mapping[tuple[str, str], Sequence[tuple[str, str]]]


def form_grids(version: FormVersion, members: MemberLabels, showing: Showing) -> list[Grid]:
    """The form's tables; ``members`` gives (key, label) of the repeated rows by (table, region)."""
    return [
        Grid(table.code, table.sheet, table.columns, tuple(_rows(table, members, showing))) for table in version.tables
    ]


def _rows(table: Table, members: MemberLabels, showing: Showing) -> Iterator[GridRow]:
    placed = [(row.at, row) for row in table.rows] + [(region.first, region) for region in table.regions]
    filled_elsewhere = {column.code for column in table.columns if column.kind in {CellKind.INPUT, CellKind.CARRY}}
    for _, item in sorted(placed, key=lambda pair: pair[0]):
        if isinstance(item, Region):
            for key, label in members.get((table.code, item.code), ()):
                row = member_row(item.code, key)
                cells = _cells(table, row, showing)
                yield GridRow(showing.label(table, row, label), "", item.unit, total=False, member=True, cells=cells)
        else:
            total = _is_total(table, item.code, filled_elsewhere)
            cells = _cells(table, item.code, showing)
            label_cell = showing.label(table, item.code, item.label)
            yield GridRow(label_cell, item.code, item.unit, total=total, member=False, cells=cells)


def _cells(table: Table, row: str, showing: Showing) -> tuple[GridCell, ...]:
    keys = [CellKey(table.code, row, column.code) for column in table.columns]
    specs = [table.cell_by_key.get(key.template) for key in keys]
    return tuple(
        GridCell(not_applicable=True) if spec is None or spec.kind is CellKind.NOT_APPLICABLE else showing.cell(key)
        for key, spec in zip(keys, specs, strict=True)
    )


def _is_total(table: Table, row: str, filled_elsewhere: set[str]) -> bool:
    """A row is a total where a column that officers fill elsewhere is a formula here."""
    specs = (table.cell_by_key.get(CellKey(table.code, row, column)) for column in filled_elsewhere)
    return any(spec is not None and spec.kind is CellKind.CALC for spec in specs)
