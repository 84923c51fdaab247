"""Names and dates of certificates as people read them: common names, Vietnamese dates and time."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta, timezone
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

_LONGEST: Final = 500
VIETNAM = timezone(timedelta(hours=7), "UTC+7")


def common_name(name: x509.Name) -> str:
    """The common name, or the whole name where it has none."""
    return _attribute(name, NameOID.COMMON_NAME) or shown(name.rfc4514_string())


def organization(name: x509.Name) -> str:
    """The organisation, or ``""``."""
    return _attribute(name, NameOID.ORGANIZATION_NAME)


def date_text(moment: datetime) -> str:
    """``22/11/2026`` in Vietnam."""
    return _in_vietnam(moment).strftime("%d/%m/%Y")


def time_text(moment: datetime) -> str:
    """``14:30:00 22/11/2026`` in Vietnam."""
    return _in_vietnam(moment).strftime("%H:%M:%S %d/%m/%Y")


def _in_vietnam(moment: datetime) -> datetime:
    """In local time, save where the calendar ends: "never expires" is 31/12/9999 at midnight (RFC 5280, 4.1.2.5)."""
    try:
        return moment.astimezone(VIETNAM)
    except OverflowError:
        return moment


def moment_text(moment: datetime) -> str:
    """``14:30 ngày 22/11/2026`` in Vietnam, where seconds do not matter."""
    return _in_vietnam(moment).strftime("%H:%M ngày %d/%m/%Y")


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    values = name.get_attributes_for_oid(oid)
    return shown(str(values[0].value)) if values else ""


def shown(text: str) -> str:
    """Without what turns the writing round, breaks the line or cannot be seen: a name may not pose as another."""
    return "".join(map(_shown_letter, text))


def cut(text: str) -> str:
    """The same, of a length that people read: a file can make a name of megabytes, and a hundred of them."""
    return shown(text) if len(text) <= _LONGEST else f"{shown(text[: _LONGEST - 1])}…"


def _shown_letter(letter: str) -> str:
    if letter.isprintable():
        return letter
    return " " if unicodedata.category(letter) == "Zs" else "\N{REPLACEMENT CHARACTER}"
