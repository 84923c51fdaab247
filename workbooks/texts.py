"""Every place outside the cells where a workbook keeps words that people read, found and rewritten in the XML.

A `Spot` holds on to the element it was found in: `Spot.write` changes the parsed part, which the caller serialises.
Spots of a part come in the order of the part, so that the same spot has the same number each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lxml import etree

from workbooks import markup
from workbooks.address import parse_range
from workbooks.drawn_texts import in_chart, in_drawing
from workbooks.package import Package
from workbooks.raw_sheet import unescape
from workbooks.spots import Nature, Spot, SpotKind, address_or_nothing
from workbooks.workbook import SheetEntry, Workbook

__all__ = [
    "Nature",
    "Spot",
    "SpotKind",
    "TextPart",
    "book_parts",
    "is_signed",
    "may_hold_words",
    "read_spots",
    "spots",
    "text_parts",
]

_MAIN = f"{{{markup.MAIN}}}"
_T, _R, _RPR, _RFONT = (f"{_MAIN}{name}" for name in ("t", "r", "rPr", "rFont"))
_MAX_DEPTH = 3
_ORIGIN = "/digital-signature/origin"


@dataclass(frozen=True, slots=True)
class TextPart:
    """A part that may hold words; ``kind`` as its relationship calls it, ``sheet`` the one it hangs on."""

    name: str
    kind: str
    sheet: str


def is_signed(package: Package) -> bool:
    """Whether the package carries signatures, good or bad."""
    return any(item.type.rstrip("/").endswith(_ORIGIN) for item in package.relationships("/"))


def text_parts(workbook: Workbook, entry: SheetEntry) -> Iterator[TextPart]:
    """The parts of a sheet that may hold words, its own first; none for a sheet of an open book."""
    if entry.part:
        yield TextPart(entry.part, "worksheet", entry.name)
        yield from _satellites(workbook.package, entry.part, entry.name, {entry.part}, 1)


def book_parts(workbook: Workbook) -> Iterator[TextPart]:
    """The parts of the whole workbook that may hold words: names and properties."""
    yield TextPart(workbook.part, "workbook", "")
    for item in workbook.package.relationships("/"):
        if item.kind in {"core-properties", "custom-properties"} and not item.external:
            yield TextPart(item.target, item.kind, "")


def _satellites(package: Package, source: str, sheet: str, seen: set[str], depth: int) -> Iterator[TextPart]:
    for item in package.relationships(source):
        if item.kind in _SPOTS and not item.external and item.target not in seen and depth <= _MAX_DEPTH:
            seen.add(item.target)
            yield TextPart(item.target, item.kind, sheet)
            yield from _satellites(package, item.target, sheet, seen, depth + 1)


def may_hold_words(content: bytes) -> bool:
    """Whether a part has any character beyond ASCII, written as it is or by number."""
    return not content.isascii() or b"&#" in content or content.startswith((b"<\0", b"\0<"))


def read_spots(package: Package, part: TextPart) -> list[Spot]:
    """The spots of a part, for reading only; the cells of a sheet are not parsed. Raises WorkbookError."""
    content = package.part(part.name)
    # A comment could hold the very marks that are looked for, and so hide what stands between two of them.
    if part.kind == "worksheet" and b"<!" not in content:
        content = _without_cells(content)
    if not may_hold_words(content):
        return []
    return list(spots(markup.parse_xml(content, part.name), part))


def _without_cells(content: bytes) -> bytes:
    """The part with its cells left out, where it is plain to see where they begin and end."""
    head, opened, rest = content.partition(b"<sheetData>")
    _, closed, tail = rest.rpartition(b"</sheetData>")
    return head + opened + closed + tail if opened and closed and b"<sheetData" not in tail else content


def spots(root: etree._Element, part: TextPart) -> Iterator[Spot]:
    """The spots of a parsed part."""
    return _SPOTS[part.kind](root, part.sheet)


def _in_sheet(root: etree._Element, sheet: str) -> Iterator[Spot]:
    for child in root:
        name = etree.QName(child).localname
        if name == "sheetData":
            continue
        if name == "headerFooter":
            yield from _headers(child, sheet)
        elif name == "conditionalFormatting":
            yield from _formats(child, sheet)
        elif name == "autoFilter":
            yield from _filters(child, sheet)
        else:
            yield from _validations(child, sheet)


def _headers(element: etree._Element, sheet: str) -> Iterator[Spot]:
    for item in element:
        name = etree.QName(item).localname
        if item.text:
            kind = SpotKind.HEADER if name.endswith("Header") else SpotKind.FOOTER
            yield Spot(kind, sheet, "", name, item.text, item, nature=Nature.CODES)


def _formats(element: etree._Element, sheet: str) -> Iterator[Spot]:
    cell = _first_cell(element.get("sqref", ""))
    for rule in element.iter(f"{_MAIN}cfRule"):
        if text := rule.get("text"):
            yield Spot(SpotKind.FORMAT, sheet, cell, "", text, rule, "text")
        for formula in rule.iter(f"{_MAIN}formula"):
            yield from _formula(SpotKind.FORMAT, sheet, cell, "", formula)


def _filters(element: etree._Element, sheet: str) -> Iterator[Spot]:
    cell = _first_cell(element.get("ref", ""))
    for item in element.iter(f"{_MAIN}filter", f"{_MAIN}customFilter"):
        if text := item.get("val"):
            yield Spot(SpotKind.FILTER, sheet, cell, "", text, item, "val")


def _validations(element: etree._Element, sheet: str) -> Iterator[Spot]:
    """Validations, also those of the extension list, and conditional formats there."""
    for item in element.iter("{*}dataValidation", "{*}conditionalFormatting"):
        areas = item.get("sqref") or "".join(item.xpath("*[local-name()='sqref']/text()"))  # type: ignore[arg-type]  # strings
        cell = _first_cell(areas)
        is_format = etree.QName(item).localname == "conditionalFormatting"
        for attribute, kind in _VALIDATION_WORDS.items():
            if text := item.get(attribute):
                yield Spot(kind, sheet, cell, attribute, text, item, attribute, escaped=True)
        kind = SpotKind.LIST if item.get("type") == "list" else SpotKind.RULE
        for formula in item.iter(f"{_MAIN}formula1", f"{_MAIN}formula2", "{*}f"):
            yield from _formula(SpotKind.FORMAT if is_format else kind, sheet, cell, "", formula)


_VALIDATION_WORDS = {
    "promptTitle": SpotKind.PROMPT,
    "prompt": SpotKind.PROMPT,
    "errorTitle": SpotKind.REFUSAL,
    "error": SpotKind.REFUSAL,
}


def _formula(kind: SpotKind, sheet: str, cell: str, name: str, element: etree._Element) -> Iterator[Spot]:
    if element.text:
        yield Spot(kind, sheet, cell, name, element.text, element, nature=Nature.FORMULA)


def _in_comments(root: etree._Element, sheet: str) -> Iterator[Spot]:
    for comment in root.iter(f"{_MAIN}comment"):
        cell = _first_cell(comment.get("ref", ""))
        for text in comment.iterfind(f"{_MAIN}text"):
            yield from _rich(text, sheet, cell)


def _rich(text: etree._Element, sheet: str, cell: str) -> Iterator[Spot]:
    for item in text.iter(_T):
        run = item.getparent()
        own = run if run is not None and run.tag == _R else None
        named = None if own is None else own.find(f"{_RPR}/{_RFONT}")
        if item.text and (run is None or not run.tag.endswith("}rPh")):
            font = "" if named is None else named.get("val", "")
            yield Spot(
                SpotKind.COMMENT, sheet, cell, "", unescape(item.text), item, font=font, font_holder=own, escaped=True
            )


def _in_threads(root: etree._Element, sheet: str) -> Iterator[Spot]:
    for comment in root.iter("{*}threadedComment"):
        cell = _first_cell(comment.get("ref", ""))
        for text in comment.iterfind("{*}text"):
            if text.text:
                yield Spot(SpotKind.COMMENT, sheet, cell, "", text.text, text)


def _in_table(root: etree._Element, sheet: str) -> Iterator[Spot]:
    table = root.get("displayName", "")
    area = root.get("ref", "")
    for attribute in ("name", "displayName"):
        if text := root.get(attribute):
            yield Spot(SpotKind.TABLE, sheet, _first_cell(area), table, text, root, attribute)
    for position, column in enumerate(root.iter(f"{_MAIN}tableColumn")):
        cell = _header_cell(area, position) if root.get("headerRowCount", "1") != "0" else ""
        yield Spot(
            SpotKind.TABLE_COLUMN, sheet, cell, table, unescape(column.get("name", "")), column, "name", escaped=True
        )
        if text := column.get("totalsRowLabel"):
            yield Spot(SpotKind.TABLE, sheet, "", table, unescape(text), column, "totalsRowLabel", escaped=True)
        for formula in column:
            if etree.QName(formula).localname in {"calculatedColumnFormula", "totalsRowFormula"}:
                yield from _formula(SpotKind.TABLE, sheet, cell, table, formula)
    for child in root.iterfind(f"{_MAIN}autoFilter"):
        yield from _filters(child, sheet)


def _in_workbook(root: etree._Element, sheet: str) -> Iterator[Spot]:
    for item in root.iterfind(markup.path("definedNames", "definedName")):
        name = item.get("name", "")
        for attribute in ("comment", "description"):
            if text := item.get(attribute):
                yield Spot(SpotKind.NAME, sheet, "", name, text, item, attribute)
        yield Spot(SpotKind.NAME, sheet, "", name, name, item, "name")
        yield from _formula(SpotKind.NAME_VALUE, sheet, "", name, item)


# Names of persons are left out: the program writes them anew at each saving, so nobody could mend them in the file.
_PERSONS = frozenset({"creator", "lastModifiedBy"})


def _in_properties(root: etree._Element, sheet: str) -> Iterator[Spot]:
    for element in root.iter():
        name = etree.QName(element).localname
        if element.text and not len(element) and name not in _PERSONS:
            holder = element.getparent()
            named = "" if holder is None else holder.get("name", "")
            yield Spot(SpotKind.PROPERTY, sheet, "", named or name, element.text, element)


_SPOTS: dict[str, Callable[[etree._Element, str], Iterator[Spot]]] = {
    "worksheet": _in_sheet,
    "workbook": _in_workbook,
    "comments": _in_comments,
    "threadedComment": _in_threads,
    "table": _in_table,
    "drawing": in_drawing,
    "chartUserShapes": in_drawing,
    "diagramData": in_drawing,
    "chart": in_chart,
    "chartEx": in_chart,
    "core-properties": _in_properties,
    "custom-properties": _in_properties,
}


def _first_cell(areas: str) -> str:
    """The first cell of an area list; ``""`` where it is none."""
    try:
        area = parse_range(areas.split(maxsplit=1)[0].replace("$", ""))
    except (IndexError, ValueError):
        return ""
    return address_or_nothing(area.first_row, area.first_column)


def _header_cell(areas: str, position: int) -> str:
    try:
        area = parse_range(areas.replace("$", ""))
    except ValueError:
        return ""
    return address_or_nothing(area.first_row, area.first_column + position)
