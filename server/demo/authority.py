"""A certificate authority for the demonstration: root, issuing authority, and PKCS#12 keys of people.

Every name in it says DEMO, so that no certificate of it can be taken for one with legal force.
Keys are made on the machine that runs the demonstration and stay in its folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DEMO_PASSWORD = "bieuso-demo"  # noqa: S105 - printed for the visitor; it protects keys that have no legal force
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Issued:
    """A person's key file and the certificate in it."""

    path: Path
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class Authority:
    """The demonstration's two certificate authorities, root above issuing."""

    root: x509.Certificate
    root_key: PrivateKey
    issuing: x509.Certificate
    issuing_key: PrivateKey
    now: datetime

    def issue(
        self, *, common_name: str, organization: str, unit_code: str, use_rsa: bool = False
    ) -> tuple[x509.Certificate, bytes]:
        """A signing certificate for a person, with its key as PKCS#12 bytes under ``DEMO_PASSWORD``."""
        key: PrivateKey = (
            rsa.generate_private_key(public_exponent=65537, key_size=2048)
            if use_rsa
            else ec.generate_private_key(ec.SECP256R1())
        )
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, f"MADV:{unit_code}"),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )
        certificate = (
            _builder(subject, self.issuing.subject, key, self.now, days=365)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signing=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.issuing_key.public_key()), critical=False
            )
            .sign(self.issuing_key, hashes.SHA256())
        )
        protection = serialization.BestAvailableEncryption(DEMO_PASSWORD.encode())
        p12 = pkcs12.serialize_key_and_certificates(
            common_name.encode(), key, certificate, [self.issuing, self.root], protection
        )
        return certificate, p12

    def revocation_lists(self, revoked: list[x509.Certificate]) -> dict[str, bytes]:
        """CRLs (DER) of both authorities; ``revoked`` were revoked a week ago."""
        return {
            "root.crl": _revocation_list(self.root, self.root_key, [], self.now),
            "issuing.crl": _revocation_list(self.issuing, self.issuing_key, revoked, self.now),
        }


def create_authority(now: datetime) -> Authority:
    """A new root and issuing authority, both valid from a year before ``now`` for ten years."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    root_name = _authority_name("BieuSo DEMO Root CA - khong co gia tri phap ly")
    root = (
        _builder(root_name, root_name, root_key, now - timedelta(days=335), days=3650)
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(_usage(signing=False), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    issuing_key = ec.generate_private_key(ec.SECP256R1())
    issuing_name = _authority_name("BieuSo DEMO Issuing CA - khong co gia tri phap ly")
    issuing = (
        _builder(issuing_name, root_name, issuing_key, now - timedelta(days=335), days=3000)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signing=False), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return Authority(root, root_key, issuing, issuing_key, now)


def _authority_name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "BieuSo DEMO"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, now: datetime, *, days: int
) -> x509.CertificateBuilder:
    start = now - timedelta(days=30)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signing: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signing,
        content_commitment=signing,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signing,
        crl_sign=not signing,
        encipher_only=False,
        decipher_only=False,
    )


def _revocation_list(
    issuer: x509.Certificate, key: PrivateKey, revoked: list[x509.Certificate], now: datetime
) -> bytes:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now - timedelta(hours=1))
        .next_update(now + timedelta(days=365))
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    for certificate in revoked:
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(certificate.serial_number)
            .revocation_date(now - timedelta(days=7))
            .add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
            .build()
        )
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
