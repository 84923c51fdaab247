"""The signature part as Excel writes it: XML-DSig with a package manifest, Office details and XAdES properties.

Written as text, because LibreOffice matches prefixes literally: the default namespace is XML-DSig's, ``mdssi`` and
``xd`` are declared where they are used. Base64 stays on one line.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from signing.algorithms import C14N, DIGESTS, RELATIONSHIP_TRANSFORM, SHA256_URI, digest, signature_method
from signing.keys import Signer
from signing.layout import RELS_TYPE
from signing.xml import DSIG, MDSSI, OFFICE, XADES, XmlRefusedError, canonical, parse, serialise

OFFICE_OBJECT = "idOfficeObject"
_OBJECT_TYPE = f"{DSIG}Object"
_SIGNED_PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"
_C14N_TRANSFORM = f'<Transforms><Transform Algorithm="{C14N}"/></Transforms>'


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is signed.

    Attributes:
        parts: content type and digest of each part.
        rels: identifiers and digest (after the transform) of the relationships of each relationship part.
    """

    parts: Mapping[str, tuple[str, bytes]]
    rels: Mapping[str, tuple[tuple[str, ...], bytes]]


@dataclass(frozen=True, slots=True)
class Details:
    """What the signer says, and the digest that is used throughout."""

    at: datetime
    comment: str
    role: str
    digest_uri: str = SHA256_URI

    @property
    def time(self) -> str:
        """Signing time in UTC, to the second."""
        return self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def signature_document(manifest: Manifest, signer: Signer, details: Details) -> bytes:
    """Build and sign the signature part. Deterministic for a given key where the key's scheme is (RSA)."""
    objects = _package_object(manifest, details) + _office_object(details.comment) + _xades_object(signer, details)
    package, office, xades = parse(_signature(objects).encode())
    method, digested = details.digest_uri, partial(digest, algorithm=DIGESTS[details.digest_uri])
    signed_info = (
        f'<SignedInfo><CanonicalizationMethod Algorithm="{C14N}"/>'
        f'<SignatureMethod Algorithm="{signature_method(signer.certificate.public_key(), method)}"/>'
        + _reference("#idPackageObject", digested(canonical(package)), method, kind=_OBJECT_TYPE)
        + _reference("#idOfficeObject", digested(canonical(office)), method, kind=_OBJECT_TYPE)
        + _reference(
            "#idSignedProperties",
            digested(canonical(xades[0][0])),
            method,
            kind=_SIGNED_PROPERTIES_TYPE,
            transforms=_C14N_TRANSFORM,
        )
        + "</SignedInfo>"
    )
    value = signer.sign(canonical(parse(_signature(signed_info).encode())[0]), DIGESTS[method])
    key_info = (
        f"<KeyInfo><X509Data><X509Certificate>{_certificate(signer.certificate)}</X509Certificate></X509Data></KeyInfo>"
    )
    body = f"{signed_info}<SignatureValue>{_base64(value)}</SignatureValue>{key_info}{objects}"
    return serialise(parse(_signature(body).encode()))


def value_to_stamp(part: bytes) -> bytes:
    """What a time stamp on a signature part is over: its SignatureValue, in canonical form (XAdES 7.3).

    Raises:
        XmlRefusedError: the part is none.
    """
    return canonical(_child(parse(part), f"{{{DSIG}}}SignatureValue"))


def is_stamped(part: bytes) -> bool:
    """Whether a signature part carries a time stamp, good or not. Raises XmlRefusedError as above."""
    return parse(part).find(f".//{{{XADES}}}SignatureTimeStamp") is not None


def with_time_stamp(part: bytes, token: bytes) -> bytes:
    """The signature part with a time stamp among the properties that nobody signs.

    Raises:
        XmlRefusedError: the part is none.
    """
    root = parse(part)
    properties = root.find(f".//{{{XADES}}}QualifyingProperties")
    if properties is None:
        raise XmlRefusedError("chữ ký không có thuộc tính XAdES")
    unsigned = properties
    for name in ("UnsignedProperties", "UnsignedSignatureProperties"):
        found = unsigned.find(f"{{{XADES}}}{name}")
        unsigned = etree.SubElement(unsigned, f"{{{XADES}}}{name}") if found is None else found
    stamp = etree.Element(f"{{{XADES}}}SignatureTimeStamp")
    etree.SubElement(stamp, f"{{{DSIG}}}CanonicalizationMethod", Algorithm=C14N)
    etree.SubElement(stamp, f"{{{XADES}}}EncapsulatedTimeStamp").text = _base64(token)
    unsigned.insert(0, stamp)
    return serialise(root)


def _child(root: etree._Element, tag: str) -> etree._Element:
    found = root.find(tag)
    if found is None:
        raise XmlRefusedError("không phải phần chữ ký")
    return found


def office_object(comment: str) -> bytes:
    """The Office object that says these words and that it was made here, in canonical form."""
    return canonical(parse(_signature(_office_object(comment)).encode())[0])


def _signature(body: str) -> str:
    return f'<Signature xmlns="{DSIG}" Id="idPackageSignature">{body}</Signature>'


def _package_object(manifest: Manifest, details: Details) -> str:
    method = details.digest_uri
    rels = [_rels_reference(name, ids, value, method) for name, (ids, value) in manifest.rels.items()]
    parts = [_reference(f"{name}?ContentType={kind}", value, method) for name, (kind, value) in manifest.parts.items()]
    return (
        f'<Object Id="idPackageObject"><Manifest>{"".join(rels + parts)}</Manifest>'
        '<SignatureProperties><SignatureProperty Id="idSignatureTime" Target="#idPackageSignature">'
        f'<mdssi:SignatureTime xmlns:mdssi="{MDSSI}"><mdssi:Format>YYYY-MM-DDThh:mm:ssTZD</mdssi:Format>'
        f"<mdssi:Value>{details.time}</mdssi:Value></mdssi:SignatureTime>"
        "</SignatureProperty></SignatureProperties></Object>"
    )


def _rels_reference(name: str, ids: Iterable[str], value: bytes, method: str) -> str:
    sources = "".join(f'<mdssi:RelationshipReference xmlns:mdssi="{MDSSI}" SourceId={quoteattr(i)}/>' for i in ids)
    transforms = (
        f'<Transforms><Transform Algorithm="{RELATIONSHIP_TRANSFORM}">{sources}</Transform>'
        f'<Transform Algorithm="{C14N}"/></Transforms>'
    )
    return _reference(f"{name}?ContentType={RELS_TYPE}", value, method, transforms=transforms)


def _office_object(comment: str) -> str:
    # Office's schema wants the machine's particulars. These are fixed values that say nothing of anyone's machine; no
    # machine has a screen of one point, so that they tell the signatures made here from others (``signing.exact``).
    return (
        f'<Object Id="{OFFICE_OBJECT}"><SignatureProperties>'
        '<SignatureProperty Id="idOfficeV1Details" Target="#idPackageSignature">'
        f'<SignatureInfoV1 xmlns="{OFFICE}"><SetupID/><SignatureText/><SignatureImage/>'
        f"<SignatureComments>{escape(comment)}</SignatureComments>"
        "<WindowsVersion>10.0</WindowsVersion><OfficeVersion>16.0</OfficeVersion>"
        "<ApplicationVersion>16.0</ApplicationVersion><Monitors>1</Monitors>"
        "<HorizontalResolution>1</HorizontalResolution><VerticalResolution>1</VerticalResolution>"
        "<ColorDepth>32</ColorDepth><SignatureProviderId>{00000000-0000-0000-0000-000000000000}</SignatureProviderId>"
        "<SignatureProviderUrl/><SignatureProviderDetails>9</SignatureProviderDetails>"
        "<SignatureType>1</SignatureType></SignatureInfoV1>"
        "</SignatureProperty></SignatureProperties></Object>"
    )


def _xades_object(signer: Signer, details: Details) -> str:
    certificate = signer.certificate
    value = digest(certificate.public_bytes(Encoding.DER), DIGESTS[details.digest_uri])
    role = (
        f"<xd:SignerRole><xd:ClaimedRoles><xd:ClaimedRole>{escape(details.role)}</xd:ClaimedRole></xd:ClaimedRoles></xd:SignerRole>"
        if details.role
        else ""
    )
    values = "".join(
        f"<xd:EncapsulatedX509Certificate>{_certificate(issuer)}</xd:EncapsulatedX509Certificate>"
        for issuer in signer.chain
    )
    unsigned = (
        f"<xd:UnsignedProperties><xd:UnsignedSignatureProperties><xd:CertificateValues>{values}</xd:CertificateValues>"
        "</xd:UnsignedSignatureProperties></xd:UnsignedProperties>"
        if values
        else ""
    )
    return (
        f'<Object><xd:QualifyingProperties xmlns:xd="{XADES}" Target="#idPackageSignature">'
        '<xd:SignedProperties Id="idSignedProperties"><xd:SignedSignatureProperties>'
        f"<xd:SigningTime>{details.time}</xd:SigningTime><xd:SigningCertificate><xd:Cert><xd:CertDigest>"
        f"{_digest(value, details.digest_uri)}</xd:CertDigest>"
        f"<xd:IssuerSerial><X509IssuerName>{escape(certificate.issuer.rfc4514_string())}</X509IssuerName>"
        f"<X509SerialNumber>{certificate.serial_number}</X509SerialNumber></xd:IssuerSerial>"
        "</xd:Cert></xd:SigningCertificate>"
        "<xd:SignaturePolicyIdentifier><xd:SignaturePolicyImplied/></xd:SignaturePolicyIdentifier>"
        f"{role}</xd:SignedSignatureProperties></xd:SignedProperties>{unsigned}</xd:QualifyingProperties></Object>"
    )


def _reference(uri: str, value: bytes, method: str, *, kind: str = "", transforms: str = "") -> str:
    type_attribute = f'Type="{kind}" ' if kind else ""
    return f"<Reference {type_attribute}URI={quoteattr(uri)}>{transforms}{_digest(value, method)}</Reference>"


def _digest(value: bytes, method: str) -> str:
    return f'<DigestMethod Algorithm="{method}"/><DigestValue>{_base64(value)}</DigestValue>'


def _certificate(certificate: x509.Certificate) -> str:
    return _base64(certificate.public_bytes(Encoding.DER))


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")
