"""``bieuso text``: the preview, the repair, the way back; nothing repaired that was not asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from formulas.text.encodings import Encoding
from server.cli.main import bieuso
from signing.sign import sign_package
from tests.formulas.test_text_places import parts_of
from tests.formulas.text_specimens import a_book_of_texts, texts_everywhere
from tests.signing.authorities import create_authorities
from workbooks.errors import WorkbookError


def run(*arguments: object) -> Result:
    return CliRunner().invoke(bieuso, ["text", *map(str, arguments)])


def told(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "cũ.xlsx"
    path.write_bytes(texts_everywhere(Encoding.TCVN3))
    return path


def test_the_preview_tells_place_before_after_encoding_certainty_and_font(old: Path) -> None:
    before = old.read_bytes()

    result = run(old, "--json")

    header = next(item for item in told(result)["proposed"] if item["place"] == "Đầu trang")
    assert result.exit_code == 1
    assert (header["before"], header["after"]) == ("Së KÕ ho¹ch vµ §Çu t\u00ad", "Sở Kế hoạch và Đầu tư")
    assert (header["encoding"], header["certainty"]) == ("TCVN3 (ABC)", "certain")
    assert (header["font"], header["new_font"]) == (".VnTime", "Times New Roman")
    assert old.read_bytes() == before


def test_the_preview_is_a_table_for_people(old: Path) -> None:
    shown = run(old).stdout

    assert "Có thể sửa" in shown
    assert "0 chỗ đã sửa" in shown


def test_a_repair_with_a_log_can_be_taken_back(old: Path, tmp_path: Path) -> None:
    new, log, back = tmp_path / "mới.xlsx", tmp_path / "nhật ký.json", tmp_path / "trả lại.xlsx"

    repaired = run(old, "-o", new, "--log", log, "--json")
    undone = run(new, "--undo", log, "-o", back)

    assert (repaired.exit_code, undone.exit_code) == (0, 0)
    assert told(repaired)["proposed"] == told(repaired)["findings"] == []
    assert parts_of(back.read_bytes()) == parts_of(old.read_bytes())
    assert parts_of(new.read_bytes()) != parts_of(old.read_bytes())


def test_doubtful_texts_wait_until_they_are_asked_for(tmp_path: Path) -> None:
    old, new = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    old.write_bytes(a_book_of_texts({"A1": "Traø Vinh", "C1": "Traø Vinh"}))

    def repaired(*options: str) -> list[str]:
        return [item["cell"] for item in told(run(old, "-o", new, "--json", *options))["repaired"]]

    assert repaired() == []
    assert repaired("--only", "C1") == ["C1"]
    assert repaired("--all") == ["A1", "C1"]


def test_a_signed_file_is_not_repaired_unless_it_is_forced(tmp_path: Path) -> None:
    old, new = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    signer = create_authorities().officer()
    old.write_bytes(sign_package(texts_everywhere(Encoding.TCVN3), signer, at=datetime.now(UTC)))

    refused = run(old, "-o", new)
    written_by_refusal = new.exists()
    forced = run(old, "-o", new, "--force")

    assert refused.exit_code == 1
    assert not written_by_refusal
    assert "ký lại" in forced.stdout


def test_a_log_needs_a_file_to_write(old: Path, tmp_path: Path) -> None:
    assert run(old, "--log", tmp_path / "x.json").exit_code == 2


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"PK\x03\x04cut off", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(999)]
)
def test_a_file_that_is_no_workbook_is_told_to_programs_too(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lạ.xlsx"
    path.write_bytes(content)

    result = run(path, "--json")

    assert result.exit_code == 1
    (finding,) = told(result)["findings"]
    assert finding["code"].startswith("BS1")
    assert finding["remedy"]


def test_a_log_that_is_no_text_is_refused_in_words(old: Path, tmp_path: Path) -> None:
    log, back = tmp_path / "nhật ký.json", tmp_path / "trả lại.xlsx"
    log.write_bytes(bytes(range(128, 256)))

    with pytest.raises(WorkbookError, match="không đọc được"):
        CliRunner().invoke(bieuso, ["text", str(old), "-o", str(back), "--undo", str(log)], catch_exceptions=False)

    assert not back.exists()
