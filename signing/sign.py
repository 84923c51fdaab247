"""Sign a workbook inside the file: an OOXML package signature that Excel and LibreOffice show. Bytes in, bytes out.

A certificate that is expired or not yet valid at the signing time is refused with ``NotSignableError`` (BS244, BS245):
the signature would be rejected by every verifier, so the person should learn it before sending, not after.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing.algorithms import DIGEST_URIS, DIGESTS, describe_key, digest_of, key_is_acceptable
from signing.certificates import CertificateUnreadableError, whole_certificate
from signing.chain import assess
from signing.document import Details, Manifest, signature_document
from signing.errors import NotSignableError
from signing.exact import content_types, signature_name, with_origin, without_white_space
from signing.findings import error, finding
from signing.keys import Signer
from signing.layout import (
    FOLDER,
    ORIGIN,
    ORIGIN_RELATIONSHIP,
    ORIGIN_RELS,
    ORIGIN_TYPE,
    RELS_TYPE,
    ROOT_RELS,
    SIGNATURE_RELATIONSHIP,
    SIGNATURE_TYPE,
    LayoutError,
    check_content_types,
    contents,
    is_rels,
    read_rels,
    signature_parts,
)
from signing.properties import (
    CUSTOM_RELATIONSHIP,
    CUSTOM_TYPE,
    PropertiesError,
    custom_part,
    custom_properties,
    dropped_parts,
    is_related,
)
from signing.trust import Trust
from signing.usage import is_authority, may_sign, usages
from signing.verdict import RevocationStatus
from signing.verify import integrity_findings
from signing.wording import common_name, date_text
from signing.xml import XmlRefusedError, relationship_transform, serialise
from workbooks.finding import Finding
from workbooks.package import CONTENT_TYPES_PART, Package, open_package, relationships_part
from workbooks.registration import add_relationship

_MAX_TEXT = 255


def sign_package(
    data: bytes, signer: Signer, *, at: datetime, comment: str = "", role: str = "", digest: str = "SHA-256"
) -> bytes:
    """Sign a workbook; sign it again to co-sign (a later signature also binds the earlier ones).

    Parts already signed are copied raw, so earlier signatures stay right. Cached values should be frozen before.

    Args:
        data: the workbook.
        signer: whoever holds the key.
        at: signing time, aware; it is a claim, no proof of time.
        comment: the signer's words, at most 255 characters, without ``& < >``.
        role: the role the signer claims, likewise; one of ``SignerRole``'s words, or the signer's own.
        digest: ``"SHA-256"``, ``"SHA-384"`` or ``"SHA-512"``, for parts and signature alike.

    Raises:
        WorkbookError: the file itself is refused (macros, external links, damage).
        NotSignableError: BS244/BS245 certificate out of its validity, BS207/BS220/BS226/BS227 no signing certificate,
            BS246 comment or role, BS247 a package that cannot be signed, BS248 signed already but broken since.
        ValueError: ``at`` is naive.
        KeyError: another digest.
    """
    if at.tzinfo is None:
        raise ValueError("at must be an aware datetime")
    check_signer(signer.certificate, at)
    details = Details(at, _plain(comment, "Ghi chú ký"), _plain(role, "Chức danh ký"), DIGEST_URIS[digest])
    return attach_signature(data, signer, details)


def check_standing(signer: Signer, trust: Trust, at: datetime) -> Finding | None:
    """Refuse a certificate that is not trusted or was revoked; asked before signing (NĐ 68/2024, Đ29).

    Returns:
        A warning where nobody can tell whether it was revoked.

    Raises:
        NotSignableError: BS232 no trusted path, BS233 revoked.
    """
    certificate = signer.certificate
    chain = tuple(issuer.public_bytes(Encoding.DER) for issuer in signer.chain)
    assessed = assess(trust, certificate, chain, at)
    holder, revocation = common_name(certificate.subject), assessed.revocation
    if not assessed.chain.trusted:
        raise error(NotSignableError, "BS232", signer=holder, reason=assessed.chain.reason)
    if revocation.status is RevocationStatus.REVOKED and revocation.revoked_at:
        raise error(NotSignableError, "BS233", holder=assessed.revoked, date=date_text(revocation.revoked_at))
    if revocation.status is RevocationStatus.UNKNOWN:
        return finding("BS234", signer=holder, reason=revocation.reason)
    return None


def check_signer(certificate: x509.Certificate, at: datetime) -> None:
    """Refuse a certificate that no verifier would accept for signing at this time.

    Raises:
        NotSignableError: BS207, BS220, BS226, BS227, BS244, BS245.
    """
    try:
        whole_certificate(certificate.public_bytes(Encoding.DER))
    except CertificateUnreadableError as problem:
        raise error(NotSignableError, "BS220", reason=str(problem)) from problem
    holder = common_name(certificate.subject)
    if certificate.not_valid_after_utc < at:
        raise error(NotSignableError, "BS244", holder=holder, date=date_text(certificate.not_valid_after_utc))
    if certificate.not_valid_before_utc > at:
        raise error(NotSignableError, "BS245", holder=holder, date=date_text(certificate.not_valid_before_utc))
    if not key_is_acceptable(certificate.public_key()):
        raise error(NotSignableError, "BS207", key=describe_key(certificate.public_key()))
    if is_authority(certificate):
        raise error(NotSignableError, "BS227", signer=holder)
    if not may_sign(certificate):
        raise error(NotSignableError, "BS226", signer=holder, usage=", ".join(usages(certificate)))


def attach_signature(data: bytes, signer: Signer, details: Details) -> bytes:
    """Sign without asking whether the certificate is fit for it (tests make bad signatures with this)."""
    package = open_package(data)
    try:
        earlier = signature_parts(package)
        if not earlier:
            package = open_package(package.with_parts(_first_changes(package, details.at)))
        manifest = _manifest(package, earlier, details.digest_uri)
    except (LayoutError, PropertiesError, XmlRefusedError) as problem:
        raise error(NotSignableError, "BS247", reason=str(problem)) from problem
    if earlier:
        _refuse_broken(package)
    number = 1 + max((_number(name) for name in earlier), default=0)
    part = signature_name(number)
    return package.with_parts({**_registration(package, part), part: signature_document(manifest, signer, details)})


def _plain(text: str, field: str) -> str:
    """One line of plain text in NFC; Office and LibreOffice trip over ``& < >`` in it."""
    text = unicodedata.normalize("NFC", text).strip()
    if len(text) > _MAX_TEXT:
        raise error(NotSignableError, "BS246", field=field, reason=f"dài {len(text)} ký tự, nhiều hơn {_MAX_TEXT}")
    forbidden = sorted({char for char in text if char in "&<>" or unicodedata.category(char).startswith("C")})
    if forbidden:
        shown = " ".join(char if char.isprintable() else f"U+{ord(char):04X}" for char in forbidden)
        raise error(NotSignableError, "BS246", field=field, reason=f"có ký tự không được phép: {shown}")
    return text


def _refuse_broken(package: Package) -> None:
    for found in integrity_findings(package):
        raise error(NotSignableError, "BS248", reason=found.message)


def _first_changes(package: Package, at: datetime) -> dict[str, bytes | None]:
    """What the first signature changes: the properties, the wording of relationships, the signature origin."""
    if any(name.lower().startswith(FOLDER) for name in package.parts):
        raise LayoutError("còn sót thành phần của chữ ký cũ trong /_xmlsignatures/")
    check_content_types(package.part(CONTENT_TYPES_PART))
    strange = [name for name in package.parts if is_rels(name) and package.content_type(name) != RELS_TYPE]
    if strange:
        raise LayoutError(f"{strange[0]} sai kiểu nội dung")
    dropped, custom = dropped_parts(package), custom_part(package)
    gone = dropped | {relationships_part(name) for name in dropped}
    changes: dict[str, bytes | None] = {
        name: without_white_space(read_rels(package.part(name))) for name in package.parts if is_rels(name)
    }
    # Without a relationship there is nothing in it to sign, and what is not signed may not be there.
    changes |= {name: None for name in package.parts if is_rels(name) and not len(read_rels(package.part(name)))}
    changes |= dict.fromkeys(gone & set(package.parts))
    changes[custom] = custom_properties(package, at)
    changes[ROOT_RELS] = _root_relationships(package, dropped, custom)
    changes[ORIGIN] = b""
    types = {name: package.content_type(name) for name in package.parts if changes.get(name, b"") is not None}
    changes[CONTENT_TYPES_PART] = content_types(types | {custom: CUSTOM_TYPE, ORIGIN: ORIGIN_TYPE})
    return changes


def _root_relationships(package: Package, dropped: frozenset[str], custom: str) -> bytes:
    """The relationships of the package: none to what is dropped, one each to custom properties and signature origin."""
    stale = {item.id for item in package.relationships("/") if item.target in dropped and not item.external}
    root = read_rels(package.part(ROOT_RELS))
    for child in list(root):
        if child.get("Id") in stale:
            root.remove(child)
    if not is_related(package):
        related, _ = add_relationship(serialise(root), CUSTOM_RELATIONSHIP, custom[1:])
        root = read_rels(related)
    return with_origin(root)


def _registration(package: Package, part: str) -> dict[str, bytes | None]:
    """What registers a new signature part; none of it is signed."""
    rels = package.part(ORIGIN_RELS) if ORIGIN_RELS in package else None
    related, _ = add_relationship(rels, SIGNATURE_RELATIONSHIP, part.removeprefix(FOLDER))
    check_content_types(package.part(CONTENT_TYPES_PART))
    types = {name: package.content_type(name) for name in package.parts}
    return {
        ORIGIN_RELS: without_white_space(read_rels(related)),
        CONTENT_TYPES_PART: content_types(types | {ORIGIN_RELS: RELS_TYPE, part: SIGNATURE_TYPE}),
    }


def _manifest(package: Package, earlier: tuple[str, ...], method: str) -> Manifest:
    inside = contents(package, strict=False)
    names = (*inside.parts, *earlier)
    parts = {name: (package.content_type(name), digest_of(package.pieces(name), DIGESTS[method])) for name in names}
    rels = {name: _signed_relationships(package, name, method) for name in inside.rels}
    return Manifest(parts, {name: signed for name, signed in rels.items() if signed[0]})


def _signed_relationships(package: Package, name: str, method: str) -> tuple[tuple[str, ...], bytes]:
    root = read_rels(package.part(name))
    ids = tuple(child.get("Id", "") for child in root if child.get("Type") != ORIGIN_RELATIONSHIP)
    return ids, digest_of((relationship_transform(root, frozenset(ids)),), DIGESTS[method])


def _number(part: str) -> int:
    digits = "".join(char for char in part if char.isdigit())
    return int(digits or 0)
