"""Rules of the house that no linter knows: what may be installed, what may be written down, what the map must name."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import pytest
import xlwings

import formulas
import signing

ROOT = Path(__file__).parents[1]
PACKAGES = ("workbooks", "form_templates", "formulas", "signing", "server", "addin")
LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-benchmark.lock")
# Written so that this file does not hold what it looks for.
INDEX_HOSTS = re.compile(rb"py" rb"pi\.org|python" rb"hosted\.org|--(?:extra-)?index" rb"-url[ =]+\S")
OUR_PATHS = re.compile(rb"""(?<![\w.\-/}>*"'])/(?:wo""" rb"""rk|ro""" rb"""ot)(?:/[a-z.]|['"\s:]|$)""")
IGNORE = re.compile(r"# (?:noqa|type: ignore)")
REASON = re.compile(r"# (?:noqa: [A-Z0-9, ]+|type: ignore\[[\w, -]+\]) +(?:-|#) *\w")
PRIVATE_KEY = re.compile(rb"BEGIN (?:[A-Z]+ )*PRIVATE" rb" KEY")


@cache
def repository_files() -> tuple[Path, ...]:
    """Everything that is, or would be, committed; without git, everything that is not made by tools."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True)
    names = [name for name in done.stdout.decode().split("\0") if name]
    return tuple(path for name in names if (path := ROOT / name).is_file())


def files_with(pattern: re.Pattern[bytes]) -> dict[str, str]:
    """File → what was found in it."""
    found = {str(path.relative_to(ROOT)): pattern.search(path.read_bytes()) for path in repository_files()}
    return {name: hit.group().decode(errors="replace") for name, hit in found.items() if hit}


@pytest.mark.parametrize("name", ["formulas", "signing"])
def test_packages_that_would_hide_ours_are_not_installed(name: str) -> None:
    installed = {re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower() for one in metadata.distributions()}

    assert "bieuso" in installed
    assert name not in installed
    assert f"{name}<0" in (ROOT / "constraints.txt").read_text(encoding="utf-8").split()


def test_what_is_imported_is_ours() -> None:
    assert Path(formulas.__file__ or "").parent == ROOT / "formulas"
    assert Path(signing.__file__ or "").parent == ROOT / "signing"


def test_only_the_free_part_of_xlwings_is_used() -> None:
    assert xlwings.__pro__ is False
    assert files_with(re.compile(rb"xlwings\." rb"(?:pro|server)\b|XLWINGS" rb"_LICENSE_KEY")) == {}


def test_the_files_that_are_looked_at_are_those_of_the_repository() -> None:
    names = {str(path.relative_to(ROOT)) for path in repository_files()}

    assert {"README.md", "pyproject.toml", "tests/test_house.py", "requirements.lock"} <= names


def test_no_file_names_a_package_index() -> None:
    assert files_with(INDEX_HOSTS) == {}


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    assert files_with(OUR_PATHS) == {}


def test_no_file_holds_a_private_key() -> None:
    assert files_with(PRIVATE_KEY) == {}
    assert [path.name for path in repository_files() if path.suffix in {".p12", ".pfx", ".key"}] == []


def test_the_patterns_find_what_they_look_for() -> None:
    assert INDEX_HOSTS.search(b"https://files.python" + b"hosted.org/x")
    assert INDEX_HOSTS.search(b"pip install --index" + b"-url https://x")
    assert OUR_PATHS.search(b"cd /wo" + b"rk/main")
    assert OUR_PATHS.search(b"HOME is /ro" + b"ot\n")
    assert not OUR_PATHS.search(b'"/xl/workbook.xml" and /workbook?unit=')
    assert PRIVATE_KEY.search(b"-----BEGIN EC PRIVATE" + b" KEY-----")


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_is_an_exact_version_with_its_hashes(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]

    assert len(lines) > 30
    for line in lines:
        assert re.match(r"[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==\S+ ", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line


def test_the_test_lock_holds_what_the_lock_holds() -> None:
    """The tests run against the very versions that are installed for use."""
    pinned = [
        set(re.findall(r"^(\S+==\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)) for name in LOCKS
    ]

    assert pinned[0] - pinned[1] == set()
    assert pinned[0] - pinned[2] == set()


def test_every_ignore_of_a_checker_gives_its_reason() -> None:
    """On its line, or in a comment on the line above."""
    bare = []
    for path in repository_files():
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES:
            lines = ["", *path.read_text(encoding="utf-8").splitlines()]
            bare += [
                f"{path.relative_to(ROOT)}: {line.strip()}"
                for above, line in pairwise(lines)
                if IGNORE.search(line) and not REASON.search(line) and not above.strip().startswith("#")
            ]

    assert bare == []


def modules_of(package: str) -> list[str]:
    files = sorted((ROOT / package).rglob("*.py"))
    return [str(path.relative_to(ROOT / package)) for path in files if path.name not in {"__init__.py", "__main__.py"}]


def section_of(package: str) -> str:
    """What the map says of a package."""
    text = (ROOT / "docs" / "developers" / "architecture.md").read_text(encoding="utf-8")
    return text.partition(f"\n## {package}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_map_names_every_module(package: str) -> None:
    """By its file name, or in a folder's row by its name without the ending; migrations are named as a folder."""
    quoted = " ".join(re.findall(r"`([^`]+)`", section_of(package)))
    words = {word for path in re.findall(r"[\w/]+(?:\.py)?", quoted) for word in (path, Path(path).name)}
    missing = [
        module
        for module in modules_of(package)
        if "/versions/" not in module and not {module, Path(module).name, Path(module).stem} & words
    ]

    assert missing == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_that_the_map_names_is_there(package: str) -> None:
    named = {Path(name).name for name in re.findall(r"`([\w/]+\.py)`", section_of(package))}

    assert named - {Path(module).name for module in modules_of(package)} == set()


def test_every_package_says_in_a_line_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if not path.read_text(encoding="utf-8").lstrip().startswith('"""')
    ]

    assert silent == []
