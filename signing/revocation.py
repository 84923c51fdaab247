"""What is known of the revocation of a path's certificates: lists and OCSP answers that concern it, and who is asked.

Which of them are authentic, fresh and sufficient is pyhanko-certvalidator's to say (``signing.chain``); here is chosen
what it is shown, because an older list must not vouch for what a newer one revokes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from asn1crypto import crl as asn1_crl  # type: ignore[import-untyped]  # has no stubs
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ObjectIdentifier

from signing.algorithms import digest
from signing.errors import SourceUnreachableError
from signing.trust import StatusSource, Trust
from signing.wording import common_name

Path = Sequence[x509.Certificate]
# A list that goes on naming certificates after they expired (X.509, 9.5.2.9), and since when.
_EXPIRED_CERTS_ON_CRL = ObjectIdentifier("2.5.29.60")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one path.

    Attributes:
        lists: the newest of each issuer and scope that still names the path's certificates.
        answers: OCSP responses (DER) on certificates of the path.
        unreachable: whoever was asked and did not answer, in Vietnamese.
    """

    lists: tuple[x509.CertificateRevocationList, ...]
    answers: tuple[bytes, ...] = ()
    unreachable: tuple[str, ...] = field(default=(), compare=False)

    @property
    def encoded_lists(self) -> tuple[bytes, ...]:
        """The lists in DER."""
        return tuple(item.public_bytes(Encoding.DER) for item in self.lists)

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
    answers = [one for one in (*trust.ocsps, *asked) if _concerns(one, path)]
    return Known(tuple(_lists(trust, path)), tuple(dict.fromkeys(answers)), tuple(unreachable))


def ask(source: StatusSource | None, trust: Trust, path: Path) -> tuple[list[bytes], list[str]]:
    """The OCSP answers of the tree's configured addresses on each certificate; and who did not answer.

    Addresses in the certificates themselves are anybody's text and are never called.
    """
    answers: list[bytes] = []
    silent: dict[str, str] = {}
    for certificate, issuer in pairwise(path) if source else ():
        for address in trust.tree_of(path[-1]).ocsp:
            if address in silent:
                continue
            try:
                encoded = (one.public_bytes(Encoding.DER) for one in (certificate, issuer))
                answers.append(source.ocsp(address, *encoded) if source else b"")
                break
            except SourceUnreachableError as problem:
                silent[address] = problem.finding.message
    return answers, list(silent.values())


def revoked_at(certificate: x509.Certificate, known: Known) -> datetime | None:
    """When a list says that a certificate was revoked."""
    for item in known.lists:
        if item.issuer == certificate.issuer:
            entry = item.get_revoked_certificate_by_serial_number(certificate.serial_number)
            if entry is not None:
                return entry.revocation_date_utc
    return None


def vouches(known: Known, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime) -> bool:
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
        and is_signed_by(item, issuer)
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


def revoked_later(answers: Sequence[bytes], certificate: x509.Certificate, moment: datetime) -> datetime | None:
    """When an OCSP answer says that a certificate was revoked, if that was after a moment. Not yet authenticated."""
    for answer in answers:
        for single in _singles(answer):
            if single.serial_number == certificate.serial_number and single.revocation_time_utc:
                return single.revocation_time_utc if single.revocation_time_utc > moment else None
    return None


def _lists(trust: Trust, path: Path) -> Iterator[x509.CertificateRevocationList]:
    for certificate, issuer in pairwise(path):
        newest: dict[bytes, x509.CertificateRevocationList] = {}
        for item in sorted(trust.crls, key=lambda item: item.last_update_utc):
            # A delta list says only what changed since another; without it the base list still holds.
            if _is_delta(item) or not is_signed_by(item, issuer) or not _tells_of(item, certificate):
                continue
            newest[_scope(item)] = item
        yield from newest.values()


def _tells_of(item: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    """Whether a list can vouch for a certificate: those issued after it expired need not name it (RFC 5280, 3.3)."""
    if item.last_update_utc <= certificate.not_valid_after_utc:
        return True
    if item.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
        return True
    return any(extension.oid == _EXPIRED_CERTS_ON_CRL for extension in item.extensions)


def _is_delta(item: x509.CertificateRevocationList) -> bool:
    return any(isinstance(extension.value, x509.DeltaCRLIndicator) for extension in item.extensions)


def _scope(item: x509.CertificateRevocationList) -> bytes:
    scopes = (x509.AuthorityKeyIdentifier, x509.IssuingDistributionPoint)
    values = [extension.value for extension in item.extensions if isinstance(extension.value, scopes)]
    return b"|".join(value.public_bytes() for value in values)


def is_signed_by(item: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether a list is of this issuer and signed with his key."""
    if item.issuer != issuer.subject:
        return False
    try:
        return item.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # other kinds of key raise TypeError
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False


def _concerns(answer: bytes, path: Path) -> bool:
    """Whether a response says something on a certificate of a path; "unknown" is nothing."""
    return any(
        single.certificate_status is not ocsp.OCSPCertStatus.UNKNOWN
        and single.serial_number == certificate.serial_number
        and single.issuer_name_hash == digest(issuer.subject.public_bytes(), single.hash_algorithm)
        for single in _singles(answer)
        for certificate, issuer in pairwise(path)
    )


def _singles(answer: bytes) -> tuple[ocsp.OCSPSingleResponse, ...]:
    """The single answers of a response; none where it cannot be read or says that it has none."""
    try:
        found = ocsp.load_der_ocsp_response(answer)
        return tuple(found.responses) if found.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL else ()
    except (ValueError, UnsupportedAlgorithm):
        return ()


def parsed_lists(known: Known) -> list[asn1_crl.CertificateList]:
    """The lists as certvalidator wants them."""
    return [asn1_crl.CertificateList.load(item) for item in known.encoded_lists]
