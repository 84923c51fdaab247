"""Codes as people retype them: how the texts of cells compare, and which published code a cell means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from workbooks.sheet import CellError

_MAX_CODE: Final = 8
_SPACES: Final = re.compile(r"\s+")


def plain_text(value: object) -> str:
    """Text in the form in which codes and labels compare: NFC, white space collapsed; a number without its point."""
    if value is None or isinstance(value, bool | CellError):
        return ""
    if isinstance(value, float | int):
        return str(int(value)) if float(value).is_integer() else str(value)
    text = str(value)
    if text.isascii() and text.isalnum():
        return text  # as nearly every code is
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


class Codebook:
    """The published codes of one axis. ``1`` is read as ``01``: people retype codes, and Excel drops the zero."""

    def __init__(self, codes: Iterable[str]) -> None:
        self._codes = frozenset(codes)
        self._widths = sorted({len(code) for code in self._codes if len(code) <= _MAX_CODE})

    def match(self, value: object) -> str | None:
        """The published code that a cell's value stands for."""
        text = plain_text(value)
        if text in self._codes:
            return text
        if text.isdigit():
            padded = (text.zfill(width) for width in self._widths)
            return next((code for code in padded if code in self._codes), None)
        return None
