"""The workbook around the form: its other sheets, its date system, and how programs are told to calculate it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from form_templates.definition import ATTACHMENTS_SHEET, EXPLANATIONS_SHEET, ROWS
from form_templates.definition import SHEET as DEFINITION_SHEET
from form_templates.model import FormVersion
from form_templates.stamp import STAMP_SHEET
from formulas import catalogue
from formulas.wording import excerpt
from workbooks.finding import Finding
from workbooks.references import unquote_sheet
from workbooks.workbook import Workbook


def check_book(
    workbook: Workbook, version: FormVersion, findings: Sequence[Finding], *, units: Collection[str] = ()
) -> Iterator[Finding]:
    """Findings on the workbook as a whole.

    Args:
        workbook: the workbook.
        version: the form in it.
        findings: what was found in the form, some of which explains others.
        units: the sheets of single units, in a merged workbook.
    """
    yield from _sheets(workbook, version, units)
    if workbook.date1904:
        yield catalogue.DATES_1904.at("", "")
    stale = sum(finding.code == catalogue.STALE.code for finding in findings)
    if workbook.calculation.manual and stale:
        yield catalogue.MANUAL_CALCULATION.at("", "", count=str(stale))
    if workbook.calculation.iterative:
        yield catalogue.ITERATION.at("", "")
    if workbook.calculation.as_displayed:
        yield catalogue.PRECISION_AS_DISPLAYED.at("", "")


def _sheets(workbook: Workbook, version: FormVersion, units: Collection[str]) -> Iterator[Finding]:
    ours = {DEFINITION_SHEET, STAMP_SHEET}
    known = {table.sheet for table in version.tables} | {EXPLANATIONS_SHEET, ATTACHMENTS_SHEET, *ours, *units}
    renamed = _renamed(workbook, version)
    for entry in workbook.sheets:
        name = excerpt(entry.name)
        if entry.name in renamed:
            yield catalogue.SHEET_RENAMED.at(entry.name, "", name=name, expected=excerpt(renamed[entry.name]))
        elif entry.name not in known:
            yield catalogue.EXTRA_SHEET.at(entry.name, "", name=name)
        elif entry.name in ours and entry.state == "visible":
            yield catalogue.SERVICE_SHEET_SHOWN.at(entry.name, "", name=name)


def _renamed(workbook: Workbook, version: FormVersion) -> dict[str, str]:
    """Sheets to which the names of a table point, whose own sheet is gone: name now → name in the form."""
    there = {entry.name for entry in workbook.sheets}
    places = {name.name.casefold(): name.refers_to for name in workbook.names if name.sheet is None}
    found = {}
    for table in version.tables:
        sheet, mark, _ = places.get(ROWS.format(table=table.code).casefold(), "").rpartition("!")
        now = unquote_sheet(sheet + mark)
        if table.sheet not in there and now in there:
            found[now] = table.sheet
    return found
