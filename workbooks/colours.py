"""Colours as a workbook writes them, made into what Excel shows: of its theme, of its palette, written out, tinted."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from workbooks import markup

WHITE: Final = "FFFFFF"
BLACK: Final = "000000"
UNKNOWN: Final = "?"
"""A colour of which nobody can say what it looks like; Excel writes none."""

_DRAWING: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
# As cells count them, which is not as themes write them: paper stands before ink (ECMA-376 part 1, 18.8.3).
_THEME_ORDER: Final = (
    "lt1", "dk1", "lt2", "dk2", "accent1", "accent2", "accent3", "accent4", "accent5", "accent6", "hlink", "folHlink",
)  # fmt: skip
_OFFICE_THEME: Final = (
    WHITE, BLACK, "EEECE1", "1F497D", "4F81BD", "C0504D", "9BBB59", "8064A2", "4BACC6", "F79646", "0000FF", "800080",
)  # fmt: skip
# Of the system. What a theme says that these looked like when it was saved, no program takes for these.
_SYSTEM: Final = {"window": WHITE, "windowText": BLACK, "highlightText": WHITE, "btnHighlight": WHITE}
# ECMA-376 part 1, 18.8.27; the first eight stand there twice.
_BASIC: Final = ("000000", "FFFFFF", "FF0000", "00FF00", "0000FF", "FFFF00", "FF00FF", "00FFFF")
_PALETTE: Final = (
    *_BASIC, *_BASIC,
    "800000", "008000", "000080", "808000", "800080", "008080", "C0C0C0", "808080",
    "9999FF", "993366", "FFFFCC", "CCFFFF", "660066", "FF8080", "0066CC", "CCCCFF",
    "000080", "FF00FF", "FFFF00", "00FFFF", "800080", "800000", "008080", "0000FF",
    "00CCFF", "CCFFFF", "CCFFCC", "FFFF99", "99CCFF", "FF99CC", "CC99FF", "FFCC99",
    "3366FF", "33CCCC", "99CC00", "FFCC00", "FF9900", "FF6600", "666699", "969696",
    "003366", "339966", "003300", "333300", "993300", "993366", "333399", "333333",
)  # fmt: skip
# Behind those of the palette: ink and paper of the system, and of notes.
_BEHIND: Final = {64: BLACK, 65: WHITE, 81: BLACK}


@dataclass(frozen=True, slots=True)
class Colours:
    """What the colours of one workbook look like.

    Attributes:
        theme: of its theme, as cells count them.
        indexed: of its palette, by number.
    """

    theme: tuple[str, ...] = _OFFICE_THEME
    indexed: Mapping[int, str] = field(default_factory=lambda: dict(enumerate(_PALETTE)) | _BEHIND)

    def of(self, item: etree._Element | None, default: str) -> str:
        """What a colour element looks like, ``"FFFFFF"``; the default where it says "automatic" or nothing."""
        plain = default if item is None else self._plain(item)
        if item is None or not plain:
            return default
        return _tinted(plain, item.get("tint", "0"))

    def _plain(self, item: etree._Element) -> str:
        """Without the tint; of several that are named Excel takes the theme's, then what is written out."""
        if (number := item.get("theme")) is not None:
            return dict(enumerate(self.theme)).get(_whole(number), UNKNOWN)
        if (written := item.get("rgb")) is not None:
            return _hexadecimal(written[-6:])
        if (number := item.get("indexed")) is not None:
            return self.indexed.get(_whole(number), UNKNOWN)
        return ""


def read_colours(theme: etree._Element | None, styles: etree._Element) -> Colours:
    """The colours of a workbook, from the roots of its theme part, if it has one, and of its styles part."""
    own = [_hexadecimal(item.get("rgb", "")[-6:]) for item in styles.iterfind(_OWN_PALETTE)]
    indexed = dict(enumerate(_PALETTE)) | dict(enumerate(own)) | _BEHIND
    if theme is None:
        return Colours(indexed=indexed)
    scheme = theme.find(f"{_DRAWING}themeElements/{_DRAWING}clrScheme")
    found = {} if scheme is None else {str(item.tag).removeprefix(_DRAWING): _of_theme(item) for item in scheme}
    return Colours(tuple(found.get(name, UNKNOWN) for name in _THEME_ORDER), indexed)


_OWN_PALETTE: Final = markup.path("colors", "indexedColors", "rgbColor")


def _of_theme(place: etree._Element) -> str:
    """The colour at one place of a theme; Office writes it out or names one of the system, and changes neither."""
    colour = place[0] if len(place) == 1 and not len(place[0]) else None
    if colour is None:
        return UNKNOWN
    if colour.tag == f"{_DRAWING}srgbClr":
        return _hexadecimal(colour.get("val", ""))
    if colour.tag == f"{_DRAWING}sysClr":
        return _SYSTEM.get(colour.get("val", "")) or _hexadecimal(colour.get("lastClr", ""))
    return UNKNOWN


def _tinted(colour: str, tint: str) -> str:
    """Lighter or darker (ECMA-376 part 1, 18.8.19): a tint of 1 is white, of -1 black."""
    if tint == "0" or colour == UNKNOWN:
        return colour
    try:
        amount = float(tint)
        red, green, blue = (part / 255 for part in bytes.fromhex(colour))
    except ValueError:
        return UNKNOWN
    if not -1 <= amount <= 1:
        return UNKNOWN
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    light = light * (1 + amount) if amount < 0 else light * (1 - amount) + amount
    return bytes(round(part * 255) for part in colorsys.hls_to_rgb(hue, light, saturation)).hex().upper()


def _hexadecimal(text: str) -> str:
    try:
        return bytes.fromhex(text).hex().upper() if len(text) == 6 else UNKNOWN
    except ValueError:
        return UNKNOWN


def _whole(text: str) -> int:
    """A number as it is written there; -1 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1
