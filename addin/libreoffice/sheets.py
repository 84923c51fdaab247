"""Sheets of an open book."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xlwings import base_classes

from addin.libreoffice.names import Names
from addin.libreoffice.notes import Note, notes_of
from addin.libreoffice.ranges import Range
from addin.libreoffice.uno_bridge import UnoObject, guarded, speaking
from workbooks.references import quote_sheet

if TYPE_CHECKING:
    from addin.libreoffice.engine import Book

_VALUES, _FORMATS, _ALL = 1 | 2 | 4 | 16, 32 | 64, 1023  # com.sun.star.sheet.CellFlags
Corner = Range | tuple[int, ...] | str | int


@guarded
class Sheets(base_classes.Sheets):
    """The sheets of a book, in order."""

    def __init__(self, book: Book) -> None:
        self._book = book

    @property
    def api(self) -> UnoObject:
        """The UNO sheets."""
        return self._book.xl.Sheets

    @property
    def active(self) -> Sheet:
        """The sheet that is shown."""
        controller = self._book.xl.CurrentController
        if controller is None:
            return self(1)
        return Sheet(self._book, controller.ActiveSheet)

    def __call__(self, name_or_index: str | int) -> Sheet:
        """The sheet of that name, or at that place from 1. Raises KeyError."""
        sheets = self.api
        if isinstance(name_or_index, int):
            if not 1 <= name_or_index <= sheets.Count:
                raise KeyError(name_or_index)
            return Sheet(self._book, sheets.getByIndex(name_or_index - 1))
        wanted = name_or_index.casefold()
        for name in sheets.ElementNames:
            if name.casefold() == wanted:
                return Sheet(self._book, sheets.getByName(name))
        raise KeyError(name_or_index)

    def __contains__(self, name_or_index: str | int) -> bool:
        try:
            self(name_or_index)
        except KeyError:
            return False
        return True

    def __len__(self) -> int:
        return int(self.api.Count)

    def __iter__(self) -> Iterator[Sheet]:
        return iter([self(place) for place in range(1, len(self) + 1)])

    def add(self, before: Sheet | None = None, after: Sheet | None = None, name: str | None = None) -> Sheet:
        """A new sheet, before or after another, else at the end."""
        place = before.index - 1 if before else after.index if after else len(self)
        given = name or self._free_name()
        with speaking(f"thêm trang {given}"):
            self.api.insertNewByName(given, place)
        return self(given)

    def _free_name(self) -> str:
        number = len(self) + 1
        while f"Sheet{number}" in self:
            number += 1
        return f"Sheet{number}"


@guarded
class Sheet(base_classes.Sheet):
    """One sheet."""

    def __init__(self, book: Book, xl: UnoObject) -> None:
        self._book = book
        self.xl = xl

    @property
    def api(self) -> UnoObject:
        """The UNO sheet."""
        return self.xl

    @property
    def name(self) -> str:
        """Name on the tab."""
        return str(self.xl.Name)

    @name.setter
    def name(self, value: str) -> None:
        with speaking(f"đổi tên trang thành {value}"):
            self.xl.Name = value

    @property
    def quoted(self) -> str:
        """The name as formulas write it."""
        return quote_sheet(self.name)

    @property
    def names(self) -> Names:
        """The sheet's own names."""
        return Names(self._book, self)

    @property
    def book(self) -> Book:
        """The book it belongs to."""
        return self._book

    @property
    def notes(self) -> list[Note]:
        """All notes on the sheet."""
        return notes_of(self)

    @property
    def index(self) -> int:
        """Place in the book, from 1."""
        return int(self.xl.RangeAddress.Sheet) + 1

    def range(self, arg1: Corner, arg2: Corner | None = None) -> Range:
        """Cells by address, name, indices, or two corners."""
        if isinstance(arg1, tuple) and len(arg1) == 4:
            return Range(self, *arg1)
        if isinstance(arg1, int) and isinstance(arg2, int):
            arg1, arg2 = (arg1, arg2), None
        first = self._corner(arg1)
        if arg2 is None:
            return first
        last = self._corner(arg2)
        top, left = min(first.row, last.row), min(first.column, last.column)
        bottom = max(first.row + first.shape[0], last.row + last.shape[0])
        right = max(first.column + first.shape[1], last.column + last.shape[1])
        return Range(self, top, left, bottom - top, right - left)

    def _corner(self, at: Corner) -> Range:
        if isinstance(at, Range):
            return at
        if isinstance(at, tuple):
            if 0 in at:
                raise IndexError("Attempted to access 0-based Range. xlwings/Excel Ranges are 1-based.")
            return Range(self, at[0], at[1], 1, 1)
        text = str(at)
        if self.names.contains(text):
            return self.names(text).refers_to_range
        if self._book.names.contains(text):
            return self._book.names(text).refers_to_range
        with speaking(f"tìm vùng {text}"):
            return self._book.range_of(self.xl.getCellRangeByName(text.rpartition("!")[2]))

    @property
    def cells(self) -> Range:
        """All cells of the sheet."""
        return self._book.range_of(self.xl)

    @property
    def used_range(self) -> Range:
        """The cells in use, from A1 as Excel mostly gives it, at least one cell."""
        cursor = self.xl.createCursor()
        cursor.gotoEndOfUsedArea(False)
        end = cursor.RangeAddress
        return Range(self, 1, 1, end.EndRow + 1, end.EndColumn + 1)

    def activate(self) -> None:
        """Shows the sheet."""
        controller = self._book.xl.CurrentController
        if controller is not None:
            controller.setActiveSheet(self.xl)

    def select(self) -> None:
        """Shows the sheet."""
        self.activate()

    @property
    def visible(self) -> bool:
        """Whether it is shown (a very hidden sheet is merely hidden to LibreOffice)."""
        return bool(self.xl.IsVisible)

    @visible.setter
    def visible(self, value: bool) -> None:
        self.xl.IsVisible = bool(value)

    def clear_contents(self) -> None:
        """Empties all cells."""
        self.xl.clearContents(_VALUES)

    def clear_formats(self) -> None:
        """Removes all formats."""
        self.xl.clearContents(_FORMATS)

    def clear(self) -> None:
        """Empties all cells and removes formats and notes."""
        self.xl.clearContents(_ALL)

    def autofit(self, axis: str | None = None) -> None:
        """Fits widths, heights or both to the contents."""
        self.cells.autofit(axis)

    def delete(self) -> None:
        """Removes the sheet."""
        with speaking(f"xoá trang {self.name}"):
            self._book.xl.Sheets.removeByName(self.name)
