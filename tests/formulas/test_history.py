"""Figures against the unit's own earlier ones, on official forms that carry their history with them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from form_templates.filling import fill, issue
from form_templates.history import CellHistory, pack, summary, unpack
from form_templates.model import CellKey
from form_templates.serial import digest
from form_templates.stamp import STAMP_SHEET, Stamp, embedded_history, stamp_is_ours
from formulas.checking import Report, check
from formulas.scale import _jumps
from tests.formulas.specimens import (
    CROPS,
    LIVESTOCK,
    a_version,
    members_of,
    only,
    place,
    plain_values,
    template,
)
from workbooks.finding import Severity
from workbooks.patch import patch_cells
from workbooks.workbook import open_workbook

KEY = b"throw-away"


def issued(form: str, history: dict[CellKey, CellHistory]) -> bytes:
    version = a_version(form)
    at = datetime(2026, 9, 14, 3, 0, tzinfo=UTC)
    period = "2026-Q3" if form == LIVESTOCK else "2026-M09"
    stamp = Stamp(form, version.version, digest(version), "29551", "Xã Tam Bình", period, "1", at)
    return issue(template(form), version, stamp, "k1", KEY, history=history)


def reported(form: str, typed: dict[tuple[str, str], float], earlier: dict[tuple[str, str], Sequence[float]]) -> Report:
    """The report on a filled form, some cells of which were typed so, with these earlier figures."""
    history = {CellKey("T1", *place): summary(figures) for place, figures in earlier.items()}
    version = a_version(form)
    values = plain_values(form) | {CellKey("T1", *place): value for place, value in typed.items()}
    return check(fill(issued(form, history), version, values, members_of(version)))


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings if finding.code.startswith("BS62")]


STEADY = (100.0, 104.0, 98.0, 101.0, 99.0)


def test_a_thousand_times_the_usual_asks_which_reading_is_right() -> None:
    report = reported(CROPS, {("04", "2"): 110_000.0}, {("04", "2"): (108.0, 111.0, 109.5)})

    finding = only(report, "BS620")

    assert finding.severity is Severity.WARNING
    assert finding.cell == place(CROPS, "04", "2")
    assert "gấp khoảng 1.000 lần" in finding.message
    assert "Số đúng là 110.000 hay 110?" in finding.message
    assert "Ha" in finding.remedy
    assert only(report, "BS505")


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.1, "chỉ bằng khoảng 1/1.000"), (3e8, "gấp khoảng 1.000.000 lần"), (2e11, "gấp khoảng 1.000.000.000 lần")],
)
def test_every_power_of_a_thousand_is_told_both_ways(value: float, told: str) -> None:
    assert told in only(reported(CROPS, {("04", "2"): value}, {("04", "2"): (100.0, 110.0, 120.0)}), "BS620").message


def test_a_whole_column_in_another_unit_is_told_once() -> None:
    typed = {key.row: value for key, value in plain_values(LIVESTOCK).items() if key.column == "4"}
    rows = list(typed)
    usual = {(row, "4"): [value / scale for scale in (900, 1000, 1100)] for row, value in typed.items()}

    report = reported(LIVESTOCK, {}, usual)

    finding = only(report, "BS622")
    assert codes(report) == ["BS622"]
    assert finding.cell == place(LIVESTOCK, rows[0], "4")
    assert f"{len(rows)} ô" in finding.message


def test_a_sudden_jump_is_told_with_what_is_usual() -> None:
    finding = only(reported(CROPS, {("04", "2"): 190.0}, {("04", "2"): STEADY}), "BS621")

    assert finding.cell == place(CROPS, "04", "2")
    assert "5 kỳ gần nhất của đơn vị (từ 98,0 đến 104,0, thường gặp 100,0)" in finding.message


@pytest.mark.parametrize("value", [100.0, 120.0, 149.0, 51.0])
def test_growth_within_half_the_usual_is_no_jump(value: float) -> None:
    assert codes(reported(CROPS, {("04", "2"): value}, {("04", "2"): STEADY})) == []


@pytest.mark.parametrize("earlier", [(), (100.0,), (100.0, 101.0), (100.0, 101.0, 99.0)])
def test_fewer_than_four_figures_never_make_a_jump(earlier: Sequence[float]) -> None:
    figures = {("04", "2"): earlier} if earlier else {}

    assert codes(reported(CROPS, {("04", "2"): 400.0}, figures)) == []


def test_a_series_that_always_varied_is_let_vary() -> None:
    assert codes(reported(CROPS, {("04", "2"): 900.0}, {("04", "2"): (10.0, 800.0, 300.0, 600.0, 90.0)})) == []


def test_one_strange_earlier_figure_does_not_hide_a_jump() -> None:
    assert codes(reported(CROPS, {("04", "2"): 400.0}, {("04", "2"): (*STEADY, 90_000.0)})) == ["BS621"]


HARVESTS = (0.0, 0.0, 0.0, 500.0, 0.0, 0.0, 0.0, 540.0, 0.0, 0.0, 0.0, 0.0)
SOWINGS = (820.0, 15.0, 0.0, 0.0, 410.0, 12.0, 0.0, 0.0, 640.0, 30.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("value", "earlier"),
    [
        (620.0, HARVESTS),
        (500.0, HARVESTS),
        (0.0, HARVESTS),
        (900.0, SOWINGS),
        (0.0, SOWINGS),
        (0.0, (500.0, 510.0, 0.0, 505.0, 498.0)),
        (500.0, (0.0,) * 5),  # the first harvest since figures are kept
        (-80.0, (-60.0, -70.0, -55.0, -64.0)),
    ],
)
def test_the_seasons_are_no_jumps(value: float, earlier: Sequence[float]) -> None:
    assert codes(reported(CROPS, {("04", "2"): value}, {("04", "2"): earlier})) == []


@pytest.mark.parametrize(
    ("value", "earlier"), [(5_400.0, HARVESTS), (8_200.0, SOWINGS), (500.0, (0.0,) * 12), (1.0, STEADY)]
)
def test_what_no_season_explains_is_a_jump(value: float, earlier: Sequence[float]) -> None:
    assert codes(reported(CROPS, {("04", "2"): value}, {("04", "2"): earlier})) == ["BS621"]


@settings(max_examples=200)
@given(
    st.lists(st.floats(0.8, 1.25), min_size=14, max_size=14),
    st.lists(st.sampled_from((0.0, 0.3, 1.0)), min_size=12, max_size=12),
)
def test_a_year_like_the_one_before_never_alarms(yearly: list[float], season: list[float]) -> None:
    """Any season, each month within a quarter of that month's usual figure."""
    figures = [round(400 * part * noise, 1) for part, noise in zip(season * 2, yearly, strict=False)]

    assert not _jumps(figures[12], summary(figures[:12]), 1)
    assert not _jumps(figures[13], summary(figures[1:13]), 1)


def test_small_counts_may_do_as_they_please() -> None:
    usual = {("01", "4"): (1.0, 0.0, 2.0, 1.0, 0.0)}

    assert codes(reported(LIVESTOCK, {("01", "4"): 9.0}, usual)) == []


def test_a_column_that_jumps_is_told_once() -> None:
    rows = [key.row for key in plain_values(LIVESTOCK) if key.column == "4"]

    report = reported(LIVESTOCK, {}, {(row, "4"): (900.0, 910.0, 890.0, 905.0) for row in rows})

    assert codes(report) == ["BS623"]


def test_the_receiver_goes_by_its_own_history() -> None:
    version = a_version(CROPS)
    key = CellKey("T1", "04", "2")
    harmless = {key: summary((100_000.0, 110_000.0, 105_000.0))}
    values = plain_values(CROPS) | {key: 110_000.0}
    data = fill(issued(CROPS, harmless), version, values)

    own = check(data, version)
    received = check(data, version, history={key: summary((108.0, 111.0, 109.5))})

    assert codes(own) == []
    assert codes(received) == ["BS620"]


# ---- what travels in the workbook


def test_the_history_is_read_back_as_it_was_written() -> None:
    history = {CellKey("T1", "04", "2"): summary(STEADY), CellKey("T1", "02*#29551", "7"): summary((5.0,))}

    assert embedded_history(open_workbook(issued(CROPS, history))) == history


def test_a_workbook_without_history_has_none() -> None:
    workbook = open_workbook(issued(CROPS, {}))

    assert embedded_history(workbook) == {}
    assert stamp_is_ours(workbook, [("k1", KEY)])


def test_a_history_that_was_rewritten_is_not_ours() -> None:
    data = issued(CROPS, {CellKey("T1", "04", "2"): summary(STEADY)})
    other = pack({CellKey("T1", "04", "2"): summary((1.0, 2.0))})[0]
    rows = {cell.value: row for (row, column), cell in open_workbook(data).read_sheet(STAMP_SHEET).cells.items()}

    rewritten = patch_cells(data, {STAMP_SHEET: {(rows["history.01"], 2): other}})
    unsealed = patch_cells(rewritten, {STAMP_SHEET: {(rows["history"], 2): ""}})

    assert stamp_is_ours(open_workbook(data), [("k1", KEY)])
    assert not stamp_is_ours(open_workbook(rewritten), [("k1", KEY)])
    assert not stamp_is_ours(open_workbook(unsealed), [("k1", KEY)])


@given(st.lists(st.floats(-1e12, 1e12).map(lambda number: round(number, 3)), min_size=1, max_size=12))
def test_any_figures_are_summed_up_and_carried(figures: list[float]) -> None:
    key = CellKey("T1", "02*#Hộ tịch", "6kt")
    found = summary(figures)

    carried = unpack(pack({key: found}))

    assert found.low <= found.median <= found.high
    assert carried[key].count == len(figures)
    assert carried[key].median == pytest.approx(found.median, abs=1e-5)


@pytest.mark.parametrize("text", ["", "x", "AAAA", "W10=", "eJyLjgUAARUAuQ==", "eJyrBgAAfQB8"])
def test_a_damaged_history_is_no_history(text: str) -> None:
    assert unpack([text]) == {}


def test_numbers_out_of_order_are_not_of_our_making() -> None:
    crooked = replace(summary(STEADY), low=1e6)

    assert unpack(pack({CellKey("T1", "04", "2"): crooked})) == {}
