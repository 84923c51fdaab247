"""LibreOffice as an independent engine: it computes the formulas of workbooks from which all results were struck."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from form_templates.model import FormVersion
from form_templates.reading import read_form
from tests.office import saved
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
    given = [folder / f"{n}.xlsx" for n in range(len(workbooks))]
    for file, data in zip(given, workbooks, strict=True):
        file.write_bytes(data)
    return [file.read_bytes() for file in saved(given, folder / "saved")]
