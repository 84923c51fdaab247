"""A place of a workbook's XML where words stand: read, and written back where it was found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

from workbooks import markup
from workbooks.address import address

_MAIN = f"{{{markup.MAIN}}}"
_T, _R, _RPR, _RFONT = (f"{_MAIN}{name}" for name in ("t", "r", "rPr", "rFont"))
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


class SpotKind(StrEnum):
    """What kind of place it is."""

    COMMENT = "comment"
    HEADER = "header"
    FOOTER = "footer"
    LIST = "list"
    RULE = "rule"
    PROMPT = "prompt"
    REFUSAL = "refusal"
    FORMAT = "format"
    FILTER = "filter"
    NAME = "name"
    NAME_VALUE = "name-value"
    SHAPE = "shape"
    CHART = "chart"
    TABLE = "table"
    TABLE_COLUMN = "table-column"
    PROPERTY = "property"


class Nature(StrEnum):
    """How a spot's content is to be read: as words, as a formula with strings in it, as a header with codes."""

    WORDS = "words"
    FORMULA = "formula"
    CODES = "codes"


@dataclass(frozen=True, slots=True)
class Spot:
    """One place: where it is, what stands there, and in which font (``""`` where the file does not say).

    Attributes:
        cell: the address it belongs to, or ``""``.
        name: what the place is called: the header's code, the defined name, the table, the property.
    """

    kind: SpotKind
    sheet: str
    cell: str
    name: str
    content: str
    holder: etree._Element
    attribute: str = ""
    font: str = ""
    font_holder: etree._Element | None = None
    nature: Nature = Nature.WORDS
    escaped: bool = False

    def write(self, content: str) -> None:
        """Put another content in its place."""
        text = escape(content) if self.escaped else content
        if self.attribute:
            self.holder.set(self.attribute, text)
            return
        self.holder.text = text
        if self.holder.tag == _T and (text != text.strip() or "\n" in text):
            self.holder.set(markup.XML_SPACE, "preserve")

    def write_font(self, font: str) -> None:
        """Draw it in another font, where it has a font of its own."""
        if self.font_holder is None:
            return
        if self.font_holder.tag == _R:
            set_run_font(self.font_holder, font)
        else:
            self.font_holder.set("typeface", font)


def escape(text: str) -> str:
    """``_xHHHH_`` for what XML cannot carry (ECMA-376 part 1, 22.9.2.19); the inverse of ``unescape``."""
    return _CONTROL.sub(lambda match: f"_x{ord(match[0]):04X}_", _LOOKS_ESCAPED.sub("_x005F_", text))


def set_run_font(run: etree._Element, font: str) -> None:
    """Draw a run of rich text in a font."""
    properties = run.find(_RPR)
    if properties is None:
        properties = etree.Element(_RPR)
        run.insert(0, properties)
    named = properties.find(_RFONT)
    if named is None:
        named = etree.SubElement(properties, _RFONT)
    named.set("val", font)
    # They describe the font that was there; a theme font would even take the name's place.
    for name in ("scheme", "charset", "family"):
        for leftover in properties.findall(f"{_MAIN}{name}"):
            properties.remove(leftover)


def address_or_nothing(row: int, column: int) -> str:
    """The address of a cell; ``""`` for what lies outside a sheet."""
    try:
        return address(row, column)
    except ValueError:
        return ""
