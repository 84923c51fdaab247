"""Forms and catalogues: what published forms use of them, and what a form to be published must agree with (C06)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import groupby

from sqlalchemy import Connection

from form_templates.errors import FormError
from form_templates.measures import Measures, UnitOfMeasure
from form_templates.model import FormVersion, Region, Row, Table
from server.services.catalogues import findings as said
from server.services.catalogues.entries import measures_of
from server.services.catalogues.kinds import INDICATORS, UNITS_OF_MEASURE
from server.services.lifecycle import stages
from server.services.registry import published
from server.storage import catalogues, forms
from server.storage.catalogues import Entry
from workbooks.address import address
from workbooks.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class Use:
    """A row of a form in use that names an indicator, and the unit of measure it is told in."""

    form: str
    row: str
    indicator: str
    unit: str


def versions_in_use(connection: Connection, day: date) -> Iterator[FormVersion]:
    """Every version that serves periods ending on that day or later."""
    for _, records in groupby(forms.form_versions(connection), key=lambda one: one.form):
        for stage in stages(tuple(records), day):
            if stage.until is None or stage.until > day:
                yield published(stage.record).version


def uses_of(version: FormVersion) -> Iterator[Use]:
    """The rows and regions of a form that name an indicator."""
    name = f"{version.form} phiên bản {version.version}"
    for table in version.tables:
        for row in _lines(table):
            if row.indicator:
                yield Use(name, row.code, row.indicator, row.unit)


def units_written(version: FormVersion) -> frozenset[str]:
    """Every text that a form writes for a unit of measure."""
    texts = {row.unit for table in version.tables for row in _lines(table)}
    texts |= {part.unit for table in version.tables for part in table.columns}
    return frozenset(texts | {cell.unit for cell in version.cell_by_key.values()}) - {""}


def _lines(table: Table) -> tuple[Row | Region, ...]:
    return (*table.rows, *table.regions)


def told_by_catalogue(
    connection: Connection, version: FormVersion, day: date
) -> tuple[FormVersion, tuple[Finding, ...]]:
    """The version with the units of measure its rows inherit from their indicators, and what is worth a warning.

    Raises:
        FormError: rows whose indicator is not in the catalogue on that day, or is told in another kind of unit.
    """
    indicators = {one.code: one for one in catalogues.entries_at(connection, day, INDICATORS.name)}
    measures = measures_of(catalogues.entries_at(connection, day, UNITS_OF_MEASURE.name))
    findings: list[Finding] = []
    for table in version.tables:
        for row in _lines(table):
            findings += _faults(table, row, indicators, measures, day)
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise FormError(findings)
    tables = tuple(_inherited(table, indicators, measures) for table in version.tables)
    return replace(version, tables=tables), tuple(findings)


def _faults(
    table: Table, row: Row | Region, indicators: Mapping[str, Entry], measures: Measures, day: date
) -> Iterator[Finding]:
    if not row.indicator:
        return
    at = address(row.first if isinstance(row, Region) else row.at, table.codes_at)
    known = indicators.get(row.indicator)
    if known is None:
        yield said.NO_INDICATOR.at(table.sheet, at, row=row.code, indicator=row.indicator[:60], day=f"{day:%d/%m/%Y}")
        return
    expected = measures.unit(known.attributes["unit"])
    yield from _unit_faults(table.sheet, at, Use("", row.code, row.indicator, row.unit), expected, measures)


def _unit_faults(sheet: str, at: str, use: Use, expected: UnitOfMeasure, measures: Measures) -> Iterator[Finding]:
    """Another unit is wrong, unless the catalogue has a factor between the two: then it is told (C06)."""
    if not use.unit:
        return
    unit = measures.find(use.unit)
    told = {"row": use.row, "unit": use.unit[:60], "expected": expected.name, "indicator": use.indicator}
    if unit is None or unit.dimension != expected.dimension:
        yield said.UNIT_DIFFERS.at(sheet, at, **told)
    elif unit.factor != expected.factor:
        ratio = Fraction(unit.factor) / Fraction(expected.factor)
        yield said.UNIT_CONVERTED.at(sheet, at, **told, factor=str(ratio))


def still_fits(use: Use, expected: str, measures: Measures) -> bool:
    """Whether a row of a published form can be told in the unit of measure of that code."""
    unit, other = measures.find(use.unit), measures.find(expected)
    return not use.unit or unit is None or other is None or unit.dimension == other.dimension


def _inherited(table: Table, indicators: Mapping[str, Entry], measures: Measures) -> Table:
    units = {
        row.code: measures.unit(indicators[row.indicator].attributes["unit"]).name
        for row in _lines(table)
        if row.indicator and not row.unit
    }
    if not units:
        return table
    return replace(
        table,
        rows=tuple(replace(row, unit=units.get(row.code, row.unit)) for row in table.rows),
        regions=tuple(replace(row, unit=units.get(row.code, row.unit)) for row in table.regions),
        cells=tuple(replace(cell, unit=cell.unit or units.get(cell.key.row, "")) for cell in table.cells),
    )
