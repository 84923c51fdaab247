"""SoftHSM2 as a token of the tests: keys are made on it, cannot leave it, and get certificates of the test authority.

SoftHSM is software, so it cannot be pulled out or lock its PIN: ``failing`` changes what single functions of its module
answer, under everything that is tested.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from pkcs11 import Attribute, KeyType, ObjectClass
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters
from pkcs11.util.rsa import encode_rsa_public_key

INSTALLED = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
)
# Places of functions in the table that every module gives, after its version (PKCS#11 2.40, CK_FUNCTION_LIST).
FUNCTIONS = {
    "C_Initialize": 0,
    "C_GetInfo": 2,
    "C_GetSlotList": 4,
    "C_GetSlotInfo": 5,
    "C_GetTokenInfo": 6,
    "C_GetMechanismList": 7,
    "C_OpenSession": 12,
    "C_CloseSession": 13,
    "C_Login": 18,
    "C_Logout": 19,
    "C_GetAttributeValue": 24,
    "C_FindObjectsInit": 26,
    "C_FindObjects": 27,
    "C_FindObjectsFinal": 28,
    "C_SignInit": 42,
    "C_Sign": 43,
}
_GENERIC = ctypes.CFUNCTYPE(ctypes.c_ulong, *[ctypes.c_void_p] * 5)


@dataclass(frozen=True)
class KeyOnToken:
    """A key that was made on a token: what is known outside is its public half."""

    public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey
    id: bytes

    def public_key(self) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
        return self.public


@dataclass(frozen=True)
class SoftHsm:
    """A folder of tokens, with a copy of the module for them: each copy that is loaded is a module of its own."""

    folder: Path
    pin: str

    @classmethod
    def create(cls, folder: Path, pin: str) -> SoftHsm:
        """The PIN is that of every token in the folder."""
        hsm = cls(folder, pin)
        hsm.store.mkdir(parents=True)
        hsm.offer("ALL")
        for copy in (hsm.module, hsm._workshop):
            shutil.copy(next(path for path in INSTALLED if path.is_file()), copy)
        return hsm

    def offer(self, mechanisms: str) -> None:
        """What its tokens can do once the module starts: ``CKM_…`` parted by commas."""
        self.configuration.write_text(
            f"directories.tokendir = {self.store}\nobjectstore.backend = file\nlog.level = ERROR\n"
            f"slots.removable = false\nslots.mechanisms = {mechanisms}\n"
        )

    @property
    def store(self) -> Path:
        """Where SoftHSM keeps the tokens."""
        return self.folder / "tokens"

    @property
    def configuration(self) -> Path:
        return self.folder / "softhsm2.conf"

    @property
    def module(self) -> Path:
        """The module to be tested."""
        return self.folder / "token.so"

    @property
    def _workshop(self) -> Path:
        """The module that keys are made with, so that the other is untouched until it is tested."""
        return self.folder / "workshop.so"

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """SoftHSM finds its folder by the environment, when a module starts."""
        before = os.environ.get("SOFTHSM2_CONF")
        os.environ["SOFTHSM2_CONF"] = str(self.configuration)
        try:
            yield
        finally:
            if before is None:
                del os.environ["SOFTHSM2_CONF"]
            else:
                os.environ["SOFTHSM2_CONF"] = before

    def add_token(self, label: str) -> None:
        """Before any key is made: a module sees the tokens that are there when it starts."""
        asked = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", self.pin, "--so-pin", "12345678"]
        environment = os.environ | {"SOFTHSM2_CONF": str(self.configuration)}
        subprocess.run(asked, check=True, capture_output=True, timeout=30, env=environment)

    @contextmanager
    def session(self, token: str) -> Iterator[pkcs11.Session]:
        """A session that may write."""
        with self.in_use():
            library = pkcs11.lib(str(self._workshop))
        (found,) = library.get_tokens(token_label=token)
        with found.open(rw=True, user_pin=self.pin) as session:
            yield session

    def make_key(
        self, token: str, kind: str = "p-256", *, label: str = "", id: bytes = b"\x01", asks_each_time: bool = False
    ) -> KeyOnToken:
        """A pair made on the token; its private half never leaves it. Kinds: rsa-2048, p-256 and so on."""
        secret = {
            Attribute.SENSITIVE: True,
            Attribute.EXTRACTABLE: False,
            Attribute.ALWAYS_AUTHENTICATE: asks_each_time,
        }
        options = {"store": True, "label": label, "id": id, "private_template": secret}
        family, _, size = kind.partition("-")
        with self.session(token) as session:
            if family == "rsa":
                public, _ = session.generate_keypair(KeyType.RSA, int(size), **options)
                return KeyOnToken(load_der_public_key(encode_rsa_public_key(public)), id)
            curve = {Attribute.EC_PARAMS: encode_named_curve_parameters(f"secp{size}r1")}
            parameters = session.create_domain_parameters(KeyType.EC, curve, local=True)
            public, _ = parameters.generate_keypair(**options)
            return KeyOnToken(load_der_public_key(encode_ec_public_key(public)), id)

    def put_certificate(
        self, token: str, certificate: x509.Certificate, *, label: str = "", id: bytes = b"\x01", damaged: bool = False
    ) -> None:
        der = certificate.public_bytes(Encoding.DER)
        with self.session(token) as session:
            session.create_object(
                {
                    Attribute.CLASS: ObjectClass.CERTIFICATE,
                    Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                    Attribute.TOKEN: True,
                    Attribute.PRIVATE: False,
                    Attribute.LABEL: label,
                    Attribute.ID: id,
                    Attribute.SUBJECT: certificate.subject.public_bytes(),
                    Attribute.VALUE: der[:-20] if damaged else der,
                }
            )

    @contextmanager
    def failing(self, function: str, answer: Callable[..., int]) -> Iterator[None]:
        """Let one function of the module be answered by another: ``answer(real, *arguments) -> CK_RV``."""
        table = ctypes.c_void_p()
        ctypes.CDLL(str(self.module)).C_GetFunctionList(ctypes.byref(table))
        place = ctypes.c_void_p.from_address((table.value or 0) + (1 + FUNCTIONS[function]) * ctypes.sizeof(table))
        address = place.value or 0
        real = _GENERIC(address)
        replaced = _GENERIC(lambda *arguments: answer(real, *arguments))
        place.value = ctypes.cast(replaced, ctypes.c_void_p).value
        try:
            yield
        finally:
            place.value = address
