"""Checking a filled form: one report, the same in Excel and on the server. Never raises on a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from form_templates.attachments import Attachment, read_list
from form_templates.history import History
from form_templates.model import CellKey, FormVersion
from form_templates.reading import FilledForm, read_form
from form_templates.stamp import StampKind, embedded_history, embedded_version, read_stamp
from formulas import catalogue
from formulas.appearance import check_appearance
from formulas.arithmetic import CellValue
from formulas.book import check_book
from formulas.compiler import CompiledForm, compile_version
from formulas.errors import FormulaError
from formulas.evaluation import evaluate, filled_values
from formulas.explaining import with_explanations
from formulas.integrity import check_formulas
from formulas.merged import UnitSheet, Whole, read_units, unit_sheets
from formulas.naming import member_keys
from formulas.relations import check_relations
from formulas.scale import check_history
from formulas.shares import check_shares
from formulas.text.scanning import check_sheet_text, check_text
from formulas.values import check_values
from formulas.wording import excerpt
from workbooks.address import MAX_COLUMN, MAX_ROW, parse_address
from workbooks.errors import WorkbookError
from workbooks.finding import Finding, Severity
from workbooks.workbook import Workbook, open_workbook

_MOST_DECIMALS: Final = 9
_NOTHING: Final[Mapping[CellKey, CellValue]] = MappingProxyType({})


@dataclass(frozen=True)
class Report:
    """What was found in one workbook.

    Attributes:
        findings: by sheet, row, column and code.
        filled: the form as read; None where the file could not be read as one.
        computed: what the published formulas give for every CALC cell.
        attachments: the files that go with the workbook, as it lists them; its signature covers the list (C57).
    """

    findings: tuple[Finding, ...]
    filled: FilledForm | None = None
    computed: Mapping[CellKey, CellValue] = field(default_factory=lambda: _NOTHING)
    attachments: tuple[Attachment, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing refuses the workbook; warnings may be there."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)

    def to_dict(self) -> dict[str, object]:
        """The report as JSON has it."""
        return {
            "ok": self.ok,
            "findings": [finding.to_dict() for finding in self.findings],
            "attachments": [one.to_dict() for one in self.attachments],
        }


def check(data: bytes, version: FormVersion | None = None, *, history: History | None = None) -> Report:
    """Check a workbook against a form version and earlier figures, or against those it carries."""
    try:
        return check_workbook(open_workbook(data), version, history=history)
    except WorkbookError as error:
        return Report((error.finding,))


def check_workbook(
    workbook: Workbook,
    version: FormVersion | None = None,
    *,
    sheet: str | None = None,
    history: History | None = None,
    explains: bool = False,
) -> Report:
    """Check an opened workbook.

    Args:
        workbook: the workbook.
        version: the form version the receiver knows; None for the one in the file, which the file's author may have
            written: good enough for the author's own check, never for acceptance.
        sheet: the sheet of one unit, in a merged workbook that holds one sheet per unit.
        history: the unit's earlier figures as the receiver has them; None for those in the file.
        explains: whether the receiver knows that the form was issued with a place for explanations.
    """
    carried = embedded_version(workbook)
    version = version or carried
    if version is None or not _is_sound(version):
        return Report((catalogue.NOT_ISSUED.at("", ""), *check_text(workbook)))
    try:
        return _report(workbook, compile_version(version), sheet, history, explains=explains)
    except FormulaError as error:
        return Report(error.findings)
    except WorkbookError as error:
        return Report((error.finding,))


def _is_sound(version: FormVersion) -> bool:
    """Whether a version has the bounds that publishing keeps: the one in a file may be of anybody's making."""
    if any(not 0 <= cell.decimals <= _MOST_DECIMALS for cell in version.cell_by_key.values()):
        return False
    rows, columns = [], []
    for table in version.tables:
        rows += [table.header_at, *(row.at for row in table.rows)]
        rows += [at for region in table.regions for at in (region.first, region.sentinel)]
        columns += [table.codes_at, table.labels_at, *(column.at for column in table.columns)]
    return all(0 < row <= MAX_ROW for row in rows) and all(0 < column <= MAX_COLUMN for column in columns)


def _report(
    workbook: Workbook, compiled: CompiledForm, sheet: str | None, history: History | None, *, explains: bool
) -> Report:
    stamp = read_stamp(workbook)
    if sheet is None and stamp is not None and stamp.kind is StampKind.MERGED:
        return _merged_report(workbook, compiled)
    filled = read_form(workbook, compiled.version, sheet=sheet)
    typed = filled_values(filled)
    computed = evaluate(compiled, typed, member_keys(filled))
    findings = list(_about_origin(workbook, compiled.version))
    findings += _about_form(workbook, compiled, filled, _Values(typed, computed))
    attached = read_list(workbook)
    if sheet is None:
        findings += attached.findings
        # A list that was damaged is told as such.
        if compiled.version.narrative_required and not attached.attachments and not attached.findings:
            findings.append(catalogue.NARRATIVE_MISSING.at("", ""))
        findings += check_history(filled, embedded_history(workbook) if history is None else history)
        findings += [*check_book(workbook, compiled.version, findings), *check_text(workbook)]
        findings = list(with_explanations(findings, filled, workbook, held=explains))
    else:
        findings += check_sheet_text(workbook, filled.layouts[0].sheet if filled.layouts else sheet)
    return Report(_sorted(findings, workbook), filled, computed, attached.attachments)


def _merged_report(workbook: Workbook, compiled: CompiledForm) -> Report:
    """The whole and every unit's sheet (L09)."""
    version = compiled.version
    filled = read_form(workbook, version)
    units = read_units(workbook, compiled)
    whole = Whole(workbook, compiled, filled, units)
    findings = [
        *_about_origin(workbook, version),
        *check_book(workbook, version, (), units=unit_sheets(workbook, version)),
        *filled.findings,
        *whole.findings(),
        *check_relations(compiled, filled, whole.values),
        *(finding for unit in units for finding in _about_unit(workbook, compiled, unit)),
        *check_text(workbook),
    ]
    return Report(_sorted(findings, workbook), filled, whole.values)


class _Values(NamedTuple):
    """What was typed and carried, and what the published formulas give."""

    typed: Mapping[CellKey, CellValue]
    computed: Mapping[CellKey, CellValue]


def _about_unit(workbook: Workbook, compiled: CompiledForm, unit: UnitSheet) -> Iterator[Finding]:
    return _about_form(workbook, compiled, unit.filled, _Values(filled_values(unit.filled), unit.computed))


def _about_form(workbook: Workbook, compiled: CompiledForm, filled: FilledForm, values: _Values) -> Iterator[Finding]:
    yield from filled.findings
    yield from check_formulas(filled, workbook, values.computed)
    yield from check_values(filled, workbook)
    yield from check_appearance(filled, workbook)
    together = {**values.typed, **values.computed}
    relations = list(check_relations(compiled, filled, together))
    yield from relations
    yield from check_shares(filled, together, {(finding.sheet, finding.cell) for finding in relations})


def _about_origin(workbook: Workbook, version: FormVersion) -> Iterator[Finding]:
    stamp = read_stamp(workbook)
    if stamp is None:
        yield catalogue.NOT_ISSUED.at("", "")
    elif (stamp.form, stamp.version) != (version.form, version.version):
        found = f"{excerpt(stamp.form)} phiên bản {excerpt(stamp.version)}"
        yield catalogue.OTHER_VERSION.at("", "", found=found, expected=f"{version.form} phiên bản {version.version}")


def _sorted(findings: list[Finding], workbook: Workbook) -> tuple[Finding, ...]:
    order = {entry.name: number for number, entry in enumerate(workbook.sheets, start=1)}

    def place(finding: Finding) -> tuple[int, int, int, str]:
        row, column = parse_address(finding.cell) if finding.cell else (0, 0)
        return order.get(finding.sheet, 0), row, column, finding.code

    return tuple(sorted(dict.fromkeys(findings), key=place))
