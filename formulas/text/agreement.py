"""What formulas and lists compare with the cells must be judged as the cells are.

``IF(A1="Cã",…)`` and the list ``Cã,Kh«ng`` have no font to tell by; a label converted alone would not be found again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from formulas.text.detection import Certainty, Detection
from formulas.text.encodings import Encoding
from formulas.text.places import CELL, FORMULA, Piece
from workbooks.spots import SpotKind

_COMPARED: Final = frozenset({FORMULA, SpotKind.LIST, SpotKind.FORMAT, SpotKind.FILTER, SpotKind.RULE})


@dataclass(frozen=True, slots=True)
class Judged:
    """A piece of text, and what it was found to be; None for Unicode."""

    piece: Piece
    found: Detection | None


def agreed(judged: Sequence[Judged]) -> list[Judged]:
    """The same judgements, but of what is compared with each other, where one side is certain the other is too."""
    compared = {text for item in judged if item.piece.kind in _COMPARED for text in _items(item.piece.text)}
    if not compared:
        return list(judged)
    sure = _sure(judged)
    lists = [_list_with(item, sure) for item in judged]
    sure = _sure(lists)
    return [_agreeing(item, sure.get(item.piece.text), compared) for item in lists]


def _sure(judged: Iterable[Judged]) -> dict[str, Detection]:
    """Text → its one reading; not where a cell has the very text in Unicode, or where readings differ."""
    readings: dict[str, Detection] = {}
    unclear: set[str] = set()
    for item in judged:
        found = item.found
        if found is None:
            unclear |= {item.piece.text} if item.piece.kind == CELL else set()
        elif found.certainty is Certainty.CERTAIN and found.encoding is not Encoding.COMBINING:
            for text, reading in _parts(item.piece, found):
                if readings.setdefault(text, replace(found, reading=reading)).reading != reading:
                    unclear.add(text)
    return {text: found for text, found in readings.items() if text not in unclear}


def _parts(piece: Piece, found: Detection) -> Iterator[tuple[str, str]]:
    """The text with its reading, and those of its items where it is a list."""
    yield piece.text, found.reading
    texts, readings = _items(piece.text), _items(found.reading)
    if piece.kind == SpotKind.LIST and len(texts) == len(readings) > 1:
        yield from zip(texts, readings, strict=True)


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")]


def _list_with(item: Judged, sure: dict[str, Detection]) -> Judged:
    """A doubtful list is certain where one of its items is, and is read the same."""
    found = item.found
    if item.piece.kind != SpotKind.LIST or found is None or found.certainty is Certainty.CERTAIN:
        return item
    told = [(sure[text].reading, reading) for text, reading in _parts(item.piece, found) if text in sure]
    if told and all(known == reading for known, reading in told):
        return Judged(item.piece, replace(found, certainty=Certainty.CERTAIN))
    return item


def _agreeing(item: Judged, known: Detection | None, compared: set[str]) -> Judged:
    found, piece = item.found, item.piece
    if known is None or (found is not None and found.certainty is Certainty.CERTAIN):
        return item
    if piece.kind in _COMPARED:
        return Judged(piece, known)
    if found is not None and found.reading == known.reading and piece.text in compared:
        return Judged(piece, known)
    return item
