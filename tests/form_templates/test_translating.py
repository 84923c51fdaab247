from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from form_templates.model import (
    Aggregation,
    CellKey,
    CellKind,
    CellSpec,
    Column,
    FormVersion,
    Link,
    Region,
    Row,
    Succession,
    Table,
    member_row,
)
from form_templates.reading import ValueState
from form_templates.succession import faults_against, own_faults
from form_templates.translating import Amount, Portion, Reason, Translation, parts, translate
from tests.form_templates.successions import first_spec, second_spec, third_spec, version

BLANK, NONE, NO_DATA, HATCHED, TEXT = (
    ValueState.BLANK,
    ValueState.NONE,
    ValueState.NO_DATA,
    ValueState.NOT_APPLICABLE,
    ValueState.TEXT,
)


def key(row: str, column: int) -> CellKey:
    return CellKey("T1", row, str(column))


def told(values: Mapping[tuple[str, int], str | ValueState]) -> Translation:
    """Figures of KTXH-09.T under its first version, told under its second."""
    amounts = {key(*at): value if isinstance(value, ValueState) else Decimal(value) for at, value in values.items()}
    return translate(version(first_spec()), version(second_spec()), amounts)


def test_a_split_gives_each_part_its_share_and_says_so() -> None:
    found = told({("05", 3): "10"})

    assert found.values == {key("05", 3): Decimal(7), key("13", 3): Decimal(3)}
    assert [(move.old, move.new, move.share) for move in found.moves] == [
        (key("05", 3), key("05", 3), Decimal("0.7")),
        (key("05", 3), key("13", 3), Decimal("0.3")),
    ]
    assert not any(move.whole for move in found.moves)


def test_parts_of_a_split_are_together_the_whole_where_shares_do_not_come_out_even() -> None:
    found = told({("05", 3): "0.1", ("05", 4): "12.3"})

    assert found.values[key("05", 3)] + found.values[key("13", 3)] == Decimal("0.1")  # type: ignore[operator]  # numbers
    assert found.values[key("05", 4)] + found.values[key("13", 4)] == Decimal("12.3")  # type: ignore[operator]  # numbers
    assert not found.left


def test_a_merge_adds_and_a_rename_moves() -> None:
    found = told({("07", 3): "1.5", ("08", 3): "2.5", ("12", 3): "4"})

    assert found.values == {key("07", 3): Decimal(4), key("14", 3): Decimal(4)}
    assert [move.old.row for move in found.by_new[key("07", 3)]] == ["07", "08"]


def test_a_change_of_unit_multiplies() -> None:
    found = told({("04", 2): "123.4", ("12", 2): "5.1"})

    assert found.values == {key("04", 2): Decimal("0.1234"), key("14", 2): Decimal("0.0051")}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (BLANK, BLANK, None),
        ("3", NONE, Decimal(3)),
        ("3", BLANK, Decimal(3)),
        ("3", HATCHED, Decimal(3)),
        ("3", NO_DATA, Decimal(3)),
        ("3", TEXT, Decimal(3)),
        ("0", BLANK, Decimal(0)),
        (NONE, BLANK, NONE),
        (NONE, NO_DATA, NO_DATA),
        (HATCHED, NONE, NONE),
        (HATCHED, HATCHED, HATCHED),
    ],
)
def test_states_merge_as_documented(one: str | ValueState, other: str | ValueState, expected: Amount | None) -> None:
    for pair in ((one, other), (other, one)):
        found = told({("07", 3): pair[0], ("08", 3): pair[1]})

        assert found.values.get(key("07", 3)) == expected


def test_a_sum_that_lacks_data_and_text_in_a_merge_are_listed() -> None:
    assert [one.reason for one in told({("07", 3): "3", ("08", 3): NO_DATA}).left] == [Reason.NO_DATA]
    assert [one.reason for one in told({("07", 3): TEXT, ("08", 3): BLANK}).left] == []
    assert [one.reason for one in told({("07", 3): TEXT, ("08", 3): NONE}).left] == [Reason.NOT_A_NUMBER]


def test_what_is_said_in_place_of_a_number_is_said_of_every_part() -> None:
    assert told({("05", 3): NONE}).values == {key("05", 3): NONE, key("13", 3): NONE}


def test_a_yield_is_copied_to_the_parts_and_never_added() -> None:
    split = told({("05", 5): "50.25"})
    merged = told({("07", 5): "10", ("08", 5): "20"})
    alone = told({("07", 5): "10", ("08", 5): NONE, ("08", 1): "3"})  # the 3 is last year's

    assert split.values == {key("05", 5): Decimal("50.25"), key("13", 5): Decimal("50.25")}
    assert merged.values == {}
    assert merged.undetermined == {key("07", 5)}
    assert [(one.old.row, one.reason) for one in merged.left] == [
        ("07", Reason.NOT_ADDITIVE),
        ("08", Reason.NOT_ADDITIVE),
    ]
    assert alone.values == {key("07", 5): Decimal(10), key("07", 1): Decimal(3)}


def test_a_yield_is_not_taken_for_that_of_an_area_that_has_none() -> None:
    found = told({("07", 4): "30", ("07", 5): "10", ("08", 4): "5"})

    assert found.values == {key("07", 4): Decimal(35)}
    assert found.undetermined == {key("07", 5)}
    assert [(one.old, one.reason) for one in found.left] == [(key("07", 5), Reason.NOT_ADDITIVE)]


def test_what_is_not_carried_on_is_listed_and_so_is_what_has_no_place() -> None:
    old, new = version(first_spec()), version(second_spec())
    assert new.succession is not None
    dropped = replace(new, succession=replace(new.succession, rows=(Link("12", "", "0.4"), Link("12", "14", "0.6"))))

    found = translate(old, dropped, {key("12", 3): Decimal(10), key("08", 3): Decimal(5), key("77", 3): Decimal(1)})

    assert found.values == {key("14", 3): Decimal(6)}
    assert [(one.old.row, one.amount, one.reason) for one in found.left] == [
        ("08", Decimal(5), Reason.NO_PLACE),
        ("12", Decimal(4), Reason.NOT_CARRIED),
        ("77", Decimal(1), Reason.NO_PLACE),
    ]


def test_digits_that_the_new_cell_does_not_keep_are_listed() -> None:
    found = translate(
        version(first_spec()),
        a_version("2", {"04": ("ha", 0)}, Succession("1", columns=())),
        {key("04", 3): Decimal("12.7")},
    )

    assert found.values == {}  # the other form has no column 3
    one = translate(
        a_version("1", {"04": ("ha", 1)}), a_version("2", {"04": ("ha", 0)}), {key("04", 1): Decimal("12.7")}
    )
    assert one.values == {key("04", 1): Decimal(13)}
    assert [(left.amount, left.reason) for left in one.left] == [(Decimal("-0.3"), Reason.ROUNDED)]


def test_versions_in_a_row_compose() -> None:
    one, two, three = (version(spec) for spec in (first_spec(), second_spec(), third_spec()))
    values = {key("05", 3): Decimal("12.3"), key("12", 3): Decimal(4), key("07", 3): Decimal(1)}

    found = translate(two, three, translate(one, two, values).values)

    assert found.values == values


def test_members_of_a_region_keep_their_keys() -> None:
    old = a_version("1", {"02": ("ha", 1)}, region="02*")
    new = a_version("2", {"02": ("ha", 1)}, Succession("1", (Link("02*", "05*", "1", "10"),)), region="05*")

    found = translate(old, new, {CellKey("T1", member_row("02*", "29551"), "1"): Decimal("1.5")})

    assert found.values == {CellKey("T1", member_row("05*", "29551"), "1"): Decimal("15.0")}


# -- whatever the figures and the links --------------------------------------------------------------------------------


def a_version(
    number: str, rows: Mapping[str, tuple[str, int]], succession: Succession | None = None, region: str = ""
) -> FormVersion:
    """One column of figures; rows by code with unit and decimals."""
    lines = tuple(Row(code, f"Dòng {code}", unit, 10 + i) for i, (code, (unit, _)) in enumerate(rows.items()))
    regions = (Region(region, "Xã", "ha", 60, 62),) if region else ()
    places = {**rows, **({region: ("ha", 1)} if region else {})}
    cells = tuple(
        CellSpec(CellKey("T1", code, "1"), CellKind.INPUT, unit, decimals, aggregation=Aggregation.SUM)
        for code, (unit, decimals) in places.items()
    )
    columns = (Column("1", "Số", CellKind.INPUT, 4),)
    table = Table("T1", "Biểu", 2, 1, 8, lines, columns, regions, cells)
    return FormVersion("THU", number, "Biểu thử", "ha", "", "", ("M",), "H1", "H2", (table,), succession=succession)


def shares(count: int) -> st.SearchStrategy[list[Decimal]]:
    """Hundredths that make a whole."""
    cuts = st.lists(st.integers(1, 99), min_size=count - 1, max_size=count - 1, unique=True).map(sorted)
    return cuts.map(lambda found: [Decimal(b - a) / 100 for a, b in pairwise([0, *found, 100])])


@st.composite
def successions(draw: st.DrawFn) -> tuple[FormVersion, FormVersion]:
    """An old version of up to six rows and a valid successor: split, merged, renamed, dropped, left as they are."""
    old = {f"{i:02d}": ("ha", draw(st.integers(0, 3))) for i in range(1, draw(st.integers(2, 6)))}
    new = {f"{i:02d}": ("ha", draw(st.integers(0, 3))) for i in range(1, draw(st.integers(2, 8)))}
    links: list[Link] = []
    for code in old:
        targets = draw(st.lists(st.sampled_from([*new, ""]), unique=True, max_size=4))
        portions = draw(shares(len(targets))) if targets else []
        links += [Link(code, target, f"{share:f}") for target, share in zip(targets, portions, strict=True)]
    one = a_version("1", old)
    return one, a_version("2", new, Succession("1", tuple(links)))


amounts: st.SearchStrategy[Amount] = st.one_of(
    st.integers(-(10**12), 10**12).map(lambda units: Decimal(units).scaleb(-3)),
    st.sampled_from([state for state in ValueState if state is not ValueState.NUMBER]),
)


@given(successions(), st.data())
def test_additive_figures_keep_their_sum_to_the_last_digit_and_nothing_is_lost(
    versions: tuple[FormVersion, FormVersion], data: st.DataObject
) -> None:
    old, new = versions
    assert not list(own_faults(new))
    values = {key(row.code, 1): data.draw(amounts) for row in old.tables[0].rows}

    found = translate(old, new, values)

    before = sum((value for value in values.values() if isinstance(value, Decimal)), Decimal(0))
    after = sum((value for value in found.values.values() if isinstance(value, Decimal)), Decimal(0))
    listed = sum((one.amount for one in found.left if isinstance(one.amount, Decimal)), Decimal(0))
    assert before == after + listed
    arrived = {move.old for move in found.moves if move.new in found.values}
    unmentioned = {at for at, value in values.items() if value is not BLANK} - arrived
    assert unmentioned <= {one.old for one in found.left}
    assert all(
        value == value.quantize(Decimal(1).scaleb(-new.cell(at).decimals))
        for at, value in found.values.items()
        if isinstance(value, Decimal)
    )


@given(
    st.integers(-(10**15), 10**15).map(lambda units: Decimal(units).scaleb(-2)),
    st.integers(1, 5).flatmap(shares),
    st.lists(st.sampled_from([0, 1, 2, 4]), min_size=5, max_size=5),
)
def test_parts_sum_to_the_whole_whatever_their_decimals(
    amount: Decimal, portions: list[Decimal], decimals: list[int]
) -> None:
    wanted = [Portion(share, Decimal(1), digits) for share, digits in zip(portions, decimals, strict=False)]
    if max(one.decimals or 0 for one in wanted) < 2:
        wanted[0] = replace(wanted[0], decimals=2)

    made = parts(amount, wanted)

    assert sum(made) == amount
    assert all(part * amount >= 0 for part in made)
    coarsest = min(one.decimals or 0 for one in wanted)
    for part, one in zip(made, wanted, strict=True):
        assert abs(Fraction(part) - Fraction(amount * one.share)) <= len(wanted) * Fraction(1, 10**coarsest)


def test_a_valid_succession_of_official_forms_has_no_faults() -> None:
    versions = [version(spec) for spec in (first_spec(), second_spec(), third_spec())]

    assert not [fault for old, new in pairwise(versions) for fault in faults_against(old, new)]
