"""A rectangle of cells as xlwings knows it: place, contents, looks, notes, inserting and deleting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from addin.libreoffice.contents import Contents
from addin.libreoffice.looks import Looks
from addin.libreoffice.notes import Note
from addin.libreoffice.uno_bridge import UnoObject, guarded, speaking, uno
from workbooks.address import MAX_COLUMN, MAX_ROW

if TYPE_CHECKING:
    from addin.libreoffice.names import Name

_ALL = 1023  # com.sun.star.sheet.CellFlags
_TO_THE_RIGHT = ("right", "shift_to_right", "left", "shift_to_left")


@guarded
class Range(Contents, Looks):
    """Cells of one sheet."""

    def __call__(self, row: int, column: int | None = None) -> Range:
        """One cell by its place in the range, from 1; with one index, counted row by row."""
        if column is None:
            down, right = divmod(row - 1, self.shape[1])
            row, column = down + 1, right + 1
        return Range(self._sheet, self.row + row - 1, self.column + column - 1, 1, 1)

    def clear(self) -> None:
        """Empties the cells and removes formats and notes."""
        with speaking(f"xoá {self.address}"):
            self.xl.clearContents(_ALL)

    @property
    def note(self) -> Note | None:
        """The note of the first cell, or None."""
        with speaking(f"đọc ghi chú {self.address}"):
            annotation = self.cell.Annotation
            return Note(self._first, annotation) if annotation.String else None

    def add_note(self, text: str) -> Note:
        """Puts a note on the first cell, in place of the one that is there."""
        with speaking(f"ghi chú {self.address}"):
            self._sheet.xl.Annotations.insertNew(self.cell.CellAddress, text)
        return Note(self._first)

    @property
    def _first(self) -> Range:
        return self if self.shape == (1, 1) else self(1, 1)

    @property
    def name(self) -> Name | None:
        """The name that stands for exactly this range, or None."""
        for name in self._sheet.book.names:
            cells = name.api.ReferredCells
            if cells is not None and self._sheet.book.range_of(cells).same_as(self):
                return name
        return None

    @name.setter
    def name(self, value: str) -> None:
        self._sheet.book.names.add(value, f"={self._sheet.quoted}!{self.address}")

    def same_as(self, other: Range) -> bool:
        """Whether it is the same rectangle of the same sheet."""
        return self.coords[1:] == other.coords[1:] and self._sheet.index == other.sheet.index

    def insert(self, shift: str | None = None, copy_origin: str | None = None) -> None:
        """Inserts cells here; what stood here moves down, or to the right."""
        with speaking(f"chèn {self.address}"):
            self._sheet.xl.insertCells(self.xl.RangeAddress, self._mode("CellInsertMode", shift))

    def delete(self, shift: str | None = None) -> None:
        """Deletes the cells; what stands below, or to the right, moves here."""
        with speaking(f"xoá {self.address}"):
            self._sheet.xl.removeRange(self.xl.RangeAddress, self._mode("CellDeleteMode", shift))

    def _mode(self, kind: str, shift: str | None) -> UnoObject:
        inserting = kind == "CellInsertMode"
        if self.shape[1] == MAX_COLUMN:
            mode = "ROWS"
        elif self.shape[0] == MAX_ROW:
            mode = "COLUMNS"
        elif shift in _TO_THE_RIGHT:
            mode = "RIGHT" if inserting else "LEFT"
        else:
            mode = "DOWN" if inserting else "UP"
        return uno().Enum(f"com.sun.star.sheet.{kind}", mode)

    def copy(self, destination: Range | None = None) -> None:
        """Copies the range, formats included, to where ``destination`` begins."""
        target = getattr(destination, "impl", destination)
        if target is None:
            raise NotImplementedError("there is no clipboard without windows: give a destination")
        with speaking(f"chép {self.address}"):
            target.sheet.xl.copyRange(target.cell.CellAddress, self.xl.RangeAddress)

    def end(self, direction: str) -> Range:
        """The cell where Ctrl+arrow would go."""
        down, right = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}[direction]
        used = self._sheet.used_range
        filled = [[value != "" for value in row] for row in used.xl.getDataArray()]

        def is_filled(row: int, column: int) -> bool:
            return row <= used.shape[0] and column <= used.shape[1] and filled[row - 1][column - 1]

        def inside(row: int, column: int) -> bool:
            last_row = used.shape[0] if direction == "down" else MAX_ROW
            last_column = used.shape[1] if direction == "right" else MAX_COLUMN
            return 1 <= row <= last_row and 1 <= column <= last_column

        row, column = self.row, self.column
        in_block = (
            is_filled(row, column) and inside(row + down, column + right) and is_filled(row + down, column + right)
        )
        while inside(row + down, column + right):
            row, column = row + down, column + right
            if in_block and not is_filled(row + down, column + right):
                break
            if not in_block and is_filled(row, column):
                break
        return Range(self._sheet, row, column, 1, 1)

    @property
    def current_region(self) -> Range:
        """The block of filled cells around the range."""
        cursor = self._sheet.xl.createCursorByRange(self.xl)
        cursor.collapseToCurrentRegion()
        return self._sheet.book.range_of(cursor)

    @property
    def merge_area(self) -> Range:
        """The merged cells that the first cell belongs to."""
        cursor = self._sheet.xl.createCursorByRange(self.cell)
        cursor.collapseToMergedArea()
        return self._sheet.book.range_of(cursor)

    def select(self) -> None:
        """Selects it in the window."""
        controller = self.document.CurrentController
        if controller is not None:
            controller.select(self.xl)
