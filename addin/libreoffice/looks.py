"""How a range looks: colours, number format, font, sizes, merging."""

from __future__ import annotations

from collections.abc import Sequence

from addin.libreoffice.characters import Characters
from addin.libreoffice.fonts import Colour, Font, from_uno_colour, shared, to_uno_colour
from addin.libreoffice.formats import code_of, key_of
from addin.libreoffice.placed import Placed
from addin.libreoffice.uno_bridge import guarded, speaking

_FORMATS = 32 | 64  # com.sun.star.sheet.CellFlags
_POINT = 2540 / 72  # in 1/100 mm
_CHARACTER = 5.25  # points a character of the default font takes, as Excel counts column widths


@guarded
class Looks(Placed):
    """Formats of a range. Where cells differ the answer is None, as in Excel."""

    @property
    def color(self) -> tuple[int, int, int] | None:
        """Background colour, or None."""
        colour = shared(self.xl, "CellBackColor")
        return from_uno_colour(colour) if isinstance(colour, int) else None

    @color.setter
    def color(self, colour: Colour) -> None:
        with speaking(f"tô màu {self.address}"):
            self.xl.CellBackColor = to_uno_colour(colour)

    def set_colors(self, colors: Sequence[Sequence[object]]) -> None:
        """Colours cell by cell; ``...`` leaves a cell as it is."""
        with speaking(f"tô màu {self.address}"):
            for down, row in enumerate(colors):
                for right, colour in enumerate(row):
                    if colour is None or isinstance(colour, tuple | str | int):
                        self.cell_at(down, right).CellBackColor = to_uno_colour(colour)

    @property
    def number_format(self) -> str | None:
        """Excel's code of the number format."""
        key = shared(self.xl, "NumberFormat")
        return code_of(self.document, key) if isinstance(key, int) else None

    @number_format.setter
    def number_format(self, value: str) -> None:
        with speaking(f"đặt định dạng số {self.address}"):
            self.xl.NumberFormat = key_of(self.document, value)

    @property
    def font(self) -> Font:
        """The font."""
        return Font(self)

    @property
    def characters(self) -> Characters:
        """The letters of the first cell, each stretch with a font of its own."""
        return Characters(self)

    @property
    def wrap_text(self) -> bool | None:
        """Whether long text goes on in the next line."""
        wrapped = shared(self.xl, "IsTextWrapped")
        return None if wrapped is None else bool(wrapped)

    @wrap_text.setter
    def wrap_text(self, value: bool) -> None:
        self.xl.IsTextWrapped = bool(value)

    @property
    def row_height(self) -> float | None:
        """Height of the rows in points."""
        rows = self.xl.Rows
        heights = {rows.getByIndex(place).Height for place in range(rows.Count)}
        return heights.pop() / _POINT if len(heights) == 1 else None

    @row_height.setter
    def row_height(self, value: float) -> None:
        self.xl.Rows.Height = round(value * _POINT)

    @property
    def column_width(self) -> float | None:
        """Width of the columns in characters."""
        columns = self.xl.Columns
        widths = {columns.getByIndex(place).Width for place in range(columns.Count)}
        return widths.pop() / _POINT / _CHARACTER if len(widths) == 1 else None

    @column_width.setter
    def column_width(self, value: float) -> None:
        self.xl.Columns.Width = round(value * _CHARACTER * _POINT)

    @property
    def row_hidden(self) -> bool | None:
        """Whether the rows are hidden."""
        rows = self.xl.Rows
        shown = {bool(rows.getByIndex(place).IsVisible) for place in range(rows.Count)}
        return not shown.pop() if len(shown) == 1 else None

    @row_hidden.setter
    def row_hidden(self, value: bool) -> None:
        self.xl.Rows.IsVisible = not value

    @property
    def column_hidden(self) -> bool | None:
        """Whether the columns are hidden."""
        columns = self.xl.Columns
        shown = {bool(columns.getByIndex(place).IsVisible) for place in range(columns.Count)}
        return not shown.pop() if len(shown) == 1 else None

    @column_hidden.setter
    def column_hidden(self, value: bool) -> None:
        self.xl.Columns.IsVisible = not value

    @property
    def width(self) -> float:
        """Width in points."""
        return float(self.xl.Size.Width / _POINT)

    @property
    def height(self) -> float:
        """Height in points."""
        return float(self.xl.Size.Height / _POINT)

    @property
    def left(self) -> float:
        """Distance from the sheet's left edge in points."""
        return float(self.xl.Position.X / _POINT)

    @property
    def top(self) -> float:
        """Distance from the sheet's top edge in points."""
        return float(self.xl.Position.Y / _POINT)

    @property
    def merge_cells(self) -> bool | None:
        """Whether the cells are merged."""
        merged = shared(self.xl, "IsMerged")
        return None if merged is None else bool(self.xl.getIsMerged())

    def merge(self, across: bool = False) -> None:
        """Merges the cells, or each row of them."""
        rows, columns = self.shape
        parts = [(self.row + down, self.column, 1, columns) for down in range(rows)] if across else [self.coords[1:]]
        for part in parts:
            self._sheet.range(part).xl.merge(True)

    def unmerge(self) -> None:
        """Parts merged cells again."""
        self.xl.merge(False)

    def clear_formats(self) -> None:
        """Removes all formats."""
        self.xl.clearContents(_FORMATS)

    def autofit(self, axis: str | None = None) -> None:
        """Fits widths, heights or both to the contents."""
        if axis not in ("columns", "c"):
            self.xl.Rows.OptimalHeight = True
        if axis not in ("rows", "r"):
            self.xl.Columns.OptimalWidth = True
