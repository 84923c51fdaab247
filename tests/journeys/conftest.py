"""One demonstration for the whole test session; tests that change anything get a copy of its folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.journeys.demonstration import Played, play


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """``bieuso demo --once`` with twelve communes. Read only."""
    path = tmp_path_factory.mktemp("demonstration") / "demo"
    done = play(path)
    return Played(path, done.returncode, done.stdout + done.stderr)


@pytest.fixture
def copied(played: Played, tmp_path: Path) -> Played:
    """The same, in a folder of the test's own."""
    path = tmp_path / "demo"
    shutil.copytree(played.path, path)
    return Played(path, played.exit_code, played.output)
