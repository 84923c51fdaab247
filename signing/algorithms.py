"""The algorithms that may be used, by the names XML-DSig gives them. Nothing else is ever accepted."""

from __future__ import annotations

from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
# Of what a time stamp is over, and of nothing else: it is not signed, and says no more than that something was there.
EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
RELATIONSHIP_TRANSFORM = "http://schemas.openxmlformats.org/package/2006/RelationshipTransform"

SHA256 = hashes.SHA256()
DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "http://www.w3.org/2001/04/xmlenc#sha256": SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384(),
    "http://www.w3.org/2001/04/xmlenc#sha512": hashes.SHA512(),
}
SHA256_URI = "http://www.w3.org/2001/04/xmlenc#sha256"

# What a signer may choose, by the names people use.
DIGEST_URIS = {
    "SHA-256": SHA256_URI,
    "SHA-384": "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "SHA-512": "http://www.w3.org/2001/04/xmlenc#sha512",
}

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_RSA: dict[str, hashes.HashAlgorithm] = {
    f"{_MORE}rsa-sha256": SHA256,
    f"{_MORE}rsa-sha384": hashes.SHA384(),
    f"{_MORE}rsa-sha512": hashes.SHA512(),
}
_ECDSA: dict[str, hashes.HashAlgorithm] = {
    f"{_MORE}ecdsa-sha256": SHA256,
    f"{_MORE}ecdsa-sha384": hashes.SHA384(),
    f"{_MORE}ecdsa-sha512": hashes.SHA512(),
}
SIGNATURE_METHODS = _RSA | _ECDSA

# TT 15/2025/TT-BKHCN: RSA of at least 2048 bits, ECDSA of at least 256.
_MIN_RSA_BITS = 2048
# Longer ones buy nothing and cost the verifier; an exponent of 3 has been forged with, and more than 64 bits cost too.
_MAX_RSA_BITS = 8192
_RSA_EXPONENTS = range(65537, 2**64)
_CURVES = ("secp256r1", "secp384r1", "secp521r1")


def digest(data: bytes, algorithm: hashes.HashAlgorithm = SHA256) -> bytes:
    """The hash of bytes."""
    return digest_of((data,), algorithm)


def digest_of(pieces: Iterable[bytes], algorithm: hashes.HashAlgorithm) -> bytes:
    """The hash of bytes that come in pieces, so that large parts are never held whole."""
    context = hashes.Hash(algorithm)
    for piece in pieces:
        context.update(piece)
    return context.finalize()


def describe_key(key: object) -> str:
    """A public key in words: ``"RSA 2048"``, ``"ECDSA secp256r1"``."""
    if isinstance(key, rsa.RSAPublicKey):
        exponent = key.public_numbers().e
        return f"RSA {key.key_size}" + ("" if exponent == _RSA_EXPONENTS.start else f" (số mũ {exponent})")
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECDSA {key.curve.name}"
    return type(key).__name__


def key_is_acceptable(key: object) -> bool:
    """Whether a public key is of a kind and strength that may sign."""
    if isinstance(key, rsa.RSAPublicKey):
        return _MIN_RSA_BITS <= key.key_size <= _MAX_RSA_BITS and key.public_numbers().e in _RSA_EXPONENTS
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES


def signature_method(key: object, digest_uri: str) -> str:
    """The method of the key's own scheme with a digest."""
    scheme = "ecdsa" if isinstance(key, ec.EllipticCurvePublicKey) else "rsa"
    return f"{_MORE}{scheme}-sha{DIGESTS[digest_uri].digest_size * 8}"


def coordinate_length(key: ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey) -> int:
    """Bytes of each half of an ECDSA SignatureValue (RFC 4050, XML-DSig 1.1: raw r and s, fixed length)."""
    return (key.curve.key_size + 7) // 8


def signature_is_right(key: object, method: str, signature: bytes, data: bytes) -> bool:
    """Whether a SignatureValue is this key's over these bytes by this method."""
    try:
        if isinstance(key, rsa.RSAPublicKey) and method in _RSA:
            key.verify(signature, data, padding.PKCS1v15(), _RSA[method])
            return True
        if isinstance(key, ec.EllipticCurvePublicKey) and method in _ECDSA:
            half = coordinate_length(key)
            if len(signature) != 2 * half:
                return False
            r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
            key.verify(encode_dss_signature(r, s), data, ec.ECDSA(_ECDSA[method]))
            return True
    except InvalidSignature:
        return False
    return False
