"""The official forms on paper, as LibreOffice prints them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from form_templates.definition import EXPLANATIONS_SHEET
from tests.form_templates.specimens import forms, version
from tests.office import saved

_OFFICIAL = Path(__file__).parents[2] / "form_templates" / "official"
_A4_LANDSCAPE = (842, 595)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every official form as PDF."""
    folder = tmp_path_factory.mktemp("printed")
    saved([_OFFICIAL / f"{form}.xlsx" for form in forms()], folder, "pdf")
    return folder


def pages(folder: Path, form: str) -> list[str]:
    """The text of the pages that show the form itself; those for explanations follow it."""
    told = subprocess.run(
        ["pdftotext", "-layout", str(folder / f"{form}.pdf"), "-"], check=True, capture_output=True, timeout=60
    ).stdout.decode()
    found = told.split("\f")
    own = next((i for i, page in enumerate(found) if EXPLANATIONS_SHEET.upper() in page), len(found))
    return [page for page in found[:own] if page.strip()]


@pytest.mark.parametrize("form", forms())
def test_it_prints_on_a4_landscape(form: str, printed: Path) -> None:
    told = subprocess.run(
        ["pdfinfo", "-f", "1", "-l", "9", str(printed / f"{form}.pdf")], check=True, capture_output=True, timeout=60
    ).stdout.decode()

    sizes = {(round(float(width)), round(float(height))) for width, height in re.findall(r"([\d.]+) x ([\d.]+)", told)}
    assert sizes == {_A4_LANDSCAPE}


@pytest.mark.parametrize("form", forms())
def test_every_row_and_column_number_is_on_paper(form: str, printed: Path) -> None:
    shown = pages(printed, form)
    table = version(form).tables[0]

    words = set(" ".join(shown).split())
    assert {row.code for row in table.rows} <= words
    numbers = [column.code for column in table.columns if not column.is_reference]
    for page in shown:
        if any(row.code in page.split() for row in table.rows):
            assert {"A", "B", "C", *numbers} <= set(page.split())  # the header stands on every page


@pytest.mark.parametrize("form", forms())
def test_reference_columns_stay_off_the_page(form: str, printed: Path) -> None:
    shown = " ".join(pages(printed, form))

    assert "đối chiếu" not in shown
    for column in version(form).tables[0].columns:
        assert not column.is_reference or column.code not in shown.split()
