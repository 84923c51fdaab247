"""In what role somebody signs: who prepared, who approves, the agency itself with its seal (TT 41/2017, Đ7, Đ12)."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import Final


class SignerRole(StrEnum):
    """The role of a signature, in the order in which they sign: a later one binds those before it."""

    OFFICER = "officer"
    LEADER = "leader"
    SEAL = "seal"

    @property
    def words(self) -> str:
        """As people read it, and as it stands in the signature (``ClaimedRole``)."""
        return _WORDS[self]


_WORDS: Final = {
    SignerRole.OFFICER: "Người lập biểu",
    SignerRole.LEADER: "Lãnh đạo phê duyệt",
    SignerRole.SEAL: "Con dấu cơ quan",
}


# Letters that pass for those of the roles' words, in small or in capitals; most are Cyrillic, Greek or Armenian.
_ALIKE: Final = {
    "a": "\u0430\u03b1",
    "b": "\u0432\u03b2",
    "c": "\u0441\u03f2",
    "d": "\u0501\u00f0\u0111",
    "e": "\u0435\u03b5",
    "g": "\u0261\u0581",
    "h": "\u04bb\u043d\u03b7\u0570",
    "i": "l\u0456\u04cf\u0131\u03b9",
    "n": "\u0578\u03bd",
    "o": "\u043e\u03bf\u0585",
    "p": "\u0440\u03c1",
    "q": "\u051b",
    "t": "\u0442\u03c4",
    "u": "y\u0443\u03c5\u057d",
}
_LOOK_ALIKES: Final = {ord(other): letter for letter, others in _ALIKE.items() for other in others}


def role_called(words: str) -> SignerRole | None:
    """The role that a signature claims in these words; None where they are somebody's own.

    What looks like a role to a reader is one, whatever letters, spaces and signs it is written with.
    """
    seen = _look(words)
    return next((role for role, known in _WORDS.items() if _look(known) == seen), None)


def _look(words: str) -> str:
    """The bare letters: without marks, signs and case, those that look alike as one."""
    letters = unicodedata.normalize("NFKD", words).casefold().translate(_LOOK_ALIKES)
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())
