"""Filling a form's grid for a page: a submission with its faults marked, or totals that lead to their sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from form_templates.model import CellKey, Table
from server.services.contents import Content, SubmissionView
from server.services.figures import cell_address
from server.services.tracing import TotalsView, total_text
from server.web.portal.addresses import anchor
from server.web.portal.grid import Flag, Grid, GridCell, Showing, form_grids
from workbooks.finding import Finding

_Place = tuple[str, str]
"""Sheet and address of a cell."""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding with its number on the page and, where its cell is shown, the anchor of the cell."""

    number: int
    finding: Finding
    anchor: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """The form of a submission and the findings that point into it."""

    grids: tuple[Grid, ...]
    findings: tuple[FindingRow, ...]


def submission_grids(view: SubmissionView, *, wanted: str, sheet: str) -> Drawn:
    """The form as it was sent; ``wanted`` is the address of a cell to be pointed out, on ``sheet`` or the first one."""
    findings = view.detail.findings
    if view.content is None:
        return Drawn((), tuple(FindingRow(n, one, "") for n, one in enumerate(findings, start=1)))
    first = view.content.version.tables[0].sheet
    drawing = _Drawing(view.content, findings, (sheet or first, wanted.upper()))
    grids = tuple(form_grids(view.content.version, view.content.members, Showing(drawing.cell, drawing.label)))
    rows = tuple(
        FindingRow(n, one, drawing.shown.get((one.sheet, one.cell), "")) for n, one in enumerate(findings, start=1)
    )
    return Drawn(grids, rows)


class _Drawing:
    """Draws the cells of one submission; remembers which of them got an anchor."""

    def __init__(self, content: Content, findings: Sequence[Finding], wanted: _Place) -> None:
        self._content = content
        self._wanted = wanted
        self._flags: dict[_Place, list[Flag]] = defaultdict(list)
        for number, one in enumerate(findings, start=1):
            if one.cell:
                self._flags[(one.sheet, one.cell)].append(Flag(one.code, f"#loi-{number}", str(one.severity)))
        self._columns = {(t.code, c.code): c.at for t in content.version.tables for c in t.columns}
        self.shown: dict[_Place, str] = {}

    def cell(self, key: CellKey) -> GridCell:
        """A figure."""
        found = self._content.cells.get(key)
        if found is None:
            return GridCell()
        return self._at(found.text, found.sheet, cell_address(found.row, found.column))

    def label(self, table: Table, row: str, text: str) -> GridCell:
        """The label of a row; a fault in it is shown too. Where it stands follows from the figures of the row."""
        for column in table.columns:
            found = self._content.cells.get(CellKey(table.code, row, column.code))
            if found is not None and found.row > 0:
                moved = found.column - self._columns[(table.code, column.code)]
                return self._at(text, found.sheet, cell_address(found.row, table.labels_at + moved))
        return GridCell(text)

    def _at(self, text: str, sheet: str, cell: str) -> GridCell:
        place = (sheet, cell)
        if not cell or place in self.shown:
            return GridCell(text)
        name = anchor(self._content.version, sheet, cell)
        self.shown[place] = name
        flags = tuple(self._flags.get(place, ()))
        severities = {flag.severity for flag in flags}
        mark = "error" if "error" in severities else "warning" if severities else ""
        return GridCell(text, id=name, mark=mark, wanted=place == self._wanted, flags=flags)


def totals_grids(view: TotalsView) -> tuple[Grid, ...]:
    """The totals; every number leads to where it comes from."""
    totals = view.totals
    version, unit = totals.published.version, totals.unit.code
    form, period = totals.published.record.form, totals.period.code

    def cell(key: CellKey) -> GridCell:
        text = total_text(version, key, totals.values.get(key))
        if not text:
            return GridCell()
        return GridCell(text, link=url_for("portal.lineage", form=form, period=period, **key._asdict(), unit=unit))

    def label(table: Table, row: str, text: str) -> GridCell:
        return GridCell(text)

    return tuple(form_grids(version, view.members, Showing(cell, label)))
