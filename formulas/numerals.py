"""Numbers that were typed as text. They are never guessed: every possible reading is given, and a person is asked."""

from __future__ import annotations

import re
from decimal import Decimal

_SPACES = re.compile(r"[\s\u00a0\u2007\u202f]+")
_GROUPED_BY_SPACE = re.compile(r"[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]+)?")
_VIETNAMESE = re.compile(r"(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?")
_ENGLISH = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")
_NEGATIVE = re.compile(r"\((.+)\)|[-\u2010-\u2015\u2212](.+)")
_LONGEST = 40


def readings(text: str) -> tuple[Decimal, ...]:
    """Every number the text may stand for, the Vietnamese reading first: ``1.234`` gives 1234 and 1.234.

    Empty where the text is no number at all.
    """
    if len(text) > _LONGEST:
        return ()
    plain = _SPACES.sub(" ", text).strip(" '’`").removeprefix("+")
    negative = _NEGATIVE.fullmatch(plain)
    body = (negative[1] or negative[2]).strip() if negative else plain
    if _GROUPED_BY_SPACE.fullmatch(body):
        body = body.replace(" ", "")
    found = dict.fromkeys(_values(body))
    return tuple(-value if negative else value for value in found)


def _values(body: str) -> list[Decimal]:
    values = []
    if _VIETNAMESE.fullmatch(body):
        values.append(Decimal(body.replace(".", "").replace(",", ".")))
    if _ENGLISH.fullmatch(body):
        values.append(Decimal(body.replace(",", "")))
    return values
