"""Every official form goes the whole way: published, issued, filled, checked, signed, sent, merged, and recomputed."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine

from form_templates.compile import compile_template
from form_templates.explanations import lines_of
from form_templates.filling import MemberLabel, fill
from form_templates.model import Aggregation, CellKey, CellKind, FormVersion
from form_templates.period import Period
from form_templates.reading import ValueState, read_form
from form_templates.stamp import embedded_version
from formulas.checking import check
from formulas.freezing import freeze
from server.services import totals
from server.services.carrying import source_period
from server.services.consolidating import consolidated_workbook
from server.services.history import import_history
from server.services.publishing import publish
from server.services.submitting import SubmissionResult
from server.storage.engine import connect
from server.storage.schema import upgrade
from signing.sign import sign_package
from tests.form_templates.specimens import forms, template
from tests.journeys.plausible import Values, typed, with_results
from tests.journeys.recalculating import Result, recalculated, with_wrong_results
from tests.server.world import COMMUNES, KEYS, NOW, World, a_world
from workbooks.finding import Finding, Severity
from workbooks.patch import Patch, patch_cells
from workbooks.workbook import open_workbook

FORMS = forms()
PERIODS = {"T": "2026-M09", "Q": "2026-Q3", "N": "2026"}
Members = Mapping[tuple[str, str], tuple[str, ...]]
UNITS = USUAL, UNUSUAL = "28756", "28807"
FIELDS = ("Đất đai", "Hộ tịch", "Xây dựng")
WHY = "Đã đối chiếu với sổ theo dõi của đơn vị"


@dataclass(frozen=True)
class Sent:
    """What one commune signed, what its own check had said, and what the service answered."""

    typed: Values
    findings: tuple[Finding, ...]
    signed: bytes
    result: SubmissionResult


@dataclass(frozen=True)
class Travelled:
    """One form that went the whole way."""

    version: FormVersion
    sent: Mapping[str, Sent]
    merged: bytes


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    engine = connect(f"sqlite:///{tmp_path_factory.mktemp('forms') / 'bieuso.db'}")
    upgrade(engine)
    yield a_world(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def travelled(world: World) -> dict[str, Travelled]:
    return {form: travel(world, form) for form in FORMS}


def travel(world: World, form: str) -> Travelled:
    publish(world.engine, template(form), decision="QĐ 1", effective_from=date(2025, 1, 1), now=NOW)
    period = PERIODS[form[-1]]
    sent = {unit: report(world, form, unit, period) for unit in UNITS}
    merged = consolidated_workbook(world.engine, form=form, unit="86", period=period, stamp_key=KEYS[0], now=NOW)
    return Travelled(version_in(merged), sent, merged)


def report(world: World, form: str, unit: str, period: str) -> Sent:
    """Earlier figures are there; the form is issued, filled, explained, signed and sent."""
    members: Members = {("T1", "01*"): FIELDS} if form == "KTXH-14.T" else {}
    if form == "KTXH-13.N":
        members = {("T1", "02*" if COMMUNES[unit].startswith("Phường") else "03*"): (unit,)}
    import_earlier(world.engine, form, unit, period, members)
    issued = world.issued(unit, form=form, period=period)
    version = version_in(issued)
    carried = values_of(issued, version, CellKind.CARRY)
    values = typed(version, members, carried, unit=unit, period=period, unusual=unit == UNUSUAL)
    labels = {place: [MemberLabel(COMMUNES.get(one, one), one if one in COMMUNES else "") for one in found]
              for place, found in members.items()}  # fmt: skip
    filled = freeze(fill(issued, version, values, labels), version)
    explained = explain(filled)
    signed = sign_package(explained, world.leaders[unit], at=NOW)
    return Sent(values, check(explained).findings, signed, world.send(signed, unit))


def import_earlier(engine: Engine, form: str, unit: str, period: str, members: Members) -> None:
    """What the carried, cumulative and reference columns of the period look back to."""
    version = compile_template(template(form))
    carries = [column.carry for column in version.tables[0].columns if column.carry]
    for earlier in sorted({code for carry in carries if (code := source_period(carry, Period.parse(period)))}):
        figures = with_results(version, members, typed(version, members, {}, unit=unit, period=earlier))
        numbers = {key: Decimal(str(value)) for key, value in figures.items() if isinstance(value, float | int)}
        rounded = {key: round(value, version.cell(key).decimals) for key, value in numbers.items()}
        import_history(engine, form=form, period=earlier, unit=unit, values=rounded, now=NOW)


def explain(filled: bytes) -> bytes:
    """Every warning about figures gets its line on the sheet "Giải trình"."""
    lines = lines_of(open_workbook(filled))
    assert lines is not None
    patches: dict[tuple[int, int], Patch] = {}
    warnings = [finding for finding in check(filled).findings if finding.severity is Severity.WARNING]
    for row, finding in zip(lines.texts, warnings, strict=False):
        for column, text in enumerate((finding.code, finding.cell, finding.message, WHY), lines.column):
            patches[row, column] = text
    return patch_cells(filled, {lines.sheet: patches}) if patches else filled


def version_in(data: bytes) -> FormVersion:
    version = embedded_version(open_workbook(data))
    assert version is not None
    return version


def values_of(data: bytes, version: FormVersion, kind: CellKind) -> Values:
    """What the cells of a kind hold; blank ones left out."""
    cells = read_form(open_workbook(data), version).cells
    return {
        key: cell.value for key, cell in cells.items() if cell.spec.kind is kind and cell.state is not ValueState.BLANK
    }


def test_the_columns_of_earlier_periods_are_filled_in(form: str, travelled: dict[str, Travelled]) -> None:
    one = travelled[form]
    carried = {column.code for column in one.version.tables[0].columns if column.carry}

    shown = values_of(one.sent[USUAL].signed, one.version, CellKind.CARRY)

    assert {key.column for key in shown} == carried
    assert all(isinstance(value, float | int) for value in shown.values())


def test_the_check_finds_nothing_in_usual_figures_and_in_others_only_what_is_explained(
    form: str, travelled: dict[str, Travelled]
) -> None:
    found = travelled[form].sent[UNUSUAL].findings

    assert travelled[form].sent[USUAL].findings == ()
    assert {(one.severity, one.explanation) for one in found} <= {(Severity.WARNING, WHY)}
    # Production that grows by two thirds in a month asks for its reason.
    assert found or form != "KTXH-03.T"


def test_the_service_accepts_what_was_signed(form: str, travelled: dict[str, Travelled]) -> None:
    for sent in travelled[form].sent.values():
        assert sent.result.status == "accepted", sent.result.findings
        assert {finding.explanation for finding in sent.result.findings} <= {WHY}


def test_typed_figures_that_add_up_are_added(form: str, travelled: dict[str, Travelled], world: World) -> None:
    one = travelled[form]
    expected: defaultdict[CellKey, Decimal] = defaultdict(Decimal)
    for sent in one.sent.values():
        for key, value in sent.typed.items():
            if one.version.cell(key).aggregation is Aggregation.SUM and isinstance(value, float | int):
                expected[key] += Decimal(str(value))

    found = totals.read(world.engine, unit="86", form=form, period=PERIODS[form[-1]]).values

    assert {key: found[key].value for key in expected} == expected
    assert expected or all(cell.aggregation is not Aggregation.SUM for cell in one.version.tables[0].cells)


def test_the_merged_workbook_is_clean(form: str, travelled: dict[str, Travelled]) -> None:
    assert [one for one in check(travelled[form].merged).findings if one.severity is Severity.ERROR] == []


@pytest.fixture(scope="module")
def by_libreoffice(
    travelled: dict[str, Travelled], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, dict[str, Result]]]:
    """Form → sheet → address → LibreOffice's result; the files it was given show sevens."""
    folder = tmp_path_factory.mktemp("libreoffice")
    books: dict[Path, list[str]] = {}
    for form, one in travelled.items():
        path = folder / f"{form}.xlsx"
        path.write_bytes(with_wrong_results(one.merged))
        books[path] = visible_sheets(one.merged)
    return {path.stem: sheets for path, sheets in recalculated(books, folder).items()}


def visible_sheets(data: bytes) -> list[str]:
    return [entry.name for entry in open_workbook(data).sheets if entry.state == "visible"]


def test_libreoffice_computes_the_same_merged_workbook(
    form: str, travelled: dict[str, Travelled], by_libreoffice: dict[str, dict[str, dict[str, Result]]]
) -> None:
    shown = load_workbook(io.BytesIO(travelled[form].merged), data_only=True)

    assert len(by_libreoffice[form]) == 1 + len(UNITS)
    for sheet, results in by_libreoffice[form].items():
        assert not [at for at, (kind, _) in results.items() if kind == "error"]
        texts = {at: value for at, (_, value) in results.items() if isinstance(value, str)}
        numbers = {at: value for at, (_, value) in results.items() if not isinstance(value, str)}
        assert texts == {at: shown[sheet][at].value for at in texts}
        assert numbers == pytest.approx({at: shown[sheet][at].value for at in numbers}, rel=1e-13, abs=1e-9)
    # Price indices neither add up nor follow from one another.
    assert any(by_libreoffice[form].values()) is (form != "KTXH-02.T")
