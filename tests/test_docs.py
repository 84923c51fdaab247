"""The documents keep up with the program: commands, settings, links, pictures. Codes have a test of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from server.cli.main import bieuso
from server.config import Config
from server.errors import ConfigError

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
GUIDES = [path for path in DOCUMENTS if "developers" not in path.parts and "decisions" not in path.parts]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
SETTING = re.compile(r"\bBIEUSO_[A-Z0-9_]*[A-Z0-9]\b")


def commands(group: click.Group = bieuso, above: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        full = f"{above}{name}"
        if isinstance(command, click.Group):
            yield from commands(command, f"{full} ")
        else:
            yield full


def settings() -> set[str]:
    """Every setting that the program reads."""
    sources = [path for package in ("server", "addin") for path in (ROOT / package).rglob("*.py")]
    return {name for path in sources for name in SETTING.findall(path.read_text(encoding="utf-8"))}


def text_of(paths: list[Path]) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def local_links(document: Path) -> list[str]:
    found = LINK.findall(document.read_text(encoding="utf-8"))
    return [link for link in found if not re.match(r"[a-z]+:|#", link)]


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as forges make them."""
    headings = re.findall(r"^#+ +(.+?)\s*$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", list(commands()))
def test_every_command_is_documented(name: str) -> None:
    assert re.search(rf"bieuso {name}\b", text_of(GUIDES))


def test_every_command_that_a_guide_names_exists() -> None:
    groups = {name for name, command in bieuso.commands.items() if isinstance(command, click.Group)}
    known = set(commands())
    named = re.findall(r"(?:^|[`/ (])bieuso ([a-z]+)(?: ([a-z]+))?", text_of(GUIDES), re.MULTILINE)

    wrong = {(one, two) for one, two in named if (f"{one} {two}" if one in groups else one) not in known}

    assert named
    assert wrong == set()


def test_every_setting_is_documented_for_operators() -> None:
    documented = SETTING.findall((ROOT / "docs" / "operators" / "settings.md").read_text(encoding="utf-8"))

    assert len(settings()) >= 6
    assert settings() - set(documented) == set()


def test_every_documented_setting_is_read_by_the_program() -> None:
    assert set(SETTING.findall(text_of(GUIDES))) - settings() == set()


def test_the_defaults_are_those_the_guide_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = re.findall(r"^\| `(BIEUSO_\w+)` \| (.+?) \|", (ROOT / "docs/operators/settings.md").read_text("utf-8"), re.M)
    told = dict(rows)

    config = Config.from_environment({})

    assert told["BIEUSO_DATA"] == f"`{config.data.relative_to(tmp_path)}`"
    assert config.database_url == f"sqlite:///{config.data / 'bieuso.db'}"
    assert (told["BIEUSO_TRUST"].split("`")[1], config.trust.name) == ("trust", "trust")
    assert told["BIEUSO_OPEN_READING"] == f"`{int(config.open_reading)}`"
    assert told["BIEUSO_DEMONSTRATION"] == f"`{int(config.demonstration)}`"
    assert told["BIEUSO_PROXIES"] == f"`{config.proxies}`"
    assert told["BIEUSO_MAX_UPLOAD_MB"] == f"`{config.max_upload // 1024 // 1024}`"


@pytest.mark.parametrize("megabytes", ["1", "200"])
def test_the_limits_are_those_the_guide_tells(tmp_path: Path, megabytes: str) -> None:
    beyond = {"1": "0", "200": "201"}[megabytes]
    data = {"BIEUSO_DATA": str(tmp_path)}

    assert Config.from_environment({**data, "BIEUSO_MAX_UPLOAD_MB": megabytes}).max_upload == int(megabytes) * 2**20
    with pytest.raises(ConfigError):
        Config.from_environment({**data, "BIEUSO_MAX_UPLOAD_MB": beyond})


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_local_link_and_picture_is_there(document: Path) -> None:
    missing = []
    for link in local_links(document):
        path, _, anchor = unquote(link).partition("#")
        target = (document.parent / path).resolve()
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            missing.append(link)

    assert missing == []


def test_pictures_are_pictures_and_each_is_shown_somewhere() -> None:
    pictures = {path for path in (ROOT / "docs" / "images").iterdir() if path.suffix == ".png"}
    shown = {(document.parent / unquote(link)).resolve() for document in DOCUMENTS for link in local_links(document)}

    assert all(path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n") for path in pictures)
    assert {path.name for path in pictures - shown} == set()


def test_the_readme_shows_the_portal_and_marked_findings() -> None:
    links = local_links(ROOT / "README.md")

    assert {"docs/images/portal.png", "docs/images/findings.png"} <= set(links)


def test_the_readme_names_the_operators_guide() -> None:
    assert "docs/operators/settings.md" in local_links(ROOT / "README.md")
