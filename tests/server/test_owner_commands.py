"""What template owners run: ``form lint``, ``form diff``, ``form text``, on files and on published versions."""

import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from server.cli.main import bieuso
from tests.form_templates.specimens import template
from workbooks.patch import Formula, patch_cells

FORM = "KTXH-09.T"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("BIEUSO_DATABASE_URL", f"sqlite:///{tmp_path / 'bieuso.sqlite'}")
    monkeypatch.setenv("BIEUSO_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(bieuso, ["form", *map(str, words)])


@pytest.fixture
def official(tmp_path: Path) -> Path:
    file = tmp_path / "v1.xlsx"
    file.write_bytes(template(FORM))
    return file


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """The official template with a row renamed and a yield rounded otherwise."""
    file = tmp_path / "v2.xlsx"
    formula = Formula('IFERROR(ROUND(G12*H12/10,2),"-")')
    file.write_bytes(patch_cells(template(FORM), {FORM: {(14, 1): "2. Ngô và cây khác", (12, 9): formula}}))
    return file


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    file = tmp_path / "faulty.xlsx"
    cells = {(12, 2): "03", (9, 4): Formula("SUM(D10,D15,D17,D20)"), (13, 9): Formula("G13*H13*0.6")}
    file.write_bytes(patch_cells(template(FORM), {FORM: cells}))
    return file


def test_a_clean_template_may_be_published(run: Run, official: Path) -> None:
    done = run("lint", official)

    assert done.exit_code == 0
    assert "ban hành được (0 lỗi, 0 cảnh báo)" in done.output


def test_faults_are_listed_with_code_cell_and_remedy(run: Run, faulty: Path) -> None:
    done = run("lint", faulty, "--json")
    told = json.loads(done.output)

    assert (done.exit_code, told["ok"]) == (1, False)
    assert {("BS324", "B12"), ("BS353", "D9"), ("BS357", "I13")} <= {(f["code"], f["cell"]) for f in told["findings"]}
    assert all(finding["remedy"] for finding in told["findings"])


def test_warnings_alone_do_not_fail(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "constant.xlsx"
    file.write_bytes(patch_cells(template(FORM), {FORM: {(13, 9): Formula("G13*H13*0.6")}}))

    done = run("lint", file)

    assert done.exit_code == 0
    assert "BS357" in done.output
    assert "ban hành được (0 lỗi, 1 cảnh báo)" in done.output


def test_changes_are_told_by_subject(run: Run, official: Path, edited: Path) -> None:
    done = run("diff", official, edited)
    lines = [line.strip() for line in done.output.splitlines()]

    assert done.exit_code == 0
    assert lines[0] == "KTXH-09.T phiên bản 1 → KTXH-09.T phiên bản 1: 2 thay đổi"
    assert "~ Dòng 06, tên: “2. Ngô” → “2. Ngô và cây khác”" in lines
    assert 'ô I12: =IFERROR(ROUND(G12*H12/10,1),"-") → =IFERROR(ROUND(G12*H12/10,2),"-")' in lines


def test_changes_are_told_to_programs(run: Run, official: Path, edited: Path) -> None:
    told = json.loads(run("diff", official, edited, "--json").output)

    assert [(change["subject"], change["action"], change["what"]) for change in told["changes"]] == [
        ("row", "changed", "tên"),
        ("cell", "changed", "công thức"),
    ]
    assert told["changes"][0]["rows"] == ["06"]
    assert told["new"] == {"form": FORM, "version": "1"}


def test_a_published_version_is_compared_by_its_name(run: Run, official: Path, edited: Path, tmp_path: Path) -> None:
    published = run("publish", official, "--decision", "1/QĐ", "--decided", "2026-01-01", "--effective", "2026-01-01")
    assert published.exit_code == 0, published.output

    done = run("diff", f"{FORM}/1", edited, "-o", tmp_path / "changes.xlsx")

    assert "2 thay đổi" in done.output
    assert openpyxl.load_workbook(tmp_path / "changes.xlsx").sheetnames[:2] == ["Thay đổi", FORM]


def test_what_is_neither_file_nor_version_is_wrong_use(run: Run, official: Path) -> None:
    assert [run("diff", name, official).exit_code for name in ("none.xlsx", "KTXH-09.T", "/1")] == [2, 2, 2]


def test_a_template_is_printed_as_text(run: Run, official: Path) -> None:
    assert "dòng 04: Lúa vụ Đông Xuân | Ha" in run("text", official).output.splitlines()


@pytest.mark.parametrize("content", [None, b"", b"PK", b"\x00" * 100])
def test_a_file_that_cannot_be_read_is_told_without_failing(run: Run, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "bad.xlsx"
    if content is not None:
        file.write_bytes(content)

    done = run("text", file)

    assert (done.exit_code, done.output.startswith("không đọc được")) == (0, True)
