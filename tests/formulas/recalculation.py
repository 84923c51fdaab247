"""LibreOffice as an independent engine: it computes the formulas of workbooks from which all results were struck."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from form_templates.model import FormVersion
from form_templates.reading import read_form
from workbooks.patch import Patch, patch_cells
from workbooks.workbook import open_workbook


def without_results(data: bytes, version: FormVersion) -> bytes:
    """The workbook with no cached value at any formula of the form, so that a program has to compute them."""
    patches: dict[str, dict[tuple[int, int], Patch]] = {}
    for cell in read_form(open_workbook(data), version).cells.values():
        if cell.formula is not None:
            patches.setdefault(cell.sheet, {})[cell.row, cell.column] = None
    return patch_cells(data, patches)


def recalculated(workbooks: Sequence[bytes], folder: Path) -> list[bytes]:
    """The workbooks as LibreOffice saves them after computing what has no result."""
    given, saved = folder / "given", folder / "saved"
    given.mkdir()
    names = [f"{n}.xlsx" for n in range(len(workbooks))]
    for name, data in zip(names, workbooks, strict=True):
        (given / name).write_bytes(data)
    subprocess.run(
        [
            "soffice",
            "--headless",
            "--norestore",
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            str(saved),
            *(str(given / name) for name in names),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    return [(saved / name).read_bytes() for name in names]
