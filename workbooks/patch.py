"""Writing cells into a finished workbook: only the sheets that change are written anew, all else is copied raw.

====== ============================================================
BS150  a value that a cell cannot hold
BS151  a cell that cannot be changed alone (part of an array formula)
====== ============================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite

from lxml import etree

from workbooks import markup
from workbooks.address import MAX_COLUMN, MAX_ROW, Range, address, parse_address, parse_range
from workbooks.errors import WorkbookError
from workbooks.package import CONTENT_TYPES_PART, Package, relationships_part
from workbooks.references import translate
from workbooks.registration import change_overrides, remove_relationships
from workbooks.sheet import MAX_EXPANDED, MAX_FORMULA, CellError
from workbooks.workbook import open_workbook

Plain = float | int | Decimal | str | bool | CellError | None


@dataclass(frozen=True, slots=True)
class Constant:
    """This value and no formula."""

    value: Plain


@dataclass(frozen=True, slots=True)
class Formula:
    """This formula (without ``=``), showing ``cached`` until it is calculated."""

    text: str
    cached: Plain = None


@dataclass(frozen=True, slots=True)
class Styled:
    """A patch, and the cell style (index into the workbook's styles) to go with it."""

    patch: Plain | Constant | Formula
    style: int


# A plain value replaces what the cell shows; a formula that is there stays and gets it as its cached value.
Patch = Plain | Constant | Formula | Styled
Patches = Mapping[tuple[int, int], Patch]

_C, _F, _V, _IS, _T, _ROW = (f"{{{markup.MAIN}}}{name}" for name in ("c", "f", "v", "is", "t", "row"))
_SHEET_DATA = f"{{{markup.MAIN}}}sheetData"
_MAX_TEXT, _MAX_SHOWN_FORMULA = 32_767, 8_192
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_CALC_CHAIN = "calcChain"
_REMEDY = "Mở tệp bằng Excel, lưu lại dạng .xlsx rồi làm lại."


def patch_cells(data: bytes, patches: Mapping[str, Patches]) -> bytes:
    """Write these cells; the bytes of every part that does not change stay as they are.

    Args:
        data: the workbook.
        patches: sheet name → (row, column) → patch.

    Raises:
        WorkbookError: the workbook cannot be opened, a sheet is missing, BS150, BS151.
    """
    workbook = open_workbook(data)
    changes: dict[str, bytes | None] = {}
    formulas_changed = False
    with refusing_bad_numbers():
        for name, cells in patches.items():
            part = workbook.sheet_entry(name).part
            editor = SheetEditor(markup.parse_xml(workbook.package.part(part), part), name)
            editor.patch(cells)
            formulas_changed |= editor.formulas_changed
            changes[part] = editor.to_bytes()
    if formulas_changed:
        changes |= without_calc_chain(workbook.package, workbook.part)
    return workbook.package.with_parts(changes)


@contextmanager
def refusing_bad_numbers() -> Iterator[None]:
    """A number or address in the file that is none is the file's fault, and is refused as such (BS142)."""
    try:
        yield
    except (ValueError, OverflowError) as error:
        raise WorkbookError("BS142", "Tệp có số hoặc địa chỉ ô không hợp lệ.", _REMEDY) from error


def without_calc_chain(package: Package, workbook_part: str) -> dict[str, bytes | None]:
    """The changes that strike the calculation chain; Excel builds it anew, and calls a stale one damage."""
    chains = [item for item in package.relationships(workbook_part) if item.kind == _CALC_CHAIN]
    if not chains:
        return {}
    rels = relationships_part(workbook_part)
    return {
        **{item.target: None for item in chains},
        rels: remove_relationships(package.part(rels), {item.id for item in chains}),
        CONTENT_TYPES_PART: change_overrides(package.part(CONTENT_TYPES_PART), {item.target: None for item in chains}),
    }


class SheetEditor:
    """One worksheet being changed. ``formulas_changed`` tells whether a formula came or went."""

    def __init__(self, root: etree._Element, name: str, *, numbered: bool = False) -> None:
        """Prepare the sheet; ``numbered`` says that an editor has already gone over this very tree or its original."""
        self.root, self.name = root, name
        self.formulas_changed = False
        found = root.find(_SHEET_DATA)
        if found is None:
            raise WorkbookError("BS141", f"Trang “{name}” không phải trang tính.", _REMEDY)
        self.data = found
        if not numbered:
            self._number()
        self.arrays = self._array_ranges()
        self._rows = {int(row.get("r", "0")): row for row in found.iterfind(_ROW)}

    @property
    def last_row(self) -> int:
        """Number of the last row written down; 0 in an empty sheet."""
        return max(self._rows, default=0)

    def to_bytes(self) -> bytes:
        """The sheet part."""
        return markup.write_xml(self.root)

    def patch(self, cells: Patches) -> None:
        """Write cells; creates rows and cells where there are none."""
        self._expand_shared({key for key, patch in cells.items() if _replaces_formula(patch)})
        by_row: dict[int, dict[int, Patch]] = {}
        for (row, column), patch in sorted(cells.items(), key=lambda item: item[0]):
            by_row.setdefault(row, {})[column] = patch
        created: list[tuple[int, int]] = []
        for row, patches in by_row.items():
            created += self._patch_row(row, patches)
        self._grow_dimension(created)

    def _patch_row(self, number: int, patches: Mapping[int, Patch]) -> list[tuple[int, int]]:
        row = self._rows.get(number)
        cells = {} if row is None else {parse_address(item.get("r", ""))[1]: item for item in row.iterfind(_C)}
        created = []
        for column, patch in patches.items():
            style, plain = (patch.style, patch.patch) if isinstance(patch, Styled) else (None, patch)
            cell = cells.get(column)
            if cell is None:
                if plain is None and style is None:
                    continue
                row = self._row(number) if row is None else row
                cell = self._new_cell(row, number, column, cells)
                cells[column] = cell
                created.append((number, column))
            if style is not None:
                cell.set("s", str(style))
            self._write(cell, plain, number, column)
        if created and row is not None:
            row.attrib.pop("spans", "")
        return created

    def _write(self, cell: etree._Element, patch: Plain | Constant | Formula, row: int, column: int) -> None:
        formula = cell.find(_F)
        if isinstance(patch, Constant | Formula) and (holder := self._array_at(row, column)) is not None:
            raise self._refusal("BS151", f"thuộc công thức mảng {holder}, không sửa riêng được", row, column)
        if isinstance(patch, Constant):
            formula, value = None, patch.value
        elif isinstance(patch, Formula):
            formula, value = self._formula(patch.text, row, column), patch.cached
        else:
            value = patch
        self.formulas_changed |= (formula is None) != (cell.find(_F) is None)
        for child in list(cell):
            cell.remove(child)
        # "vm" and "cm" point at rich-value records of the value and the formula that were here.
        for mark in ("t", "vm") if formula is not None else ("t", "vm", "cm"):
            cell.attrib.pop(mark, "")
        if formula is not None:
            cell.append(formula)
        self._value(cell, value, row, column, under_formula=formula is not None)

    def _formula(self, text: str, row: int, column: int) -> etree._Element:
        if not text or len(text) > _MAX_SHOWN_FORMULA or _CONTROL.search(text):
            raise self._refusal("BS150", f"không nhận công thức dài {len(text)} ký tự này", row, column)
        element = etree.Element(_F)
        element.text = text.removeprefix("=")
        return element

    def _value(self, cell: etree._Element, value: Plain, row: int, column: int, *, under_formula: bool) -> None:
        if value is None:
            return
        if isinstance(value, bool):
            kind, text = "b", str(int(value))
        elif isinstance(value, CellError):
            kind, text = "e", value.value
        elif isinstance(value, str):
            kind, text = ("str" if under_formula else "inlineStr"), self._text(value, row, column)
        elif isinstance(value, int | float | Decimal):
            kind, text = "", self._number_text(value, row, column)
        else:
            raise self._refusal("BS150", f"không nhận giá trị kiểu {type(value).__name__}", row, column)
        if kind:
            cell.set("t", kind)
        holder = etree.SubElement(cell, _IS if kind == "inlineStr" else _V)
        if kind == "inlineStr":
            holder = etree.SubElement(holder, _T)
        if text != text.strip() or "\n" in text:
            holder.set(markup.XML_SPACE, "preserve")
        holder.text = text

    def _text(self, value: str, row: int, column: int) -> str:
        if len(value) > _MAX_TEXT:
            raise self._refusal(
                "BS150", f"không chứa được chuỗi dài {len(value)} ký tự (tối đa {_MAX_TEXT})", row, column
            )
        if (odd := _CONTROL.search(value)) is not None:
            raise self._refusal("BS150", f"không chứa được ký tự điều khiển U+{ord(odd[0]):04X}", row, column)
        return _LOOKS_ESCAPED.sub("_x005F_", value).replace("\r", "_x000D_")

    def _number_text(self, value: float | Decimal, row: int, column: int) -> str:
        try:
            finite = isfinite(float(value))
        except (OverflowError, ValueError):  # an integer of hundreds of digits, a signalling NaN
            finite = False
        if not finite:
            raise self._refusal("BS150", "không chứa được số vô hạn, quá lớn hoặc không xác định", row, column)
        text = format(value, "f") if isinstance(value, Decimal) else repr(value)
        # Excel keeps 15 digits, so a whole number is written as one and nothing else is rounded here.
        return text.removesuffix(".0")

    def _row(self, number: int) -> etree._Element:
        """The row, made in its place if it is missing."""
        if not 1 <= number <= MAX_ROW:
            raise self._refusal("BS150", "nằm ngoài trang tính", number, 1)
        row = etree.Element(_ROW, r=str(number))
        later = [other for other in self._rows if other > number]
        if later:
            self._rows[min(later)].addprevious(row)
        else:
            self.data.append(row)
        self._rows[number] = row
        return row

    def _new_cell(
        self, row: etree._Element, number: int, column: int, cells: Mapping[int, etree._Element]
    ) -> etree._Element:
        if not 1 <= column <= MAX_COLUMN:
            raise self._refusal("BS150", "nằm ngoài trang tính", number, column)
        cell = etree.Element(_C, r=address(number, column))
        style = row.get("s") if row.get("customFormat") in {"1", "true"} else self._column_style(column)
        if style:
            cell.set("s", style)
        later = [other for other in cells if other > column]
        if later:
            cells[min(later)].addprevious(cell)
        else:
            # <extLst> may close a row.
            last = cells[max(cells)] if cells else None
            row.insert(0, cell) if last is None else last.addnext(cell)
        return cell

    def _column_style(self, column: int) -> str | None:
        for item in self.root.iterfind(f"{{{markup.MAIN}}}cols/{{{markup.MAIN}}}col"):
            if int(item.get("min", "0")) <= column <= int(item.get("max", "0")):
                return item.get("style")
        return None

    def _number(self) -> None:
        """Give every row and cell its address where the file leaves it out."""
        number = 0
        for row in self.data.iterfind(_ROW):
            number = int(row.get("r", number + 1))
            row.set("r", str(number))
            if None in [cell.get("r") for cell in row.iterchildren(_C)]:
                _number_cells(row, number)

    def _array_ranges(self) -> list[Range]:
        found = [item for item in self.data.iter(_F) if item.get("t") in {"array", "dataTable"}]
        ranges = [parse_range(item.get("ref", "A1")) for item in found]
        return [area for area in ranges if (area.first_row, area.first_column) != (area.last_row, area.last_column)]

    def _array_at(self, row: int, column: int) -> Range | None:
        return next((area for area in self.arrays if area.holds(row, column)), None)

    def _expand_shared(self, replaced: set[tuple[int, int]]) -> None:
        """Give every cell of a shared formula its own text, where the cell that holds the text is to be replaced."""
        masters: dict[str, tuple[int, int, str]] = {}
        members: dict[str, list[tuple[int, int, etree._Element]]] = {}
        touched: set[str] = set()
        if not replaced:
            return
        for formula in self.data.iter(_F):
            if formula.get("t") != "shared":
                continue
            row, column = _place(formula)
            group = formula.get("si", "")
            members.setdefault(group, []).append((row, column, formula))
            if formula.text:
                masters[group] = (row, column, formula.text)
                touched |= {group} if (row, column) in replaced else set()
        for group in touched:
            from_row, from_column, text = masters[group]
            if len(text) > MAX_FORMULA or len(text) * len(members[group]) > MAX_EXPANDED:
                raise self._refusal("BS144", "có công thức dùng chung quá dài", from_row, from_column)
            for row, column, formula in members[group]:
                formula.text = translate(text, row - from_row, column - from_column)
                for mark in ("t", "si", "ref"):
                    formula.attrib.pop(mark, "")

    def expand_all_shared(self) -> None:
        """Give every cell of every shared formula its own text."""
        self._expand_shared({_place(formula) for formula in self.data.iter(_F) if formula.get("t") == "shared"})

    def _grow_dimension(self, created: list[tuple[int, int]]) -> None:
        dimension = self.root.find(f"{{{markup.MAIN}}}dimension")
        if dimension is None or not created:
            return
        area = parse_range(dimension.get("ref", "A1"))
        rows, columns = zip(*created, strict=True)
        grown = Range(
            min(area.first_row, *rows), min(area.first_column, *columns),
            max(area.last_row, *rows), max(area.last_column, *columns),
        )  # fmt: skip
        dimension.set("ref", str(grown))

    def _refusal(self, code: str, message: str, row: int, column: int) -> WorkbookError:
        inside = 1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN
        cell = address(row, column) if inside else f"dòng {row}, cột {column}"
        return WorkbookError(code, f"Ô {cell} của trang “{self.name}” {message}.", "Sửa giá trị cần ghi rồi làm lại.")


def _number_cells(row: etree._Element, number: int) -> None:
    column = 0
    for cell in row.iterchildren(_C):
        label = cell.get("r")
        column = column + 1 if label is None else parse_address(label)[1]
        cell.set("r", address(number, column))


def _place(formula: etree._Element) -> tuple[int, int]:
    """Row and column of the cell that holds this formula."""
    cell = formula.getparent()
    return parse_address("" if cell is None else cell.get("r", ""))


def _replaces_formula(patch: Patch) -> bool:
    return isinstance(patch.patch if isinstance(patch, Styled) else patch, Constant | Formula)
