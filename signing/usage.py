"""What a certificate may be used for."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

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


def usages(certificate: x509.Certificate) -> tuple[str, ...]:
    """Key usages named in the certificate; empty where it has no such extension. Raises ValueError if damaged."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(name for name in _USAGES if getattr(usage, name))


def may_sign(certificate: x509.Certificate) -> bool:
    """Whether key usage and extended key usage, where present, allow signing documents (RFC 5280, 4.2.1.3 and .12)."""
    named = usages(certificate)
    if named and not {"digital_signature", "content_commitment"} & set(named):
        return False
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return bool(_SIGNING_PURPOSES.intersection(purposes))


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether this is a certificate of a certification authority, which signs certificates and not reports."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
