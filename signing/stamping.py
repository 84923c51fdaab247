"""Time stamps (RFC 3161): what is asked of an authority, and what its answer proves. Never touches the network.

That the token is what its authority signed is for pyHanko to say; whether the authority is trusted is judged as for
signers (``signing.chain``).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from asn1crypto import cms, core, tsp  # type: ignore[import-untyped]  # has no stubs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing.algorithms import digest, key_is_acceptable
from signing.certificates import whole_certificate, whole_certificates
from signing.chain import Assessment, assess
from signing.errors import DAMAGED, TimeStampError
from signing.evidence import NO_EVIDENCE, Evidence
from signing.findings import error
from signing.trust import Trust, Use
from signing.usage import key_may_sign
from signing.verdict import RevocationStatus, StampStatus
from signing.wording import common_name, date_text, time_text

# SHA-1 stamps are still given by some; they prove nothing any more.
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_MAX_TOKEN: Final = 256 * 1024
_MAX_KEPT: Final = 16 * 1024  # what is remembered; those of authorities have some thousand bytes
# RFC 3161, 2.4.2: in UTC, with seconds. The library also reads times of no zone, which cannot be compared.
_TIME: Final = re.compile(rb"[12][0-9]{13}(\.[0-9]{1,9})?Z")
# How far ahead of us an authority's clock may be, and how inexact.
_CLOCK_TOLERANCE: Final = timedelta(minutes=5)
_REFUSALS: Final = {"rejection", "waiting", "revocation_warning", "revocation_notification"}


class TimeStamper(Protocol):
    """Who gives time stamps."""

    def stamp(self, data: bytes) -> bytes:
        """A token (DER) over the digest of these bytes; only the digest leaves the machine.

        Raises:
            TimeStampError: the authority does not answer, refuses, or answers something else.
        """


@dataclass(frozen=True, slots=True)
class StampRequest:
    """What is sent to an authority (DER), and what its answer is held against."""

    encoded: bytes
    imprint: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """What one token proves.

    Attributes:
        time: the time it names, where the token can be read at all.
        authority: name of whoever gave it.
        code: the finding that tells why it is not good, or ``""``.
        reason: the same in Vietnamese.
        good_until: end of the authority's certificate.
        evidence: token, chain of the authority, and what is known of its revocation.
    """

    status: StampStatus
    time: datetime | None = None
    authority: str = ""
    code: str = ""
    reason: str = ""
    good_until: datetime | None = None
    evidence: Evidence = NO_EVIDENCE


def stamp_request(data: bytes, algorithm: str = "sha256") -> StampRequest:
    """Ask for a stamp over the digest of these bytes, with a nonce and with the authority's certificate."""
    imprint = digest(data, _HASHES[algorithm])
    nonce = secrets.randbits(63)
    request = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": {"hash_algorithm": {"algorithm": algorithm}, "hashed_message": imprint},
            "nonce": nonce,
            "cert_req": True,
        }
    )
    return StampRequest(request.dump(), imprint, nonce)


def token_in(reply: bytes, request: StampRequest) -> bytes:
    """The token of an authority's reply, which must answer this very request.

    Raises:
        TimeStampError: BS278.
    """
    try:
        answer = tsp.TimeStampResp.load(reply, strict=True)
        status = answer["status"]["status"].native
        if status in _REFUSALS:
            raise _refused(f"máy chủ từ chối ({status})")
        encoded: bytes = answer["time_stamp_token"].dump()
        # What cannot be used must not be added either: the signature would be refused for it.
        read = _read(encoded)
    except _TokenError as problem:
        raise _refused(f"dấu thời gian trả về {problem}") from problem
    except DAMAGED as problem:
        raise _refused("trả lời không đúng quy cách RFC 3161") from problem
    if read.imprint != request.imprint or read.nonce != request.nonce:
        raise _refused("dấu thời gian trả về không phải cho yêu cầu này")
    return encoded


def assess_time_stamp(token: bytes, data: bytes, trust: Trust, moment: datetime) -> TimeStamp:
    """What a token proves about these bytes, its authority being judged as at a moment. Never raises on bad data."""
    key = ("time-stamp", digest(token))
    read = trust.answers.get(key)
    if not isinstance(read, _Read | TimeStamp):
        read = _read_or_bad(token)
        if len(token) <= _MAX_KEPT:
            trust.remember(key, read)
    return read if isinstance(read, TimeStamp) else _assess(read, token, data, trust, moment)


def imprint_algorithm(token: bytes) -> str:
    """The digest that a token is over, by name ("sha512"); "" where it cannot be read."""
    try:
        info = _info(cms.ContentInfo.load(token, strict=True))
        return str(info["message_imprint"]["hash_algorithm"]["algorithm"].native)
    except DAMAGED:
        return ""


@dataclass(frozen=True, slots=True)
class _Read:
    """A token whose signature is right.

    Attributes:
        inexact: by how much the time may be off, as the authority says.
    """

    time: datetime
    inexact: timedelta
    algorithm: str
    imprint: bytes
    nonce: int | None
    authority: x509.Certificate
    embedded: tuple[bytes, ...]

    def is_of(self, data: bytes) -> bool:
        return self.imprint == digest(data, _HASHES[self.algorithm])


def _read_or_bad(token: bytes) -> _Read | TimeStamp:
    try:
        return _read(token)
    except DAMAGED as problem:
        known = isinstance(problem, _TokenError)
        reason = str(problem) if known else "bị hỏng hoặc thiếu chứng thư của máy chủ cấp dấu"
        return TimeStamp(StampStatus.BAD, code="BS270", reason=reason)


def _assess(read: _Read, token: bytes, data: bytes, trust: Trust, moment: datetime) -> TimeStamp:
    authority = common_name(read.authority.subject)
    if not read.is_of(data):
        return TimeStamp(StampStatus.BAD, read.time, authority, "BS271", "dấu thời gian của một chữ ký khác")
    assessed = assess(trust, read.authority, read.embedded, moment, use=Use.TIME_STAMPS)
    status, code, reason = _standing(read, assessed, moment)
    return TimeStamp(
        status,
        read.time,
        authority,
        code,
        reason,
        read.authority.not_valid_after_utc,
        Evidence(assessed.chain.certificates, assessed.revocation.crls, assessed.revocation.ocsps, (token,)),
    )


def _standing(read: _Read, assessed: Assessment, moment: datetime) -> tuple[StampStatus, str, str]:
    """Whether the token counts, and if not, the finding that says so and why."""
    start, end = read.authority.not_valid_before_utc, read.authority.not_valid_after_utc
    expired = f"chứng thư của máy chủ đã hết hạn ngày {date_text(end)}, cần dấu thời gian lưu trữ đóng trước ngày đó"
    ahead = f"thời điểm trên dấu ({time_text(read.time)}) ở sau lúc đã có tệp ({time_text(moment)})"
    revocation = assessed.revocation
    untrusted, unknown = StampStatus.UNTRUSTED, StampStatus.UNKNOWN
    doubts = (
        (not start <= read.time <= end, untrusted, "BS272", "cấp ngoài thời hạn chứng thư của máy chủ"),
        (not _may_stamp(read.authority), untrusted, "BS272", "chứng thư không được cấp để đóng dấu thời gian"),
        (read.time > moment + _CLOCK_TOLERANCE, untrusted, "BS272", ahead),
        (read.inexact > _CLOCK_TOLERANCE, untrusted, "BS272", "máy chủ cho biết giờ của nó có thể sai quá 5 phút"),
        (end < moment, unknown, "BS273", expired),
        (revocation.status is RevocationStatus.REVOKED, untrusted, "BS272", "chứng thư của máy chủ đã bị thu hồi"),
        (not assessed.chain.trusted, untrusted, "BS272", assessed.chain.reason),
        (revocation.status is RevocationStatus.UNKNOWN, unknown, "BS273", revocation.reason),
    )
    return next(((status, code, reason) for holds, status, code, reason in doubts if holds), (StampStatus.GOOD, "", ""))


class _TokenError(ValueError):
    """Why a token cannot be used; the message is Vietnamese."""


def _read(token: bytes) -> _Read:
    """Raises one of ``DAMAGED``; ``_TokenError`` where it can be told what is wrong."""
    if len(token) > _MAX_TOKEN:
        raise _TokenError("dài quá mức")
    content = cms.ContentInfo.load(token, strict=True)
    info = _info(content)
    if info["version"].native != "v1":
        raise _TokenError("theo một phiên bản mà chương trình không biết")
    imprint = info["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    if algorithm not in _HASHES:
        raise _TokenError(f"dùng thuật toán băm không được chấp nhận ({algorithm})")
    if any(extension["critical"].native for extension in info["extensions"]):
        raise _TokenError("có phần mở rộng bắt buộc phải hiểu mà chương trình không biết")
    if not _TIME.fullmatch(info["gen_time"].contents):
        raise _TokenError("ghi thời điểm không đúng quy cách RFC 3161")
    authority, embedded = _signed_by(content["content"])
    return _Read(
        time=info["gen_time"].native,
        inexact=_inexact(info["accuracy"]),
        algorithm=algorithm,
        imprint=imprint["hashed_message"].native,
        nonce=info["nonce"].native,
        authority=authority,
        embedded=embedded,
    )


def _inexact(accuracy: Any) -> timedelta:  # noqa: ANN401 - asn1crypto has no types
    """By how much a time may be off (RFC 3161, 2.4.2); nothing where the authority does not say."""
    if isinstance(accuracy, core.Void):
        return timedelta()
    seconds, thousandths, millionths = (accuracy[name].native or 0 for name in ("seconds", "millis", "micros"))
    if min(seconds, thousandths, millionths) < 0:
        raise _TokenError("ghi sai số là số âm")
    return timedelta(seconds=seconds, milliseconds=thousandths, microseconds=millionths)


def _info(content: Any) -> Any:  # noqa: ANN401 - asn1crypto has no types
    """The TSTInfo of a token."""
    if content["content_type"].native != "signed_data":
        raise _TokenError("không phải dấu thời gian RFC 3161")
    inside = content["content"]["encap_content_info"]
    if inside["content_type"].native != "tst_info":
        raise _TokenError("không phải dấu thời gian RFC 3161")
    return inside["content"].parsed


def _signed_by(signed: Any) -> tuple[x509.Certificate, tuple[bytes, ...]]:  # noqa: ANN401 - as above
    """The certificate whose key signed a token, and those that came along; trust is judged elsewhere."""
    # Loaded when a token is met: few signatures carry one, and the library takes a quarter of a second to load.
    from pyhanko.sign.general import extract_signer_info  # noqa: PLC0415 - as said
    from pyhanko.sign.validation.generic_cms import (  # noqa: PLC0415 - as said
        extract_certs_for_validation,
        get_signing_cert_attr,
        validate_sig_integrity,
    )

    inside, signer = signed["encap_content_info"], extract_signer_info(signed)
    attributes = signer["signed_attrs"]
    # RFC 3161, 2.4.2. Without it the certificate could be exchanged for another of the same key.
    if isinstance(attributes, core.Void) or get_signing_cert_attr(attributes) is None:
        raise _TokenError("không nêu chứng thư của máy chủ đã cấp")
    certificates = extract_certs_for_validation(signed)
    authority = whole_certificate(certificates.signer_cert.dump())
    if not key_is_acceptable(authority.public_key()):
        raise _TokenError("khóa của máy chủ cấp dấu không đủ mạnh")
    algorithm = signer["digest_algorithm"]["algorithm"].native
    if algorithm not in _HASHES or _hash_named(signer["signature_algorithm"]) not in (*_HASHES, None):
        raise _TokenError(f"dùng thuật toán băm không được chấp nhận ({algorithm})")
    content = digest(bytes(inside["content"]), _HASHES[algorithm])
    intact, valid = validate_sig_integrity(signer, certificates.signer_cert, inside["content_type"].native, content)
    if not (intact and valid):
        raise _TokenError("chữ ký của máy chủ cấp dấu không đúng")
    return authority, whole_certificates([one.dump() for one in certificates.other_certs])


def _hash_named(algorithm: Any) -> str | None:  # noqa: ANN401 - as above
    """The digest that the name of a signature algorithm tells; most RSA tokens just say RSA, and the digest apart."""
    try:
        named: str | None = algorithm.hash_algo
    except ValueError:
        return None
    return named


def _may_stamp(certificate: x509.Certificate) -> bool:
    """RFC 3161, 2.3: the one purpose of the key, and marked critical."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return False
    return (
        extension.critical
        and list(extension.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
        and key_may_sign(certificate)
    )


def _refused(reason: str) -> TimeStampError:
    return error(TimeStampError, "BS278", reason=reason)
