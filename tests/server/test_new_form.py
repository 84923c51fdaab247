"""``bieuso form new``: a form from a list of rows and columns, kept in Excel or TOML."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from form_templates.compile import compile_template
from form_templates.errors import FormError
from server.cli.main import bieuso


def new(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(bieuso, ["form", "new", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_an_owner_gets_a_list_fills_it_in_excel_and_has_the_form(tmp_path: Path) -> None:
    blank, made = tmp_path / "danh-muc.xlsx", tmp_path / "bieu.xlsx"

    assert new("--blank", "-o", blank)[0] == 0
    book = openpyxl.load_workbook(blank)
    book["Biểu"]["B2"].value = "XA-01.T"
    book["Dòng"]["B5"].value = "Ngô và cây lương thực khác"
    book.save(blank)
    assert new(blank, "-o", made)[0] == 0

    version = compile_template(made.read_bytes())
    assert version.form == "XA-01.T"
    assert [row.label for row in version.tables[0].rows] == ["TỔNG SỐ", "Lúa", "Ngô và cây lương thực khác"]


def test_a_list_with_sources_is_drawn_as_a_report(tmp_path: Path) -> None:
    official = Path(__file__).parents[2] / "form_templates" / "official" / "reports"

    assert new(official / "BC-01.Q.toml", "-o", tmp_path / "bao-cao.xlsx")[0] == 0

    assert (tmp_path / "bao-cao.xlsx").read_bytes() == (official / "BC-01.Q.xlsx").read_bytes()
    (tmp_path / "x.toml").write_text("sources = 3", encoding="utf-8")
    with pytest.raises(FormError, match="sources"):
        new(tmp_path / "x.toml", "-o", tmp_path / "x.xlsx")


def test_either_a_list_or_blank_is_needed(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("", encoding="utf-8")

    code, told = new("-o", tmp_path / "x.xlsx")
    both, _ = new(tmp_path / "a.toml", "--blank", "-o", tmp_path / "x.xlsx")

    assert (code, both) == (2, 2)
    assert "--blank" in told
    assert not (tmp_path / "x.xlsx").exists()


def test_a_list_that_is_no_workbook_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "danh-muc.xlsx").write_bytes(b"PK\x03\x04 not a workbook")

    with pytest.raises(FormError) as refusal:
        new(tmp_path / "danh-muc.xlsx", "-o", tmp_path / "x.xlsx")

    assert "BS1" in str(refusal.value)
    assert not (tmp_path / "x.xlsx").exists()
