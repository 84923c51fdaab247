"""Certificates as authorities issue them, which is not always as the standard has it, are read without a word."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, NameOID

from signing.sign import sign_package
from tests.signing.authorities import NOW, Authorities, Holder, a_crl, key_usage

ROOT = Path(__file__).parents[2]
LONG = "Ủy ban nhân dân xã Thử Nghiệm, huyện Thử Nghiệm, tỉnh Thử Nghiệm"
VERIFY = """
import sys
from datetime import datetime
from pathlib import Path

from signing.trust import Trust
from signing.verify import verify_package

folder, moment = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
verdict = verify_package((folder / "signed.xlsx").read_bytes(), Trust.from_directory(folder), now=moment)
print(verdict.outcome, verdict.signatures[0].signer)
"""


def tagged(tag: int, *contents: bytes) -> bytes:
    """DER of a short value."""
    whole = b"".join(contents)
    return bytes([tag, len(whole)]) + whole


def a_notice() -> bytes:
    """Certificate policies (RFC 5280, 4.2.1.4) with a notice in a kind of text that has no such letters."""
    text = tagged(0x1A, "Chứng thư số".encode())
    qualifier = tagged(0x30, tagged(0x06, bytes.fromhex("2b06010505070202")), tagged(0x30, text))
    return tagged(0x30, tagged(0x30, tagged(0x06, bytes.fromhex("2a0304")), tagged(0x30, qualifier)))


def called(authorities: Authorities, **names: str) -> Holder:
    """An agency with these names and no others."""
    key, issuer = ec.generate_private_key(ec.SECP256R1()), authorities.issuing
    parts = [x509.NameAttribute(getattr(NameOID, kind), value, _validate=False) for kind, value in names.items()]
    builder = (
        x509.CertificateBuilder(issuer.certificate.subject, x509.Name(parts), key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW.replace(year=NOW.year - 1))
        .not_valid_after(NOW.replace(year=NOW.year + 1))
        .add_extension(key_usage("digital_signature"), critical=True)
        .add_extension(x509.UnrecognizedExtension(ExtensionOID.CERTIFICATE_POLICIES, a_notice()), critical=False)
    )
    return Holder(builder.sign(issuer.key, hashes.SHA256()), key, (issuer.certificate, *issuer.chain))


@pytest.mark.parametrize("strictness", ["default", "error"])
def test_what_authorities_write_against_the_standard_is_read_and_nothing_is_said_of_it(
    strictness: str, workbook: bytes, authorities: Authorities, tmp_path: Path
) -> None:
    """In a process of its own, as a user starts it: pytest has filters of its own."""
    agency = called(authorities, COUNTRY_NAME="VNM", COMMON_NAME=LONG)
    (tmp_path / "signed.xlsx").write_bytes(sign_package(workbook, agency, at=NOW))
    (tmp_path / "root.crt").write_bytes(authorities.root.certificate.public_bytes(Encoding.PEM))
    for number, issuer in enumerate((authorities.root, authorities.issuing)):
        (tmp_path / f"{number}.crl").write_bytes(a_crl(issuer).public_bytes(Encoding.DER))

    command = [sys.executable, "-W", f"{strictness}::UserWarning", "-c", VERIFY, tmp_path, NOW.isoformat()]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=False)

    assert (told.returncode, told.stderr, told.stdout.strip()) == (0, "", f"valid {LONG}")
