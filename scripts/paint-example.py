"""Makes the workbook that scripts/make-pictures photographs: a form with marked findings.

Usage: paint-example.py DEMO_FOLDER OUTPUT_FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import xlwings as xw

from addin.libreoffice import register
from addin.painting import paint
from form_templates.filling import key_addresses
from form_templates.model import CellKey
from form_templates.stamp import embedded_version
from formulas.checking import check
from formulas.freezing import freeze
from workbooks.patch import Constant, patch_cells
from workbooks.workbook import open_workbook


def main(demo: Path, output: Path) -> None:
    """Takes the first accepted KTXH-09.T workbook, spoils a copy in four ways, checks it and paints the findings."""
    source = sorted((demo / "sent" / "KTXH-09.T").glob("*.xlsx"))[3]
    data = source.read_bytes()
    version = embedded_version(open_workbook(data))
    if version is None:
        raise SystemExit(f"{source} carries no form version")
    places = key_addresses(data, version)
    spoiled = {("01", "3"): Constant(9999.9), ("05", "4"): 4321.0, ("06", "3"): "1.234,5", ("10", "5"): 1.8055}
    sheet = places[CellKey("T1", "01", "3")][0]
    cells = {places[CellKey("T1", row, column)][1:]: value for (row, column), value in spoiled.items()}
    broken = output / "broken.xlsx"
    broken.write_bytes(freeze(patch_cells(data, {sheet: cells}), version))
    report = check(broken.read_bytes(), version)
    register()
    book = xw.Book(str(broken))
    paint(book, report.findings)
    book.save(str(output / "findings.xlsx"))
    book.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
