"""Signing and verifying on the command line as people do it: the real program, a token, a TSA, an attachment."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from form_templates.compile import compile_template
from form_templates.filling import issue
from form_templates.serial import digest
from form_templates.stamp import Stamp
from tests.narratives import a_docx
from tests.signing.authorities import Authorities, Holder, a_certificate, a_crl, create_authorities
from tests.signing.network import a_time_authority, served, time_authority
from tests.softhsm import SoftHsm

PIN = "Số-PIN-9021"
PASSWORD = "mật khẩu của tệp khóa"
TODAY = datetime.now(UTC).replace(microsecond=0)
DAY, YEAR = timedelta(days=1), timedelta(days=365)
LIFE = {"start": TODAY - YEAR, "end": TODAY + YEAR}


@dataclass(frozen=True)
class Done:
    """A finished program."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.out)


@dataclass(frozen=True)
class Desk:
    """A person's folder with an issued form, a key file, and what the person trusts."""

    folder: Path
    authorities: Authorities
    leader: Holder
    settings: dict[str, str] = field(default_factory=dict)

    def run(self, *words: object, given: str = PASSWORD, **settings: str) -> Done:
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "COLUMNS": "200", **self.settings, **settings}
        command = [sys.executable, "-m", "server.cli", *map(str, words)]
        asked = {"input": given + "\n", "cwd": self.folder, "env": environment}
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, **asked)
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def verified(self, name: str = "bieu.signed.xlsx", *words: str) -> Any:  # noqa: ANN401 - JSON
        return self.run("verify", name, "--trust", "trust", "--json", *words).json


def trust_folder(folder: Path, authorities: Authorities, *revoked: tuple[Holder, datetime]) -> None:
    folder.mkdir(exist_ok=True)
    for name, holder in (("goc", authorities.root), ("cap", authorities.issuing)):
        (folder / f"{name}.crt").write_bytes(holder.certificate.public_bytes(Encoding.PEM))
    for name, holder, entries in (("goc", authorities.root, ()), ("cap", authorities.issuing, revoked)):
        crl = a_crl(holder, entries, issued=TODAY - DAY, next_update=TODAY + 6 * DAY)
        (folder / f"{name}.crl").write_bytes(crl.public_bytes(Encoding.DER))


@pytest.fixture(scope="module")
def authorities() -> Authorities:
    return create_authorities(now=TODAY)


@pytest.fixture(scope="module")
def issued() -> bytes:
    template = (files("form_templates") / "official" / "KTXH-09.T.xlsx").read_bytes()
    version = compile_template(template)
    stamp = Stamp(version.form, version.version, digest(version), "28756", "Xã Tam Bình", "2026-M09", "1", TODAY)
    return issue(template, version, stamp, "k1", b"tests")


@pytest.fixture
def desk(tmp_path: Path, authorities: Authorities, issued: bytes) -> Desk:
    leader = authorities.officer("Lê Thị Lãnh Đạo", **LIFE)
    (tmp_path / "bieu.xlsx").write_bytes(issued)
    (tmp_path / "khoa.p12").write_bytes(leader.p12(PASSWORD))
    trust_folder(tmp_path / "trust", authorities)
    return Desk(tmp_path, authorities, leader)


@pytest.fixture
def token(desk: Desk) -> SoftHsm:
    hsm = SoftHsm.create(desk.folder / "hsm", PIN)
    hsm.add_token("Lãnh đạo")
    key = hsm.make_key("Lãnh đạo", "p-256")
    holder = desk.authorities.officer("Lê Thị Lãnh Đạo", key, **LIFE)
    hsm.put_certificate("Lãnh đạo", holder.certificate)
    hsm.put_certificate("Lãnh đạo", desk.authorities.issuing.certificate, id=b"\x02")
    desk.settings["SOFTHSM2_CONF"] = str(hsm.configuration)
    return hsm


def signed_by_file(desk: Desk, *words: object, **settings: str) -> Done:
    return desk.run("sign", "bieu.xlsx", "--p12", "khoa.p12", "--trust", "trust", *words, **settings)


# -- keys --------------------------------------------------------------------------------------------------------------


def test_a_key_file_signs_and_its_password_comes_from_the_input(desk: Desk) -> None:
    done = signed_by_file(desk)

    assert (done.code, done.out) == (0, "Đã ký: bieu.signed.xlsx\n")
    assert desk.verified()["outcome"] == "valid"


def test_a_token_signs_and_is_asked_for_by_its_name(desk: Desk, token: SoftHsm) -> None:
    done = desk.run("sign", "bieu.xlsx", "--pkcs11", token.module, "--token", "Lãnh đạo", "--trust", "trust", given=PIN)

    assert done.code == 0, done.err
    assert desk.verified()["outcome"] == "valid"


def test_the_only_token_needs_no_name(desk: Desk, token: SoftHsm) -> None:
    assert desk.run("sign", "bieu.xlsx", "--pkcs11", token.module, "--trust", "trust", given=PIN).code == 0


def test_a_wrong_pin_is_told_without_saying_it(desk: Desk, token: SoftHsm) -> None:
    done = desk.run("sign", "bieu.xlsx", "--pkcs11", token.module, "--trust", "trust", given="sai-PIN-1234")

    assert done.code == 1
    assert "BS264" in done.err
    assert "sai-PIN-1234" not in done.out + done.err
    assert not (desk.folder / "bieu.signed.xlsx").exists()


@pytest.mark.parametrize("kind", ["token", "file"])
def test_a_secret_that_is_typed_is_not_shown_and_not_written_anywhere(kind: str, desk: Desk, token: SoftHsm) -> None:
    secret = PIN if kind == "token" else PASSWORD
    key = ["--pkcs11", str(token.module)] if kind == "token" else ["--p12", "khoa.p12"]
    command = [sys.executable, "-m", "server.cli", "sign", "bieu.xlsx", *key, "--trust", "trust"]
    before = {path for path in desk.folder.rglob("*") if path.is_file()}

    shown, code, arguments = typed(command, secret, desk)

    assert code == 0, shown
    assert secret.encode() not in shown
    assert secret.encode() not in arguments
    written = {path for path in desk.folder.rglob("*") if path.is_file()} - before
    assert written == {desk.folder / "bieu.signed.xlsx"}
    assert all(secret.encode() not in path.read_bytes() for path in written)


@pytest.mark.parametrize("where", ["in its own place", "in the file that is signed on"])
def test_a_signature_that_came_while_somebody_typed_is_not_lost(where: str, desk: Desk) -> None:
    file = "bieu.xlsx"
    if where == "in the file that is signed on":
        signed_by_file(desk)
        file = "bieu.signed.xlsx"
    command = [sys.executable, "-m", "server.cli", "sign", file, "--p12", "khoa.p12", "--trust", "trust"]

    def colleague() -> None:
        assert desk.run("sign", file, "--p12", "khoa.p12", "--trust", "trust", "--comment", "Người kia").code == 0

    shown, code, _ = typed(command, PASSWORD, desk, meanwhile=colleague)

    assert (code, "Không ghi đè" in shown.decode()) == (1, True)
    assert desk.verified()["signatures"][-1]["comment"] == "Người kia"


def test_whoever_signs_the_unsigned_file_again_is_told_what_is_replaced(desk: Desk) -> None:
    first, again = signed_by_file(desk), signed_by_file(desk)

    assert "đã có chữ ký" not in first.err
    assert "bieu.signed.xlsx đã có chữ ký" in again.err
    assert "bieuso sign bieu.signed.xlsx" in again.err


@pytest.mark.parametrize("key", ["token", "file"])
def test_a_secret_in_an_unknown_encoding_is_refused_and_not_shown(key: str, desk: Desk, token: SoftHsm) -> None:
    words = ["--pkcs11", str(token.module)] if key == "token" else ["--p12", "khoa.p12"]
    command = [sys.executable, "-m", "server.cli", "sign", "bieu.xlsx", *words, "--trust", "trust"]
    environment = {"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8:strict", **desk.settings}
    settings = {"cwd": desk.folder, "env": environment, "capture_output": True, "timeout": 120}

    done = subprocess.run(command, check=False, input=b"bi-mat\xff\n", **settings)

    told = done.stdout + done.stderr
    assert (done.returncode, b"BS264" in told or b"BS241" in told) == (1, True)
    assert b"Traceback" not in told
    assert b"bi-mat" not in told


def test_without_anybody_to_ask_a_key_file_stays_closed(desk: Desk) -> None:
    command = f"{sys.executable} -m server.cli sign bieu.xlsx --p12 khoa.p12 --trust trust <&-"
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    settings = {"cwd": desk.folder, "env": environment, "capture_output": True, "timeout": 120}

    done = subprocess.run(["/bin/sh", "-c", command], check=False, **settings)

    assert (done.returncode, b"BS241" in done.stderr) == (1, True), done.stderr


def typed(
    command: list[str], secret: str, desk: Desk, *, meanwhile: Callable[[], None] = lambda: None
) -> tuple[bytes, int, bytes]:
    """The program at a terminal where somebody types: what was shown, how it ended, and how it was called."""
    ours, its = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb", **desk.settings}
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, cwd=desk.folder, env=environment)
    os.close(its)
    shown = b""
    while not shown.rstrip().endswith(b":"):
        shown += os.read(ours, 4096)
    status = Path(f"/proc/{process.pid}")
    arguments = (status / "cmdline").read_bytes() + (status / "environ").read_bytes()
    meanwhile()
    os.write(ours, secret.encode() + b"\n")
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # the other side is closed: so a terminal says that the program ended
        pass
    os.close(ours)
    return shown, process.wait(60), arguments


@pytest.mark.parametrize(
    "words",
    [
        ["--p12", "khoa.p12", "--pkcs11", "khoa.p12"],
        [],
        ["--p12", "khoa.p12", "--token", "x"],
        ["--p12", "khoa.p12", "--role", "giám đốc"],
    ],
)
def test_a_call_that_is_off_is_wrong_use(words: list[str], desk: Desk) -> None:
    assert desk.run("sign", "bieu.xlsx", *words).code == 2


# -- before signing ----------------------------------------------------------------------------------------------------


def test_a_revoked_certificate_does_not_sign(desk: Desk) -> None:
    trust_folder(desk.folder / "trust", desk.authorities, (desk.leader, TODAY - DAY))

    done = signed_by_file(desk)

    assert (done.code, "BS233" in done.err) == (1, True)
    assert not (desk.folder / "bieu.signed.xlsx").exists()


def test_a_certificate_of_strangers_does_not_sign(desk: Desk) -> None:
    stranger = create_authorities("Người lạ", now=TODAY)
    (desk.folder / "khoa.p12").write_bytes(stranger.officer(**LIFE).p12(PASSWORD))

    assert "BS232" in signed_by_file(desk).err


def test_without_a_list_one_may_sign_and_is_told(desk: Desk) -> None:
    (desk.folder / "trust" / "cap.crl").unlink()

    done = signed_by_file(desk)

    assert (done.code, "BS234" in done.err) == (0, True)


def test_without_any_trust_one_may_sign_and_is_told(desk: Desk) -> None:
    done = desk.run("sign", "bieu.xlsx", "--p12", "khoa.p12")

    assert (done.code, "--trust" in done.err) == (0, True)
    assert not (desk.folder / "var").exists()


# -- what a signature says ---------------------------------------------------------------------------------------------


def test_officer_leader_and_seal_sign_one_after_the_other(desk: Desk) -> None:
    signed_by_file(desk, "--role", "officer", "-o", "1.xlsx")
    for number, role in ((1, "leader"), (2, "seal")):
        words = ("--p12", "khoa.p12", "--trust", "trust", "--role", role, "--comment", f"Bước {number}")
        assert desk.run("sign", f"{number}.xlsx", *words, "-o", f"{number + 1}.xlsx").code == 0

    verdict = desk.verified("3.xlsx")
    shown = desk.run("verify", "3.xlsx", "--trust", "trust").out

    assert [one["roles"] for one in verdict["signatures"]] == [
        ["Người lập biểu"],
        ["Lãnh đạo phê duyệt"],
        ["Con dấu cơ quan"],
    ]
    assert verdict["signatures"][2]["binds"] == ["/_xmlsignatures/sig1.xml", "/_xmlsignatures/sig2.xml"]
    assert "Bước 2" in shown
    assert verdict["sha256"] in shown


def test_nobody_signs_beside_a_signature_that_is_refused(desk: Desk) -> None:
    officer = desk.authorities.officer("Cán bộ", **LIFE)
    (desk.folder / "canbo.p12").write_bytes(officer.p12(PASSWORD))
    desk.run("sign", "bieu.xlsx", "--p12", "canbo.p12", "--trust", "trust", "-o", "1.xlsx")
    trust_folder(desk.folder / "trust", desk.authorities, (officer, TODAY - DAY))

    done = desk.run("sign", "1.xlsx", "--p12", "khoa.p12", "--trust", "trust", "-o", "2.xlsx")

    assert (done.code, "BS248" in done.err, "Cán bộ" in done.err) == (1, True, True)
    assert not (desk.folder / "2.xlsx").exists()


def test_a_stronger_digest_may_be_chosen(desk: Desk) -> None:
    signed_by_file(desk, "--digest", "SHA-512")

    assert desk.verified()["signatures"][0]["algorithm"].endswith("SHA-512")


def test_a_time_stamp_is_fetched_and_shown(desk: Desk) -> None:
    with time_authority(a_time_authority(desk.authorities, **LIFE)) as address:
        done = signed_by_file(desk, BIEUSO_TSA=address)

    (signature,) = desk.verified()["signatures"]
    assert (done.code, signature["level"]) == (0, "XAdES-T")
    assert "Dấu thời gian: Có từ" in desk.run("verify", "bieu.signed.xlsx", "--trust", "trust").out


def test_an_authority_out_of_reach_costs_the_stamp_and_not_the_signature(desk: Desk) -> None:
    with served(lambda _: b"") as address:
        pass  # it is gone now

    done = signed_by_file(desk, "--tsa", address)

    assert (done.code, "BS275" in done.err) == (0, True)
    assert desk.verified()["outcome"] == "valid"


def test_attachments_are_listed_before_signing_and_held_against_the_list_after(desk: Desk) -> None:
    report = desk.folder / "Thuyết minh, tháng 9.docx"
    report.write_bytes(a_docx())

    done = signed_by_file(desk, "--attach", report)

    assert "Thuyết minh, tháng 9.docx" in done.err
    assert [one["beside"] for one in desk.verified()["attachments"]] == ["same"]
    report.write_bytes(a_docx("Đã sửa"))
    assert [one["beside"] for one in desk.verified()["attachments"]] == ["differs"]
    report.unlink()
    assert [one["beside"] for one in desk.verified()["attachments"]] == ["missing"]


# -- trust -------------------------------------------------------------------------------------------------------------


def test_verifying_leaves_nothing_behind(desk: Desk) -> None:
    signed_by_file(desk)
    before = sorted(desk.folder.rglob("*"))

    desk.verified()

    assert sorted(desk.folder.rglob("*")) == before


def test_a_policy_may_accept_what_cannot_be_found_out(desk: Desk) -> None:
    signed_by_file(desk)
    (desk.folder / "trust" / "cap.crl").unlink()
    strict = desk.run("verify", "bieu.signed.xlsx", "--trust", "trust", "--json")
    (desk.folder / "trust" / "policy.toml").write_text('version = "2026-lenient"\naccept_undetermined = true\n')

    lenient = desk.run("verify", "bieu.signed.xlsx", "--trust", "trust", "--json")

    assert [(one.code, one.json["outcome"]) for one in (strict, lenient)] == [(1, "undetermined"), (0, "undetermined")]
    assert lenient.json["policy_version"] == "2026-lenient"


def test_a_policy_that_cannot_be_read_is_named(desk: Desk) -> None:
    signed_by_file(desk)
    (desk.folder / "trust" / "policy.toml").write_text("phiên bản = 1")

    done = desk.run("verify", "bieu.signed.xlsx", "--trust", "trust")

    assert (done.code, "BS252" in done.err, "policy.toml" in done.err) == (1, True, True)


def test_lists_are_fetched_and_only_right_and_newer_ones_are_kept(desk: Desk) -> None:
    fresh, older, foreign = (
        crl.public_bytes(Encoding.DER)
        for crl in (
            a_crl(desk.authorities.issuing, issued=TODAY - timedelta(hours=1), next_update=TODAY + 7 * DAY),
            a_crl(desk.authorities.issuing, issued=TODAY - 3 * DAY, next_update=TODAY + 4 * DAY),
            a_crl(create_authorities("Người lạ", now=TODAY).issuing),
        )
    )
    answers, served_now = [fresh, older, foreign, b"<html>"], [b""]
    with served(lambda _: served_now[0]) as address:
        (desk.folder / "trust" / "tree.toml").write_text(f'name = "Thử"\ncrl = ["{address}ca.crl"]\n')
        codes = []
        for answer in answers:
            served_now[:] = [answer]
            codes.append(desk.run("trust", "update", "--trust", "trust", "--json").code)
        shown = desk.run("trust", "show", "--trust", "trust", "--json").json

    (kept,) = (desk.folder / "trust").glob("ca-*.crl")
    assert codes == [0, 1, 1, 1]
    assert kept.read_bytes() == fresh
    assert shown["roots"][0]["tree"] == "Thử"
    assert len(shown["crls"]) == 3


def test_no_list_of_another_kind_replaces_the_one_that_is_kept(desk: Desk) -> None:
    kept = _a_list(desk.authorities.issuing, TODAY - timedelta(hours=2))
    root = _a_list(desk.authorities.root, TODAY)
    changes = _a_list(desk.authorities.issuing, TODAY, x509.DeltaCRLIndicator(1))
    part = _a_list(
        desk.authorities.issuing,
        TODAY,
        x509.IssuingDistributionPoint(None, None, True, False, None, False, False),
    )
    early = _a_list(desk.authorities.issuing, TODAY + 2 * DAY)
    answer = [b""]
    with served(lambda _: answer[0]) as address:
        (desk.folder / "trust" / "tree.toml").write_text(f'name = "Thử"\ncrl = ["{address}ca.crl"]\n')
        codes, told = [], []
        for answer[0] in (early, kept, root, changes, part):
            done = desk.run("trust", "update", "--trust", "trust", "--json")
            codes.append(done.code)
            told.append(done.json[0]["told"])

    (file,) = (desk.folder / "trust").glob("ca-*.crl")
    assert file.read_bytes() == kept
    assert codes == [1, 0, 1, 1, 1]
    assert ["đồng hồ" in told[0], "CA Gốc" in told[2], "phần" in told[3], "phần" in told[4]] == [True] * 4


def _a_list(issuer: Holder, issued: datetime, *extensions: x509.ExtensionType) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(issued).next_update(issued + 7 * DAY)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_a_list_that_is_past_its_end_is_shown(desk: Desk) -> None:
    stale = a_crl(desk.authorities.issuing, issued=TODAY - 9 * DAY, next_update=TODAY - DAY)
    (desk.folder / "trust" / "cap.crl").write_bytes(stale.public_bytes(Encoding.DER))

    done = desk.run("trust", "show", "--trust", "trust")

    assert (done.code, "ĐÃ QUÁ HẠN" in done.out) == (1, True)


def test_a_root_that_has_expired_is_marked_and_may_stay(desk: Desk) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    old = a_certificate("CA cũ", key, authority=True, start=TODAY - 900 * DAY, end=TODAY - DAY)
    (desk.folder / "trust" / "old.crt").write_bytes(old.certificate.public_bytes(Encoding.PEM))

    done = desk.run("trust", "show", "--trust", "trust")
    told = desk.run("trust", "show", "--trust", "trust", "--json").json

    assert (done.code, "ĐÃ HẾT HẠN" in done.out) == (0, True)
    assert {root["name"]: root["expired"] for root in told["roots"]}["CA cũ"] is True


@pytest.mark.parametrize("target", ["nowhere", "policy.toml", "/dev"], ids=["nothing", "itself", "a folder"])
def test_a_policy_that_cannot_be_reached_does_not_count_as_none(target: str, desk: Desk) -> None:
    (desk.folder / "trust" / "policy.toml").symlink_to(target)

    done = desk.run("trust", "show", "--trust", "trust")

    assert (done.code, "policy.toml" in done.err) == (1, True)


def test_a_policy_in_another_encoding_is_named(desk: Desk) -> None:
    (desk.folder / "trust" / "policy.toml").write_bytes('version = "bản 1"'.encode("utf-16"))

    done = desk.run("trust", "show", "--trust", "trust")

    assert (done.code, "BS252" in done.err, "policy.toml" in done.err) == (1, True, True)


def test_passwords_in_addresses_are_not_printed(desk: Desk) -> None:
    with served(lambda _: b"<html>") as address:
        secret = address.replace("://", "://an:mat-khau@")
        settings = f'name = "Thử"\nocsp = ["{secret}"]\ncrl = ["{secret}ca.crl?key=bi-mat"]\n'
        (desk.folder / "trust" / "tree.toml").write_text(settings)
        runs = [desk.run("trust", *words, "--trust", "trust") for words in (("show", "--json"), ("update",))]

    told = "".join(done.out + done.err for done in runs)
    assert f"{address}ca.crl" in told
    assert "mat-khau" not in told
    assert "bi-mat" not in told
