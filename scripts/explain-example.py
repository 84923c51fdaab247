"""Makes what scripts/make-pictures photographs of an explained warning: a commune sends an unusual yield.

Usage: explain-example.py DEMO_FOLDER ADDRESS OUTPUT_FOLDER; prints the number of the submission.
Leaves ``explained.xlsx`` as it was before it was signed, opening on the sheet of explanations.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import openpyxl

from addin.client import Client
from form_templates.definition import EXPLANATIONS_SHEET
from form_templates.explanations import lines_of
from form_templates.filling import MemberLabel, fill, key_addresses
from form_templates.model import CellKey, CellKind
from form_templates.reading import read_form
from form_templates.stamp import embedded_version
from formulas.checking import check
from formulas.freezing import freeze
from server.demo.authority import DEMO_PASSWORD
from server.demo.communes import PERIODS
from server.demo.folder import Folder
from server.demo.numbers import Commune, typed
from server.demo.preparation import LEADER, key_path
from signing.keys import Pkcs12Signer
from signing.sign import sign_package
from workbooks.address import address as cell_address
from workbooks.patch import patch_cells
from workbooks.workbook import open_workbook

FORM, UNIT = "KTXH-09.T", Commune("28789", is_ward=True)
MAIZE_YIELD = CellKey("T1", "06", "5")
WHY = "Ngô lai trồng thử nghiệm trên 2 ha đất bãi, đã cân thực tế tại ruộng"


def main(demo: Path, address: str, output: Path) -> None:
    """Fetches, fills, explains, signs and sends as the commune does, over HTTP."""
    folder = Folder(demo)
    account = f"{LEADER}.{UNIT.code}"
    with Client(address) as client:
        client.sign_in(account, folder.read_secrets()[account])
        issued = client.fetch_workbook(FORM, UNIT.code, PERIODS[FORM])
        version = embedded_version(open_workbook(issued))
        if version is None:
            raise SystemExit("the issued workbook carries no form version")
        cells = read_form(open_workbook(issued), version).cells
        carried = {key: cell.value for key, cell in cells.items() if version.cell(key).kind is CellKind.CARRY}
        numbers = typed(FORM, UNIT, carried)
        members = {place: [MemberLabel(label) for label in labels] for place, labels in numbers.members.items()}
        filled = freeze(fill(issued, version, {**numbers.values, MAIZE_YIELD: 162.5}, members), version)
        explained = _explained(filled, cell_address(*key_addresses(filled, version)[MAIZE_YIELD][1:]))
        (output / "explained.xlsx").write_bytes(explained)
        _open_on(output / "explained.xlsx", EXPLANATIONS_SHEET)
        signer = Pkcs12Signer.load(key_path(folder.keys, UNIT.code, LEADER).read_bytes(), DEMO_PASSWORD)
        reply = client.submit(sign_package(explained, signer, at=datetime.now(UTC)), f"{UNIT.code}.xlsx")
    if not reply.accepted:
        raise SystemExit(f"refused: {reply.findings}")
    sys.stdout.write(f"{reply.id}\n")


def _explained(filled: bytes, cell: str) -> bytes:
    lines = lines_of(open_workbook(filled))
    findings = [one for one in check(filled).findings if one.cell == cell]
    if lines is None or not findings:
        raise SystemExit("there is nothing to explain")
    row = lines.free(findings[0].code, cell)
    if row is None:
        raise SystemExit("every line is taken")
    texts = (findings[0].code, cell, findings[0].message, WHY)
    return patch_cells(filled, {lines.sheet: {(row, lines.column + at): text for at, text in enumerate(texts)}})


def _open_on(path: Path, sheet: str) -> None:
    book = openpyxl.load_workbook(path)
    for one in book.worksheets:
        one.sheet_view.tabSelected = one.title == sheet
    book.active = book[sheet]
    book.save(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
