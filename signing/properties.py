"""The document properties of a signed workbook: what people would miss moves to the signed custom properties.

POI fails on signed core properties and Office rewrites both core and extended ones, so a signature would have to leave
them open to change. They are optional (ECMA-376 part 2, 8.3.2.5; part 1, 15.2.12), so the first signature drops them.
The custom properties also say when the file was signed. openpyxl and LibreOffice remove signatures on save without a
word but keep that note: it proves nothing, it only lets the refusal say why the signature is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from lxml import etree

from signing.xml import XmlRefusedError, parse
from workbooks import markup
from workbooks.errors import WorkbookError
from workbooks.package import Package, Relationship

CORE_TYPE = "application/vnd.openxmlformats-package.core-properties+xml"
EXTENDED_TYPE = "application/vnd.openxmlformats-officedocument.extended-properties+xml"
CUSTOM_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
CUSTOM_RELATIONSHIP = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
_THUMBNAIL = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail"
_CUSTOM_PART = "/docProps/custom.xml"

SIGNED = "Đã ký số"
_CREATED = "Ngày tạo"
_NAMES = {
    "{http://purl.org/dc/elements/1.1/}title": "Tiêu đề",
    "{http://purl.org/dc/elements/1.1/}creator": "Người tạo",
    "{http://purl.org/dc/elements/1.1/}subject": "Chủ đề",
    "{http://purl.org/dc/elements/1.1/}description": "Mô tả",
    "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}keywords": "Từ khoá",
    "{http://purl.org/dc/terms/}created": _CREATED,
}
_CUSTOM = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_VALUES = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
_EMPTY = f'<Properties xmlns="{_CUSTOM}" xmlns:vt="{_VALUES}"/>'.encode()
_FORMAT = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"  # the property set of custom properties; its identifiers start at 2
_FIRST_ID = 2


class PropertiesError(ValueError):
    """The custom properties cannot be added to; the message is Vietnamese."""


def dropped_parts(package: Package) -> frozenset[str]:
    """Core and extended properties, and the picture of the first page as it once was."""
    properties = {name for name in package.parts if package.content_type(name) in (CORE_TYPE, EXTENDED_TYPE)}
    pictures = {
        item.target
        for item in package.relationships("/")
        if item.type == _THUMBNAIL and item.target in package and package.content_type(item.target).startswith("image/")
    }
    return frozenset(properties | pictures)


def custom_part(package: Package) -> str:
    """Name of the part of custom properties, be it there or not."""
    related = _custom_relationship(package)
    return related.target if related else _CUSTOM_PART


def is_related(package: Package) -> bool:
    """Whether the package already leads to its custom properties."""
    return _custom_relationship(package) is not None


def custom_properties(package: Package, at: datetime) -> bytes:
    """The custom properties with what is carried over and the note of signing; what they already say stays.

    A program that saves a signed file finds no core properties and makes up new ones: those must not win.

    Raises:
        PropertiesError: something else stands where they should be.
        WorkbookError: they cannot be read.
    """
    part = custom_part(package)
    if part in package and package.content_type(part) != CUSTOM_TYPE:
        raise PropertiesError(f"{part} không phải là thuộc tính tuỳ chỉnh của tệp")
    root = markup.parse_xml(package.part(part) if part in package else _EMPTY, part)
    if root.tag != f"{{{_CUSTOM}}}Properties":
        raise PropertiesError(f"{part} không đúng mẫu thuộc tính tuỳ chỉnh")
    for item in _named(root, SIGNED):
        root.remove(item)
    for name, value in _carried(package):
        if not _named(root, name):
            _add(root, name, value)
    _add(root, SIGNED, at)
    return markup.write_xml(root)


def is_marked(package: Package) -> bool:
    """Whether the properties say that the file was signed."""
    part = custom_part(package)
    try:
        return part in package and bool(_named(markup.parse_xml(package.part(part), part), SIGNED))
    except WorkbookError:
        return False


def _custom_relationship(package: Package) -> Relationship | None:
    related = (item for item in package.relationships("/") if item.type == CUSTOM_RELATIONSHIP and not item.external)
    return next(related, None)


def _carried(package: Package) -> Iterator[tuple[str, str | datetime]]:
    """Names and values of the core properties that have any."""
    for part in package.parts:
        if package.content_type(part) != CORE_TYPE:
            continue
        try:
            root = parse(package.part(part))
        except XmlRefusedError:
            continue
        for child in root:
            name, text = _NAMES.get(str(child.tag)), (child.text or "").strip()
            if name and text:
                yield name, _moment(text) if name == _CREATED else text


def _moment(text: str) -> str | datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return text


def _named(root: etree._Element, name: str) -> list[etree._Element]:
    """Properties of a name; Office does not tell cases apart."""
    return [item for item in root if item.get("name", "").casefold() == name.casefold()]


def _add(root: etree._Element, name: str, value: str | datetime) -> None:
    number = max((*_numbers(root), _FIRST_ID - 1)) + 1
    item = etree.SubElement(root, f"{{{_CUSTOM}}}property", fmtid=_FORMAT, pid=str(number), name=name)
    kind = "lpwstr" if isinstance(value, str) else "filetime"
    content = etree.SubElement(item, f"{{{_VALUES}}}{kind}")
    content.text = value if isinstance(value, str) else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _numbers(root: etree._Element) -> Iterable[int]:
    texts = (item.get("pid", "") for item in root)
    return (int(text) for text in texts if text.isascii() and text.isdigit())
