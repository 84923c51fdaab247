"""Read a signature part strictly: every element at its exact place, each identifier once, nothing left over.

A signature is wrapped by moving what was signed to where nobody looks and putting something else in its place.
Therefore nothing is searched for by name or identifier here: each element is taken from the one position it may have.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from signing.algorithms import C14N, DIGESTS, RELATIONSHIP_TRANSFORM, SIGNATURE_METHODS
from signing.certificates import (
    CertificateUnreadableError,
    TooManyCertificatesError,
    whole_certificate,
    whole_certificates,
)
from signing.xml import DSIG, MDSSI, OFFICE, WHITE_SPACE, XADES, canonical, parse, serialise

# A package cannot have more parts (``workbooks.archive.Limits``).
_MAX_REFERENCES = 4096
# RFC 5280, 4.1.2.2: twenty octets, which is 49 digits; Python refuses to read a number of thousands.
_MAX_SERIAL_DIGITS = 49
# What a signer says of himself, in letters and in roles; Office takes 255 letters. It is told and kept with verdicts.
_MAX_WORDS = 1000
_MAX_ROLES = 16
# XML Schema's dateTime, in years and zones that can be told in another zone; nothing else that ISO 8601 allows.
_MOMENT = re.compile(
    r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
)
MAX_TIME_STAMPS = 4
# What Office adds to long-term signatures beside the certificates; none of it is evaluated yet.
_UNSIGNED_PROPERTIES = frozenset(
    f"{{{XADES}}}{name}"
    for name in (
        "CertificateValues",
        "SignatureTimeStamp",
        "CompleteCertificateRefs",
        "CompleteRevocationRefs",
        "RevocationValues",
        "SigAndRefsTimeStamp",
    )
)
_KEY_INFO = frozenset(f"{{{DSIG}}}{name}" for name in ("X509Data", "KeyValue"))
_X509_DATA = frozenset(
    f"{{{DSIG}}}{name}" for name in ("X509Certificate", "X509IssuerSerial", "X509SubjectName", "X509SKI")
)
_WITHOUT_WHITE_SPACE = str.maketrans("", "", WHITE_SPACE)
_XML_NAMESPACE = "{http://www.w3.org/XML/1998/namespace}"
# Where somebody signs on a line in the sheet, Office adds what the line looks like then: nothing is read from them.
_PICTURES = frozenset({"idValidSigLnImg", "idInvalidSigLnImg"})
_OBJECT_TYPE = f"{DSIG}Object"
_SIGNED_PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"


class StructureError(ValueError):
    """An element is missing, misplaced, doubled or unknown (BS205); the message is Vietnamese."""


class AlgorithmError(ValueError):
    """An algorithm or transform that is not on the list (BS206)."""


class ForbiddenReferenceError(ValueError):
    """A reference that may not stand in a package signature (BS216)."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A digest as signed. ``source_ids`` is None for whole parts."""

    name: str
    content_type: str
    method: str
    value: bytes
    source_ids: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class SignedObject:
    """An object inside the signature part: its canonical bytes and the digest that was signed."""

    name: str
    content: bytes
    method: str
    value: bytes


@dataclass(frozen=True, slots=True)
class SignatureDocument:
    """A signature part, read.

    Attributes:
        signed_at: as XAdES says it; ``other_times``: as the package object does, which some programs show instead.
        exact: the part is written byte for byte as this package writes its XML.
        stamped: what a time stamp on the signature is over: its value, in canonical form.
        time_stamps: RFC 3161 tokens on it, as they are; nothing is known of them yet.
        unsigned: names of the properties that nobody signed.
    """

    signed_info: bytes
    method: str
    value: bytes
    certificate: x509.Certificate
    objects: tuple[SignedObject, ...]
    manifest: tuple[Reference, ...]
    signed_at: datetime
    other_times: tuple[datetime, ...]
    certificate_method: str
    certificate_digest: bytes
    certificate_serial: int
    roles: tuple[str, ...]
    comment: str
    embedded: tuple[bytes, ...]
    exact: bool
    stamped: bytes
    time_stamps: tuple[bytes, ...]
    unsigned: tuple[str, ...]


def read_signature(data: bytes) -> SignatureDocument:
    """Read one signature part.

    Raises:
        XmlRefusedError, StructureError, AlgorithmError, ForbiddenReferenceError, CertificateUnreadableError.
    """
    root = parse(data)
    _check_whole(root)
    if root.tag != _dsig("Signature"):
        raise StructureError("phần tử gốc không phải Signature")
    signed_info, value, key_info, *objects = _in_order(root, "SignedInfo", "SignatureValue", "KeyInfo", rest="Object")
    pictures = [item for item in objects if item.get("Id") in _PICTURES and not len(item)]
    package, office, xades = _sort_objects([item for item in objects if item not in pictures])
    properties = _signed_properties(root, xades)
    method, references = _read_signed_info(signed_info)
    signed = {item.get("Id", ""): item for item in (package, properties, office, *pictures) if item is not None}
    if "" in signed:
        raise StructureError("khối được ký không có mã định danh")
    signing = _child(properties, f"{{{XADES}}}SignedSignatureProperties")
    certificate_method, certificate_digest, serial = _read_signing_certificate(signing)
    certificate, issuers = _read_certificates(key_info)
    return SignatureDocument(
        signed_info=canonical(signed_info),
        method=method,
        value=_base64(value),
        certificate=certificate,
        objects=_bind(signed, references),
        manifest=_read_manifest(package),
        signed_at=_moment(_child(signing, _xades("SigningTime"))),
        other_times=tuple(_moment(item) for item in package.iter(f"{{{MDSSI}}}Value")),
        certificate_method=certificate_method,
        certificate_digest=certificate_digest,
        certificate_serial=serial,
        roles=_read_roles(signing),
        comment=_read_comment(office),
        embedded=_read_embedded(xades, issuers),
        # In canonical form attributes stand in one order, and nothing is declared twice.
        exact=serialise(etree.fromstring(canonical(root))) == data,
        stamped=canonical(value),
        time_stamps=_read_time_stamps(xades),
        unsigned=tuple(etree.QName(child).localname for child in _unsigned(xades)),
    )


def _check_whole(root: etree._Element) -> None:
    """Identifiers once each; no inherited ``xml:`` attributes; no text between elements."""
    seen: set[str] = set()
    for element in root.iter():
        for name, value in ((str(name), str(value)) for name, value in element.attrib.items()):
            if name.startswith(_XML_NAMESPACE):
                raise StructureError(f"thuộc tính {name} không được phép")
            if etree.QName(name).localname.lower() == "id":
                if value in seen or not value:
                    raise StructureError(f"mã định danh “{value}” xuất hiện hai lần")
                seen.add(value)
        mixed = [element.text or "", *(child.tail or "" for child in element)] if len(element) else []
        if "".join(mixed).strip(WHITE_SPACE):
            raise StructureError(f"có chữ lẫn giữa các phần tử của {etree.QName(element).localname}")


def _sort_objects(objects: list[etree._Element]) -> tuple[etree._Element, etree._Element | None, etree._Element]:
    """The package object, the Office object (optional) and the XAdES object, told apart by their first child."""
    kinds: dict[str, etree._Element] = {}
    first = {
        _dsig("Manifest"): "package",
        _dsig("SignatureProperties"): "office",
        f"{{{XADES}}}QualifyingProperties": "xades",
    }
    for item in objects:
        kind = first.get(str(item[0].tag)) if len(item) else None
        if kind is None or kind in kinds:
            raise StructureError("có khối Object lạ hoặc lặp lại")
        kinds[kind] = item
    if "package" not in kinds or "xades" not in kinds:
        raise StructureError("thiếu danh mục thành phần được ký hoặc thiếu thuộc tính XAdES")
    return kinds["package"], kinds.get("office"), kinds["xades"]


def _signed_properties(root: etree._Element, xades: etree._Element) -> etree._Element:
    if len(xades) != 1 or not root.get("Id") or xades[0].get("Target") != f"#{root.get('Id')}":
        raise StructureError("thuộc tính XAdES không thuộc chữ ký này")
    names = [child.tag for child in xades[0]]
    if names not in ([_xades("SignedProperties")], [_xades("SignedProperties"), _xades("UnsignedProperties")]):
        raise StructureError("thuộc tính XAdES sai thứ tự")
    return xades[0][0]


def _read_signed_info(signed_info: etree._Element) -> tuple[str, dict[str, etree._Element]]:
    canonicalization, method, *references = _in_order(
        signed_info, "CanonicalizationMethod", "SignatureMethod", rest="Reference"
    )
    if canonicalization.get("Algorithm") != C14N or len(canonicalization):
        raise AlgorithmError(canonicalization.get("Algorithm", ""))
    if method.get("Algorithm", "") not in SIGNATURE_METHODS or len(method):
        raise AlgorithmError(method.get("Algorithm", ""))
    found: dict[str, etree._Element] = {}
    for reference in references:
        uri = reference.get("URI", "")
        if not uri.startswith("#") or uri[1:] in found:
            raise ForbiddenReferenceError(uri or "(trống)")
        found[uri[1:]] = reference
    return method.get("Algorithm", ""), found


def _bind(signed: Mapping[str, etree._Element], references: Mapping[str, etree._Element]) -> tuple[SignedObject, ...]:
    """Each object at its own place with the one reference to it; nothing else may be referenced, nothing left out."""
    if set(signed) != set(references):
        raise StructureError("các khối được ký không đúng là các khối có trong chữ ký")
    return tuple(_signed_object(name, element, references[name]) for name, element in signed.items())


def _signed_object(name: str, element: etree._Element, reference: etree._Element) -> SignedObject:
    expected = _SIGNED_PROPERTIES_TYPE if element.tag == _xades("SignedProperties") else _OBJECT_TYPE
    if reference.get("Type", expected) != expected:
        raise ForbiddenReferenceError(f"#{name} (sai loại: {reference.get('Type', '')})")
    transforms, method, value = _read_reference(reference)
    if [transform.get("Algorithm") for transform in transforms] not in ([], [C14N]) or any(map(len, transforms)):
        raise AlgorithmError(", ".join(transform.get("Algorithm", "") for transform in transforms))
    return SignedObject(name, canonical(element), method, value)


def _read_manifest(package: etree._Element) -> tuple[Reference, ...]:
    tags = [child.tag for child in package]
    if tags not in ([_dsig("Manifest")], [_dsig("Manifest"), _dsig("SignatureProperties")]):
        raise StructureError("khối gói (idPackageObject) có phần tử lạ")
    if len(package[0]) > _MAX_REFERENCES:
        raise StructureError(f"danh mục có {len(package[0])} tham chiếu, nhiều hơn {_MAX_REFERENCES}")
    references = tuple(_part_reference(item) for item in _in_order(package[0], rest="Reference"))
    names = [reference.name.lower() for reference in references]
    if len(set(names)) != len(names):
        raise ForbiddenReferenceError("một thành phần được tham chiếu hai lần")
    return references


def _part_reference(element: etree._Element) -> Reference:
    uri = element.get("URI", "")
    name, mark, content_type = uri.partition("?ContentType=")
    # Only absolute names of parts: no fragment, no host, no climbing, so nothing outside the package.
    if not mark or not name.startswith("/") or name.startswith("//") or "/../" in name or {"#", "?"} & set(name):
        raise ForbiddenReferenceError(uri or "(trống)")
    if element.get("Type"):
        raise ForbiddenReferenceError(f"{name} (sai loại: {element.get('Type')})")
    transforms, method, value = _read_reference(element)
    return Reference(name, content_type, method, value, _source_ids(transforms))


def _source_ids(transforms: list[etree._Element]) -> tuple[str, ...] | None:
    """Identifiers of a relationship transform, in order; None where there is no transform; nothing else is accepted."""
    if not transforms:
        return None
    if [transform.get("Algorithm") for transform in transforms] != [RELATIONSHIP_TRANSFORM, C14N] or len(transforms[1]):
        raise AlgorithmError(", ".join(transform.get("Algorithm", "") for transform in transforms))
    sources = list(transforms[0])
    if any(item.tag != f"{{{MDSSI}}}RelationshipReference" or set(item.attrib) != {"SourceId"} for item in sources):
        raise AlgorithmError("RelationshipTransform không theo SourceId")
    ids = tuple(str(item.get("SourceId", "")) for item in sources)
    if len(set(ids)) != len(ids):
        raise ForbiddenReferenceError("một quan hệ được tham chiếu hai lần")
    return ids


def _read_reference(element: etree._Element) -> tuple[list[etree._Element], str, bytes]:
    if set(element.attrib) - {"Id", "Type", "URI"}:
        raise StructureError("tham chiếu có thuộc tính lạ")
    transforms: list[etree._Element] = []
    children = list(element)
    if children and children[0].tag == _dsig("Transforms"):
        transforms = list(_in_order(children[0], rest="Transform"))
        children = children[1:]
    if [child.tag for child in children] != [_dsig("DigestMethod"), _dsig("DigestValue")]:
        raise StructureError("tham chiếu có phần tử lạ")
    method = children[0].get("Algorithm", "")
    if method not in DIGESTS or len(children[0]):
        raise AlgorithmError(method)
    return transforms, method, _base64(children[1])


def _read_certificates(key_info: etree._Element) -> tuple[x509.Certificate, list[bytes]]:
    """The signer's certificate and those that came along behind it: POI writes the whole chain here, Office does not.

    Programs that show the last or another one as the signer's must at least show one of his issuers.
    """
    if any(child.tag not in _KEY_INFO for child in key_info):
        raise StructureError("KeyInfo có phần tử lạ")
    data = _child(key_info, _dsig("X509Data"))
    if any(child.tag not in _X509_DATA for child in data):
        raise StructureError("X509Data có phần tử lạ")
    found = [_base64(item) for item in data.findall(_dsig("X509Certificate"))]
    if not found:
        raise CertificateUnreadableError("chữ ký không mang chứng thư số của người ký")
    certificate, issuers = whole_certificate(found[0]), found[1:]
    chain = (certificate, *map(x509.load_der_x509_certificate, _whole(issuers)))
    if any(one.issuer != other.subject for one, other in pairwise(chain)):
        raise CertificateUnreadableError("chứng thư số kèm theo không phải là của nơi cấp chứng thư đứng trước nó")
    _check_hints(key_info, data, certificate)
    return certificate, issuers


def _whole(found: list[bytes]) -> tuple[bytes, ...]:
    try:
        return whole_certificates(found)
    except TooManyCertificatesError as error:
        raise StructureError(str(error)) from error


def _check_hints(key_info: etree._Element, data: etree._Element, certificate: x509.Certificate) -> None:
    """What other programs may take the key from, though nobody signed it, must name the key of the certificate."""
    key = certificate.public_key()
    known = (key.public_numbers().n, key.public_numbers().e) if isinstance(key, rsa.RSAPublicKey) else None
    for value in key_info.findall(_dsig("KeyValue")):
        written = _child(value, _dsig("RSAKeyValue"))
        numbers = (_base64(_child(written, _dsig(name))) for name in ("Modulus", "Exponent"))
        if tuple(int.from_bytes(number, "big") for number in numbers) != known:
            raise CertificateUnreadableError("KeyValue không phải là khóa trong chứng thư số")
    for serial in data.findall(f"{_dsig('X509IssuerSerial')}/{_dsig('X509SerialNumber')}"):
        if _serial_number(serial) != certificate.serial_number:
            raise CertificateUnreadableError("X509IssuerSerial ghi số sê-ri khác với chứng thư số")


def _read_signing_certificate(signing: etree._Element) -> tuple[str, bytes, int]:
    # The first Cert is the signer's (XAdES 7.2.2); the others, if any, are of its issuers.
    chosen = _child(_child(signing, _xades("SigningCertificate")), _xades("Cert"), first=True)
    cert_digest = _child(chosen, _xades("CertDigest"))
    method = _child(cert_digest, _dsig("DigestMethod")).get("Algorithm", "")
    if method not in DIGESTS:
        raise AlgorithmError(method)
    serial = _serial_number(_child(_child(chosen, _xades("IssuerSerial")), _dsig("X509SerialNumber")))
    return method, _base64(_child(cert_digest, _dsig("DigestValue"))), serial


def _serial_number(element: etree._Element) -> int:
    text = _text(element)
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_SERIAL_DIGITS):
        raise StructureError(f"số sê-ri “{text[:_MAX_SERIAL_DIGITS]}” không phải là số của một chứng thư")
    return int(text)


def _moment(element: etree._Element) -> datetime:
    text = _text(element)
    try:
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise StructureError(f"thời điểm ký “{text[:40]}” không đọc được hoặc thiếu múi giờ")


def _read_roles(signing: etree._Element) -> tuple[str, ...]:
    roles = signing.findall("xd:SignerRole/xd:ClaimedRoles/xd:ClaimedRole", {"xd": XADES})
    if len(roles) > _MAX_ROLES:
        raise StructureError(f"ghi {len(roles)} vai trò, nhiều hơn {_MAX_ROLES}")
    return tuple(_words(_text(role)) for role in roles)


def _read_comment(office: etree._Element | None) -> str:
    if office is None:
        return ""
    path = "d:SignatureProperties/d:SignatureProperty/o:SignatureInfoV1/o:SignatureComments"
    return _words("".join(_text(item) for item in office.findall(path, {"d": DSIG, "o": OFFICE})))


def _words(text: str) -> str:
    if len(text) > _MAX_WORDS:
        raise StructureError(f"lời ghi hoặc vai trò dài {len(text)} ký tự, nhiều hơn {_MAX_WORDS}")
    return text


def _unsigned(xades: etree._Element) -> list[etree._Element]:
    """The properties that nobody signed, so that nothing else may hide among them."""
    unsigned = xades[0].find(_xades("UnsignedProperties"))
    if unsigned is None:
        return []
    properties = _child(unsigned, _xades("UnsignedSignatureProperties"))
    if len(unsigned) != 1 or any(child.tag not in _UNSIGNED_PROPERTIES for child in properties):
        raise StructureError("phần không được ký chứa phần tử lạ")
    return list(properties)


def _read_embedded(xades: etree._Element, issuers: list[bytes]) -> tuple[bytes, ...]:
    """Certificates that came along, here and in the other place (``issuers``)."""
    values = [child for child in _unsigned(xades) if child.tag == _xades("CertificateValues")]
    found = [certificate for value in values for certificate in value]
    if len(values) > 1 or any(item.tag != _xades("EncapsulatedX509Certificate") for item in found):
        raise StructureError("phần chứng thư kèm theo có phần tử lạ")
    certificates = [_base64(item) for item in found]
    return _whole(certificates + [item for item in issuers if item not in certificates])


def _read_time_stamps(xades: etree._Element) -> tuple[bytes, ...]:
    """The tokens of every SignatureTimeStamp (XAdES 7.3): C14N 1.0, which is what is taken where none is named."""
    stamps = [child for child in _unsigned(xades) if child.tag == _xades("SignatureTimeStamp")]
    if len(stamps) > MAX_TIME_STAMPS:
        raise StructureError("chữ ký mang quá nhiều dấu thời gian")
    return tuple(_read_time_stamp(stamp) for stamp in stamps)


def _read_time_stamp(stamp: etree._Element) -> bytes:
    children = list(stamp)
    if children and children[0].tag == _dsig("CanonicalizationMethod"):
        if children[0].get("Algorithm") != C14N or len(children[0]):
            raise AlgorithmError(children[0].get("Algorithm", ""))
        children = children[1:]
    if [child.tag for child in children] != [_xades("EncapsulatedTimeStamp")]:
        raise StructureError("dấu thời gian có phần tử lạ")
    return _base64(children[0])


def _in_order(parent: etree._Element, *names: str, rest: str) -> Iterator[etree._Element]:
    """The children, which must be these XML-DSig elements, then one or more of ``rest``."""
    children = list(parent)
    expected = [_dsig(name) for name in names] + [_dsig(rest)] * max(len(children) - len(names), 1)
    if [child.tag for child in children] != expected:
        raise StructureError(f"phần tử con của {etree.QName(parent).localname} không đúng quy cách")
    return iter(children)


def _child(parent: etree._Element, tag: str, *, first: bool = False) -> etree._Element:
    """The only child of a name (or the first of several)."""
    found = parent.findall(tag)
    if not found or (len(found) > 1 and not first):
        raise StructureError(f"{etree.QName(parent).localname} phải có đúng một {etree.QName(tag).localname}")
    return found[0]


def _text(element: etree._Element) -> str:
    if len(element):
        raise StructureError(f"{etree.QName(element).localname} có phần tử con")
    return (element.text or "").strip(WHITE_SPACE)


def _base64(element: etree._Element) -> bytes:
    text = _text(element).translate(_WITHOUT_WHITE_SPACE)
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise StructureError(f"{etree.QName(element).localname} không phải base64") from error
    if b64encode(data).decode("ascii") != text:
        raise StructureError(f"{etree.QName(element).localname} không phải base64 chuẩn")
    return data


def _dsig(name: str) -> str:
    return f"{{{DSIG}}}{name}"


def _xades(name: str) -> str:
    return f"{{{XADES}}}{name}"
