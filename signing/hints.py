"""What stands beside the certificate to say whose key it is. Nobody signed it, and other programs go by it or show it.

XML-DSig, 4.5: every hint is about the key that signed. What agrees with the certificate is read and does no harm; what
names another key or another person is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from signing.certificates import CertificateUnreadableError
from signing.elements import StructureError, base64_of, dsig_name, serial_number, text_of
from signing.names import calls, names

_DSIG11: Final = "http://www.w3.org/2009/xmldsig11#"
_CURVES: Final = {
    "urn:oid:1.2.840.10045.3.1.7": "secp256r1",
    "urn:oid:1.3.132.0.34": "secp384r1",
    "urn:oid:1.3.132.0.35": "secp521r1",
}


def check_hints(key_info: etree._Element, certificate: x509.Certificate) -> None:
    """Hold every hint against the signer's certificate.

    Raises:
        CertificateUnreadableError: one names another key or person.
        StructureError: one is not written as the standard has it.
    """
    for item in key_info.iter(*_HINTS):
        if not _HINTS[str(item.tag)](item, certificate):
            raise CertificateUnreadableError(
                f"{etree.QName(item).localname} cạnh chứng thư số ghi khóa hoặc người khác với chứng thư số"
            )


def _is_key(item: etree._Element, certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    if [child.tag for child in item] == [dsig_name("RSAKeyValue")]:
        modulus, exponent = (
            int.from_bytes(base64_of(number)) for number in _inside(item[0], *map(dsig_name, ("Modulus", "Exponent")))
        )
        return isinstance(key, rsa.RSAPublicKey) and (modulus, exponent) == (
            key.public_numbers().n,
            key.public_numbers().e,
        )
    if [child.tag for child in item] == [f"{{{_DSIG11}}}ECKeyValue"]:
        named, point = _inside(item[0], f"{{{_DSIG11}}}NamedCurve", f"{{{_DSIG11}}}PublicKey")
        curve = _CURVES.get(named.get("URI", ""))
        return isinstance(key, ec.EllipticCurvePublicKey) and (curve, base64_of(point)) == (key.curve.name, _point(key))
    raise StructureError("KeyValue có phần tử lạ hoặc thiếu khóa")


def _inside(item: etree._Element, *tags: str) -> list[etree._Element]:
    """The children, which must be these."""
    if [child.tag for child in item] != [*tags] or any(map(len, item)):
        raise StructureError(f"{etree.QName(item).localname} có phần tử lạ")
    return list(item)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _is_key_name(item: etree._Element, certificate: x509.Certificate) -> bool:
    return calls(text_of(item), certificate.subject)


def _is_subject(item: etree._Element, certificate: x509.Certificate) -> bool:
    return names(text_of(item), certificate.subject)


def _is_number(item: etree._Element, certificate: x509.Certificate) -> bool:
    issuer, number = _inside(item, *map(dsig_name, ("X509IssuerName", "X509SerialNumber")))
    is_same = serial_number(number) == certificate.serial_number
    return is_same and names(text_of(issuer), certificate.issuer)


def _is_key_identifier(item: etree._Element, certificate: x509.Certificate) -> bool:
    try:
        own = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        return False
    return base64_of(item) == own.digest


X509_HINTS: Final = ("X509IssuerSerial", "X509SubjectName", "X509SKI")
_HINTS: Final[Mapping[str, Callable[[etree._Element, x509.Certificate], bool]]] = {
    dsig_name("KeyValue"): _is_key,
    dsig_name("KeyName"): _is_key_name,
    dsig_name("X509SubjectName"): _is_subject,
    dsig_name("X509IssuerSerial"): _is_number,
    dsig_name("X509SKI"): _is_key_identifier,
}
