"""Errors of signing: a key that cannot be used, a signature that cannot be made, trust that is not configured."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm

from workbooks.finding import Finding, Severity

# What the ASN.1 libraries raise on damaged or hostile data: they parse lazily, and assert what should have been there.
DAMAGED: Final = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RecursionError,
    UnsupportedAlgorithm,
)


class SigningError(Exception):
    """Base of this package's errors; ``finding`` tells the person what is wrong and what to do."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(f"{code}: {message}")
        self.finding = Finding(code, Severity.ERROR, message, remedy)


class KeyUnusableError(SigningError):
    """The key file or token cannot be opened, or holds no key that may sign."""


class NotSignableError(SigningError):
    """This workbook must not, or cannot, be signed with this key."""


class TrustError(SigningError):
    """The folder of trusted certificates cannot be used."""


class TimeStampError(SigningError):
    """The authority gave no time stamp, or one that cannot be used."""


class SourceUnreachableError(SigningError):
    """Who should tell the status of a certificate does not answer, or not in a form that can be read."""
