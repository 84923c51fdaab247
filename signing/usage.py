"""What a certificate may be used for."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing.trust import Use

_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)
# Purposes under which public authorities issue certificates to people and agencies.
_SIGNING_PURPOSES = frozenset(
    {
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),  # document signing, RFC 9336
        x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.12"),  # document signing, Microsoft
        x509.ObjectIdentifier("1.2.840.113583.1.1.5"),  # authentic documents, Adobe
    }
)


_PURPOSES = {
    Use.SIGNATURES: _SIGNING_PURPOSES,
    Use.TIME_STAMPS: frozenset({ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}),
}


def usages(certificate: x509.Certificate) -> tuple[str, ...]:
    """Key usages named in the certificate; empty where it has no such extension. Raises ValueError if damaged."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(name for name in _USAGES if getattr(usage, name))


def may_sign(certificate: x509.Certificate) -> bool:
    """Whether key usage and extended key usage, where present, allow signing documents (RFC 5280, 4.2.1.3 and .12)."""
    return key_may_sign(certificate) and allows(certificate, Use.SIGNATURES)


def key_may_sign(certificate: x509.Certificate) -> bool:
    """Whether the key usage, where there is one, names signing; one that names nothing allows nothing."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment


def allows(certificate: x509.Certificate, use: Use) -> bool:
    """Whether the purposes of a certificate, where it names any, allow this use.

    Of an authority they limit what it issues: RFC 5280 leaves that open, OpenSSL holds to it.
    """
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return bool(_PURPOSES[use].intersection(purposes))


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether this is a certificate of a certification authority, which signs certificates and not reports."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
