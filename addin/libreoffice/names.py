"""Defined names of a book or a sheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xlwings import base_classes

from addin.libreoffice.errors import OfficeError
from addin.libreoffice.syntax import to_calc, to_excel
from addin.libreoffice.uno_bridge import UnoObject, guarded, speaking, uno

if TYPE_CHECKING:
    from addin.libreoffice.engine import Book
    from addin.libreoffice.ranges import Range
    from addin.libreoffice.sheets import Sheet


@guarded
class Names(base_classes.Names):
    """The names of a book (its sheets' own names included, as ``Sheet!Name``) or of one sheet."""

    def __init__(self, book: Book, sheet: Sheet | None = None) -> None:
        self._book = book
        self._sheet = sheet

    @property
    def api(self) -> UnoObject:
        """The UNO collection."""
        return self._sheet.xl.NamedRanges if self._sheet else self._book.xl.NamedRanges

    def __iter__(self) -> Iterator[Name]:
        own = [] if self._sheet else [Name(self._book, None, name) for name in self.api.ElementNames]
        sheets = [self._sheet] if self._sheet else self._book.sheets
        scoped = [Name(self._book, sheet, name) for sheet in sheets for name in sheet.xl.NamedRanges.ElementNames]
        return iter(own + scoped)

    def snapshot(self) -> list[tuple[str, Name]]:
        """All names at once, with the text they are called by."""
        return [(name.name, name) for name in self]

    def __call__(self, name_or_index: str | int) -> Name:
        """The name of that name, or at that place from 1. Raises KeyError."""
        listed = self.snapshot()
        if isinstance(name_or_index, int):
            return listed[name_or_index - 1][1]
        wanted = name_or_index.casefold()
        for text, name in listed:
            if wanted in (text.casefold(), name.plain.casefold() if self._sheet else text.casefold()):
                return name
        raise KeyError(name_or_index)

    def contains(self, name_or_index: str | int) -> bool:
        """Whether there is such a name."""
        try:
            self(name_or_index)
        except (KeyError, IndexError):
            return False
        return True

    def __len__(self) -> int:
        return len(self.snapshot())

    def add(self, name: str, refers_to: str) -> Name:
        """Defines a name; ``refers_to`` in Excel's spelling, beginning with ``=``."""
        corner = uno().createUnoStruct("com.sun.star.table.CellAddress")
        with speaking(f"đặt tên {name}"):
            self.api.addNewByName(name, to_calc(refers_to.removeprefix("=")), corner, 0)
        return Name(self._book, self._sheet, name)


@guarded
class Name(base_classes.Name):
    """One defined name."""

    def __init__(self, book: Book, sheet: Sheet | None, plain: str) -> None:
        self._book = book
        self._sheet = sheet
        self.plain = plain

    @property
    def api(self) -> UnoObject:
        """The UNO named range."""
        with speaking(f"tìm tên {self.plain}"):
            return self._owner.getByName(self.plain)

    @property
    def _owner(self) -> UnoObject:
        return (self._sheet or self._book).xl.NamedRanges

    @property
    def name(self) -> str:
        """The name, with its sheet before it where it belongs to one."""
        return f"{self._sheet.quoted}!{self.plain}" if self._sheet else self.plain

    @name.setter
    def name(self, value: str) -> None:
        self.api.Name = value
        self.plain = value

    def delete(self) -> None:
        """Removes the name."""
        self._owner.removeByName(self.plain)

    @property
    def refers_to(self) -> str:
        """What it stands for, in Excel's spelling."""
        return "=" + to_excel(self.api.Content)

    @refers_to.setter
    def refers_to(self, value: str) -> None:
        self.api.Content = to_calc(value.removeprefix("="))

    @property
    def refers_to_range(self) -> Range:
        """The range it stands for. Raises OfficeError for a name that is no range."""
        cells = self.api.ReferredCells
        if cells is None:
            raise OfficeError(f"Tên {self.name} không chỉ tới vùng ô nào (đang là {self.refers_to}).")
        return self._book.range_of(cells)
