"""The ``bieuso`` command: what others' scripts rely on (help, exit codes, JSON), on files and on a fresh database."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding
from openpyxl import load_workbook

from form_templates import serial
from form_templates.attachments import with_attachments
from form_templates.stamp import embedded_version, read_stamp
from server.cli.main import bieuso, main
from server.demo.authority import DEMO_PASSWORD, create_authority
from server.errors import SignInNeededError
from server.services.accounts import sign_in
from server.services.units import load_units_2025
from server.storage.engine import connect
from tests.narratives import a_pdf
from workbooks.patch import Formula, Patch, patch_cells
from workbooks.workbook import open_workbook

# The contract others rely on; more may be added, none of these may go.
CONTRACT = {
    "account close", "account create", "account list", "audit verify", "check", "consolidate", "demo", "form issue",
    "form lint", "form list", "form new", "form publish", "form show", "serve", "sign", "signer register", "submit",
    "text", "totals check", "totals rebuild", "unit list", "unit load", "verify",
}  # fmt: skip
FORM, UNIT, PERIOD = "KTXH-09.T", "28777", "2026-M09"
Run = Callable[..., Result]


def commands(group: click.Group = bieuso, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name; groups are not commands."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{above}{name} ")
        else:
            yield f"{above}{name}", command


COMMANDS = dict(commands())


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Settings of a fresh installation."""
    data = tmp_path / "data"
    return {"BIEUSO_DATA": str(data), "BIEUSO_DATABASE_URL": f"sqlite:///{data / 'bieuso.db'}"}


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: object) -> Result:
        result = CliRunner().invoke(bieuso, [str(one) for one in arguments], env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke


@dataclass(frozen=True)
class Done:
    """A finished program."""

    exit_code: int
    output: str
    errors: str


Program = Callable[..., Done]


@pytest.fixture
def program(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Program:
    """The program from its entry point, so with what it makes of errors; settings may be given besides."""

    def run(*arguments: object, **settings: str) -> Done:
        for name, value in {**environment, **settings}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["bieuso", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Done(int(ended.value.code or 0), printed.out, printed.err)

    return run


def told(result: Result) -> Any:  # noqa: ANN401 - JSON
    return json.loads(result.stdout)


def template(form: str = FORM) -> Path:
    return Path(str(files("form_templates") / "official" / f"{form}.xlsx"))


@pytest.fixture
def published(run: Run, environment: dict[str, str]) -> Run:
    """One official form is published and the units of a province are there."""
    assert run("form", "publish", template(), "--decision", "1107/QĐ-UBND", "--effective", "2026-01-01").exit_code == 0
    engine = connect(environment["BIEUSO_DATABASE_URL"])
    load_units_2025(engine, now=datetime.now(UTC))
    engine.dispose()
    return run


@pytest.fixture
def issued(published: Run, tmp_path: Path) -> Path:
    path = tmp_path / "issued.xlsx"
    assert published("form", "issue", FORM, "--unit", UNIT, "--period", PERIOD, "-o", path).exit_code == 0
    return path


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A leader's key, and the folder of the root that vouches for it."""
    authority = create_authority(datetime.now(UTC))
    trust = tmp_path / "trust"
    trust.mkdir()
    (trust / "root.crt").write_bytes(authority.root.public_bytes(Encoding.PEM))
    for name, crl in authority.revocation_lists([]).items():
        (trust / name).write_bytes(crl)
    _, p12 = authority.issue(common_name="Lãnh đạo", organization="UBND Phường An Hội", unit_code=UNIT)
    path = tmp_path / "leader.p12"
    path.write_bytes(p12)
    return path


# ---- the contract


def test_every_command_of_the_contract_is_there() -> None:
    assert set(COMMANDS) >= CONTRACT


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_an_example_that_names_it(run: Run, name: str) -> None:
    help_text = " ".join(run(*name.split(), "--help").stdout.split())

    assert f"Ví dụ: bieuso {name}" in help_text
    assert COMMANDS[name].help, "a line that says what it does"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    options = [one for one in COMMANDS[name].params if isinstance(one, click.Option)]

    assert [one.name for one in options if not one.help] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_is_a_right_use_of_the_command(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words parse; the files it names are put there first, and no password is asked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIEUSO_PASSWORD", "x")
    monkeypatch.setenv("BIEUSO_P12_PASSWORD", "x")
    example = (COMMANDS[name].epilog or "").partition(f"Ví dụ: bieuso {name}")[2]
    words = shlex.split(example)
    for word in words:
        if word.endswith((".xlsx", ".p12", ".crt", ".toml")):
            (tmp_path / word).write_bytes(b"")
    (tmp_path / "var" / "demo" / "pki" / "trust").mkdir(parents=True)

    made = COMMANDS[name].make_context(name, words, resilient_parsing=False)

    assert not made.args


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_that_does_not_exist_is_wrong_use(run: Run, name: str) -> None:
    assert run(*name.split(), "--không-có").exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["không-có"],
        ["form"],
        ["form", "không-có"],
        ["check"],
        ["check", "không-có.xlsx"],
        ["verify", "."],
        ["sign", "không-có.xlsx"],
        ["form", "issue", FORM],
        ["form", "publish", "không-có.xlsx", "--decision", "1"],
        ["consolidate", FORM],
        ["serve", "--port", "0"],
        ["serve", "--workers", "9"],
        ["demo", "--units", "5"],
        ["demo", "--units", "125"],
        ["submit"],
    ],
)
def test_wrong_use_exits_2_and_says_how_it_is_used(run: Run, words: list[str]) -> None:
    result = run(*words)

    assert result.exit_code == 2
    assert "Usage: bieuso" in result.output


def test_the_version_is_told() -> None:
    assert CliRunner().invoke(bieuso, ["--version"]).stdout.strip().endswith("0.1.0")


# ---- forms on a fresh database


def test_a_fresh_installation_has_no_forms(run: Run, environment: dict[str, str]) -> None:
    assert told(run("form", "list", "--json")) == []
    assert Path(environment["BIEUSO_DATA"], "bieuso.db").exists()
    assert Path(environment["BIEUSO_DATA"], "keys.json").stat().st_mode & 0o077 == 0


def test_a_published_form_is_listed_and_shown(published: Run) -> None:
    (row,) = told(published("form", "list", "--json"))
    shown = published("form", "show", FORM)

    assert row == {
        "form": FORM,
        "version": "1",
        "title": "SẢN XUẤT NÔNG NGHIỆP - TRỒNG TRỌT",
        "decision": "1107/QĐ-UBND",
        "decided_on": None,
        "effective_from": "2026-01-01",
        "until": None,
        "status": "effective",
    }
    assert shown.exit_code == 0
    assert "TỔNG DIỆN TÍCH CÂY HÀNG NĂM" in shown.stdout
    assert FORM in published("form", "list").stdout


def test_a_form_is_shown_as_json_that_reads_back(published: Run) -> None:
    version = serial.from_json(published("form", "show", FORM, "--json").stdout)

    assert (version.form, version.version) == (FORM, "1")


def test_publishing_the_same_form_again_changes_nothing(published: Run) -> None:
    again = published("form", "publish", template(), "--decision", "1107/QĐ-UBND", "--effective", "2026-01-01")

    assert again.exit_code == 0
    assert "không có gì đổi" in again.stdout
    assert len(told(published("form", "list", "--json"))) == 1


def test_a_form_is_laid_out_from_a_short_list_and_may_be_published(run: Run, tmp_path: Path) -> None:
    made = tmp_path / "made.xlsx"

    drawn = run("form", "new", template().with_suffix(".toml"), "-o", made)

    assert drawn.exit_code == 0
    assert made.read_bytes() == template().read_bytes()
    assert "ban hành được" in run("form", "lint", made).stdout
    assert run("form", "publish", made, "--decision", "1").exit_code == 0


def test_linting_lists_every_fault_of_a_template_at_once(program: Program, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.xlsx"
    # Two rows with one code, and a formula with a function that has no place in a form.
    patches: dict[tuple[int, int], Patch] = {(13, 2): "04", (9, 6): Formula('INDIRECT("F10")', 0)}
    wrong.write_bytes(patch_cells(template().read_bytes(), {FORM: patches}))

    done = program("form", "lint", wrong)

    assert done.exit_code == 1
    assert len(set(re.findall(r"BS\d{3}", done.errors))) >= 2, done.errors


def test_a_spec_with_faults_makes_no_form(program: Program, tmp_path: Path) -> None:
    spec = tmp_path / "wrong.toml"
    outcomes = []
    for content in (b'id = "X"\nunknown = 1\n', b"= =", "dòng".encode("utf-16")):
        spec.write_bytes(content)
        outcomes.append(program("form", "new", spec, "-o", tmp_path / "made.xlsx"))

    assert [one.exit_code for one in outcomes] == [1, 1, 1]
    assert all(one.errors and not one.output for one in outcomes)
    assert not (tmp_path / "made.xlsx").exists()


def test_an_issued_form_bears_the_stamp_of_its_unit_and_period(issued: Path) -> None:
    workbook = open_workbook(issued.read_bytes())

    stamp, version = read_stamp(workbook), embedded_version(workbook)
    assert stamp is not None
    assert version is not None
    assert (stamp.form, stamp.unit, stamp.unit_name, stamp.period) == (FORM, UNIT, "Phường An Hội", PERIOD)
    assert load_workbook(issued).worksheets[0]["I2"].value == "Phường An Hội"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["form", "show", "KHÔNG-CÓ"], "KHÔNG-CÓ"),
        (["form", "issue", "KHÔNG-CÓ", "--unit", UNIT, "--period", PERIOD, "-o", "a.xlsx"], "KHÔNG-CÓ"),
        (["form", "issue", FORM, "--unit", "00000", "--period", PERIOD, "-o", "a.xlsx"], "00000"),
        (["form", "issue", FORM, "--unit", UNIT, "--period", "tháng 9", "-o", "a.xlsx"], "tháng 9"),
        (["form", "issue", FORM, "--unit", UNIT, "--period", "2026-Q3", "-o", "a.xlsx"], "2026-Q3"),
        (["consolidate", FORM, PERIOD, "86", "-o", "a.xlsx"], FORM),
    ],
)
def test_what_cannot_be_done_exits_1_and_says_why(
    published: Run, program: Program, tmp_path: Path, words: list[str], said: str
) -> None:
    done = program(*words)

    assert done.exit_code == 1
    assert said in done.errors
    assert done.output == ""
    assert not (tmp_path / "a.xlsx").exists()


def test_totals_are_proved_and_rebuilt_on_a_fresh_database(published: Run) -> None:
    assert told(published("totals", "check", "--json")) == {"ok": True, "totals": 0, "differences": []}
    assert published("totals", "rebuild").exit_code == 0
    assert "0 số lệch" in published("totals", "check").stdout


def test_the_audit_trail_is_verified_and_a_changed_event_is_found(published: Run, environment: dict[str, str]) -> None:
    fine = told(published("audit", "verify", "--json"))
    database = sqlite3.connect(environment["BIEUSO_DATABASE_URL"].removeprefix("sqlite:///"))
    for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f'DROP TRIGGER "{trigger}"')
    database.execute("UPDATE audit_event SET actor = 'kẻ lạ' WHERE id = 1")
    database.commit()
    database.close()

    broken = published("audit", "verify", "--json")

    assert (fine["ok"], fine["broken_at"]) == (True, None)
    assert fine["events"] >= 2
    assert broken.exit_code == 1
    assert (told(broken)["ok"], told(broken)["broken_at"]) == (False, 1)


# ---- units and people


def test_units_and_accounts_are_set_up_by_hand_and_the_person_can_sign_in(
    run: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    loaded = run("unit", "load", "--province", "86")
    created = run("account", "create", "lanhdao.28777", "--name", "Lê A", "--unit", UNIT, "--role", "leader")

    assert loaded.stdout == "Đã nạp 125 đơn vị mới.\n"
    assert run("unit", "load", "--province", "86").stdout == "Đã nạp 0 đơn vị mới.\n"
    communes = told(run("unit", "list", "--parent", "86", "--json"))
    assert len(communes) == 124
    assert {"code": UNIT, "name": "Phường An Hội", "parent": "86"} in communes
    assert UNIT in run("unit", "list").stdout
    assert told(run("account", "list", "--json")) == [
        {"username": "lanhdao.28777", "name": "Lê A", "unit": UNIT, "roles": ["leader"]}
    ]
    assert "Lê A" in run("account", "list").stdout
    password = created.stdout.split()[-1]
    assert _can_sign_in(environment, "lanhdao.28777", password)
    assert run("account", "close", "lanhdao.28777").exit_code == 0
    assert not _can_sign_in(environment, "lanhdao.28777", password)


def _can_sign_in(environment: dict[str, str], username: str, password: str) -> bool:
    engine = connect(environment["BIEUSO_DATABASE_URL"])
    try:
        sign_in(engine, username, password, address="127.0.0.1", now=datetime.now(UTC))
    except SignInNeededError:
        return False
    finally:
        engine.dispose()
    return True


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_signers_certificate_is_registered_once(
    published: Run, program: Program, tmp_path: Path, encoding: Encoding
) -> None:
    certificate, _ = create_authority(datetime.now(UTC)).issue(common_name="A", organization="B", unit_code=UNIT)
    path = tmp_path / "a.crt"
    path.write_bytes(certificate.public_bytes(encoding))
    words = ["signer", "register", path, "--unit", UNIT, "--name", "A", "--from", "2026-01-01"]

    first, second = program(*words), program(*words)

    assert (first.exit_code, second.exit_code) == (0, 1)
    assert "đã đăng ký" in second.errors


def test_signers_are_listed_replaced_and_ended(published: Run, tmp_path: Path) -> None:
    authority = create_authority(datetime.now(UTC))
    for name in ("cu", "moi"):
        certificate, _ = authority.issue(common_name="A", organization="B", unit_code=UNIT)
        (tmp_path / f"{name}.crt").write_bytes(certificate.public_bytes(Encoding.DER))
    words = ["--unit", UNIT, "--name", "A", "--role", "officer", "--from", "2026-01-01"]
    published("signer", "register", tmp_path / "cu.crt", *words)
    (before,) = told(published("signer", "list", "--unit", UNIT, "--json"))

    replaced = published("signer", "replace", before["id"], tmp_path / "moi.crt", "--from", "2026-02-01")
    (after,) = told(published("signer", "list", "--json"))
    shown = published("signer", "list").stdout
    ended = published("signer", "revoke", after["id"], "--from", "2026-03-01", "--reason", "left")

    assert (replaced.exit_code, ended.exit_code) == (0, 0)
    assert (after["name"], after["role"], after["valid_from"]) == ("A", "officer", "2026-02-01")
    assert after["certificate"]["serial"] != before["certificate"]["serial"]
    assert "Người lập" in shown
    assert "Không có bản nộp nào" in ended.stdout
    assert told(published("signer", "list", "--json")) == []
    assert [one["id"] for one in told(published("signer", "list", "--on", "2026-01-15", "--json"))] == [before["id"]]


def test_what_is_no_certificate_is_not_registered(published: Run, program: Program, issued: Path) -> None:
    done = program("signer", "register", issued, "--unit", UNIT, "--name", "A", "--from", "2026-01-01")

    assert done.exit_code == 1
    assert "không phải là chứng thư số" in done.errors


# ---- files


def test_a_blank_issued_form_is_signed_and_verified(run: Run, issued: Path, key_file: Path, tmp_path: Path) -> None:
    signed = run("sign", issued, "--p12", key_file, "--password", DEMO_PASSWORD)

    assert signed.exit_code == 0
    path = tmp_path / "issued.signed.xlsx"
    verdict = run("verify", path, "--trust", tmp_path / "trust", "--json")
    assert (verdict.exit_code, told(verdict)["outcome"]) == (0, "valid")
    assert "hợp lệ" in run("verify", path, "--trust", tmp_path / "trust").stdout


def test_a_second_person_signs_what_the_first_one_signed(
    run: Run, issued: Path, key_file: Path, tmp_path: Path
) -> None:
    run("sign", issued, "--p12", key_file, "--password", DEMO_PASSWORD, "-o", tmp_path / "one.xlsx")
    run("sign", tmp_path / "one.xlsx", "--p12", key_file, "--password", DEMO_PASSWORD, "-o", tmp_path / "two.xlsx")

    verdict = told(run("verify", tmp_path / "two.xlsx", "--trust", tmp_path / "trust", "--json"))

    assert verdict["outcome"] == "valid"
    assert [bool(one["binds"]) for one in verdict["signatures"]] == [False, True]


def test_who_signs_after_others_adds_to_the_same_file(run: Run, issued: Path, key_file: Path, tmp_path: Path) -> None:
    for file in (issued, tmp_path / "issued.signed.xlsx"):
        assert run("sign", file, "--p12", key_file, "--password", DEMO_PASSWORD).exit_code == 0

    verdict = told(run("verify", tmp_path / "issued.signed.xlsx", "--trust", tmp_path / "trust", "--json"))

    assert [bool(one["binds"]) for one in verdict["signatures"]] == [False, True]
    assert not list(tmp_path.glob("*.signed.signed.xlsx"))


def test_a_filled_file_that_is_only_named_as_signed_is_not_overwritten(
    run: Run, issued: Path, key_file: Path, tmp_path: Path
) -> None:
    named = tmp_path / "saved again.signed.xlsx"
    named.write_bytes(issued.read_bytes())

    assert run("sign", named, "--p12", key_file, "--password", DEMO_PASSWORD).exit_code == 0

    assert named.read_bytes() == issued.read_bytes()


def test_the_trust_folder_may_be_set_by_a_variable(
    run: Run, program: Program, issued: Path, key_file: Path, tmp_path: Path
) -> None:
    run("sign", issued, "--p12", key_file, "--password", DEMO_PASSWORD, "-o", tmp_path / "signed.xlsx")

    done = program("verify", tmp_path / "signed.xlsx", BIEUSO_TRUST=str(tmp_path / "trust"))

    assert done.exit_code == 0, done


def test_a_form_with_errors_is_not_signed(run: Run, issued: Path, key_file: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.xlsx"
    wrong.write_bytes(patch_cells(issued.read_bytes(), {FORM: {(12, 6): "1.234,5"}}))

    result = run("sign", wrong, "--p12", key_file, "--password", DEMO_PASSWORD)

    assert result.exit_code == 1
    assert "BS601" in result.stdout
    assert not (tmp_path / "wrong.signed.xlsx").exists()


def test_checking_the_same_form_by_hand_gives_the_same_finding(run: Run, issued: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.xlsx"
    wrong.write_bytes(patch_cells(issued.read_bytes(), {FORM: {(12, 6): "1.234,5"}}))

    findings = told(run("check", wrong, "--json"))["findings"]

    (finding,) = [one for one in findings if one["severity"] == "error"]  # the cells still blank are a warning
    assert (finding["code"], finding["sheet"], finding["cell"]) == ("BS601", FORM, "F12")


@pytest.mark.parametrize("typed", ["[/red]", "[bold]", "[link=x]y[/link]", "[/]", "\\["])
def test_text_of_a_cell_is_printed_as_it_is_and_never_as_markup(
    run: Run, issued: Path, tmp_path: Path, typed: str
) -> None:
    wrong = tmp_path / "wrong.xlsx"
    wrong.write_bytes(patch_cells(issued.read_bytes(), {FORM: {(12, 6): typed}}))

    result = run("check", wrong)

    assert result.exit_code == 1
    assert typed in result.stdout.replace("\n", "")


def test_legacy_text_is_found_and_repaired(run: Run, issued: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old.xlsx", tmp_path / "new.xlsx"
    old.write_bytes(patch_cells(issued.read_bytes(), {FORM: {(23, 1): "§Êt ®ai vµ hé tÞch"}}))

    found = run("text", old, "--json")
    repaired = run("text", old, "-o", new, "--json")

    assert found.exit_code == 1
    assert [finding["cell"] for finding in told(found)["findings"]] == ["A23"]
    assert repaired.exit_code == 0
    assert [one["after"] for one in told(repaired)["repaired"]] == ["Đất đai và hộ tịch"]
    assert load_workbook(new).worksheets[0]["A23"].value == "Đất đai và hộ tịch"


# ---- what goes wrong around the command


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("BIEUSO_DATABASE_URL", "mysql://localhost/x", "BIEUSO_DATABASE_URL"),
        ("BIEUSO_DATABASE_URL", "không phải địa chỉ", "BIEUSO_DATABASE_URL"),
        ("BIEUSO_DATABASE_URL", "postgresql://127.0.0.1:1/x", "cơ sở dữ liệu"),
        ("BIEUSO_OPEN_READING", "có", "BIEUSO_OPEN_READING"),
        ("BIEUSO_MAX_UPLOAD_MB", "0", "BIEUSO_MAX_UPLOAD_MB"),
        ("BIEUSO_DATABSE_URL", "sqlite:///x.db", "BIEUSO_DATABASE_URL"),
    ],
)
def test_a_wrong_setting_is_named(program: Program, setting: str, value: str, said: str) -> None:
    done = program("form", "list", **{setting: value})

    assert done.exit_code == 1
    assert said in done.errors


def test_a_wrong_password_a_missing_root_and_an_unwritable_place_are_told_without_a_traceback(
    program: Program, issued: Path, key_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    asked = {
        "BS241": ["sign", issued, "--p12", key_file, "--password", "sai"],
        "BS250": ["verify", issued, "--trust", tmp_path / "empty"],
        "no-such-folder": ["sign", issued, "--p12", key_file, "--password", DEMO_PASSWORD, "-o", "no-such-folder/a"],
        "BS101": ["form", "publish", key_file, "--decision", "1"],
    }

    for said, words in asked.items():
        done = program(*words)
        assert done.exit_code == 1, words
        assert said in done.errors
        assert done.output == ""


def test_a_day_that_is_none_is_told_in_vietnamese_with_an_example(program: Program) -> None:
    done = program("signer", "list", "--on", "2026-02-30")

    assert done.exit_code == 2
    assert "“2026-02-30” không phải là ngày. Ghi năm-tháng-ngày, như 2026-10-01." in done.errors


def test_a_service_that_is_not_there_is_told(program: Program, issued: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = f"http://127.0.0.1:{port}"

    done = program("submit", issued, "--server", server, "--account", "a", "--password", "b")

    assert done.exit_code == 1
    assert server in done.errors
    assert "gửi lại nhiều lần không tạo bản nộp trùng" in done.errors


def test_the_check_lists_the_attached_files_that_a_signature_would_cover(run: Run, issued: Path) -> None:
    report = a_pdf()
    issued.write_bytes(with_attachments(issued.read_bytes(), [("phụ lục.pdf", report)]))

    shown, as_json = run("check", issued).stdout, told(run("check", issued, "--json"))

    digest = hashlib.sha256(report).hexdigest()
    assert f"1. phụ lục.pdf, {len(report)} byte, SHA-256 {digest}" in shown
    assert as_json["attachments"] == [{"name": "phụ lục.pdf", "size": len(report), "sha256": digest}]


def test_a_form_that_demands_a_report_in_words_says_so(run: Run, tmp_path: Path) -> None:
    listed = tmp_path / "form.toml"
    listed.write_text('narrative = "required"\n' + template().with_suffix(".toml").read_text("utf-8"), "utf-8")
    drawn = run("form", "new", listed, "-o", "form.xlsx")
    published = run("form", "publish", "form.xlsx", "--decision", "QĐ 1", "--effective", "2026-01-01")

    shown = run("form", "show", FORM)

    assert (drawn.exit_code, published.exit_code) == (0, 0), published.output
    assert "Phải kèm báo cáo thuyết minh" in shown.stdout


def test_nothing_is_sent_while_a_listed_file_is_missing_or_one_that_nobody_signed_is_named(
    program: Program, issued: Path, tmp_path: Path
) -> None:
    other = tmp_path / "khác.pdf"
    other.write_bytes(a_pdf("khac"))
    to_nobody = ["--server", "http://127.0.0.1:9", "--account", "a", "--password", "b"]
    unlisted = program("submit", issued, "--attach", other, *to_nobody)
    issued.write_bytes(with_attachments(issued.read_bytes(), [("phụ lục.pdf", a_pdf())]))

    missing = program("submit", issued, *to_nobody)

    assert (unlisted.exit_code, missing.exit_code) == (1, 1)
    assert "khác.pdf" in unlisted.errors
    assert "phụ lục.pdf" in missing.errors
    assert "Chưa gửi gì" in unlisted.errors
    assert "Chưa gửi gì" in missing.errors


def test_the_installed_program_is_this_command(environment: dict[str, str]) -> None:
    installed = Path(sys.executable).with_name("bieuso")

    done = subprocess.run(
        [installed, "form", "show", FORM],
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert FORM in done.stderr
    assert "Traceback" not in done.stderr


def test_commands_on_files_work_where_gunicorn_cannot_be_installed() -> None:
    program = (
        "import sys; sys.modules['gunicorn'] = None; from server.cli.main import bieuso; bieuso(['check', '--help'])"
    )
    served = program.replace("'check', '--help'", "'serve'")

    helped = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    refused = subprocess.run([sys.executable, "-c", served], capture_output=True, text=True, check=False)

    assert helped.returncode == 0
    assert refused.returncode == 2
    assert "chỉ chạy trên Linux" in refused.stderr


@pytest.mark.parametrize("name", ["check", "form lint", "form text", "sign", "text", "verify"])
def test_commands_on_files_start_without_the_service(name: str) -> None:
    """They are run by the hundred, and ``form text`` by git for every version: the service takes a second to load."""
    asked = (
        "import sys; from server.cli.main import bieuso\n"
        f"try: bieuso({[*name.split(), '--help']!r})\n"
        "except SystemExit: pass\n"
        "loaded = {module.partition('.')[0] for module in sys.modules}\n"
        "print(sorted(loaded & {'alembic', 'flask', 'httpx', 'hypothesis', 'ironcalc', 'sqlalchemy'}), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)

    assert f"bieuso {name}" in done.stdout
    assert done.stderr.strip() == "[]"
