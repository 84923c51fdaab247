"""The answer of a verification: separate values for signed, intact, covered, trusted; not one boolean. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from signing.evidence import NO_EVIDENCE, Evidence, gathered
from signing.policy import DEFAULT_POLICY
from signing.wording import time_text
from workbooks.finding import Finding, Severity


class Outcome(StrEnum):
    """``undetermined``: nothing is wrong, but whether a certificate was revoked cannot be told."""

    VALID = "valid"
    INVALID = "invalid"
    UNDETERMINED = "undetermined"


class RevocationStatus(StrEnum):
    """Revocation of the whole chain: good only when every certificate is known to be good."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class StampStatus(StrEnum):
    """What a time stamp proves.

    ``none``: there is none. ``bad``: it is damaged or of something else. ``untrusted``: nobody vouches for who gave
    it. ``unknown``: it is right, but the standing of who gave it cannot be told.
    """

    NONE = "none"
    GOOD = "good"
    BAD = "bad"
    UNTRUSTED = "untrusted"
    UNKNOWN = "unknown"


_OUTCOME_TEXT = {
    Outcome.VALID: "Chữ ký số hợp lệ",
    Outcome.INVALID: "Chữ ký số không hợp lệ",
    Outcome.UNDETERMINED: "Chưa xác định được tình trạng chữ ký số",
}
_REVOCATION_TEXT = {
    RevocationStatus.GOOD: "không bị thu hồi",
    RevocationStatus.REVOKED: "đã bị thu hồi",
    RevocationStatus.UNKNOWN: "chưa rõ có bị thu hồi hay không",
}


@dataclass(frozen=True, slots=True)
class Revocation:
    """Revocation of the chain.

    Attributes:
        source: issuers of the CRLs that answered, parted by ``; ``, or ``""``.
        this_update: the oldest of their issue times.
        revoked_at: when, if revoked.
        reason: why it is unknown, in Vietnamese.
        crls: the CRLs used (DER), to be kept with the submission (TT 41/2017, Art. 9).
        ocsps: the OCSP responses used (DER), likewise.
    """

    status: RevocationStatus
    source: str = ""
    this_update: datetime | None = None
    revoked_at: datetime | None = None
    reason: str = ""
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The wire form, without the bytes."""
        return {
            "status": str(self.status),
            "source": self.source,
            "this_update": _iso(self.this_update),
            "revoked_at": _iso(self.revoked_at),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Chain:
    """The certificate path of the signer.

    Attributes:
        trusted: whether the path ends in a configured root and holds at the moment of verification.
        root: subject of that root, or ``""``.
        tree: name of the tree of certificates that the root belongs to, as configured, or ``""``.
        path: subjects from the signer up to the root; the signer alone where there is no path.
        reason: why the chain is not trusted, in Vietnamese, or ``""``.
        certificates: the same path (DER), to be kept with the submission (TT 41/2017, Art. 9).
    """

    trusted: bool
    root: str = ""
    tree: str = ""
    path: tuple[str, ...] = ()
    reason: str = ""
    certificates: tuple[bytes, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The wire form, without the certificate bytes."""
        return {
            "trusted": self.trusted,
            "root": self.root,
            "tree": self.tree,
            "path": list(self.path),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class SigningTime:
    """When a signature was made: what the signer claims, and what a time stamp proves.

    Attributes:
        claimed: signed, but no proof of time.
        stamped: the time of a stamp that is good: the signature existed then.
        authority: who gave the stamp.
        status: what the stamp proves.
        reason: why it proves less than it should, in Vietnamese, or ``""``.
    """

    claimed: datetime | None = None
    stamped: datetime | None = None
    authority: str = ""
    status: StampStatus = StampStatus.NONE
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        return {
            "claimed": _iso(self.claimed),
            "stamped": _iso(self.stamped),
            "authority": self.authority,
            "status": str(self.status),
            "reason": self.reason,
        }


NO_TIME = SigningTime()


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """What is known of one signature. Where it could not be read, the names are empty and ``findings`` says why.

    Attributes:
        part: the signature part, ``"/_xmlsignatures/sig1.xml"``.
        signer: common name of the certificate (or its whole subject).
        organization: organisation named in the certificate, or ``""``.
        serial: serial number of the certificate, hexadecimal.
        certificate_sha256: SHA-256 of the certificate, hexadecimal.
        valid_from: start of the certificate's validity (``valid_until`` its end).
        signed_at: the time the signer claims; it is signed, but no proof of time.
        algorithm: ``"RSA 2048, SHA-256"``.
        key_usage: key usages named in the certificate; empty where it does not restrict them.
        roles: roles the signer claims.
        comment: the signer's words (SignatureComments).
        intact: the signature value is right and nothing it covers has changed.
        covered: nothing that must be signed lies outside this signature.
        binds: earlier signature parts that this signature covers too.
        may_sign: the certificate was issued for signing documents, and not to an authority.
        time: the claimed and the stamped time.
        best_time: the moment as at which chain and revocation were judged: the stamped time, or else the moment at
            which the file is known to have been there.
        evidence: what the answers rest on.
        wanting: a time stamp is demanded, and whether there is a good one cannot be told.
    """

    part: str
    intact: bool
    covered: bool
    chain: Chain
    revocation: Revocation
    findings: tuple[Finding, ...]
    signer: str = ""
    organization: str = ""
    issuer: str = ""
    serial: str = ""
    certificate_sha256: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    signed_at: datetime | None = None
    algorithm: str = ""
    key_usage: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    comment: str = ""
    binds: tuple[str, ...] = ()
    may_sign: bool = False
    time: SigningTime = NO_TIME
    best_time: datetime | None = None
    evidence: Evidence = field(default=NO_EVIDENCE, repr=False)
    wanting: bool = False

    @property
    def level(self) -> str:
        """The level of the signature (ETSI EN 319 132): with a time stamp that is good, or without."""
        return "XAdES-T" if self.time.stamped else "XAdES-BES"

    @property
    def is_settled(self) -> bool:
        """Whether everything that was to be found out could be."""
        return self.revocation.status is not RevocationStatus.UNKNOWN and not self.wanting

    @property
    def outcome(self) -> Outcome:
        """The outcome of this signature alone. What is wrong with the file around it has no finding here."""
        if not (self.intact and self.covered):
            return Outcome.INVALID
        return _outcome(self.findings, (self,))

    @property
    def summary(self) -> str:
        """One line for people."""
        if not self.signer:
            return f"{_OUTCOME_TEXT[self.outcome]}: không xác định được người ký."
        when = f" ký lúc {time_text(self.signed_at)}" if self.signed_at else ""
        when += f", có dấu thời gian {time_text(self.time.stamped)}" if self.time.stamped else ""
        unit = f" ({self.organization})" if self.organization else ""
        trust = f"chứng thư do {self.issuer} cấp, {_REVOCATION_TEXT[self.revocation.status]}"
        return f"{_OUTCOME_TEXT[self.outcome]}: {self.signer}{unit}{when}; {trust}."

    def to_dict(self) -> dict[str, Any]:
        """The wire form, as ``bieuso verify --json`` prints it."""
        return {
            "part": self.part,
            "outcome": str(self.outcome),
            "summary": self.summary,
            "signer": self.signer,
            "organization": self.organization,
            "issuer": self.issuer,
            "serial": self.serial,
            "certificate_sha256": self.certificate_sha256,
            "valid_from": _iso(self.valid_from),
            "valid_until": _iso(self.valid_until),
            "signed_at": _iso(self.signed_at),
            "algorithm": self.algorithm,
            "key_usage": list(self.key_usage),
            "may_sign": self.may_sign,
            "roles": list(self.roles),
            "comment": self.comment,
            "binds": list(self.binds),
            "intact": self.intact,
            "covered": self.covered,
            "chain": self.chain.to_dict(),
            "revocation": self.revocation.to_dict() | {"age_seconds": self._age()},
            "time": self.time.to_dict(),
            "judged_at": _iso(self.best_time),
            "level": self.level,
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def _age(self) -> int | None:
        """Seconds from what is known of revocation to the moment judged; negative where it is newer than that."""
        said = self.revocation.this_update
        return round((self.best_time - said).total_seconds()) if said and self.best_time else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of the file as a whole.

    Attributes:
        signed: at least one signature is there.
        intact: every signature is intact.
        covered: every signature covers all that must be signed.
        findings: all findings, those of each signature included.
        uncovered: the parts that no signature covers by rule (document properties): nothing may be read from them.
        verified_at: the moment of verification.
        policy_version: the policy it was given under.
    """

    signed: bool
    intact: bool
    covered: bool
    signatures: tuple[SignatureVerdict, ...]
    findings: tuple[Finding, ...]
    verified_at: datetime
    uncovered: tuple[str, ...] = ()
    policy_version: str = DEFAULT_POLICY.version

    @property
    def evidence(self) -> Evidence:
        """What all the answers rest on, to be kept (TT 41/2017/TT-BTTTT, Đ9)."""
        return gathered(signature.evidence for signature in self.signatures)

    @property
    def outcome(self) -> Outcome:
        """Invalid on any error; undetermined only where revocation alone is unknown."""
        return _outcome(self.findings, self.signatures)

    @property
    def summary(self) -> str:
        """For people: the signatures, or what is wrong first."""
        errors = [finding.message for finding in self.findings if finding.severity is Severity.ERROR]
        if errors:
            more = f" (và {len(errors) - 1} lỗi khác)" if len(errors) > 1 else ""
            return f"{_OUTCOME_TEXT[Outcome.INVALID]}: {errors[0]}{more}"
        return " ".join(signature.summary for signature in self.signatures)

    def to_dict(self) -> dict[str, Any]:
        """The wire form, as ``bieuso verify --json`` prints it and the service stores it."""
        return {
            "outcome": str(self.outcome),
            "summary": self.summary,
            "signed": self.signed,
            "intact": self.intact,
            "covered": self.covered,
            "uncovered": list(self.uncovered),
            "verified_at": _iso(self.verified_at),
            "policy_version": self.policy_version,
            "signatures": [signature.to_dict() for signature in self.signatures],
            "findings": [finding.to_dict() for finding in self.findings],
        }


def _outcome(findings: tuple[Finding, ...], signatures: tuple[SignatureVerdict, ...]) -> Outcome:
    if any(finding.severity is Severity.ERROR for finding in findings):
        return Outcome.INVALID
    return Outcome.VALID if all(signature.is_settled for signature in signatures) else Outcome.UNDETERMINED


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
