"""Well-filled official forms, and ways to break them one cell at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files

from form_templates.compile import compile_template
from form_templates.filling import MemberLabel, fill, issue, key_addresses
from form_templates.model import CellKey, CellKind, FormVersion, member_row
from form_templates.serial import digest
from form_templates.stamp import Stamp
from formulas.checking import Report, check
from workbooks.address import address
from workbooks.finding import Finding
from workbooks.patch import Patch, patch_cells

CROPS = "KTXH-09.T"
LIVESTOCK = "KTXH-10.Q"
POVERTY = "KTXH-13.N"
PROCEDURES = "KTXH-14.T"

PERIODS = {CROPS: "2026-M09", LIVESTOCK: "2026-Q3", POVERTY: "2026", PROCEDURES: "2026-M09"}
_COLUMNS: dict[str, dict[str, float]] = {
    CROPS: {"1": 95.5, "2": 110.0, "3": 100.0, "4": 90.5, "5": 55.25},
    LIVESTOCK: {"1": 200.0, "2": 210.0, "4": 220.0},
    POVERTY: {"1": 1000.0, "2": 100.0, "4": 10.0, "5": 1.0, "6": 2.0, "9": 5.0},
    PROCEDURES: {"2": 60.0, "3": 30.0, "4": 10.0, "6": 50.0, "7": 30.0, "8": 10.0, "10": 8.0, "11": 2.0},
}
_PARTS = {LIVESTOCK: ("03", "05", "07")}
_COMMUNES = (("29551", "Xã Tam Bình"), ("29554", "Xã Cái Ngang"), ("29557", "Xã Hòa Hiệp"), ("29560", "Xã Song Phú"))
_FIELDS = (("", "Đất đai"), ("", "Hộ tịch"), ("", "Xây dựng"), ("", "Lao động"))


def template(form: str) -> bytes:
    return (files("form_templates") / "official" / f"{form}.xlsx").read_bytes()


@lru_cache
def a_version(form: str) -> FormVersion:
    return compile_template(template(form))


@lru_cache
def an_issued_form(form: str) -> bytes:
    version = a_version(form)
    stamp = Stamp(
        form,
        version.version,
        digest(version),
        "29551",
        "Xã Tam Bình",
        PERIODS[form],
        "2026-000001",
        datetime(2026, 9, 14, 3, 0, tzinfo=UTC),
    )
    return issue(template(form), version, stamp, "k1", b"throw-away")


def members_of(version: FormVersion) -> dict[tuple[str, str], Sequence[MemberLabel]]:
    return {
        (table.code, region.code): [
            MemberLabel(label, code) for code, label in (_COMMUNES if region.members == "unit" else _FIELDS)
        ]
        for table in version.tables
        for region in table.regions
    }


def plain_values(form: str) -> dict[CellKey, float]:
    """A number for every cell to be typed, such that all relations hold."""
    version = a_version(form)
    members = members_of(version)
    values = {}
    for key, spec in version.cell_by_key.items():
        if spec.kind in (CellKind.INPUT, CellKind.CARRY):
            rows = [member_row(key.row, m.key) for m in members[key.table, key.row]] if "*" in key.row else [key.row]
            share = 0.25 if key.row in _PARTS.get(form, ()) else 1.0
            for row in rows:
                values[key._replace(row=row)] = round(_COLUMNS[form][key.column] * share, spec.decimals)
    return values


@lru_cache
def a_filled_form(form: str) -> bytes:
    version = a_version(form)
    return fill(an_issued_form(form), version, plain_values(form), members_of(version))


def with_cells(form: str, patches: Mapping[tuple[str, str], Patch]) -> bytes:
    """The filled form with some cells, by (row, column) codes, patched."""
    data, version = a_filled_form(form), a_version(form)
    places = key_addresses(data, version)
    by_sheet: dict[str, dict[tuple[int, int], Patch]] = {}
    for (row, column), patch in patches.items():
        sheet, at_row, at_column = places[CellKey(version.tables[0].code, row, column)]
        by_sheet.setdefault(sheet, {})[at_row, at_column] = patch
    return patch_cells(data, by_sheet)


def place(form: str, row: str, column: str) -> str:
    version = a_version(form)
    _, at_row, at_column = key_addresses(a_filled_form(form), version)[CellKey(version.tables[0].code, row, column)]
    return address(at_row, at_column)


def report_on(form: str, patches: Mapping[tuple[str, str], Patch]) -> Report:
    return check(with_cells(form, patches), a_version(form))


def findings_of(report: Report, code: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.code == code]


def only(report: Report, code: str) -> Finding:
    found = findings_of(report, code)
    assert len(found) == 1, report.findings
    return found[0]
