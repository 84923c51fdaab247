"""The commands of the archive as people and timers run them: as programs of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from server.services.archive.verifying import verify_archive
from tests.server.archive.building import DAY, TODAY, Archive, now


@pytest.fixture
def environment(archive: Archive, tmp_path: Path) -> dict[str, str]:
    """Settings of an installation that trusts what the world trusts."""
    trust, today = tmp_path / "trust", archive.trust()
    trust.mkdir()
    for number, certificate in enumerate((*today.roots, *today.intermediates)):
        (trust / f"{number}.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    for number, crl in enumerate(today.crls):
        (trust / f"{number}.crl").write_bytes(crl.public_bytes(Encoding.PEM))
    url = archive.engine.url.render_as_string(hide_password=False)
    own = {"BIEUSO_DATABASE_URL": url, "BIEUSO_TRUST": str(trust), "BIEUSO_DATA": str(tmp_path / "var")}
    return {name: value for name, value in os.environ.items() if not name.startswith("BIEUSO_")} | own


def bieuso(environment: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server.cli", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_stamp_renew_and_list(archive: Archive, environment: dict[str, str], clock: str) -> None:
    archive.send()
    with archive.clock("Máy chủ cũ", end=TODAY + 100 * DAY) as ending:
        stamped = bieuso(environment, "archive", "stamp", "--tsa", ending, "--json")
        again = bieuso(environment, "archive", "stamp", "--tsa", ending)
    waiting = bieuso(environment, "archive", "list")
    renewed = bieuso(environment | {"BIEUSO_TSA": clock}, "archive", "renew")
    listed = json.loads(bieuso(environment, "archive", "list", "--json").stdout)

    assert (stamped.returncode, json.loads(stamped.stdout)["stamp"]["submissions"]) == (0, 1)
    assert (again.returncode, again.stdout) == (0, "Mọi bản nộp đã có dấu lưu trữ.\n")
    assert "cần gia hạn" in " ".join(waiting.stdout.split())
    assert renewed.returncode == 0
    assert "Đã đóng dấu lưu trữ số 2: 1 bản nộp, 1 dấu cũ" in renewed.stdout
    assert [(one["kind"], one["renewed"], one["due"]) for one in listed["stamps"]] == [
        ("first", True, False),
        ("renewal", False, False),
    ]
    assert listed["not_stamped"] == 0
    assert verify_archive(archive.engine, archive.trust(), now=now()).ok


def test_nothing_to_renew_is_fine(archive: Archive, environment: dict[str, str], clock: str) -> None:
    done = bieuso(environment, "archive", "renew", "--tsa", clock, "--json")

    assert (done.returncode, json.loads(done.stdout)) == (0, {"stamp": None})


def test_an_authority_that_is_not_there_is_told(archive: Archive, environment: dict[str, str]) -> None:
    archive.send()

    done = bieuso(environment, "archive", "stamp", "--tsa", "http://127.0.0.1:9/")

    assert (done.returncode, done.stdout) == (1, "")
    assert "BS277" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_an_address_the_use_is_wrong(environment: dict[str, str]) -> None:
    done = bieuso(environment, "archive", "stamp")

    assert done.returncode == 2
    assert "BIEUSO_TSA" in done.stderr


def test_export_from_the_command_line(archive: Archive, environment: dict[str, str], tmp_path: Path) -> None:
    archive.send()

    done = bieuso(environment, "archive", "export", tmp_path / "kho", "--json")
    again = bieuso(environment, "archive", "export", tmp_path / "kho")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["submissions"] == 1
    assert (tmp_path / "kho" / "DOC-TRUOC.txt").is_file()
    assert (again.returncode, "đã có nội dung" in again.stderr) == (1, True)


def test_since_counts_days_as_people_do(archive: Archive, environment: dict[str, str], tmp_path: Path) -> None:
    archive.send()
    tomorrow = (TODAY + 2 * DAY).date().isoformat()

    done = bieuso(environment, "archive", "export", tmp_path / "kho", "--since", tomorrow, "--json")

    assert json.loads(done.stdout)["submissions"] == 0


@pytest.mark.parametrize("command", ["stamp", "renew", "list", "export"])
def test_every_command_shows_an_example(command: str) -> None:
    done = bieuso(dict(os.environ), "archive", command, "--help")

    assert f"Ví dụ: bieuso archive {command}" in " ".join(done.stdout.split())
