"""Findings on the text of a workbook (C07): Vietnamese that is not Unicode, characters that deceive the eye."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from formulas import catalogue
from formulas.text.characters import character_findings, strange_characters
from formulas.text.detection import Certainty, Detection
from formulas.text.encodings import Encoding
from formulas.text.places import Piece
from formulas.text.survey import Survey, survey
from formulas.wording import excerpt
from workbooks.finding import Finding
from workbooks.workbook import Workbook

# Different ones, on all sheets. No form has so many; a file made to keep the service busy does.
MOST_TEXTS: Final = 20_000
_MOST_FINDINGS: Final = 500


def check_text(workbook: Workbook) -> Iterator[Finding]:
    """Findings on every sheet that people see or type in, on what hangs on it, and on the file."""
    return _findings(survey(workbook, most=MOST_TEXTS))


def check_sheet_text(workbook: Workbook, name: str) -> Iterator[Finding]:
    """Findings on one sheet, its name included."""
    return _findings(survey(workbook, only=[workbook.sheet_entry(name)], most=MOST_TEXTS))


def _findings(found: Survey) -> Iterator[Finding]:
    """Of each place the first fault of each kind, and of each sheet no more than a person can read."""
    yield from found.unreadable
    reported: set[tuple[str, str, str, str]] = set()
    of_sheet: Counter[str] = Counter()
    for item in found.judged:
        piece = item.piece
        if item.found is None and not strange_characters(piece.text):
            continue
        for finding in _of_piece(piece, item.found):
            key = (finding.code, piece.sheet, piece.cell, piece.place)
            if key not in reported and of_sheet[piece.sheet] < _MOST_FINDINGS:
                reported.add(key)
                of_sheet[piece.sheet] += 1
                yield finding
    if not found.complete:
        yield catalogue.TOO_MANY_TEXTS.at("", "", most=f"{MOST_TEXTS:,}".replace(",", "."))


def _of_piece(piece: Piece, found: Detection | None) -> Iterator[Finding]:
    findings = (
        character_findings(piece.sheet, piece.cell, piece.text)
        if found is None
        else iter((_finding(piece.sheet, piece.cell, piece.text, found),))
    )
    for finding in findings:
        # The cell is named by the finding; any other place must be told in words.
        yield replace(finding, message=f"{piece.place}: {finding.message}") if piece.place else finding


def _finding(sheet: str, cell: str, text: str, found: Detection) -> Finding:
    if found.encoding is Encoding.COMBINING:
        return catalogue.COMBINING_TEXT.at(sheet, cell, text=excerpt(found.reading))
    kind = catalogue.LEGACY_TEXT if found.certainty is Certainty.CERTAIN else catalogue.DOUBTFUL_TEXT
    return kind.at(sheet, cell, text=excerpt(text), reading=excerpt(found.reading), encoding=found.encoding.value)
