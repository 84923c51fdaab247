"""A certification authority of the tests: root, issuing CA, people. Keys are made anew in each run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from signing.trust import Trust

NOW = datetime(2026, 9, 15, 3, 0, tzinfo=UTC)
PASSWORD = "mật khẩu thử"
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Holder:
    """A certificate with its key; also a signer that asks no questions."""

    certificate: x509.Certificate
    key: Key
    chain: tuple[x509.Certificate, ...] = ()
    raw: bool = True

    def sign(self, data: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), algorithm)
        der = self.key.sign(data, ec.ECDSA(algorithm))
        if not self.raw:
            return der
        half = (self.key.curve.key_size + 7) // 8
        return b"".join(number.to_bytes(half, "big") for number in decode_dss_signature(der))

    def p12(self, password: str = PASSWORD) -> bytes:
        protection = serialization.BestAvailableEncryption(password.encode())
        return pkcs12.serialize_key_and_certificates(b"key", self.key, self.certificate, self.chain, protection)


@cache
def rsa_key(bits: int = 2048, name: str = "") -> rsa.RSAPrivateKey:
    """A key per size and name; making RSA keys is slow."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def a_name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "UBND xã Thử Nghiệm"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def key_usage(*names: str) -> x509.KeyUsage:
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in names for name in every})


def a_certificate(
    common_name: str,
    key: Key,
    *,
    issuer: Holder | None = None,
    authority: bool = False,
    start: datetime = NOW - timedelta(days=100),
    end: datetime = NOW + timedelta(days=265),
    usage: tuple[str, ...] | None = ("digital_signature", "content_commitment"),
    purposes: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.EMAIL_PROTECTION,),
    algorithm: hashes.HashAlgorithm | None = None,
    path_length: int | None = None,
    url: str = "",
    purposes_critical: bool = False,
    ocsp_no_check: bool = False,
    authority_usage: tuple[str, ...] = ("key_cert_sign", "crl_sign"),
) -> Holder:
    """A certificate; self-signed without an issuer."""
    subject = a_name(common_name)
    issuer_key = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=path_length), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if authority:
        usage, purposes = authority_usage, ()
    if usage is not None:
        builder = builder.add_extension(key_usage(*usage), critical=True)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=purposes_critical)
    if ocsp_no_check:
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    if url:
        address = x509.UniformResourceIdentifier(url)
        point = x509.DistributionPoint([address], None, None, None)
        access = [
            x509.AccessDescription(AuthorityInformationAccessOID.OCSP, address),
            x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, address),
        ]
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        builder = builder.add_extension(x509.AuthorityInformationAccess(access), critical=False)
    chain = (issuer.certificate, *issuer.chain) if issuer else ()
    return Holder(builder.sign(issuer_key, algorithm or hashes.SHA256()), key, chain)


def a_crl(
    issuer: Holder,
    revoked: tuple[tuple[Holder, datetime], ...] = (),
    *,
    issued: datetime = NOW - timedelta(days=1),
    next_update: datetime = NOW + timedelta(days=6),
) -> x509.CertificateRevocationList:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(issued)
        .next_update(next_update)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
    )
    for holder, moment in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(holder.certificate.serial_number)
            .revocation_date(moment)
            .add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
            .build()
        )
    return builder.sign(issuer.key, hashes.SHA256())


@dataclass(frozen=True)
class Authorities:
    """A root and an issuing CA under it."""

    root: Holder
    issuing: Holder

    def officer(self, name: str = "Nguyễn Văn Thử", key: Key | None = None, **options: object) -> Holder:
        """A person's signing certificate, ECDSA P-256 unless a key is given."""
        return a_certificate(name, key or ec.generate_private_key(ec.SECP256R1()), issuer=self.issuing, **options)  # type: ignore[arg-type]  # passed on as they are

    def trust(self, *revoked: tuple[Holder, datetime]) -> Trust:
        """Trust in the root, with both revocation lists."""
        crls = (a_crl(self.root), a_crl(self.issuing, revoked))
        return Trust.of([self.root.certificate], [self.issuing.certificate], crls)


def create_authorities(name: str = "Gốc Thử", *, now: datetime = NOW) -> Authorities:
    long = {"start": now - timedelta(days=1000), "end": now + timedelta(days=3000)}
    root = a_certificate(f"CA {name}", ec.generate_private_key(ec.SECP256R1()), authority=True, **long)
    issuing = a_certificate(
        f"CA Cấp {name}", ec.generate_private_key(ec.SECP256R1()), issuer=root, authority=True, path_length=0, **long
    )
    return Authorities(root, issuing)
