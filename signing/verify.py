"""Verify a signed workbook strictly: what other programs let through is refused here. Bytes in, a ``Verdict`` out.

Time and revocation. The signing time in the file is signed but only claimed. A time stamp (RFC 3161) from a trusted
authority proves that the signature existed then: chain and revocation are judged as at that moment, so a certificate
that expired or was revoked later does no harm. Without one they are judged as at the moment from which the file is
known to have been there: now, or when the service received it. A certificate revoked by then makes the signature
invalid even where the claimed time is earlier, and the message says so. The claimed time must lie within the
certificate's validity, not after the stamp, and not before the stamps of signatures that were there already and are
signed too (NĐ 68/2024, Art. 29-32; TT 41/2017, Art. 9).
Where nobody answers for every certificate of the chain, and nothing else is wrong, the outcome is undetermined.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography.hazmat.primitives import hashes

from signing.algorithms import SIGNATURE_METHODS, describe_key
from signing.chain import assess
from signing.evidence import Evidence, gathered
from signing.findings import finding
from signing.integrity import Examination, examine, read_part
from signing.judging import (
    certificate_findings,
    embedded_findings,
    order_findings,
    signing_time,
    stamp_findings,
    time_findings,
    trust_findings,
)
from signing.layout import LayoutError, signature_parts, traces
from signing.policy import DEFAULT_POLICY, Policy
from signing.reading import SignatureDocument
from signing.stamping import assess_time_stamp
from signing.trust import Trust
from signing.usage import is_authority, may_sign, usages
from signing.verdict import Chain, Revocation, RevocationStatus, SignatureVerdict, StampStatus, Verdict
from signing.wording import common_name, organization, shown
from workbooks.errors import WorkbookError
from workbooks.finding import Finding
from workbooks.package import Package, open_package

# A comment may have several lines, and is told on one.
_ONE_LINE = str.maketrans("\r\n\t", "   ")
_UNREAD = Chain(trusted=False), Revocation(RevocationStatus.UNKNOWN)


def verify_package(
    data: bytes, trust: Trust, *, now: datetime, existed: datetime | None = None, policy: Policy = DEFAULT_POLICY
) -> Verdict:
    """Verify every signature of a workbook. Never raises on bad data: whatever is wrong is a finding.

    Args:
        data: the file as received; bytes that are no workbook give an invalid verdict with a ``BS1xx`` finding.
        trust: configured roots, intermediates and revocation lists.
        now: the moment of verification, aware.
        existed: a moment, aware, by which the file is known to have been there; ``now`` where nothing is known.
        policy: what is demanded beyond the signatures being right.

    Raises:
        ValueError: ``now`` or ``existed`` is naive.
    """
    if now.tzinfo is None or (existed and existed.tzinfo is None):
        raise ValueError("now and existed must be aware datetimes")
    try:
        package = open_package(data)
        parts = signature_parts(package)
        if not parts:
            return _unsigned(package, now, policy)
        documents = {part: read_part(package, part) for part in parts}
        examined = examine(package, documents)
        asked = _Question(trust, min(existed or now, now), policy)
        each = [_verify(examined, part, item, asked) for part, item in documents.items()]
        signatures = tuple(replace(one, findings=(*one.findings, *order_findings(one, each))) for one in each)
    except WorkbookError as problem:
        return unopened(problem.finding, now, policy)
    except LayoutError as problem:
        return unopened(finding("BS217", reason=str(problem)), now, policy)
    own = (item for signature in signatures for item in signature.findings)
    return Verdict(
        signed=True,
        intact=all(signature.intact for signature in signatures),
        covered=all(signature.covered for signature in signatures),
        signatures=signatures,
        findings=tuple(dict.fromkeys((*examined.broken, *own))),
        verified_at=now,
        uncovered=examined.subject.contents.uncovered,
        policy_version=policy.version,
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


def _unsigned(package: Package, now: datetime, policy: Policy) -> Verdict:
    trace = traces(package)
    return unopened(finding("BS202", trace=trace) if trace else finding("BS201"), now, policy)


def unopened(found: Finding, now: datetime, policy: Policy = DEFAULT_POLICY) -> Verdict:
    """The verdict on a file in which no signature was looked at, for this reason."""
    return Verdict(
        signed=False,
        intact=False,
        covered=False,
        signatures=(),
        findings=(found,),
        verified_at=now,
        policy_version=policy.version,
    )


@dataclass(frozen=True, slots=True)
class _Question:
    """What a signature is held against: the trust, the moment from which the file is known, and the policy."""

    trust: Trust
    moment: datetime
    policy: Policy


def _verify(
    examined: Examination, part: str, document: SignatureDocument | Finding, asked: _Question
) -> SignatureVerdict:
    if isinstance(document, Finding):
        return SignatureVerdict(part, False, False, *_UNREAD, findings=(document,))
    changed, outside, broken = examined.changed[part], examined.outside[part], examined.broken
    certificate = document.certificate
    stamps = [assess_time_stamp(one.token, one.over, asked.trust, asked.moment) for one in document.time_stamps]
    time = signing_time(document, stamps)
    best = min(time.stamped or asked.moment, asked.moment)
    assessment = assess(asked.trust, certificate, document.embedded, best)
    findings = (
        *changed,
        *outside,
        *certificate_findings(certificate, part, best),
        *time_findings(document, part, asked.moment),
        *stamp_findings(stamps, time, document, part, asked.policy),
        *trust_findings(certificate, assessment, part, time, best),
        *embedded_findings(document, assessment, part),
    )
    own = Evidence(assessment.chain.certificates, assessment.revocation.crls, assessment.revocation.ocsps)
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
        roles=tuple(map(shown, document.roles)),
        comment=shown(document.comment.translate(_ONE_LINE)),
        binds=tuple(item.name for item in document.manifest if item.name in examined.subject.signatures),
        may_sign=may_sign(certificate) and not is_authority(certificate),
        time=time,
        best_time=best,
        evidence=gathered((own, *(stamp.evidence for stamp in stamps))),
        wanting=asked.policy.require_time_stamp and time.status is StampStatus.UNKNOWN,
    )


def _hash_name(method: str) -> str:
    return SIGNATURE_METHODS[method].name.upper().replace("SHA", "SHA-")
