"""The fonts of old Vietnamese encodings, carried with the text typed in them.

``.VnTime`` turns the letters of a European code page into Vietnamese ones: the font is part of what the text says.
Other fonts are looks, and the issued file keeps its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy

from lxml import etree

from formulas.text.encodings import encoding_of_font
from workbooks import markup
from workbooks.workbook import open_workbook

StyleAndFont = tuple[int, str]

_FONTS, _FONT, _NAME, _XFS, _XF = (f"{{{markup.MAIN}}}{name}" for name in ("fonts", "font", "name", "cellXfs", "xf"))


def is_legacy(font: str) -> bool:
    """Whether the font was drawn for an encoding other than Unicode."""
    return encoding_of_font(font) is not None


def add_styles(data: bytes, wanted: Collection[StyleAndFont]) -> tuple[bytes, Mapping[StyleAndFont, int]]:
    """The workbook with a style for each wanted pair: like the style it has, in the font named.

    Returns the workbook and the index of each new style; nothing for a workbook without styles.
    """
    workbook = open_workbook(data)
    part = next((item.target for item in workbook.package.relationships(workbook.part) if item.kind == "styles"), None)
    if part is None or not wanted:
        return data, {}
    root = markup.parse_xml(workbook.package.part(part), part)
    fonts, styles = root.find(_FONTS), root.find(_XFS)
    if fonts is None or styles is None:
        return data, {}
    made = {pair: _add(fonts, styles, pair) for pair in sorted(wanted) if pair[0] < len(styles)}
    for listed in (fonts, styles):
        listed.set("count", str(len(listed)))
    return workbook.package.with_parts({part: markup.write_xml(root)}), made


def _add(fonts: etree._Element, styles: etree._Element, pair: StyleAndFont) -> int:
    index, name = pair
    style = deepcopy(styles[index])
    number = int(style.get("fontId", "0"))
    font = deepcopy(fonts[number]) if number < len(fonts) else etree.Element(_FONT)
    named = font.find(_NAME)
    if named is None:
        named = etree.SubElement(font, _NAME)
    named.set("val", name)
    for leftover in ("scheme", "charset", "family"):
        # They describe the font that was there; a theme font would even take the name's place.
        for item in font.findall(f"{{{markup.MAIN}}}{leftover}"):
            font.remove(item)
    fonts.append(font)
    style.set("fontId", str(len(fonts) - 1))
    style.set("applyFont", "1")
    styles.append(style)
    return len(styles) - 1
