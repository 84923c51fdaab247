"""Names of people and authorities written as text, as the programs of this world write them, held against X.509 names.

RFC 4514 and its forerunners RFC 2253 and 1779; Java, .NET, OpenSSL and POI differ in order, spaces, quotes and in what
they call the parts. Nobody is refused for a way of writing, and nobody passes who is called otherwise.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from asn1crypto import core  # type: ignore[import-untyped]  # has no stubs
from cryptography import x509

from signing.errors import DAMAGED

_LONGEST: Final = 4096
_TYPES: Final = {
    "CN": "2.5.4.3",
    "SURNAME": "2.5.4.4",
    "SN": "2.5.4.4",
    "SERIALNUMBER": "2.5.4.5",
    "C": "2.5.4.6",
    "L": "2.5.4.7",
    "ST": "2.5.4.8",
    "S": "2.5.4.8",
    "STREET": "2.5.4.9",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "T": "2.5.4.12",
    "TITLE": "2.5.4.12",
    "GIVENNAME": "2.5.4.42",
    "GN": "2.5.4.42",
    "G": "2.5.4.42",
    "UID": "0.9.2342.19200300.100.1.1",
    "DC": "0.9.2342.19200300.100.1.25",
    "E": "1.2.840.113549.1.9.1",
    "EMAILADDRESS": "1.2.840.113549.1.9.1",
    "DESCRIPTION": "2.5.4.13",
    "POSTALCODE": "2.5.4.17",
    "PHONE": "2.5.4.20",
    "TELEPHONENUMBER": "2.5.4.20",
    "ORGANIZATIONIDENTIFIER": "2.5.4.97",
}
# A type, and a value: in quotes, or with the separators that are its own escaped. It takes one pass, whatever the text.
_PART: Final = re.compile(
    r'\s*(?:OID\.)?([A-Z][A-Z0-9-]*|\d+(?:\.\d+)+)\s*=(\s*"(?:[^"\\]|\\.|"")*"\s*|(?:[^\\,;+"]|\\.)*)([,;+]|\Z)',
    re.DOTALL | re.IGNORECASE,
)
_ESCAPED: Final = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)", re.DOTALL)


def names(text: str, name: x509.Name) -> bool:
    """Whether a text is this name, whichever way it is written."""
    written = _read(text)
    own = [(part.oid.dotted_string, _plain(str(part.value))) for part in name]
    return written is not None and sorted(written) == sorted(own)


def calls(text: str, name: x509.Name) -> bool:
    """Whether a text is this name or its common name alone."""
    own = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return names(text, name) or _plain(text) in {_plain(str(part.value)) for part in own}


def _read(text: str) -> list[tuple[str, str]] | None:
    """Type and value of each part; None where the text is no name."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        part = _PART.match(text, at) if len(text) <= _LONGEST else None
        if part is None:
            return None
        kind, value, at = part[1].upper(), part[2], part.end()
        found.append((_TYPES.get(kind, kind), _plain(_value(value.strip()))))
    return found


def _value(written: str) -> str:
    if written.startswith("#"):
        return _encoded(written[1:])
    if written.startswith('"'):
        written = written[1:-1].replace('""', '"')
    return _ESCAPED.sub(_unescaped, written)


def _encoded(hexadecimal: str) -> str:
    """A value given in DER, as Java writes those of types that it has no word for."""
    try:
        return str(core.load(bytes.fromhex(hexadecimal)).native)
    except DAMAGED:
        return "\N{REPLACEMENT CHARACTER}"


def _unescaped(found: re.Match[str]) -> str:
    if found[2]:
        return found[2]
    return bytes.fromhex(found[1].replace("\\", "")).decode("utf-8", "replace")


def _plain(text: str) -> str:
    """As names are compared (RFC 5280, 7.1): without regard to case, and to how many spaces there are."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
