"""Keys that sign: what a signer is, and signers from PKCS#12 files. Reads bytes, never files."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

from asn1crypto import cms  # type: ignore[import-untyped]  # has no stubs
from asn1crypto import pkcs12 as structure
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import pkcs12

from signing.algorithms import coordinate_length, describe_key, key_is_acceptable
from signing.errors import KeyUnusableError
from signing.findings import error

# Programs write some thousands to a million. The library would count on for hours, deaf to Ctrl-C.
_MOST_ROUNDS: Final = 10_000_000
_UNREADABLE: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class Signer(Protocol):
    """Whoever holds a private key: a key file, a token."""

    @property
    def certificate(self) -> x509.Certificate:
        """The signer's certificate."""

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """Issuing certificates known to the signer, without the signer's own; may be empty."""

    def sign(self, data: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
        """Sign bytes as XML-DSig wants it: RSA PKCS#1 v1.5, or ECDSA as raw ``r‖s`` of fixed length."""


@dataclass(frozen=True, slots=True)
class Pkcs12Signer:
    """A signer from a key file (``.p12``, ``.pfx``)."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    _key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    def __repr__(self) -> str:
        return f"Pkcs12Signer({self.certificate.subject.rfc4514_string()!r})"

    @classmethod
    def load(cls, data: bytes, password: str | bytes) -> Pkcs12Signer:
        """Open a key file.

        Raises:
            KeyUnusableError: BS240 not a key file, BS241 wrong password, BS242 no key or certificate in it,
                BS243 key and certificate differ, BS207 a kind of key or a length that is not accepted.
        """
        key, certificate, others = _open(data, _checked(password))
        if key is None or certificate is None:
            raise error(KeyUnusableError, "BS242")
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise error(KeyUnusableError, "BS207", key=type(key).__name__)
        if not key_is_acceptable(key.public_key()):
            raise error(KeyUnusableError, "BS207", key=describe_key(key.public_key()))
        if key.public_key() != certificate.public_key():
            raise error(KeyUnusableError, "BS243")
        return cls(certificate, issuers_of(certificate, others), key)

    def sign(self, data: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
        """See ``Signer``."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), algorithm)
        half = coordinate_length(self._key)
        r, s = decode_dss_signature(self._key.sign(data, ec.ECDSA(algorithm)))
        return r.to_bytes(half, "big") + s.to_bytes(half, "big")


def issuers_of(certificate: x509.Certificate, others: Iterable[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """The certificates above one, in order. Key files also carry what does not belong, which must not be sent along."""
    chain: list[x509.Certificate] = []
    remaining = list(others)
    current = certificate
    while issuer := next((other for other in remaining if is_issued_by(current, other)), None):
        remaining.remove(issuer)
        if issuer != certificate:
            chain.append(issuer)
        current = issuer
    return tuple(chain)


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name and key are on this certificate."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False
    return True


def _checked(password: str | bytes) -> bytes:
    """The password in UTF-8. What no key file has is not handed on: the library would show it, and stop the program."""
    try:
        encoded = (password if isinstance(password, bytes) else password.encode()).decode().encode()
    except UnicodeError:
        # The error holds the password; what is raised below must not lead to it.
        encoded = b"\0"
    if b"\0" in encoded:
        raise error(KeyUnusableError, "BS241")
    return encoded


def _open(data: bytes, password: bytes) -> tuple[object, x509.Certificate | None, list[x509.Certificate]]:
    # An ASN.1 SEQUENCE opens every PKCS#12 file; the library reports a wrong password and rubbish alike.
    if not data.startswith(b"\x30"):
        raise error(KeyUnusableError, "BS240", reason="đây không phải tệp PKCS#12")
    rounds = max(_rounds(data), default=0)
    if rounds > _MOST_ROUNDS:
        reason = f"tệp đòi {rounds} vòng tính từ mật khẩu, nhiều nhất là {_MOST_ROUNDS}"
        raise error(KeyUnusableError, "BS240", reason=reason)
    try:
        with warnings.catch_warnings():
            # Older programs export BER, not DER; the library reads it, and warns in English.
            warnings.simplefilter("ignore", UserWarning)
            return pkcs12.load_key_and_certificates(data, password)
    except UnsupportedAlgorithm as problem:
        raise error(KeyUnusableError, "BS240", reason="tệp dùng cách mã hoá không được hỗ trợ") from problem
    except ValueError as problem:
        if "password" in str(problem).lower():
            raise error(KeyUnusableError, "BS241") from problem
        raise error(KeyUnusableError, "BS240", reason="tệp bị hỏng hoặc không phải PKCS#12") from problem


def _rounds(data: bytes) -> Iterator[int]:
    """How often a file has the password hashed, as far as it says so in the open; what cannot be read says nothing."""
    with suppress(*_UNREADABLE):
        file = structure.Pfx.load(data)
        if mac := file["mac_data"].native:
            yield mac["iterations"]
        for part in structure.AuthenticatedSafe.load(file["auth_safe"]["content"].native):
            yield from _rounds_of(part)


def _rounds_of(part: cms.ContentInfo) -> Iterator[int]:
    with suppress(*_UNREADABLE):
        if part["content_type"].native == "encrypted_data":
            yield part["content"]["encrypted_content_info"]["content_encryption_algorithm"].kdf_iterations
            return
        for bag in structure.SafeContents.load(part["content"].native):
            if bag["bag_id"].native == "pkcs8_shrouded_key_bag":
                yield bag["bag_value"]["encryption_algorithm"].kdf_iterations
