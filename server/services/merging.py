"""The merged workbook: the consolidating unit's form with live formulas over one sheet for each unit below it.

Pure: templates and values in, bytes out. A cell that adds up is ``SUM`` over the same codes on the units' sheets; what
may not be added is the form's own formula over the summed cells (decision 9). Cached values are our own recomputation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from form_templates.coding import Layout, decode_formula
from form_templates.filling import MemberLabel, fixed_texts, header_text, issue, key_addresses
from form_templates.locating import locate_tables
from form_templates.model import Aggregation, CellKey, CellKind, FormVersion, Table, member_row
from form_templates.period import Period
from form_templates.stamp import Stamp
from server.errors import InvalidError
from workbooks.address import address, parse_address
from workbooks.patch import Constant, Formula, Patch, Plain, patch_cells
from workbooks.references import quote_sheet
from workbooks.rows import RowInsert
from workbooks.sheet import Sheet
from workbooks.sheets import SheetClone, clone_sheets
from workbooks.workbook import open_workbook

# A SUM takes 255 arguments at most; more units than that are summed in groups.
_ARGUMENTS = 250
Members = Mapping[tuple[str, str], Sequence[tuple[str, str]]]
"""(table, region) → (key, label) of its rows."""


@dataclass(frozen=True, slots=True)
class UnitForm:
    """One unit's accepted form: every value by codes, and its repeated rows."""

    code: str
    name: str
    values: Mapping[CellKey, Plain]
    members: Members


def merge(
    template: bytes,
    version: FormVersion,
    whole: UnitForm,
    units: Sequence[UnitForm],
    *,
    stamp: Stamp,
    stamp_key: tuple[str, bytes],
) -> bytes:
    """The merged workbook.

    Args:
        template: the published template.
        version: the form version compiled from it.
        whole: the consolidating unit: what each of its cells shows, and its repeated rows.
        units: the units' accepted forms, in the order of their sheets.
        stamp: of kind ``merged``.
        stamp_key: (key id, key) that seals the stamp.
    """
    table = _only_table(version)
    sheets = _sheet_names(units)
    sheet = open_workbook(template).read_sheet(table.sheet)
    clones = [_clone(version, sheet, unit, sheets[unit.code], Period.parse(stamp.period)) for unit in units]
    book = clone_sheets(template, table.sheet, clones)
    book = issue(book, version, stamp, *stamp_key, members=_rows(whole.members))
    return patch_cells(book, {table.sheet: _whole_cells(book, version, whole, _addends(table, units, sheets))})


def _only_table(version: FormVersion) -> Table:
    if len(version.tables) != 1:
        raise InvalidError(
            f"Biểu {version.form} có nhiều bảng: chưa lập được tệp tổng hợp.", "Tải từng bản nộp của các đơn vị."
        )
    return version.tables[0]


def _sheet_names(units: Iterable[UnitForm]) -> dict[str, str]:
    """Unit code → sheet name: the code keeps it unique, Excel allows 31 characters and not all of them."""
    return {unit.code: re.sub(r"[\[\]:*?/\\']", " ", f"{unit.code} {unit.name}")[:31].strip() for unit in units}


def _rows(members: Members) -> dict[tuple[str, str], list[MemberLabel]]:
    return {region: [_member(key, label) for key, label in rows] for region, rows in members.items()}


def _clone(version: FormVersion, template: Sheet, unit: UnitForm, name: str, period: Period) -> SheetClone:
    """The unit's sheet: the template's, with rows inserted for its members and its values as shown."""
    table = version.tables[0]
    inserts, layout = _place(table, name, unit.members)
    cells: dict[tuple[int, int], Patch] = {}
    for at, text in ((version.unit_at, unit.name), (version.period_at, period.label)):
        cells[parse_address(at)] = header_text(template, at, text)
    for region in table.regions:
        fixed = fixed_texts(template, Layout.published(table), region.code, {table.labels_at, table.codes_at})
        for key, label in unit.members.get((table.code, region.code), ()):
            row = layout.row_of[member_row(region.code, key)]
            cells |= {(row, column): text for column, text in fixed.items()}
            cells[row, table.labels_at] = label
            cells[row, table.codes_at] = key if key != label else None
    for cell, value in unit.values.items():
        cells[layout.row_of[cell.row], layout.column_of[cell.column]] = value
    return SheetClone(name, inserts, cells)


def _place(table: Table, sheet: str, members: Members) -> tuple[tuple[RowInsert, ...], Layout]:
    """The rows to insert into the template for these members, and the layout they give."""
    inserts: list[RowInsert] = []
    row_at: dict[int, str] = {}
    regions: dict[str, tuple[int, int]] = {}
    inserted_above: list[tuple[int, int]] = []
    for region in sorted(table.regions, key=lambda region: region.first):
        keys = [key for key, _ in members.get((table.code, region.code), ())]
        missing = len(keys) - (region.sentinel - region.first)
        first = region.first + sum(count for _, count in inserted_above)
        row_at |= {first + i: member_row(region.code, key) for i, key in enumerate(keys)}
        if missing > 0:
            inserts.append(RowInsert(after=region.sentinel - 1, count=missing, like=region.first))
            inserted_above.append((region.sentinel, missing))
        regions[region.code] = (first, region.sentinel + sum(count for _, count in inserted_above))
    for row in table.rows:
        row_at[row.at + sum(count for at, count in inserted_above if at <= row.at)] = row.code
    columns = {column.at: column.code for column in table.columns}
    return tuple(inserts), Layout(table.code, sheet, row_at, columns, regions)


def _member(key: str, label: str) -> MemberLabel:
    return MemberLabel(label, key if key != label else "")


def _whole_cells(
    book: bytes, version: FormVersion, whole: UnitForm, addends: Mapping[CellKey, Sequence[str]]
) -> dict[tuple[int, int], Patch]:
    layouts = tuple(located.layout for located in locate_tables(open_workbook(book), version.tables))
    cells: dict[tuple[int, int], Patch] = {}
    for key, (sheet, row, column) in key_addresses(book, version).items():
        spec = version.cell(key)
        if spec.kind is CellKind.NOT_APPLICABLE:
            continue
        own_formula = spec.aggregate_formula or spec.formula
        if spec.aggregation is Aggregation.SUM and spec.aggregate_formula is None:
            cells[row, column] = Formula(_sum(addends.get(key, ())), whole.values.get(key) or 0)
        elif spec.aggregation is Aggregation.FORMULA and own_formula:
            cells[row, column] = Formula(
                decode_formula(own_formula, layouts, (sheet, row, column)), whole.values.get(key)
            )
        else:
            cells[row, column] = Constant(None)
    return cells


def _addends(table: Table, units: Sequence[UnitForm], sheets: Mapping[str, str]) -> dict[CellKey, list[str]]:
    """Cell → where it stands on each unit's sheet."""
    addends: dict[CellKey, list[str]] = {}
    for unit in units:
        sheet = sheets[unit.code]
        _, layout = _place(table, sheet, unit.members)
        prefix = quote_sheet(sheet) + "!"
        for key in unit.values:
            place = address(layout.row_of[key.row], layout.column_of[key.column])
            addends.setdefault(key, []).append(prefix + place)
    return addends


def _sum(places: Sequence[str]) -> str:
    if not places:
        return "0"
    if len(places) <= _ARGUMENTS:
        return f"SUM({','.join(places)})"
    groups = [_sum(places[start : start + _ARGUMENTS]) for start in range(0, len(places), _ARGUMENTS)]
    return f"SUM({','.join(groups)})"
