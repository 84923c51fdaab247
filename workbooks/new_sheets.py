"""Putting a sheet of our own into a finished workbook, or new content into one that is there."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from lxml import etree

from workbooks import markup
from workbooks.package import CONTENT_TYPES_PART, relationships_part
from workbooks.patch import without_calc_chain
from workbooks.registration import add_override, add_relationship
from workbooks.sheets import defined_names
from workbooks.workbook import Workbook

_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_RELATIONSHIP = f"{markup.OFFICE_RELATIONSHIPS}/worksheet"
_ID = f"{{{markup.OFFICE_RELATIONSHIPS}}}id"
_SHEETS, _SHEET, _NAME = (f"{{{markup.MAIN}}}{name}" for name in ("sheets", "sheet", "definedName"))


@dataclass(frozen=True, slots=True)
class NewSheet:
    """A sheet to be put in: its content, and the name of the workbook that leads to ``area`` on it.

    Attributes:
        part: name of its part where the workbook has no such sheet yet.
        content: the worksheet part.
        defined_name, area: ``BS_list`` and ``'List'!$A$5:$E$14``.
    """

    name: str
    part: str
    content: bytes
    defined_name: str
    area: str


def put_sheet(workbook: Workbook, sheet: NewSheet) -> dict[str, bytes | None]:
    """What changes in the package so that the workbook has this sheet, visible, last where it is new."""
    package, book = workbook.package, workbook.part
    old = next((entry for entry in workbook.sheets if entry.name.lower() == sheet.name.lower()), None)
    root = markup.parse_xml(package.part(book), book)
    changes: dict[str, bytes | None] = {}
    if old is None:
        rels = relationships_part(book)
        target = posixpath.relpath(sheet.part, posixpath.dirname(book))
        changes[rels], identifier = add_relationship(package.part(rels), _RELATIONSHIP, target)
        changes[CONTENT_TYPES_PART] = add_override(package.part(CONTENT_TYPES_PART), sheet.part, _TYPE)
        _append(root, sheet.name, identifier)
    else:
        _show(root, old.name)
        if any(cell.formula is not None for cell in workbook.read_sheet(old.name).cells.values()):
            changes |= without_calc_chain(package, book)
    _lead_to(root, sheet)
    return changes | {(old.part if old else sheet.part): sheet.content, book: markup.write_xml(root)}


def _append(root: etree._Element, name: str, identifier: str) -> None:
    sheets = root.find(_SHEETS)
    if sheets is None:
        raise ValueError("an opened workbook has sheets")
    number = max(int(item.get("sheetId", "0")) for item in sheets) + 1
    etree.SubElement(sheets, _SHEET, {"name": name, "sheetId": str(number), _ID: identifier})


def _show(root: etree._Element, name: str) -> None:
    for item in root.iterfind(f"{_SHEETS}/{_SHEET}"):
        if item.get("name") == name:
            item.attrib.pop("state", "")


def _lead_to(root: etree._Element, sheet: NewSheet) -> None:
    """The workbook's name for the area, made or mended."""
    names = defined_names(root)
    wanted = sheet.defined_name.casefold()
    found = [item for item in names if item.get("name", "").casefold() == wanted and item.get("localSheetId") is None]
    name = found[0] if found else etree.SubElement(names, _NAME, name=sheet.defined_name)
    name.text = sheet.area
