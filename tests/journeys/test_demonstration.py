from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import httpx
import pytest

from server.demo.folder import Folder
from server.demo.service import free_port
from tests.journeys.demonstration import FORMS, UNITS, Played, command, play
from tests.journeys.stored import counts

# What each trouble must be called, and on which sheet, cell or part it must be shown.
TROUBLES = {
    "Tổng bị ghi đè bằng hằng số": ("KTXH-09.T", "BS401", "KTXH-09.T", "F9", ""),
    "Bộ phận lớn hơn tổng thể": ("KTXH-10.Q", "BS501", "KTXH-10.Q", "E11", ""),
    "Sửa ô sau khi ký": ("KTXH-10.Q", "BS210", "", "", "/xl/worksheets/sheet1.xml"),
    "Số gõ thành chữ “1.234,5”": ("KTXH-09.T", "BS601", "KTXH-09.T", "F12", ""),
    "Chứng thư đã bị thu hồi": ("KTXH-13.N", "BS228", "", "", "/_xmlsignatures/sig1.xml"),
}
LEGACY_LABEL = "Ô còn chữ TCVN3"  # which row it stands in depends on the rows the officer added
STEPS = {"units_and_forms", "earlier_figures", "keys", "accounts", "reporting", "consolidation", "proof"}
VIETNAMESE = set("àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ")
# Signing in and proving the totals leave a trace of their own; everything else must stay as it is.
TRACES = {"audit_event", "session"}


def is_vietnamese(text: str) -> bool:
    return bool(VIETNAMESE & set(text.lower())) and unicodedata.is_normalized("NFC", text)


def test_the_demonstration_ends_well(played: Played) -> None:
    assert played.exit_code == 0, played.output


def test_every_commune_sends_every_form_and_six_are_refused(played: Played) -> None:
    summary = played.summary

    assert (summary["units"], summary["sent"], summary["accepted"]) == (UNITS, 48, 42)
    assert summary["sent_by_form"] == dict.fromkeys(FORMS, UNITS)
    assert len(summary["refused"]) == 6
    assert sum(summary["refused_by_form"].values()) == 6


def test_the_kept_totals_agree_with_the_signed_cells_before_and_after_rebuilding(played: Played) -> None:
    assert played.summary["totals_agree"] is True
    assert played.summary["rebuild_agrees"] is True


def test_each_step_tells_its_seconds(played: Played) -> None:
    seconds = played.summary["seconds"]

    assert set(seconds) == STEPS
    assert all(isinstance(value, float) and value >= 0 for value in seconds.values())
    assert played.summary["seconds_in_all"] == pytest.approx(sum(seconds.values()), abs=0.1)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_trouble_is_refused_for_what_it_is_and_where_it_is(played: Played, trouble: str) -> None:
    form, code, sheet, cell, part = TROUBLES[trouble]

    refusal = next(one for one in played.refusals if one.trouble == trouble)

    first = refusal.findings[0]
    assert refusal.form == form
    assert refusal.codes[0] == code
    assert (first["code"], first["severity"]) == (code, "error")
    assert (first["sheet"], first["cell"], first["part"]) == (sheet, cell, part)


def test_a_trouble_is_told_once_and_not_again_at_every_total_over_it(played: Played) -> None:
    changed = played.refusal("BS210")

    assert all(len(one.findings) == 1 for one in played.refusals if one is not changed and one != changed)
    assert set(changed.codes) == {"BS210", "BS405"}  # the signature, and the totals that no longer fit the number


def test_a_legacy_label_is_refused_with_its_reading(played: Played) -> None:
    refusal = next(one for one in played.refusals if one.trouble == LEGACY_LABEL)

    first = refusal.findings[0]
    assert (refusal.form, refusal.codes) == ("KTXH-14.T", ("BS701",))
    assert first["sheet"] == "KTXH-14.T"
    assert first["cell"].startswith("A")
    assert "TCVN3" in first["message"]
    assert "Đất đai và nhà" in first["message"]


def test_every_refusal_says_in_vietnamese_what_is_wrong_and_what_to_do(played: Played) -> None:
    findings = [finding for refusal in played.refusals for finding in refusal.findings]

    assert findings
    assert all(is_vietnamese(finding["message"]) and is_vietnamese(finding["remedy"]) for finding in findings)
    assert all(is_vietnamese(one["unit_name"]) for one in played.summary["refused"])


def test_what_the_officer_could_see_was_found_before_sending(played: Played) -> None:
    found = {one["trouble"]: one["found_before_sending"] for one in played.summary["refused"]}

    # A change after signing and a revocation cannot be seen at the officer's desk; all else can.
    assert {trouble for trouble, codes in found.items() if not codes} == {"Sửa ô sau khi ký", "Chứng thư đã bị thu hồi"}


def test_the_printed_summary_names_every_refusal_with_its_cell(played: Played) -> None:
    printed = " ".join(played.output.split())

    for refusal in played.summary["refused"]:
        first = refusal["findings"][0]
        assert refusal["unit_name"] in printed
        assert f"{first['code']} {first['sheet']} {first['cell']}".strip() in printed or first["part"] in printed
    assert "KHÔNG" not in printed


def test_the_folder_has_its_fixed_layout(played: Played) -> None:
    summary = played.summary

    assert (played.path / "bieuso.db").read_bytes().startswith(b"SQLite format 3")
    assert [path.name for path in played.folder.trust.glob("*.crt")] == ["root.crt"]
    assert {path.name for path in played.folder.trust.glob("*.crl")} == {"root.crl", "issuing.crl"}
    assert len(played.all_sent()) == 48
    assert {form for form, _ in played.all_sent()} == set(FORMS)
    assert summary["merged"] == {form: str(played.merged(form)) for form in FORMS}
    assert all(played.merged(form).read_bytes().startswith(b"PK") for form in FORMS)


def test_keys_and_passwords_are_for_their_owner_only(played: Played) -> None:
    secret = [played.path / "keys.json", played.path / "people.json", *played.folder.keys.iterdir()]

    assert len(secret) > UNITS
    assert {path.name for path in secret if path.stat().st_mode & 0o077} == set()


def test_a_second_run_goes_on_and_changes_nothing_that_is_stored(copied: Played) -> None:
    before, summary = counts(copied.folder.database), copied.summary

    again = play(copied.path)

    after = counts(copied.folder.database)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Chạy tiếp" in again.stdout
    assert {name for name in before if before[name] != after[name]} <= TRACES
    told = json.loads((copied.path / "summary.json").read_text(encoding="utf-8"))
    assert {name: told[name] for name in ("sent", "accepted", "totals")} == {
        name: summary[name] for name in ("sent", "accepted", "totals")
    }
    assert {(one["form"], one["unit"], one["codes"][0]) for one in told["refused"]} == {
        (one.form, one.unit, one.codes[0]) for one in copied.refusals
    }


def test_what_stops_the_demonstration_is_told_without_a_traceback(copied: Played) -> None:
    people = json.loads((copied.path / "people.json").read_text(encoding="utf-8"))
    (copied.path / "people.json").write_text(json.dumps(dict.fromkeys(people, "sai")), encoding="utf-8")

    done = play(copied.path)

    assert done.returncode == 1
    assert "lanhdao." in done.stdout
    assert "mật khẩu" in done.stdout.lower()
    assert "Traceback" not in done.stdout + done.stderr


def test_fresh_starts_anew_and_leaves_what_is_not_its_own(copied: Played) -> None:
    root = (copied.folder.trust / "root.crt").read_bytes()
    letter = copied.path / "thư riêng.txt"
    letter.write_text("không phải của trình diễn", encoding="utf-8")

    done = play(copied.path, "--fresh", units=6)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Xóa kết quả lần trước" in done.stdout
    assert letter.exists()
    assert (copied.folder.trust / "root.crt").read_bytes() != root
    assert copied.summary["units"] == 6
    assert len(copied.all_sent()) == 24
    assert counts(copied.folder.database)["form_version"] == 4


def test_a_set_up_that_was_killed_half_way_is_done_again(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "demo")
    running = subprocess.Popen(
        command(folder.path, units=6),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not folder.keys.exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait(10)
    assert folder.holds_a_run
    assert not folder.is_prepared

    again = play(folder.path, units=6)

    assert again.returncode == 0, again.stdout + again.stderr
    assert "chuẩn bị lại từ đầu" in again.stdout
    assert Played(folder.path, 0, "").summary["sent"] == 24


def test_a_killed_demonstration_takes_its_service_with_it(copied: Played) -> None:
    port = free_port(8077)
    demo = [sys.executable, "-m", "server.cli", "demo", "--dir", str(copied.path), "--port", str(port)]
    with subprocess.Popen(demo, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        assert any("Trang theo dõi" in line for line in process.stdout)
        page = httpx.get(f"http://127.0.0.1:{port}/", timeout=60, trust_env=False)

        process.terminate()
        process.stdout.read()

    assert page.status_code == 200
    assert "KTXH-09.T" in page.text
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/", timeout=60, trust_env=False)
