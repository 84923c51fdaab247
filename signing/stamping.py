"""Time stamps (RFC 3161): what is asked of an authority, and what its answer proves. Never touches the network.

That the token is what its authority signed is for pyHanko to say; whether the authority is trusted is judged as for
signers (``signing.chain``).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from asn1crypto import cms, tsp  # type: ignore[import-untyped]  # has no stubs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing.algorithms import digest, key_is_acceptable
from signing.chain import Assessment, assess
from signing.errors import TimeStampError
from signing.evidence import NO_EVIDENCE, Evidence
from signing.findings import error
from signing.reading import whole_certificate, whole_certificates
from signing.trust import Trust, Use
from signing.verdict import RevocationStatus, StampStatus
from signing.wording import common_name, date_text

# SHA-1 stamps are still given by some; they prove nothing any more.
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_MAX_TOKEN: Final = 256 * 1024
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
        token = answer["time_stamp_token"]
        info = _info(token)
        imprint, nonce = info["message_imprint"]["hashed_message"].native, info["nonce"].native
    except (ValueError, TypeError, KeyError) as problem:
        raise _refused("trả lời không đúng quy cách RFC 3161") from problem
    if imprint != request.imprint or nonce != request.nonce:
        raise _refused("dấu thời gian trả về không phải cho yêu cầu này")
    encoded: bytes = token.dump()
    if len(encoded) > _MAX_TOKEN:
        raise _refused("dấu thời gian dài quá mức")
    return encoded


def assess_time_stamp(token: bytes, data: bytes, trust: Trust, moment: datetime) -> TimeStamp:
    """What a token proves about these bytes, its authority being judged as at a moment. Never raises on bad data."""
    key = ("time-stamp", digest(token), digest(data), moment.strftime("%Y%m%d%H%M%z"))
    known = trust.answers.get(key)
    if not isinstance(known, TimeStamp):
        known = _assess(token, data, trust, moment)
        trust.remember(key, known)
    return known


def imprint_algorithm(token: bytes) -> str:
    """The digest that a token is over, by name ("sha512"); "" where it cannot be read."""
    try:
        info = _info(cms.ContentInfo.load(token, strict=True))
        return str(info["message_imprint"]["hash_algorithm"]["algorithm"].native)
    except (ValueError, TypeError, KeyError):
        return ""


@dataclass(frozen=True, slots=True)
class _Read:
    """A token whose signature is right."""

    time: datetime
    matches: bool
    authority: x509.Certificate
    embedded: tuple[bytes, ...]


def _assess(token: bytes, data: bytes, trust: Trust, moment: datetime) -> TimeStamp:
    try:
        read = _read(token, data)
    except (ValueError, TypeError, KeyError) as problem:
        known = isinstance(problem, _TokenError)
        reason = str(problem) if known else "bị hỏng hoặc thiếu chứng thư của máy chủ cấp dấu"
        return TimeStamp(StampStatus.BAD, code="BS270", reason=reason)
    authority = common_name(read.authority.subject)
    if not read.matches:
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
    revocation = assessed.revocation
    untrusted, unknown = StampStatus.UNTRUSTED, StampStatus.UNKNOWN
    doubts = (
        (not start <= read.time <= end, untrusted, "BS272", "cấp ngoài thời hạn chứng thư của máy chủ"),
        (not _may_stamp(read.authority), untrusted, "BS272", "chứng thư không được cấp để đóng dấu thời gian"),
        (end < moment, unknown, "BS273", expired),
        (revocation.status is RevocationStatus.REVOKED, untrusted, "BS272", "chứng thư của máy chủ đã bị thu hồi"),
        (not assessed.chain.trusted, untrusted, "BS272", assessed.chain.reason),
        (revocation.status is RevocationStatus.UNKNOWN, unknown, "BS273", revocation.reason),
    )
    return next(((status, code, reason) for holds, status, code, reason in doubts if holds), (StampStatus.GOOD, "", ""))


class _TokenError(ValueError):
    """Why a token cannot be used; the message is Vietnamese."""


def _read(token: bytes, data: bytes) -> _Read:
    if len(token) > _MAX_TOKEN:
        raise _TokenError("dài quá mức")
    content = cms.ContentInfo.load(token, strict=True)
    info = _info(content)
    imprint = info["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    if algorithm not in _HASHES:
        raise _TokenError(f"dùng thuật toán băm không được chấp nhận ({algorithm})")
    certificate, embedded = _signed_by(content["content"])
    authority, embedded = whole_certificate(certificate), whole_certificates(embedded)
    if not key_is_acceptable(authority.public_key()):
        raise _TokenError("khóa của máy chủ cấp dấu không đủ mạnh")
    matches = imprint["hashed_message"].native == digest(data, _HASHES[algorithm])
    return _Read(info["gen_time"].native, matches, authority, embedded)


def _info(content: Any) -> Any:  # noqa: ANN401 - asn1crypto has no types
    """The TSTInfo of a token."""
    if content["content_type"].native != "signed_data":
        raise _TokenError("không phải dấu thời gian RFC 3161")
    inside = content["content"]["encap_content_info"]
    if inside["content_type"].native != "tst_info":
        raise _TokenError("không phải dấu thời gian RFC 3161")
    return inside["content"].parsed


def _signed_by(signed: Any) -> tuple[bytes, tuple[bytes, ...]]:  # noqa: ANN401 - as above
    """The certificate whose key signed a token, and those that came along; trust is judged elsewhere."""
    # Loaded when a token is met: few signatures carry one, and the library takes a quarter of a second to load.
    from pyhanko.sign.general import extract_signer_info  # noqa: PLC0415 - as said
    from pyhanko.sign.validation.generic_cms import (  # noqa: PLC0415 - as said
        extract_certs_for_validation,
        validate_sig_integrity,
    )

    inside, signer = signed["encap_content_info"], extract_signer_info(signed)
    certificates = extract_certs_for_validation(signed)
    algorithm = signer["digest_algorithm"]["algorithm"].native
    if algorithm not in _HASHES or _hash_named(signer["signature_algorithm"]) not in (*_HASHES, None):
        raise _TokenError(f"dùng thuật toán băm không được chấp nhận ({algorithm})")
    content = digest(bytes(inside["content"]), _HASHES[algorithm])
    intact, valid = validate_sig_integrity(signer, certificates.signer_cert, inside["content_type"].native, content)
    if not (intact and valid):
        raise _TokenError("chữ ký của máy chủ cấp dấu không đúng")
    return certificates.signer_cert.dump(), tuple(one.dump() for one in certificates.other_certs)


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
    return extension.critical and list(extension.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def _refused(reason: str) -> TimeStampError:
    return error(TimeStampError, "BS278", reason=reason)
