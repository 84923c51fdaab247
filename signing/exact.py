"""What no digest covers, written in one way only, so that it can be compared byte for byte.

``[Content_Types].xml``, the wording of relationship parts and what leads to the signatures lie outside every digest
(the RelationshipTransform keeps the meaning only). Where every signature was made here nobody else had a reason to
write them anew, so they must be exactly as written here. Programs that add a signature of their own may write them as
they like; then only the meaning is held against the signatures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from signing.algorithms import C14N
from signing.document import OFFICE_OBJECT, office_object
from signing.findings import finding
from signing.layout import (
    FOLDER,
    ORIGIN,
    ORIGIN_RELATIONSHIP,
    ORIGIN_RELS,
    ORIGIN_TYPE,
    RELS_TYPE,
    ROOT_RELS,
    SIGNATURE_RELATIONSHIP,
)
from signing.reading import SignatureDocument
from signing.xml import CONTENT_TYPES, DECLARATION, DSIG, RELATIONSHIPS, XADES, parse, serialise
from workbooks.finding import Finding
from workbooks.package import CONTENT_TYPES_PART, Package
from workbooks.registration import add_relationship, add_relationships

_DEFAULTS = {"rels": RELS_TYPE, "sigs": ORIGIN_TYPE}
_CHANGED = "đã bị viết lại sau khi ký"

_BASE64 = "[A-Za-z0-9+/]+=*"
_STAMP = (
    f'<xd:SignatureTimeStamp><CanonicalizationMethod Algorithm="{re.escape(C14N)}"/>'
    f"<xd:EncapsulatedTimeStamp(/|>{_BASE64}</xd:EncapsulatedTimeStamp)></xd:SignatureTimeStamp>"
)
_CERTIFICATE = f"<xd:EncapsulatedX509Certificate>{_BASE64}</xd:EncapsulatedX509Certificate>"
# A signature part as it is written here. What stands for ``.*?`` is held by a digest; the rest by nothing else.
_PART = re.compile(
    re.escape(DECLARATION.decode()) + f'<Signature xmlns="{re.escape(DSIG)}" Id="idPackageSignature">'
    f"<SignedInfo>.*?</SignedInfo><SignatureValue>{_BASE64}</SignatureValue>"
    f"<KeyInfo><X509Data><X509Certificate>{_BASE64}</X509Certificate></X509Data></KeyInfo>"
    f'<Object Id="idPackageObject">.*?</Object><Object Id="{OFFICE_OBJECT}">.*?</Object>'
    f'<Object><xd:QualifyingProperties xmlns:xd="{re.escape(XADES)}" Target="#idPackageSignature">'
    '<xd:SignedProperties Id="idSignedProperties">.*?</xd:SignedProperties>'
    f"(<xd:UnsignedProperties><xd:UnsignedSignatureProperties>({_STAMP})*"
    f"(<xd:CertificateValues>({_CERTIFICATE})+</xd:CertificateValues>)?"
    "</xd:UnsignedSignatureProperties></xd:UnsignedProperties>)?"
    "</xd:QualifyingProperties></Object></Signature>",
    re.DOTALL,
)


def made_here(document: SignatureDocument) -> bool:
    """Whether a signature says, in what it signs, that this package made it."""
    return any(
        item.name == OFFICE_OBJECT and item.content == office_object(document.comment) for item in document.objects
    )


def check_exact(
    package: Package, rels: Mapping[str, etree._Element], documents: Mapping[str, SignatureDocument]
) -> Iterator[Finding]:
    """Whatever differs in a byte from how it was written here."""
    rewritten = [name for name, root in rels.items() if package.part(name) != _expected_rels(name, root)]
    rewritten += _reordered(rels, documents)
    if package.part(ORIGIN_RELS) != origin_relationships(len(documents)):
        rewritten.append(ORIGIN_RELS)
    if package.part(CONTENT_TYPES_PART) != content_types({name: package.content_type(name) for name in package.parts}):
        rewritten.append(CONTENT_TYPES_PART)
    for name in dict.fromkeys(rewritten):
        yield finding("BS218", part=name, reason=_CHANGED)
    for part, document in documents.items():
        if not (document.exact and _PART.fullmatch(package.part(part).decode())):
            yield finding("BS205", part=part, reason=_CHANGED)


def content_types(types: Mapping[str, str]) -> bytes:
    """``[Content_Types].xml`` for parts with their content types."""
    root = etree.Element(f"{{{CONTENT_TYPES}}}Types", nsmap={None: CONTENT_TYPES})  # type: ignore[dict-item]  # lxml takes None for the default
    for extension, kind in _DEFAULTS.items():
        etree.SubElement(root, f"{{{CONTENT_TYPES}}}Default", Extension=extension, ContentType=kind)
    for name, kind in sorted(types.items()):
        if _DEFAULTS.get(name.rpartition(".")[2]) != kind:
            etree.SubElement(root, f"{{{CONTENT_TYPES}}}Override", PartName=name, ContentType=kind)
    return serialise(root)


def origin_relationships(count: int) -> bytes:
    """What leads from the signature origin to that many signatures."""
    wanted = [(SIGNATURE_RELATIONSHIP, signature_name(number)[len(FOLDER) :]) for number in range(1, count + 1)]
    data, _ = add_relationships(None, wanted)
    return without_white_space(parse(data))


def signature_name(number: int) -> str:
    """``/_xmlsignatures/sig1.xml``."""
    return f"{FOLDER}sig{number}.xml"


def with_origin(root: etree._Element) -> bytes:
    """The relationships of the package with the one to the signature origin, which is the last and not signed."""
    data, _ = add_relationship(serialise(root), ORIGIN_RELATIONSHIP, ORIGIN[1:])
    return without_white_space(parse(data))


def without_white_space(root: etree._Element) -> bytes:
    """A part of relationships as it is written here; LibreOffice digests white space that the transform drops.

    Prefixes and further namespaces are dropped by the transform too, which writes the default mode of a target out:
    here it never is. The order of attributes stays: it never says anything, and files signed long ago have their own.
    """
    result = etree.Element(f"{{{RELATIONSHIPS}}}Relationships", nsmap={None: RELATIONSHIPS})  # type: ignore[dict-item]  # lxml takes None for the default
    for child in root:
        copy = etree.SubElement(result, f"{{{RELATIONSHIPS}}}Relationship")
        for name, value in child.attrib.items():
            if (name, value) != ("TargetMode", "Internal"):
                copy.set(name, value)
    return serialise(result)


def _reordered(rels: Mapping[str, etree._Element], documents: Mapping[str, SignatureDocument]) -> Iterator[str]:
    """Relationships that do not stand as they were listed when signed: some programs take the first of a type."""
    orders = {
        name: tuple(child.get("Id") for child in root if child.get("Type") != ORIGIN_RELATIONSHIP)
        for name, root in rels.items()
    }
    for document in documents.values():
        for reference in document.manifest:
            if reference.source_ids is not None and reference.source_ids != orders[reference.name]:
                yield reference.name


def _expected_rels(name: str, root: etree._Element) -> bytes:
    copy = etree.fromstring(serialise(root))
    if name != ROOT_RELS:
        return without_white_space(copy)
    for child in copy.findall(f"{{{RELATIONSHIPS}}}Relationship"):
        if child.get("Type") == ORIGIN_RELATIONSHIP:
            copy.remove(child)
    return with_origin(copy)
