"""LibreOffice's own results: every formula of a workbook computed anew, whatever results the file came with."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from tests.office import driven
from tests.signing.tampering import changed, parts_of

_DRIVER = Path(__file__).with_name("recalculating_driver.py")
Result = tuple[str, object]
"""(kind, value): number, text or error."""


def with_wrong_results(data: bytes) -> bytes:
    """The workbook with 7 as the result of every formula, so that no program can show what it was given."""
    sheets = {name: content for name, content in parts_of(data).items() if name.startswith("xl/worksheets/")}
    return changed(data, {name: re.sub(rb"</f><v>[^<]*</v>", b"</f><v>7</v>", text) for name, text in sheets.items()})


def recalculated(books: Mapping[Path, list[str]], folder: Path) -> dict[Path, dict[str, dict[str, Result]]]:
    """Book → sheet → address → result of every formula, after LibreOffice computed them all."""
    order = {"profile": str(folder / "profile"), "books": [[str(path), sheets] for path, sheets in books.items()]}
    found = json.loads(driven(_DRIVER, order))
    return {
        path: {sheet: {at: (kind, value) for at, kind, value in cells} for sheet, cells in sheets.items()}
        for path, sheets in zip(books, found, strict=True)
    }
