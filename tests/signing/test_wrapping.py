"""Signature parts that other programs read as something else than what was signed."""

from __future__ import annotations

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from signing.algorithms import C14N, SHA256_URI
from signing.sign import sign_package
from signing.trust import Trust
from signing.verdict import Outcome
from signing.verify import verify_package
from signing.xml import DSIG
from tests.signing.authorities import NOW, Authorities, Holder, a_certificate, create_authorities
from tests.signing.tampering import (
    SIGNATURE,
    changed,
    first,
    parts_of,
    replaced,
    with_resigned_tree,
    with_tree,
)


def codes(data: bytes, trust: Trust) -> set[str]:
    verdict = verify_package(data, trust, now=NOW)
    assert verdict.outcome is Outcome.INVALID
    return {finding.code for finding in verdict.findings}


def element(text: str) -> etree._Element:
    return etree.fromstring(text)


def test_signing_again_in_the_tests_gives_a_right_signature(signed: bytes, officer: Holder, trust: Trust) -> None:
    data = with_resigned_tree(signed, lambda root: None, officer)

    assert verify_package(data, trust, now=NOW).outcome is Outcome.VALID


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(encoding: str, signed: bytes, trust: Trust) -> None:
    text = parts_of(signed)[SIGNATURE].decode().partition("?>\n")[2]
    doctype = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE Signature [<!ENTITY x "y">]>{text}'

    assert codes(changed(signed, {SIGNATURE: doctype.encode(encoding)}), trust) & {"BS204", "BS122"}


def test_another_encoding_is_refused(signed: bytes, trust: Trust) -> None:
    text = parts_of(signed)[SIGNATURE].decode().partition("?>\n")[2]
    data = f'<?xml version="1.0" encoding="utf-16"?>{text}'.encode("utf-16")

    assert codes(changed(signed, {SIGNATURE: data}), trust) == {"BS203"}


@pytest.mark.parametrize("junk", ["<!-- x -->", "<?x y?>"])
@pytest.mark.parametrize("place", ["<SignedInfo>", "<Manifest>", "<SignatureValue>", "<xd:SigningTime>"])
def test_comments_and_instructions_inside_are_refused(junk: str, place: str, signed: bytes, trust: Trust) -> None:
    assert codes(replaced(signed, SIGNATURE, place, place + junk), trust) == {"BS203"}


def test_a_comment_before_the_signature_is_refused(signed: bytes, trust: Trust) -> None:
    assert codes(replaced(signed, SIGNATURE, "<Signature ", "<!-- x --><Signature "), trust) == {"BS203"}


def test_a_doubled_identifier_is_refused(signed: bytes, trust: Trust) -> None:
    def double(root: etree._Element) -> None:
        first(root, "//d:SignatureValue").set("Id", "idPackageObject")

    assert codes(with_tree(signed, double), trust) == {"BS205"}


def test_a_second_package_object_in_front_of_the_signed_one_is_refused(signed: bytes, trust: Trust) -> None:
    """The signed manifest is kept, elsewhere; what is read first is the attacker's."""

    def wrap(root: etree._Element) -> None:
        package = first(root, "d:Object[@Id='idPackageObject']")
        forged = element(etree.tostring(package).decode())
        forged.set("Id", "idForged")
        package.addprevious(forged)

    assert codes(with_tree(signed, wrap), trust) == {"BS205"}


def test_the_signed_object_moved_into_another_is_refused(signed: bytes, trust: Trust) -> None:
    def wrap(root: etree._Element) -> None:
        package = first(root, "d:Object[@Id='idPackageObject']")
        forged = element(etree.tostring(package).decode())
        forged.set("Id", "idForged")
        package.addprevious(forged)
        holder = etree.SubElement(root, f"{{{DSIG}}}Object")
        holder.append(package)

    assert codes(with_tree(signed, wrap), trust) == {"BS205"}


def test_the_signed_object_hidden_in_unsigned_properties_is_refused(signed: bytes, trust: Trust) -> None:
    def wrap(root: etree._Element) -> None:
        package = first(root, "d:Object[@Id='idPackageObject']")
        forged = element(etree.tostring(package).decode())
        forged.set("Id", "idForged")
        package.addprevious(forged)
        first(root, "//xd:UnsignedSignatureProperties").append(package)

    assert codes(with_tree(signed, wrap), trust) == {"BS205"}


def test_signed_properties_moved_aside_are_refused(signed: bytes, trust: Trust) -> None:
    def wrap(root: etree._Element) -> None:
        properties = first(root, "//xd:SignedProperties")
        forged = element(etree.tostring(properties).decode())
        forged.set("Id", "idForged")
        properties.addprevious(forged)

    assert codes(with_tree(signed, wrap), trust) == {"BS205"}


def test_a_second_signature_in_the_same_part_is_refused(signed: bytes, trust: Trust) -> None:
    def nest(root: etree._Element) -> None:
        inner = element(etree.tostring(root).decode())
        for item in inner.iter():
            item.attrib.pop("Id", None)
        etree.SubElement(root, f"{{{DSIG}}}Object").append(inner)

    assert codes(with_tree(signed, nest), trust) == {"BS205"}


def test_an_object_that_nobody_signed_is_refused(signed: bytes, officer: Holder, trust: Trust) -> None:
    def unsign(root: etree._Element) -> None:
        reference = first(root, "d:SignedInfo/d:Reference[@URI='#idOfficeObject']")
        reference.getparent().remove(reference)

    assert codes(with_resigned_tree(signed, unsign, officer), trust) == {"BS205"}


def test_properties_that_nobody_signed_are_refused(signed: bytes, officer: Holder, trust: Trust) -> None:
    def unsign(root: etree._Element) -> None:
        reference = first(root, "d:SignedInfo/d:Reference[@URI='#idSignedProperties']")
        reference.getparent().remove(reference)

    assert codes(with_resigned_tree(signed, unsign, officer), trust) == {"BS205"}


def test_a_reference_from_signed_info_to_outside_is_refused(signed: bytes, trust: Trust) -> None:
    for uri in ("http://example.org/x", "", "file:///etc/passwd", "/xl/workbook.xml"):
        assert codes(replaced(signed, SIGNATURE, 'URI="#idOfficeObject"', f'URI="{uri}"'), trust) == {"BS216"}


@pytest.mark.parametrize(
    "uri",
    [
        "http://example.org/a.xml?ContentType=text/xml",
        "//example.org/a.xml?ContentType=text/xml",
        "/xl/../xl/workbook.xml?ContentType=text/xml",
        "xl/workbook.xml?ContentType=text/xml",
        "/xl/workbook.xml#x?ContentType=text/xml",
        "/xl/workbook.xml",
    ],
)
def test_a_reference_that_is_not_plainly_a_part_is_refused(
    uri: str, signed: bytes, officer: Holder, trust: Trust
) -> None:
    def point(root: etree._Element) -> None:
        first(root, "//d:Manifest/d:Reference[last()]").set("URI", uri)

    assert codes(with_resigned_tree(signed, point, officer), trust) == {"BS216"}


def test_a_part_referenced_twice_is_refused(signed: bytes, officer: Holder, trust: Trust) -> None:
    def double(root: etree._Element) -> None:
        reference = first(root, "//d:Manifest/d:Reference[last()]")
        reference.addnext(element(etree.tostring(reference).decode()))

    assert codes(with_resigned_tree(signed, double, officer), trust) == {"BS216"}


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2000/09/xmldsig#base64",
        C14N,
    ],
)
def test_a_transform_on_a_part_is_refused(algorithm: str, signed: bytes, officer: Holder, trust: Trust) -> None:
    def transform(root: etree._Element) -> None:
        reference = first(root, "//d:Manifest/d:Reference[last()]")
        reference.insert(0, element(f'<Transforms xmlns="{DSIG}"><Transform Algorithm="{algorithm}"/></Transforms>'))

    assert codes(with_resigned_tree(signed, transform, officer), trust) == {"BS206"}


def test_relationships_signed_by_type_are_refused(signed: bytes, officer: Holder, trust: Trust) -> None:
    def by_group(root: etree._Element) -> None:
        source = first(root, "//d:Manifest//*[local-name()='RelationshipReference']")
        source.tag = source.tag.replace("RelationshipReference", "RelationshipsGroupReference")

    assert codes(with_resigned_tree(signed, by_group, officer), trust) == {"BS206"}


def test_relationships_signed_as_a_whole_part_are_refused(signed: bytes, officer: Holder, trust: Trust) -> None:
    def whole(root: etree._Element) -> None:
        transforms = first(root, "//d:Manifest/d:Reference/d:Transforms")
        transforms.getparent().remove(transforms)

    assert "BS216" in codes(with_resigned_tree(signed, whole, officer), trust)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SHA256_URI, "http://www.w3.org/2000/09/xmldsig#sha1"),
        (SHA256_URI, "http://www.w3.org/2001/04/xmldsig-more#md5"),
        ("xmldsig-more#ecdsa-sha256", "xmldsig-more#ecdsa-sha1"),
        ("xmldsig-more#ecdsa-sha256", "xmldsig-more#hmac-sha256"),
        (f'<CanonicalizationMethod Algorithm="{C14N}"', f'<CanonicalizationMethod Algorithm="{C14N}#WithComments"'),
    ],
)
def test_an_algorithm_that_is_not_on_the_list_is_refused(old: str, new: str, signed: bytes, trust: Trust) -> None:
    assert codes(replaced(signed, SIGNATURE, old, new), trust) == {"BS206"}


def test_an_ecdsa_value_in_der_is_refused(workbook: bytes, officer: Holder, trust: Trust) -> None:
    der = Holder(officer.certificate, officer.key, officer.chain, raw=False)

    assert codes(sign_package(workbook, der, at=NOW), trust) == {"BS208"}


def test_another_certificate_put_in_is_refused(signed: bytes, officer: Holder, trust: Trust) -> None:
    """Same key, another certificate: the one that was signed for is named in the signed properties."""
    other = a_certificate("Người khác", officer.key).certificate.public_bytes(Encoding.DER)
    own = officer.certificate.public_bytes(Encoding.DER)

    swapped = replaced(signed, SIGNATURE, b64encode(own).decode(), b64encode(other).decode())

    assert "BS220" in codes(swapped, trust)


def test_a_changed_signing_time_is_refused(signed: bytes, trust: Trust) -> None:
    assert codes(replaced(signed, SIGNATURE, "<xd:SigningTime>2026", "<xd:SigningTime>2025"), trust) >= {"BS209"}


def test_a_signing_time_without_zone_is_refused(signed: bytes, officer: Holder, trust: Trust) -> None:
    def naive(root: etree._Element) -> None:
        first(root, "//xd:SigningTime").text = "2026-09-15T10:00:00"

    assert codes(with_resigned_tree(signed, naive, officer), trust) == {"BS205"}


def test_a_changed_comment_of_the_signer_is_refused(signed: bytes, trust: Trust) -> None:
    forged = replaced(signed, SIGNATURE, "<SignatureComments/>", "<SignatureComments>Đồng ý</SignatureComments>")

    assert codes(forged, trust) == {"BS209"}


def test_a_relative_namespace_has_no_canonical_form_and_is_refused(signed: bytes, trust: Trust) -> None:
    assert codes(replaced(signed, SIGNATURE, "<Manifest>", '<Manifest xmlns:x="x">'), trust) == {"BS203"}


def test_inherited_xml_attributes_are_refused(signed: bytes, trust: Trust) -> None:
    assert codes(replaced(signed, SIGNATURE, "<Signature ", '<Signature xml:lang="vi" '), trust) == {"BS205"}


def test_two_signature_origins_are_refused(signed: bytes, trust: Trust) -> None:
    extra = (
        '<Relationship Id="rId77" Target="_xmlsignatures/origin.sigs" Type='
        '"http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin"/></Relationships>'
    )

    assert codes(replaced(signed, "_rels/.rels", "</Relationships>", extra), trust) == {"BS217"}


def test_an_embedded_certificate_that_was_changed_is_refused(signed: bytes, trust: Trust) -> None:
    content = parts_of(signed)[SIGNATURE].decode()
    start = content.index("<xd:EncapsulatedX509Certificate>") + 400
    other = "A" if content[start] != "A" else "B"

    forged = content[:start] + other + content[start + 1 :]

    assert codes(changed(signed, {SIGNATURE: forged.encode()}), trust) <= {"BS220", "BS205"}


@pytest.mark.parametrize("known", [True, False])
def test_an_embedded_certificate_that_serves_nothing_is_refused(
    known: bool, signed: bytes, authorities: Authorities, trust: Trust
) -> None:
    other = authorities.officer("Người khác") if known else create_authorities("Khác").root
    encoded = b64encode(other.certificate.public_bytes(Encoding.DER)).decode()
    more = f"<xd:EncapsulatedX509Certificate>{encoded}</xd:EncapsulatedX509Certificate></xd:CertificateValues>"

    assert codes(replaced(signed, SIGNATURE, "</xd:CertificateValues>", more), trust) == {"BS220"}


def test_a_certificate_embedded_twice_is_refused(signed: bytes, trust: Trust) -> None:
    start, end = "<xd:CertificateValues>", "</xd:CertificateValues>"
    values = parts_of(signed)[SIGNATURE].decode().partition(start)[2].partition(end)[0]

    assert codes(replaced(signed, SIGNATURE, end, values + end), trust) == {"BS220"}


def test_an_embedded_certificate_that_only_counts_its_bits_otherwise_is_refused(workbook: bytes) -> None:
    """The one byte of a certificate that its issuer does not sign and that programs overlook."""
    authorities = next(
        item for item in iter(create_authorities, None) if not item.issuing.certificate.signature[-1] & 1
    )
    issuer = authorities.issuing.certificate
    encoded, signature = issuer.public_bytes(Encoding.DER), issuer.signature
    otherwise = encoded.replace(b"\x00" + signature, b"\x01" + signature)
    signed = sign_package(workbook, authorities.officer(), at=NOW)

    forged = replaced(signed, SIGNATURE, b64encode(encoded).decode(), b64encode(otherwise).decode())

    assert codes(forged, authorities.trust()) == {"BS220"}


def test_a_certificate_without_a_positive_serial_number_is_refused(
    workbook: bytes, officer: Holder, trust: Trust
) -> None:
    encoded = officer.certificate.public_bytes(Encoding.DER)
    serial = officer.certificate.serial_number
    negative = encoded.replace(serial.to_bytes(20, "big"), b"\xff" + serial.to_bytes(20, "big")[1:], 1)
    signed = sign_package(workbook, officer, at=NOW)

    forged = replaced(signed, SIGNATURE, b64encode(encoded).decode(), b64encode(negative).decode())

    assert codes(forged, trust) == {"BS220"}
