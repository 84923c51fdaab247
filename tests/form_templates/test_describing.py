"""Templates and workbooks as lines of text, and what git makes of them."""

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from form_templates.describing import formula_words, text_of
from form_templates.model import CellKey
from tests.form_templates.specimens import forms, template
from workbooks.patch import patch_cells
from workbooks.rows import insert_rows

ROOT = Path(__file__).parents[2]
FORM = "KTXH-09.T"


def lines(data: bytes) -> list[str]:
    return list(text_of(data))


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def with_a_row(data: bytes) -> bytes:
    """The template with a row put in above the last one."""
    return patch_cells(insert_rows(data, FORM, 19, 1, 19), {FORM: {(20, 1): "Hoa, cây cảnh", (20, 2): "13"}})


@pytest.mark.parametrize(
    ("coded", "at", "words"),
    [
        ("SUM({04|5},{05|5})", CellKey("T1", "03", "5"), "=SUM([dòng 04],[dòng 05])"),
        ("{04|4}*{04|5}/10", CellKey("T1", "04", "6"), "=[cột 4]*[cột 5]/10"),
        ("SUM({02*|4})", CellKey("T1", "02", "4"), "=SUM([các dòng 02*])"),
        ("{@|2}-{@|4}", CellKey("T1", "02*", "7"), "=[cột 2]-[cột 4]"),
        ("{03:06|4:5}", None, "=[dòng 03 đến 06 cột 4 đến 5]"),
        ('IF({01|1}="{x}",1,0)', None, '=IF([dòng 01 cột 1]="{x}",1,0)'),
    ],
)
def test_a_formula_is_told_by_rows_and_columns(coded: str, at: CellKey | None, words: str) -> None:
    assert formula_words(coded, at) == words


def test_a_template_is_told_by_its_rows_cells_and_rules() -> None:
    told = lines(template(FORM))

    assert "dòng 04: Lúa vụ Đông Xuân | Ha" in told
    assert 'ô 04|6: =IFERROR(ROUND([cột 4]*[cột 5]/10,1),"-") | Tấn | 1 số lẻ | cộng' in told
    assert "cột 1: Diện tích gieo trồng kỳ trước cùng vụ (ha) | mang sang cột 3 của cùng kỳ năm trước | Ha" in told
    assert any(line.startswith("quan hệ R1.04: =SUM([dòng 04 cột 4])<=SUM([dòng 04 cột 3]) | lỗi |") for line in told)


@pytest.mark.parametrize("form", forms())
def test_the_text_of_a_file_is_always_the_same(form: str) -> None:
    assert lines(template(form)) == lines(bytes(bytearray(template(form))))
    assert not any(line.startswith("lỗi") for line in lines(template(form)))


def test_a_row_put_in_adds_its_own_lines_only() -> None:
    before, after = lines(template(FORM)), lines(with_a_row(template(FORM)))

    gone = [line for line in before if line not in after]
    come = [line for line in after if line not in before]

    assert gone == []
    assert {line.split(":")[0].split("|")[0] for line in come if not line.startswith("lỗi")} == {"dòng 13", "ô 13"}


def test_faults_of_a_template_are_told_with_it() -> None:
    told = lines(patch_cells(template(FORM), {FORM: {(12, 2): "03"}}))

    assert any(line.startswith("lỗi: BS324") for line in told)
    assert "dòng 05: Lúa vụ khác (Hè Thu/Mùa) | Ha" in told


def test_any_other_workbook_is_told_cell_by_cell() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"], sheet["B2"], sheet["C3"] = "Tổng\nsố", "=A1&1", 1.5

    assert lines(saved(book)) == ["trang Sheet", "Sheet!A1: Tổng số", "Sheet!B2: =A1&1", "Sheet!C3: 1.5"]


@given(st.binary(max_size=200))
def test_a_file_that_cannot_be_read_is_told_in_one_line(data: bytes) -> None:
    (line,) = lines(data)

    assert line.startswith("không đọc được: BS1")


@given(st.integers(0, 20_000), st.binary(min_size=1, max_size=8))
def test_a_damaged_template_gives_lines_and_no_error(at: int, junk: bytes) -> None:
    data = template(FORM)

    assert lines(data[:at] + junk + data[at + len(junk) :])


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    done = subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)
    return done.stdout.decode()


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_shows_the_row_that_was_put_in(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "diff.bieuso-form.textconv", f"'{sys.executable}' -m server.cli form text")
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    form = tmp_path / "bieu mau.xlsx"
    form.write_bytes(template(FORM))
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")

    form.write_bytes(with_a_row(template(FORM)))
    shown = git(tmp_path, "diff").splitlines()
    form.write_bytes(b"no workbook")
    broken = git(tmp_path, "diff")

    assert "+dòng 13: Hoa, cây cảnh" in [line.partition(" |")[0] for line in shown]
    assert [line for line in shown if line.startswith("-dòng")] == []
    assert "+không đọc được: BS101" in broken


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_set_up_script_makes_git_show_templates(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    for name in (".gitattributes", "scripts/set-up-git"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "form.xlsx").write_bytes(template(FORM))
    git(tmp_path, "add", "form.xlsx")

    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run([tmp_path / "scripts" / "set-up-git"], check=True, env=os.environ | {"PATH": path})

    assert "+dòng 04: Lúa vụ Đông Xuân | Ha" in git(tmp_path, "diff", "--cached").splitlines()
