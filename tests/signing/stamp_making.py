"""Time-stamp tokens made by hand, with whatever an authority or an attacker may put into them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asn1crypto import cms, core, tsp  # type: ignore[import-untyped]  # has no stubs
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from signing.algorithms import digest
from tests.signing.authorities import NOW, Holder

Attributes = list[dict[str, Any]]
HASHES: dict[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),  # noqa: S303 - what is to be refused
    "sha1": hashes.SHA1(),  # noqa: S303 - what is to be refused
    "sha256": hashes.SHA256(),
    "sha512": hashes.SHA512(),
}


@dataclass(frozen=True)
class Stamp:
    """How a token is made; the defaults make one in good order.

    Attributes:
        time: as the token names it; text is written as it stands.
        info: fields of TSTInfo changed or added.
        attributes: changes the signed attributes; None: there are none.
        parts: changes the fields of SignerInfo before they are encoded.
        whole: changes the fields of SignedData before they are encoded.
        certificates: those that come along; None: the authority's own and its chain.
        hashed: digest of signature and content; ``named``: the signature algorithm where another one is written down.
    """

    time: datetime | str = NOW
    info: dict[str, Any] = field(default_factory=dict)
    attributes: Callable[[Attributes], Attributes] | None = lambda found: found
    parts: dict[str, Any] = field(default_factory=dict)
    whole: Callable[[dict[str, Any]], dict[str, Any]] = lambda found: found
    certificates: Sequence[x509.Certificate] | None = None
    hashed: str = "sha256"
    named: str = ""


def a_token(data: bytes, clock: Holder, stamp: Stamp = Stamp()) -> bytes:
    """A token (DER) over the SHA-256 of data."""
    info = _info(data, stamp)
    own = as_asn1(clock.certificate)
    algorithm = HASHES[stamp.hashed]
    attributes = _attributes(info, own, algorithm)
    made = None if stamp.attributes is None else cms.CMSAttributes(stamp.attributes(attributes))
    scheme = "rsa" if isinstance(clock.key, rsa.RSAPrivateKey) else "ecdsa"
    signer = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": {"issuer": own.issuer, "serial_number": own.serial_number}},
        "digest_algorithm": {"algorithm": stamp.hashed},
        "signature_algorithm": {"algorithm": stamp.named or f"{stamp.hashed}_{scheme}"},
        "signature": _signature(clock, info if made is None else made.dump(), algorithm),
    }
    if made is not None:
        signer["signed_attrs"] = made
    chain = (clock.certificate, *clock.chain) if stamp.certificates is None else stamp.certificates
    signed: dict[str, Any] = {
        "version": "v3",
        "digest_algorithms": [{"algorithm": stamp.hashed}],
        "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info)},
        "certificates": [as_asn1(one) for one in chain],
        "signer_infos": [signer | stamp.parts],
    }
    content = cms.SignedData(stamp.whole(signed))
    encoded: bytes = cms.ContentInfo({"content_type": "signed_data", "content": content}).dump()
    return encoded


def as_asn1(certificate: x509.Certificate) -> asn1.Certificate:
    return asn1.Certificate.load(certificate.public_bytes(Encoding.DER))


def _info(data: bytes, stamp: Stamp) -> bytes:
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest(data)}
    fields = {"version": "v1", "policy": "1.2.3", "message_imprint": imprint, "serial_number": 1, "gen_time": NOW}
    named = {} if isinstance(stamp.time, str) else {"gen_time": stamp.time}
    encoded: bytes = tsp.TSTInfo(fields | named | stamp.info).dump()
    if not isinstance(stamp.time, str):
        return encoded
    contents = core.Sequence.load(encoded).contents
    written = core.GeneralizedTime(NOW).dump()
    asked = b"\x18" + bytes([len(stamp.time)]) + stamp.time.encode("ascii")
    changed: bytes = core.Sequence(contents=contents.replace(written, asked)).dump()
    return changed


def _attributes(info: bytes, own: asn1.Certificate, algorithm: hashes.HashAlgorithm) -> Attributes:
    return [
        {"type": "content_type", "values": ["tst_info"]},
        {"type": "message_digest", "values": [digest(info, algorithm)]},
        {"type": "signing_certificate_v2", "values": [{"certs": [{"cert_hash": digest(own.dump())}]}]},
    ]


def _signature(clock: Holder, data: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    if isinstance(clock.key, rsa.RSAPrivateKey):
        return clock.key.sign(data, padding.PKCS1v15(), algorithm)
    return clock.key.sign(data, ec.ECDSA(algorithm))
