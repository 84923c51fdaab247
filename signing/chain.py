"""Whether a signer's certificate leads to a trusted root, and whether it was revoked. Never touches the network.

Path building and the rules of RFC 5280 are pyhanko-certvalidator's. Answers are kept in the ``Trust`` per
certificate and minute, because a day's uploads ask the same question hundreds of times.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, TypeVar

from asn1crypto import crl as asn1_crl  # type: ignore[import-untyped]  # has no stubs
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers
from pyhanko_certvalidator.errors import (
    DisallowedAlgorithmError,
    ExpiredError,
    NotYetValidError,
    PathBuildingError,
    RevokedError,
    StaleRevinfoError,
    ValidationError,
)
from pyhanko_certvalidator.policy_decl import (
    NO_REVOCATION,
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)

from signing.keys import is_issued_by, issuers_of
from signing.trust import Trust
from signing.verdict import Chain, Revocation, RevocationStatus
from signing.wording import common_name, date_text, time_text

T = TypeVar("T")

_MAX_ANSWERS = 4096
_REQUIRED, _NO_CHECK = RevocationCheckingRule.CRL_REQUIRED, RevocationCheckingRule.NO_CHECK
_EVERYONE = RevocationCheckingPolicy(_REQUIRED, _REQUIRED)
_SIGNER_ONLY = RevocationCheckingPolicy(_REQUIRED, _NO_CHECK)
# The ASN.1 library parses lazily and reports damage late, as ValueError.
_PROBLEMS = (ValidationError, PathBuildingError, ValueError)


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer on one certificate.

    Attributes:
        revoked: the certificate of the chain that was revoked, if one was.
        damaged: certificates that came along but that no known issuer signed: they were changed.
        unused: certificates that came along but do not stand above the signer's.
    """

    chain: Chain
    revocation: Revocation
    revoked: str = ""
    damaged: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Question:
    """A signer's certificate, what came along with it in the signature, and the moment."""

    trust: Trust
    signer: x509.Certificate
    embedded: tuple[bytes, ...]
    now: datetime

    @property
    def key(self) -> tuple[bytes, ...]:
        """The same for the same question within a minute."""
        extra = sha256(b"".join(sha256(item).digest() for item in self.embedded)).digest()
        return self.signer.fingerprint(hashes.SHA256()), extra, self.now.strftime("%Y%m%d%H%M%z").encode()

    def path(self, policy: RevocationCheckingPolicy) -> list[x509.Certificate]:
        """The path from the signer to a root that holds under a policy. Raises one of ``_PROBLEMS``."""
        prepared = _prepare(self.trust)
        context = ValidationContext(
            trust_roots=prepared.roots,
            other_certs=[
                *prepared.intermediates,
                *(_asn1(item) for item in self.embedded if item not in prepared.known),
            ],
            moment=self.now,
            allow_fetching=False,
            crls=prepared.crls,
            # A list newer than the moment asked about says more, not less.
            revinfo_policy=CertRevTrustPolicy(policy, retroactive_revinfo=True),
        )
        certificate = _asn1(self.signer.public_bytes(Encoding.DER))
        validator = CertificateValidator(certificate, validation_context=context)
        path = _finish(validator.async_validate_path())
        return [x509.load_der_x509_certificate(item.dump()) for item in path][::-1]

    def problem(self, policy: RevocationCheckingPolicy) -> Exception | None:
        """Why no path holds under a policy; None where one does."""
        try:
            self.path(policy)
        except _PROBLEMS as problem:
            return problem
        return None


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The contents of a ``Trust`` as certvalidator wants them, parsed once."""

    roots: list[CertTrustAnchor]
    intermediates: list[asn1.Certificate]
    crls: list[asn1_crl.CertificateList]
    known: frozenset[bytes]


@lru_cache(maxsize=16)
def _prepare(trust: Trust) -> _Prepared:
    return _Prepared(
        roots=[_anchor(root) for root in trust.roots],
        intermediates=[_asn1(item) for item in _encoded(trust.intermediates)],
        crls=[asn1_crl.CertificateList.load(item) for item in _encoded(_newest(trust))],
        known=frozenset((*_encoded(trust.roots), *_encoded(trust.intermediates))),
    )


def assess(trust: Trust, signer: x509.Certificate, embedded: tuple[bytes, ...], now: datetime) -> Assessment:
    """Assess a signer's certificate at a moment, with the certificates that came along in the signature."""
    question = _Question(trust, signer, embedded, now)
    # The parsed certificates are shared and parse themselves as they are read, which two threads must not do at once.
    with trust.lock:
        answer = trust.answers.get(question.key)
        if not isinstance(answer, Assessment):
            if len(trust.answers) >= _MAX_ANSWERS:
                trust.answers.clear()
            answer = trust.answers[question.key] = _answer_without_damaged(question)
        return answer


def _answer_without_damaged(question: _Question) -> Assessment:
    embedded = [x509.load_der_x509_certificate(item) for item in question.embedded]
    damaged = _damaged(question.trust, embedded)
    unused = list(embedded)
    for certificate in issuers_of(question.signer, embedded):
        unused.remove(certificate)
    sound = tuple(_encoded(item for item in embedded if item not in damaged))
    return replace(_answer(replace(question, embedded=sound)), damaged=_names(damaged), unused=_names(unused))


def _damaged(trust: Trust, embedded: list[x509.Certificate]) -> list[x509.Certificate]:
    """Embedded certificates are not signed with the rest; each must at least be what its issuer signed."""
    issuers = (*embedded, *trust.roots, *trust.intermediates)
    return [item for item in embedded if not any(is_issued_by(item, issuer) for issuer in issuers)]


def _names(certificates: Iterable[x509.Certificate]) -> tuple[str, ...]:
    return tuple(common_name(certificate.subject) for certificate in certificates)


def _answer(question: _Question) -> Assessment:
    doubt: Exception | None = None
    try:
        path = question.path(_EVERYONE)
    except _PROBLEMS as problem:
        doubt = problem
        try:
            path = question.path(NO_REVOCATION)
        except _PROBLEMS as reason:
            return _untrusted(question.signer, _path_problem(reason))
    chain = Chain(
        trusted=True,
        root=common_name(path[-1].subject),
        path=tuple(common_name(item.subject) for item in path),
        certificates=tuple(_encoded(path)),
    )
    return _with_revocation(question, chain, path, doubt)


def _untrusted(signer: x509.Certificate, reason: str) -> Assessment:
    unknown = Revocation(RevocationStatus.UNKNOWN, reason="không có đường dẫn chứng thư tin cậy")
    return Assessment(Chain(trusted=False, path=(common_name(signer.subject),), reason=reason), unknown)


def _with_revocation(
    question: _Question, chain: Chain, path: list[x509.Certificate], doubt: Exception | None
) -> Assessment:
    lists = _lists_of(question.trust, path)
    evidence = Revocation(
        RevocationStatus.GOOD,
        source="; ".join(dict.fromkeys(common_name(item.issuer) for item in lists)),
        this_update=min((item.last_update_utc for item in lists), default=None),
        crls=tuple(_encoded(lists)),
    )
    for certificate in path[:-1]:
        moment = _revoked_at(certificate, lists)
        # A revoked certificate stays revoked in a list that is out of date, which the strict check calls unknown.
        if moment and moment <= question.now:
            return Assessment(chain, _as_revoked(evidence, moment), common_name(certificate.subject))
    if doubt is None:
        return Assessment(chain, evidence)
    if not isinstance(doubt, RevokedError):
        # An issuer without a list must not hide what the signer's own list says.
        doubt = question.problem(_SIGNER_ONLY) or doubt
    if isinstance(doubt, RevokedError):
        return Assessment(chain, _as_revoked(evidence, doubt.revocation_dt), chain.path[0])
    return Assessment(chain, _as_unknown(evidence, doubt, lists, question.now))


def _as_revoked(evidence: Revocation, moment: datetime) -> Revocation:
    return Revocation(
        RevocationStatus.REVOKED, evidence.source, evidence.this_update, revoked_at=moment, crls=evidence.crls
    )


def _as_unknown(
    evidence: Revocation, problem: Exception, lists: list[x509.CertificateRevocationList], now: datetime
) -> Revocation:
    if not lists:
        return Revocation(RevocationStatus.UNKNOWN, reason="chưa có danh sách thu hồi (CRL) của tổ chức cấp")
    stale = [item.next_update_utc for item in lists if item.next_update_utc and item.next_update_utc < now]
    if isinstance(problem, StaleRevinfoError) or stale:
        reason = (
            f"danh sách thu hồi (CRL) đã quá hạn từ {time_text(min(stale))}" if stale else "danh sách thu hồi quá hạn"
        )
    else:
        reason = "không có danh sách thu hồi (CRL) dùng được cho mọi chứng thư trong đường dẫn"
    return Revocation(
        RevocationStatus.UNKNOWN, evidence.source, evidence.this_update, reason=reason, crls=evidence.crls
    )


def _lists_of(trust: Trust, path: list[x509.Certificate]) -> list[x509.CertificateRevocationList]:
    """The newest lists signed by the issuers of the path."""
    return [item for item in _newest(trust) if any(_signed_by(item, issuer) for issuer in path[1:])]


def _newest(trust: Trust) -> list[x509.CertificateRevocationList]:
    """One list per issuer and scope: an older one must not vouch for what a newer one revokes."""
    chosen: dict[tuple[bytes, bytes], x509.CertificateRevocationList] = {}
    for item in sorted(trust.crls, key=lambda item: item.last_update_utc):
        # A delta list says only what changed since another; without it the base list still holds.
        if not any(isinstance(extension.value, x509.DeltaCRLIndicator) for extension in item.extensions):
            chosen[_scope(item)] = item
    return list(chosen.values())


def _scope(item: x509.CertificateRevocationList) -> tuple[bytes, bytes]:
    scopes = (x509.AuthorityKeyIdentifier, x509.IssuingDistributionPoint)
    values = [extension.value for extension in item.extensions if isinstance(extension.value, scopes)]
    return item.issuer.public_bytes(), b"|".join(value.public_bytes() for value in values)


def _signed_by(item: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    if item.issuer != issuer.subject:
        return False
    try:
        return item.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # other kinds of key raise TypeError
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False


def _revoked_at(certificate: x509.Certificate, lists: list[x509.CertificateRevocationList]) -> datetime | None:
    for item in lists:
        if item.issuer == certificate.issuer:
            entry = item.get_revoked_certificate_by_serial_number(certificate.serial_number)
            if entry is not None:
                return entry.revocation_date_utc
    return None


def _anchor(root: x509.Certificate) -> CertTrustAnchor:
    certificate = _asn1(root.public_bytes(Encoding.DER))
    # RFC 5280 asks nothing of an anchor's own validity; NĐ 68/2024 wants the whole path valid.
    limits = TrustQualifiers(
        max_path_length=certificate.max_path_length,
        # certvalidator 0.33 counts this one down too wherever the first is set, and fails on None.
        max_aa_path_length=certificate.max_path_length,
        valid_from=root.not_valid_before_utc,
        valid_until=root.not_valid_after_utc,
    )
    return CertTrustAnchor(certificate, limits)


def _encoded(items: Iterable[x509.Certificate | x509.CertificateRevocationList]) -> Iterator[bytes]:
    return (item.public_bytes(Encoding.DER) for item in items)


def _asn1(data: bytes) -> asn1.Certificate:
    return asn1.Certificate.load(data)


def _finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits (nothing is fetched), without the cost of an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as finished:
        result: T = finished.value
        return result
    finally:
        coroutine.close()
    raise RuntimeError("path validation tried to wait although fetching is off")


def _path_problem(problem: Exception) -> str:
    if isinstance(problem, ExpiredError):
        return f"chứng thư trong đường dẫn đã hết hạn ngày {date_text(problem.expired_dt)}"
    if isinstance(problem, NotYetValidError):
        return f"chứng thư trong đường dẫn chưa có hiệu lực trước ngày {date_text(problem.valid_from)}"
    if isinstance(problem, DisallowedAlgorithmError):
        return "đường dẫn dùng thuật toán hoặc độ dài khóa không còn an toàn"
    if isinstance(problem, PathBuildingError):
        return "không có chứng thư của tổ chức đã cấp trong thư mục tin cậy"
    if isinstance(problem, ValueError):
        return "chứng thư số bị hỏng"
    return "đường dẫn chứng thư không hợp lệ (chữ ký, quyền của tổ chức cấp hoặc ràng buộc không đúng)"
