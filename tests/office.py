"""LibreOffice for tests: files saved in other formats, and drivers that do more with it over UNO."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

_SYSTEM_PYTHON = "/usr/bin/python3"  # the one that has LibreOffice's uno module
_PATIENCE = 280  # seconds; a busy machine may take a minute to start the program
_FORMATS = {"xlsx": "xlsx:Calc MS Excel 2007 XML", "xls": "xls:MS Excel 97"}


def saved(files: Sequence[Path], folder: Path, kind: str = "xlsx") -> list[Path]:
    """The files as LibreOffice saves them into a folder, in another format or anew; one start serves all.

    Formulas that have no result in the file are computed.
    """
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    convert = ["--convert-to", _FORMATS.get(kind, kind), "--outdir", folder, *files]
    command = ["soffice", profile, "--headless", "--norestore", *convert]
    subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE)
    return [folder / f"{file.stem}.{kind}" for file in files]


def driven(driver: Path, order: object, **environment: str) -> str:
    """What a driver prints that runs under the system's Python; it gets the order as JSON on standard input."""
    done = subprocess.run(
        [_SYSTEM_PYTHON, driver],
        input=json.dumps(order),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
