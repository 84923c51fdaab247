"""A template that links to other files, read without its links: they are told, and so is everything else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workbooks import markup
from workbooks.archive import Archive, Entry, open_archive, write_archive
from workbooks.package import CONTENT_TYPES_PART, relationships_part
from workbooks.registration import change_overrides, remove_relationships

_LINKS: Final = "/xl/externalLinks/"
_WORKBOOK: Final = "/xl/workbook.xml"
_RELATIONSHIPS: Final = relationships_part(_WORKBOOK)
_REFERENCES: Final = f"{{{markup.MAIN}}}externalReferences"


def without_links(data: bytes) -> bytes:
    """The workbook without its links to other workbooks. Raises WorkbookError where the file is damaged."""
    return write_archive(_parts(open_archive(data)))


def _parts(archive: Archive) -> Iterator[tuple[str, bytes | Entry]]:
    gone = {f"/{name}" for name in archive.names if f"/{name}".startswith(_LINKS)}
    for name in archive.names:
        part = f"/{name}"
        if part == CONTENT_TYPES_PART:
            yield name, change_overrides(archive.read(name), dict.fromkeys(gone))
        elif part == _RELATIONSHIPS:
            yield name, _relationships(archive.read(name), part)
        elif part == _WORKBOOK:
            yield name, _workbook(archive.read(name), part)
        elif part not in gone:
            yield name, archive.entry(name)


def _relationships(content: bytes, part: str) -> bytes:
    root = markup.parse_xml(content, part)
    links = {item.get("Id", "") for item in root if item.get("Type", "").endswith("/externalLink")}
    return remove_relationships(content, links)


def _workbook(content: bytes, part: str) -> bytes:
    root = markup.parse_xml(content, part)
    for references in root.findall(_REFERENCES):
        root.remove(references)
    return markup.write_xml(root)
