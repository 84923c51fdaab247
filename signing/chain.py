"""Whether a certificate leads to a trusted root, and whether it was revoked, at a moment.

Path building and the rules of RFC 5280 are pyhanko-certvalidator's. Answers are kept in the ``Trust`` per
certificate and minute, because a day's uploads ask the same question hundreds of times.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from typing import Any, TypeVar

from asn1crypto import ocsp as asn1_ocsp  # type: ignore[import-untyped]  # has no stubs
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers
from pyhanko_certvalidator.errors import (
    CRLValidationError,
    DisallowedAlgorithmError,
    ExpiredError,
    NotYetValidError,
    OCSPValidationError,
    PathBuildingError,
    RevokedError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import NO_REVOCATION, CertRevTrustPolicy
from pyhanko_certvalidator.revinfo.validate_crl import verify_crl
from pyhanko_certvalidator.revinfo.validate_ocsp import verify_ocsp_response

from signing.errors import DAMAGED
from signing.keys import is_issued_by, issuers_of
from signing.revocation import (
    Known,
    answers_on,
    ask,
    known_of,
    lost_key,
    parsed_lists,
    revoked_at,
    revoked_later,
    turning_points,
    vouches,
)
from signing.trust import Trust, Use
from signing.usage import allows
from signing.verdict import Chain, Revocation, RevocationStatus
from signing.wording import common_name, date_text, time_text

T = TypeVar("T")

# The ASN.1 library parses lazily and reports damage late.
_PROBLEMS = (ValidationError, PathBuildingError, *DAMAGED)
_REVOCATION_PROBLEMS = (*_PROBLEMS, OCSPValidationError, CRLValidationError)
_NOTHING = Known()


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
    """A certificate, what came along with it, what it is used for, and the moment."""

    trust: Trust
    signer: x509.Certificate
    embedded: tuple[bytes, ...]
    now: datetime
    use: Use

    @property
    def key(self) -> tuple[object, ...]:
        """The same for the same question within a minute."""
        extra = sha256(b"".join(sha256(item).digest() for item in self.embedded)).digest()
        return self.signer.fingerprint(hashes.SHA256()), extra, self.use, _minute(self.now)

    def context(self, known: Known = _NOTHING, others: Iterable[bytes] = ()) -> ValidationContext:
        """What certvalidator is given: the trust, other certificates, and what is known of revocation."""
        prepared = _prepare(self.trust, self.use)
        return ValidationContext(
            trust_roots=prepared.roots,
            other_certs=[*prepared.intermediates, *(_asn1(item) for item in others if item not in prepared.known)],
            moment=self.now,
            allow_fetching=False,
            crls=parsed_lists(known),
            ocsps=[asn1_ocsp.OCSPResponse.load(item) for item in known.answers],
            # What is newer than the moment asked about says more, not less. Each certificate's revocation is asked
            # for by itself (``_doubt``): as part of the path, certvalidator overlooks OCSP answers on certificates
            # that do not name a responder.
            revinfo_policy=CertRevTrustPolicy(NO_REVOCATION, retroactive_revinfo=True),
        )

    def path(self) -> ValidationPath:
        """The path from the signer to a root, revocation apart. Raises one of ``_PROBLEMS``."""
        certificate = _asn1(self.signer.public_bytes(Encoding.DER))
        context = self.context(others=self.embedded)
        return _finish(CertificateValidator(certificate, validation_context=context).async_validate_path())


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The contents of a ``Trust`` as certvalidator wants them, parsed once."""

    roots: list[CertTrustAnchor]
    intermediates: list[asn1.Certificate]
    known: frozenset[bytes]


@lru_cache(maxsize=16)
def _prepare(trust: Trust, use: Use) -> _Prepared:
    roots = trust.roots_for(use)
    return _Prepared(
        roots=[_anchor(root) for root in roots],
        intermediates=[_asn1(item) for item in _encoded(trust.intermediates)],
        known=frozenset((*_encoded(roots), *_encoded(trust.intermediates))),
    )


def assess(
    trust: Trust,
    signer: x509.Certificate,
    embedded: tuple[bytes, ...],
    now: datetime,
    *,
    use: Use = Use.SIGNATURES,
) -> Assessment:
    """Assess a certificate at a moment, with the certificates that came along with it."""
    question = _Question(trust, signer, embedded, now, use)
    key = question.key
    # The parsed certificates are shared and parse themselves as they are read, which two threads must not do at once.
    with trust.lock:
        answer = trust.answers.get(key)
        if isinstance(answer, Assessment):
            return answer
        sound, damaged, unused = _sorted_out(question)
        question = replace(question, embedded=sound)
        found = _find(question)
    # Whoever is asked over the network may take his time; nobody else should wait for that.
    answers, silent = ask(trust.source, trust, found.certificates) if isinstance(found, _Found) else ([], [])
    with trust.lock:
        path = found.certificates if isinstance(found, _Found) else [signer]
        known = known_of(trust, path, answers, silent)
        answer = replace(_answer(question, found, known), damaged=damaged, unused=unused)
        # Within a minute the answer is the same, but not in one in which something begins or ends. Answers about
        # strangers are not kept: anybody can make any number of them, of any size.
        if answer.chain.trusted and not any(_minute(one) == _minute(now) for one in turning_points(known, path)):
            trust.remember(key, answer)
    return answer


def _minute(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M")


def _sorted_out(question: _Question) -> tuple[tuple[bytes, ...], tuple[str, ...], tuple[str, ...]]:
    """What came along and is sound; the names of what is damaged; the names of what does not belong to the path."""
    embedded = [x509.load_der_x509_certificate(item) for item in question.embedded]
    damaged = _damaged(question.trust, embedded)
    unused = list(embedded)
    for certificate in issuers_of(question.signer, embedded):
        unused.remove(certificate)
    sound = tuple(_encoded(item for item in embedded if item not in damaged))
    return sound, _names(damaged), _names(unused)


def _damaged(trust: Trust, embedded: list[x509.Certificate]) -> list[x509.Certificate]:
    """Embedded certificates are not signed with the rest; each must at least be what its issuer signed."""
    issuers = (*embedded, *trust.roots, *trust.intermediates)
    return [item for item in embedded if not any(is_issued_by(item, issuer) for issuer in issuers)]


def _names(certificates: Iterable[x509.Certificate]) -> tuple[str, ...]:
    return tuple(common_name(certificate.subject) for certificate in certificates)


@dataclass(frozen=True, slots=True)
class _Found:
    """A path that holds, revocation apart: as certvalidator knows it, and its certificates from the signer up."""

    path: ValidationPath
    certificates: list[x509.Certificate]


def _find(question: _Question) -> _Found | Exception:
    """The path to a root, or why there is none."""
    try:
        path = question.path()
    except _PROBLEMS as problem:
        return problem
    return _Found(path, [x509.load_der_x509_certificate(item.dump()) for item in path][::-1])


def _answer(question: _Question, found: _Found | Exception, known: Known) -> Assessment:
    if isinstance(found, Exception):
        return _untrusted(question.signer, _path_problem(found))
    path = found.certificates
    limited = next((one for one in path[1:-1] if not allows(one, question.use)), None)
    if limited is not None:
        name = common_name(limited.subject)
        return _untrusted(question.signer, f"tổ chức cấp {name} chỉ được cấp chứng thư dùng vào việc khác")
    chain = Chain(
        trusted=True,
        root=common_name(path[-1].subject),
        tree=question.trust.tree_of(path[-1]).name,
        path=tuple(common_name(item.subject) for item in path),
        certificates=tuple(_encoded(path)),
    )
    return _with_revocation(question, chain, found, known)


def _untrusted(signer: x509.Certificate, reason: str) -> Assessment:
    unknown = Revocation(RevocationStatus.UNKNOWN, reason="không có đường dẫn chứng thư tin cậy")
    return Assessment(Chain(trusted=False, path=(common_name(signer.subject),), reason=reason), unknown)


def _with_revocation(question: _Question, chain: Chain, found: _Found, known: Known) -> Assessment:
    said = list(known.sources)
    evidence = Revocation(
        RevocationStatus.GOOD,
        source="; ".join(dict.fromkeys(source for source, _ in said)),
        this_update=min((moment for _, moment in said), default=None),
        crls=known.encoded_lists,
        ocsps=known.answers,
    )
    doubts: list[Exception] = []
    for certificate, issuer in pairwise(found.certificates):
        doubt = _doubt(question, found, (certificate, issuer), known)
        moment = doubt.revocation_dt if isinstance(doubt, RevokedError) else revoked_at(certificate, known)
        # A revoked certificate stays revoked in a list that is out of date, which the strict check calls unknown.
        if moment and moment <= question.now:
            return Assessment(chain, _as_revoked(evidence, moment), common_name(certificate.subject))
        doubts += [doubt] if doubt else []
    lost = lost_key(question.trust, found.certificates)
    if lost is not None and lost.since <= question.now:
        return Assessment(chain, _as_revoked(evidence, lost.since), common_name(lost.authority.subject))
    return Assessment(chain, _as_unknown(evidence, doubts[0], known, question.now) if doubts else evidence)


def _doubt(
    question: _Question, found: _Found, pair: tuple[x509.Certificate, x509.Certificate], known: Known
) -> Exception | None:
    """Why a certificate (of an issuer) is not known to be good at the moment; None where it is.

    OCSP answers are judged one by one, so that an older one does not vouch for what a newer one revokes.
    """
    certificate, issuer = pair
    problem: Exception | None = None
    for answer in answers_on(known, certificate):
        told = _told(question, found, certificate, answer)
        if told is None or isinstance(told, RevokedError):
            return told
        problem = told
    if vouches(question.trust, known, certificate, issuer, question.now):
        return None
    listed = _checked(verify_crl, question, found, certificate, known)
    return listed if listed is None or isinstance(listed, RevokedError) else problem or listed


def _told(question: _Question, found: _Found, certificate: x509.Certificate, answer: bytes) -> Exception | None:
    """The same by one OCSP answer.

    Where it says that a certificate was revoked later, the certificate was good at the moment, and certvalidator finds
    nothing that says so. Asked for the moment of the revocation it must find "revoked", which proves that the answer
    is authentic.
    """
    alone = Known(answers=(answer,))
    problem = _checked(verify_ocsp_response, question, found, certificate, alone)
    if problem is None or isinstance(problem, RevokedError):
        return problem
    later = revoked_later(answer, certificate, question.now)
    if later is None:
        return problem
    then = replace(question, now=later + timedelta(seconds=1))
    proof = _checked(verify_ocsp_response, then, found, certificate, alone)
    return None if isinstance(proof, RevokedError) else problem


_Check = Callable[[asn1.Certificate, ValidationPath, ValidationContext], Coroutine[Any, Any, None]]


def _checked(
    check: _Check, question: _Question, found: _Found, certificate: x509.Certificate, known: Known
) -> Exception | None:
    """What certvalidator has against a certificate; None where it finds it good.

    Who answers or issues lists stands in the path or the trust: what came along with a signature is anybody's.
    """
    try:
        context = question.context(known, _encoded(found.certificates))
        _finish(check(_asn1(certificate.public_bytes(Encoding.DER)), found.path, context))
    except _REVOCATION_PROBLEMS as problem:
        return problem
    return None


def _as_revoked(evidence: Revocation, moment: datetime) -> Revocation:
    return replace(evidence, status=RevocationStatus.REVOKED, revoked_at=moment)


def _as_unknown(evidence: Revocation, problem: Exception, known: Known, now: datetime) -> Revocation:
    stale = [item.next_update_utc for item in known.lists if item.next_update_utc and item.next_update_utc < now]
    if known.unreachable:
        reason = "; ".join(one.rstrip(".") for one in known.unreachable)
    elif not known.lists and not known.answers:
        reason = "chưa có danh sách thu hồi (CRL) của tổ chức cấp"
    elif stale:
        reason = f"danh sách thu hồi (CRL) đã quá hạn từ {time_text(min(stale))}"
    elif getattr(problem, "suspect_stale", None):
        reason = "danh sách thu hồi quá hạn"
    else:
        reason = "không có danh sách thu hồi (CRL) dùng được cho mọi chứng thư trong đường dẫn"
    return replace(evidence, status=RevocationStatus.UNKNOWN, reason=reason)


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


def _encoded(items: Iterable[x509.Certificate]) -> Iterator[bytes]:
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
