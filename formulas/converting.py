"""An officer's half-filled workbook of one version of a form, turned into the workbook of a later one (L35).

Pure: the old workbook and the new, freshly issued one in; the new one filled, and a list of where everything went, out.
Nothing is dropped in silence: what has no place is listed with its cell. A cell that goes to one cell, whole, keeps its
content as it was typed (a sum ``=120+35``, a text where a number belongs); what is divided, added or converted is a
number afterwards. What the service has filled in (figures of earlier periods) stays as it has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from form_templates import definition
from form_templates.attachments import read_list
from form_templates.errors import FormError
from form_templates.explanations import lines_of, read_explanations
from form_templates.filling import CellValue, MemberLabel, Members, fill, key_addresses
from form_templates.model import CellKey, CellKind, FormVersion
from form_templates.reading import FilledCell, FilledForm, ValueState, read_form, state_of
from form_templates.stamp import STAMP_SHEET
from form_templates.succession import routes
from form_templates.translating import Amount, Left, OriginCell, Reason, composed, translate
from formulas.compiler import compile_version, typed_result
from formulas.evaluation import evaluate_filled, filled_values
from formulas.freezing import freeze
from formulas.wording import number_text
from workbooks.address import address
from workbooks.markup import parse_xml
from workbooks.patch import Formula, Patch, Plain, patch_cells
from workbooks.sheet import Value
from workbooks.texts import Spot, SpotKind, TextPart, spots, text_parts
from workbooks.workbook import Workbook, open_workbook

Content = Plain | Formula
"""What is written into a cell of the new workbook."""
_SYMBOLS: Final = {ValueState.NONE: "-", ValueState.NO_DATA: "…", ValueState.NOT_APPLICABLE: "x"}
_DIGITS: Final = 15  # what Excel keeps: 0.1+0.2 is 0.3
_LONGEST: Final = 200  # characters of a text that the list repeats
_FILLED_IN: Final = "hệ thống đã điền số khác vào ô này của biểu mới"
_HATCHED: Final = (ValueState.BLANK, ValueState.NOT_APPLICABLE)
_OVERWRITTEN: Final = "ghi đè lên công thức; ô này được tính lại"
_NO_LINE: Final = "biểu mới không còn dòng giải trình trống"
_ATTACH_AGAIN: Final = "tệp kèm theo không tự chuyển; đính kèm lại vào biểu mới trước khi ký"
_NOTES: Final = frozenset({"comments", "threadedComment"})


@dataclass(frozen=True, slots=True)
class Moved:
    """One old cell that went to one new cell; ``content`` is what it gave, ``how`` says in words what was done."""

    from_sheet: str
    from_cell: str
    to_sheet: str
    to_cell: str
    content: str
    how: str


@dataclass(frozen=True, slots=True)
class NotMoved:
    """Something of the old workbook that has no place in the new one."""

    sheet: str
    cell: str
    content: str
    reason: str


@dataclass(frozen=True)
class Conversion:
    """The new workbook, and where everything went. What was blank, computed or printed on the form is not listed."""

    data: bytes
    moved: tuple[Moved, ...]
    left: tuple[NotMoved, ...]

    def to_dict(self) -> dict[str, list[dict[str, str]]]:
        """The two lists as JSON has them."""
        return {"moved": [asdict(one) for one in self.moved], "left": [asdict(one) for one in self.left]}


def convert(data: bytes, blank: bytes, versions: Sequence[FormVersion], *, template: bytes | None = None) -> Conversion:
    """The workbook ``blank`` of the last version with what was filled into ``data`` under the first.

    Args:
        data: the officer's workbook; trusted with nothing.
        blank: the new workbook, issued for the same unit and period.
        versions: each continuing the one before.
        template: the old published template, to tell what was written beside the form; without it that is not told.

    Raises:
        WorkbookError: a workbook cannot be read, or something cannot be written.
        FormError: the form is not in the workbook.
        ValueError: a version does not continue the one before.
    """
    book = open_workbook(data)
    filled = read_form(book, versions[0])
    if not all(layout.column_at for layout in filled.layouts):
        raise FormError(filled.findings)
    return _Converting(book, filled, blank, versions).conversion(template)


class _Converting:
    """One conversion; ``origins`` and ``left`` are in cells of the old workbook."""

    def __init__(self, book: Workbook, filled: FilledForm, blank: bytes, versions: Sequence[FormVersion]) -> None:
        self._book, self._filled, self._blank, self._versions = book, filled, blank, versions
        self._new = versions[-1]
        self._results: Mapping[CellKey, Value] = {
            **evaluate_filled(compile_version(versions[0]), filled),
            **filled_values(filled),
        }
        self._left: list[NotMoved] = []

    def conversion(self, template: bytes | None) -> Conversion:
        """Everything moved and listed."""
        values, origins, left = self._translated()
        prefilled = read_form(open_workbook(self._blank), self._new).cells
        contents = {key: self._content(amount, origins[key]) for key, amount in values.items() if self._is_typed(key)}
        kept = {key for key in contents if self._is_filled_in(prefilled.get(key), key)}
        written = {key: content for key, content in contents.items() if key not in kept}
        data = fill(
            self._blank, self._new, {key: _shown_value(content) for key, content in written.items()}, self._members()
        )
        places = key_addresses(data, self._new)
        data = patch_cells(data, _formulas(written, places))
        moved = list(self._moves(written, origins, places))
        whole = {origins[key][0].key for key in written if _is_whole(origins[key])}
        self._list_left(left, whole)
        for key in sorted(kept):
            self._list_kept(prefilled[key], contents[key], origins[key])
        data = self._with_explanations(data, places, origins)
        self._list_others(template)
        return Conversion(freeze(data, self._new), tuple(moved), tuple(dict.fromkeys(self._left)))

    # -- what goes where -----------------------------------------------------------------------------------------------

    def _translated(
        self,
    ) -> tuple[dict[CellKey, Amount], dict[CellKey, tuple[OriginCell, ...]], list[tuple[CellKey, Left]]]:
        """Amounts by new cell, the old cells of each, and what was left, with the old cell it came from."""
        values = {
            key: _amount(self._results.get(key, cell.value))
            for key, cell in self._filled.cells.items()
            if self._filled.version.cell(key).kind is not CellKind.NOT_APPLICABLE or cell.state not in _HATCHED
        }
        origins: dict[CellKey, tuple[OriginCell, ...]] = {key: (OriginCell(key),) for key in values}
        left: list[tuple[CellKey, Left]] = []
        for old, new in pairwise(self._versions):
            found = translate(old, new, values)
            left += [(cell.key, one) for one in found.left for cell in origins[one.old]]
            origins = {key: composed(origins, moves) for key, moves in found.by_new.items()}
            values = dict(found.values)
        return values, origins, left

    def _content(self, amount: Amount, cells: Sequence[OriginCell]) -> Content:
        """What is written: as it was typed where one cell goes to one cell whole, else the number or sign."""
        if _is_whole(cells):
            cell = self._filled.cells[cells[0].key]
            value = self._results.get(cells[0].key, cell.value)
            if cell.formula is not None and self._was_typed(cells[0].key) and typed_result(cell.formula) is not None:
                return Formula(cell.formula, value)
            return value
        return amount if isinstance(amount, Decimal) else _SYMBOLS.get(amount)

    def _members(self) -> Members:
        """The repeated rows, under the regions that continue theirs."""
        places: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {place: (place,) for place in self._filled.members}
        for old, new in pairwise(self._versions):
            onward: defaultdict[tuple[str, str], dict[tuple[str, str], None]] = defaultdict(dict)
            for key, ways in routes(old, new).items():
                onward[key[:2]].update({way.new[:2]: None for way in ways if way.new is not None})
            places = {first: tuple(dict.fromkeys(n for p in now for n in onward[p])) for first, now in places.items()}
        rows: defaultdict[tuple[str, str], dict[str, MemberLabel]] = defaultdict(dict)
        for first, members in self._filled.members.items():
            for member in members:
                for place in places[first]:
                    rows[place].setdefault(member.key, MemberLabel(member.label, member.code))
                if not places[first]:
                    sheet = next(one.sheet for one in self._filled.layouts if one.table == first[0])
                    self._list(sheet, f"{member.row}:{member.row}", member.label, Reason.NO_PLACE.value)
        return {place: tuple(found.values()) for place, found in rows.items()}

    def _is_typed(self, key: CellKey) -> bool:
        return self._new.cell(key).kind not in (CellKind.CALC, CellKind.NOT_APPLICABLE)

    def _was_typed(self, key: CellKey) -> bool:
        return self._filled.version.cell(key).kind is not CellKind.CALC

    def _is_filled_in(self, cell: FilledCell | None, key: CellKey) -> bool:
        return cell is not None and self._new.cell(key).kind is CellKind.CARRY and cell.state is not ValueState.BLANK

    # -- what is told --------------------------------------------------------------------------------------------------

    def _moves(
        self,
        written: Mapping[CellKey, Content],
        origins: Mapping[CellKey, Sequence[OriginCell]],
        places: Mapping[CellKey, tuple[str, int, int]],
    ) -> Iterator[Moved]:
        for key, content in written.items():
            sheet, row, column = places[key]
            for cell in origins[key]:
                old = self._filled.cells[cell.key]
                how = _how(cell, len(origins[key]), self._parts(cell.key, origins))
                if old.formula is not None and self._was_typed(cell.key) and not isinstance(content, Formula):
                    how += "; công thức tự ghi thành số"
                yield Moved(old.sheet, address(old.row, old.column), sheet, address(row, column), self._shown(old), how)

    def _parts(self, key: CellKey, origins: Mapping[CellKey, Sequence[OriginCell]]) -> int:
        return sum(cell.key == key for cells in origins.values() for cell in cells)

    def _list_left(self, left: Sequence[tuple[CellKey, Left]], whole: set[CellKey]) -> None:
        """What was typed and has no place; digits that a whole move kept after all are not lost."""
        for key, one in left:
            if not self._was_typed(key) or (one.reason is Reason.ROUNDED and key in whole):
                continue
            cell = self._filled.cells[key]
            part = (
                f" (phần {number_text(one.amount)})" if one.reason in _PARTS and isinstance(one.amount, Decimal) else ""
            )
            self._list(cell.sheet, address(cell.row, cell.column), self._shown(cell) + part, one.reason.value)

    def _list_kept(self, filled_in: FilledCell, content: Content, cells: Sequence[OriginCell]) -> None:
        """Carried figures that differ from what the service says they are."""
        if _amount(filled_in.value) != _amount_of(content):
            for one in cells:
                cell = self._filled.cells[one.key]
                self._list(cell.sheet, address(cell.row, cell.column), self._shown(cell), _FILLED_IN)

    def _shown(self, cell: FilledCell) -> str:
        if cell.formula is not None:
            return "=" + cell.formula
        return number_text(cell.value) if isinstance(cell.value, float | int) else str(cell.value or "")

    def _list(self, sheet: str, cell: str, content: str, reason: str) -> None:
        self._left.append(NotMoved(sheet, cell, content[:_LONGEST], reason))

    # -- what stands beside the figures --------------------------------------------------------------------------------

    def _with_explanations(
        self,
        data: bytes,
        places: Mapping[CellKey, tuple[str, int, int]],
        origins: Mapping[CellKey, Sequence[OriginCell]],
    ) -> bytes:
        """The officer's explanations, each naming its cell where that stands now."""
        readdressed: dict[str, str] = {}
        for key in reversed([*origins]):
            for origin in origins[key] if key in places else ():
                old = self._filled.cells[origin.key]
                readdressed[address(old.row, old.column)] = address(*places[key][1:])
        lines = lines_of(open_workbook(data))
        free = iter([] if lines is None else sorted(lines.texts))
        patches: dict[tuple[int, int], Patch] = {}
        for line in read_explanations(self._book):
            row = next(free, None)
            if lines is None or row is None:
                self._list(
                    definition.EXPLANATIONS_SHEET, f"D{line.row}", line.text, "biểu mới không còn chỗ giải trình"
                )
                continue
            texts = line.code, readdressed.get(line.cell.upper(), line.cell), line.warning, line.text
            patches |= {(row, lines.column + i): text for i, text in enumerate(texts) if text}
        return patch_cells(data, {lines.sheet: patches}) if lines is not None and patches else data

    def _list_others(self, template: bytes | None) -> None:
        """Overwritten formulas, what disagrees with the layout, notes, and what stands beside the form."""
        for key, cell in self._filled.cells.items():
            if not self._was_typed(key) and cell.formula is None and cell.state is not ValueState.BLANK:
                self._list(cell.sheet, address(cell.row, cell.column), self._shown(cell), _OVERWRITTEN)
        for finding in self._filled.findings:
            self._list(finding.sheet, finding.cell, "", finding.message)
        for entry in self._book.sheets:
            for part in text_parts(self._book, entry):
                for spot in self._spots(part) if part.kind in _NOTES else ():
                    if spot.kind is SpotKind.COMMENT and spot.content.strip():
                        self._list(spot.sheet, spot.cell, spot.content.strip(), "ghi chú của ô")
        attached = read_list(self._book)
        for number, one in enumerate(attached.attachments):
            self._list(attached.sheet, attached.cell(number), one.name, _ATTACH_AGAIN)
        if template is not None:
            self._list_beside(open_workbook(template), attached.sheet)

    def _spots(self, part: TextPart) -> Iterator[Spot]:
        return spots(parse_xml(self._book.package.part(part.name), part.name), part)

    def _list_beside(self, template: Workbook, attachments: str) -> None:
        known = {entry.name for entry in template.sheets} | {one.sheet for one in self._filled.layouts}
        known |= {STAMP_SHEET, attachments}
        for entry in self._book.sheets:
            if entry.name not in known:
                self._list(entry.name, "", "", "trang tính không thuộc biểu")
        cells = {(cell.sheet, cell.row, cell.column) for cell in self._filled.cells.values()}
        header = {self._filled.version.unit_at, self._filled.version.period_at}
        published = {table.code: table.sheet for table in self._filled.version.tables}
        for layout in self._filled.layouts:
            printed = {cell.value for cell in template.read_sheet(published[layout.table]).cells.values()} | {None, ""}
            for (row, column), cell in self._book.read_sheet(layout.sheet).cells.items():
                own = (layout.sheet, row, column) in cells or address(row, column) in header
                named = row in layout.row_at and column < min(layout.column_at, default=0)
                if not own and not named and cell.value not in printed:
                    shown = number_text(cell.value) if isinstance(cell.value, float) else str(cell.value)
                    self._list(layout.sheet, address(row, column), shown.strip(), "ghi ngoài các ô số liệu")


_PARTS: Final = (Reason.NOT_CARRIED, Reason.ROUNDED)


def _amount(value: Value) -> Amount:
    if isinstance(value, float | int) and not isinstance(value, bool):
        return Decimal(f"{value:.{_DIGITS}g}")
    return state_of(value)


def _amount_of(content: Content) -> Amount:
    shown = _shown_value(content)
    return shown if isinstance(shown, Decimal) else _amount(shown)


def _is_whole(cells: Sequence[OriginCell]) -> bool:
    return len(cells) == 1 and cells[0].whole


def _shown_value(content: Content) -> CellValue:
    """What the cell shows: of a formula, its result."""
    return content.cached if isinstance(content, Formula) else content


def _formulas(
    written: Mapping[CellKey, Content], places: Mapping[CellKey, tuple[str, int, int]]
) -> dict[str, dict[tuple[int, int], Patch]]:
    patches: defaultdict[str, dict[tuple[int, int], Patch]] = defaultdict(dict)
    for key, content in written.items():
        if isinstance(content, Formula):
            sheet, row, column = places[key]
            patches[sheet][row, column] = content
    return patches


def _how(cell: OriginCell, merged: int, parts: int) -> str:
    """``chia theo tỷ lệ 0,7; cộng gộp``."""
    said = []
    if cell.share != 1:
        said.append(f"chia theo tỷ lệ {number_text(cell.share)}")
    elif parts > 1:
        said.append("chép sang từng phần")
    if cell.factor != 1:
        said.append(f"nhân hệ số {number_text(cell.factor)}")
    if merged > 1:
        said.append("cộng gộp")
    return "; ".join(said) or "giữ nguyên"
