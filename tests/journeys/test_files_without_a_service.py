from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding

from server.cli.main import bieuso
from server.demo.authority import create_authority
from tests.journeys.demonstration import FORMS, Played

# What reading the file shows, and what verifying its signature shows, of each of the six in trouble. Everything else
# must be in order.
WRONG_INSIDE = {"BS401", "BS501", "BS601", "BS701"}
WRONG_SIGNATURE = {"BS210", "BS228"}
FINDING = {"code", "severity", "sheet", "cell", "part", "message", "remedy", "explanation"}
SIGNATURE = {"signer", "issuer", "serial", "signed_at", "chain", "revocation", "algorithm", "intact", "covered"}


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(bieuso, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def told(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def every_file(played: Played) -> dict[tuple[str, str], Path]:
    """(form, unit) → path; the merged workbooks under the unit ``""``."""
    sent = {(form, unit): played.sent(form, unit) for form, unit in played.all_sent()}
    return sent | {(form, ""): played.merged(form) for form in FORMS}


@pytest.fixture(scope="module")
def checks(played: Played) -> Mapping[tuple[str, str], Result]:
    return {name: run("check", path, "--json") for name, path in every_file(played).items()}


@pytest.fixture(scope="module")
def verdicts(played: Played) -> Mapping[tuple[str, str], Result]:
    return {
        name: run("verify", path, "--trust", played.folder.trust, "--json") for name, path in every_file(played).items()
    }


def codes(results: Mapping[tuple[str, str], Result]) -> dict[tuple[str, str], set[str]]:
    """The codes of every file that has findings."""
    found = {name: {finding["code"] for finding in told(result)["findings"]} for name, result in results.items()}
    return {name: of_file for name, of_file in found.items() if of_file}


def test_checking_finds_what_is_wrong_inside_and_nothing_in_any_other_file(
    played: Played, checks: Mapping[tuple[str, str], Result]
) -> None:
    expected = {(one.form, one.unit): {one.codes[0]} for one in played.refusals if one.codes[0] in WRONG_INSIDE}
    changed = played.refusal("BS210")

    # The number that was changed after signing no longer fits the totals that were signed with it.
    assert codes(checks) == {**expected, (changed.form, changed.unit): {"BS405"}}
    assert len(checks) == 52


def test_verifying_finds_what_is_wrong_with_the_signature_and_nothing_in_any_other_file(
    played: Played, verdicts: Mapping[tuple[str, str], Result]
) -> None:
    expected = {(one.form, one.unit): {one.codes[0]} for one in played.refusals if one.codes[0] in WRONG_SIGNATURE}

    assert codes(verdicts) == expected
    assert len(expected) == 2


def test_the_exit_code_is_1_for_findings_and_0_for_none(
    checks: Mapping[tuple[str, str], Result], verdicts: Mapping[tuple[str, str], Result]
) -> None:
    for results in (checks, verdicts):
        assert {name for name, result in results.items() if result.exit_code == 1} == set(codes(results))
        assert {name for name, result in results.items() if result.exit_code == 0} == set(results) - set(codes(results))


def test_checking_finds_what_the_service_found(played: Played, checks: Mapping[tuple[str, str], Result]) -> None:
    for refusal in played.refusals:
        if refusal.codes[0] in WRONG_INSIDE:
            assert tuple(told(checks[refusal.form, refusal.unit])["findings"]) == refusal.findings


def test_a_check_in_json_says_where_what_and_what_to_do(checks: Mapping[tuple[str, str], Result]) -> None:
    reports = [told(result) for result in checks.values()]

    assert all(set(report) == {"file", "ok", "findings", "attachments"} for report in reports)
    assert all(report["ok"] is (not report["findings"]) for report in reports)
    findings = [finding for report in reports for finding in report["findings"]]
    assert findings
    assert all(set(finding) == FINDING for finding in findings)
    assert all(
        finding["sheet"] and finding["cell"] and finding["message"] and finding["remedy"] for finding in findings
    )


def test_a_verdict_in_json_says_who_signed_when_and_on_whose_word(
    played: Played, verdicts: Mapping[tuple[str, str], Result]
) -> None:
    good = {name: told(result) for name, result in verdicts.items() if not result.exit_code}

    assert len(good) == 50
    for (_, unit), verdict in good.items():
        assert (verdict["outcome"], verdict["intact"], verdict["covered"]) == ("valid", True, True)
        (signature,) = verdict["signatures"]
        assert set(signature) >= SIGNATURE
        assert signature["chain"]["trusted"] is True
        assert signature["revocation"]["status"] == "good"
        assert signature["signed_at"]
        assert signature["signer"].startswith("Lãnh đạo"), unit


def test_a_tampered_and_a_revoked_file_fail_for_different_reasons(
    played: Played, verdicts: Mapping[tuple[str, str], Result]
) -> None:
    changed, revoked = played.refusal("BS210"), played.refusal("BS228")

    tampered = told(verdicts[changed.form, changed.unit])
    assert (tampered["outcome"], tampered["intact"]) == ("invalid", False)
    withdrawn = told(verdicts[revoked.form, revoked.unit])
    assert (withdrawn["outcome"], withdrawn["intact"], withdrawn["covered"]) == ("invalid", True, True)
    assert withdrawn["signatures"][0]["revocation"]["status"] == "revoked"
    assert withdrawn["signatures"][0]["revocation"]["revoked_at"]


def test_another_installations_root_trusts_none_of_these_files(played: Played, tmp_path: Path) -> None:
    stranger = create_authority(datetime.now(UTC))
    (tmp_path / "root.crt").write_bytes(stranger.root.public_bytes(Encoding.PEM))

    result = run("verify", played.sent("KTXH-09.T", "28777"), "--trust", tmp_path, "--json")

    verdict = told(result)
    assert result.exit_code == 1
    assert verdict["intact"] is True
    assert verdict["signatures"][0]["chain"]["trusted"] is False


@pytest.mark.parametrize("spoil", ["empty", "text", "cut", "picture"])
@pytest.mark.parametrize("command", ["check", "verify"])
def test_a_file_that_is_no_workbook_is_told_so(played: Played, tmp_path: Path, spoil: str, command: str) -> None:
    whole = played.sent("KTXH-09.T", "28777").read_bytes()
    path = tmp_path / "hỏng.xlsx"
    path.write_bytes(
        {"empty": b"", "text": "chữ".encode(), "cut": whole[:3000], "picture": b"\x89PNG\r\n\x1a\n"}[spoil]
    )
    trust = ["--trust", played.folder.trust] if command == "verify" else []

    result = run(command, path, *trust, "--json")

    assert result.exit_code == 1
    assert [finding["code"][:3] for finding in told(result)["findings"]] == ["BS1"]


def test_the_installed_command_judges_files_as_promised_in_the_readme(played: Played) -> None:
    """The console script itself, in a folder and environment of its own."""
    program = Path(sys.executable).with_name("bieuso")
    wrong = played.refusal("BS401")
    asked = {
        ("verify", str(played.sent("KTXH-13.N", "28756")), "--trust", str(played.folder.trust)): 0,
        ("check", str(played.sent("KTXH-13.N", "28756")), "--json"): 0,
        ("check", str(played.sent(wrong.form, wrong.unit))): 1,
        ("verify", "không-có.xlsx"): 2,
    }

    for arguments, expected in asked.items():
        done = subprocess.run([program, *arguments], check=False, capture_output=True, text=True, timeout=60)
        assert done.returncode == expected, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
