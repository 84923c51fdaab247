"""The demonstration as a visitor runs it: a command, what it printed, and the folder it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.demo.folder import Folder
from server.demo.service import free_port

UNITS = 12
FORMS = ("KTXH-09.T", "KTXH-10.Q", "KTXH-13.N", "KTXH-14.T")
PROVINCE = "86"


def command(folder: Path, *options: str, units: int) -> list[str]:
    """``bieuso demo --once`` into a folder, on a port that nobody uses."""
    port = str(free_port(0))
    own = ["--once", "--units", str(units), "--dir", str(folder), "--port", port]
    return [sys.executable, "-m", "server.cli", "demo", *own, *options]


def play(folder: Path, *options: str, units: int = UNITS) -> subprocess.CompletedProcess[str]:
    """Runs it to its end."""
    run = command(folder, *options, units=units)
    return subprocess.run(run, check=False, capture_output=True, text=True, timeout=180)


@dataclass(frozen=True)
class Refusal:
    """One refused workbook as the summary tells it."""

    form: str
    unit: str
    trouble: str
    codes: tuple[str, ...]
    findings: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class Played:
    """A finished demonstration."""

    path: Path
    exit_code: int
    output: str

    @property
    def folder(self) -> Folder:
        return Folder(self.path)

    @property
    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.path / "summary.json").read_text(encoding="utf-8"))
        return found

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        return tuple(
            Refusal(one["form"], one["unit"], one["trouble"], tuple(one["codes"]), tuple(one["findings"]))
            for one in self.summary["refused"]
        )

    @property
    def refused(self) -> set[tuple[str, str]]:
        """(form, unit) of every refused workbook."""
        return {(one.form, one.unit) for one in self.refusals}

    def refusal(self, code: str) -> Refusal:
        """The refusal whose first finding has this code."""
        return next(one for one in self.refusals if one.codes[0] == code)

    def sent(self, form: str, unit: str) -> Path:
        return self.folder.sent / form / f"{unit}.xlsx"

    def merged(self, form: str) -> Path:
        return self.folder.merged / f"{form}.xlsx"

    def all_sent(self) -> list[tuple[str, str]]:
        """(form, unit) of every workbook that was sent."""
        return [(path.parent.name, path.stem) for path in sorted(self.folder.sent.glob("*/*.xlsx"))]

    def accepted(self, form: str) -> list[str]:
        """Units whose workbook of this form was accepted."""
        return [unit for known, unit in self.all_sent() if known == form and (form, unit) not in self.refused]
