"""Where signatures lie in a package, and what must lie inside them. The same rules for signing and verifying.

Signed: every part and every relationship (save the one to the signature origin). Not signed: the signature parts
themselves and ``[Content_Types].xml`` (the content type stands in each reference instead). Other programs also leave
the document properties unsigned, because Office rewrites them and POI cannot verify them: nothing may be read from
those. What is signed here has none (see ``signing.properties``).
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from signing.properties import CORE_TYPE, EXTENDED_TYPE, is_marked
from signing.xml import CONTENT_TYPES, RELATIONSHIPS, WHITE_SPACE, XmlRefusedError, parse
from workbooks.package import CONTENT_TYPES_PART, Package, Relationship, relationships_part

FOLDER = "/_xmlsignatures/"
ORIGIN = f"{FOLDER}origin.sigs"
ORIGIN_RELS = relationships_part(ORIGIN)
ROOT_RELS = "/_rels/.rels"
# Each costs a verification; nobody has that many leaders.
MAX_SIGNATURES = 32
# Bytes of all signature parts together. A part costs 200 bytes of it, so that a hundred times an honest file fits in.
_MAX_SIZE = 16 << 20

ORIGIN_TYPE = "application/vnd.openxmlformats-package.digital-signature-origin"
SIGNATURE_TYPE = "application/vnd.openxmlformats-package.digital-signature-xmlsignature+xml"
RELS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"

_DIGSIG = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/"
ORIGIN_RELATIONSHIP = f"{_DIGSIG}origin"
SIGNATURE_RELATIONSHIP = f"{_DIGSIG}signature"

# Part, content type, relationship type of the properties that other programs leave unsigned.
_PROPERTIES = (
    (
        "/docProps/core.xml",
        CORE_TYPE,
        "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties",
    ),
    (
        "/docProps/app.xml",
        EXTENDED_TYPE,
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/extended-properties",
    ),
)
_RELATIONSHIP_ATTRIBUTES = {"Id", "Type", "Target", "TargetMode"}


class LayoutError(ValueError):
    """The package keeps its signatures in another way than the one allowed; the message is Vietnamese."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The parts of a package, sorted by what a signature owes them.

    Attributes:
        parts: must be referenced whole.
        rels: relationship parts whose every relationship must be referenced, save the exempt ones.
        uncovered: document properties, where they may stay outside.
    """

    parts: tuple[str, ...]
    rels: tuple[str, ...]
    uncovered: tuple[str, ...]


def contents(package: Package, *, strict: bool) -> Contents:
    """Sort the parts of a package; strictly, nothing may stay outside."""
    outside = {
        name
        for name, kind, _ in _PROPERTIES
        if not strict and name in package.parts and package.content_type(name) == kind
    }
    own = [name for name in package.parts if not name.lower().startswith(FOLDER)]
    rels = tuple(sorted(name for name in own if is_rels(name)))
    parts = tuple(sorted(name for name in own if not is_rels(name) and name not in outside))
    return Contents(parts, rels, tuple(sorted(outside)))


def is_rels(name: str) -> bool:
    """Whether a part holds relationships."""
    return name.lower().endswith(".rels")


def is_exempt(relationship: Relationship, *, strict: bool) -> bool:
    """Whether a relationship of the package may stay unsigned: to the signature origin, or to unsigned properties."""
    if relationship.source != "/" or relationship.external:
        return False
    if relationship.type == ORIGIN_RELATIONSHIP:
        return relationship.target == ORIGIN
    return not strict and any(
        relationship.type == kind and relationship.target == name for name, _, kind in _PROPERTIES
    )


def signature_parts(package: Package) -> tuple[str, ...]:
    """The signature parts in order, or ``()`` for a package without a signature origin.

    Raises:
        LayoutError: where origin, relationships and signature parts are not exactly as they must be.
    """
    origins = [item for item in package.relationships("/") if item.type == ORIGIN_RELATIONSHIP]
    inside = {name for name in package.parts if name.lower().startswith(FOLDER)}
    if not origins:
        return ()
    if len(origins) != 1 or origins[0].target != ORIGIN or origins[0].external:
        raise LayoutError("phải có đúng một quan hệ tới /_xmlsignatures/origin.sigs")
    if package.content_type(ORIGIN) != ORIGIN_TYPE or package.part(ORIGIN):
        raise LayoutError("gốc chữ ký (origin.sigs) sai kiểu nội dung hoặc không rỗng")
    try:
        read_rels(package.part(ORIGIN_RELS) if ORIGIN_RELS in package else b"")
    except XmlRefusedError as problem:
        raise LayoutError(f"quan hệ của gốc chữ ký sai quy cách: {problem}") from problem
    if ORIGIN_RELS in package and package.content_type(ORIGIN_RELS) != RELS_TYPE:
        raise LayoutError("quan hệ của gốc chữ ký sai kiểu nội dung")
    related = package.relationships(ORIGIN)
    if any(item.type != SIGNATURE_RELATIONSHIP or item.external for item in related):
        raise LayoutError("gốc chữ ký có quan hệ lạ")
    found = [item.target for item in related]
    for name in found:
        if not name.startswith(FOLDER) or package.content_type(name) != SIGNATURE_TYPE:
            raise LayoutError(f"{name} không mang kiểu nội dung của chữ ký số")
    strangers = inside - {ORIGIN, ORIGIN_RELS, *found}
    if len(found) > MAX_SIGNATURES:
        raise LayoutError(f"có {len(found)} chữ ký, nhiều hơn {MAX_SIGNATURES}")
    if sum(package.archive.entry(name[1:]).size for name in found) > _MAX_SIZE:
        raise LayoutError(f"các phần chữ ký dài hơn {_MAX_SIZE >> 20} MB")
    if strangers or len(set(found)) != len(found):
        raise LayoutError(f"thành phần lạ trong thư mục chữ ký: {', '.join(sorted(strangers)) or found[0]}")
    return tuple(sorted(found, key=lambda name: (len(name), name)))


def traces(package: Package) -> str:
    """What tells that an unsigned file was signed once, in Vietnamese, or ``""``."""
    left = [name for name in package.parts if name.lower().startswith(FOLDER)]
    if left:
        return f"còn sót {left[0]}"
    if is_marked(package):
        return "thuộc tính tệp còn ghi “Đã ký số”"
    if b"digital-signature" in package.archive.read(CONTENT_TYPES_PART[1:]):
        return "[Content_Types].xml còn khai báo chữ ký số"
    return ""


def read_rels(data: bytes) -> etree._Element:
    """A relationship part, strictly: nothing in it may mean anything that its digest does not hold.

    Raises:
        XmlRefusedError: with the reason in Vietnamese.
    """
    root = parse(data)
    if root.tag != f"{{{RELATIONSHIPS}}}Relationships" or root.attrib or _text_of(root):
        raise XmlRefusedError("phần tử gốc sai quy cách")
    for child in root:
        if child.tag != f"{{{RELATIONSHIPS}}}Relationship" or len(child) or _text_of(child):
            raise XmlRefusedError("có phần tử lạ")
        if set(child.attrib) - _RELATIONSHIP_ATTRIBUTES:
            raise XmlRefusedError("quan hệ có thuộc tính lạ")
        if child.get("TargetMode", "Internal") not in ("Internal", "External"):
            raise XmlRefusedError("TargetMode sai")
    return root


def check_content_types(data: bytes) -> None:
    """Refuse declarations that two programs could read in two ways.

    Raises:
        XmlRefusedError: with the reason in Vietnamese.
    """
    root = parse(data)
    if root.tag != f"{{{CONTENT_TYPES}}}Types" or root.attrib or _text_of(root):
        raise XmlRefusedError("phần tử gốc sai quy cách")
    allowed = {
        f"{{{CONTENT_TYPES}}}Default": {"Extension", "ContentType"},
        f"{{{CONTENT_TYPES}}}Override": {"PartName", "ContentType"},
    }
    for child in root:
        if set(child.attrib) != allowed.get(str(child.tag)) or len(child) or _text_of(child):
            raise XmlRefusedError("có phần tử lạ")


def _text_of(element: etree._Element) -> str:
    """Text directly inside an element, white space apart."""
    pieces = [element.text or "", *(child.tail or "" for child in element)]
    return "".join(pieces).strip(WHITE_SPACE)
