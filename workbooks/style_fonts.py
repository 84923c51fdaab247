"""Cell styles in another font: new entries at the end of the tables, so that no style in use ever changes."""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from workbooks import markup
from workbooks.raw_sheet import index_of

_MAIN = f"{{{markup.MAIN}}}"
_NAME = f"{_MAIN}name"
# They describe the font that was there; a theme font would even take the name's place.
_OF_THE_OLD_FONT = ("scheme", "charset", "family")
_BEFORE_NAME = frozenset(
    {"b", "i", "strike", "condense", "extend", "outline", "shadow", "u", "vertAlign", "sz", "color"}
)


class StyleFonts:
    """The styles part being extended. ``changed`` tells whether anything was added."""

    def __init__(self, root: etree._Element) -> None:
        """Work on a parsed styles part."""
        self.changed = False
        self._fonts, self._styles = root.find(f"{_MAIN}fonts"), root.find(f"{_MAIN}cellXfs")
        self._made: dict[tuple[int, str], int] = {}

    def style(self, index: int, font: str) -> int | None:
        """A style like the one at ``index``, in the font named; None where the part has no such style."""
        key = (index, font)
        if key not in self._made:
            if self._fonts is None or self._styles is None or not 0 <= index < len(self._styles):
                return None
            self._made[key] = self._add(self._fonts, self._styles, index, font)
        return self._made[key]

    def _add(self, fonts: etree._Element, styles: etree._Element, index: int, font: str) -> int:
        style = deepcopy(styles[index])
        style.set("fontId", str(self._font(fonts, index_of(style.get("fontId", "0")), font)))
        style.set("applyFont", "1")
        styles.append(style)
        styles.set("count", str(len(styles)))
        self.changed = True
        return len(styles) - 1

    def _font(self, fonts: etree._Element, number: int, name: str) -> int:
        font = deepcopy(fonts[number]) if 0 <= number < len(fonts) else etree.Element(f"{_MAIN}font")
        named = font.find(_NAME)
        if named is None:
            named = etree.Element(_NAME)
            font.insert(sum(etree.QName(item).localname in _BEFORE_NAME for item in font), named)
        named.set("val", name)
        for leftover in _OF_THE_OLD_FONT:
            for item in font.findall(f"{_MAIN}{leftover}"):
                font.remove(item)
        font.tail = None
        same = etree.tostring(font, method="c14n")
        for place, other in enumerate(fonts):
            if etree.tostring(other, method="c14n", with_tail=False) == same:
                return place
        fonts.append(font)
        fonts.set("count", str(len(fonts)))
        return len(fonts) - 1
