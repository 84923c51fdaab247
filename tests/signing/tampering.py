"""What an attacker does to a file: takes it apart and puts it together again, in perfectly good order."""

from __future__ import annotations

import io
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping

from asn1crypto import keys as asn1_keys  # type: ignore[import-untyped]  # has no stubs
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from lxml import etree
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signing.algorithms import digest
from signing.document import value_to_stamp, with_time_stamp
from signing.exact import content_types
from signing.layout import ORIGIN_TYPE, RELS_TYPE
from signing.stamping import stamp_request
from signing.xml import DSIG, MDSSI, XADES, canonical, serialise
from tests.signing.authorities import NOW, Holder, a_certificate, rsa_key

_NS = {"d": DSIG, "xd": XADES, "mdssi": MDSSI}
Change = Callable[[etree._Element], object]
_PACKED_AT = (2026, 9, 15, 10, 0, 0)
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
            archive.writestr(zipfile.ZipInfo(name, _PACKED_AT), content, zipfile.ZIP_DEFLATED)
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
        name = reference.get("URI", "")[1:]
        target = root.xpath(f"//*[@Id='{name}']")[0] if name else first(root, "//xd:SignedProperties")
        _set(reference.find("d:DigestValue", _NS), digest(canonical(target)))
    value = holder.sign(canonical(root.find("d:SignedInfo", _NS)), hashes.SHA256())
    _set(root.find("d:SignatureValue", _NS), value)
    return serialise(root)


def with_tree(data: bytes, change: Change) -> bytes:
    """The file with its signature part changed as a tree, as an outsider can; written as it is written here."""
    root = etree.fromstring(parts_of(data)[SIGNATURE])
    change(root)
    return changed(data, {SIGNATURE: serialise(root)})


def with_resigned_tree(data: bytes, change: Change, holder: Holder) -> bytes:
    """The file with its signature part changed and signed again, as a careless or hostile signer can."""
    root = etree.fromstring(parts_of(data)[SIGNATURE])
    change(root)
    return changed(data, {SIGNATURE: resigned(serialise(root), holder)})


def first(root: etree._Element, path: str) -> etree._Element:
    """The first element at a path; the prefixes are d, xd and mdssi."""
    return root.xpath(path, namespaces=_NS)[0]


def a_clock(issuer: Holder) -> Holder:
    """A time-stamping authority whose key the stamper of pyHanko can use."""
    name, purposes = "Máy chủ dấu thời gian", (ExtendedKeyUsageOID.TIME_STAMPING,)
    return a_certificate(
        name,
        rsa_key(name="clock"),
        issuer=issuer,
        usage=("digital_signature",),
        purposes=purposes,
        purposes_critical=True,
    )


def stamped(data: bytes, clock: Holder, extra: Iterable[x509.Certificate] = ()) -> bytes:
    """The file with a time stamp on its signature, as at the moment of the tests.

    Args:
        extra: certificates that come along in the token beside the authority's own.
    """
    part = parts_of(data)[SIGNATURE]
    key = clock.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    others = SimpleCertificateStore.from_certs(
        [asn1_x509.Certificate.load(item.public_bytes(Encoding.DER)) for item in (*clock.chain, *extra)]
    )
    stamper = DummyTimeStamper(
        asn1_x509.Certificate.load(clock.certificate.public_bytes(Encoding.DER)),
        asn1_keys.PrivateKeyInfo.load(key),
        others,
        fixed_dt=NOW,
    )
    reply = stamper.request_tsa_response(tsp.TimeStampReq.load(stamp_request(value_to_stamp(part)).encoded))
    return changed(data, {SIGNATURE: with_time_stamp(part, reply["time_stamp_token"].dump())})


def signed_elsewhere(data: bytes, holder: Holder) -> bytes:
    """The file as another program would have signed it, on a machine with a screen: held to its meaning only."""

    def widen(root: etree._Element) -> None:
        first(root, "//*[local-name()='HorizontalResolution']").text = "1920"

    return with_resigned_tree(data, widen, holder)


def with_types(parts: Mapping[str, bytes], types: Mapping[str, str] | None = None) -> bytes:
    """The parts zipped, their content types declared in the very way they are written here.

    Args:
        types: content types by part name without a leading slash, for parts that are new or to be another kind.
    """
    declared = {
        item.get("PartName", "")[1:]: item.get("ContentType", "") for item in etree.fromstring(parts[CONTENT_TYPES])
    }
    defaults = {"rels": RELS_TYPE, "sigs": ORIGIN_TYPE}
    known = {name: defaults.get(name.rpartition(".")[2].lower(), "application/xml") for name in parts}
    wanted = {name: kind for name, kind in (known | declared | dict(types or {})).items() if name in parts}
    wanted.pop(CONTENT_TYPES)
    return rebuilt({**parts, CONTENT_TYPES: content_types({f"/{name}": kind for name, kind in wanted.items()})})


def _set(element: etree._Element, value: bytes) -> None:
    element.text = b64encode(value).decode()
