"""What is trusted: root certificates, intermediates and revocation lists. Configuration, never code or network.

Two national trees exist (public authorities, and the Government's for agencies); both are folders of files here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from signing.errors import TrustError
from signing.findings import error

_CERTIFICATES = (".crt", ".pem", ".cer")
_CRLS = (".crl",)
_UNREADABLE = (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


@dataclass(frozen=True, slots=True, eq=False)
class Trust:
    """Trust anchors and what is needed to reach them; build with ``of`` or ``from_directory``.

    Attributes:
        answers: chains already assessed (see ``signing.chain``), so that a repeated question costs nothing.
        lock: held while a chain is assessed.
    """

    roots: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...]
    crls: tuple[x509.CertificateRevocationList, ...]
    answers: dict[tuple[bytes, ...], Any] = field(default_factory=dict, repr=False)
    lock: Lock = field(default_factory=Lock, repr=False)

    @classmethod
    def of(
        cls,
        roots: Iterable[x509.Certificate],
        intermediates: Iterable[x509.Certificate] = (),
        crls: Iterable[x509.CertificateRevocationList] = (),
    ) -> Trust:
        """Trust in these certificates.

        Raises:
            TrustError: BS250 without a root, BS251 where a root is not a self-signed CA certificate.
        """
        trust = cls(tuple(roots), tuple(intermediates), tuple(crls))
        if not trust.roots:
            raise error(TrustError, "BS250", folder="(cấu hình)")
        for root in trust.roots:
            if not is_root(root):
                name = root.subject.rfc4514_string()
                raise error(
                    TrustError, "BS251", file=name, reason="không phải chứng thư gốc tự ký của tổ chức chứng thực"
                )
        return trust

    @classmethod
    def from_directory(cls, path: Path | str) -> Trust:
        """Read a folder: certificates (``*.crt``, ``*.pem``, ``*.cer``) and CRLs (``*.crl``), PEM or DER.

        Only self-signed CA certificates become roots; every other certificate helps to build paths.

        Raises:
            TrustError: BS250 no root in the folder (or no such folder), BS251 an unreadable file.
        """
        folder = Path(path)
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        certificates = [
            found for file in files if file.suffix.lower() in _CERTIFICATES for found in _certificates(file)
        ]
        crls = [found for file in files if file.suffix.lower() in _CRLS for found in _crls(file)]
        roots = [certificate for certificate in certificates if is_root(certificate)]
        if not roots:
            raise error(TrustError, "BS250", folder=str(folder))
        return cls.of(roots, [certificate for certificate in certificates if certificate not in roots], crls)


def is_root(certificate: x509.Certificate) -> bool:
    """Whether a certificate is a CA's own, signed by itself."""
    try:
        certificate.verify_directly_issued_by(certificate)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    return constraints.ca


def _certificates(file: Path) -> Iterator[x509.Certificate]:
    data = file.read_bytes()
    try:
        if b"-----BEGIN" in data:
            yield from x509.load_pem_x509_certificates(data)
        else:
            yield x509.load_der_x509_certificate(data)
    except ValueError as problem:
        raise error(TrustError, "BS251", file=file.name, reason="không phải chứng thư số PEM hoặc DER") from problem


def _crls(file: Path) -> Iterator[x509.CertificateRevocationList]:
    data = file.read_bytes()
    try:
        crl = x509.load_pem_x509_crl(data) if b"-----BEGIN" in data else x509.load_der_x509_crl(data)
        # A list parses lazily; read it now, so that it cannot fail in the middle of a verification.
        list(crl.extensions)
    except _UNREADABLE as problem:
        reason = "không phải danh sách thu hồi PEM hoặc DER"
        raise error(TrustError, "BS251", file=file.name, reason=reason) from problem
    yield crl
