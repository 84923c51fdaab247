"""Read a signature part strictly: every element at its exact place, each identifier once, nothing left over.

A signature is wrapped by moving what was signed to where nobody looks and putting something else in its place.
Therefore nothing is searched for by name or identifier here: each element is taken from the one position it may have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from lxml import etree

from signing.algorithms import C14N, DIGESTS, EXCLUSIVE_C14N, RELATIONSHIP_TRANSFORM, SIGNATURE_METHODS
from signing.certificates import (
    CertificateUnreadableError,
    TooManyCertificatesError,
    whole_certificate,
    whole_certificates,
)
from signing.elements import StructureError, base64_of, dsig_name, in_order, only, serial_number, text_of, xades_name
from signing.hints import X509_HINTS, check_hints
from signing.xml import DSIG, MDSSI, OFFICE, WHITE_SPACE, XADES, canonical, parse, serialise

# A package cannot have more parts (``workbooks.archive.Limits``).
_MAX_REFERENCES = 4096
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
_KEY_INFO = frozenset(f"{{{DSIG}}}{name}" for name in ("X509Data", "KeyValue", "KeyName"))
_X509_DATA = frozenset({dsig_name("X509Certificate"), *map(dsig_name, X509_HINTS)})
_XML_NAMESPACE = "{http://www.w3.org/XML/1998/namespace}"
# Where somebody signs on a line in the sheet, Office adds what the line looks like then: nothing is read from them.
_PICTURES = frozenset({"idValidSigLnImg", "idInvalidSigLnImg"})
_OBJECT_TYPE = f"{DSIG}Object"
_SIGNED_PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"


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
class EncapsulatedStamp:
    """An RFC 3161 token, and what it must be over: the value of the signature, in canonical form."""

    token: bytes
    over: bytes


@dataclass(frozen=True, slots=True)
class SignatureDocument:
    """A signature part, read.

    Attributes:
        signed_at: as XAdES says it; ``other_times``: as the package object does, which some programs show instead.
        exact: the part is written byte for byte as this package writes its XML.
        time_stamps: those on it, as they are; nothing is known of them yet.
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
    time_stamps: tuple[EncapsulatedStamp, ...]
    unsigned: tuple[str, ...]


def read_signature(data: bytes) -> SignatureDocument:
    """Read one signature part.

    Raises:
        XmlRefusedError, StructureError, AlgorithmError, ForbiddenReferenceError, CertificateUnreadableError.
    """
    root = parse(data)
    _check_whole(root)
    if root.tag != dsig_name("Signature"):
        raise StructureError("phần tử gốc không phải Signature")
    signed_info, value, key_info, *objects = in_order(root, "SignedInfo", "SignatureValue", "KeyInfo", rest="Object")
    pictures = [item for item in objects if item.get("Id") in _PICTURES and not len(item)]
    package, office, xades = _sort_objects([item for item in objects if item not in pictures])
    properties = _signed_properties(root, xades)
    method, references = _read_signed_info(signed_info)
    signed = {item.get("Id", ""): item for item in (package, properties, office, *pictures) if item is not None}
    if "" in signed:
        raise StructureError("khối được ký không có mã định danh")
    signing = only(properties, f"{{{XADES}}}SignedSignatureProperties")
    certificate_method, certificate_digest, serial = _read_signing_certificate(signing)
    certificate, issuers = _read_certificates(key_info)
    return SignatureDocument(
        signed_info=canonical(signed_info),
        method=method,
        value=base64_of(value),
        certificate=certificate,
        objects=_bind(signed, references),
        manifest=_read_manifest(package),
        signed_at=_moment(only(signing, xades_name("SigningTime"))),
        other_times=tuple(_moment(item) for item in package.iter(f"{{{MDSSI}}}Value")),
        certificate_method=certificate_method,
        certificate_digest=certificate_digest,
        certificate_serial=serial,
        roles=_read_roles(signing),
        comment=_read_comment(office),
        embedded=_read_embedded(xades, issuers),
        # In canonical form attributes stand in one order, and nothing is declared twice.
        exact=serialise(etree.fromstring(canonical(root))) == data,
        time_stamps=_read_time_stamps(xades, value),
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
        dsig_name("Manifest"): "package",
        dsig_name("SignatureProperties"): "office",
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
    if names not in (
        [xades_name("SignedProperties")],
        [xades_name("SignedProperties"), xades_name("UnsignedProperties")],
    ):
        raise StructureError("thuộc tính XAdES sai thứ tự")
    return xades[0][0]


def _read_signed_info(signed_info: etree._Element) -> tuple[str, dict[str, etree._Element]]:
    canonicalization, method, *references = in_order(
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
    expected = _SIGNED_PROPERTIES_TYPE if element.tag == xades_name("SignedProperties") else _OBJECT_TYPE
    if reference.get("Type", expected) != expected:
        raise ForbiddenReferenceError(f"#{name} (sai loại: {reference.get('Type', '')})")
    transforms, method, value = _read_reference(reference)
    if [transform.get("Algorithm") for transform in transforms] not in ([], [C14N]) or any(map(len, transforms)):
        raise AlgorithmError(", ".join(transform.get("Algorithm", "") for transform in transforms))
    return SignedObject(name, canonical(element), method, value)


def _read_manifest(package: etree._Element) -> tuple[Reference, ...]:
    tags = [child.tag for child in package]
    if tags not in ([dsig_name("Manifest")], [dsig_name("Manifest"), dsig_name("SignatureProperties")]):
        raise StructureError("khối gói (idPackageObject) có phần tử lạ")
    if len(package[0]) > _MAX_REFERENCES:
        raise StructureError(f"danh mục có {len(package[0])} tham chiếu, nhiều hơn {_MAX_REFERENCES}")
    references = tuple(_part_reference(item) for item in in_order(package[0], rest="Reference"))
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
    if children and children[0].tag == dsig_name("Transforms"):
        transforms = list(in_order(children[0], rest="Transform"))
        children = children[1:]
    if [child.tag for child in children] != [dsig_name("DigestMethod"), dsig_name("DigestValue")]:
        raise StructureError("tham chiếu có phần tử lạ")
    method = children[0].get("Algorithm", "")
    if method not in DIGESTS or len(children[0]):
        raise AlgorithmError(method)
    return transforms, method, base64_of(children[1])


def _read_certificates(key_info: etree._Element) -> tuple[x509.Certificate, list[bytes]]:
    """The signer's certificate and those that came along behind it: POI writes the whole chain here, Office does not.

    Programs that show the last or another one as the signer's must at least show one of his issuers.
    """
    if any(child.tag not in _KEY_INFO for child in key_info):
        raise StructureError("KeyInfo có phần tử lạ")
    data = only(key_info, dsig_name("X509Data"))
    if any(child.tag not in _X509_DATA for child in data):
        raise StructureError("X509Data có phần tử lạ")
    found = [base64_of(item) for item in data.findall(dsig_name("X509Certificate"))]
    if not found:
        raise CertificateUnreadableError("chữ ký không mang chứng thư số của người ký")
    certificate, issuers = whole_certificate(found[0]), found[1:]
    chain = (certificate, *map(x509.load_der_x509_certificate, _whole(issuers)))
    if any(one.issuer != other.subject for one, other in pairwise(chain)):
        raise CertificateUnreadableError("chứng thư số kèm theo không phải là của nơi cấp chứng thư đứng trước nó")
    check_hints(key_info, certificate)
    return certificate, issuers


def _whole(found: list[bytes]) -> tuple[bytes, ...]:
    try:
        return whole_certificates(found)
    except TooManyCertificatesError as error:
        raise StructureError(str(error)) from error


def _read_signing_certificate(signing: etree._Element) -> tuple[str, bytes, int]:
    # The first Cert is the signer's (XAdES 7.2.2); the others, if any, are of its issuers.
    chosen = only(only(signing, xades_name("SigningCertificate")), xades_name("Cert"), first=True)
    cert_digest = only(chosen, xades_name("CertDigest"))
    method = only(cert_digest, dsig_name("DigestMethod")).get("Algorithm", "")
    if method not in DIGESTS:
        raise AlgorithmError(method)
    serial = serial_number(only(only(chosen, xades_name("IssuerSerial")), dsig_name("X509SerialNumber")))
    return method, base64_of(only(cert_digest, dsig_name("DigestValue"))), serial


def _moment(element: etree._Element) -> datetime:
    text = text_of(element)
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
    return tuple(_words(text_of(role)) for role in roles)


def _read_comment(office: etree._Element | None) -> str:
    if office is None:
        return ""
    path = "d:SignatureProperties/d:SignatureProperty/o:SignatureInfoV1/o:SignatureComments"
    return _words("".join(text_of(item) for item in office.findall(path, {"d": DSIG, "o": OFFICE})))


def _words(text: str) -> str:
    if len(text) > _MAX_WORDS:
        raise StructureError(f"lời ghi hoặc vai trò dài {len(text)} ký tự, nhiều hơn {_MAX_WORDS}")
    return text


def _unsigned(xades: etree._Element) -> list[etree._Element]:
    """The properties that nobody signed, so that nothing else may hide among them."""
    unsigned = xades[0].find(xades_name("UnsignedProperties"))
    if unsigned is None:
        return []
    properties = only(unsigned, xades_name("UnsignedSignatureProperties"))
    if len(unsigned) != 1 or any(child.tag not in _UNSIGNED_PROPERTIES for child in properties):
        raise StructureError("phần không được ký chứa phần tử lạ")
    return list(properties)


def _read_embedded(xades: etree._Element, issuers: list[bytes]) -> tuple[bytes, ...]:
    """Certificates that came along, here and in the other place (``issuers``)."""
    values = [child for child in _unsigned(xades) if child.tag == xades_name("CertificateValues")]
    found = [certificate for value in values for certificate in value]
    if len(values) > 1 or any(item.tag != xades_name("EncapsulatedX509Certificate") for item in found):
        raise StructureError("phần chứng thư kèm theo có phần tử lạ")
    certificates = [base64_of(item) for item in found]
    return _whole(certificates + [item for item in issuers if item not in certificates])


def _read_time_stamps(xades: etree._Element, value: etree._Element) -> tuple[EncapsulatedStamp, ...]:
    """What every SignatureTimeStamp (XAdES 7.3) holds."""
    stamps = [child for child in _unsigned(xades) if child.tag == xades_name("SignatureTimeStamp")]
    if len(stamps) > MAX_TIME_STAMPS:
        raise StructureError("chữ ký mang quá nhiều dấu thời gian")
    return tuple(_read_time_stamp(stamp, value) for stamp in stamps)


def _read_time_stamp(stamp: etree._Element, value: etree._Element) -> EncapsulatedStamp:
    """C14N 1.0 is what is taken where none is named; POI names the exclusive one."""
    children = list(stamp)
    method = C14N
    if children and children[0].tag == dsig_name("CanonicalizationMethod"):
        method = children[0].get("Algorithm", "")
        if method not in (C14N, EXCLUSIVE_C14N) or len(children[0]):
            raise AlgorithmError(method)
        children = children[1:]
    if [child.tag for child in children] != [xades_name("EncapsulatedTimeStamp")]:
        raise StructureError("dấu thời gian có phần tử lạ")
    return EncapsulatedStamp(base64_of(children[0]), canonical(value, exclusive=method == EXCLUSIVE_C14N))
