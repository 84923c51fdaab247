from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from addin.alignment import Axis

ANCHORS = st.dictionaries(st.integers(1, 60), st.integers(1, 60), min_size=1).filter(
    lambda anchors: len(set(anchors.values())) == len(anchors)
)


@given(ANCHORS, st.integers(1, 100))
def test_no_two_places_land_on_one_coded_place(anchors: dict[int, int], place: int) -> None:
    axis = Axis(anchors)

    there = axis.to(place)

    assert place in anchors or there is None or there not in anchors.values()


@given(ANCHORS)
def test_coded_places_go_there_and_back(anchors: dict[int, int]) -> None:
    axis = Axis(anchors)

    for here in anchors:
        there = axis.to(here)
        assert there is not None
        assert axis.back.to(there) == here


def test_what_stands_below_the_last_code_keeps_its_distance() -> None:
    axis = Axis({8: 8, 9: 9, 12: 11})

    assert axis.to(15) == 14
    assert axis.back.to(14) == 15


def test_a_row_put_between_two_codes_has_no_counterpart() -> None:
    axis = Axis({9: 9, 11: 10})

    assert axis.to(10) is None
    assert axis.to(12) == 11


def test_what_stands_above_the_first_code_keeps_its_distance() -> None:
    axis = Axis({10: 9})

    assert axis.to(5) == 4
    assert axis.to(1) is None
