"""Cell styles, as far as the checks need them: font names, number formats, and whether what is written can be seen."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from workbooks import markup
from workbooks.colours import BLACK, WHITE, Colours, read_colours
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
class Look:
    """How a style shows what is written.

    Attributes:
        colour, background: ``"FFFFFF"``; ``""`` where the style does not say, or not simply; or ``UNKNOWN``.
        size: of the font, in points; 0 where the style does not say.
        format: number format code, of a conditional format only; ``""`` where it does not say.
    """

    colour: str = BLACK
    background: str = WHITE
    size: float = 0.0
    format: str = ""


@dataclass(frozen=True, slots=True)
class Styles:
    """Font name, number format and look of every cell style, by index; ``conditional``: of conditional formats."""

    fonts: tuple[str, ...] = ("",)
    formats: tuple[str, ...] = ("General",)
    looks: tuple[Look, ...] = (Look(),)
    conditional: tuple[Look, ...] = ()

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

    def look_of(self, style: int) -> Look:
        """Colours and size."""
        return self.looks[style] if 0 <= style < len(self.looks) else Look()


def read_styles(package: Package, part: str | None, theme: str | None = None) -> Styles:
    """Read the styles part, with the colours of the theme; a workbook without one has the default style only."""
    if part is None:
        return Styles()
    root = markup.parse_xml(package.part(part), part)
    colours = read_colours(None if theme is None else markup.parse_xml(package.part(theme), theme), root)
    written = list(root.iterfind(markup.path("fonts", "font")))
    names = [_font_name(item) for item in written]
    inks = [(colours.of(item.find(markup.path("color")), BLACK), _size(item)) for item in written]
    papers = [_background(colours, item, "fgColor", WHITE) for item in root.iterfind(markup.path("fills", "fill"))]
    codes = dict(_BUILT_IN)
    for item in root.iterfind(markup.path("numFmts", "numFmt")):
        codes[_number(item, "numFmtId")] = item.get("formatCode", "General")
    fonts, formats, looks = [], [], []
    for item in root.iterfind(markup.path("cellXfs", "xf")):
        font = _number(item, "fontId")
        fonts.append(names[font] if font < len(names) else "")
        formats.append(codes.get(_number(item, "numFmtId"), "General"))
        ink, size = inks[font] if font < len(inks) else (BLACK, 0.0)
        fill = _number(item, "fillId")
        looks.append(Look(ink, papers[fill] if fill < len(papers) else WHITE, size))
    conditional = tuple(_conditional(colours, item) for item in root.iterfind(markup.path("dxfs", "dxf")))
    return Styles(tuple(fonts), tuple(formats), tuple(looks), conditional) if fonts else Styles()


def _conditional(colours: Colours, item: etree._Element) -> Look:
    """What a conditional format changes (ECMA-376 part 1, 18.8.14)."""
    font, fill, number = (item.find(markup.path(name)) for name in ("font", "fill", "numFmt"))
    colour = "" if font is None else colours.of(font.find(markup.path("color")), "")
    # Here, unlike in cell styles, a solid fill has its colour as the "background" of the pattern.
    background = "" if fill is None else _background(colours, fill, "bgColor", "")
    return Look(colour, background, 0.0, "" if number is None else number.get("formatCode", ""))


def _background(colours: Colours, fill: etree._Element, name: str, default: str) -> str:
    pattern = fill.find(markup.path("patternFill"))
    if pattern is None:
        return ""  # a gradient
    kind = pattern.get("patternType", "none" if name == "fgColor" else "solid")
    if kind == "solid":
        return colours.of(pattern.find(markup.path(name)), default)
    return default if kind in {"none", "gray125"} else ""


def _size(font: etree._Element) -> float:
    item = font.find(markup.path("sz"))
    try:
        return 0.0 if item is None else float(item.get("val", "0"))
    except ValueError:
        return 0.0


def _font_name(font: etree._Element) -> str:
    name = font.find(markup.path("name"))
    return "" if name is None else name.get("val", "")


def _number(item: etree._Element, key: str) -> int:
    text = item.get(key, "0")
    return int(text) if text.isascii() and text.isdigit() else 0
