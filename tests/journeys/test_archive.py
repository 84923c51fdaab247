"""The archive of a whole demonstration: verified again, stamped by a real authority, damaged, and found out."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.journeys.demonstration import Played
from tests.signing.authorities import a_crl, create_authorities
from tests.signing.network import a_time_authority, time_authority

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Archive:
    """A copy of what a demonstration left."""

    folder: Path

    def run(self, *words: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON
        environment = {"BIEUSO_DATA": str(self.folder), "BIEUSO_TRUST": str(self.folder / "trust"), "LANG": "C.UTF-8"}
        command = [sys.executable, "-m", "server.cli", *words, "--json"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=120)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
        return json.loads(done.stdout)

    def change(self, statement: str) -> None:
        """What nobody may do through the program: the guards are taken away first."""
        with sqlite3.connect(self.folder / "bieuso.db") as connection:
            guards = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in guards:
                connection.execute(f"DROP TRIGGER {name}")
            assert connection.execute(statement).rowcount == 1


@pytest.fixture
def archive(played: Played, tmp_path: Path) -> Archive:
    shutil.copytree(played.path, tmp_path / "kho", ignore=shutil.ignore_patterns("sent", "merged", "prepared"))
    shutil.copytree(played.path / "pki" / "trust", tmp_path / "kho" / "trust")
    return Archive(tmp_path / "kho")


def test_every_submission_verifies_again_the_refused_ones_as_refused(archive: Archive, played: Played) -> None:
    report = archive.run("verify", "--archive")

    assert report["ok"] is True
    assert report["totals"]["submissions"] == played.summary["sent"]
    assert report["totals"]["by_record"] == played.summary["sent"]
    outcomes = [(one["then"], one["now"]) for one in report["submissions"]]
    assert outcomes == [(then, then) for then, _ in outcomes]
    assert {then for then, _ in outcomes} == {"valid", "invalid"}


def test_a_stamp_proves_the_time_and_damage_is_found_submission_by_submission(archive: Archive) -> None:
    clocks = create_authorities("Dấu thời gian", now=NOW)
    tree = archive.folder / "trust" / "dau-thoi-gian"
    tree.mkdir()
    for name, holder in (("goc", clocks.root), ("cap", clocks.issuing)):
        (tree / f"{name}.crt").write_bytes(holder.certificate.public_bytes(Encoding.PEM))
        crl = a_crl(holder, issued=NOW - DAY, next_update=NOW + 6 * DAY)
        (tree / f"{name}.crl").write_bytes(crl.public_bytes(Encoding.DER))
    (tree / "tree.toml").write_text('name = "Máy chủ dấu thời gian"\nuse = ["time-stamps"]\n', encoding="utf-8")
    with time_authority(a_time_authority(clocks, start=NOW - DAY, end=NOW + 3000 * DAY)) as address:
        stamped = archive.run("archive", "stamp", "--tsa", address)
        again = archive.run("archive", "stamp", "--tsa", address)
    sound = archive.run("verify", "--archive")
    archive.change(
        "UPDATE blob SET bytes = substr(bytes, 1, length(bytes) - 1) WHERE sha256 = "
        "(SELECT blob_sha256 FROM submission WHERE source = 'workbook' ORDER BY id LIMIT 1)"
    )

    damaged = archive.run("verify", "--archive", code=1)

    count = sound["totals"]["submissions"]
    assert (stamped["stamp"]["submissions"], again["stamp"]) == (count, None)
    assert (sound["ok"], sound["totals"]["by_archive_stamp"]) == (True, count)
    assert (damaged["totals"]["with_errors"], damaged["totals"]["ok"]) == (1, count - 1)
    (wrong,) = (one for one in damaged["submissions"] if not one["ok"])
    assert "BS280" in [finding["code"] for finding in wrong["findings"]]
