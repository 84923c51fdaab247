"""In what role somebody signs: who prepared, who approves, the agency itself with its seal (TT 41/2017, Đ7, Đ12)."""

from __future__ import annotations

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


def role_called(words: str) -> SignerRole | None:
    """The role that a signature claims in these words; None where they are somebody's own."""
    return next((role for role, known in _WORDS.items() if known.casefold() == words.strip().casefold()), None)
