"""Sign with a key that never leaves its token: a USB token, a smart card or an HSM with a PKCS#11 module.

The PIN is asked for when the token is there, goes to the token, and is kept nowhere: no argument, no attribute and no
error holds it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from signing.algorithms import SIGNATURE_METHODS, describe_key, key_is_acceptable, signature_is_right
from signing.errors import KeyUnusableError
from signing.findings import error
from signing.keys import issuers_of
from signing.token_keys import choose_key

if TYPE_CHECKING:
    from signing.cryptoki import Cryptoki, Reader, Session
    from signing.token_keys import TokenKey


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What a token says of itself without a PIN.

    Attributes:
        label: the name that ``open_token`` takes; two tokens may have the same.
        login_required: nothing is signed without a PIN.
        pin_initialized: a PIN was ever set.
        pin_locked: too many wrong PINs; only the issuer unlocks it.
        pin_final_try: one more wrong PIN locks it.
        pin_pad: the PIN is typed on the reader, and never in this program.
    """

    label: str
    manufacturer: str
    model: str
    serial: str
    login_required: bool
    pin_initialized: bool
    pin_locked: bool
    pin_final_try: bool
    pin_pad: bool


Ask = Callable[[TokenInfo], str]


@dataclass(frozen=True, slots=True, repr=False)
class TokenSigner:
    """A signer while its token is open; threads may share it, forked processes may not."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    token: TokenInfo
    _session: Session
    _key: TokenKey
    # Only for keys that want the PIN before each signature.
    _ask: Ask | None

    def __repr__(self) -> str:
        return f"TokenSigner({self.token.label!r}, {self.certificate.subject.rfc4514_string()!r})"

    def sign(self, data: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
        """See ``Signer``. A value that the certificate's key does not verify never leaves this function.

        Raises:
            KeyUnusableError: BS264, BS265 the PIN that some keys want each time; BS268 the token went away or failed;
                BS269 the token cannot sign so, or signed wrongly.
        """
        value = self._session.sign(self._key, data, algorithm, self._ask)
        if not signature_is_right(self.certificate.public_key(), self._method(algorithm), value, data):
            raise error(KeyUnusableError, "BS269", token=self.token.label, reason="giá trị chữ ký trả về bị sai")
        return value

    def _method(self, algorithm: hashes.HashAlgorithm) -> str:
        scheme = "ecdsa" if isinstance(self.certificate.public_key(), ec.EllipticCurvePublicKey) else "rsa"
        return next(name for name in SIGNATURE_METHODS if name.endswith(f"#{scheme}-{algorithm.name}"))


def tokens_of(module: Path) -> tuple[TokenInfo, ...]:
    """The tokens that a PKCS#11 module sees now. Asks for no PIN.

    Raises:
        KeyUnusableError: BS260 PKCS#11 is not supported here, BS261 the module cannot be used, BS268 a reader failed.
    """
    return tuple(reader.info for reader in _cryptoki(module).readers())


@contextmanager
def open_token(
    module: Path, *, ask: Ask, label: str = "", key: str = "", at: datetime | None = None
) -> Iterator[TokenSigner]:
    """Log in to a token and sign with a key on it; logged out in the end, whatever happens.

    Args:
        module: the PKCS#11 module of the token's maker (``.dll``, ``.so``, ``.dylib``).
        ask: gives the PIN; called once the token is there and not locked, and again for each signature where the key
            wants that. It may warn where ``pin_final_try`` is set.
        label: the token's; not needed where only one token is there.
        key: label or hexadecimal id of key or certificate, or the certificate's serial number; not needed where only
            one certificate may sign.
        at: the moment at which the certificate must be valid to be chosen among several; now unless given.

    Raises:
        KeyUnusableError: BS260, BS261 PKCS#11 or its module; BS262 no token; BS263 no such token, or several;
            BS264 wrong PIN, BS265 a PIN that no longer serves; BS266 no key with a certificate; BS267 several of them,
            or none of that name; BS268 the token went away or failed; BS207 not a key that may sign; BS243 key and
            certificate differ.
    """
    reader = _chosen_reader(_cryptoki(module).readers(), label)
    session = reader.log_in(ask)
    try:
        yield _signer(session, ask, key, at or datetime.now(UTC))
    finally:
        session.close()


def _cryptoki(module: Path) -> Cryptoki:
    try:
        from signing.cryptoki import Cryptoki  # noqa: PLC0415 - not built for every platform, and only tokens need it
    except ImportError as problem:
        raise error(KeyUnusableError, "BS260", reason=problem.msg) from problem
    return Cryptoki.load(module)


def _chosen_reader(readers: tuple[Reader, ...], label: str) -> Reader:
    if not readers:
        raise error(KeyUnusableError, "BS262")
    wanted = unicodedata.normalize("NFC", label.strip())
    named = [one for one in readers if not wanted or unicodedata.normalize("NFC", one.info.label) == wanted]
    if len(named) == 1:
        return named[0]
    present = "; ".join(f"“{one.info.label}” (số hiệu {one.info.serial})" for one in named or readers)
    if not named:
        raise error(KeyUnusableError, "BS263", reason=f"không có thiết bị nào tên “{label}”, chỉ có {present}")
    same = f"tên “{label}” " if label else ""
    raise error(KeyUnusableError, "BS263", reason=f"có {len(named)} thiết bị {same}đang cắm: {present}")


def _signer(session: Session, ask: Ask, key: str, at: datetime) -> TokenSigner:
    certificates = session.certificates()
    chosen, certificate = choose_key(session.keys(), certificates, token=session.info.label, key=key, at=at)
    public = certificate.public_key()
    if not key_is_acceptable(public):
        raise error(KeyUnusableError, "BS207", key=describe_key(public))
    if not chosen.may_belong_to(public):
        raise error(KeyUnusableError, "BS243")
    chain = issuers_of(certificate, (one.certificate for one in certificates))
    return TokenSigner(certificate, chain, session.info, session, chosen, ask if chosen.asks_each_time else None)
