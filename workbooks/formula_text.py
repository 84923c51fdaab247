"""Strings, names and table columns inside formula text: changed without touching anything else of the formula."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_STRING = r'"(?:[^"]|"")*+"'
_QUOTED = r"'(?:[^']|'')*+'"
_ITEM = r"(?:[^\[\]']|'.)"
_BRACKETS = rf"\[(?:{_ITEM}|\[{_ITEM}*+\])*+\]"
_STRINGS = re.compile(rf"(?P<string>{_STRING})|{_QUOTED}|{_BRACKETS}", re.DOTALL)
_COLUMNS = re.compile(rf"{_STRING}|{_QUOTED}|(?P<brackets>{_BRACKETS})", re.DOTALL)
_COLUMN = re.compile(rf"(?P<lead>\[@?|:)(?P<name>{_ITEM}+)(?=\])", re.DOTALL)
# What column names must be escaped for inside brackets (ECMA-376 part 1, 18.17.2.5 and Excel's own writing).
_ESCAPED = re.compile(r"(['#@\[\]])")


def strings(formula: str) -> tuple[str, ...]:
    """The string constants of a formula, unquoted, in order."""
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    map_strings(formula, note)
    return tuple(found)


def map_strings(formula: str, change: Callable[[str], str]) -> str:
    """Rewrite the string constants; ``change`` gets and gives them unquoted."""

    def replace(match: re.Match[str]) -> str:
        quoted = match["string"]
        if quoted is None:
            return match[0]
        text = quoted[1:-1].replace('""', '"')
        new = change(text)
        return quoted if new == text else '"' + new.replace('"', '""') + '"'

    return _STRINGS.sub(replace, formula) if '"' in formula else formula


def with_strings(formula: str, changes: Mapping[int, str]) -> str:
    """The formula with some of its string constants changed, by their number."""
    number = -1

    def change(text: str) -> str:
        nonlocal number
        number += 1
        return changes.get(number, text)

    return map_strings(formula, change)


def rename_names(formula: str, names: Mapping[str, str]) -> str:
    """Defined names and table names as they are called now; ``names`` is old name in lower case → new name.

    Old names may hold signs that are no letters (``Tæng_sè®``): a name ends where no letter, digit or sign of names
    follows.
    """
    if not any(name in formula.lower() for name in names):
        return formula
    longest_first = sorted(names, key=len, reverse=True)
    words = "|".join(map(re.escape, longest_first))
    pattern = re.compile(
        rf"{_STRING}|{_QUOTED}|{_BRACKETS}|(?<![\w.\\?])(?P<name>{words})(?![\w.\\?!])", re.DOTALL | re.IGNORECASE
    )
    return pattern.sub(lambda match: names[match["name"].lower()] if match["name"] else match[0], formula)


def rename_columns(formula: str, columns: Mapping[str, str]) -> str:
    """Columns of tables as they are called now (``Table1[[#All],[old]]``); ``columns`` is old name → new name."""
    if "[" not in formula:
        return formula

    def column(match: re.Match[str]) -> str:
        name = re.sub(r"'(.)", r"\1", match["name"])
        new = columns.get(name)
        return match[0] if new is None else match["lead"] + _ESCAPED.sub(r"'\1", new)

    def brackets(match: re.Match[str]) -> str:
        return _COLUMN.sub(column, match["brackets"]) if match["brackets"] else match[0]

    return _COLUMNS.sub(brackets, formula)
