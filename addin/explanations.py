"""The sheet "Giải trình" of the open book: carried into the issued file, and written for the person (T12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import xlwings as xw

from addin.errors import ActionError, EditError
from addin.program import unlocked
from addin.snapshot import snapshot
from form_templates.definition import EXPLANATIONS_SHEET
from form_templates.explanations import Lines, lines_of
from form_templates.model import FormVersion
from form_templates.reading import read_form
from formulas.explaining import is_enough, wants_explanation
from formulas.naming import cell_name
from workbooks.address import address
from workbooks.finding import Finding
from workbooks.workbook import Workbook

_LONGEST: Final = 250
_HERE: Final = "Ghi thẳng vào trang Giải trình của biểu."


def explanation_edits(view: Workbook, file: Workbook) -> dict[tuple[int, int], str | None]:
    """What the open book says in the lines of explanations and the file does not, by cell of the file.

    Raises:
        EditError: more lines than the form has.
    """
    here, there = _own_lines(view), _own_lines(file)
    if here is None or there is None:
        return {}
    rows = list(there.texts)
    said = {row - min(here.texts): texts for row, texts in here.texts.items() if any(texts)}
    if max(said, default=0) >= len(rows):  # rows were put in between: the lines close ranks
        said = dict(enumerate(said.values()))
    if len(said) > len(rows):
        raise EditError(
            "too-many-explanations",
            f"Trang “{EXPLANATIONS_SHEET}” có {len(said)} dòng giải trình, biểu chỉ có chỗ cho {len(rows)} dòng.",
            "Gộp giải trình của các ô giống nhau vào một dòng, ghi các ô cách nhau bằng dấu phẩy.",
        )
    return dict(_differences(said, there, rows))


def _own_lines(workbook: Workbook) -> Lines | None:
    """The lines, if they stand on the sheet of that name: an open book shows no other sheet to us."""
    if all(entry.name != EXPLANATIONS_SHEET for entry in workbook.sheets):
        return None
    lines = lines_of(workbook)
    return lines if lines is not None and lines.sheet == EXPLANATIONS_SHEET else None


def _differences(
    said: dict[int, tuple[str, str, str, str]], there: Lines, rows: list[int]
) -> Iterator[tuple[tuple[int, int], str | None]]:
    for number, row in enumerate(rows):
        for offset, (new, old) in enumerate(zip(said.get(number, ("",) * 4), there.texts[row], strict=True)):
            if new != old:
                yield (row, there.column + offset), new or None


def explain(book: xw.Book, file: Workbook, version: FormVersion, finding: Finding, text: str) -> str:
    """Writes the explanation of a warning into the open book; returns the address of the line.

    The cell is named by its codes, which stay true when rows move. A line that explains the warning is written over.

    Raises:
        ActionError: no warning that wants an explanation, too little said, or no room for it.
    """
    if not wants_explanation(finding):
        raise ActionError("no-warning", f"Mục {finding.code} không cần giải trình.", "Sửa theo hướng dẫn của mục này.")
    if not is_enough(text):
        raise ActionError("too-short", "Giải trình quá ngắn.", "Ghi lý do số liệu vẫn đúng, ít nhất ba từ.")
    view = snapshot(book, file, [*(table.sheet for table in version.tables), EXPLANATIONS_SHEET])
    lines = _own_lines(view)
    if lines is None:
        raise ActionError("no-explanations", f"Biểu không có trang “{EXPLANATIONS_SHEET}”.", "Tải lại biểu mới nhất.")
    cell = _named(view, version, finding)
    row = lines.free(finding.code, cell)
    if row is None:
        raise ActionError("explanations-full", f"Trang “{EXPLANATIONS_SHEET}” đã hết dòng trống.", _HERE)
    sheet = book.sheets[EXPLANATIONS_SHEET]
    with unlocked(sheet):
        texts = (finding.code, cell, finding.message[:_LONGEST], text.strip())
        for offset, content in enumerate(texts):
            sheet.range((row, lines.column + offset)).value = content
    return address(row, lines.column)


def _named(view: Workbook, version: FormVersion, finding: Finding) -> str:
    cells = read_form(view, version).cells.items()
    found = (
        key for key, cell in cells if (cell.sheet, address(cell.row, cell.column)) == (finding.sheet, finding.cell)
    )
    key = next(found, None)
    return finding.cell if key is None else cell_name(key)
