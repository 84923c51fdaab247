"""Checks on what was typed: numbers as text, values that the form's units do not allow, cells left blank (C06, C69)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

from form_templates.model import CellKey, CellKind, CellSpec
from form_templates.reading import FilledCell, FilledForm, ValueState, state_of
from formulas import catalogue
from formulas.compiler import typed_result
from formulas.naming import cell_name
from formulas.numerals import readings
from formulas.units import is_money, is_ratio
from formulas.wording import excerpt, in_words, value_text
from workbooks.address import address
from workbooks.finding import Finding
from workbooks.workbook import Workbook

_MOST_EXACT: Final = Decimal(10) ** 15
_MOST_PLAIN: Final = 1e14
_NAMED_BLANKS: Final = 5
# A comma behind the last digit divides what is shown by a thousand.
_SCALED: Final = re.compile(r"[0#?],+(?![0#?,])")
_FORMAT_LITERALS: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')

Check = Callable[["CellKey", CellSpec, FilledCell], Iterator[Finding]]


def check_values(filled: FilledForm, workbook: Workbook) -> Iterator[Finding]:
    """Findings on every cell that people fill, and on hatched cells that they should not."""
    odd = {style for style, text in enumerate(workbook.styles.formats) if disguises(text) or _reads_as(text)}
    for key, cell in filled.cells.items():
        spec = cell.spec
        if spec.kind is CellKind.CALC:
            if cell.style in odd:
                yield from _looked_at(key, spec, cell, workbook)
        elif spec.kind is CellKind.NOT_APPLICABLE:
            yield from _hatched(key, cell)
        elif spec.kind is CellKind.TEXT:
            if cell.state is ValueState.ERROR:
                yield from _error(key, spec, cell)
        elif cell.style in odd or not _is_plain(spec, cell):
            yield from _looked_at(key, spec, cell, workbook)
    yield from _blanks(filled)


def _is_plain(spec: CellSpec, cell: FilledCell) -> bool:
    """Whether a glance is enough, as it is for nearly every typed cell: a number like any other."""
    value = cell.value
    if cell.state is not ValueState.NUMBER or cell.formula is not None or not isinstance(value, float):
        return cell.state is ValueState.BLANK and cell.formula is None
    return 0 <= value * 10.0**spec.decimals < _MOST_PLAIN and round(value, spec.decimals) == value


def _looked_at(key: CellKey, spec: CellSpec, cell: FilledCell, workbook: Workbook) -> Iterator[Finding]:
    yield from _disguise(key, cell, workbook)
    if spec.kind is not CellKind.CALC:
        cell = _with_typed_result(cell)
        yield from _BY_STATE[cell.state](key, spec, cell)
        yield from _format(key, cell, workbook)


def _with_typed_result(cell: FilledCell) -> FilledCell:
    """A sum typed into the cell (``=120+35``) counts as its result, whatever the file shows."""
    result = None if cell.formula is None else typed_result(cell.formula)
    return cell if result is None else cell._replace(value=result, state=state_of(result))


def _at(kind: catalogue.Kind, key: CellKey, cell: FilledCell, **details: str) -> Finding:
    return kind.at(cell.sheet, address(cell.row, cell.column), name=cell_name(key), **details)


def _hatched(key: CellKey, cell: FilledCell) -> Iterator[Finding]:
    if cell.formula is None and cell.state in _FILLED:
        yield _at(catalogue.NOT_APPLICABLE_FILLED, key, cell, value=value_text(cell.value))


_FILLED: Final = frozenset({ValueState.NUMBER, ValueState.TEXT, ValueState.BOOLEAN, ValueState.ERROR})


def _number(key: CellKey, spec: CellSpec, cell: FilledCell) -> Iterator[Finding]:
    if not isinstance(cell.value, int | float):
        return
    value = Decimal(f"{cell.value:.15g}")
    details = {"value": value_text(cell.value), "unit": spec.unit or "không ghi"}
    if abs(value).scaleb(spec.decimals) >= _MOST_EXACT:
        yield _at(catalogue.TOO_LARGE, key, cell, **details)
    elif _decimals(value) > spec.decimals:
        kind = catalogue.TOO_PRECISE if spec.decimals else catalogue.NOT_WHOLE
        yield _at(kind, key, cell, **details, decimals=str(spec.decimals))
    # A carried figure was looked at when it was reported; a balance of trade may well have been negative.
    if value < 0 and spec.kind is not CellKind.CARRY and not is_ratio(spec.unit):
        kind = catalogue.NEGATIVE_MONEY if is_money(spec.unit) else catalogue.NEGATIVE
        yield _at(kind, key, cell, **details)


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _text(key: CellKey, spec: CellSpec, cell: FilledCell) -> Iterator[Finding]:
    text = str(cell.value)
    found = readings(text, spec.unit)
    if not found:
        yield _at(catalogue.TEXT_FOR_NUMBER, key, cell, text=excerpt(text))
    elif len(found) == 1:
        yield _at(catalogue.NUMBER_AS_TEXT, key, cell, text=excerpt(text), reading=in_words(found[0]))
    else:
        *others, second = map(in_words, found)
        first = ", ".join(others)
        yield _at(catalogue.AMBIGUOUS_NUMBER, key, cell, text=excerpt(text), first=first, second=second)


def _error(key: CellKey, _spec: CellSpec, cell: FilledCell) -> Iterator[Finding]:
    yield _at(catalogue.ERROR_VALUE, key, cell, value=value_text(cell.value))


def _boolean(key: CellKey, _spec: CellSpec, cell: FilledCell) -> Iterator[Finding]:
    yield _at(catalogue.LOGICAL, key, cell, value=value_text(cell.value))


def _crossed(key: CellKey, _spec: CellSpec, cell: FilledCell) -> Iterator[Finding]:
    yield _at(catalogue.APPLICABLE_CROSSED, key, cell)


def _nothing(_key: CellKey, _spec: CellSpec, _cell: FilledCell) -> Iterator[Finding]:
    return iter(())


_BY_STATE: Final[Mapping[ValueState, Check]] = {
    ValueState.NUMBER: _number,
    ValueState.TEXT: _text,
    ValueState.ERROR: _error,
    ValueState.BOOLEAN: _boolean,
    ValueState.NOT_APPLICABLE: _crossed,
    ValueState.BLANK: _nothing,
    ValueState.NONE: _nothing,
    ValueState.NO_DATA: _nothing,
}


def _format(key: CellKey, cell: FilledCell, workbook: Workbook) -> Iterator[Finding]:
    """Excel turns 1/2 into a date and 50% into 0.5, and shows it only in the format."""
    kind = _reads_as(workbook.format_of(cell.style))
    if kind is not None and cell.state is ValueState.NUMBER:
        yield _at(kind, key, cell, value=value_text(cell.value))


@lru_cache(maxsize=256)
def _reads_as(number_format: str) -> catalogue.Kind | None:
    """What a number in this format is taken for, if not for a number."""
    form = _FORMAT_LITERALS.sub("", number_format).casefold()
    if form != "general" and re.search("[dyhs]|m{1,5}", form):
        return catalogue.DATE
    return catalogue.PERCENT if "%" in form else None


def _disguise(key: CellKey, cell: FilledCell, workbook: Workbook) -> Iterator[Finding]:
    """A leader signs what the cell shows: a format must not hide the number, scale it, or add digits to it."""
    number_format = workbook.format_of(cell.style)
    if cell.state is ValueState.NUMBER and disguises(number_format):
        details = {"format": excerpt(number_format), "value": value_text(cell.value)}
        yield _at(catalogue.DISGUISED, key, cell, **details)


@lru_cache(maxsize=256)
def disguises(number_format: str) -> bool:
    """Whether a number format (ECMA-376 part 1, 18.8.31) shows another number than the value.

    The section for zero may say "-", as accounting formats do, and the one for text is of no concern here.
    """
    shown = [literal if literal[0] in '"\\' else "" for literal in _FORMAT_LITERALS.findall(number_format)]
    plain = _FORMAT_LITERALS.sub("", number_format)
    conditional = re.search(r"\[[<>=]", number_format) is not None
    sections = plain.split(";")[: 3 if conditional else 2]
    adds_digits = any(any(letter.isdigit() for letter in literal) for literal in shown) or re.search("[1-9]", plain)
    return bool(adds_digits) or any(_hides(section) or _SCALED.search(section) for section in sections)


def _hides(section: str) -> bool:
    return not re.search("[0#?@]|general|[dyhs]|m{1,5}", section, re.IGNORECASE)


def _blanks(filled: FilledForm) -> Iterator[Finding]:
    """One finding for each table: a list of a hundred blank cells helps nobody."""
    for layout in filled.layouts:
        blank = [
            cell
            for key, cell in filled.cells.items()
            if key.table == layout.table
            and cell.state is ValueState.BLANK
            and cell.formula is None
            and cell.spec.kind is CellKind.INPUT
        ]
        if blank:
            first = sorted(blank, key=lambda cell: (cell.row, cell.column))
            named = [address(cell.row, cell.column) for cell in first[:_NAMED_BLANKS]]
            cells = ", ".join(named) + (", …" if len(blank) > _NAMED_BLANKS else "")
            yield catalogue.BLANK.at(layout.sheet, named[0], table=layout.table, count=str(len(blank)), cells=cells)
