"""Whether a signature is right and covers everything. Knows nothing of trust. Each check yields all its findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice, takewhile

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from signing.algorithms import DIGESTS, describe_key, digest, digest_of, key_is_acceptable, signature_is_right
from signing.certificates import CertificateUnreadableError
from signing.elements import StructureError
from signing.exact import check_exact, made_here
from signing.findings import finding
from signing.layout import (
    RELS_TYPE,
    ROOT_RELS,
    Contents,
    check_content_types,
    contents,
    is_exempt,
    is_rels,
    read_rels,
)
from signing.reading import (
    AlgorithmError,
    ForbiddenReferenceError,
    Reference,
    SignatureDocument,
    read_signature,
)
from signing.xml import DoctypeRefusedError, XmlRefusedError, relationship_transform
from workbooks.finding import Finding
from workbooks.package import CONTENT_TYPES_PART, Package

# The two signed times of a signature are written one after the other.
_SAME_TIME = timedelta(minutes=1)
# Per question, of all signatures together, and of each at least. Nobody reads more, and a hostile file could be made to
# have millions.
_MOST_FINDINGS = 200
_MOST_OF_EACH = 10


@dataclass(frozen=True, slots=True)
class Subject:
    """The package under examination. Digests are kept, because co-signatures ask for the same ones.

    Attributes:
        strict: every signature says that it was made here, so nothing may lie outside them.
    """

    package: Package
    signatures: frozenset[str]
    strict: bool
    contents: Contents
    rels: dict[str, etree._Element]
    names: frozenset[str]
    digests: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def digest(self, name: str, method: str) -> bytes:
        """Digest of a whole part."""
        key = (name, method)
        if key not in self.digests:
            self.digests[key] = digest_of(self.package.pieces(name), DIGESTS[method])
        return self.digests[key]


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found, trust apart.

    Attributes:
        broken: faults of the package that concern every signature.
        changed: for each readable signature, what is not as it was signed.
        outside: for each readable signature, what it does not cover.
    """

    subject: Subject
    broken: tuple[Finding, ...]
    changed: Mapping[str, tuple[Finding, ...]]
    outside: Mapping[str, tuple[Finding, ...]]


def examine(package: Package, signatures: Mapping[str, SignatureDocument | Finding]) -> Examination:
    """Hold a package against its signatures.

    Raises:
        WorkbookError: a part is damaged.
    """
    documents = {part: item for part, item in signatures.items() if isinstance(item, SignatureDocument)}
    strict = len(documents) == len(signatures) and all(map(made_here, documents.values()))
    most = max(_MOST_FINDINGS // max(len(documents), 1), _MOST_OF_EACH)
    subject, broken = _open_subject(package, frozenset(signatures), strict=strict)
    changed = {
        part: (*check_signature(document, part), *islice(check_manifest(document, subject), most))
        for part, document in documents.items()
    }
    outside = {
        part: (*check_order(part, documents, strict=strict), *islice(check_coverage(document, subject), most))
        for part, document in documents.items()
    }
    # Whatever was changed in earnest also changes bytes around it; only the former is worth a word.
    if strict and not any((broken, *changed.values(), *outside.values())):
        broken = tuple(check_exact(package, subject.rels, documents))
    return Examination(subject, broken, changed, outside)


def _open_subject(package: Package, signatures: frozenset[str], *, strict: bool) -> tuple[Subject, tuple[Finding, ...]]:
    """Read what every signature is held against; findings on relationship parts and content types."""
    inside = contents(package, strict=strict)
    for name in inside.uncovered:
        package.part(name)  # raises where it is damaged: no two programs may see different bytes in it
    findings = []
    rels = {}
    for name in inside.rels:
        if package.content_type(name) != RELS_TYPE:
            findings.append(finding("BS218", part=name, reason="sai kiểu nội dung"))
        try:
            rels[name] = read_rels(package.part(name))
        except XmlRefusedError as problem:
            findings.append(finding("BS218", part=name, reason=str(problem)))
    try:
        check_content_types(package.part(CONTENT_TYPES_PART))
    except XmlRefusedError as problem:
        findings.append(finding("BS218", part=CONTENT_TYPES_PART, reason=str(problem)))
    return Subject(package, signatures, strict, inside, rels, frozenset(package.parts)), tuple(findings)


def read_part(package: Package, part: str) -> SignatureDocument | Finding:  # noqa: PLR0911 - one per kind of fault
    """The signature part, read, or why it cannot be."""
    try:
        return read_signature(package.part(part))
    except DoctypeRefusedError:
        return finding("BS204", part=part)
    except XmlRefusedError as problem:
        return finding("BS203", part=part, reason=str(problem))
    except AlgorithmError as problem:
        return finding("BS206", part=part, algorithm=str(problem) or "(không ghi)")
    except ForbiddenReferenceError as problem:
        return finding("BS216", part=part, reference=str(problem))
    except CertificateUnreadableError as problem:
        return finding("BS220", part=part, reason=str(problem))
    except StructureError as problem:
        return finding("BS205", part=part, reason=str(problem))


def check_signature(document: SignatureDocument, part: str) -> Iterator[Finding]:
    """The signature part in itself: key, value, signed objects, the certificate named in what is signed."""
    key = document.certificate.public_key()
    if not key_is_acceptable(key):
        yield finding("BS207", part=part, key=describe_key(key))
    elif not signature_is_right(key, document.method, document.value, document.signed_info):
        yield finding("BS208", part=part)
    for item in document.objects:
        if digest(item.content, DIGESTS[item.method]) != item.value:
            yield finding("BS209", part=part, object=item.name)
    if any(abs(moment - document.signed_at) > _SAME_TIME for moment in document.other_times):
        yield finding("BS205", part=part, reason="ghi hai thời điểm ký khác nhau")
    encoded = document.certificate.public_bytes(Encoding.DER)
    if digest(encoded, DIGESTS[document.certificate_method]) != document.certificate_digest:
        yield finding("BS220", part=part, reason="không phải chứng thư số đã ghi trong nội dung được ký")
    elif document.certificate.serial_number != document.certificate_serial:
        yield finding("BS220", part=part, reason="số sê-ri khác với số đã ghi trong nội dung được ký")


def check_manifest(document: SignatureDocument, subject: Subject) -> Iterator[Finding]:
    """Every reference is to what is in the file, unchanged."""
    for reference in document.manifest:
        if reference.name not in subject.names:
            yield finding("BS211", part=reference.name)
            continue
        found = subject.package.content_type(reference.name)
        if reference.content_type != found:
            yield finding("BS215", part=reference.name, signed=reference.content_type, found=found)
        if is_rels(reference.name):
            yield from _check_relationships(reference, subject)
        else:
            yield from _check_part(reference, subject)


def _check_part(reference: Reference, subject: Subject) -> Iterator[Finding]:
    if reference.source_ids is not None:
        yield finding("BS216", part=reference.name, reference=f"{reference.name} (phép biến đổi không dành cho nó)")
    elif subject.digest(reference.name, reference.method) != reference.value:
        yield finding("BS210", part=reference.name)


def _check_relationships(reference: Reference, subject: Subject) -> Iterator[Finding]:
    root = subject.rels.get(reference.name)
    if root is None:
        # Unreadable, which is reported already; or the relationships of signatures, which no honest program signs.
        yield finding("BS216", part=reference.name, reference=reference.name)
        return
    if reference.source_ids is None:
        yield finding("BS216", part=reference.name, reference=f"{reference.name} (thiếu RelationshipTransform)")
        return
    ids = frozenset(reference.source_ids)
    found = digest(relationship_transform(root, ids), DIGESTS[reference.method])
    if found != reference.value or not ids <= {child.get("Id") for child in root}:
        yield finding("BS213", part=reference.name)


def check_order(part: str, documents: Mapping[str, SignatureDocument], *, strict: bool) -> Iterator[Finding]:
    """A signature is over those before it where they were made here, and nowhere the same as one before it.

    Otherwise a signature could be put in the place of another that was taken away.
    """
    document = documents[part]
    bound = {reference.name for reference in document.manifest}
    for earlier in takewhile(lambda name: name != part, documents):
        if documents[earlier].value == document.value:
            yield finding("BS205", part=part, reason=f"là bản sao của {earlier}")
        elif strict and earlier not in bound:
            yield finding("BS212", part=earlier)


def check_coverage(document: SignatureDocument, subject: Subject) -> Iterator[Finding]:
    """Nothing that must be signed lies outside (V33)."""
    signed = {reference.name: reference for reference in document.manifest}
    for name in subject.contents.parts:
        if name not in signed:
            yield finding("BS212", part=name)
    for name in subject.rels:
        reference = signed.get(name)
        if reference is None and subject.strict:
            yield finding("BS212", part=name)
        ids = frozenset((reference.source_ids if reference else None) or ())
        for relationship in subject.package.relationships(_source(name)):
            if relationship.id not in ids and not is_exempt(relationship, strict=subject.strict):
                yield finding("BS214", part=name, relationship=relationship.id)


def _source(rels: str) -> str:
    """``/xl/_rels/workbook.xml.rels`` → ``/xl/workbook.xml``; ``/`` for the package's own."""
    if rels == ROOT_RELS:
        return "/"
    folder, _, base = rels.rpartition("/_rels/")
    return f"{folder}/{base.removesuffix('.rels')}"
