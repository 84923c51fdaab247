"""Fonts and colours of a range. Where cells differ the answer is None, as in Excel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlwings import base_classes

from addin.libreoffice.uno_bridge import UnoObject, guarded, uno

if TYPE_CHECKING:
    from addin.libreoffice.characters import Characters
    from addin.libreoffice.placed import Placed

Colour = tuple[int, int, int] | str | int | None
NO_COLOUR = -1


def to_uno_colour(colour: Colour) -> int:
    """A colour as UNO counts it (0xRRGGBB, or -1 for none)."""
    if colour is None:
        return NO_COLOUR
    if isinstance(colour, str):
        return int(colour.removeprefix("#"), 16)
    # Excel counts a colour as 0xBBGGRR.
    red, green, blue = colour if isinstance(colour, tuple) else (colour & 255, colour >> 8 & 255, colour >> 16 & 255)
    return red << 16 | green << 8 | blue


def from_uno_colour(colour: int) -> tuple[int, int, int] | None:
    """A UNO colour as red, green and blue, or None."""
    return None if colour == NO_COLOUR else (colour >> 16 & 255, colour >> 8 & 255, colour & 255)


def shared(cells: UnoObject, name: str) -> object:
    """The property's value if all the cells share it, else None."""
    ambiguous = uno().Enum("com.sun.star.beans.PropertyState", "AMBIGUOUS_VALUE")
    return None if cells.getPropertyState(name) == ambiguous else getattr(cells, name)


@guarded
class Font(base_classes.Font):
    """The font of a range."""

    def __init__(self, cells: Placed | Characters) -> None:
        self._cells = cells

    @property
    def api(self) -> UnoObject:
        """The UNO range, which carries the font's properties itself."""
        return self._cells.xl

    @property
    def bold(self) -> bool | None:
        """Whether it is bold."""
        weight = shared(self.api, "CharWeight")
        return None if weight is None else float(str(weight)) > 100

    @bold.setter
    def bold(self, value: bool) -> None:
        self.api.CharWeight = 150.0 if value else 100.0

    @property
    def italic(self) -> bool | None:
        """Whether it is italic."""
        posture = shared(self.api, "CharPosture")
        return None if posture is None else getattr(posture, "value", "NONE") != "NONE"

    @italic.setter
    def italic(self, value: bool) -> None:
        self.api.CharPosture = uno().Enum("com.sun.star.awt.FontSlant", "ITALIC" if value else "NONE")

    @property
    def size(self) -> float | None:
        """Size in points."""
        height = shared(self.api, "CharHeight")
        return None if height is None else float(str(height))

    @size.setter
    def size(self, value: float) -> None:
        self.api.CharHeight = float(value)

    @property
    def color(self) -> tuple[int, int, int] | None:
        """Colour of the text."""
        colour = shared(self.api, "CharColor")
        if not isinstance(colour, int):
            return None
        return from_uno_colour(colour) or (0, 0, 0)  # automatic is black

    @color.setter
    def color(self, colour: Colour) -> None:
        self.api.CharColor = to_uno_colour(colour)

    @property
    def name(self) -> str | None:
        """Name of the font."""
        name = shared(self.api, "CharFontName")
        return None if name is None else str(name)

    @name.setter
    def name(self, value: str) -> None:
        self.api.CharFontName = value
