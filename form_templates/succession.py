"""What became of the rows and columns of the version before: links resolved to cells, and held to their rules (L35).

====== ============================================================
BS383  a link names a row or column that its version does not have, or a row and a region
BS384  the shares of one row or column do not make a whole
BS385  a unit of measure changes, and no factor says how
BS386  a row or column of the version before has no place in this one, and no link says so
BS387  a link is given twice
BS388  the version before is not an earlier one
====== ============================================================
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from form_templates.measures import MeasureError, Measures, bundled, spelling
from form_templates.model import CellKey, CellKind, CellSpec, FormVersion, Link, Succession, Table

MOST_DIGITS: Final = 12
"""Of a share or factor; so that their products are exact too."""
_ONE: Final = Decimal(1)


class Axis(StrEnum):
    """What a link joins; the words are those of the definition sheet."""

    ROW = "dòng"
    COLUMN = "cột"


@dataclass(frozen=True, slots=True)
class Route:
    """Where figures of a cell go: a cell of the next version (None: not carried on), which part, times what."""

    new: CellKey | None
    share: Decimal
    factor: Decimal


@dataclass(frozen=True, slots=True)
class LinkFault:
    """What is wrong with a succession; ``link`` is None where a link is missing."""

    code: str
    message: str
    remedy: str
    axis: Axis | None = None
    link: Link | None = None


def succession_from(old: FormVersion, new: FormVersion) -> Succession:
    """How ``new`` continues ``old``: as declared, else every row and column under its own code.

    Raises:
        ValueError: ``new`` says that it continues another version.
    """
    declared = new.succession
    if declared is None:
        return Succession(old.version)
    if declared.version != old.version:
        raise ValueError(f"version {new.version} continues {declared.version}, not {old.version}")
    return declared


def routes(old: FormVersion, new: FormVersion) -> dict[CellKey, tuple[Route, ...]]:
    """Where the figures of each cell of ``old`` go, by template key; cells without a place are left out.

    A unit of measure that changed without a link is no route: nobody said what the figure is in the other unit.
    """
    succession = succession_from(old, new)
    declared = frozenset((*succession.rows, *succession.columns))
    tables = {table.code: table for table in new.tables}
    found: dict[CellKey, tuple[Route, ...]] = {}
    for table in old.tables:
        if table.code not in tables:
            continue
        joint = _Joint.of(table, tables[table.code], succession)
        for spec in table.cells:
            if spec.kind is CellKind.NOT_APPLICABLE:
                continue
            joined = joint.links(spec.key)
            made = tuple(_route(joint, spec.unit, row, column, declared) for row, column in joined)
            if any(route.new is not None for route in made) or not all(row.new and col.new for row, col in joined):
                found[spec.key] = made
    return found


def own_faults(version: FormVersion) -> Iterator[LinkFault]:
    """What is wrong with the declared succession, as far as this version alone tells."""
    succession = version.succession
    if succession is None:
        return
    if int(succession.version) >= int(version.version or 0):
        yield LinkFault(
            "BS388",
            f"Phiên bản trước ghi “{succession.version}”, không phải một phiên bản trước phiên bản {version.version}.",
            "Ghi số của phiên bản đã ban hành mà biểu này thay thế.",
        )
    for axis, links, codes in _axes(succession, version):
        for link in links:
            if not 0 < Decimal(link.share) <= 1 or Decimal(link.factor) <= 0 or _is_long(link):
                message = f"Tỷ lệ {link.share} hoặc hệ số {link.factor} của {axis} {link.old} không hợp lệ."
                yield LinkFault(
                    "BS384",
                    message,
                    f"Tỷ lệ lớn hơn 0, không quá 1; hệ số lớn hơn 0; không quá {MOST_DIGITS} chữ số.",
                    axis,
                    link,
                )
            if link.new and link.new not in codes:
                yield _unknown(axis, link, link.new, "biểu này")
            elif link.new and ("*" in link.old) != ("*" in link.new):
                message = f"Dòng {link.old} và dòng {link.new}: một là vùng lặp, một là dòng thường."
                yield LinkFault("BS383", message, "Chỉ chuyển vùng sang vùng, dòng sang dòng.", axis, link)
        yield from _share_faults(axis, links)


def faults_against(old: FormVersion, new: FormVersion, measures: Measures | None = None) -> Iterator[LinkFault]:
    """What is wrong with the declared succession once the version before is known; nothing where none is declared.

    ``measures`` is the catalogue that factors must agree with; the one that comes with the program by default.
    """
    succession = new.succession
    if succession is None or succession.version != old.version:
        return
    before = {axis: codes for axis, _, codes in _axes(succession, old)}
    after = {axis: codes for axis, _, codes in _axes(succession, new)}
    for axis, links, _ in _axes(succession, new):
        for link in links:
            if link.old not in before[axis]:
                yield _unknown(axis, link, link.old, f"phiên bản {old.version}")
        targets = _targets(before[axis], after[axis], links)
        for code in before[axis]:
            if not targets.get(code):
                message = f"Không rõ số liệu của {axis} {code} (phiên bản {old.version}) chuyển về đâu."
                remedy = f"Thêm một dòng ghi {axis} {code} và mã mới; để trống mã mới nếu không chuyển tiếp."
                yield LinkFault("BS386", message, remedy, axis)
    yield from _unit_faults(old, new, succession, measures or bundled())


def same_unit(one: str, other: str) -> bool:
    """Whether two texts name the same unit of measure, however they are typed."""
    known = bundled().find(one)
    return spelling(one) == spelling(other) or (known is not None and known is bundled().find(other))


# -- inside ------------------------------------------------------------------------------------------------------------


def _axes(succession: Succession, version: FormVersion) -> Sequence[tuple[Axis, tuple[Link, ...], Collection[str]]]:
    rows = {code: None for table in version.tables for code in _row_codes(table)}
    columns = {code: None for table in version.tables for code in _column_codes(table)}
    return (Axis.ROW, succession.rows, rows), (Axis.COLUMN, succession.columns, columns)


def _row_codes(table: Table) -> list[str]:
    return [*(row.code for row in table.rows), *(region.code for region in table.regions)]


def _column_codes(table: Table) -> list[str]:
    return [column.code for column in table.columns]


def _targets(old: Iterable[str], new: Collection[str], links: Sequence[Link]) -> dict[str, list[Link]]:
    """The links of each old code: those given, else the one to the same code if no link names that."""
    named = {link.new for link in links}
    given: dict[str, list[Link]] = {}
    for link in links:
        given.setdefault(link.old, []).append(link)
    return {code: given.get(code) or ([Link(code, code)] if code in new and code not in named else []) for code in old}


@dataclass(frozen=True)
class _Joint:
    """How one table continues another: the links that lead on from each of its rows and columns."""

    after: Table
    rows: Mapping[str, list[Link]]
    columns: Mapping[str, list[Link]]

    @classmethod
    def of(cls, before: Table, after: Table, succession: Succession) -> _Joint:
        return cls(
            after,
            _targets(_row_codes(before), frozenset(_row_codes(after)), succession.rows),
            _targets(_column_codes(before), frozenset(_column_codes(after)), succession.columns),
        )

    def links(self, key: CellKey) -> list[tuple[Link, Link]]:
        """Row and column links that lead on from a cell, each pair to one cell."""
        return [(row, column) for row in self.rows[key.row] for column in self.columns[key.column]]

    def target(self, row: Link, column: Link) -> CellSpec | None:
        """The cell that a pair leads to, where it holds figures."""
        found = self.after.cell_by_key.get(CellKey(self.after.code, row.new, column.new))
        return None if found is None or found.kind is CellKind.NOT_APPLICABLE else found


def _route(joint: _Joint, unit: str, row: Link, column: Link, declared: Collection[Link]) -> Route:
    share, factor = Decimal(row.share) * Decimal(column.share), Decimal(row.factor) * Decimal(column.factor)
    target = joint.target(row, column)
    told = target is not None and (row in declared or column in declared or same_unit(unit, target.unit))
    return Route(target.key if told and target is not None else None, share, factor)


def _is_long(link: Link) -> bool:
    return any(len(Decimal(number).as_tuple().digits) > MOST_DIGITS for number in (link.share, link.factor))


def _share_faults(axis: Axis, links: Sequence[Link]) -> Iterator[LinkFault]:
    sums: dict[str, Decimal] = {}
    seen: set[tuple[str, str]] = set()
    for link in links:
        sums[link.old] = sums.get(link.old, Decimal(0)) + Decimal(link.share)
        if (link.old, link.new) in seen:
            message = f"Chuyển {axis} {link.old} sang “{link.new}” được khai báo hai lần."
            yield LinkFault("BS387", message, "Xóa một trong hai dòng khai báo.", axis, link)
        seen.add((link.old, link.new))
    for code, total in sums.items():
        if total != _ONE:
            first = next(link for link in links if link.old == code)
            message = f"Các tỷ lệ chuyển của {axis} {code} cộng lại bằng {total:f}, phải bằng đúng 1."
            yield LinkFault("BS384", message, "Sửa các tỷ lệ; phần không chuyển tiếp ghi mã mới trống.", axis, first)


def _unit_faults(old: FormVersion, new: FormVersion, succession: Succession, measures: Measures) -> Iterator[LinkFault]:
    """One fault for each change of unit and link, however many cells share it."""
    after = {table.code: table for table in new.tables}
    told: set[tuple[Axis | None, Link | None, str]] = set()
    for table in old.tables:
        if table.code not in after:
            continue
        joint = _Joint.of(table, after[table.code], succession)
        for spec in table.cells:
            for row, column in joint.links(spec.key) if spec.kind is not CellKind.NOT_APPLICABLE else ():
                target = joint.target(row, column)
                if target is None:
                    continue
                fault = _unit_fault((spec.unit, target.unit), (row, column), succession, measures)
                if fault is not None and (fault.axis, fault.link, fault.message) not in told:
                    told.add((fault.axis, fault.link, fault.message))
                    yield fault


def _unit_fault(
    units: tuple[str, str], links: tuple[Link, Link], succession: Succession, measures: Measures
) -> LinkFault | None:
    before, after = units
    if same_unit(before, after):
        return None
    row, column = links
    factor = Decimal(row.factor) * Decimal(column.factor)
    axis, link = Axis.ROW, row if row in succession.rows else None
    if link is None or (row.factor == "1" and column in succession.columns):
        axis, link = Axis.COLUMN, column if column in succession.columns else None
    change = f"Đơn vị tính đổi từ “{before}” sang “{after}”"
    known = _factor(before, after, measures)
    if known is not None and known != factor:
        remedy = f"Khai báo dòng hoặc cột này với hệ số {known:f}."
        return LinkFault("BS385", f"{change} thì hệ số là {known:f}, không phải {factor:f}.", remedy, axis, link)
    if known is None and (factor == _ONE or link is None):
        where = f"dòng {row.old} → {row.new}, cột {column.old} → {column.new}"
        remedy = "Khai báo dòng hoặc cột này kèm hệ số; nếu là một đơn vị, thêm cách viết vào danh mục đơn vị tính."
        return LinkFault("BS385", f"{change} ({where}) mà chưa có hệ số.", remedy, axis, link)
    return None


def _factor(before: str, after: str, measures: Measures) -> Decimal | None:
    try:
        return measures.convert(_ONE, before, after)
    except MeasureError:
        return None


def _unknown(axis: Axis, link: Link, code: str, owner: str) -> LinkFault:
    return LinkFault("BS383", f"Không có {axis} {code} trong {owner}.", "Sửa lại mã dòng, số cột.", axis, link)
