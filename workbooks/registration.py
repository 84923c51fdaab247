"""Entering and striking parts in [Content_Types].xml and in relationship parts."""

from __future__ import annotations

from lxml import etree

from workbooks import markup
from workbooks.package import CONTENT_TYPES_PART

_OVERRIDE = f"{{{markup.CONTENT_TYPES}}}Override"
_RELATIONSHIP = f"{{{markup.PACKAGE_RELATIONSHIPS}}}Relationship"


def add_override(content_types: bytes, part: str, content_type: str) -> bytes:
    """Declare the content type of one part (replacing what was declared for it)."""
    return change_overrides(content_types, {part: content_type})


def change_overrides(content_types: bytes, changes: dict[str, str | None]) -> bytes:
    """Declare the content types of several parts at once; None strikes the declaration."""
    root = markup.parse_xml(content_types, CONTENT_TYPES_PART)
    touched = {part.lower() for part in changes}
    for item in root.findall(_OVERRIDE):
        if item.get("PartName", "").lower() in touched:
            root.remove(item)
    for part, kind in changes.items():
        if kind is not None:
            etree.SubElement(root, _OVERRIDE, PartName=part, ContentType=kind)
    return markup.write_xml(root)


def add_default(content_types: bytes, extension: str, content_type: str) -> bytes:
    """Declare the content type of an extension, unless there is one."""
    root = markup.parse_xml(content_types, CONTENT_TYPES_PART)
    tag = f"{{{markup.CONTENT_TYPES}}}Default"
    if any(item.get("Extension", "").lower() == extension.lower() for item in root.findall(tag)):
        return content_types
    root.insert(0, etree.Element(tag, Extension=extension, ContentType=content_type))
    return markup.write_xml(root)


def add_relationship(rels: bytes | None, kind: str, target: str, *, external: bool = False) -> tuple[bytes, str]:
    """Add a relationship to a relationship part (None: to a new one); returns the part and the new identifier."""
    changed, identifiers = add_relationships(rels, [(kind, target)], external=external)
    return changed, identifiers[0]


def new_relationships() -> etree._Element:
    """An empty relationship part."""
    return markup.parse_xml(f'<Relationships xmlns="{markup.PACKAGE_RELATIONSHIPS}"/>'.encode(), "rels")


def add_relationships(
    rels: bytes | None, wanted: list[tuple[str, str]], *, external: bool = False
) -> tuple[bytes, list[str]]:
    """Add several (type, target) at once; returns the part and the new identifiers in order."""
    root = markup.parse_xml(rels, "rels") if rels else new_relationships()
    taken = {item.get("Id", "") for item in root}
    identifiers: list[str] = []
    number = 0
    for kind, target in wanted:
        number += 1
        while f"rId{number}" in taken:
            number += 1
        item = etree.SubElement(root, _RELATIONSHIP, Id=f"rId{number}", Type=kind, Target=target)
        if external:
            item.set("TargetMode", "External")
        taken.add(f"rId{number}")
        identifiers.append(f"rId{number}")
    return markup.write_xml(root), identifiers


def remove_relationships(rels: bytes, identifiers: set[str]) -> bytes:
    """Strike relationships by identifier."""
    root = markup.parse_xml(rels, "rels")
    for item in list(root):
        if item.get("Id") in identifiers:
            root.remove(item)
    return markup.write_xml(root)
