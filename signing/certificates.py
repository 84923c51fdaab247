"""Certificates as they come in, with signatures and with time stamps: read whole at once, or refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from asn1crypto import x509 as asn1  # type: ignore[import-untyped]  # has no stubs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

MAX_EMBEDDED_CERTIFICATES: Final = 12
# Paths are looked for by name: eight certificates of one name give forty thousand. Renewed authorities have two.
_MAX_OF_ONE_NAME: Final = 2
# A person's certificate has two or three thousand bytes. Thousands of names, each held against the limits that an
# authority sets on names, keep the path builder busy for a minute.
_MAX_CERTIFICATE: Final = 16 * 1024  # bytes
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


class CertificateUnreadableError(ValueError):
    """The signer's certificate cannot be read (BS220)."""


class TooManyCertificatesError(ValueError):
    """More certificates came along than any honest program sends; the message is Vietnamese."""


def whole_certificate(data: bytes) -> x509.Certificate:
    """A certificate of which every field was read once: it parses lazily, and must not fail later.

    Raises:
        CertificateUnreadableError: with the reason in Vietnamese.
    """
    if len(data) > _MAX_CERTIFICATE:
        raise CertificateUnreadableError(f"chứng thư số dài {len(data)} byte, nhiều nhất là {_MAX_CERTIFICATE}")
    return _read_whole(data)


@lru_cache(maxsize=1024)  # the same few authorities come along with every signature
def _read_whole(data: bytes) -> x509.Certificate:
    try:
        parsed = _check_encoding(data)
        # Names as the path builder compares them, which not every name allows.
        _ = parsed.subject.hashable, parsed.issuer.hashable
        certificate = x509.load_der_x509_certificate(data)
        certificate.public_key()
        fields = (certificate.subject, certificate.issuer, certificate.extensions, certificate.signature_hash_algorithm)
        times = (certificate.not_valid_before_utc, certificate.not_valid_after_utc, certificate.serial_number)
    except CertificateUnreadableError:
        raise
    except _UNREADABLE as error:
        raise CertificateUnreadableError("chứng thư số bị hỏng hoặc dùng kiểu khóa không được hỗ trợ") from error
    if None in (*fields, *times):
        raise CertificateUnreadableError("chứng thư số thiếu thông tin")
    return certificate


def _check_encoding(data: bytes) -> asn1.Certificate:
    """Refuse two liberties that cryptography takes, the first with a warning each time."""
    parsed = asn1.Certificate.load(data)
    # RFC 5280, 4.1.2.2: a positive number.
    if parsed["tbs_certificate"]["serial_number"].native <= 0:
        raise CertificateUnreadableError("số sê-ri của chứng thư số không phải số dương")
    # A signature is whole bytes; the count of unused bits in front of it is itself not signed by anybody.
    if parsed["signature_value"].contents[:1] != b"\x00":
        raise CertificateUnreadableError("chữ ký trên chứng thư số sai quy cách")
    return parsed


def whole_certificates(found: Sequence[bytes]) -> tuple[bytes, ...]:
    """Certificates that came along with a signature or a time stamp, where anybody may have put them: few, and whole.

    Raises:
        TooManyCertificatesError: too many, or too many of one name.
        CertificateUnreadableError: one that cannot be read.
    """
    if len(found) > MAX_EMBEDDED_CERTIFICATES:
        raise TooManyCertificatesError("chữ ký mang quá nhiều chứng thư số")
    certificates = tuple(whole_certificate(item).public_bytes(Encoding.DER) for item in found)
    # The name as the path builder compares names, which is without regard to case and spaces.
    names = Counter(asn1.Certificate.load(item).subject.hashable for item in certificates)
    if max(names.values(), default=0) > _MAX_OF_ONE_NAME:
        raise TooManyCertificatesError("chữ ký mang quá nhiều chứng thư số cùng tên")
    return certificates
