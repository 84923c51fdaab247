"""Header and footer text: its codes (ECMA-376 part 1, 18.3.1.46) and the words between them, each with its font."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

LONGEST = 255
_TOKEN = re.compile(
    r'&"(?P<font>[^",]*)(?P<style>,[^"]*)?"|&(?P<section>[LCRlcr])|&[0-9]+|&[Kk](?:[0-9A-Fa-f]{6}|[0-9]{2}[+-][0-9]{3})'
    r"|&.|(?P<words>[^&]+)|&",
    re.DOTALL,
)


class Words(NamedTuple):
    """A stretch of words between codes; ``font`` is ``""`` for the font of the workbook's standard style."""

    text: str
    font: str


class NewWords(NamedTuple):
    """What becomes of a stretch: its text, and the font to draw it in (``""``: as it was)."""

    text: str
    font: str = ""


def words(text: str) -> tuple[Words, ...]:
    """The words of a header, in order."""
    found, font = [], ""
    for match in _TOKEN.finditer(text):
        if match["section"]:
            font = ""
        elif match["font"] is not None:
            font = "" if match["font"] == "-" else match["font"]
        elif match["words"]:
            found.append(Words(match["words"], font))
    return tuple(found)


def with_words(text: str, changes: Mapping[int, NewWords]) -> str:
    """The header with some of its words changed (by their position among `words`).

    A font code is rewritten where all that it governs changes to one font or is plain ASCII; elsewhere the changed
    words get font codes of their own, and the old font comes back after them.
    """
    tokens = list(_TOKEN.finditer(text))
    spans = _spans(tokens)
    pieces: list[str] = []
    number = 0
    for governing, members in spans:
        new_font = _common_font(members, changes, number)
        style = (governing["style"] or "") if governing is not None and governing["font"] is not None else ",Regular"
        head = "" if governing is None else governing[0]
        if new_font:
            code = f'&"{new_font}{style}"'
            head = code if governing is not None and governing["font"] is not None else head + code
        pieces.append(head)
        old_font = governing["font"] if governing is not None and governing["font"] is not None else "-"
        for member in members:
            if not member["words"]:
                pieces.append(member[0])
                continue
            change = changes.get(number)
            number += 1
            if change is None:
                pieces.append(member[0])
            elif new_font or not change.font:
                pieces.append(change.text)
            else:
                pieces.append(f'&"{change.font}{style}"{change.text}&"{old_font}{style}"')
    return "".join(pieces)


_Span = tuple["re.Match[str] | None", list["re.Match[str]"]]


def _spans(tokens: list[re.Match[str]]) -> list[_Span]:
    """Each font code or section mark with what it governs; the first span has neither."""
    spans: list[_Span] = [(None, [])]
    for token in tokens:
        if token["section"] or token["font"] is not None:
            spans.append((token, []))
        else:
            spans[-1][1].append(token)
    return spans


def _common_font(members: list[re.Match[str]], changes: Mapping[int, NewWords], number: int) -> str:
    """The one font that all words of a span change to; ``""`` where there is none."""
    fonts = set()
    for member in members:
        if member["words"]:
            change = changes.get(number)
            number += 1
            if change is not None:
                fonts.add(change.font)
            elif not member["words"].isascii():
                fonts.add("")
    return fonts.pop() if len(fonts) == 1 else ""
