"""What is wrong with one signature, its bytes apart: certificate, claimed and stamped time, trust."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from signing.chain import Assessment
from signing.exact import made_here
from signing.findings import finding
from signing.policy import Policy
from signing.reading import SignatureDocument
from signing.stamping import TimeStamp
from signing.usage import is_authority, may_sign, usages
from signing.verdict import RevocationStatus, SignatureVerdict, SigningTime, StampStatus
from signing.wording import common_name, date_text, time_text
from workbooks.finding import Finding

# Clocks of offices are seldom exact.
_CLOCK_TOLERANCE: Final = timedelta(minutes=5)
# What a signature made here may carry unsigned; each is signed by somebody else.
_OUR_UNSIGNED: Final = frozenset({"CertificateValues", "SignatureTimeStamp"})


def signing_time(document: SignatureDocument, stamps: Sequence[TimeStamp]) -> SigningTime:
    """The claimed time, and the earliest that a good stamp proves; where none is good, what is wrong with the first."""
    good = [(one.time, one.authority) for one in stamps if one.status is StampStatus.GOOD and one.time]
    if good:
        moment, authority = min(good)
        return SigningTime(document.signed_at, moment, authority, StampStatus.GOOD)
    for stamp in stamps:
        return SigningTime(document.signed_at, None, stamp.authority, stamp.status, stamp.reason)
    return SigningTime(document.signed_at)


def certificate_findings(certificate: x509.Certificate, part: str, now: datetime) -> Iterator[Finding]:
    """What the certificate itself is good for, as at a moment."""
    holder = common_name(certificate.subject)
    if is_authority(certificate):
        yield finding("BS227", part=part, signer=holder)
    elif not may_sign(certificate):
        yield finding("BS226", part=part, signer=holder, usage=", ".join(usages(certificate)) or "khác")
    if certificate.not_valid_after_utc < now:
        yield finding("BS222", part=part, holder=holder, date=date_text(certificate.not_valid_after_utc))
    if certificate.not_valid_before_utc > now:
        yield finding("BS223", part=part, holder=holder, date=date_text(certificate.not_valid_before_utc))


def time_findings(document: SignatureDocument, part: str, now: datetime) -> Iterator[Finding]:
    """On the time that the signer claims."""
    start, end = document.certificate.not_valid_before_utc, document.certificate.not_valid_after_utc
    signed_at = time_text(document.signed_at)
    if not start <= document.signed_at <= end:
        yield finding("BS224", part=part, signed_at=signed_at, start=date_text(start), end=date_text(end))
    if document.signed_at > now + _CLOCK_TOLERANCE:
        yield finding("BS225", part=part, signed_at=signed_at, now=time_text(now))


def stamp_findings(
    stamps: Sequence[TimeStamp], time: SigningTime, document: SignatureDocument, part: str, policy: Policy
) -> Iterator[Finding]:
    """On the time stamps that are there, and on those that are demanded."""
    for stamp in stamps:
        if stamp.code:
            yield finding(stamp.code, part=part, reason=stamp.reason, authority=stamp.authority)
    if time.stamped and time.claimed and time.claimed > time.stamped + _CLOCK_TOLERANCE:
        yield finding("BS274", part=part, signed_at=time_text(time.claimed), stamped=time_text(time.stamped))
    if policy.require_time_stamp and time.status in (StampStatus.NONE, StampStatus.BAD, StampStatus.UNTRUSTED):
        yield finding("BS276", part=part, signer=common_name(document.certificate.subject))


def order_findings(signature: SignatureVerdict, others: Iterable[SignatureVerdict]) -> Iterator[Finding]:
    """On the claimed time beside the stamps of earlier signatures: this one binds them, stamps and all."""
    claimed = signature.time.claimed
    for other in others:
        stamped = other.time.stamped if other.part in signature.binds else None
        if claimed and stamped and claimed < stamped - _CLOCK_TOLERANCE:
            told = {"signed_at": time_text(claimed), "stamped": time_text(stamped)}
            yield finding("BS279", part=signature.part, signer=other.signer, **told)


def trust_findings(
    certificate: x509.Certificate, assessment: Assessment, part: str, time: SigningTime, best: datetime
) -> Iterator[Finding]:
    """On the chain above the certificate and on revocation, as at the moment judged."""
    signer, issuer = common_name(certificate.subject), common_name(certificate.issuer)
    chain, revocation = assessment.chain, assessment.revocation
    in_time = certificate.not_valid_before_utc <= best <= certificate.not_valid_after_utc
    if not chain.trusted and in_time:
        yield finding("BS221", part=part, signer=signer, issuer=issuer, reason=chain.reason)
    if revocation.status is RevocationStatus.REVOKED and revocation.revoked_at:
        code, told = ("BS229", {"stamped": time_text(time.stamped)}) if time.stamped else ("BS228", {})
        yield finding(code, part=part, holder=assessment.revoked, date=date_text(revocation.revoked_at), **told)
    if revocation.status is RevocationStatus.UNKNOWN and chain.trusted:
        yield finding("BS230", part=part, signer=signer, reason=revocation.reason)


def embedded_findings(document: SignatureDocument, assessment: Assessment, part: str) -> Iterator[Finding]:
    """On the certificates that came along, the one thing in a signature part that is not signed.

    Long-term signatures of other programs also carry the certificates of time stamps; ours carry issuers only, and
    at most one time stamp.
    """
    if made_here(document) and (len(document.time_stamps) > 1 or set(document.unsigned) - _OUR_UNSIGNED):
        yield finding("BS205", part=part, reason="có phần không được ký mà hệ thống này không bao giờ ghi")
    if assessment.damaged and assessment.chain.trusted:
        names = ", ".join(assessment.damaged)
        yield finding("BS220", part=part, reason=f"chứng thư kèm theo bị sửa hoặc không rõ nơi cấp: {names}")
    elif assessment.unused and made_here(document):
        names = ", ".join(assessment.unused)
        yield finding("BS220", part=part, reason=f"chứng thư kèm theo không thuộc đường dẫn của người ký: {names}")
