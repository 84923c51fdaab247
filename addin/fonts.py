"""The fonts of old Vietnamese encodings, carried with the text typed in them.

``.VnTime`` turns the letters of a European code page into Vietnamese ones: the font is part of what the text says.
Other fonts are looks, and the issued file keeps its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from formulas.text.encodings import encoding_of_font
from workbooks import markup
from workbooks.style_fonts import StyleFonts
from workbooks.workbook import open_workbook

StyleAndFont = tuple[int, str]


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
    styles = StyleFonts(root)
    made = {pair: index for pair in sorted(wanted) if (index := styles.style(*pair)) is not None}
    return workbook.package.with_parts({part: markup.write_xml(root)}), made
