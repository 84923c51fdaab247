"""Every text of a workbook judged: by its font, by the votes of its neighbours, by equal texts elsewhere (C07)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from formulas.text.agreement import Judged, agreed
from formulas.text.detection import Certainty, detect
from formulas.text.encodings import Encoding
from formulas.text.places import CELL, Piece, book_pieces, is_ours, sheet_pieces
from workbooks.errors import WorkbookError
from workbooks.finding import Finding
from workbooks.workbook import SheetEntry, Workbook

# ă đ ơ ư and the letters with tones: no spreadsheet shows a legacy text with any of these.
_ONLY_UNICODE: Final = re.compile("[\u0102\u0103\u0110\u0111\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9]")


@dataclass(frozen=True, slots=True)
class Survey:
    """All texts judged, what could not be read, and whether there were too many to judge them all."""

    judged: tuple[Judged, ...]
    unreadable: tuple[Finding, ...]
    complete: bool


def survey(workbook: Workbook, *, only: Sequence[SheetEntry] | None = None, most: int | None = None) -> Survey:
    """Judge the texts of every sheet that people see or type in, and of the file; or of some sheets alone.

    Args:
        workbook: the workbook.
        only: these sheets, and nothing of the file.
        most: how many different texts may be judged; None for all, which takes a millisecond each.
    """
    entries = [entry for entry in workbook.sheets if not is_ours(entry)] if only is None else only
    sources = [sheet_pieces(workbook, entry) for entry in entries]
    if only is None:
        sources.append(book_pieces(workbook))
    pieces: list[Piece] = []
    unreadable: list[Finding] = []
    seen: set[str] = set()
    complete = True
    for source in sources:
        try:
            for piece in source:
                seen.add(piece.text)
                if most is not None and len(seen) > most:
                    complete = False
                    break
                pieces.append(piece)
        except WorkbookError as error:
            unreadable.append(error.finding)
    return Survey(tuple(judge(pieces)), tuple(unreadable), complete)


def judge(pieces: Sequence[Piece]) -> list[Judged]:
    """Judge texts that stand together."""
    alone = [Judged(piece, detect(piece.text, piece.font)) for piece in pieces]
    if not any(map(_is_vote, alone)):
        return agreed(alone)  # nobody's vote would change anybody's judgement
    votes = _Votes(alone)
    return agreed([Judged(piece, detect(piece.text, piece.font, expected=votes.expected(piece))) for piece in pieces])


def _is_vote(one: Judged) -> bool:
    """Whether a text is certain by itself to be in an old encoding."""
    found = one.found
    return found is not None and found.certainty is not Certainty.DOUBTFUL and found.encoding is not Encoding.COMBINING


# None is the vote for Unicode: a form of which one cell was pasted from an old file is no old form.
_Ballots = Counter[Encoding | None]


class _Votes:
    """What the texts that are certain by themselves say of those that are too short to tell."""

    def __init__(self, alone: Iterable[Judged]) -> None:
        self._columns: dict[tuple[str, int], _Ballots] = {}
        self._sheets: dict[str, _Ballots] = {}
        self._texts: dict[str, _Ballots] = {}
        self._book: _Ballots = Counter()
        for one in alone:
            piece = one.piece
            if one.found is None and not _ONLY_UNICODE.search(piece.text):
                continue
            if one.found is not None and not _is_vote(one):
                continue
            encoding = None if one.found is None else one.found.encoding
            if piece.kind == CELL:
                self._columns.setdefault((piece.sheet, piece.at[1]), Counter())[encoding] += 1
            self._sheets.setdefault(piece.sheet, Counter())[encoding] += 1
            self._texts.setdefault(piece.text, Counter())[encoding] += 1
            self._book[encoding] += 1

    def expected(self, piece: Piece) -> Encoding | None:
        """What the piece's neighbours are written in.

        A text in a formula or a list says what a cell says, so the cell that says the same comes first.
        """
        nearest = (
            self._texts.get(piece.text),
            self._columns.get((piece.sheet, piece.at[1])) if piece.kind == CELL else None,
            self._sheets.get(piece.sheet),
            None if piece.drawn else self._book,
        )
        if piece.kind == CELL:
            nearest = (*nearest[1:], nearest[0])
        return next((votes.most_common(1)[0][0] for votes in nearest if votes), None)
