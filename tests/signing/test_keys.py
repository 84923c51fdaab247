from __future__ import annotations

import logging
import subprocess
import traceback
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import pkcs12 as asn1  # type: ignore[import-untyped]  # has no stubs
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from cryptography.hazmat.primitives.serialization import pkcs12

from signing.errors import KeyUnusableError, NotSignableError, SigningError, TrustError
from signing.keys import Pkcs12Signer
from signing.sign import sign_package
from signing.trust import Trust
from signing.verdict import Outcome
from signing.verify import verify_package
from tests.signing.authorities import NOW, PASSWORD, Authorities, Holder, a_certificate, rsa_key


def code_of(data: bytes, password: str = PASSWORD) -> str:
    with pytest.raises(KeyUnusableError) as caught:
        Pkcs12Signer.load(data, password)
    assert caught.value.finding.remedy
    return caught.value.finding.code


KEYS = {
    "rsa-2048": rsa_key,
    "rsa-4096": lambda: rsa_key(4096),
    "p-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p-521": lambda: ec.generate_private_key(ec.SECP521R1()),
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_file_signs(kind: str, workbook: bytes, authorities: Authorities, trust: Trust) -> None:
    officer = authorities.officer(key=KEYS[kind]())
    signer = Pkcs12Signer.load(officer.p12(), PASSWORD)

    verdict = verify_package(sign_package(workbook, signer, at=NOW), trust, now=NOW)

    assert verdict.outcome is Outcome.VALID
    assert signer.chain == officer.chain


def test_a_wrong_password_is_told_apart_from_a_damaged_file(officer: Holder) -> None:
    data = officer.p12()

    assert code_of(data, "sai") == "BS241"
    assert code_of(b"rubbish") == "BS240"
    assert code_of(b"\x30\x03\x02\x01\x01") == "BS240"
    assert code_of(b"") == "BS240"


def test_a_file_without_a_key_is_refused(officer: Holder) -> None:
    protection = serialization.BestAvailableEncryption(PASSWORD.encode())
    data = pkcs12.serialize_key_and_certificates(b"x", None, officer.certificate, None, protection)

    assert code_of(data) == "BS242"


def test_a_short_key_is_refused() -> None:
    assert code_of(a_certificate("Khoá ngắn", rsa_key(1024)).p12()) == "BS207"


def test_a_curve_below_p256_is_refused() -> None:
    assert code_of(a_certificate("Khoá ngắn", ec.generate_private_key(ec.SECP224R1())).p12()) == "BS207"


def test_a_kind_of_key_that_is_not_supported_is_refused(officer: Holder) -> None:
    protection = serialization.BestAvailableEncryption(PASSWORD.encode())
    key = dsa.generate_private_key(2048)

    assert code_of(pkcs12.serialize_key_and_certificates(b"x", key, None, None, protection)) in {"BS207", "BS242"}


@pytest.mark.parametrize(("kind", "length"), [("p-256", 64), ("p-384", 96), ("p-521", 132)])
def test_an_ecdsa_value_has_a_fixed_length(kind: str, length: int, authorities: Authorities) -> None:
    signer = Pkcs12Signer.load(authorities.officer(key=KEYS[kind]()).p12(), PASSWORD)

    assert {len(signer.sign(bytes([n]), hashes.SHA256())) for n in range(50)} == {length}


@pytest.mark.parametrize("spoiled", [f"{PASSWORD}\ud800", f"{PASSWORD}\0", PASSWORD.encode() + b"\xff"])
def test_a_password_that_no_key_file_has_is_refused_and_not_shown(
    spoiled: str | bytes, officer: Holder, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KeyUnusableError) as caught:
        Pkcs12Signer.load(officer.p12(), spoiled)

    shown = "".join(traceback.format_exception(caught.value)) + "".join(capfd.readouterr())
    before = [caught.value.__cause__, caught.value.__context__]
    assert (caught.value.finding.code, before) == ("BS241", [None, None])
    assert PASSWORD not in shown


def test_a_wrong_password_is_not_shown(officer: Holder, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    with pytest.raises(KeyUnusableError) as caught:
        Pkcs12Signer.load(officer.p12(), f"{PASSWORD} sai")

    chain = (caught.value, caught.value.__cause__, caught.value.__context__)
    shown = "".join(traceback.format_exception(caught.value)) + repr([(one, one.args) for one in chain if one])
    assert "BS241" in shown
    assert PASSWORD not in shown + caplog.text


def test_a_key_file_of_an_older_program_opens_without_a_word(officer: Holder) -> None:
    """They write BER; what follows the file is the shortest thing that DER does not allow."""
    signer = Pkcs12Signer.load(officer.p12() + b"\0\0", PASSWORD)

    assert signer.certificate == officer.certificate


@pytest.mark.parametrize("part", ["mac", "encrypted_data", "data"])
def test_a_file_that_has_the_password_hashed_for_hours_is_refused(part: str, officer: Holder) -> None:
    file = asn1.Pfx.load(officer.p12())
    if part == "mac":
        file["mac_data"]["iterations"] = 10_000_001
    else:
        contents = asn1.AuthenticatedSafe.load(file["auth_safe"]["content"].native)
        (found,) = (one for one in contents if one["content_type"].native == part)
        if part == "data":
            bags = asn1.SafeContents.load(found["content"].native)
            set_rounds(bags[0]["bag_value"]["encryption_algorithm"])
            found["content"] = bags.dump(force=True)
        else:
            set_rounds(found["content"]["encrypted_content_info"]["content_encryption_algorithm"])
        file["auth_safe"]["content"] = contents.dump(force=True)

    assert code_of(file.dump(force=True)) == "BS240"


def set_rounds(algorithm: Any) -> None:  # noqa: ANN401 - the library has no types
    algorithm["parameters"]["key_derivation_func"]["parameters"]["iteration_count"] = 10_000_001


def test_a_key_file_encrypted_as_older_windows_does_opens(officer: Holder, tmp_path: Path) -> None:
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    (tmp_path / "both.pem").write_bytes(officer.key.private_bytes(pem, *plain) + officer.certificate.public_bytes(pem))
    # RC2 with 40 bits around the certificate, 3DES around the key, SHA-1 over all.
    command = ["openssl", "pkcs12", "-export", "-legacy", "-in", "both.pem", "-out", "old.p12", "-passout", "pass:1234"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=30)

    signer = Pkcs12Signer.load((tmp_path / "old.p12").read_bytes(), "1234")

    assert signer.certificate == officer.certificate


def test_a_signer_does_not_show_its_key(officer: Holder) -> None:
    shown = repr(Pkcs12Signer.load(officer.p12(), PASSWORD))

    assert "Nguyễn Văn Thử" in shown
    assert "Key" not in shown


@pytest.mark.parametrize("kind", [KeyUnusableError, NotSignableError, TrustError])
def test_every_error_of_the_package_has_one_base(kind: type[Exception]) -> None:
    assert issubclass(kind, SigningError)


def test_only_the_issuers_of_the_certificate_go_into_the_signature(authorities: Authorities, officer: Holder) -> None:
    stranger = a_certificate("CA lạ", rsa_key(), authority=True).certificate
    muddle = (stranger, authorities.root.certificate, authorities.issuing.certificate, officer.certificate)

    signer = Pkcs12Signer.load(Holder(officer.certificate, officer.key, muddle).p12(), PASSWORD)

    assert signer.chain == (authorities.issuing.certificate, authorities.root.certificate)
