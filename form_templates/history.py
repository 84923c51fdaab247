"""Earlier figures of a unit, a few numbers for each cell, so that a form can be held against them with no network.

They travel on the very-hidden stamp sheet, sealed like the stamp. The service never believes them: it uses its own.
"""

from __future__ import annotations

import base64
import binascii
import json
import statistics
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from math import isfinite
from typing import Final

from form_templates.model import CellKey

MOST_FIGURES: Final = 12
"""Periods that are looked back on."""
_CHUNK: Final = 32_000
_MAX_CHUNKS: Final = 24
_MAX_INFLATED: Final = 4 * 1024 * 1024
_KEY_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class CellHistory:
    """Figures of earlier periods: how many, then the least, the quartiles and the greatest."""

    count: int
    low: float
    first: float
    median: float
    third: float
    high: float


History = Mapping[CellKey, CellHistory]


def summary(figures: Iterable[float]) -> CellHistory:
    """The summary of at least one figure."""
    ordered = sorted(figures)
    if len(ordered) == 1:
        return CellHistory(1, *ordered * 5)
    first, median, third = statistics.quantiles(ordered, n=4, method="inclusive")
    return CellHistory(len(ordered), ordered[0], first, median, third, ordered[-1])


def pack(history: History) -> tuple[str, ...]:
    """The history in pieces that fit into cells; empty where there is none, or too much of it to carry."""
    if not history:
        return ()
    rows = [[*key, *(round(number, 6) for number in astuple(history[key]))] for key in sorted(history)]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
    packed = base64.b64encode(zlib.compress(text, 9)).decode()
    if len(text) > _MAX_INFLATED or len(packed) > _CHUNK * _MAX_CHUNKS:
        return ()
    return tuple(packed[start : start + _CHUNK] for start in range(0, len(packed), _CHUNK))


def unpack(chunks: Iterable[str]) -> History:
    """The history of these pieces; empty where they are damaged or not of our making."""
    decompressor = zlib.decompressobj()
    try:
        text = decompressor.decompress(base64.b64decode("".join(chunks), validate=True), _MAX_INFLATED)
        rows = json.loads(text) if decompressor.eof else []
        return {CellKey(*map(str, row[:_KEY_PARTS])): _read(row[_KEY_PARTS:]) for row in rows}
    except (zlib.error, binascii.Error, ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return {}


def _read(numbers: list[float]) -> CellHistory:
    count, *values = map(float, numbers)
    found = CellHistory(int(count), *values)
    if not all(map(isfinite, values)) or not 0 < found.count <= MOST_FIGURES or sorted(values) != values:
        raise ValueError(numbers)
    return found
