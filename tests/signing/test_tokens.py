"""Tokens sign, keep their keys and their PIN, and say in plain words what is wrong with them."""

from __future__ import annotations

import ctypes
import gc
import json
import logging
import os
import secrets
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from types import FunctionType, ModuleType

import pkcs11
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from pkcs11 import Attribute, ObjectClass, _pkcs11

from signing.algorithms import signature_is_right
from signing.errors import KeyUnusableError
from signing.sign import sign_package
from signing.tokens import TokenInfo, open_token, tokens_of
from signing.trust import Trust
from signing.verdict import Outcome
from signing.verify import verify_package
from tests.oracles.libreoffice_signatures import libreoffice_verdicts
from tests.signing.authorities import NOW, PASSWORD, Authorities, Holder, create_authorities, rsa_key
from tests.signing.tampering import parts_of, replaced
from tests.softhsm import FUNCTIONS, SoftHsm

ROOT = Path(__file__).parents[2]
TOKEN = "Chủ tịch xã Thử"
SHA256 = hashes.SHA256()
DAY = timedelta(days=1)
DEVICE_REMOVED, MECHANISM_INVALID, PIN_INCORRECT, PIN_LOCKED, LOGGED_IN = 0x32, 0x70, 0xA0, 0xA4, 0x100
LOCKED, FINAL_TRY, PIN_PAD, PIN_SET = 0x40000, 0x20000, 0x100, 0x8
Answer = Callable[..., int]


@pytest.fixture
def hsm(tmp_path: Path) -> Iterator[SoftHsm]:
    """No token yet. The PIN has signs beyond ASCII and stands in no file and no constant."""
    hsm = SoftHsm.create(tmp_path / "hsm", f"mã-{secrets.token_hex(6)}-Thử")
    with hsm.in_use():
        yield hsm


@pytest.fixture
def token(hsm: SoftHsm, authorities: Authorities) -> SoftHsm:
    """One token with one ECDSA key and its certificates."""
    hsm.add_token(TOKEN)
    put_key(hsm, authorities)
    hsm.put_certificate(TOKEN, authorities.issuing.certificate, id=b"\x50")
    return hsm


def put_key(
    hsm: SoftHsm,
    authorities: Authorities,
    kind: str = "p-256",
    *,
    token: str = TOKEN,
    name: str = "Nguyễn Văn Thử",
    label: str = "",
    id: bytes = b"\x01",
    **options: object,
) -> x509.Certificate:
    """A key on the token with a person's certificate."""
    key = hsm.make_key(token, kind, label=label, id=id)
    certificate = authorities.officer(name, key, **options).certificate
    hsm.put_certificate(token, certificate, label=label, id=id)
    return certificate


def refusal(hsm: SoftHsm, pin: str | None = None, *, label: str = "", key: str = "") -> KeyUnusableError:
    """The error of opening a token and signing with it."""
    with (
        pytest.raises(KeyUnusableError) as caught,
        open_token(hsm.module, ask=lambda _: hsm.pin if pin is None else pin, label=label, key=key, at=NOW) as signer,
    ):
        signer.sign(b"x", SHA256)
    assert caught.value.finding.remedy
    return caught.value


def code_and_message(hsm: SoftHsm, pin: str | None = None, *, label: str = "", key: str = "") -> tuple[str, str]:
    finding = refusal(hsm, pin, label=label, key=key).finding
    return finding.code, finding.message


def unasked(info: TokenInfo) -> str:
    raise AssertionError(f"{info.label} needs no PIN now")


def always(value: int) -> Answer:
    return lambda _, *__: value


def flagged(flags: int, *, without: int = 0) -> Answer:
    """Token information as it is, with flags that SoftHSM never sets."""

    def answer(real: Answer, *arguments: int) -> int:
        result = real(*arguments)
        place = ctypes.c_ulong.from_address(arguments[1] + 96)
        place.value = place.value & ~without | flags
        return result

    return answer


def in_a_process(hsm: SoftHsm, code: str, given: str = "", **environment: str) -> str:
    """What code prints in a process of its own, where ``ask`` gives the PIN, which came by standard input."""
    start = "import os, sys\nfrom pathlib import Path\nfrom cryptography.hazmat.primitives import hashes\n"
    start += "from signing.tokens import open_token, tokens_of\nSHA256 = hashes.SHA256()\npin = sys.stdin.read()\n"
    start += "ask = lambda info: pin\nmodule = Path(sys.argv[1])\n"
    done = subprocess.run(
        [sys.executable, "-c", start + dedent(code), str(hsm.module)],
        input=given or hsm.pin,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"} | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# Signing.


@pytest.mark.parametrize("kind", ["rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384"])
def test_a_token_signs_a_workbook(
    kind: str, hsm: SoftHsm, workbook: bytes, authorities: Authorities, trust: Trust
) -> None:
    hsm.add_token(TOKEN)
    certificate = put_key(hsm, authorities, kind)
    hsm.put_certificate(TOKEN, authorities.issuing.certificate, id=b"\x50")

    with open_token(hsm.module, ask=lambda _: hsm.pin, label=TOKEN) as signer:
        signed = sign_package(workbook, signer, at=NOW)

    verdict = verify_package(signed, trust, now=NOW)
    assert (verdict.outcome, verdict.findings) == (Outcome.VALID, ())
    assert (signer.certificate, signer.chain) == (certificate, (authorities.issuing.certificate,))


@pytest.mark.parametrize("algorithm", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()], ids=lambda one: one.name)
@pytest.mark.parametrize("offered", ["ALL", "CKM_RSA_PKCS,CKM_ECDSA"], ids=["hashes itself", "only signs"])
@pytest.mark.parametrize("kind", ["rsa-2048", "p-384"])
def test_a_token_signs_with_each_hash(
    kind: str,
    offered: str,
    algorithm: hashes.HashAlgorithm,
    hsm: SoftHsm,
    authorities: Authorities,
) -> None:
    hsm.add_token(TOKEN)
    certificate = put_key(hsm, authorities, kind)
    hsm.offer(offered)

    with open_token(hsm.module, ask=lambda _: hsm.pin) as signer:
        value = signer.sign(b"x", algorithm)

    scheme = "rsa" if kind.startswith("rsa") else "ecdsa"
    method = f"http://www.w3.org/2001/04/xmldsig-more#{scheme}-{algorithm.name}"
    assert signature_is_right(certificate.public_key(), method, value, b"x")


@pytest.mark.parametrize("kind", ["rsa-2048", "p-256"])
def test_libreoffice_accepts_what_a_token_signed(kind: str, hsm: SoftHsm, workbook: bytes, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authorities = create_authorities(now=now)
    hsm.add_token(TOKEN)
    put_key(hsm, authorities, kind, start=now - DAY, end=now + DAY)
    plain = replaced(workbook, "xl/worksheets/_rels/sheet1.xml.rels", "&amp;b=2", "")
    file = tmp_path / "signed.xlsx"

    with open_token(hsm.module, ask=lambda _: hsm.pin) as signer:
        file.write_bytes(sign_package(plain, signer, at=now))

    above = (authorities.root.certificate, authorities.issuing.certificate)
    (verdict,) = libreoffice_verdicts(file, b"".join(one.public_bytes(Encoding.PEM) for one in above))
    assert (verdict.signature_valid, verdict.certificate_valid) == (True, True)


def test_an_ecdsa_value_of_a_token_has_a_fixed_length(token: SoftHsm) -> None:
    with open_token(token.module, ask=lambda _: token.pin) as signer:
        lengths = {len(signer.sign(bytes([n]), SHA256)) for n in range(50)}

    assert lengths == {64}


def test_threads_may_share_a_signer(token: SoftHsm) -> None:
    with open_token(token.module, ask=lambda _: token.pin) as signer, ThreadPoolExecutor(4) as threads:
        values = list(threads.map(lambda n: signer.sign(b"%d" % n, SHA256), range(80)))

    assert len(set(values)) == 80


def test_a_module_is_called_by_one_thread_at_a_time(hsm: SoftHsm, authorities: Authorities) -> None:
    """The library tells modules so when it starts them; it holds also where each thread has a token of its own."""
    names = (TOKEN, "Phó chủ tịch")
    for name in names:
        hsm.add_token(name)
    for name in names:
        put_key(hsm, authorities, token=name)
    inside, most = 0, 0

    def counted(real: Answer, *arguments: int) -> int:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.001)
        inside -= 1
        return real(*arguments)

    with (
        open_token(hsm.module, ask=lambda _: hsm.pin, label=names[0]) as one,
        open_token(hsm.module, ask=lambda _: hsm.pin, label=names[1]) as two,
        hsm.failing("C_Sign", counted),
        ThreadPoolExecutor(4) as threads,
    ):
        list(threads.map(lambda n: (one, two)[n % 2].sign(b"x", SHA256), range(40)))

    assert most == 1


def test_a_module_that_is_in_use_already_serves(token: SoftHsm, tmp_path: Path) -> None:
    other_name = tmp_path / "other-name.so"
    other_name.symlink_to(token.module)
    other = pkcs11.lib(str(other_name))

    with open_token(token.module, ask=lambda _: token.pin) as signer:
        signer.sign(b"x", SHA256)

    assert TOKEN in {one.label for one in other.get_tokens()}


def test_a_forked_process_opens_the_token_anew_and_leaves_its_parents_session(token: SoftHsm) -> None:
    code = """
        def status(child):
            pid = os.fork()
            if pid == 0:
                try:
                    os._exit(child() or 0)
                except BaseException as problem:
                    print(repr(problem), flush=True)
                    os._exit(1)
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

        def sign_anew():
            with open_token(module, ask=ask) as signer:
                return len(signer.sign(b"x", SHA256)) != 64

        assert len(tokens_of(module)) == 1
        print("anew", status(sign_anew), flush=True)
        with open_token(module, ask=ask) as signer:
            print("inherited", status(lambda: signer.sign(b"x", SHA256) and 0), flush=True)
            print("parent", len(signer.sign(b"x", SHA256)))
    """

    lines = in_a_process(token, code).splitlines()

    assert lines[0] == "anew 0"
    assert "BS268" in lines[1]
    assert lines[2:] == ["inherited 1", "parent 64"]


def test_a_key_that_wants_the_pin_each_time_gets_it(hsm: SoftHsm, authorities: Authorities) -> None:
    asked = []

    def ask(info: TokenInfo) -> str:
        asked.append(info.label)
        return hsm.pin

    hsm.add_token(TOKEN)
    key = hsm.make_key(TOKEN, asks_each_time=True)
    hsm.put_certificate(TOKEN, authorities.officer(key=key).certificate)

    with open_token(hsm.module, ask=ask) as signer:
        signer.sign(b"1", SHA256)
        signer.sign(b"2", SHA256)

    assert asked == [TOKEN] * 3


def test_where_the_reader_has_keys_of_its_own_the_program_asks_for_no_pin(token: SoftHsm) -> None:
    typed = token.pin.encode()

    def on_the_reader(real: Answer, session: int, user: int, given: int | None, length: int, _: int) -> int:
        assert given is None
        return real(session, user, ctypes.cast(ctypes.c_char_p(typed), ctypes.c_void_p), len(typed), None)

    with (
        token.failing("C_GetTokenInfo", flagged(PIN_PAD)),
        token.failing("C_Login", on_the_reader),
        open_token(token.module, ask=unasked) as signer,
    ):
        value = signer.sign(b"x", SHA256)

    assert len(value) == 64


# Which token, which key.


def test_tokens_tell_of_themselves_without_a_pin(token: SoftHsm) -> None:
    (info,) = tokens_of(token.module)

    assert (info.label, info.manufacturer, info.model) == (TOKEN, "SoftHSM project", "SoftHSM v2")
    assert info.serial
    assert (info.login_required, info.pin_initialized, info.pin_locked, info.pin_final_try, info.pin_pad) == (
        *(True, True),
        *(False, False, False),
    )


def test_a_label_is_found_in_either_unicode_form(token: SoftHsm) -> None:
    with open_token(
        token.module, ask=lambda _: token.pin, label="Chu\u0309 ti\u0323ch xa\u0303 Thu\u031b\u0309"
    ) as signer:
        assert signer.token.label == TOKEN


def test_without_a_token_people_are_told_to_plug_one_in(hsm: SoftHsm) -> None:
    code, message = code_and_message(hsm)

    assert (code, tokens_of(hsm.module)) == ("BS262", ())
    assert "Không thấy thiết bị ký số nào" in message


def test_a_label_that_is_not_there_is_answered_with_those_that_are(token: SoftHsm) -> None:
    code, message = code_and_message(token, label="Phó chủ tịch")

    assert code == "BS263"
    assert "Phó chủ tịch" in message
    assert TOKEN in message


@pytest.mark.parametrize("label", ["", TOKEN])
def test_of_two_tokens_of_one_name_none_is_taken(
    label: str,
    hsm: SoftHsm,
) -> None:
    hsm.add_token(TOKEN)
    hsm.add_token(TOKEN)

    code, message = code_and_message(hsm, label=label)

    assert code == "BS263"
    assert "có 2 thiết bị" in message


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ("key", "có khóa nhưng không có chứng thư"),
        ("certificate", "có chứng thư nhưng không có khóa"),
        ("nothing", "chưa có khóa và chứng thư"),
    ],
)
def test_a_token_that_lacks_key_or_certificate_says_which(
    there: str, words: str, hsm: SoftHsm, officer: Holder
) -> None:
    hsm.add_token(TOKEN)
    if there == "key":
        hsm.make_key(TOKEN)
    if there == "certificate":
        hsm.put_certificate(TOKEN, officer.certificate)

    code, message = code_and_message(hsm)

    assert code == "BS266"
    assert words in message


def test_a_certificate_of_another_id_is_not_taken_for_the_keys(hsm: SoftHsm, officer: Holder) -> None:
    hsm.add_token(TOKEN)
    hsm.make_key(TOKEN, id=b"\x01")
    hsm.put_certificate(TOKEN, officer.certificate, id=b"\x02")

    assert code_and_message(hsm)[0] == "BS266"


def test_a_damaged_certificate_is_as_good_as_none(hsm: SoftHsm, officer: Holder) -> None:
    hsm.add_token(TOKEN)
    hsm.make_key(TOKEN)
    hsm.put_certificate(TOKEN, officer.certificate, damaged=True)

    assert code_and_message(hsm)[0] == "BS266"


def test_the_only_certificate_that_may_sign_is_taken(hsm: SoftHsm, authorities: Authorities) -> None:
    hsm.add_token(TOKEN)
    put_key(hsm, authorities, name="Đã hết hạn", id=b"\x01", end=NOW - DAY)
    put_key(hsm, authorities, name="Chưa đến hạn", id=b"\x02", start=NOW + DAY)
    put_key(hsm, authorities, name="Để mã hóa", id=b"\x03", usage=("key_encipherment",))
    put_key(hsm, authorities, name="Máy chủ", id=b"\x04", purposes=(ExtendedKeyUsageOID.SERVER_AUTH,))
    right = put_key(hsm, authorities, name="Để ký", id=b"\x05")

    with open_token(hsm.module, ask=lambda _: hsm.pin, at=NOW) as signer:
        assert signer.certificate == right


def test_where_several_may_sign_the_choices_are_listed_and_one_is_named(hsm: SoftHsm, authorities: Authorities) -> None:
    hsm.add_token(TOKEN)
    put_key(hsm, authorities, name="Bà Một", label="khóa 1", id=b"\x0a")
    two = put_key(hsm, authorities, name="Ông Hai", label="khóa 2", id=b"\x0b")

    code, message = code_and_message(hsm)
    with open_token(hsm.module, ask=lambda _: hsm.pin, key="khóa 2") as by_label:
        chosen = [by_label.certificate]
    with open_token(hsm.module, ask=lambda _: hsm.pin, key="0B") as by_id:
        chosen.append(by_id.certificate)

    assert code == "BS267"
    assert "Bà Một (khóa “khóa 1”, mã 0a, hết hạn 07/06/2027, số chứng thư " in message
    assert "Ông Hai (khóa “khóa 2”, mã 0b" in message
    assert chosen == [two, two]
    assert "khóa 1" in code_and_message(hsm, key="khóa 3")[1]


def test_of_two_certificates_of_one_key_one_is_named_by_its_number(hsm: SoftHsm, authorities: Authorities) -> None:
    hsm.add_token(TOKEN)
    key = hsm.make_key(TOKEN, label="khóa")
    old, new = (authorities.officer(name, key).certificate for name in ("Bản cũ", "Bản mới"))
    for certificate in (old, new):
        hsm.put_certificate(TOKEN, certificate, label="khóa")

    code, message = code_and_message(hsm)
    with open_token(hsm.module, ask=lambda _: hsm.pin, key=f"{new.serial_number:X}", at=NOW) as signer:
        chosen = signer.certificate

    assert code == "BS267"
    assert f"số chứng thư {new.serial_number:x}" in message
    assert chosen == new


def test_a_certificate_that_is_stored_twice_is_one(hsm: SoftHsm, authorities: Authorities) -> None:
    hsm.add_token(TOKEN)
    certificate = put_key(hsm, authorities)
    hsm.put_certificate(TOKEN, certificate)

    with open_token(hsm.module, ask=lambda _: hsm.pin, at=NOW) as signer:
        assert signer.certificate == certificate


def test_ctrl_c_ends_a_program_whose_module_never_comes_back(hsm: SoftHsm) -> None:
    program = f"""
import signal
from pathlib import Path
from signing.tokens import tokens_of
from tests.softhsm import SoftHsm

hsm = SoftHsm(Path({str(hsm.folder)!r}), "")
tokens_of(hsm.module)
with hsm.failing("C_GetSlotList", lambda real, *arguments: signal.raise_signal(signal.SIGINT) or 0):
    tokens_of(hsm.module)
"""

    with hsm.in_use():
        done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, timeout=60)

    assert done.returncode == -signal.SIGINT, done.stderr


def test_where_none_of_several_may_sign_they_are_listed(hsm: SoftHsm, authorities: Authorities) -> None:
    hsm.add_token(TOKEN)
    put_key(hsm, authorities, name="Bà Một", id=b"\x0a", end=NOW - DAY)
    put_key(hsm, authorities, name="Ông Hai", id=b"\x0b", usage=("key_encipherment",))

    code, message = code_and_message(hsm)

    assert code == "BS267"
    assert "không chứng thư nào" in message
    assert "Bà Một" in message


def test_a_certificate_of_another_rsa_key_is_seen_before_signing(hsm: SoftHsm, authorities: Authorities) -> None:
    hsm.add_token(TOKEN)
    hsm.make_key(TOKEN, "rsa-2048")
    hsm.put_certificate(TOKEN, authorities.officer(key=rsa_key()).certificate)

    assert code_and_message(hsm)[0] == "BS243"


def test_a_certificate_of_another_kind_of_key_is_seen_before_signing(hsm: SoftHsm, officer: Holder) -> None:
    hsm.add_token(TOKEN)
    hsm.make_key(TOKEN, "rsa-2048")
    hsm.put_certificate(TOKEN, officer.certificate)

    assert code_and_message(hsm)[0] == "BS243"


def test_a_certificate_of_another_ecdsa_key_yields_no_signature(hsm: SoftHsm, officer: Holder) -> None:
    hsm.add_token(TOKEN)
    hsm.make_key(TOKEN)
    hsm.put_certificate(TOKEN, officer.certificate)

    assert code_and_message(hsm)[0] == "BS269"


def test_a_short_key_on_a_token_is_refused(hsm: SoftHsm, authorities: Authorities) -> None:
    hsm.add_token(TOKEN)
    put_key(hsm, authorities, "rsa-1024")

    assert code_and_message(hsm)[0] == "BS207"


# What goes wrong.


@pytest.mark.parametrize("function", ["C_SignInit", "C_Sign", "C_Login", "C_GetMechanismList"])
def test_a_token_that_is_pulled_out_signs_nothing(
    function: str,
    token: SoftHsm,
) -> None:
    with token.failing(function, always(DEVICE_REMOVED)), token.failing("C_Logout", always(DEVICE_REMOVED)):
        code, message = code_and_message(token)

    assert code == "BS268"
    assert "bị rút ra" in message


def test_a_token_that_is_pulled_out_after_signing_takes_nothing_back(token: SoftHsm) -> None:
    with (
        token.failing("C_Logout", always(DEVICE_REMOVED)),
        open_token(token.module, ask=lambda _: token.pin) as signer,
    ):
        value = signer.sign(b"x", SHA256)

    assert len(value) == 64


def test_a_token_that_signs_wrongly_yields_no_signature(token: SoftHsm) -> None:
    def wrong(real: Answer, *arguments: int) -> int:
        result = real(*arguments)
        if arguments[3]:  # else it was asked how long the value will be
            ctypes.c_ubyte.from_address(arguments[3]).value ^= 1
        return result

    with token.failing("C_Sign", wrong):
        code, message = code_and_message(token)

    assert code == "BS269"
    assert "bị sai" in message


def test_a_token_without_the_mechanism_says_so(token: SoftHsm) -> None:
    token.offer("CKM_RSA_PKCS")

    code, message = code_and_message(token)

    assert code == "BS269"
    assert "không có thuật toán này" in message


def test_an_answer_that_nobody_foresaw_is_told_with_its_number(token: SoftHsm) -> None:
    with token.failing("C_Sign", always(0x80000123)):
        code, message = code_and_message(token)

    assert code == "BS268"
    assert "0x80000123" in message


# The library ends a search that never began, and complains of that to nobody but the interpreter.
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in.*OperationContext.__del__:pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("function", sorted(set(FUNCTIONS) - {"C_Logout", "C_CloseSession"}))
def test_whatever_a_module_answers_people_are_told_in_words(function: str, token: SoftHsm) -> None:
    """General and device errors, no memory, removed, unsupported, session or token gone, never heard of, and so on."""
    told = set()
    for number in (0x5, 0x30, 0x31, 0x32, 0x54, 0xB3, 0xE0, 0x101, 0x150, 0x190, 0x80000123):
        with token.failing(function, always(number)):
            told.add(code_and_message(token)[0])

    with open_token(token.module, ask=lambda _: token.pin) as signer:
        assert len(signer.sign(b"x", SHA256)) == 64
    assert told <= {"BS261", "BS262", "BS266", "BS268", "BS269"}


def test_a_token_in_use_elsewhere_in_the_program_is_not_shared(token: SoftHsm) -> None:
    """The second would be let in without its PIN being looked at, and the end of one would log out the other."""
    with open_token(token.module, ask=lambda _: token.pin) as signer:
        code, message = code_and_message(token, "sai")
        signer.sign(b"x", SHA256)

    assert code == "BS268"
    assert "đang được dùng" in message


def test_a_signer_serves_no_longer_than_its_token_is_open(token: SoftHsm) -> None:
    with open_token(token.module, ask=lambda _: token.pin) as signer:
        pass

    with pytest.raises(KeyUnusableError, match=r"BS268.*đã đóng"):
        signer.sign(b"x", SHA256)


def test_the_token_is_logged_out_though_signing_failed(token: SoftHsm) -> None:
    with pytest.raises(ZeroDivisionError), open_token(token.module, ask=lambda _: token.pin):
        _ = 1 / 0

    assert code_and_message(token, "sai")[0] == "BS264"


@pytest.mark.parametrize("wrong", ["sai", "", "x" * 300, "\ud800"])
def test_a_wrong_pin_is_told(wrong: str, token: SoftHsm) -> None:
    code, message = code_and_message(token, wrong)

    assert code == "BS264"
    assert TOKEN in message


def test_a_pin_that_cannot_be_right_costs_no_try(token: SoftHsm) -> None:
    tried = []
    with token.failing("C_Login", lambda *_: tried.append(1) or PIN_INCORRECT):
        assert [code_and_message(token, wrong)[0] for wrong in ("", "\ud800", "sai")] == ["BS264"] * 3

    assert len(tried) == 1


def test_before_the_last_try_people_are_warned(token: SoftHsm) -> None:
    with token.failing("C_GetTokenInfo", flagged(FINAL_TRY)):
        (info,) = tokens_of(token.module)
        code, message = code_and_message(token, "sai")

    assert info.pin_final_try
    assert code == "BS264"
    assert "chỉ còn một lần thử" in message


def test_a_locked_pin_is_not_asked_for(token: SoftHsm) -> None:
    with (
        token.failing("C_GetTokenInfo", flagged(LOCKED)),
        pytest.raises(KeyUnusableError, match=r"BS265.*bị khóa"),
        open_token(token.module, ask=unasked),
    ):
        pass


def test_a_pin_that_was_never_set_is_not_asked_for(token: SoftHsm) -> None:
    with (
        token.failing("C_GetTokenInfo", flagged(0, without=PIN_SET)),
        pytest.raises(KeyUnusableError, match=r"BS265.*chưa đặt mã PIN"),
        open_token(token.module, ask=unasked),
    ):
        pass


def test_the_try_that_locks_the_pin_is_told_as_that(token: SoftHsm) -> None:
    locked = False

    def login(_: Answer, *__: int) -> int:
        nonlocal locked
        locked = True
        return PIN_INCORRECT

    def information(real: Answer, *arguments: int) -> int:
        return flagged(LOCKED if locked else 0)(real, *arguments)

    with token.failing("C_GetTokenInfo", information), token.failing("C_Login", login):
        code, message = code_and_message(token, "sai")

    assert code == "BS265"
    assert "bị khóa" in message


def test_a_token_that_answers_that_its_pin_is_locked_is_told_too(token: SoftHsm) -> None:
    with token.failing("C_Login", always(PIN_LOCKED)):
        assert code_and_message(token, "sai")[0] == "BS265"


@pytest.mark.parametrize("content", [None, b"", b"MZ not a library", Path(_pkcs11.__file__).read_bytes()])
def test_a_file_that_is_no_module_is_refused(content: bytes | None, tmp_path: Path) -> None:
    module = tmp_path / "eToken.so"
    if content is not None:
        module.write_bytes(content)

    with pytest.raises(KeyUnusableError) as caught:
        tokens_of(module)

    assert caught.value.finding.code == "BS261"
    assert "eToken.so" in caught.value.finding.message


def test_a_module_that_does_not_start_is_refused(hsm: SoftHsm, tmp_path: Path) -> None:
    hsm.configuration.unlink()

    with pytest.raises(KeyUnusableError) as caught:
        tokens_of(hsm.module)

    assert caught.value.finding.code == "BS261"


def test_where_the_library_is_missing_people_are_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delitem(sys.modules, "signing.cryptoki", raising=False)
    monkeypatch.setitem(sys.modules, "pkcs11", None)

    with pytest.raises(KeyUnusableError) as caught:
        tokens_of(tmp_path / "token.so")

    assert caught.value.finding.code == "BS260"
    assert "pip install python-pkcs11" in caught.value.finding.remedy


def test_the_library_is_loaded_only_for_tokens(hsm: SoftHsm) -> None:
    code = """
        from server.cli.main import bieuso
        for words in (["--help"], ["sign", "--help"]):
            try:
                bieuso(words)
            except SystemExit:
                pass
        print(sorted(name for name in sys.modules if name.startswith(("pkcs11", "signing.cryptoki"))))
    """

    assert in_a_process(hsm, code).splitlines()[-1] == "[]"


# Secrets.


def test_the_key_never_leaves_the_token(token: SoftHsm) -> None:
    with token.session(TOKEN) as session:
        (key,) = session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})

        assert (key[Attribute.SENSITIVE], key[Attribute.EXTRACTABLE]) == (True, False)
        assert (key[Attribute.ALWAYS_SENSITIVE], key[Attribute.NEVER_EXTRACTABLE]) == (True, True)
        with pytest.raises(pkcs11.AttributeSensitive):
            key[Attribute.VALUE]


def test_what_fails_says_nothing_of_the_pin(
    token: SoftHsm, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = f"{token.pin}-sai"

    shown = [told_of(refusal(token, wrong)), told_of(refusal(token, f"{token.pin}\ud800"))]
    for function in ("C_Login", "C_SignInit", "C_Sign"):
        with token.failing(function, always(DEVICE_REMOVED)):
            shown.append(told_of(refusal(token)))

    assert all("BS26" in text for text in shown)
    assert [text for text in (*shown, caplog.text, *capfd.readouterr()) if token.pin in text] == []


def told_of(problem: BaseException) -> str:
    """All that an error and those before it say, and the variables of this project's code that it passed through."""
    parts = traceback.format_exception(problem)
    for one in chain_of(problem):
        parts += [repr(one), str(one), repr(one.args), repr(vars(one))]
        parts += [repr(frame.f_locals) for frame, _ in traceback.walk_tb(one.__traceback__) if is_ours(frame)]
    return "\n".join(parts)


def chain_of(problem: BaseException | None) -> Iterator[BaseException]:
    while problem:
        yield problem
        yield from chain_of(problem.__cause__)
        problem = problem.__context__


def is_ours(frame: object) -> bool:
    return Path(frame.f_code.co_filename).is_relative_to(ROOT / "signing")  # type: ignore[attr-defined]  # a frame


def test_an_open_token_does_not_hold_the_pin(token: SoftHsm) -> None:
    with open_token(token.module, ask=lambda _: token.pin) as signer:
        signer.sign(b"x", SHA256)
        texts = [one for one in held_by(signer) if isinstance(one, str | bytes | bytearray)]
        shown = repr(signer) + repr(signer._session) + repr(signer._key)

    assert signer._ask is None
    assert TOKEN in texts
    assert [one for one in texts if one in {token.pin, token.pin.encode()}] == []
    assert token.pin not in shown


def held_by(thing: object) -> list[object]:
    """All objects that can be reached from one, but for classes, modules and functions."""
    seen: dict[int, object] = {}
    waiting = [thing]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen and not isinstance(one, type | ModuleType | FunctionType):
            seen[id(one)] = one
            waiting += gc.get_referents(one)
    return list(seen.values())


def test_no_file_holds_pin_password_or_key(
    token: SoftHsm, workbook: bytes, authorities: Authorities, tmp_path: Path
) -> None:
    officer = authorities.officer()
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "blank.xlsx").write_bytes(workbook)
    (tmp_path / "officer.p12").write_bytes(officer.p12())
    code = """
        import json, logging, tempfile
        from datetime import datetime
        from signing.keys import Pkcs12Signer
        from signing.sign import sign_package

        written = []
        def watch(event, arguments):
            if event == "open" and isinstance(arguments[0], (str, bytes)) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
                written.append(os.path.abspath(os.fsdecode(arguments[0])))
        sys.addaudithook(watch)
        os.chdir(os.environ["HOME"])
        logging.basicConfig(level=logging.DEBUG, filename="log.txt")
        logging.debug("started")
        folder, at = module.parents[1], datetime.fromisoformat(os.environ["AT"])
        secret, password = pin.splitlines()
        with open_token(module, ask=lambda info: secret) as signer:
            signed = sign_package((folder / "blank.xlsx").read_bytes(), signer, at=at)
        again = sign_package(signed, Pkcs12Signer.load((folder / "officer.p12").read_bytes(), password), at=at)
        Path("signed.xlsx").write_bytes(again)
        print(json.dumps(written))
    """
    environment = {"HOME": str(home), "TMPDIR": str(home), "AT": NOW.isoformat()}

    written = json.loads(in_a_process(token, code, f"{token.pin}\n{PASSWORD}", **environment))

    files = [path for path in home.rglob("*") if path.is_file()]
    secret = [token.pin.encode(), PASSWORD.encode(), PASSWORD.encode("utf-16-be"), *bytes_of(officer.key)]
    assert {path.name for path in files} == {"log.txt", "signed.xlsx"}
    assert [name for name in written if not Path(name).is_relative_to(home)] == []
    assert [path.name for path in files for part in secret if part in unzipped(path)] == []


def bytes_of(key: ec.EllipticCurvePrivateKey) -> tuple[bytes, ...]:
    """The secret number as such, in hexadecimal, and in the text of a key file."""
    number = key.private_numbers().private_value.to_bytes(32, "big")
    pem = key.private_bytes(Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return number, number.hex().encode(), pem.splitlines()[1]


def unzipped(path: Path) -> bytes:
    data = path.read_bytes()
    return data + b"".join(parts_of(data).values()) if path.suffix == ".xlsx" else data
