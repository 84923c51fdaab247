"""Which key of a token signs: keys and certificates found on it, paired by their ids, and one of them chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from signing.algorithms import key_is_acceptable
from signing.errors import KeyUnusableError
from signing.findings import error
from signing.usage import is_authority, may_sign
from signing.wording import common_name, date_text

if TYPE_CHECKING:
    from pkcs11.types import SignMixin


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A private key on a token, by what may be known of it.

    Attributes:
        private: the key on the token, to sign with while the session lasts.
        id: what its certificate carries too (CKA_ID).
        elliptic: an ECDSA key; else RSA.
        modulus: of an RSA key; 0 where the token does not tell.
        asks_each_time: the token wants the PIN before every signature (CKA_ALWAYS_AUTHENTICATE).
    """

    private: SignMixin = field(repr=False)
    label: str
    id: bytes
    elliptic: bool
    modulus: int
    asks_each_time: bool

    def may_belong_to(self, public: object) -> bool:
        """False where key and public key surely differ; that they do not is seen when a signature is verified."""
        if isinstance(public, rsa.RSAPublicKey):
            return not self.elliptic and self.modulus in {0, public.public_numbers().n}
        return self.elliptic and isinstance(public, ec.EllipticCurvePublicKey)


@dataclass(frozen=True, slots=True)
class TokenCertificate:
    """A certificate on a token."""

    label: str
    id: bytes
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class _Pair:
    key: TokenKey
    found: TokenCertificate

    @property
    def serial(self) -> str:
        return f"{self.found.certificate.serial_number:x}"

    def is_called(self, name: str) -> bool:
        hexadecimal = name.lower().replace(":", "").lstrip("0")
        numbers = {self.key.id.hex().lstrip("0"), self.serial} - {""}
        return name in {self.key.label, self.found.label} or hexadecimal in numbers

    def is_fit(self, at: datetime) -> bool:
        """Whether a signature made at this time with it could be accepted."""
        certificate = self.found.certificate
        try:
            usable = may_sign(certificate) and not is_authority(certificate)
        except (ValueError, x509.DuplicateExtension):
            return False
        valid = certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
        public = certificate.public_key()
        return usable and valid and key_is_acceptable(public) and self.key.may_belong_to(public)

    def __str__(self) -> str:
        certificate = self.found.certificate
        return (
            f"{common_name(certificate.subject)} (khóa “{self.key.label or self.found.label}”, mã {self.key.id.hex()}, "
            f"hết hạn {date_text(certificate.not_valid_after_utc)}, số chứng thư {self.serial})"
        )


def choose_key(
    keys: tuple[TokenKey, ...], certificates: tuple[TokenCertificate, ...], *, token: str, key: str, at: datetime
) -> tuple[TokenKey, x509.Certificate]:
    """The key that is called so, or the only one, or the only one whose certificate may sign at this time.

    A key may have several certificates: a new one is issued before the old one ends. Their serial numbers tell them
    apart. The same certificate twice, as some programs store it, is one.

    Raises:
        KeyUnusableError: BS266 no key has a certificate, BS267 the choices, where it is not clear which.
    """
    pairs = [_Pair(one, found) for one in keys for found in certificates if one.id == found.id]
    if not pairs:
        raise error(KeyUnusableError, "BS266", token=token, reason=_what_lacks(keys, certificates))
    named = _different(pair for pair in pairs if not key or pair.is_called(key))
    if not named:
        reason = f"không có khóa nào tên “{key}”, chỉ có: {_listed(pairs)}"
        raise error(KeyUnusableError, "BS267", token=token, reason=reason)
    fit = named if len(named) == 1 else [pair for pair in named if pair.is_fit(at)]
    if len(fit) != 1:
        several = "có nhiều chứng thư ký được" if fit else "không chứng thư nào trong số này ký được lúc này"
        raise error(KeyUnusableError, "BS267", token=token, reason=f"{several}: {_listed(fit or named)}")
    return fit[0].key, fit[0].found.certificate


def _different(pairs: Iterable[_Pair]) -> list[_Pair]:
    return list({(pair.key.id, pair.key.label, pair.found.certificate): pair for pair in pairs}.values())


def _what_lacks(keys: tuple[TokenKey, ...], certificates: tuple[TokenCertificate, ...]) -> str:
    if keys and certificates:
        return "khóa và chứng thư trên thiết bị không đi với nhau"
    if keys:
        return "có khóa nhưng không có chứng thư"
    if certificates:
        return "có chứng thư nhưng không có khóa để ký"
    return "thiết bị chưa có khóa và chứng thư nào"


def _listed(pairs: Iterable[_Pair]) -> str:
    return "; ".join(sorted({str(pair) for pair in pairs}))
