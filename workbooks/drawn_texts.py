"""The words in drawings and charts (DrawingML): text boxes, titles, labels, the copies of cells that charts keep."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from workbooks import markup
from workbooks.spots import Nature, Spot, SpotKind, address_or_nothing


def in_drawing(root: etree._Element, sheet: str) -> Iterator[Spot]:
    """Text boxes and the descriptions of shapes."""
    cells = _anchored(root)
    for element in root.iter("{*}t", "{*}cNvPr"):
        cell = next((cells[holder] for holder in element.iterancestors() if holder in cells), "")
        if etree.QName(element).localname == "cNvPr":
            for attribute in ("descr", "title"):
                if text := element.get(attribute):
                    yield Spot(SpotKind.SHAPE, sheet, cell, "", text, element, attribute)
        elif element.text and _is_drawn(element):
            yield _drawn(SpotKind.SHAPE, sheet, cell, element)


def in_chart(root: etree._Element, sheet: str) -> Iterator[Spot]:
    """Titles and labels, and the cells' texts that the chart keeps a copy of."""
    for element in root.iter("{*}t", "{*}v", "{*}oddHeader", "{*}oddFooter"):
        name = etree.QName(element).localname
        if not element.text:
            continue
        if name == "t" and _is_drawn(element):
            yield _drawn(SpotKind.CHART, sheet, "", element)
        elif name == "v" and any(etree.QName(holder).localname in _CACHES for holder in element.iterancestors()):
            yield Spot(SpotKind.CHART, sheet, "", "", element.text, element)
        elif name.startswith("odd"):
            yield Spot(SpotKind.CHART, sheet, "", "", element.text, element, nature=Nature.CODES)


_CACHES = frozenset({"strCache", "multiLvlStrCache", "tx"})


def _is_drawn(element: etree._Element) -> bool:
    return etree.QName(element).namespace != markup.MAIN


def _drawn(kind: SpotKind, sheet: str, cell: str, element: etree._Element) -> Spot:
    """A run of DrawingML; its font is its own, or the one of its paragraph."""
    run = element.getparent()
    latin = None if run is None else run.find("{*}rPr/{*}latin")
    if latin is None and run is not None and (paragraph := run.getparent()) is not None:
        latin = paragraph.find("{*}pPr/{*}defRPr/{*}latin")
    font = "" if latin is None else latin.get("typeface", "")
    return Spot(kind, sheet, cell, "", element.text or "", element, font=font, font_holder=latin)


def _anchored(root: etree._Element) -> dict[etree._Element, str]:
    """Anchor → the cell of its upper left corner."""
    cells = {}
    for anchor in root:
        row, column = (anchor.findtext(f"{{*}}from/{{*}}{name}", "") for name in ("row", "col"))
        if row.isascii() and row.isdigit() and column.isascii() and column.isdigit():
            cells[anchor] = address_or_nothing(int(row) + 1, int(column) + 1)
    return cells
