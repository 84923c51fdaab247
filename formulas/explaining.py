"""Warnings about figures want a written explanation that travels inside the workbook (T12).

An explanation belongs to a warning when its line names the cell, by address (``F12``) or by codes (``Mã số 03, cột 5``,
``03, 5``), and the code of the warning or none. What is explained and no longer found is harmless.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from form_templates.definition import EXPLANATIONS_SHEET
from form_templates.explanations import Explanation, has_explanations, read_explanations
from form_templates.model import CellKey
from form_templates.reading import FilledForm
from formulas import catalogue
from formulas.naming import cell_name
from formulas.wording import first_of
from workbooks.address import address
from workbooks.finding import Finding, Severity
from workbooks.workbook import Workbook

WANTING: Final = frozenset(
    kind.code
    for kind in (
        catalogue.RELATION_UNUSUAL,
        catalogue.SHARE_OUT_OF_RANGE,
        catalogue.SCALE,
        catalogue.JUMP,
        catalogue.COLUMN_SCALE,
        catalogue.COLUMN_JUMP,
    )
)
"""Codes of the warnings that ask the officer about figures; technical warnings want no explanation."""

_FEWEST_WORDS: Final = 3
_FEWEST_LETTERS: Final = 8
_LONGEST: Final = 2_000
_NAMED: Final = 6
_WORD: Final = re.compile(r"[^\W\d_]+")
_PIECE: Final = re.compile(r"[\w*#.]+")
_ADDRESS: Final = re.compile(r"[a-z]{1,3}[1-9][0-9]{0,6}")
_FILLERS: Final = frozenset({"mã", "số", "dòng", "cột", "ô", "hàng"})

_Name = tuple[str, ...]


def wants_explanation(finding: Finding) -> bool:
    """Whether the officer must say why the figure is right all the same."""
    return finding.code in WANTING and finding.severity is Severity.WARNING


def is_enough(text: str) -> bool:
    """Whether a text explains anything: three different words at least, so not "ok" and not "."."""
    words = {word.casefold() for word in _WORD.findall(text)}
    return len(words) >= _FEWEST_WORDS and sum(map(len, words)) >= _FEWEST_LETTERS


def with_explanations(
    findings: Sequence[Finding], filled: FilledForm, workbook: Workbook, *, held: bool = False
) -> Iterator[Finding]:
    """The findings with what the workbook says about them, and one more where warnings are left unexplained.

    ``held``: the form was issued with a place for explanations, whatever became of it.

    Raises:
        WorkbookError: the sheet of explanations cannot be read.
    """
    if not any(map(wants_explanation, findings)):
        yield from findings
        return
    lines = _by_name(line for line in read_explanations(workbook) if is_enough(line.text))
    keys = {(cell.sheet, address(cell.row, cell.column)): key for key, cell in filled.cells.items()}
    bare: list[Finding] = []
    for finding in findings:
        if not wants_explanation(finding):
            yield finding
            continue
        text = _explanation(finding, keys.get((finding.sheet, finding.cell)), lines)
        if not text:
            bare.append(finding)
        yield replace(finding, explanation=text)
    # Forms issued before there was a place for explanations are not held to them.
    if bare and (held or has_explanations(workbook)):
        named = first_of([f"{finding.code} ở {finding.cell}" for finding in bare], _NAMED, "cảnh báo khác")
        yield catalogue.UNEXPLAINED.at(EXPLANATIONS_SHEET, "", count=str(len(bare)), warnings=named)


def _by_name(lines: Iterable[Explanation]) -> Mapping[_Name, Sequence[Explanation]]:
    """The lines by each cell that they may mean: there may be thousands of warnings to look them up for."""
    found: dict[_Name, list[Explanation]] = {}
    for line in lines:
        for name in _names(line.cell):
            found.setdefault(name, []).append(line)
    return found


def _explanation(finding: Finding, key: CellKey | None, lines: Mapping[_Name, Sequence[Explanation]]) -> str:
    names = [_name(finding.cell)]
    if key is not None:
        names += [_name(cell_name(key)), _name(f"{key.member or key.row} {key.column}")]
    texts = [line.text for name in names for line in lines.get(name, ()) if _is_about(line, finding.code)]
    told = "; ".join(dict.fromkeys(texts))[:_LONGEST]
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in told).strip()


def _is_about(line: Explanation, code: str) -> bool:
    return line.code.upper().removeprefix("BS").strip() in ("", code.removeprefix("BS"))


def _names(text: str) -> set[_Name]:
    """What a line may mean: one cell, or several addresses."""
    name = _name(text)
    each = {(piece,) for piece in name} if all(map(_ADDRESS.fullmatch, name)) else set()
    return (each | {name}) - {()}


def _name(text: str) -> _Name:
    plain = unicodedata.normalize("NFC", text.rpartition("!")[2].replace("$", "")).casefold()
    return tuple(piece for piece in _PIECE.findall(plain) if piece not in _FILLERS)
