"""Linting a template: what compiling, the formula compiler and the checks of this folder find, merged in one list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from form_templates import definition
from form_templates.errors import Faults
from form_templates.measures import Measures, bundled
from form_templates.model import FormVersion
from form_templates.reports import is_report, read_sources
from formulas.compiler import compile_version
from formulas.errors import FormulaError
from formulas.linting import kinds
from formulas.linting.draft import Draft, read_draft
from formulas.linting.links import without_links
from formulas.linting.measuring import lint_units
from formulas.linting.totals import lint_totals
from formulas.linting.writing import lint_writing
from formulas.text.scanning import check_text
from workbooks.address import address, parse_address
from workbooks.errors import WorkbookError
from workbooks.finding import Finding
from workbooks.workbook import Workbook, open_workbook

_NO_INDICATORS: Final[Mapping[str, str]] = MappingProxyType({})
_SAID_TWICE: Final = frozenset({"BS328", "BS330", "BS331"})
"""Codes of compiling for a formula that leaves the form; where the formula compiler says which construct it is, that
finding alone is told."""
_FORMULAS: Final = "BS45"
_LINKED: Final = "BS131"
_CIRCLE: Final = "BS453"
_UNREAD: Final = "“{!"
"""How the compiler quotes a formula that coding could not take apart."""


def lint(
    data: bytes, *, measures: Measures | None = None, indicators: Mapping[str, str] = _NO_INDICATORS
) -> tuple[Finding, ...]:
    """Everything wrong with a template workbook, in the order of its sheets and cells. Never raises on bad data.

    Args:
        data: the template.
        measures: the catalogue of units of measure; the bundled one where none is given.
        indicators: indicator code → unit of measure of the catalogue of indicators.
    """
    faults = Faults()
    try:
        draft = read_draft(_opened(data, faults), measures or bundled(), indicators, faults)
        found = [*faults.found, *(_of_draft(draft) if draft else ())]
    except WorkbookError as error:
        return tuple(dict.fromkeys((*faults.found, error.finding)))
    sheets = {entry.name: i for i, entry in enumerate(draft.workbook.sheets)} if draft else {}
    return tuple(sorted(dict.fromkeys(_merged(found)), key=lambda finding: _order(finding, sheets)))


def _opened(data: bytes, faults: Faults) -> Workbook:
    """The workbook; one that links to other files without its links, which are noted. Raises WorkbookError."""
    try:
        return open_workbook(data)
    except WorkbookError as error:
        if error.finding.code != _LINKED:
            raise
        faults.found.append(error.finding)
        return open_workbook(without_links(data))


def _of_draft(draft: Draft) -> Iterator[Finding]:
    if not draft.sheet.protected:
        yield kinds.NOT_PROTECTED.at(draft.sheet.name, "", title=draft.sheet.name)
    yield from _of_formulas(draft)
    yield from lint_units(draft)
    yield from lint_totals(draft)
    yield from lint_writing(draft)
    yield from check_text(draft.workbook)
    if is_report(draft.workbook):
        faults = Faults()
        read_sources(draft.workbook, draft.version, faults)
        yield from faults.found


def _of_formulas(draft: Draft) -> Iterator[Finding]:
    """What the formula compiler says, at the cell or at the line of the definition sheet."""
    told: set[tuple[str, str]] = set()
    for finding in _refusals(draft.version):
        placed = finding if finding.cell else _at_its_line(draft, finding)
        if finding.code == _CIRCLE and any(f"({code}|" in finding.message for code in draft.doubled):
            continue  # two rows of one code seem to need each other; the code is the fault
        if placed.sheet != definition.SHEET or (placed.code, placed.cell) not in told:
            told.add((placed.code, placed.cell))
            yield placed


def _refusals(version: FormVersion) -> tuple[Finding, ...]:
    try:
        compile_version(version)
    except FormulaError as error:
        return error.findings
    return ()


def _at_its_line(draft: Draft, finding: Finding) -> Finding:
    """A finding on a relation ("Quan hệ kiểm tra R1.02: …"), at the line that declares the relation."""
    for written in draft.known.rules:
        if finding.message.startswith((f"Quan hệ kiểm tra {written.code}.", f"Quan hệ kiểm tra {written.code}:")):
            return replace(finding, sheet=definition.SHEET, cell=address(written.row, 2))
    return finding


def _merged(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Each fault once: compiling and the formula compiler both tell of a formula that leaves the form.

    The formula compiler names the construct; but where no program can read the formula, compiling says it plainly.
    """
    listed = list(findings)
    general = {_place(finding) for finding in listed if finding.code in _SAID_TWICE}
    unread = {_place(finding) for finding in listed if _UNREAD in finding.message and _place(finding) in general}
    exact = {_place(finding) for finding in listed if finding.code.startswith(_FORMULAS) and finding.cell} - unread
    for finding in listed:
        twice = exact if finding.code in _SAID_TWICE else unread if finding.code.startswith(_FORMULAS) else frozenset()
        if _place(finding) not in twice:
            yield finding


def _place(finding: Finding) -> tuple[str, str]:
    return finding.sheet, finding.cell


def _order(finding: Finding, sheets: Mapping[str, int]) -> tuple[int, int, int, str]:
    row, column = parse_address(finding.cell) if finding.cell else (0, 0)
    return sheets.get(finding.sheet, -1), row, column, finding.code
