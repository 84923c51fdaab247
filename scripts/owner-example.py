"""Makes what scripts/make-pictures photographs for template owners, from the example of the blank list.

Usage: owner-example.py OUTPUT_FOLDER. Leaves ``list.xlsx`` (the list, opening on its rows), ``drawn.xlsx`` (the form
drawn from it), ``lint.html`` (what ``bieuso form lint`` says of it once it is spoiled), ``changed.xlsx`` (the next
version with what changed in colour).
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import openpyxl
from rich.console import Console
from rich.text import Text

from form_templates.builder import build_template
from form_templates.compile import compile_template
from form_templates.diff import diff
from form_templates.diff_workbook import marked_workbook
from form_templates.spec_drawing import blank_spec_workbook
from form_templates.spec_workbook import read_spec_workbook
from workbooks.patch import Constant, Formula, patch_cells

FORM = "VIDU-01.T"
# What becomes of the example: a row more, which the total takes in, and a clearer name.
CHANGES = {
    ("Biểu", "B3"): "2",
    ("Dòng", "E2"): "=02+03+04",
    ("Dòng", "B5"): "Ngô, bắp",
    ("Dòng", "A6"): "04",
    ("Dòng", "B6"): "Khoai, sắn",
    ("Dòng", "C6"): "Ha",
    ("Dòng", "D6"): "1",
}
# A total that skips a row, a formula that looks outside the form, another unit of measure, a figure left in.
SLIPS = {
    (9, 5): Formula("SUM(E11)", 0),
    (11, 7): Formula('IFERROR(ROUND(E11/K1*100,1),"-")', "-"),
    (12, 3): "Tạ thóc",
    (12, 5): Constant(15),
}
_COLUMNS = 118


def main(output: Path) -> None:
    """Writes the four files."""
    blank = blank_spec_workbook()
    first, second = (build_template(read_spec_workbook(data)) for data in (blank, _opening_on(blank, "Dòng", CHANGES)))
    (output / "list.xlsx").write_bytes(_opening_on(blank, "Dòng"))
    (output / "drawn.xlsx").write_bytes(first)
    marked = marked_workbook(second, diff(compile_template(first), compile_template(second)))
    (output / "changed.xlsx").write_bytes(_opening_on(marked, FORM))
    faulty = output / "bieu-moi.xlsx"
    faulty.write_bytes(patch_cells(first, {FORM: dict(SLIPS)}))
    (output / "lint.html").write_text(_in_html(f"bieuso form lint {faulty.name}", output), encoding="utf-8")


def _opening_on(data: bytes, sheet: str, changes: dict[tuple[str, str], str] | None = None) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(data))
    for (name, cell), text in (changes or {}).items():
        book[name][cell].value = text
        book[name][cell].data_type = "s"
    for one in book:
        one.sheet_view.tabSelected = one.title == sheet
    book.active = book[sheet]
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _in_html(command: str, folder: Path) -> str:
    """A command and what it prints, coloured, as a page."""
    settings = os.environ | {"FORCE_COLOR": "1", "COLUMNS": str(_COLUMNS)}
    bieuso = [str(Path(sys.executable).with_name("bieuso")), *command.split()[1:]]
    done = subprocess.run(bieuso, cwd=folder, env=settings, check=False, capture_output=True, text=True)  # noqa: S603 - ours
    console = Console(record=True, width=_COLUMNS, file=io.StringIO())
    console.print(Text(f"$ {command}", "bold"))
    console.print(Text.from_ansi(done.stdout + done.stderr))
    return console.export_html(inline_styles=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
