"""What an attacker does to a file: takes it apart and puts it together again, in perfectly good order."""

from __future__ import annotations

import io
import zipfile
from base64 import b64encode
from collections.abc import Iterable, Mapping

from cryptography.hazmat.primitives import hashes
from lxml import etree

from signing.algorithms import digest
from signing.xml import DSIG, canonical, serialise
from tests.signing.authorities import Holder

_NS = {"d": DSIG}
SIGNATURE = "_xmlsignatures/sig1.xml"
SHEET = "xl/worksheets/sheet1.xml"
CONTENT_TYPES = "[Content_Types].xml"


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rebuilt(parts: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items() if isinstance(parts, Mapping) else parts:
            archive.writestr(name, content)
    return buffer.getvalue()


def changed(data: bytes, changes: Mapping[str, bytes | None]) -> bytes:
    """The file with parts replaced, added or (None) removed."""
    parts: dict[str, bytes | None] = {**parts_of(data), **changes}
    return rebuilt({name: content for name, content in parts.items() if content is not None})


def replaced(data: bytes, part: str, old: str, new: str) -> bytes:
    """The file with a text replaced once in a part; the text must be there."""
    content = parts_of(data)[part]
    if old.encode() not in content:
        raise AssertionError(f"{old!r} is not in {part}")
    return changed(data, {part: content.replace(old.encode(), new.encode(), 1)})


def with_declared(data: bytes, part: str, content_type: str, content: bytes) -> bytes:
    """The file with one part more, properly declared."""
    declaration = f'<Override PartName="/{part}" ContentType="{content_type}"/></Types>'
    return changed(replaced(data, CONTENT_TYPES, "</Types>", declaration), {part: content})


def resigned(xml: bytes, holder: Holder) -> bytes:
    """A signature part after changes, signed again by the key's holder: digests of objects and the value are right."""
    root = etree.fromstring(xml)
    for reference in root.findall("d:SignedInfo/d:Reference", _NS):
        target = root.xpath(f"//*[@Id='{reference.get('URI', '')[1:]}']")[0]
        _set(reference.find("d:DigestValue", _NS), digest(canonical(target)))
    value = holder.sign(canonical(root.find("d:SignedInfo", _NS)), hashes.SHA256())
    _set(root.find("d:SignatureValue", _NS), value)
    return serialise(root)


def _set(element: etree._Element, value: bytes) -> None:
    element.text = b64encode(value).decode()
