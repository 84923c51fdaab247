"""Formulas between LibreOffice's own spelling (``$Sheet.A1;B2``) and Excel's (``Sheet!A1,B2``). Text only."""

from __future__ import annotations

import re

_STRING = r'"(?:[^"]|"")*"'
_ERROR = r"#(?:REF!|DIV/0!|VALUE!|NULL!|NUM!|NAME\?|N/A)"
_ARRAY = r"\{[^{}\"]*(?:\"(?:[^\"]|\"\")*\"[^{}\"]*)*\}"
_PLACE = r"(?:\$?[A-Z]{1,3}\$?\d+(?![\w(])|\$?[A-Z]{1,3}:\$?[A-Z]{1,3}(?![\w(])|\$?\d+:\$?\d+|#REF!)"

_FROM_CALC = re.compile(
    rf"(?P<string>{_STRING})|(?P<error>{_ERROR})|(?P<array>{_ARRAY})"
    rf"|(?<![\w.])\$?(?:(?P<quoted>'(?:[^']|'')+')|(?P<plain>\w*[^\W\d]\w*))\.(?={_PLACE})"
    r"|(?P<logical>\b(?:TRUE|FALSE))\(\)|(?P<sign>[;~!])"
)
_FROM_EXCEL = re.compile(
    rf"(?P<string>{_STRING})|(?P<error>{_ERROR})|(?P<array>{_ARRAY})"
    r"|(?:(?P<quoted>'(?:[^']|'')+')|(?P<plain>[\w.]+))!|\b(?P<logical>TRUE|FALSE)\b(?!\s*[(.!])|(?P<sign>,)"
)
_SIGNS = {";": ",", "~": ",", "!": " "}
_ARRAY_FROM_CALC = str.maketrans({";": ",", "|": ";"})
_ARRAY_FROM_EXCEL = str.maketrans({",": ";", ";": "|"})


def to_excel(formula: str) -> str:
    """A formula as LibreOffice's interface gives it, in Excel's English spelling."""

    def spell(match: re.Match[str]) -> str:
        if match["array"]:
            return _outside_strings(match["array"], _ARRAY_FROM_CALC)
        if match["quoted"] or match["plain"]:
            return f"{match['quoted'] or match['plain']}!"
        return match["logical"] or _SIGNS.get(match["sign"], "") or match[0]

    return _FROM_CALC.sub(spell, formula)


def to_calc(formula: str) -> str:
    """A formula in Excel's English spelling, as LibreOffice's interface takes it."""

    def spell(match: re.Match[str]) -> str:
        if match["array"]:
            return _outside_strings(match["array"], _ARRAY_FROM_EXCEL)
        if match["quoted"]:
            return f"${match['quoted']}."
        if match["plain"]:
            return f"$'{match['plain']}'."
        if match["logical"]:
            return f"{match['logical']}()"  # a bare FALSE would become the number 0
        return ";" if match["sign"] else match[0]

    return _FROM_EXCEL.sub(spell, formula)


def _outside_strings(array: str, table: dict[int, str]) -> str:
    parts = re.split(rf"({_STRING})", array)
    return "".join(part if place % 2 else part.translate(table) for place, part in enumerate(parts))
