"""What is known of the revocation of a path's certificates: lists and OCSP answers that concern it, and who is asked.

Which of them are authentic, fresh and sufficient is pyhanko-certvalidator's to say (``signing.chain``); here is chosen
what it is shown, because an older list must not vouch for what a newer one revokes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Final

from asn1crypto import core  # type: ignore[import-untyped]  # has no stubs
from asn1crypto import crl as asn1_crl
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ObjectIdentifier

from signing.algorithms import digest
from signing.errors import DAMAGED, SourceUnreachableError
from signing.keys import is_issued_by
from signing.trust import StatusSource, Trust
from signing.usage import is_authority, key_may_sign
from signing.wording import common_name

Path = Sequence[x509.Certificate]
# A list that goes on naming certificates after they expired (X.509, 9.5.2.9), and since when.
_EXPIRED_CERTS_ON_CRL = ObjectIdentifier("2.5.29.60")
# Seconds after which nobody else is asked about a path, however many addresses there are.
_PATIENCE: Final = 10.0
# Each answer is judged by itself; of one certificate nobody has more.
_MAX_ANSWERS: Final = 8


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one path.

    Attributes:
        lists: the newest of each issuer and scope that still names the path's certificates.
        encoded_lists: the same in DER.
        changes: lists of what changed since those (delta CRLs): they revoke, but vouch for nobody.
        answers: OCSP responses (DER) on certificates of the path.
        unreachable: whoever was asked and did not answer, in Vietnamese.
    """

    lists: tuple[x509.CertificateRevocationList, ...] = ()
    encoded_lists: tuple[bytes, ...] = ()
    changes: tuple[x509.CertificateRevocationList, ...] = ()
    answers: tuple[bytes, ...] = ()
    unreachable: tuple[str, ...] = field(default=(), compare=False)

    @property
    def sources(self) -> Iterator[tuple[str, datetime]]:
        """Who said it, and as at when."""
        for item in self.lists:
            yield f"CRL {common_name(item.issuer)}", item.last_update_utc
        for answer in self.answers:
            for single in _singles(answer):
                yield "OCSP", single.this_update_utc


def known_of(trust: Trust, path: Path, asked: Sequence[bytes] = (), unreachable: Sequence[str] = ()) -> Known:
    """What a trust knows of a path, with the answers just ``asked`` for."""
    lists = tuple(_lists(trust, path))
    told = [one for one in (*trust.ocsps, *asked) if _concerns(one, path)]
    answers = [one for one in told if _is_well_signed(one, trust) and not _is_of_revoked(one, lists)]
    return Known(
        lists,
        tuple(_encoded(trust, item) for item in lists),
        tuple(_changes(trust, path, lists)),
        tuple(dict.fromkeys(answers)),
        tuple(unreachable),
    )


def _encoded(trust: Trust, item: x509.CertificateRevocationList) -> bytes:
    """A list in DER, made once: every answer keeps it, and those of large authorities take megabytes."""
    key = ("list", id(item))
    known = trust.answers.get(key)
    if not isinstance(known, bytes):
        known = item.public_bytes(Encoding.DER)
        trust.remember(key, known)
    return known


def answers_on(known: Known, certificate: x509.Certificate) -> Iterator[bytes]:
    """The OCSP responses on a certificate, the newest first: which of them are authentic is not known yet."""
    found = [
        (single.this_update_utc, answer)
        for answer in known.answers
        for single in _singles(answer)
        if single.serial_number == certificate.serial_number
    ]
    yield from dict.fromkeys(answer for _, answer in sorted(found, reverse=True)[:_MAX_ANSWERS])


def turning_points(known: Known, path: Path) -> Iterator[datetime]:
    """The moments at which something about a path is not as it was before."""
    for certificate in path:
        yield from (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
        for item in (one for one in (*known.lists, *known.changes) if one.issuer == certificate.issuer):
            entry = item.get_revoked_certificate_by_serial_number(certificate.serial_number)
            if entry is not None:
                yield entry.revocation_date_utc
    for item in known.lists:
        yield item.next_update_utc or item.last_update_utc
    for single in (one for answer in known.answers for one in _singles(answer)):
        told = (single.revocation_time_utc, single.next_update_utc)
        yield from (moment for moment in told if moment is not None)


def ask(source: StatusSource | None, trust: Trust, path: Path) -> tuple[list[bytes], list[str]]:
    """The OCSP answers of the tree's configured addresses on each certificate; and who did not answer.

    Addresses in the certificates themselves are anybody's text and are never called.
    """
    answers: list[bytes] = []
    silent: dict[str, str] = {}
    until = time.monotonic() + _PATIENCE
    for certificate, issuer in pairwise(path) if source else ():
        for address in trust.tree_of(path[-1]).ocsp:
            if address in silent or time.monotonic() > until:
                continue
            try:
                encoded = (one.public_bytes(Encoding.DER) for one in (certificate, issuer))
                answer = source.ocsp(address, *encoded) if source else b""
            except SourceUnreachableError as problem:
                silent[address] = problem.finding.message
                continue
            answers.append(answer)
            if _concerns(answer, (certificate, issuer)):
                break
    return answers, list(silent.values())


def revoked_at(certificate: x509.Certificate, known: Known) -> datetime | None:
    """When a list says that a certificate was revoked."""
    found = [
        entry.revocation_date_utc
        for item in (*known.lists, *known.changes)
        # Entries of indirect lists may be of other issuers' certificates, of the same number.
        if item.issuer == certificate.issuer and not _is_indirect(item)
        for entry in (item.get_revoked_certificate_by_serial_number(certificate.serial_number),)
        if entry is not None and not _is_release(entry)
    ]
    return min(found, default=None)


@dataclass(frozen=True, slots=True)
class LostKey:
    """An authority whose key somebody else has, and since when that is known."""

    authority: x509.Certificate
    since: datetime


def lost_key(trust: Trust, path: Path) -> LostKey | None:
    """The authority of a path that lost its key by a list about another of its certificates.

    Two trees may certify one authority. When one of them says that the key was stolen, no path leads through the other:
    which of the two is taken depends on certificates that came along, and those are anybody's.
    """
    found = [
        LostKey(authority, entry.revocation_date_utc)
        for authority in path[1:]
        for twin in trust.intermediates
        if twin.subject == authority.subject and twin != authority and twin.public_key() == authority.public_key()
        for entry in _entries_on(trust, twin)
        if _is_of_lost_key(entry)
    ]
    return min(found, key=lambda one: one.since, default=None)


def _entries_on(trust: Trust, certificate: x509.Certificate) -> Iterator[x509.RevokedCertificate]:
    """What the lists of the authorities that we know say of a certificate."""
    issuers = [one for one in (*trust.roots, *trust.intermediates) if is_issued_by(certificate, one)]
    for item in trust.crls:
        entry = item.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is not None and not _is_indirect(item) and any(_is_known_of(trust, item, one) for one in issuers):
            yield entry


def _is_of_lost_key(entry: x509.RevokedCertificate) -> bool:
    reasons = (one.value for one in entry.extensions if isinstance(one.value, x509.CRLReason))
    return any(one.reason in (x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise) for one in reasons)


def _is_indirect(item: x509.CertificateRevocationList) -> bool:
    points = (one.value for one in item.extensions if isinstance(one.value, x509.IssuingDistributionPoint))
    return any(point.indirect_crl for point in points)


def _is_release(entry: x509.RevokedCertificate) -> bool:
    """Whether a list of changes says that a certificate is on hold no longer."""
    reasons = (one.value for one in entry.extensions if isinstance(one.value, x509.CRLReason))
    return any(reason.reason is x509.ReasonFlags.remove_from_crl for reason in reasons)


def vouches(
    trust: Trust, known: Known, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime
) -> bool:
    """Whether an ordinary list says that a certificate is good: complete, of the issuer himself, fresh, without it.

    certvalidator walks through every entry of a list: a second for the hundred thousand of a large authority, for
    each certificate. So it is asked only about lists that are out of the ordinary, and certificates that are listed.
    """
    return any(
        _is_ordinary(item)
        and (item.next_update_utc is not None and item.next_update_utc >= moment)
        and item.issuer == certificate.issuer
        and item.get_revoked_certificate_by_serial_number(certificate.serial_number) is None
        and _may_issue_lists(issuer)
        and _is_known_of(trust, item, issuer)
        for item in known.lists
    )


def _is_ordinary(item: x509.CertificateRevocationList) -> bool:
    """Whether a list is about everything its signer issued, and asks for nothing to be understood."""
    return not any(
        extension.critical or isinstance(extension.value, x509.IssuingDistributionPoint | x509.DeltaCRLIndicator)
        for extension in item.extensions
    )


def _may_issue_lists(issuer: x509.Certificate) -> bool:
    try:
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True


def revoked_later(answer: bytes, certificate: x509.Certificate, moment: datetime) -> datetime | None:
    """When an OCSP answer says that a certificate was revoked, if that was after a moment. Not yet authenticated."""
    for single in _singles(answer):
        if single.serial_number == certificate.serial_number and single.revocation_time_utc:
            return single.revocation_time_utc if single.revocation_time_utc > moment else None
    return None


def _lists(trust: Trust, path: Path) -> Iterator[x509.CertificateRevocationList]:
    for place, certificate in enumerate(path[:-1]):
        newest: dict[bytes, x509.CertificateRevocationList] = {}
        for item in sorted(_lists_of(trust, path[place + 1 :]), key=_issue):
            # A delta list says only what changed since another; without it the base list still holds.
            if not _is_delta(item) and _tells_of(item, certificate):
                newest[_scope(item)] = item
        yield from newest.values()


def _changes(
    trust: Trust, path: Path, lists: Sequence[x509.CertificateRevocationList]
) -> Iterator[x509.CertificateRevocationList]:
    """The delta lists that are newer than every whole list of their issuer."""
    for place, issuer in enumerate(path[1:], 1):
        whole = [item.last_update_utc for item in lists if item.issuer == issuer.subject]
        for item in _lists_of(trust, path[place:]):
            if _is_delta(item) and all(item.last_update_utc > moment for moment in whole):
                yield item


def _lists_of(trust: Trust, above: Path) -> Iterator[x509.CertificateRevocationList]:
    """The lists of the first of a path, by his key or by another that he has under the same name."""
    keys = (above[0], *_other_keys(trust, above))
    return (item for item in trust.crls if any(_is_known_of(trust, item, key) for key in keys))


def _other_keys(trust: Trust, above: Path) -> Iterator[x509.Certificate]:
    """An authority that renewed its key lets the new one speak of what the old one issued (RFC 5280, 6.3.3 f).

    The same issuer must have certified both: an impostor has the name as well.
    """
    for one in trust.intermediates if len(above) > 1 else ():
        if one.subject == above[0].subject and one != above[0] and is_issued_by(one, above[1]):
            yield one


def _is_known_of(trust: Trust, item: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether a list is of this issuer, found out once: hashing megabytes takes long."""
    if item.issuer != issuer.subject:
        return False
    key = ("list", id(item), issuer.fingerprint(SHA256()))
    known = trust.answers.get(key)
    if not isinstance(known, bool):
        known = is_signed_by(item, issuer)
        trust.remember(key, known)
    return known


def _issue(item: x509.CertificateRevocationList) -> tuple[datetime, int]:
    numbers = (one.value.crl_number for one in item.extensions if isinstance(one.value, x509.CRLNumber))
    return item.last_update_utc, next(numbers, 0)


def _tells_of(item: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    """Whether a list can vouch for a certificate: those issued after it expired need not name it (RFC 5280, 3.3)."""
    end = certificate.not_valid_after_utc
    if item.last_update_utc <= end:
        return True
    if item.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
        return True
    return any(_goes_back_to(one, end) for one in item.extensions if one.oid == _EXPIRED_CERTS_ON_CRL)


def _goes_back_to(extension: x509.Extension[x509.ExtensionType], end: datetime) -> bool:
    """Whether a list still names what expired then, by its own word since when it does."""
    try:
        return bool(core.GeneralizedTime.load(extension.value.public_bytes()).native <= end)
    except DAMAGED:
        return False


def _is_delta(item: x509.CertificateRevocationList) -> bool:
    return any(isinstance(extension.value, x509.DeltaCRLIndicator) for extension in item.extensions)


def _scope(item: x509.CertificateRevocationList) -> bytes:
    scopes = (x509.AuthorityKeyIdentifier, x509.IssuingDistributionPoint)
    values = [extension.value for extension in item.extensions if isinstance(extension.value, scopes)]
    return b"|".join(value.public_bytes() for value in values)


def is_signed_by(item: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether a list is of this issuer and signed with his key, in a way that counts."""
    if item.issuer != issuer.subject:
        return False
    try:
        if _is_weak(item.signature_hash_algorithm):
            return False
        return item.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # other kinds of key raise TypeError
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False


def _concerns(answer: bytes, path: Path) -> bool:
    """Whether a response says something on a certificate of a path; "unknown" is nothing."""
    try:
        return any(
            single.certificate_status is not ocsp.OCSPCertStatus.UNKNOWN
            and single.serial_number == certificate.serial_number
            and single.issuer_name_hash == digest(issuer.subject.public_bytes(), single.hash_algorithm)
            for single in _singles(answer)
            for certificate, issuer in pairwise(path)
        )
    except DAMAGED:
        return False


def _is_of_revoked(answer: bytes, lists: Sequence[x509.CertificateRevocationList]) -> bool:
    """Whether a responder's own certificate stands on one of the lists, which certvalidator is not asked about."""
    try:
        own = ocsp.load_der_ocsp_response(answer).certificates
        return any(
            item.issuer == one.issuer and item.get_revoked_certificate_by_serial_number(one.serial_number) is not None
            for one in own
            for item in lists
        )
    except DAMAGED:
        return True


def _is_well_signed(answer: bytes, trust: Trust) -> bool:
    """Whether a response is signed in a way that counts, with a key for signing: certvalidator asks neither.

    An authority that answers itself need not say so in its key usage: with the same key it may issue any list.
    """
    try:
        found = ocsp.load_der_ocsp_response(answer)
        known = [one for one in (*found.certificates, *trust.intermediates) if _answers_as(found, one)]
        return not _is_weak(found.signature_hash_algorithm) and all(
            is_authority(one) or key_may_sign(one) for one in known
        )
    except DAMAGED:
        return False


def _answers_as(answer: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    """Whether a response says that it is of this certificate's holder."""
    if answer.responder_name is not None:
        return answer.responder_name == certificate.subject
    return answer.responder_key_hash == x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest


def _is_weak(algorithm: HashAlgorithm | None) -> bool:
    """Whether somebody may have made another text of the same digest."""
    return isinstance(algorithm, SHA1 | MD5)


def _singles(answer: bytes) -> tuple[ocsp.OCSPSingleResponse, ...]:
    """The single answers of a response; none where it cannot be read or says that it has none."""
    try:
        found = ocsp.load_der_ocsp_response(answer)
        return tuple(found.responses) if found.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL else ()
    except DAMAGED:
        return ()


def parsed_lists(known: Known) -> list[asn1_crl.CertificateList]:
    """The lists as certvalidator wants them."""
    return [asn1_crl.CertificateList.load(item) for item in known.encoded_lists]
