from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, insert

from server.errors import ConflictError, InvalidError, NotFoundError
from server.services.units import (
    SINCE_2025,
    add_units,
    ancestors,
    check_units,
    descendants,
    list_units,
    load_units_2025,
    unit,
)
from server.storage.engine import writing
from server.storage.tables import ORG_UNIT
from server.storage.units import NewUnit
from tests.server.world import NOW

DAY = date(2026, 9, 30)


def a_unit(code: str = "00001", **changes: object) -> NewUnit:
    return replace(NewUnit(code, f"Xã {code}", "xã", "86", SINCE_2025), **changes)  # type: ignore[arg-type]  # any field


def test_vinh_long_has_its_124_communes(engine: Engine) -> None:
    count = load_units_2025(engine, now=NOW)

    communes = list_units(engine, DAY, parent="86")
    assert count == 125
    assert len(communes) == 124
    assert sum(commune.kind == "phường" for commune in communes) == 19
    assert sum(commune.kind == "xã" for commune in communes) == 105
    assert [above.name for above in ancestors(engine, communes[0].code, DAY)] == ["Tỉnh Vĩnh Long"]
    assert len(descendants(engine, "86", DAY)) == 124


def test_the_whole_country_has_34_provinces_and_3321_communes(engine: Engine) -> None:
    load_units_2025(engine, now=NOW)

    load_units_2025(engine, province=None, now=NOW)

    everybody = list_units(engine, DAY)
    assert sum(one.parent_code is None for one in everybody) == 34
    assert sum(one.parent_code is not None for one in everybody) == 3321
    check_units(engine)


def test_loading_twice_adds_nothing(engine: Engine) -> None:
    load_units_2025(engine, now=NOW)

    assert load_units_2025(engine, now=NOW) == 0


def test_before_their_first_day_the_communes_are_not_there(engine: Engine) -> None:
    load_units_2025(engine, now=NOW)

    assert list_units(engine, SINCE_2025 - timedelta(days=1)) == ()
    with pytest.raises(NotFoundError):
        unit(engine, "28756", date(2025, 6, 30))


def test_a_code_may_be_used_again_by_another_unit_at_another_time(engine: Engine) -> None:
    old = a_unit(name="Xã Cũ", valid_from=date(2000, 1, 1), valid_to=SINCE_2025)
    add_units(engine, [old, a_unit(name="Phường Mới", kind="phường")], now=NOW)

    assert unit(engine, "00001", SINCE_2025 - timedelta(days=1)).name == "Xã Cũ"
    assert unit(engine, "00001", SINCE_2025).name == "Phường Mới"


@pytest.mark.parametrize(
    "second",
    [
        a_unit(valid_from=date(2026, 1, 1)),
        a_unit(valid_from=date(2020, 1, 1)),
        a_unit(valid_from=date(2020, 1, 1), valid_to=date(2025, 7, 2)),
    ],
)
def test_two_units_under_one_code_on_one_day_are_refused(engine: Engine, second: NewUnit) -> None:
    add_units(engine, [a_unit()], now=NOW)

    with pytest.raises(ConflictError):
        add_units(engine, [second], now=NOW)

    assert len(list_units(engine, DAY)) == 1


def test_overlaps_behind_the_service_are_found_even_across_a_short_lived_row(engine: Engine) -> None:
    rows = [
        (date(2000, 1, 1), None),
        (date(2001, 1, 1), date(2002, 1, 1)),
        (date(2005, 1, 1), date(2006, 1, 1)),
    ]
    with writing(engine) as connection:
        for valid_from, valid_to in rows:
            values = {"code": "1", "name": "n", "kind": "xã", "valid_from": valid_from, "valid_to": valid_to}
            connection.execute(insert(ORG_UNIT).values(values))

    with pytest.raises(ConflictError):
        check_units(engine)


def test_a_circle_of_parents_ends(engine: Engine) -> None:
    add_units(engine, [a_unit("A", parent_code="B"), a_unit("B", parent_code="A")], now=NOW)

    assert [one.code for one in ancestors(engine, "A", DAY)] == ["B"]
    assert [one.code for one in descendants(engine, "A", DAY)] == ["B"]


def test_another_name_for_a_stored_unit_needs_a_row_of_its_own(engine: Engine) -> None:
    add_units(engine, [a_unit()], now=NOW)

    with pytest.raises(ConflictError):
        add_units(engine, [a_unit(name="Xã Khác")], now=NOW)


def test_a_table_that_is_not_the_succession_table_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidError):
        load_units_2025(engine, "a,b\n1,2\n", now=NOW)
    with pytest.raises(NotFoundError):
        load_units_2025(engine, province="00", now=NOW)
