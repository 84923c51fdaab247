"""Reporting periods."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from form_templates.period import Period, PeriodError, PeriodKind

PERIODS = st.builds(
    lambda year, kind, share: Period(year, kind, 1 + share % _count(kind)),
    st.integers(1950, 2900),
    st.sampled_from(PeriodKind),
    st.integers(0, 11),
)


def _count(kind: PeriodKind) -> int:
    return {"M": 12, "Q": 4, "H": 2}.get(kind, 1)


@given(PERIODS)
def test_a_period_reads_back_from_its_code(period: Period) -> None:
    assert Period.parse(period.code) == period


@given(PERIODS)
def test_the_previous_period_ends_the_day_before_this_one_begins(period: Period) -> None:
    previous = period.previous()

    if period.kind is PeriodKind.NINE_MONTHS:
        assert previous is None
    else:
        assert previous is not None
        assert previous.kind is period.kind
        assert previous.last_day + timedelta(days=1) == period.first_day


@pytest.mark.parametrize(
    ("code", "first", "last", "label"),
    [
        ("2026-M02", date(2026, 2, 1), date(2026, 2, 28), "Tháng 2 năm 2026"),
        ("2024-M02", date(2024, 2, 1), date(2024, 2, 29), "Tháng 2 năm 2024"),
        ("2026-Q3", date(2026, 7, 1), date(2026, 9, 30), "Quý III năm 2026"),
        ("2026-H1", date(2026, 1, 1), date(2026, 6, 30), "6 tháng đầu năm 2026"),
        ("2026-H2", date(2026, 7, 1), date(2026, 12, 31), "6 tháng cuối năm 2026"),
        ("2026-9M", date(2026, 1, 1), date(2026, 9, 30), "9 tháng năm 2026"),
        ("2026", date(2026, 1, 1), date(2026, 12, 31), "Năm 2026"),
    ],
)
def test_a_period_knows_its_days_and_its_name(code: str, first: date, last: date, label: str) -> None:
    period = Period.parse(code)

    assert (period.first_day, period.last_day, period.label) == (first, last, label)


def test_the_first_half_follows_the_second_half_of_the_year_before() -> None:
    assert Period.parse("2026-H1").previous() == Period.parse("2025-H2")


def test_the_same_period_of_last_year_keeps_its_kind() -> None:
    assert Period.parse("2026-M09").same_last_year() == Period.parse("2025-M09")


def test_periods_sort_by_their_last_day_and_the_shorter_first() -> None:
    codes = ["2026", "2026-9M", "2026-M10", "2026-Q3", "2026-M09", "2026-H1", "2025"]

    assert [str(period) for period in sorted(map(Period.parse, codes))] == [
        "2025",
        "2026-H1",
        "2026-M09",
        "2026-Q3",
        "2026-9M",
        "2026-M10",
        "2026",
    ]


@pytest.mark.parametrize(
    "code", ["", "2026-M13", "2026-M00", "2026-M7", "2026-Q5", "2026-q1", "26-M01", "2026-H3", "2026-M007", "٢٠٢٦"]
)
def test_a_wrong_code_is_refused_with_what_is_accepted(code: str) -> None:
    with pytest.raises(PeriodError, match="2026-M07"):
        Period.parse(code)
