"""Forms that count from the start of the year, and forms with free texts: issued, sent, carried on and merged."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from form_templates.filling import fill
from form_templates.model import CellKey
from form_templates.reading import read_form
from form_templates.stamp import embedded_version
from formulas.checking import check
from formulas.freezing import freeze
from server.services import totals
from server.services.consolidating import consolidated_workbook
from server.services.contents import view_submission
from server.services.publishing import publish
from server.services.submitting import SubmissionResult
from server.storage.engine import reading
from server.storage.exact import FactState
from server.storage.facts import facts_of
from signing.sign import sign_package
from tests.server.world import KEYS, NOW, World, template
from workbooks.sheet import Value
from workbooks.workbook import open_workbook

RETAIL, INVESTMENT = "KTXH-04.T", "KTXH-07.T"
RETAIL_ROWS = [f"{row:02d}" for row in (*range(3, 15), 16, 17, 18, *range(20, 27))]
FUNDS = ("03", "04", "05", "07", "08", "09", "10")


def key(row: str, column: str | int) -> CellKey:
    return CellKey("T1", row, str(column))


@pytest.fixture
def retail(world: World) -> World:
    for form in (RETAIL, INVESTMENT):
        publish(world.engine, template(form), decision="QĐ 2", effective_from=date(2025, 7, 1), now=NOW)
    return world


def sent(
    world: World, values: dict[CellKey, Value], *, form: str = RETAIL, period: str, unit: str = "28756"
) -> SubmissionResult:
    issued = world.issued(unit, form=form, period=period)
    version = embedded_version(open_workbook(issued))
    assert version is not None
    filled = freeze(fill(issued, version, values), version)
    return world.send(sign_package(filled, world.leaders[unit], at=NOW), unit)


def sales(each: float) -> dict[CellKey, Value]:
    return {key(row, 2): each for row in RETAIL_ROWS}


def shown(world: World, period: str, *, form: str = RETAIL, unit: str = "28756") -> dict[CellKey, Value]:
    """What the workbook issued for a period shows."""
    workbook = open_workbook(world.issued(unit, form=form, period=period))
    version = embedded_version(workbook)
    assert version is not None
    return {cell_key: cell.value for cell_key, cell in read_form(workbook, version).cells.items()}


def test_a_figure_that_runs_up_over_the_year_goes_on_from_the_month_before(retail: World) -> None:
    january = sent(retail, sales(10.5), period="2026-M01")
    february = shown(retail, "2026-M02")
    sent(retail, sales(12.0), period="2026-M02")
    march = shown(retail, "2026-M03")

    assert january.status == "accepted", january.findings
    assert (february[key("03", "3kt")], february[key("03", 1)], february[key("03", 3)]) == (10.5, 10.5, 10.5)
    assert february[key("01", "3kt")] == 22 * 10.5
    assert (march[key("03", "3kt")], march[key("03", 1)], march[key("01", 3)]) == (22.5, 12.0, 22 * 22.5)


def test_a_new_year_starts_from_nothing(retail: World) -> None:
    sent(retail, sales(10.5), period="2025-M12")

    january = shown(retail, "2026-M01")

    assert january[key("03", 1)] == 10.5  # the month before is still the month before
    assert january[key("03", "3kt")] is None
    assert january[key("03", 3)] == 0


def test_what_was_carried_may_not_be_changed(retail: World) -> None:
    sent(retail, sales(10.5), period="2026-M01")

    refused = sent(retail, sales(12.0) | {key("03", "3kt"): 100.0}, period="2026-M02")

    assert refused.status == "refused"
    assert {finding.code for finding in refused.findings if finding.severity.value == "error"} == {"BS820"}


def test_a_jump_against_the_month_before_is_told_as_a_warning(retail: World) -> None:
    sent(retail, sales(10.5), period="2026-M01")

    jumped = sent(retail, sales(10.5) | {key("03", 2): 10_500.0}, period="2026-M02")

    told = [finding for finding in jumped.findings if "trên 50%" in finding.message]
    assert {(finding.code, finding.severity.value) for finding in told} == {("BS502", "warning")}
    assert "E11" in {finding.cell for finding in told}


def test_several_units_run_up_together_in_the_merged_workbook(retail: World) -> None:
    for unit, each in (("28756", 10.0), ("28807", 2.0)):
        sent(retail, sales(each), period="2026-M01", unit=unit)
        sent(retail, sales(1.25 * each), period="2026-M02", unit=unit)

    data = consolidated_workbook(retail.engine, form=RETAIL, unit="86", period="2026-M02", stamp_key=KEYS[0], now=NOW)
    report = check(data)
    whole = totals.read(retail.engine, unit="86", form=RETAIL, period="2026-M02")

    assert [finding for finding in report.findings if finding.severity.value == "error"] == []
    assert report.filled is not None
    cells = report.filled.cells
    assert (cells[key("03", "3kt")].value, cells[key("03", 2)].value, cells[key("03", 3)].value) == (12.0, 15.0, 27.0)
    assert cells[key("01", 3)].value == 22 * 27.0
    assert cells[key("03", 6)].value == 125.0
    assert whole.values[key("03", 3)].value == Decimal(27)


def disbursed() -> dict[CellKey, Value]:
    values: dict[CellKey, Value] = {}
    for row in FUNDS:
        values |= {key(row, 1): 1000, key(row, 2): 900, key(row, 4): 100, key(row, 8): 200}
    return values


def test_a_free_text_is_no_number_and_travels_with_the_figures(retail: World) -> None:
    reason = "Vướng giải phóng mặt bằng"
    texts: dict[CellKey, Value] = {key(row, 9): reason for row in FUNDS}

    accepted = sent(retail, disbursed() | texts, form=INVESTMENT, period="2026-M01")
    merged = consolidated_workbook(
        retail.engine, form=INVESTMENT, unit="86", period="2026-M01", stamp_key=KEYS[0], now=NOW
    )

    assert accepted.status == "accepted", accepted.findings
    assert not accepted.findings, accepted.findings
    with reading(retail.engine) as connection:
        fact = facts_of(connection, accepted.id)[key("03", 9)]
    assert (fact.state, fact.value) == (FactState.TEXT, None)
    view = view_submission(retail.engine, accepted.id, account=None, sight=lambda _: None, today=NOW.date())
    assert view.content is not None
    assert view.content.cells[key("03", 9)].text == reason
    version = embedded_version(open_workbook(merged))
    assert version is not None
    unit_sheet = next(name for name in (sheet.name for sheet in open_workbook(merged).sheets) if "28756" in name)
    of_unit = read_form(open_workbook(merged), version, sheet=unit_sheet)
    assert of_unit.cells[key("03", 9)].value == reason
    assert read_form(open_workbook(merged), version).cells[key("03", 9)].value is None


def test_a_low_rate_without_a_reason_is_a_warning(retail: World) -> None:
    without = sent(retail, disbursed(), form=INVESTMENT, period="2026-M01")

    told = [finding for finding in without.findings if "nguyên nhân, vướng mắc" in finding.message]
    assert len(told) == len(FUNDS)
    assert {finding.severity.value for finding in told} == {"warning"}
