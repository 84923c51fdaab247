"""Every place of a workbook where formula text or a cell area is written down."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lxml import etree

from workbooks import markup
from workbooks.address import MAX_ROW, Range, parse_range
from workbooks.package import Package

Change = Callable[[str], str]

_XM = "http://schemas.microsoft.com/office/excel/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_RULE_TAGS = tuple(f"{{{markup.MAIN}}}{name}" for name in ("formula", "formula1", "formula2"))
_AREA_ATTRIBUTES = ("ref", "sqref", "activeCell", "topLeftCell")
# Attributes that hold a cell on these elements only; elsewhere "r" and "r1" mean other things.
_CELL_ATTRIBUTES = {"inputCells": ("r",), "cellWatch": ("r",), "f": ("r1", "r2")}
_VML_ROW = re.compile(rb"(<(?:\w+:)?Row>\s*)(\d{1,7})(\s*</)")
_VML_ANCHOR = re.compile(rb"(<(?:\w+:)?Anchor>)([\s\d,]+)(</)")

# Parts of a sheet that hold addresses of its cells in "ref" attributes.
_REF_KINDS = frozenset({"comments", "threadedComment", "table", "pivotTable"})


def change_formulas(root: etree._Element, change: Change) -> bool:
    """Rewrite every formula of a worksheet (cells, validations, formats, inner links); tells if any differs."""
    changed = False
    for element in root.iter(f"{{{markup.MAIN}}}f"):
        if element.text and (new := change(element.text)) != element.text:
            element.text, changed = new, True
    return change_rules(root, change) or changed


def change_rules(root: etree._Element, change: Change) -> bool:
    """Rewrite the formulas of a worksheet that stand outside its cells; tells if any differs."""
    changed = False
    for part in root:
        if part.tag == f"{{{markup.MAIN}}}sheetData":
            continue
        for element in part.iter(*_RULE_TAGS, f"{{{_XM}}}f"):
            if element.text and (new := change(element.text)) != element.text:
                element.text, changed = new, True
    for link in root.iterfind(f"{{{markup.MAIN}}}hyperlinks/{{{markup.MAIN}}}hyperlink"):
        location = link.get("location", "")
        if "!" in location and (new := change(location)) != location:
            link.set("location", new)
            changed = True
    return changed


def change_areas(root: etree._Element, change: Change) -> None:
    """Rewrite every cell area written on a sheet or on a part of it, other than the addresses of its own cells."""
    for element in _outside_cells(root):
        tag = etree.QName(element).localname
        if tag == "sqref" and element.text:
            element.text = change(element.text)
        for attribute in (*_AREA_ATTRIBUTES, *_CELL_ATTRIBUTES.get(tag, ())):
            if text := element.get(attribute):
                element.set(attribute, change(text))


def _outside_cells(root: etree._Element) -> Iterator[etree._Element]:
    """Every element but the rows and cells; the formulas of the cells are among them."""
    yield root
    for child in root:
        if child.tag == f"{{{markup.MAIN}}}sheetData":
            yield from child.iter(f"{{{markup.MAIN}}}f")
        else:
            yield from child.iter()


def change_satellite(kind: str, content: bytes, part: str, row: Callable[[int], int], area: Change) -> bytes:
    """Move the anchors of a part that hangs on a sheet; ``row`` maps a row number, ``area`` the text of an area."""
    if kind == "vmlDrawing":
        return _change_vml(content, row)
    if kind == "drawing":
        root = markup.parse_xml(content, part)
        for anchor in root.iter(f"{{{_DRAWING}}}row"):
            holder = anchor.getparent()
            frame = None if holder is None else holder.getparent()
            if anchor.text and frame is not None and frame.get("editAs") != "absolute":
                anchor.text = str(row(int(anchor.text) + 1) - 1)
        return markup.write_xml(root)
    if kind in _REF_KINDS:
        root = markup.parse_xml(content, part)
        change_areas(root, area)
        return markup.write_xml(root)
    return content


def _change_vml(content: bytes, row: Callable[[int], int]) -> bytes:
    """Comment boxes: their row, and rows 3 and 7 of the eight numbers that place them (all from zero)."""

    def move(text: bytes) -> bytes:
        return str(row(int(text) + 1) - 1).encode()

    def anchor(match: re.Match[bytes]) -> bytes:
        numbers = [item.strip() for item in match[2].split(b",")]
        if len(numbers) == 8:
            numbers[2], numbers[6] = move(numbers[2]), move(numbers[6])
        return match[1] + b", ".join(numbers) + match[3]

    content = _VML_ROW.sub(lambda match: match[1] + move(match[2]) + match[3], content)
    return _VML_ANCHOR.sub(anchor, content)


def change_charts(package: Package, mention: str, change: Change) -> Iterator[tuple[str, bytes]]:
    """Rewrite the formulas of the charts that mention a sheet."""
    for part in package.parts:
        if "chart" in package.content_type(part) and mentions(package.part(part), mention):
            content = change_chart(package.part(part), part, change)
            if content is not None:
                yield part, content


def change_chart(content: bytes, part: str, change: Change) -> bytes | None:
    """Rewrite the formulas of one chart; None where nothing differs."""
    root = markup.parse_xml(content, part)
    changed = False
    for element in root.iter("{*}f"):
        if element.text and (new := change(element.text)) != element.text:
            element.text, changed = new, True
    return markup.write_xml(root) if changed else None


def change_pivot_sources(
    package: Package, sheet: str, change: Callable[[etree._Element], None]
) -> Iterator[tuple[str, bytes]]:
    """Rewrite the source of every pivot cache that is fed by the sheet."""
    for part in package.parts:
        if "pivotCacheDefinition" not in package.content_type(part):
            continue
        root = markup.parse_xml(package.part(part), part)
        sources = [item for item in root.iter("{*}worksheetSource") if item.get("sheet", "").lower() == sheet.lower()]
        for source in sources:
            change(source)
        if sources:
            yield part, markup.write_xml(root)


def change_names(workbook: etree._Element, change: Callable[[str, str], str]) -> bool:
    """Rewrite the defined names; ``change(text, sheet)`` gets the sheet of a local name, else ``""``."""
    sheets = [item.get("name", "") for item in workbook.iterfind(f"{{{markup.MAIN}}}sheets/{{{markup.MAIN}}}sheet")]
    changed = False
    for item in workbook.iterfind(f"{{{markup.MAIN}}}definedNames/{{{markup.MAIN}}}definedName"):
        scope = item.get("localSheetId")
        host = sheets[int(scope)] if scope is not None else ""
        if item.text and (new := change(item.text, host)) != item.text:
            item.text, changed = new, True
    return changed


def mentions(content: bytes, sheet: str) -> bool:
    """Whether a part may name the sheet. Never wrongly no: where the name could be spelt otherwise it says yes."""
    if b"&#" in content or any(mark in sheet for mark in "&<>'\""):
        return True
    try:
        return sheet.casefold() in content.decode("utf-8").casefold()
    except UnicodeDecodeError:
        return True


def areas(text: str) -> list[Range]:
    """The rectangles of an area list (``A1:B2 D4``); whole columns and rows are left out."""
    found = []
    for item in text.split():
        try:
            area = parse_range(item)
        except ValueError:
            continue
        if area.last_row <= MAX_ROW:
            found.append(area)
    return found
