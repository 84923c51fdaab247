"""Writing into a form by codes: values, member rows of repeating regions, and the issue of a template to one unit.

====== ============================================================
BS390  a cell the form does not have
BS391  a cell that is not for filling (formula, hatched)
BS392  a repeating region the form does not have
BS393  a row or column the workbook does not have
====== ============================================================
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from form_templates import definition
from form_templates.codebook import plain_text
from form_templates.coding import Layout, Place
from form_templates.errors import FormError
from form_templates.history import History
from form_templates.locating import LocatedTable, Member, locate_tables
from form_templates.model import CellKey, CellKind, FormVersion, Region, member_row
from form_templates.period import Period
from form_templates.reading import ValueState, cell_places, state_of
from form_templates.stamp import Stamp, StampKind, with_stamp
from workbooks.address import parse_address
from workbooks.finding import Finding, Severity
from workbooks.patch import Constant, Patch, Plain, patch_cells
from workbooks.rows import insert_rows
from workbooks.sheet import Sheet
from workbooks.workbook import Workbook, open_workbook

CellValue = Plain
"""What may be written: a number, "-", "…", "x", None for blank. Numbers may be exact (``Decimal``)."""

_MAX_FINDINGS: Final = 20


@dataclass(frozen=True, slots=True)
class MemberLabel:
    """A member row to be written: its label, and its code where members have codes."""

    label: str
    code: str = ""

    @property
    def key(self) -> str:
        """The member's key once the row is read back."""
        return plain_text(self.code) or plain_text(self.label)


Members = Mapping[tuple[str, str], Sequence[Member | MemberLabel]]


@dataclass(frozen=True, slots=True)
class _Entries:
    """All that is to be written. ``header`` is address → text; ``sheet`` as in `read_form`."""

    values: Mapping[CellKey, CellValue]
    members: Members
    sheet: str | None = None
    header: Mapping[str, str] = field(default_factory=dict)


def fill(
    data: bytes,
    version: FormVersion,
    values: Mapping[CellKey, CellValue],
    members: Members | None = None,
    *,
    sheet: str | None = None,
) -> bytes:
    """The workbook with these values in their cells; regions grow where there are more members than blank rows.

    Rows of members that the workbook already has stay where they are. Only input and carried cells are written.

    Raises:
        FormError: a cell the form does not have, or one that is not for filling; everything wrong at once.
        WorkbookError: the data is not an acceptable workbook.
    """
    return _write(data, version, _Entries(values, members or {}, sheet))


def issue(
    template: bytes,
    version: FormVersion,
    stamp: Stamp,
    key_id: str,
    key: bytes,
    *,
    values: Mapping[CellKey, CellValue] | None = None,
    members: Members | None = None,
    history: History | None = None,
) -> bytes:
    """The published template made out to one unit and period: header, prefilled cells, member rows, stamp, history.

    Raises:
        FormError: the stamp is of another form, or a value has no place in it.
    """
    header = {version.unit_at: stamp.unit_name, version.period_at: Period.parse(stamp.period).label}
    filled = _write(template, version, _Entries(values or {}, members or {}, header=header))
    # Explanations are a matter of the unit that reports; in a workbook of many units nobody writes any.
    hidden = () if stamp.kind is StampKind.ISSUED else (definition.EXPLANATIONS_SHEET,)
    return with_stamp(filled, stamp, version, key_id, key, hide=(definition.SHEET, *hidden), history=history)


def key_addresses(data: bytes, version: FormVersion, *, sheet: str | None = None) -> dict[CellKey, Place]:
    """Where every cell of the form stands in a workbook, member rows included."""
    return _places(locate_tables(open_workbook(data), version.tables, sheet=sheet))


def _places(located: Sequence[LocatedTable]) -> dict[CellKey, Place]:
    return {key: (table.layout.sheet, row, column) for table in located for key, _, row, column in cell_places(table)}


# -- refusing ----------------------------------------------------------------------------------------------------------


def _refuse_unfillable(version: FormVersion, values: Mapping[CellKey, CellValue]) -> None:
    findings = list(islice(_unfillable(version, values), _MAX_FINDINGS))
    if findings:
        raise FormError(findings)


def _unfillable(version: FormVersion, values: Mapping[CellKey, CellValue]) -> Iterator[Finding]:
    for key, value in values.items():
        spec = version.cell_by_key.get(key.template)
        place = f"dòng {key.row}, cột {key.column} của bảng {key.table}"
        if spec is None or (key.region and not key.member):
            yield _error("BS390", f"Biểu {version.form} không có ô ở {place}.", "Kiểm tra lại mã dòng và số cột.")
        elif spec.kind is CellKind.CALC:
            yield _error("BS391", f"Ô ở {place} là công thức, không nhập số liệu.", "Bỏ ô này khỏi số liệu cần ghi.")
        elif spec.kind is CellKind.NOT_APPLICABLE and state_of(_shown(value)) not in _NOTHING:
            yield _error("BS391", f"Ô ở {place} không thu thập (x), không nhập “{value}”.", "Bỏ ô này khỏi số liệu.")


_NOTHING: Final = (ValueState.NOT_APPLICABLE, ValueState.BLANK)


def _shown(value: CellValue) -> float | str | bool | None:
    return value if value is None or isinstance(value, str | bool) else float(value)


def _error(code: str, message: str, remedy: str) -> Finding:
    return Finding(code, Severity.ERROR, message, remedy)


# -- growing regions ---------------------------------------------------------------------------------------------------


def _grow(data: bytes, version: FormVersion, entries: _Entries) -> bytes:
    """The workbook with enough rows in every region. Lower regions first, so that upper places stay true."""
    if not entries.members:
        return data
    found = locate_tables(open_workbook(data), version.tables, sheet=entries.sheet)
    located = {table.table.code: table for table in found}
    growths: list[tuple[str, int, int]] = []
    for (table_code, region_code), wanted in entries.members.items():
        table = located.get(table_code)
        if table is None or region_code not in table.layout.regions:
            raise FormError([_no_region(table_code, region_code)])
        missing = len(_new_members(table, region_code, wanted)) - len(table.blank_rows(region_code))
        if missing > 0:
            growths.append((table.layout.sheet, table.layout.regions[region_code][1], missing))
    for name, sentinel, count in sorted(growths, reverse=True):
        data = _insert(data, name, sentinel, count)
    return data


def _insert(data: bytes, sheet: str, sentinel: int, count: int) -> bytes:
    """Rows above the sentinel, like the last row of the region."""
    return insert_rows(data, sheet, sentinel - 1, count, sentinel - 1)


def _no_region(table: str, region: str) -> Finding:
    return _error("BS392", f"Biểu không có vùng lặp {region} trong bảng {table}.", "Kiểm tra lại mã vùng.")


def _new_members(
    table: LocatedTable, region: str, wanted: Sequence[Member | MemberLabel]
) -> dict[str, Member | MemberLabel]:
    """Wanted members that have no row yet, by key, in order."""
    known = {member.key for member in table.members[region]}
    return {member.key: member for member in wanted if member.key and member.key not in known}


# -- writing -----------------------------------------------------------------------------------------------------------


def _write(data: bytes, version: FormVersion, entries: _Entries) -> bytes:
    _refuse_unfillable(version, entries.values)
    grown = _grow(data, version, entries)
    workbook = open_workbook(grown)
    located = locate_tables(workbook, version.tables, sheet=entries.sheet)
    patches: dict[str, dict[tuple[int, int], Patch]] = {table.layout.sheet: {} for table in located}
    places = _places(located)
    for table in located:
        for region in table.table.regions:
            wanted = entries.members.get((table.table.code, region.code), ())
            placed = _placed_members(table, region, wanted)
            patches[table.layout.sheet].update(_member_patches(workbook, table, region, placed))
            places.update(_member_places(table, region, placed))
    _refuse_unplaced(entries.values, places)
    for key, value in entries.values.items():
        name, row, column = places[key]
        patches[name][row, column] = _patch(workbook.read_sheet(name), row, column, value)
    if located:
        first = located[0].layout.sheet
        patches[first].update(_header_patches(workbook.read_sheet(first), entries.header))
    return patch_cells(grown, patches)


def _placed_members(
    table: LocatedTable, region: Region, wanted: Sequence[Member | MemberLabel]
) -> list[tuple[int, Member | MemberLabel]]:
    new = _new_members(table, region.code, wanted)
    return list(zip(table.blank_rows(region.code), new.values(), strict=False)) if new else []


def _member_patches(
    workbook: Workbook, table: LocatedTable, region: Region, placed: Sequence[tuple[int, Member | MemberLabel]]
) -> Iterator[tuple[tuple[int, int], Patch]]:
    if not placed:
        return
    sheet = workbook.read_sheet(table.layout.sheet)
    fixed = fixed_texts(sheet, table.layout, region.code, {table.codes_at, table.labels_at})
    for row, member in placed:
        yield (row, table.labels_at), member.label
        if member.code:
            yield (row, table.codes_at), member.code
        yield from (((row, column), text) for column, text in fixed.items() if sheet.cell(row, column).value is None)


def fixed_texts(sheet: Sheet, layout: Layout, region: str, typed: Collection[int]) -> dict[int, str]:
    """Texts that every row of a region has (unit of measure, "x"), by column; ``typed`` are columns that people fill.

    Inserting rows copies formulas and looks, but no constants.
    """
    first, sentinel = layout.regions[region]
    found: dict[int, str] = {}
    for column in range(1, max(layout.column_at, default=0) + 1) if first < sentinel else ():
        cell = sheet.cell(first, column)
        fixed = column not in layout.column_at or state_of(cell.value) is ValueState.NOT_APPLICABLE
        if fixed and column not in typed and cell.formula is None and isinstance(cell.value, str):
            found[column] = cell.value
    return found


def _member_places(
    table: LocatedTable, region: Region, placed: Sequence[tuple[int, Member | MemberLabel]]
) -> Iterator[tuple[CellKey, Place]]:
    layout = table.layout
    for row, member in placed:
        for spec in table.table.cells:
            column = layout.column_of.get(spec.key.column)
            if spec.key.row == region.code and column is not None:
                key = CellKey(spec.key.table, member_row(region.code, member.key), spec.key.column)
                yield key, (layout.sheet, row, column)


def _refuse_unplaced(values: Mapping[CellKey, CellValue], places: Mapping[CellKey, Place]) -> None:
    missing = [key for key in values if key not in places]
    if missing:
        raise FormError(
            _error(
                "BS393",
                f"Sổ làm việc không có dòng {key.row} hoặc cột {key.column} của bảng {key.table}.",
                "Lấy lại biểu gốc, hoặc khai báo dòng này trong vùng lặp.",
            )
            for key in missing[:_MAX_FINDINGS]
        )


def _patch(sheet: Sheet, row: int, column: int, value: CellValue) -> Patch:
    """A formula that somebody typed into an input cell must not survive under the value we write."""
    return value if sheet.cell(row, column).formula is None else Constant(value)


def _header_patches(sheet: Sheet, header: Mapping[str, str]) -> Iterator[tuple[tuple[int, int], Patch]]:
    return ((parse_address(at), header_text(sheet, at, text)) for at, text in header.items() if at)


def header_text(sheet: Sheet, at: str, text: str) -> str:
    """What a header cell says: the words before its colon stay ("Kỳ báo cáo: ……" → "Kỳ báo cáo: Tháng 9 năm 2026")."""
    before, colon, _ = str(sheet.cell(*parse_address(at)).value or "").partition(":")
    return f"{before}: {text}" if colon else text
