"""Who signed, and whether that may be believed: chain, usage, revocation, times (V09; NĐ 68/2024, Art. 29-32)."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing.document import Details
from signing.errors import TrustError
from signing.policy import read_policy
from signing.sign import attach_signature, sign_package
from signing.trust import Trust
from signing.verdict import Outcome, RevocationStatus, Verdict
from signing.verify import verify_package
from tests.signing.authorities import (
    NOW,
    Authorities,
    Holder,
    a_certificate,
    a_crl,
    a_name,
    create_authorities,
    rsa_key,
)

DAY = timedelta(days=1)


def signed_by(holder: Holder, workbook: bytes, *, at: object = NOW) -> bytes:
    """Signed without asking whether the certificate is fit for it, as another program would."""
    return attach_signature(workbook, holder, Details(at, "", ""))  # type: ignore[arg-type]  # a datetime


def codes(verdict: Verdict) -> set[str]:
    return {finding.code for finding in verdict.findings}


def test_the_chain_runs_from_signer_to_root(signed: bytes, trust: Trust) -> None:
    signature = verify_package(signed, trust, now=NOW).signatures[0]

    assert signature.chain.trusted
    assert signature.chain.root == "CA Gốc Thử"
    assert signature.chain.path == ("Nguyễn Văn Thử", "CA Cấp Gốc Thử", "CA Gốc Thử")
    assert signature.revocation.status is RevocationStatus.GOOD
    assert signature.revocation.this_update == NOW - DAY
    assert len(signature.revocation.crls) == 2
    assert signature.key_usage == ("digital_signature", "content_commitment")
    assert signature.algorithm == "ECDSA secp256r1, SHA-256"


def test_the_chain_carried_in_the_signature_suffices(signed: bytes, authorities: Authorities) -> None:
    trust = Trust.of([authorities.root.certificate], (), authorities.trust().crls)

    assert verify_package(signed, trust, now=NOW).outcome is Outcome.VALID


def test_an_unknown_issuer_is_not_trusted_though_the_file_is_intact(signed: bytes) -> None:
    verdict = verify_package(signed, create_authorities("Khác").trust(), now=NOW)

    assert codes(verdict) == {"BS221"}
    assert verdict.intact
    assert verdict.covered
    assert not verdict.signatures[0].chain.trusted


def test_a_root_of_the_same_name_is_an_impostor(workbook: bytes, trust: Trust) -> None:
    impostor = create_authorities("Gốc Thử")

    verdict = verify_package(sign_package(workbook, impostor.officer(), at=NOW), trust, now=NOW)

    assert verdict.outcome is Outcome.INVALID
    assert "BS221" in codes(verdict)


def test_a_self_signed_certificate_is_not_trusted(workbook: bytes, trust: Trust) -> None:
    alone = a_certificate("Tự ký", ec.generate_private_key(ec.SECP256R1()))

    assert codes(verify_package(sign_package(workbook, alone, at=NOW), trust, now=NOW)) == {"BS221"}


def test_a_person_cannot_issue_certificates(workbook: bytes, authorities: Authorities, trust: Trust) -> None:
    issued_by_person = a_certificate("Mạo danh", ec.generate_private_key(ec.SECP256R1()), issuer=authorities.officer())

    assert codes(verify_package(sign_package(workbook, issued_by_person, at=NOW), trust, now=NOW)) == {"BS221"}


def test_a_certificate_expired_since_is_refused(workbook: bytes, authorities: Authorities, trust: Trust) -> None:
    officer = authorities.officer(start=NOW - 30 * DAY, end=NOW - DAY)
    data = sign_package(workbook, officer, at=NOW - 10 * DAY)

    assert codes(verify_package(data, trust, now=NOW)) == {"BS222"}
    assert verify_package(data, trust, now=NOW - 9 * DAY).outcome is Outcome.VALID


def test_a_certificate_not_yet_valid_is_refused(workbook: bytes, authorities: Authorities, trust: Trust) -> None:
    officer = authorities.officer(start=NOW + DAY, end=NOW + 30 * DAY)

    assert codes(verify_package(signed_by(officer, workbook), trust, now=NOW)) == {"BS223", "BS224"}


def test_a_claimed_time_outside_the_validity_is_refused(workbook: bytes, officer: Holder, trust: Trust) -> None:
    assert codes(verify_package(signed_by(officer, workbook, at=NOW - 200 * DAY), trust, now=NOW)) == {"BS224"}


def test_a_claimed_time_in_the_future_is_refused(workbook: bytes, officer: Holder, trust: Trust) -> None:
    data = sign_package(workbook, officer, at=NOW + timedelta(minutes=6))

    assert codes(verify_package(data, trust, now=NOW)) == {"BS225"}
    assert verify_package(data, trust, now=NOW + timedelta(minutes=2)).outcome is Outcome.VALID


def test_a_revoked_certificate_is_refused(workbook: bytes, authorities: Authorities) -> None:
    officer = authorities.officer()
    trust = authorities.trust((officer, NOW - 2 * DAY))

    verdict = verify_package(sign_package(workbook, officer, at=NOW), trust, now=NOW)

    assert codes(verdict) == {"BS228"}
    assert verdict.signatures[0].revocation.status is RevocationStatus.REVOKED
    assert verdict.signatures[0].revocation.revoked_at == NOW - 2 * DAY


def test_a_claim_to_have_signed_before_the_revocation_proves_nothing(workbook: bytes, authorities: Authorities) -> None:
    officer = authorities.officer()
    trust = authorities.trust((officer, NOW - 2 * DAY))

    verdict = verify_package(sign_package(workbook, officer, at=NOW - 5 * DAY), trust, now=NOW)

    assert codes(verdict) == {"BS228"}
    assert "chỉ là lời khai" in verdict.summary


def test_a_revocation_after_the_moment_asked_about_does_no_harm(workbook: bytes, authorities: Authorities) -> None:
    officer = authorities.officer()
    trust = authorities.trust((officer, NOW - 2 * DAY))
    data = sign_package(workbook, officer, at=NOW - 5 * DAY)

    assert verify_package(data, trust, now=NOW - 4 * DAY).outcome is Outcome.VALID


def test_a_revoked_issuing_authority_is_refused(signed: bytes, authorities: Authorities) -> None:
    crls = (a_crl(authorities.root, ((authorities.issuing, NOW - DAY),)), a_crl(authorities.issuing))
    trust = Trust.of([authorities.root.certificate], [authorities.issuing.certificate], crls)

    verdict = verify_package(signed, trust, now=NOW)

    assert codes(verdict) == {"BS228"}
    assert "CA Cấp Gốc Thử" in verdict.summary


def test_a_revocation_in_a_list_out_of_date_still_counts(workbook: bytes, authorities: Authorities) -> None:
    officer = authorities.officer()
    old = a_crl(authorities.issuing, ((officer, NOW - 9 * DAY),), issued=NOW - 8 * DAY, next_update=NOW - DAY)
    trust = Trust.of([authorities.root.certificate], (), (a_crl(authorities.root), old))

    assert codes(verify_package(sign_package(workbook, officer, at=NOW), trust, now=NOW)) == {"BS228"}


def test_the_newest_list_counts(workbook: bytes, authorities: Authorities) -> None:
    officer = authorities.officer()
    old = a_crl(authorities.issuing, issued=NOW - 3 * DAY)
    new = a_crl(authorities.issuing, ((officer, NOW - 2 * DAY),), issued=NOW - DAY)
    data = sign_package(workbook, officer, at=NOW)

    for lists in ((old, new), (new, old)):
        trust = Trust.of([authorities.root.certificate], (), (a_crl(authorities.root), *lists))
        assert codes(verify_package(data, trust, now=NOW)) == {"BS228"}


def test_a_list_signed_by_somebody_else_says_nothing(signed: bytes, authorities: Authorities, officer: Holder) -> None:
    forger = create_authorities("Gốc Thử").issuing
    forged = a_crl(forger, ((officer, NOW - DAY),))
    trust = Trust.of([authorities.root.certificate], (), (a_crl(authorities.root), forged))

    verdict = verify_package(signed, trust, now=NOW)

    assert verdict.outcome is Outcome.UNDETERMINED
    assert codes(verdict) == {"BS230"}


@pytest.mark.parametrize("missing", ["all", "root", "issuing", "stale"])
def test_without_a_list_for_every_authority_the_outcome_is_undetermined(
    missing: str, signed: bytes, authorities: Authorities
) -> None:
    root, issuing = a_crl(authorities.root), a_crl(authorities.issuing)
    stale = a_crl(authorities.issuing, issued=NOW - 9 * DAY, next_update=NOW - DAY)
    crls = {"all": (), "root": (issuing,), "issuing": (root,), "stale": (root, stale)}[missing]

    verdict = verify_package(signed, Trust.of([authorities.root.certificate], (), crls), now=NOW)

    assert verdict.outcome is Outcome.UNDETERMINED
    assert codes(verdict) == {"BS230"}
    assert verdict.signatures[0].revocation.reason
    assert "Chưa xác định" in verdict.summary


def test_nothing_stays_undetermined_when_something_is_wrong(workbook: bytes, authorities: Authorities) -> None:
    trust = Trust.of([authorities.root.certificate])

    verdict = verify_package(signed_by(authorities.officer(usage=("key_agreement",)), workbook), trust, now=NOW)

    assert verdict.outcome is Outcome.INVALID


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"usage": ("key_encipherment",)}, "BS226"),
        ({"usage": ()}, "BS226"),
        ({"purposes": (ExtendedKeyUsageOID.SERVER_AUTH,)}, "BS226"),
        ({"purposes": (ExtendedKeyUsageOID.TIME_STAMPING,)}, "BS226"),
    ],
)
def test_a_certificate_for_another_purpose_is_refused(
    options: dict[str, object], code: str, workbook: bytes, authorities: Authorities, trust: Trust
) -> None:
    assert codes(verify_package(signed_by(authorities.officer(**options), workbook), trust, now=NOW)) == {code}


def an_authority_for(purpose: x509.ObjectIdentifier, authorities: Authorities) -> Holder:
    """An authority that may issue certificates for one purpose only."""
    key = ec.generate_private_key(ec.SECP256R1())
    root, name = authorities.root, a_name("CA Chuyên Dùng")
    certificate = (
        x509.CertificateBuilder(root.certificate.subject, name, key.public_key(), 77, NOW - DAY, NOW + 99 * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .sign(root.key, hashes.SHA256())
    )
    return Holder(certificate, key, (root.certificate,))


@pytest.mark.parametrize(
    ("purpose", "expected"),
    [
        (ExtendedKeyUsageOID.SERVER_AUTH, {"BS221"}),
        (ExtendedKeyUsageOID.TIME_STAMPING, {"BS221"}),
        (ExtendedKeyUsageOID.EMAIL_PROTECTION, set()),
        (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, set()),
    ],
)
def test_an_authority_for_another_purpose_makes_no_signers(
    purpose: x509.ObjectIdentifier, expected: set[str], workbook: bytes, authorities: Authorities
) -> None:
    issuing = an_authority_for(purpose, authorities)
    person = a_certificate("Nguyễn Văn Thử", ec.generate_private_key(ec.SECP256R1()), issuer=issuing, purposes=())
    lists = (a_crl(authorities.root), a_crl(issuing))
    trust = Trust.of([authorities.root.certificate], [issuing.certificate], lists)

    assert codes(verify_package(signed_by(person, workbook), trust, now=NOW)) == expected


@pytest.mark.parametrize("usage", [("digital_signature",), ("content_commitment",), None])
def test_either_signing_usage_will_do(
    usage: tuple[str, ...] | None, workbook: bytes, authorities: Authorities, trust: Trust
) -> None:
    data = sign_package(workbook, authorities.officer(usage=usage), at=NOW)

    assert verify_package(data, trust, now=NOW).outcome is Outcome.VALID


def test_an_authority_as_signer_is_refused(workbook: bytes, authorities: Authorities, trust: Trust) -> None:
    assert codes(verify_package(signed_by(authorities.issuing, workbook), trust, now=NOW)) == {"BS227"}


def test_a_short_rsa_key_is_refused(workbook: bytes, authorities: Authorities, trust: Trust) -> None:
    weak = signed_by(authorities.officer(key=rsa_key(1024)), workbook)

    assert "BS207" in codes(verify_package(weak, trust, now=NOW))


def test_a_short_curve_is_refused(workbook: bytes, authorities: Authorities, trust: Trust) -> None:
    weak = signed_by(authorities.officer(key=ec.generate_private_key(ec.SECP224R1())), workbook)

    assert "BS207" in codes(verify_package(weak, trust, now=NOW))


def test_an_authority_with_a_short_key_is_not_trusted(workbook: bytes) -> None:
    root = a_certificate("CA yếu", rsa_key(1024), authority=True)
    officer = a_certificate("Cán bộ", ec.generate_private_key(ec.SECP256R1()), issuer=root)
    trust = Trust.of([root.certificate], (), (a_crl(root),))

    assert "BS221" in codes(verify_package(sign_package(workbook, officer, at=NOW), trust, now=NOW))


def test_an_expired_root_is_not_trusted(workbook: bytes) -> None:
    root = a_certificate(
        "CA hết hạn", ec.generate_private_key(ec.SECP256R1()), authority=True, start=NOW - 90 * DAY, end=NOW - DAY
    )
    officer = a_certificate("Cán bộ", ec.generate_private_key(ec.SECP256R1()), issuer=root)
    verdict = verify_package(
        sign_package(workbook, officer, at=NOW), Trust.of([root.certificate], (), (a_crl(root),)), now=NOW
    )

    assert codes(verdict) == {"BS221"}
    assert "hết hạn" in verdict.summary


def test_a_path_longer_than_the_root_allows_is_not_trusted(workbook: bytes, authorities: Authorities) -> None:
    extra = a_certificate(
        "CA thừa", ec.generate_private_key(ec.SECP256R1()), issuer=authorities.issuing, authority=True
    )
    officer = a_certificate("Cán bộ", ec.generate_private_key(ec.SECP256R1()), issuer=extra)
    trust = Trust.of(
        [authorities.root.certificate], (), (a_crl(authorities.root), a_crl(authorities.issuing), a_crl(extra))
    )

    assert codes(verify_package(sign_package(workbook, officer, at=NOW), trust, now=NOW)) == {"BS221"}


def test_asking_again_is_quick(signed: bytes, authorities: Authorities) -> None:
    trust = authorities.trust()
    verify_package(signed, trust, now=NOW)

    start = time.process_time()
    for _ in range(20):
        verify_package(signed, trust, now=NOW)

    assert (time.process_time() - start) / 20 < 0.03  # 2 ms of the processor; building the path anew costs more


def test_an_answer_is_not_kept_past_its_minute(workbook: bytes, authorities: Authorities) -> None:
    officer = authorities.officer()
    trust = authorities.trust((officer, NOW + timedelta(minutes=30)))
    data = sign_package(workbook, officer, at=NOW)

    assert verify_package(data, trust, now=NOW).outcome is Outcome.VALID
    assert verify_package(data, trust, now=NOW + timedelta(minutes=31)).outcome is Outcome.INVALID


def test_a_folder_of_pem_and_der_is_read(tmp_path: Path, signed: bytes, authorities: Authorities) -> None:
    (tmp_path / "root.crt").write_bytes(authorities.root.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "issuing.cer").write_bytes(authorities.issuing.certificate.public_bytes(Encoding.DER))
    (tmp_path / "root.crl").write_bytes(a_crl(authorities.root).public_bytes(Encoding.DER))
    (tmp_path / "issuing.crl").write_bytes(a_crl(authorities.issuing).public_bytes(Encoding.PEM))
    (tmp_path / "README").write_text("không phải chứng thư", encoding="utf-8")

    trust = Trust.from_directory(tmp_path)

    assert trust.roots == (authorities.root.certificate,)
    assert trust.intermediates == (authorities.issuing.certificate,)
    assert verify_package(signed, trust, now=NOW).outcome is Outcome.VALID


def test_a_person_in_the_folder_does_not_become_a_root(tmp_path: Path, authorities: Authorities) -> None:
    alone = a_certificate("Tự ký", ec.generate_private_key(ec.SECP256R1()))
    pem = b"".join(h.certificate.public_bytes(Encoding.PEM) for h in (alone, authorities.issuing, authorities.root))
    (tmp_path / "all.pem").write_bytes(pem)

    trust = Trust.from_directory(tmp_path)

    assert trust.roots == (authorities.root.certificate,)
    assert set(trust.intermediates) == {alone.certificate, authorities.issuing.certificate}


def test_a_folder_without_a_root_is_an_error(tmp_path: Path, authorities: Authorities) -> None:
    (tmp_path / "issuing.crt").write_bytes(authorities.issuing.certificate.public_bytes(Encoding.PEM))

    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(TrustError) as caught:
            Trust.from_directory(folder)
        assert caught.value.finding.code == "BS250"
        assert str(folder) in caught.value.finding.message


@pytest.mark.parametrize("name", ["bad.crt", "bad.crl", "bad.pem"])
def test_an_unreadable_file_in_the_folder_is_an_error(name: str, tmp_path: Path, authorities: Authorities) -> None:
    (tmp_path / "root.crt").write_bytes(authorities.root.certificate.public_bytes(Encoding.PEM))
    (tmp_path / name).write_bytes(b"rubbish")

    with pytest.raises(TrustError) as caught:
        Trust.from_directory(tmp_path)

    assert caught.value.finding.code == "BS251"
    assert name in caught.value.finding.message


def test_only_a_self_signed_authority_may_be_given_as_root(authorities: Authorities, officer: Holder) -> None:
    for certificate in (authorities.issuing.certificate, officer.certificate):
        with pytest.raises(TrustError):
            Trust.of([certificate])


def test_a_certificate_with_a_key_nobody_signs_with_is_refused(
    workbook: bytes, authorities: Authorities, trust: Trust
) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(authorities.root.certificate.subject)
        .issuer_name(authorities.issuing.certificate.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .sign(authorities.issuing.key, hashes.SHA256())
    )
    strange = Holder(certificate, rsa_key())

    assert "BS207" in codes(verify_package(signed_by(strange, workbook), trust, now=NOW))


def test_addresses_in_a_certificate_are_never_called(workbook: bytes, authorities: Authorities) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        officer = authorities.officer(url=f"http://127.0.0.1:{listener.getsockname()[1]}/x")
        data = sign_package(workbook, officer, at=NOW)

        with_lists = verify_package(data, authorities.trust(), now=NOW)
        without = verify_package(data, Trust.of([authorities.root.certificate]), now=NOW)

        with pytest.raises(BlockingIOError):
            listener.accept()
    assert with_lists.outcome is Outcome.VALID
    assert without.outcome is Outcome.UNDETERMINED


def a_folder(folder: Path, authorities: Authorities) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "root.crt").write_bytes(authorities.root.certificate.public_bytes(Encoding.PEM))
    return folder


WRONG_SETTINGS = {
    "use of a list": b'use = [["signatures"]]',
    "use of a table": b"use = [{}]",
    "brackets of thousands": b"crl = " + b"[" * 5000,
    "a number of thousands of digits": b"name = 1" + b"0" * 5000,
    "another encoding": 'name = "Thử"'.encode("utf-16"),
    "twice": b'name = "a"\nname = "b"',
    "addresses of thousands": b"ocsp = [" + b'"http://x/",' * 5000 + b"]",
}


@pytest.mark.parametrize("settings", WRONG_SETTINGS.values(), ids=WRONG_SETTINGS.keys())
def test_settings_of_every_odd_kind_are_refused_with_the_file(
    settings: bytes, tmp_path: Path, authorities: Authorities
) -> None:
    (a_folder(tmp_path, authorities) / "tree.toml").write_bytes(settings)

    with pytest.raises(TrustError) as refused:
        Trust.from_directory(tmp_path)

    assert refused.value.finding.code == "BS252"
    assert "tree.toml" in refused.value.finding.message


def test_settings_saved_by_notepad_are_read(tmp_path: Path, authorities: Authorities) -> None:
    text = 'name = "Hệ thống thử"\r\nuse = ["time-stamps"]\r\n'
    (a_folder(tmp_path, authorities) / "tree.toml").write_bytes(text.encode("utf-8-sig"))

    trust = Trust.from_directory(tmp_path)

    assert [tree.name for tree in trust.trees.values()] == ["Hệ thống thử"]


@pytest.mark.parametrize("target", ["nowhere", "tree.toml", "."], ids=["nothing", "itself", "a folder"])
def test_settings_that_cannot_be_reached_do_not_count_as_none(
    target: str, tmp_path: Path, authorities: Authorities
) -> None:
    (a_folder(tmp_path, authorities) / "tree.toml").symlink_to(target)

    with pytest.raises(TrustError) as refused:
        Trust.from_directory(tmp_path)

    assert "tree.toml" in refused.value.finding.message


@pytest.mark.parametrize("what", ["half a certificate", "a list among certificates", "two lists"])
def test_a_file_that_could_be_read_in_part_only_is_refused(what: str, tmp_path: Path, authorities: Authorities) -> None:
    root = authorities.root.certificate.public_bytes(Encoding.PEM)
    crl = a_crl(authorities.root).public_bytes(Encoding.PEM)
    (tmp_path / "root.crt").write_bytes(root)
    name, data = {
        "half a certificate": ("x.pem", root + authorities.issuing.certificate.public_bytes(Encoding.PEM)[:-60]),
        "a list among certificates": ("x.pem", root + crl),
        "two lists": ("x.crl", crl + crl),
    }[what]
    (tmp_path / name).write_bytes(data)

    with pytest.raises(TrustError) as caught:
        Trust.from_directory(tmp_path)

    assert caught.value.finding.code == "BS251"
    assert name in caught.value.finding.message


@pytest.mark.parametrize(
    "spelled",
    [
        lambda pem: pem.replace(b"\n", b"\r\n"),
        lambda pem: b"\xef\xbb\xbf" + pem,
        lambda pem: "Chứng thư gốc\n".encode() + pem + b"end",
    ],
    ids=["lines of Windows", "a mark before it", "text around it"],
)
def test_a_certificate_is_read_as_programs_save_it(
    spelled: Callable[[bytes], bytes], tmp_path: Path, authorities: Authorities
) -> None:
    pems = [one.certificate.public_bytes(Encoding.PEM) for one in (authorities.root, authorities.issuing)]
    (tmp_path / "x.pem").write_bytes(spelled(b"".join(pems)))

    trust = Trust.from_directory(tmp_path)

    assert (trust.roots, trust.intermediates) == (
        (authorities.root.certificate,),
        (authorities.issuing.certificate,),
    )


def test_what_is_no_file_is_left_alone(tmp_path: Path, authorities: Authorities) -> None:
    folder = a_folder(tmp_path, authorities)
    os.mkfifo(folder / "pipe.crt")
    (folder / "loop.crl").symlink_to("loop.crl")
    (folder / "folder.crt").mkdir()

    assert Trust.from_directory(folder).roots == (authorities.root.certificate,)


def test_a_file_of_great_size_is_refused_unread(tmp_path: Path, authorities: Authorities) -> None:
    with (a_folder(tmp_path, authorities) / "huge.crl").open("wb") as file:
        file.truncate(2**40)

    with pytest.raises(TrustError) as refused:
        Trust.from_directory(tmp_path)

    assert "huge.crl" in refused.value.finding.message


def test_a_certificate_whose_damage_shows_late_is_refused_with_its_file(
    tmp_path: Path, authorities: Authorities
) -> None:
    whole = authorities.issuing.certificate.public_bytes(Encoding.DER)
    damaged = whole.replace(bytes.fromhex("30168014"), bytes.fromhex("30160214"), 1)
    (a_folder(tmp_path, authorities) / "issuing.crt").write_bytes(damaged)

    with pytest.raises(TrustError) as refused:
        Trust.from_directory(tmp_path)

    assert "issuing.crt" in refused.value.finding.message


@pytest.mark.parametrize(
    "text",
    [
        "version = " + "[" * 5000,
        "version = 1" + "0" * 5000,
        'version = "1"\nroles = [["leader"]]',
        'version="1"\nforms=1',
    ],
)
def test_a_policy_of_any_odd_kind_is_refused(text: str) -> None:
    with pytest.raises(TrustError) as refused:
        read_policy(text)

    assert refused.value.finding.code == "BS252"
