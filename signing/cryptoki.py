"""PKCS#11 as signing needs it: modules, readers, sessions. Every fault of theirs is told as a ``KeyUnusableError``.

Modules are told that one thread calls them at a time (the library initialises them so): one lock per process.
Import it only to use a token; ``signing.tokens`` does, and is the way in.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, current_thread, main_thread
from typing import Any

import pkcs11
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, TokenFlag
from pkcs11._pkcs11 import lib
from pkcs11.types import PROTECTED_AUTH, Object, SignMixin, Slot, Token

from signing.algorithms import digest
from signing.errors import KeyUnusableError
from signing.findings import error
from signing.token_keys import TokenCertificate, TokenKey
from signing.tokens import Ask, TokenInfo

_HASHED_RSA = {
    "sha256": Mechanism.SHA256_RSA_PKCS,
    "sha384": Mechanism.SHA384_RSA_PKCS,
    "sha512": Mechanism.SHA512_RSA_PKCS,
}
# What comes before the hash in a DigestInfo, RFC 8017, 9.2, note 1.
_DIGEST_INFO = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
_GONE = (
    pkcs11.DeviceRemoved,
    pkcs11.TokenNotPresent,
    pkcs11.TokenNotRecognised,
    pkcs11.SlotIDInvalid,
    pkcs11.SessionClosed,
    pkcs11.SessionHandleInvalid,
    pkcs11.KeyHandleInvalid,
    pkcs11.ObjectHandleInvalid,
)
# The library says it in words only; PKCS#11 calls it CKR_CRYPTOKI_ALREADY_INITIALIZED.
_ALREADY = "already initialized"
_FAULTS: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    ((pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange), "BS264", ""),
    ((pkcs11.PinLocked,), "BS265", "mã PIN đã bị khóa vì nhập sai nhiều lần"),
    ((pkcs11.PinExpired,), "BS265", "mã PIN đã hết hạn, phải đổi"),
    ((pkcs11.UserPinNotInitialized,), "BS265", "thiết bị chưa đặt mã PIN"),
    ((pkcs11.UserNotLoggedIn,), "BS268", "phiên đăng nhập vào thiết bị đã hết"),
    (_GONE, "BS268", "thiết bị đã bị rút ra hoặc mất liên lạc"),
    (
        (pkcs11.UserAlreadyLoggedIn, pkcs11.AnotherUserAlreadyLoggedIn),
        "BS268",
        "thiết bị đang được dùng để ký nơi khác",
    ),
    ((pkcs11.SessionCount,), "BS268", "có quá nhiều chương trình đang dùng thiết bị"),
    (
        (pkcs11.MechanismInvalid, pkcs11.KeyTypeInconsistent, pkcs11.FunctionNotSupported),
        "BS269",
        "thiết bị không có thuật toán này",
    ),
    ((pkcs11.KeySizeRange, pkcs11.DataLenRange), "BS269", "khóa quá dài hoặc quá ngắn với thuật toán này"),
)

_locks: dict[int, Lock] = {}
_modules: dict[tuple[int, Path], lib] = {}


@dataclass(frozen=True, slots=True)
class Cryptoki:
    """A module, loaded and initialised in this process."""

    _library: lib

    @classmethod
    def load(cls, module: Path) -> Cryptoki:
        """Load a module, once per process: a forked process must initialise it anew, as PKCS#11 has it.

        Raises:
            KeyUnusableError: BS261.
        """
        place = os.getpid(), module.resolve()
        with _alone():
            if place not in _modules:
                _modules[place] = _initialised(module)
            return cls(_modules[place])

    def readers(self) -> tuple[Reader, ...]:
        """Readers with a token in them. What was never made ready (a blank card) is no token."""
        with _alone(), _told():
            slots = self._library.get_slots(token_present=True)
        found = (Reader.of(slot) for slot in slots)
        return tuple(reader for reader in found if reader is not None)


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader with a token in it."""

    info: TokenInfo
    _slot: Slot

    @classmethod
    def of(cls, slot: Slot) -> Reader | None:
        """None where the token is blank or was pulled out just now."""
        with _alone(), _told(), suppress(*_GONE):
            token = slot.get_token()
            if token.label or TokenFlag.TOKEN_INITIALIZED & token.flags:
                return cls(_info(token), slot)
        return None

    def log_in(self, ask: Ask) -> Session:
        """Open a session and log in. Asks for nothing where the PIN could not be accepted.

        Raises:
            KeyUnusableError: BS264, BS265, BS268.
        """
        info = self.info
        if info.pin_locked:
            raise _fault(pkcs11.PinLocked(), info.label)
        if info.login_required and not info.pin_initialized:
            raise _fault(pkcs11.UserPinNotInitialized(), info.label)
        credentials = [self._credential(ask)]
        try:
            with _alone(), _told(info.label):
                # Popped: no variable of any frame holds the PIN when the token refuses it.
                token = self._slot.get_token()
                return Session(info, token, token.open(user_pin=credentials.pop()))
        except KeyUnusableError as problem:
            refused = problem
        raise self._after_refusal(refused)

    def _credential(self, ask: Ask) -> object:
        if not self.info.login_required:
            return None
        return PROTECTED_AUTH if self.info.pin_pad else _typed(ask, self.info)

    def _after_refusal(self, refused: KeyUnusableError) -> KeyUnusableError:
        """The refusal, with what the token now says of tries that are left."""
        if refused.finding.code != "BS264":
            return refused
        now = Reader.of(self._slot)
        if now and now.info.pin_locked:
            return _fault(pkcs11.PinLocked(), self.info.label)
        left = ", chỉ còn một lần thử trước khi thiết bị tự khóa" if now and now.info.pin_final_try else ""
        return error(KeyUnusableError, "BS264", token=self.info.label, tries=left)


class Session:
    """A session that is logged in, until it is closed."""

    def __init__(self, info: TokenInfo, token: Token, session: pkcs11.Session) -> None:
        self.info = info
        self._token = token
        self._session = session
        self._process = os.getpid()
        self._open = True

    def __repr__(self) -> str:
        return f"Session({self.info.label!r})"

    def keys(self) -> tuple[TokenKey, ...]:
        """Private keys that sign, of the kinds that may."""
        with self._working():
            found = list(self._session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}))
            keys = [_key(one) for one in found if isinstance(one, SignMixin)]
        return tuple(key for key in keys if key is not None)

    def certificates(self) -> tuple[TokenCertificate, ...]:
        """Certificates that can be read."""
        with self._working():
            found = list(self._session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}))
            certificates = [_certificate(one) for one in found]
        return tuple(one for one in certificates if one is not None)

    def sign(self, key: TokenKey, data: bytes, algorithm: hashes.HashAlgorithm, ask: Ask | None) -> bytes:
        """See ``Signer``; the value is not verified here.

        Args:
            key: one of ``keys``.
            data: what is signed, unhashed.
            algorithm: SHA-256, SHA-384 or SHA-512.
            ask: gives the PIN for a key that wants it each time.

        Raises:
            KeyUnusableError: BS264, BS265, BS268, BS269.
        """
        credentials = [_typed(ask, self.info) if ask else None]
        with self._working():
            mechanism, message = self._way(key, data, algorithm)
            return key.private.sign(message, mechanism=mechanism, pin=credentials.pop())

    def close(self) -> None:
        """Log out. A token that was pulled out did so by itself; a forked process must not do it for its parent."""
        with _alone(), suppress(RuntimeError):
            if self._open and self._process == os.getpid():
                self._session.close()
        self._open = False

    @contextmanager
    def _working(self) -> Iterator[None]:
        if not self._open or self._process != os.getpid():
            raise error(KeyUnusableError, "BS268", token=self.info.label, reason="phiên ký đã đóng")
        with _alone(), _told(self.info.label):
            yield

    def _way(self, key: TokenKey, data: bytes, algorithm: hashes.HashAlgorithm) -> tuple[Mechanism, bytes]:
        """How the token signs this: hashing by itself where it can, else what was hashed here."""
        offered = self._token.slot.get_mechanisms()
        hashed = digest(data, algorithm)
        ways = [(_HASHED_RSA[algorithm.name], data), (Mechanism.RSA_PKCS, _DIGEST_INFO[algorithm.name] + hashed)]
        if key.elliptic:
            ways = [(Mechanism.ECDSA, hashed)]
        for mechanism, message in ways:
            if mechanism in offered:
                return mechanism, message
        raise pkcs11.MechanismInvalid


def _lock() -> Lock:
    # A process forked while another thread held its lock would wait for ever: each process has its own.
    return _locks.setdefault(os.getpid(), Lock())


@contextmanager
def _alone() -> Iterator[None]:
    """Calls modules: no other thread does, and Ctrl-C ends the program though a module never comes back.

    Python hears of Ctrl-C between its own steps only. Nothing is half written meanwhile, and a session ends with its
    process.
    """
    with _lock():
        deaf = current_thread() is main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if deaf:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            yield
        finally:
            if deaf:
                signal.signal(signal.SIGINT, signal.default_int_handler)


def _initialised(module: Path) -> lib:
    if not module.is_file():
        raise error(KeyUnusableError, "BS261", module=str(module), reason="không có tệp này")
    path = str(module.resolve())
    try:
        return lib(path)
    except (RuntimeError, ValueError) as problem:
        reason = str(problem).rpartition(f"{path}: ")[2] or type(problem).__name__
    if _ALREADY in reason:
        # Another part of this process uses the module, or our parent did. ``__init__`` would only ask for its version.
        return lib.__new__(lib, path)  # type: ignore[call-arg]  # the stub tells of __init__ only; loading is in __cinit__
    raise error(KeyUnusableError, "BS261", module=str(module), reason=reason)


def _info(token: Token) -> TokenInfo:
    flags = token.flags
    return TokenInfo(
        label=_printable(token.label),
        manufacturer=_printable(token.manufacturer_id),
        model=_printable(token.model),
        serial=_printable(token.serial.decode("ascii", errors="replace")),
        login_required=bool(TokenFlag.LOGIN_REQUIRED & flags),
        pin_initialized=bool(TokenFlag.USER_PIN_INITIALIZED & flags),
        pin_locked=bool(TokenFlag.USER_PIN_LOCKED & flags),
        pin_final_try=bool(TokenFlag.USER_PIN_FINAL_TRY & flags),
        pin_pad=bool(TokenFlag.PROTECTED_AUTHENTICATION_PATH & flags),
    )


def _key(found: SignMixin) -> TokenKey | None:
    kind = _attribute(found, Attribute.KEY_TYPE, None)
    if kind not in {KeyType.RSA, KeyType.EC}:
        return None
    modulus = _attribute(found, Attribute.MODULUS, b"") if kind is KeyType.RSA else b""
    return TokenKey(
        private=found,
        label=_printable(_attribute(found, Attribute.LABEL, "")),
        id=_attribute(found, Attribute.ID, b""),
        elliptic=kind is KeyType.EC,
        modulus=int.from_bytes(modulus, "big"),
        asks_each_time=_attribute(found, Attribute.ALWAYS_AUTHENTICATE, False),
    )


def _certificate(found: Object) -> TokenCertificate | None:
    try:
        certificate = x509.load_der_x509_certificate(_attribute(found, Attribute.VALUE, b""))
        certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    label = _printable(_attribute(found, Attribute.LABEL, ""))
    return TokenCertificate(label, _attribute(found, Attribute.ID, b""), certificate)


def _attribute(found: Object, name: Attribute, default: Any) -> Any:  # noqa: ANN401 - as the library types attributes
    """An attribute, or what stands for it on tokens that do not know it."""
    try:
        return found[name]
    except (pkcs11.AttributeTypeInvalid, pkcs11.AttributeSensitive, pkcs11.FunctionFailed, ValueError, LookupError):
        return default


def _printable(text: str) -> str:
    """What a token says of itself is anybody's text."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _typed(ask: Ask, info: TokenInfo) -> str:
    """The PIN. One that cannot be right is not sent: the token would count it."""
    pin = ask(info)
    try:
        usable = bool(pin.encode())
    except UnicodeEncodeError:
        usable = False
    if usable:
        return pin
    del pin
    raise error(KeyUnusableError, "BS264", token=info.label, tries=" (mã trống hoặc có ký tự lạ)")


@contextmanager
def _told(token: str = "") -> Iterator[None]:
    # Besides its own errors the library lets a few of Python's escape where a token answers strangely.
    try:
        yield
    except (RuntimeError, AttributeError, ValueError) as problem:
        raise _fault(problem, token) from None


def _fault(problem: Exception, token: str) -> KeyUnusableError:
    for kinds, code, reason in _FAULTS:
        if isinstance(problem, kinds):
            return error(KeyUnusableError, code, token=token, reason=reason, tries="")
    words = f"thiết bị báo lỗi {type(problem).__name__} {problem}".rstrip()
    return error(KeyUnusableError, "BS268", token=token, reason=words)
