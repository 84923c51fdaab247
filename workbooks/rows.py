"""Inserting rows, so that everything in the workbook that points below them moves along.

====== ============================================================
BS160  rows that cannot be inserted there
BS161  a reference over several sheets (3-D), which cannot be kept right
====== ============================================================
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from lxml import etree

from workbooks import markup, places
from workbooks.address import MAX_ROW, Range, parse_range
from workbooks.errors import WorkbookError
from workbooks.patch import SheetEditor, refusing_bad_numbers, without_calc_chain
from workbooks.references import REF_ERROR, Corner, Reference, map_references, spans_sheets, translate, unquote_sheet
from workbooks.workbook import Workbook, open_workbook

_REMEDY = "Chọn vị trí chèn khác, hoặc sửa biểu gốc rồi làm lại."
_GROWING = ("dataValidation", "conditionalFormatting")


@dataclass(frozen=True, slots=True, order=True)
class RowInsert:
    """``count`` copies of row ``like`` below row ``after``; both are rows of the sheet before anything is inserted."""

    after: int
    count: int
    like: int


@dataclass(frozen=True)
class RowShift:
    """Where each row of one sheet goes when rows are inserted, all at once."""

    sheet: str
    inserts: tuple[RowInsert, ...]

    @cached_property
    def _places(self) -> list[int]:
        return [item.after for item in self.inserts]

    @cached_property
    def _totals(self) -> list[int]:
        return [0, *accumulate(item.count for item in self.inserts)]

    def row(self, number: int) -> int:
        """The new number of a row that was there before."""
        return number + self._totals[bisect_left(self._places, number)]

    def formula(self, text: str, host: str, *, fixed_only: bool = False) -> str:
        """The formula that stands on sheet ``host``, pointing at the same cells as before.

        A range grows with the rows put inside it, its end included. ``fixed_only`` leaves relative rows alone, as
        defined names need: their relative rows count from the cell that uses the name.
        """
        home = self.sheet.lower()

        def move(reference: Reference) -> str:
            if spans_sheets(reference.prefix):
                raise WorkbookError("BS161", f"Công thức “{text}” tham chiếu qua nhiều trang tính.", _REMEDY)
            if (unquote_sheet(reference.prefix) or host).lower() != home:
                return str(reference)
            corners = []
            for column, row, column_fixed, row_fixed in reference.corners:
                moved = self.row(row) if row and (row_fixed or not fixed_only) else row
                if moved > MAX_ROW:
                    return reference.prefix + REF_ERROR
                corners.append(Corner(column, moved, column_fixed, row_fixed))
            return str(Reference(reference.prefix, tuple(corners)))

        return map_references(text, move)

    def area(self, text: str) -> str:
        """The same areas of the sheet itself (``A1:B2 D4``) after the rows are in."""
        return self.formula(text, self.sheet)


def insert_rows(data: bytes, sheet: str, after: int, count: int, like: int) -> bytes:
    """Insert ``count`` copies of row ``like`` below row ``after``: its style, height, formulas and merged cells.

    Constants are not copied. Raises WorkbookError.
    """
    return insert_row_blocks(data, sheet, [RowInsert(after, count, like)])


def insert_row_blocks(data: bytes, sheet: str, inserts: Sequence[RowInsert]) -> bytes:
    """Insert several blocks of rows at once; every row number is one from before the insertion."""
    with refusing_bad_numbers():
        return _insert(open_workbook(data), sheet, inserts)


def _insert(workbook: Workbook, sheet: str, inserts: Sequence[RowInsert]) -> bytes:
    entry = workbook.sheet_entry(sheet)
    package = workbook.package
    root = markup.parse_xml(package.part(entry.part), entry.part)
    shift = insert_into(root, entry.name, inserts)
    changes: dict[str, bytes | None] = {entry.part: markup.write_xml(root)}
    for item in package.relationships(entry.part):
        if not item.external and item.target in package:
            content = package.part(item.target)
            changed = places.change_satellite(item.kind, content, item.target, shift.row, shift.area)
            if changed is not content:
                changes[item.target] = changed
    changes |= _changes_elsewhere(workbook, shift)
    changes |= without_calc_chain(package, workbook.part)
    return package.with_parts(changes)


def insert_into(root: etree._Element, name: str, inserts: Sequence[RowInsert]) -> RowShift:
    """Insert rows into one parsed worksheet; what lies outside it is the caller's to move with the result."""
    editor = SheetEditor(root, name)
    editor.expand_all_shared()
    shift = RowShift(name, tuple(sorted(inserts)))
    _check(editor, shift)
    places.change_formulas(root, lambda text: shift.formula(text, name))
    places.change_areas(root, shift.area)
    rows = _renumber(editor.data, shift)
    _move_breaks(root, shift)
    for block in shift.inserts:
        _copy_rows(editor.data, rows, block, shift)
        _copy_merges(root, block, shift)
        _grow_rules(root, block, shift)
    _fit_dimension(root, shift)
    return shift


def _check(editor: SheetEditor, shift: RowShift) -> None:
    places_taken = [item.after for item in shift.inserts]
    last = editor.last_row
    for item in shift.inserts:
        if item.count < 1 or not 0 <= item.after < MAX_ROW or not 1 <= item.like <= MAX_ROW:
            raise _refusal(f"Không chèn được {item.count} dòng dưới dòng {item.after}", shift.sheet)
        for area in editor.arrays:
            if area.first_row <= item.after < area.last_row or area.first_row <= item.like <= area.last_row:
                raise _refusal(f"Dòng {item.after} thuộc công thức mảng {area}", shift.sheet)
    if len(set(places_taken)) != len(places_taken):
        raise _refusal("Hai lần chèn dòng cùng một chỗ", shift.sheet)
    if shift.row(last) > MAX_ROW:
        raise _refusal("Trang tính không đủ chỗ cho số dòng cần chèn", shift.sheet)


def _renumber(data: etree._Element, shift: RowShift) -> dict[int, etree._Element]:
    """Give every row its new number; the rows are returned by it."""
    rows = {}
    for row in data.iterfind(f"{{{markup.MAIN}}}row"):
        old = int(row.get("r", "0"))
        new = shift.row(old)
        if new != old:
            _set_row(row, new)
        rows[new] = row
    return rows


def _set_row(row: etree._Element, number: int) -> None:
    row.set("r", str(number))
    for cell in row.iterchildren(f"{{{markup.MAIN}}}c"):
        cell.set("r", f"{cell.get('r', '').rstrip('0123456789')}{number}")


def _copy_rows(data: etree._Element, rows: dict[int, etree._Element], block: RowInsert, shift: RowShift) -> None:
    model_row = shift.row(block.like)
    model = rows.get(model_row)
    if model is None:
        return
    blank = _blank_copy(model, shift.sheet)
    first = shift.row(block.after) + 1
    before = [number for number in rows if number < first]
    anchor = rows[max(before)] if before else None
    for number in range(first, first + block.count):
        copy = deepcopy(blank)
        _set_row(copy, number)
        for formula in copy.iter(f"{{{markup.MAIN}}}f"):
            formula.text = translate(formula.text or "", number - model_row, 0)
            if "ref" in formula.attrib:
                formula.set("ref", formula.getparent().get("r", ""))  # type: ignore[union-attr]  # a formula has a cell
        if anchor is None:
            data.insert(0, copy)
        else:
            anchor.addnext(copy)
        anchor = rows[number] = copy


def _blank_copy(model: etree._Element, sheet: str) -> etree._Element:
    """The row with its formulas and without its constants."""
    copy = deepcopy(model)
    copy.tail = None
    for cell in copy.iterfind(f"{{{markup.MAIN}}}c"):
        for mark in ("t", "vm"):
            cell.attrib.pop(mark, "")
        for child in list(cell):
            if child.tag != f"{{{markup.MAIN}}}f":
                cell.remove(child)
            elif child.get("t") == "dataTable":
                raise _refusal("Dòng mẫu có bảng phân tích (Data Table)", sheet)
    return copy


def _copy_merges(root: etree._Element, block: RowInsert, shift: RowShift) -> None:
    """Cells merged inside the model row are merged in its copies too."""
    merges = root.find(f"{{{markup.MAIN}}}mergeCells")
    if merges is None:
        return
    model, first = shift.row(block.like), shift.row(block.after) + 1
    for item in list(merges):
        area = parse_range(item.get("ref", "A1"))
        if area.first_row == area.last_row == model:
            for number in range(first, first + block.count):
                copied = area._replace(first_row=number, last_row=number)
                etree.SubElement(merges, item.tag, ref=str(copied))
    merges.set("count", str(len(merges)))


def _grow_rules(root: etree._Element, block: RowInsert, shift: RowShift) -> None:
    """Validations and conditional formats of the model row hold for its copies too."""
    model, first = shift.row(block.like), shift.row(block.after) + 1
    last = first + block.count - 1
    for element in root.iter(*(f"{{*}}{name}" for name in _GROWING)):
        holder = element.find("{*}sqref")
        text = element.get("sqref") if holder is None else holder.text
        if not text:
            continue
        grown = " ".join([text, *(str(area) for area in _missing_areas(places.areas(text), model, first, last))])
        if holder is None:
            element.set("sqref", grown)
        else:
            holder.text = grown


def _missing_areas(covered: list[Range], model: int, first: int, last: int) -> list[Range]:
    """The columns of the rule in the model row, for new rows that lie below its start and that it does not cover.

    A rule's relative formulas count from the top of its first area, so nothing may be added above that.
    """
    missing = []
    for area in covered:
        holds_model = area.first_row <= model <= area.last_row
        holds_new = area.first_row <= first and last <= area.last_row
        if holds_model and not holds_new and first > min(item.first_row for item in covered):
            missing.append(area._replace(first_row=first, last_row=last))
    return missing


def _move_breaks(root: etree._Element, shift: RowShift) -> None:
    for item in root.iterfind(f"{{{markup.MAIN}}}rowBreaks/{{{markup.MAIN}}}brk"):
        item.set("id", str(shift.row(int(item.get("id", "0")))))
    for pane in root.iterfind(f"{{{markup.MAIN}}}sheetViews/{{{markup.MAIN}}}sheetView/{{{markup.MAIN}}}pane"):
        if pane.get("state", "").startswith("frozen") and "ySplit" in pane.attrib:
            pane.set("ySplit", str(shift.row(int(float(pane.get("ySplit", "0"))))))


def _fit_dimension(root: etree._Element, shift: RowShift) -> None:
    dimension = root.find(f"{{{markup.MAIN}}}dimension")
    if dimension is not None:
        area = parse_range(dimension.get("ref", "A1"))
        last = max(shift.row(item.after) + item.count for item in shift.inserts)
        dimension.set("ref", str(area._replace(last_row=max(area.last_row, last))))


def _changes_elsewhere(workbook: Workbook, shift: RowShift) -> dict[str, bytes | None]:
    """Formulas of other sheets, charts, pivot sources and names that point at the sheet."""
    package = workbook.package
    changes: dict[str, bytes | None] = {}
    for entry in workbook.sheets:
        if entry.name != shift.sheet and places.mentions(package.part(entry.part), shift.sheet):
            content = _moved_sheet(package.part(entry.part), entry.part, entry.name, shift)
            if content is not None:
                changes[entry.part] = content
    changes.update(places.change_charts(package, shift.sheet, lambda text: shift.formula(text, "")))

    def move_source(source: etree._Element) -> None:
        if "ref" in source.attrib:
            source.set("ref", shift.area(source.get("ref", "")))

    changes.update(places.change_pivot_sources(package, shift.sheet, move_source))
    root = markup.parse_xml(package.part(workbook.part), workbook.part)
    if places.change_names(root, lambda text, host: shift.formula(text, host, fixed_only=True)):
        changes[workbook.part] = markup.write_xml(root)
    return changes


def _moved_sheet(content: bytes, part: str, name: str, shift: RowShift) -> bytes | None:
    root = markup.parse_xml(content, part)
    if root.tag == f"{{{markup.MAIN}}}worksheet":
        # The cells of a shared formula may part company once rows come between those they point at.
        SheetEditor(root, name).expand_all_shared()
    changed = places.change_formulas(root, lambda text: shift.formula(text, name))
    return markup.write_xml(root) if changed else None


def _refusal(message: str, sheet: str) -> WorkbookError:
    return WorkbookError("BS160", f"{message} (trang “{sheet}”).", _REMEDY)
