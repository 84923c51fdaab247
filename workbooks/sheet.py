"""A worksheet read in one pass: every cell with its value, formula and style.

====== ============================================================
BS141  the sheet or its part cannot be read
BS142  a cell address that is wrong, repeated or out of order
BS143  a value that is not of the type the cell declares
BS144  formulas that would take too much memory
====== ============================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import repeat
from math import inf, isfinite
from typing import NamedTuple

from lxml import etree

from workbooks import markup
from workbooks.address import MAX_COLUMN, MAX_ROW, Range, address, parse_range
from workbooks.errors import WorkbookError
from workbooks.raw_sheet import ATTRIBUTE, RawRow, Shape, TextRun, index_of, is_below, raw_rows, unescape
from workbooks.references import translate

__all__ = [
    "BLANK_CELL",
    "MAX_EXPANDED",
    "MAX_FORMULA",
    "Cell",
    "CellError",
    "SharedString",
    "Sheet",
    "TextRun",
    "Value",
    "read_sheet",
]


class CellError(StrEnum):
    """An error value as the cell shows it."""

    NULL = "#NULL!"
    DIV0 = "#DIV/0!"
    VALUE = "#VALUE!"
    REF = "#REF!"
    NAME = "#NAME?"
    NUM = "#NUM!"
    NA = "#N/A"
    GETTING_DATA = "#GETTING_DATA"
    SPILL = "#SPILL!"
    CALC = "#CALC!"
    FIELD = "#FIELD!"
    BLOCKED = "#BLOCKED!"
    CONNECT = "#CONNECT!"
    UNKNOWN = "#UNKNOWN!"
    BUSY = "#BUSY!"


Value = float | str | bool | CellError | None


class Cell(NamedTuple):
    """One cell. A formula has no leading ``=``; an array formula stands in braces (``{SUM(A1:A3*B1:B3)}``)."""

    value: Value
    formula: str | None = None
    style: int = 0
    runs: tuple[TextRun, ...] = ()


BLANK_CELL = Cell(None)


class SharedString(NamedTuple):
    """One entry of the table of texts."""

    text: str
    runs: tuple[TextRun, ...]


class Condition(NamedTuple):
    """A conditional format: where, the index of its style (-1: none), and whether it shows the cell's own value."""

    areas: tuple[Range, ...]
    style: int
    shows_value: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet.

    Attributes:
        cells: by (row, column), every cell that the file mentions.
        formula_size: characters of its formulas, shared ones written out.
    """

    name: str
    cells: Mapping[tuple[int, int], Cell]
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[Range, ...] = ()
    protected: bool = False
    formula_size: int = 0
    conditions: tuple[Condition, ...] = ()

    def cell(self, row: int, column: int) -> Cell:
        """The cell there; a blank one where the file mentions none."""
        return self.cells.get((row, column), BLANK_CELL)


# A sheet has tens of thousands of cells: Cell(…) would first go through a Python function of NamedTuple's.
_CELL = tuple.__new__
_DIGITS = "0123456789.-+eE"


class _Prepared(NamedTuple):
    """The cells of a shape by what has to be done for them.

    Attributes:
        fixed: cells that have no value of their own.
        slots, places, formulas, styles: of the cells with numbers; slots count the values of the row.
        others: slot, place, style, type and formula of the cells with values of any other type.
    """

    fixed: dict[tuple[int, int], Cell]
    slots: tuple[int, ...]
    places: tuple[tuple[int, int], ...]
    formulas: tuple[str | None, ...]
    styles: tuple[int, ...]
    others: tuple[tuple[int, tuple[int, int], int, str, str | None], ...]


def _prepared(shape: Shape) -> _Prepared:
    fixed = {place: Cell(text, formula, style) for place, style, _, formula, text, slot in shape.cells if not slot}
    filled = [cell for cell in shape.cells if cell[5]]
    numbers = [(slot, cell) for slot, cell in enumerate(filled) if not cell[2]]
    return _Prepared(
        fixed,
        tuple(slot for slot, _ in numbers),
        tuple(cell[0] for _, cell in numbers),
        tuple(cell[3] for _, cell in numbers),
        tuple(cell[1] for _, cell in numbers),
        tuple((slot, *cell[:4]) for slot, cell in enumerate(filled) if cell[2]),
    )


def _plain_numbers(texts: Sequence[str]) -> list[float | None] | None:
    """The numbers; None where any of them is written in other letters than these, is none, or is beyond all bounds."""
    if "".join(texts).strip(_DIGITS):
        return None
    try:
        numbers: list[float | None] = list(map(float, texts))
    except ValueError:
        return None
    return None if inf in numbers or -inf in numbers else numbers


_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")

# Excel stores at most 16,384 bytes of formula. Characters of shared formulas written out, per sheet: a form has some
# hundred thousand, and a million takes about a second.
MAX_FORMULA, MAX_EXPANDED = 16_384, 4_000_000
_NARROWEST = 0.5  # characters
_DAMAGED = "Mở tệp bằng Excel, để Excel sửa tệp, lưu lại dạng .xlsx rồi gửi lại."


def read_sheet(
    data: bytes,
    name: str,
    part: str,
    strings: Sequence[SharedString],
    *,
    styles: int = 1,
    date1904: bool = False,
    most_formulas: int = MAX_EXPANDED,
) -> Sheet:
    """Read a worksheet part; ``styles`` is how many cell styles the workbook has.

    Raises:
        WorkbookError: BS122, BS123, BS141 … BS144.
    """
    root, rows = raw_rows(data, name, part)
    reader = _Reader(
        name, part, strings, styles=styles, date1904=date1904, most_formulas=min(most_formulas, MAX_EXPANDED)
    )
    hidden = []
    for row in rows:
        reader.take(row)
        if row.hidden:
            hidden.append(row.row)
    return Sheet(
        name,
        reader.cells,
        frozenset(hidden),
        frozenset(_hidden_columns(root)),
        tuple(_merged(root, name)),
        root.find(f"{{{markup.MAIN}}}sheetProtection") is not None,
        reader.formula_size,
        tuple(_conditions(root)),
    )


class _Reader:
    """Turns raw cells into cells, keeping what shared formulas need between rows."""

    def __init__(
        self,
        name: str,
        part: str,
        strings: Sequence[SharedString],
        *,
        styles: int,
        date1904: bool,
        most_formulas: int,
    ) -> None:
        self.cells: dict[tuple[int, int], Cell] = {}
        self.formula_size = 0
        self._name, self._part, self._strings, self._styles = name, part, strings, styles
        self._epoch = datetime(1904, 1, 1) if date1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - dates have no zone
        self._shared: dict[str, tuple[int, int, str]] = {}
        self._row = 0
        self._most_formulas = most_formulas

    def take(self, row: RawRow) -> None:
        """Add the cells of a row; rows and columns must ascend, as the format demands."""
        number = row.row
        if not self._row < number <= MAX_ROW:
            raise self._refusal("BS142", f"Dòng {number} lặp lại hoặc sai thứ tự", number, 1)
        self._row = number
        shape = row.shape
        if shape is not None:
            self._take_shaped(shape, row.values, number)
            return
        last = 0
        cells = self.cells
        for column, style, kind, marks, formula_text, text, raw_runs in row.cells:
            if column <= last:
                raise self._refusal("BS142", "Ô lặp lại hoặc sai thứ tự", number, column)
            last = column
            index = int(style) if style else 0
            if not 0 <= index < self._styles:
                raise self._refusal("BS143", f"Kiểu trình bày {index} không có trong tệp", number, column)
            formula = None
            if marks is not None:
                if len(formula_text) > MAX_FORMULA:
                    raise self._refusal("BS144", f"Công thức dài {len(formula_text)} ký tự", number, column)
                formula = self._formula(marks, formula_text, number, column) if marks else formula_text or None
                self.formula_size += len(formula or "")
                if self.formula_size > self._most_formulas:
                    raise self._refusal("BS144", "Công thức quá dài hoặc quá nhiều", number, column)
            if kind in {"", "n"}:
                value = self._number(text, number, column) if text else None
                cells[number, column] = _CELL(Cell, (value, formula, index, ()))
            else:
                shown, runs = self._other(kind, text, raw_runs, number, column)
                cells[number, column] = Cell(shown, formula, index, runs)

    def _take_shaped(self, shape: Shape, values: Sequence[str], row: int) -> None:
        """The same for a row of known shape, whose order and formulas were looked at before."""
        self.formula_size += shape.formula_size
        if shape.longest_formula > MAX_FORMULA or self.formula_size > self._most_formulas:
            raise self._refusal("BS144", "Công thức quá dài hoặc quá nhiều", row, 1)
        if shape.styles > self._styles:
            raise self._refusal("BS143", f"Kiểu trình bày {shape.styles - 1} không có trong tệp", row, 1)
        known = shape.prepared
        if not isinstance(known, _Prepared):
            known = shape.prepared = _prepared(shape)
        cells = self.cells
        cells.update(known.fixed)
        for slot, place, style, kind, formula in known.others:
            text = values[slot]
            shown, runs = self._other(kind, text if text or kind == "str" else None, (), *place)
            cells[place] = Cell(shown, formula, style, runs)
        texts = [values[slot] for slot in known.slots] if known.others else values
        # All at once: a loop over single cells takes three times as long. Only what is odd is looked at one by one.
        numbers = _plain_numbers(texts)
        if numbers is None:
            numbers = [
                self._number(text, *place) if text else None for text, place in zip(texts, known.places, strict=True)
            ]
        made = zip(numbers, known.formulas, known.styles, repeat(()))
        cells.update(zip(known.places, map(_CELL, repeat(Cell), made), strict=False))

    def _number(self, text: str, row: int, column: int) -> float:
        text = text.strip()
        if _NUMBER.fullmatch(text) is None or not isfinite(number := float(text)):
            raise self._refusal("BS143", f"Giá trị “{text}” không phải là số", row, column)
        return number

    def _other(
        self, kind: str, text: str | None, runs: tuple[TextRun, ...], row: int, column: int
    ) -> tuple[Value, tuple[TextRun, ...]]:
        if text is None:
            return None, ()
        if kind == "s":
            position = index_of(text.strip())
            if not 0 <= position < len(self._strings):
                raise self._refusal("BS143", f"Chuỗi số “{text}” không có trong bảng chuỗi", row, column)
            return self._strings[position]
        if kind in {"str", "inlineStr"}:
            return unescape(text), runs
        try:
            if kind == "b":
                return {"0": False, "1": True, "false": False, "true": True}[text.strip()], ()
            if kind == "e":
                return CellError(text.strip()), ()
            if kind == "d":
                moment = datetime.fromisoformat(text.strip()).replace(tzinfo=None)
                return (moment - self._epoch) / timedelta(days=1), ()
        except (KeyError, ValueError) as error:
            raise self._refusal("BS143", f"Giá trị “{text}” không đúng loại “{kind}”", row, column) from error
        raise self._refusal("BS143", f"Loại giá trị “{kind}” không có trong chuẩn", row, column)

    def _formula(self, marks: str, text: str, row: int, column: int) -> str | None:
        attributes = dict(ATTRIBUTE.findall(marks))
        kind = attributes.get("t", "normal")
        if kind == "array":
            return "{" + text + "}"
        if kind == "dataTable":
            # A what-if table has no formula text; the name keeps it visible as a formula that nobody may use.
            return "TABLE()"
        if kind != "shared":
            return text or None
        group = attributes.get("si", "")
        if text:
            self._shared[group] = (row, column, text)
            return text
        if group not in self._shared:
            raise self._refusal("BS143", f"Công thức dùng chung “{group}” không có ô gốc", row, column)
        from_row, from_column, master = self._shared[group]
        return translate(master, row - from_row, column - from_column)

    def _refusal(self, code: str, message: str, row: int, column: int) -> WorkbookError:
        cell = address(row, column) if 1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN else f"dòng {row}"
        return WorkbookError(code, f"{message} (trang “{self._name}”, ô {cell}).", _DAMAGED, part=self._part)


def _hidden_columns(root: etree._Element) -> Iterator[int]:
    spans: set[tuple[int, int]] = set()
    for item in root.iterfind(f"{{{markup.MAIN}}}cols/{{{markup.MAIN}}}col"):
        if item.get("hidden") in {"1", "true"} or is_below(item.get("width"), _NARROWEST):
            spans.add((max(index_of(item.get("min", "")), 1), min(index_of(item.get("max", "")), MAX_COLUMN)))
    # However many spans overlap, each column is told once.
    told = 0
    for first, last in sorted(spans):
        yield from range(max(first, told + 1), last + 1)
        told = max(told, last)


def _merged(root: etree._Element, name: str) -> Iterator[Range]:
    for item in root.iterfind(f"{{{markup.MAIN}}}mergeCells/{{{markup.MAIN}}}mergeCell"):
        try:
            yield parse_range(item.get("ref", ""))
        except ValueError as error:
            raise WorkbookError(
                "BS142", f"Vùng gộp ô “{item.get('ref')}” của trang “{name}” sai địa chỉ.", _DAMAGED
            ) from error


def _conditions(root: etree._Element) -> Iterator[Condition]:
    for item in root.iterfind(f"{{{markup.MAIN}}}conditionalFormatting"):
        areas = tuple(_areas(item.get("sqref", "")))
        for rule in item.iterfind(f"{{{markup.MAIN}}}cfRule"):
            pictures = [part for part in rule if part.get("showValue") in {"0", "false"}]
            yield Condition(areas, index_of(rule.get("dxfId", "")), not pictures)


def _areas(text: str) -> Iterator[Range]:
    for part in text.split():
        with suppress(ValueError):  # no program applies a format to a place that is none
            yield parse_range(part)
