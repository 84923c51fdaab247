"""Number formats: LibreOffice keeps them by key, Excel speaks of them by code."""

from __future__ import annotations

from addin.libreoffice.uno_bridge import UnoObject, speaking, uno


def english() -> UnoObject:
    """The locale whose number format codes are Excel's."""
    made = uno().createUnoStruct("com.sun.star.lang.Locale")
    made.Language, made.Country = "en", "US"
    return made


def key_of(document: UnoObject, code: str) -> int:
    """LibreOffice's key for a format code, adding the format where it is new."""
    formats = document.NumberFormats
    with speaking(f"đặt định dạng số {code}"):
        key = formats.queryKey(code, english(), False)
        return int(key if key >= 0 else formats.addNew(code, english()))


def standard_key(document: UnoObject, kind: int) -> int:
    """The key of the usual format of a kind (``values.DATE`` …)."""
    return int(document.NumberFormats.getStandardFormat(kind, english()))


def code_of(document: UnoObject, key: int) -> str:
    """The format code of a key."""
    return str(document.NumberFormats.getByKey(key).FormatString)


def kind_of(document: UnoObject, key: int) -> int:
    """The kind of a format: a combination of ``values.DATE``, ``TIME``, ``LOGICAL``, and others."""
    return int(document.NumberFormats.getByKey(key).Type)
