"""Linting totals: a total that skips a row of its group, and rows that no total takes in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final, NamedTuple

from form_templates.codebook import plain_text
from form_templates.model import CellKey, CellKind, Column
from formulas.linting import kinds
from formulas.linting.draft import Draft, Line
from formulas.linting.trees import bare, terms
from formulas.syntax import Binary, Call
from workbooks.finding import Finding

_OF_WHICH: Final = re.compile(
    r"\W*(?:(?:[ivxa-z]|\d+)[.)]\s*)?(?:trong (?:đó|tổng số)|tr\.? ?đó|riêng)\b", re.IGNORECASE
)
_DIVIDED: Final = re.compile(r"\W*chia (?:ra|theo)\b", re.IGNORECASE)
_NUMBERINGS: Final = (
    re.compile(r"[IVX]+[.)]\s"),
    re.compile(r"[A-Z]\d*[.)]\s"),
    re.compile(r"\d+[.)]\s"),
    re.compile(r"\d+(?:\.\d+)+\.?\s"),
    re.compile(r"[a-zđ][.)]\s"),
    re.compile(r"[-–+•*]\s"),
)


def lint_totals(draft: Draft) -> Iterator[Finding]:
    """Every row that a total misses; one finding for a total and a row, whatever the number of columns.

    A row at the end of a group that lies within an outer total is missed by the total of its own group.
    """
    missed: dict[tuple[str, str], list[str]] = {}
    left: dict[tuple[str, str], list[str]] = {}
    parts = tuple(_parts(draft))
    for column in draft.table.columns:
        if not column.is_reference:
            totals = _Totals(draft, column, parts)
            ends = {row: total for total, row in totals.left_out()}
            skipped = [(ends.pop(row, total), row) for total, row in totals.skipped()]
            for pair in dict.fromkeys([*skipped, *totals.not_divided()]):
                missed.setdefault(pair, []).append(column.code)
            for row, total in ends.items():
                left.setdefault((total, row), []).append(column.code)
    for kind, found, at_total in ((kinds.NOT_COVERED, missed, True), (kinds.LEFT_OUT, left, False)):
        for (total, row), columns in found.items():
            cell = draft.address(CellKey(draft.table.code, total if at_total else row, columns[0]))
            labels = {line.code: line.label for line in draft.lines}
            details = {"total": total, "label": labels[total], "row": row, "missed": labels[row]}
            yield kind.at(draft.table.sheet, cell, columns=", ".join(columns), **details)


class _Parts(NamedTuple):
    """What a control relation says: ``parts`` make up, or are within, the row ``whole``, if it is one."""

    whole: str
    parts: frozenset[str]


def _parts(draft: Draft) -> Iterator[_Parts]:
    """The relations between rows: ``02=11+20``, ``09<=08``."""
    for rule in draft.version.rules:
        node = draft.tree(rule.formula)
        if node is None or len(draft.rows_of(node, rule.region)) < 2:
            continue
        match node:
            case Binary("=" | "<" | "<=" | ">" | ">=" as operator, left, right):
                sides = draft.rows_of(left, rule.region), draft.rows_of(right, rule.region)
                larger = sides[0] if operator.startswith(">") or (operator == "=" and len(sides[0]) == 1) else sides[1]
                smaller = sides[1] if larger is sides[0] else sides[0]
                yield _Parts(min(larger, default="") if len(larger) == 1 else "", smaller - larger)
            case _:
                yield _Parts("", draft.rows_of(node, rule.region))


class _Totals:
    """The totals of one column."""

    def __init__(self, draft: Draft, column: Column, parts: tuple[_Parts, ...]) -> None:
        self._draft = draft
        self._parts = parts
        self._related = {code for relation in parts for code in relation.parts}
        self._column = column.code
        self._lines = [line for line in draft.lines if line.code not in draft.doubled]
        self._at = {line.code: i for i, line in enumerate(self._lines)}
        self._cells = {
            cell.key.row: cell
            for cell in draft.table.cells
            if cell.key.column == column.code and cell.kind is not CellKind.NOT_APPLICABLE
        }
        self._members = dict(self._sums())
        self._covered = {code for members in self._members.values() for code in members}

    def _sums(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Row code → codes it adds up in this column, for each cell that only adds up rows of its column."""
        for line in self._lines:
            cell = self._cells.get(line.code)
            node = self._draft.tree(cell.formula) if cell and cell.formula else None
            tokens = terms(node) if node is not None else None
            areas = [self._draft.area(token, "") for token in tokens or ()]
            if tokens and all(area is not None and area.columns == (self._column,) for area in areas):
                codes = [item.code for area in areas if area for item in area.lines if not item.is_blank]
                members = tuple(code for code in codes if code in self._at)
                if len(members) > 1 or (members and node is not None and isinstance(bare(node), Call)):
                    yield line.code, members

    def skipped(self) -> Iterator[tuple[str, str]]:
        """(total, row): rows between a total and its last addend that no total takes in."""
        found: dict[str, tuple[int, str]] = {}
        for total, members in self._members.items():
            places = [self._at[total], *(self._at[code] for code in members)]
            for line in self._lines[min(places) : max(places) + 1]:
                if line.code != total and line.code not in members and self._is_missed(total, line):
                    width = max(places) - min(places)
                    found[line.code] = min(found.get(line.code, (width, total)), (width, total))
        yield from ((total, row) for row, (_, total) in found.items())

    def _is_missed(self, total: str, line: Line) -> bool:
        """Whether the row should be in the total, and is in none."""
        cell, sum_cell = self._cells.get(line.code), self._cells[total]
        if cell is None or line.code in self._covered or self._is_exempt(total, line.code):
            return False
        one, other = self._draft.unit(cell.unit), self._draft.unit(sum_cell.unit)
        alike = one.adds_to(other) if one and other else cell.unit == sum_cell.unit
        return alike and self._leaves(line.code).isdisjoint(self._leaves(total))

    def _is_exempt(self, total: str, code: str) -> bool:
        """Whether the row is a part of another, or a relation adds it up otherwise than this total does."""
        members = set(self._members[total]) - {code}
        return code in self._exempt or any(
            code in relation.parts and not (relation.whole == total and members & relation.parts)
            for relation in self._parts
        )

    def _leaves(self, code: str) -> frozenset[str]:
        """What a row is made of in the end; hostile forms may go in circles."""
        seen: set[str] = set()
        leaves: set[str] = set()
        pending = [code]
        while pending:
            one = pending.pop()
            if one not in seen:
                seen.add(one)
                members = self._members.get(one)
                pending += members or ()
                if not members:
                    leaves.add(one)
        return frozenset(leaves)

    def left_out(self) -> Iterator[tuple[str, str]]:
        """(total, row): the row right below a total's group that looks like one more of its addends."""
        for total, members in self._members.items():
            last = max(members, key=lambda code: self._at[code])
            below = max(self._at[code] for code in (last, *self._within(last, total))) + 1
            if self._at[total] > self._at[members[0]] or below >= len(self._lines):
                continue
            line, sibling = self._lines[below], self._lines[self._at[last]]
            numbering = _numbering(line.label)
            cell = self._cells.get(line.code)
            alike = numbering == _numbering(sibling.label) and (numbering or (cell and cell.formula is None))
            if alike and line.is_region == sibling.is_region and self._is_missed(total, line):
                yield total, line.code

    def _within(self, code: str, total: str) -> set[str]:
        """Everything below an addend of a total that it is made of, or that is a part of it."""
        found = set(self._leaves(code)) - {code}
        others = found | {line.code for line in self._lines if self._is_exempt(total, line.code)}
        at = self._at[code] + 1
        while at < len(self._lines) and (self._lines[at].code in others or self._is_part(at, found)):
            found.add(self._lines[at].code)
            at += 1
        return found

    def _is_part(self, at: int, found: set[str]) -> bool:
        return bool(self._leaves(self._lines[at].code) & found)

    def not_divided(self) -> Iterator[tuple[str, str]]:
        """(total, row): a row that is said to be divided into the rows below it, and does not add them up."""
        for at, line in enumerate(self._lines):
            above = self._lines[at - 1] if at else None
            if above is None or not (self._is_divided(above, line) or _DIVIDED.match(line.label)):
                continue
            cell, part = self._cells.get(above.code), self._cells.get(line.code)
            if cell is None or part is None or cell.kind is CellKind.CARRY or line.code in self._related:
                continue
            one, other = self._draft.unit(cell.unit), self._draft.unit(part.unit)
            added = one is not None and other is not None and one.adds_to(other) and not one.is_ratio
            if added and self._leaves(line.code).isdisjoint(self._leaves(above.code)):
                yield above.code, line.code

    def _is_divided(self, above: Line, line: Line) -> bool:
        """Whether a heading "Chia ra" stands between two rows."""
        labels = (self._draft.text(row, self._draft.table.labels_at) for row in range(above.at + 1, line.at))
        return not above.is_region and any(_DIVIDED.match(label) for label in labels)

    @cached_property
    def _exempt(self) -> set[str]:
        """Rows that are said to be a part of another ("trong đó")."""
        said = {line.code for line in self._lines if _OF_WHICH.match(line.label)}
        return said | self._under_of_which

    @cached_property
    def _under_of_which(self) -> set[str]:
        """Rows below a heading "Trong đó", down to the next heading, total, or addend of a total."""
        found: set[str] = set()
        inside, at = False, self._draft.extent[0]
        by_row = {line.at: line for line in self._lines}
        for at in range(self._draft.extent[0], self._draft.extent[1] + 1):
            line = by_row.get(at)
            label = plain_text(self._draft.sheet.cell(at, self._draft.table.labels_at).value)
            if line is None and label:
                inside = bool(_OF_WHICH.match(label))
            elif line is not None:
                inside = inside and line.code not in self._covered and line.code not in self._members
                found |= {line.code} if inside else set()
        return found


def _numbering(label: str) -> int:
    """Which way of numbering a label starts with; 0 for none."""
    text = label.strip()
    return next((i for i, pattern in enumerate(_NUMBERINGS, 1) if pattern.match(text)), 0)
