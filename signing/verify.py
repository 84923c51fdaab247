"""Verify a signed workbook strictly: what other programs let through is refused here. Bytes in, a ``Verdict`` out.

Time and revocation. The signing time in the file is signed but only claimed. Without a trusted time stamp nothing
proves that a signature was made before its certificate was revoked or expired, so the certificate must be good at the
moment of verification (which is the moment of receipt when the service asks): a certificate revoked by then makes the
signature invalid even where the claimed time is earlier, and the message says so. The claimed time must lie within
the certificate's validity and not after the moment of verification (NĐ 68/2024, Art. 29–32; TT 41/2017, Art. 9).
Where no revocation list answers for every certificate of the chain, and nothing else is wrong, the outcome is
undetermined.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from signing.algorithms import SIGNATURE_METHODS, describe_key
from signing.chain import Assessment, assess
from signing.exact import made_here
from signing.findings import finding
from signing.integrity import Examination, examine, read_part
from signing.layout import LayoutError, signature_parts, traces
from signing.reading import SignatureDocument
from signing.trust import Trust
from signing.usage import is_authority, may_sign, usages
from signing.verdict import Chain, Revocation, RevocationStatus, SignatureVerdict, Verdict
from signing.wording import common_name, date_text, organization, time_text
from workbooks.errors import WorkbookError
from workbooks.finding import Finding
from workbooks.package import Package, open_package

# Clocks of offices are seldom exact.
_CLOCK_TOLERANCE = timedelta(minutes=5)
_UNREAD = Chain(trusted=False), Revocation(RevocationStatus.UNKNOWN)


def verify_package(data: bytes, trust: Trust, *, now: datetime) -> Verdict:
    """Verify every signature of a workbook. Never raises on bad data: whatever is wrong is a finding.

    Args:
        data: the file as received; bytes that are no workbook give an invalid verdict with a ``BS1xx`` finding.
        trust: configured roots, intermediates and revocation lists.
        now: the moment of verification, aware.

    Raises:
        ValueError: ``now`` is naive.
    """
    if now.tzinfo is None:
        raise ValueError("now must be an aware datetime")
    try:
        package = open_package(data)
        parts = signature_parts(package)
        if not parts:
            return _unsigned(package, now)
        documents = {part: read_part(package, part) for part in parts}
        examined = examine(package, documents)
        signatures = tuple(_verify(examined, part, item, trust, now) for part, item in documents.items())
    except WorkbookError as problem:
        return _refused(problem.finding, now)
    except LayoutError as problem:
        return _refused(finding("BS217", reason=str(problem)), now)
    own = (item for signature in signatures for item in signature.findings)
    return Verdict(
        signed=True,
        intact=all(signature.intact for signature in signatures),
        covered=all(signature.covered for signature in signatures),
        signatures=signatures,
        findings=tuple(dict.fromkeys((*examined.broken, *own))),
        verified_at=now,
        uncovered=examined.subject.contents.uncovered,
    )


def integrity_findings(package: Package) -> Iterator[Finding]:
    """What is wrong with the signatures of a package, trust apart. For those about to add one more."""
    documents = {part: read_part(package, part) for part in signature_parts(package)}
    yield from (item for item in documents.values() if isinstance(item, Finding))
    examined = examine(package, documents)
    yield from examined.broken
    for part in examined.changed:
        yield from examined.changed[part]
        yield from examined.outside[part]


def _unsigned(package: Package, now: datetime) -> Verdict:
    trace = traces(package)
    found = finding("BS202", trace=trace) if trace else finding("BS201")
    return Verdict(signed=False, intact=False, covered=False, signatures=(), findings=(found,), verified_at=now)


def _refused(found: Finding, now: datetime) -> Verdict:
    return Verdict(signed=False, intact=False, covered=False, signatures=(), findings=(found,), verified_at=now)


def _verify(
    examined: Examination, part: str, document: SignatureDocument | Finding, trust: Trust, now: datetime
) -> SignatureVerdict:
    if isinstance(document, Finding):
        return SignatureVerdict(part, False, False, *_UNREAD, findings=(document,))
    changed, outside, broken = examined.changed[part], examined.outside[part], examined.broken
    certificate = document.certificate
    assessment = assess(trust, certificate, document.embedded, now)
    findings = (
        *changed,
        *outside,
        *_certificate_findings(certificate, part, now),
        *_time_findings(document, part, now),
        *_trust_findings(certificate, assessment, part, now),
        *_embedded_findings(document, assessment, part),
    )
    return SignatureVerdict(
        part=part,
        intact=not changed and not broken,
        covered=not outside and not broken,
        chain=assessment.chain,
        revocation=assessment.revocation,
        findings=findings,
        signer=common_name(certificate.subject),
        organization=organization(certificate.subject),
        issuer=common_name(certificate.issuer),
        serial=f"{certificate.serial_number:x}",
        certificate_sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        valid_from=certificate.not_valid_before_utc,
        valid_until=certificate.not_valid_after_utc,
        signed_at=document.signed_at,
        algorithm=f"{describe_key(certificate.public_key())}, {_hash_name(document.method)}",
        key_usage=usages(certificate),
        roles=document.roles,
        comment=document.comment,
        binds=tuple(item.name for item in document.manifest if item.name in examined.subject.signatures),
    )


def _certificate_findings(certificate: x509.Certificate, part: str, now: datetime) -> Iterator[Finding]:
    holder = common_name(certificate.subject)
    if is_authority(certificate):
        yield finding("BS227", part=part, signer=holder)
    elif not may_sign(certificate):
        yield finding("BS226", part=part, signer=holder, usage=", ".join(usages(certificate)) or "khác")
    if certificate.not_valid_after_utc < now:
        yield finding("BS222", part=part, holder=holder, date=date_text(certificate.not_valid_after_utc))
    if certificate.not_valid_before_utc > now:
        yield finding("BS223", part=part, holder=holder, date=date_text(certificate.not_valid_before_utc))


def _time_findings(document: SignatureDocument, part: str, now: datetime) -> Iterator[Finding]:
    start, end = document.certificate.not_valid_before_utc, document.certificate.not_valid_after_utc
    signed_at = time_text(document.signed_at)
    if not start <= document.signed_at <= end:
        yield finding("BS224", part=part, signed_at=signed_at, start=date_text(start), end=date_text(end))
    if document.signed_at > now + _CLOCK_TOLERANCE:
        yield finding("BS225", part=part, signed_at=signed_at, now=time_text(now))


def _trust_findings(
    certificate: x509.Certificate, assessment: Assessment, part: str, now: datetime
) -> Iterator[Finding]:
    signer, issuer = common_name(certificate.subject), common_name(certificate.issuer)
    chain, revocation = assessment.chain, assessment.revocation
    in_time = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
    if not chain.trusted and in_time:
        yield finding("BS221", part=part, signer=signer, issuer=issuer, reason=chain.reason)
    if revocation.status is RevocationStatus.REVOKED and revocation.revoked_at:
        yield finding("BS228", part=part, holder=assessment.revoked, date=date_text(revocation.revoked_at))
    if revocation.status is RevocationStatus.UNKNOWN and chain.trusted:
        yield finding("BS230", part=part, signer=signer, reason=revocation.reason)


def _embedded_findings(document: SignatureDocument, assessment: Assessment, part: str) -> Iterator[Finding]:
    """On the certificates that came along, the one thing in a signature part that is not signed.

    Long-term signatures of other programs also carry the certificates of time stamps; ours carry issuers only.
    """
    if assessment.damaged and assessment.chain.trusted:
        names = ", ".join(assessment.damaged)
        yield finding("BS220", part=part, reason=f"chứng thư kèm theo bị sửa hoặc không rõ nơi cấp: {names}")
    elif assessment.unused and made_here(document):
        names = ", ".join(assessment.unused)
        yield finding("BS220", part=part, reason=f"chứng thư kèm theo không thuộc đường dẫn của người ký: {names}")


def _hash_name(method: str) -> str:
    return SIGNATURE_METHODS[method].name.upper().replace("SHA", "SHA-")
