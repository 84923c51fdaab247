"""LibreOffice's own opinion of the signatures in a file: a headless soffice is asked over UNO."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.office import driven

_DRIVER = Path(__file__).with_name("libreoffice_signatures_driver.py")


@dataclass(frozen=True, slots=True)
class LibreOfficeVerdict:
    """One signature as LibreOffice sees it.

    Attributes:
        signature_valid: digests and signature value are right (``SignatureIsValid``).
        certificate_valid: the certificate leads to a root in LibreOffice's NSS database (``CertificateStatus``).
        partial: ``PartialDocumentSignature``; true is normal for OOXML.
        signer: subject of the certificate.
    """

    signature_valid: bool
    certificate_valid: bool
    partial: bool
    signer: str


def libreoffice_verdicts(path: Path | str, root_certificate_pem: bytes) -> list[LibreOfficeVerdict]:
    """Ask LibreOffice about every signature of a file.

    Args:
        path: the signed workbook.
        root_certificate_pem: PEM of the trusted root. LibreOffice does not read the chain that a signature carries:
            append the PEM of intermediates in the same bytes where there are any.
    """
    with tempfile.TemporaryDirectory(prefix="bieuso-soffice-") as folder:
        database = _nss_database(Path(folder), root_certificate_pem)
        order = {"profile": f"{folder}/profile", "url": Path(path).resolve().as_uri()}
        answer = driven(_DRIVER, order, MOZILLA_CERTIFICATE_FOLDER=f"sql:{database}")
    return [LibreOfficeVerdict(**item) for item in json.loads(answer)]


def _nss_database(folder: Path, pem: bytes) -> Path:
    database = folder / "nss"
    database.mkdir()
    _certutil("-N", "--empty-password", "-d", f"sql:{database}")
    for number, certificate in enumerate(x509.load_pem_x509_certificates(pem)):
        file = folder / f"{number}.crt"
        file.write_bytes(certificate.public_bytes(Encoding.PEM))
        flags = "CT,CT,CT" if certificate.subject == certificate.issuer else ",,"
        _certutil("-A", "-n", f"certificate {number}", "-t", flags, "-d", f"sql:{database}", "-i", str(file))
    return database


def _certutil(*arguments: str) -> None:
    subprocess.run(["certutil", *arguments], check=True, capture_output=True, timeout=30)
