"""Notes on cells (what LibreOffice calls comments)."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from xlwings import base_classes

from addin.libreoffice.uno_bridge import UnoObject, guarded, speaking

if TYPE_CHECKING:
    from addin.libreoffice.placed import Placed
    from addin.libreoffice.ranges import Range
    from addin.libreoffice.sheets import Sheet

_ANNOTATION = 8  # com.sun.star.sheet.CellFlags


@guarded
class Note(base_classes.Note):
    """The note of one cell."""

    def __init__(self, cell: Range, annotation: UnoObject = None) -> None:
        self._cell = cell
        self._annotation = annotation

    @property
    def api(self) -> UnoObject:
        """The UNO annotation."""
        if self._annotation is None:
            self._annotation = self._cell.cell.Annotation
        return self._annotation

    @property
    def text(self) -> str:
        """The text of the note."""
        return str(self.api.String)

    @text.setter
    def text(self, value: str) -> None:
        with speaking(f"ghi chú ô {self._cell.get_address(False, False, False)}"):
            self.api.setString(value)

    @property
    def author(self) -> str:
        """Who wrote it."""
        return str(self.api.Author)

    @property
    def location(self) -> Range:
        """The cell it stands on."""
        return self._cell

    def delete(self) -> None:
        """Removes the note."""
        with speaking(f"xoá ghi chú ô {self._cell.get_address(False, False, False)}"):
            self._cell.xl.clearContents(_ANNOTATION)


def notes_of(sheet: Sheet) -> list[Note]:
    """All notes of a sheet."""
    found = []
    for annotation in sheet.xl.Annotations:
        at = annotation.Position
        found.append(Note(sheet.range((at.Row + 1, at.Column + 1)), annotation))
    return found


class KeepingNotes:
    """Puts notes back that LibreOffice deletes when a block of values is written over their cells.

    A class, not a generator: see `addin.libreoffice.errors.Speaking`.
    """

    def __init__(self, cells: Placed) -> None:
        self._cells = cells
        self._kept: list[tuple[UnoObject, str]] = []

    def __enter__(self) -> None:
        for annotation in self._cells.sheet.xl.Annotations:
            at = annotation.Position
            if self._cells.holds(at.Row + 1, at.Column + 1):
                self._kept.append((at, annotation.String))

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._kept:
            annotations = self._cells.sheet.xl.Annotations
            for at, text in self._kept:
                annotations.insertNew(at, text)
