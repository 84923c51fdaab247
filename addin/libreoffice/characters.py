"""A stretch of the text of one cell: its letters and its font."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlwings import base_classes

from addin.libreoffice.fonts import Font
from addin.libreoffice.uno_bridge import UnoObject, guarded, speaking

if TYPE_CHECKING:
    from addin.libreoffice.placed import Placed


@guarded
class Characters(base_classes.Characters):
    """Characters ``start`` to ``stop`` of a cell, counted from 0 as Python does; None for its end."""

    def __init__(self, cells: Placed, start: int = 0, stop: int | None = None) -> None:
        self._cells, self._start, self._stop = cells, start, stop

    def __getitem__(self, item: int | slice) -> Characters:
        """A part of it."""
        if isinstance(item, int):
            return Characters(self._cells, self._start + item, self._start + item + 1)
        start, stop, _ = item.indices(len(self.text))
        return Characters(self._cells, self._start + start, self._start + stop)

    @property
    def xl(self) -> UnoObject:
        """The UNO text cursor over it."""
        cell = self._cells.cell
        with speaking(f"đọc chữ trong ô {self._cells.address}"):
            cursor = cell.createTextCursor()
            cursor.gotoStart(False)
            if self._stop is None:
                cursor.gotoEnd(True)
            else:
                text = str(cell.String)
                _go(cursor, _units(text[: self._start]), expand=False)
                _go(cursor, _units(text[self._start : self._stop]), expand=True)
            return cursor

    @property
    def api(self) -> UnoObject:
        """The UNO text cursor over it."""
        return self.xl

    @property
    def text(self) -> str:
        """The letters."""
        return str(self.xl.String)

    @property
    def font(self) -> Font:
        """The font; its properties are None where the letters differ."""
        return Font(self)


def _units(text: str) -> int:
    """How many steps a UNO cursor takes over a text: it counts in UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def _go(cursor: UnoObject, steps: int, *, expand: bool) -> None:
    while steps > 0:  # one call takes a short
        cursor.goRight(min(steps, 32_000), expand)
        steps -= 32_000
