"""Which row and column of the open book is which row and column of the issued workbook.

Codes say it where there are codes (header row, coded rows, rows of regions by their order, coded columns). What lies
between belongs to the code before it: a note below the table stays as far below its last row as it was.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from form_templates.coding import Layout
from form_templates.frame import find_frame
from form_templates.locating import LocatedTable
from form_templates.model import Table
from workbooks.workbook import Workbook


@dataclass(frozen=True)
class Axis:
    """Rows (or columns) of one sheet: those with codes exactly, the others by their distance from one."""

    anchors: Mapping[int, int]

    @cached_property
    def _sorted(self) -> list[int]:
        return sorted(self.anchors)

    @cached_property
    def _taken(self) -> frozenset[int]:
        return frozenset(self.anchors.values())

    def to(self, place: int) -> int | None:
        """The place on the other side; None where there is none (a row put in between)."""
        if place in self.anchors or not self.anchors:
            return self.anchors.get(place, place)
        before = self._sorted[max(bisect_right(self._sorted, place) - 1, 0)]
        there = self.anchors[before] + place - before
        return None if there < 1 or there in self._taken else there

    @cached_property
    def back(self) -> Axis:
        """The same, the other way."""
        return Axis({there: here for here, there in self.anchors.items()})

    @property
    def moves(self) -> bool:
        """Whether anything stands at another place on the other side."""
        return any(here != there for here, there in self.anchors.items())


@dataclass(frozen=True, slots=True)
class SheetAlignment:
    """One sheet of the open book against the same sheet of the issued workbook."""

    sheet: str
    rows: Axis
    columns: Axis

    def to_issued(self, row: int, column: int) -> tuple[int, int] | None:
        """The cell of the issued workbook that a cell of the book is."""
        return _both(self.rows.to(row), self.columns.to(column))

    def to_book(self, row: int, column: int) -> tuple[int, int] | None:
        """The cell of the book that a cell of the issued workbook is."""
        return _both(self.rows.back.to(row), self.columns.back.to(column))

    @property
    def moves(self) -> bool:
        """Whether any coded cell has another address in the book."""
        return self.rows.moves or self.columns.moves


def align(
    book: Workbook, issued: Workbook, in_book: Sequence[LocatedTable], in_issued: Sequence[LocatedTable]
) -> dict[str, SheetAlignment]:
    """Alignment of every sheet that holds a table, by the sheet's name in the book."""
    rows: dict[str, dict[int, int]] = {}
    columns: dict[str, dict[int, int]] = {}
    for here, there in zip(in_book, in_issued, strict=True):
        sheet = here.layout.sheet
        header = _header_at(book, here.table), _header_at(issued, there.table)
        rows.setdefault(sheet, {}).update({header[0]: header[1]} | _row_anchors(here.layout, there.layout))
        columns.setdefault(sheet, {}).update(
            {here.codes_at: there.codes_at, here.labels_at: there.labels_at}
            | {here.layout.column_of[code]: at for code, at in there.layout.column_of.items()}
        )
    return {sheet: SheetAlignment(sheet, Axis(rows[sheet]), Axis(columns[sheet])) for sheet in rows}


def _header_at(workbook: Workbook, table: Table) -> int:
    frame, _ = find_frame(workbook, table, None)
    return table.header_at if frame is None else frame.header_at


def _row_anchors(here: Layout, there: Layout) -> dict[int, int]:
    fixed = {row: there.row_of[key] for key, row in here.row_of.items() if "#" not in key and key in there.row_of}
    for code, (first, sentinel) in here.regions.items():
        other_first, other_sentinel = there.regions[code]
        count = min(sentinel - first, other_sentinel - other_first)
        fixed |= {first + place: other_first + place for place in range(count)} | {sentinel: other_sentinel}
    return fixed


def _both(row: int | None, column: int | None) -> tuple[int, int] | None:
    return None if row is None or column is None else (row, column)
