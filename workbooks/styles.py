"""Cell styles, as far as the checks need them: font names and number formats."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from workbooks import markup
from workbooks.package import Package

# ECMA-376 part 1, 18.8.30: formats that a file may use by number without writing them down.
_BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "mm-dd-yy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "m/d/yy h:mm", 37: "#,##0 ;(#,##0)", 38: "#,##0 ;[Red](#,##0)",
    39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;[Red](#,##0.00)", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mmss.0",
    48: "##0.0E+0", 49: "@",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Styles:
    """Font name and number format of every cell style, by index."""

    fonts: tuple[str, ...] = ("",)
    formats: tuple[str, ...] = ("General",)

    @property
    def count(self) -> int:
        """How many cell styles there are; a cell may name no other."""
        return len(self.fonts)

    def font_of(self, style: int) -> str:
        """Font name; ``""`` where the file does not say."""
        return self.fonts[style] if 0 <= style < len(self.fonts) else ""

    def format_of(self, style: int) -> str:
        """Number format code."""
        return self.formats[style] if 0 <= style < len(self.formats) else "General"


def read_styles(package: Package, part: str | None) -> Styles:
    """Read the styles part; a workbook without one has the default style only."""
    if part is None:
        return Styles()
    root = markup.parse_xml(package.part(part), part)
    names = [_font_name(item) for item in root.iterfind(markup.path("fonts", "font"))]
    codes = dict(_BUILT_IN)
    for item in root.iterfind(markup.path("numFmts", "numFmt")):
        codes[_number(item, "numFmtId")] = item.get("formatCode", "General")
    fonts, formats = [], []
    for item in root.iterfind(markup.path("cellXfs", "xf")):
        font = _number(item, "fontId")
        fonts.append(names[font] if font < len(names) else "")
        formats.append(codes.get(_number(item, "numFmtId"), "General"))
    return Styles(tuple(fonts), tuple(formats)) if fonts else Styles()


def _font_name(font: etree._Element) -> str:
    name = font.find(markup.path("name"))
    return "" if name is None else name.get("val", "")


def _number(item: etree._Element, key: str) -> int:
    text = item.get(key, "0")
    return int(text) if text.isascii() and text.isdigit() else 0
