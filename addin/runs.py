"""The text of a cell of the open book as runs, each in one font, and runs put in the place of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import xlwings as xw

from addin.program import write_characters

# Finding the runs asks the program about ever smaller stretches; a longer text is taken as one run.
_LONGEST: Final = 2_000


class Run(NamedTuple):
    """A stretch of letters in one font; ``font`` is ``""`` where they differ or the program does not say."""

    text: str
    font: str


def runs_in(cell: xw.Range, text: str) -> tuple[Run, ...]:
    """The runs of a cell that shows this text."""
    if len(text) > _LONGEST:
        return (Run(text, cell.characters.font.name or ""),)
    stretches = _stretches(cell.characters, 0, len(text))
    runs = []
    for font, group in groupby(stretches, key=lambda stretch: stretch[2]):
        found = list(group)
        runs.append(Run(text[found[0][0] : found[-1][1]], font))
    return tuple(runs)


def write_runs(cell: xw.Range, old: Sequence[Run], new: Sequence[Run]) -> None:
    """Puts the new runs in the place of the old ones, one for one; what is the same in both is not touched."""
    if len(old) == 1:
        cell.value = new[0].text
        if new[0].font and new[0].font != old[0].font:
            cell.font.name = new[0].font
        return
    starts = [sum(len(run.text) for run in old[:number]) for number in range(len(old))]
    # From the end, so that the runs before stay where they are.
    for start, before, after in reversed(list(zip(starts, old, new, strict=True))):
        if before.text != after.text:
            write_characters(cell.characters[start : start + len(before.text)], after.text)
        if after.font and after.font != before.font:
            cell.characters[start : start + len(after.text)].font.name = after.font


def _stretches(characters: xw.main.Characters, start: int, stop: int) -> Iterator[tuple[int, int, str]]:
    font = characters[start:stop].font.name
    if font is not None or stop - start <= 1:
        yield start, stop, font or ""
    else:
        middle = (start + stop) // 2
        yield from _stretches(characters, start, middle)
        yield from _stretches(characters, middle, stop)
