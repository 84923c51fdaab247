from __future__ import annotations

import random
import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import OperationalError

from form_templates.model import CellKey
from server.services import audit
from server.services.totals import check, rebuild
from server.storage import totals
from server.storage.engine import reading, writing
from server.storage.exact import LARGEST
from server.storage.tables import TOTAL
from server.storage.totals import Delta, TotalOverflowError
from server.storage.units import unit_at
from tests.server.builders import NOW, PERIOD, SINCE, a_form, some_units, store_form, store_submission, submit_values
from tests.server.world import COMMUNES, World, crops


def kept(engine: Engine, unit: str, row: str = "01", column: str = "2") -> tuple[int, int] | None:
    with reading(engine) as connection:
        found = unit_at(connection, unit, SINCE)
        assert found is not None
        by_key = {t.key: t for t in totals.totals_of(connection, found.id, "THU-01.T", PERIOD)}
    total = by_key.get(CellKey("T1", row, column))
    return None if total is None else (total.value, total.numbers)


def test_a_submission_is_in_the_totals_of_every_unit_above_it_at_once(engine: Engine) -> None:
    some_units(engine)

    submit_values(engine, "00001", {("01", "2"): 100})
    submit_values(engine, "00002", {("01", "2"): 25})

    assert kept(engine, "86") == (125, 2)
    assert kept(engine, "VN") == (125, 2)
    assert kept(engine, "00001") is None


def test_a_newer_submission_takes_the_place_of_the_older_in_the_totals(engine: Engine) -> None:
    some_units(engine)
    submit_values(engine, "00001", {("01", "2"): 100, ("02", "2"): 7})

    submit_values(engine, "00001", {("01", "2"): 90, ("02", "2"): None})

    assert kept(engine, "86") == (90, 1)
    assert kept(engine, "86", "02") is None
    assert check(engine).ok


def test_a_blank_cell_is_not_zero_in_the_totals(engine: Engine) -> None:
    some_units(engine)

    submit_values(engine, "00001", {("01", "2"): 0, ("02", "2"): None})

    assert kept(engine, "86") == (0, 1)
    assert kept(engine, "86", "02") is None


def test_what_must_not_be_added_has_no_total(engine: Engine) -> None:
    some_units(engine)

    submit_values(engine, "00001", {("01", "3"): 62})

    assert kept(engine, "86", "01", "3") is None


def test_a_rebuild_gives_the_same_totals_as_the_deltas_did(engine: Engine) -> None:
    chance = random.Random(7)  # noqa: S311 - a repeatable load, not a secret
    communes = some_units(engine, 6)
    for _ in range(30):
        values = {(r, c): chance.choice([None, chance.randint(-999, 999)]) for r in ("01", "02") for c in "124"}
        submit_values(engine, chance.choice(communes), values)
    with reading(engine) as connection:
        before = connection.execute(select(TOTAL).where(TOTAL.c.numbers > 0).order_by(*TOTAL.primary_key)).all()

    assert check(engine).ok
    count = rebuild(engine, now=NOW)

    with reading(engine) as connection:
        after = connection.execute(select(TOTAL).order_by(*TOTAL.primary_key)).all()
    assert after == before
    assert count == len(after) > 0
    assert check(engine).ok


def test_the_check_names_totals_that_are_wrong_missing_or_left_over(engine: Engine) -> None:
    some_units(engine)
    submit_values(engine, "00001", {("01", "2"): 100, ("02", "2"): 50, ("01", "1"): 5})
    with writing(engine) as connection:
        nation = unit_at(connection, "VN", SINCE)
        assert nation is not None
        ids = connection.execute(select(TOTAL.c.cell_id).where(TOTAL.c.unit_id == nation.id).order_by(TOTAL.c.cell_id))
        first, second, _ = ids.scalars().all()
        of_nation = TOTAL.c.unit_id == nation.id
        connection.execute(update(TOTAL).where(of_nation, TOTAL.c.cell_id == first).values(value=1))
        connection.execute(TOTAL.delete().where(of_nation, TOTAL.c.cell_id == second))
        totals.add_deltas(connection, [Delta(nation.id, "2026-M08", first, 3, 1)])

    report = check(engine)

    found = [(d.period, d.cell_id, d.kept, d.expected) for d in report.differences]
    assert sorted(found, key=str) == sorted(
        [
            (PERIOD, first, (1, 1), (5, 1)),
            (PERIOD, second, None, (100, 1)),
            ("2026-M08", first, (3, 1), None),
        ],
        key=str,
    )
    rebuild(engine, now=NOW)
    assert check(engine).ok


def test_two_submissions_at_once_lose_no_addend(engine: Engine) -> None:
    """Two transactions stepped by hand: the second adds before the first has committed."""
    some_units(engine)
    submit_values(engine, "00001", {("01", "2"): 1})
    second_done = threading.Event()

    def second() -> None:
        submit_values(engine, "00002", {("01", "2"): 20})
        second_done.set()

    worker = threading.Thread(target=second)
    with writing(engine) as connection:
        store_submission(connection, "00003", {("01", "2"): 300})
        worker.start()
        # It waits for our row (PostgreSQL) or for the write lock (SQLite); it must not have read the old total.
        assert not second_done.wait(0.3)
    worker.join(20)

    assert second_done.is_set()
    assert kept(engine, "86") == (321, 3)
    assert check(engine).ok


def test_many_writers_neither_deadlock_nor_lose_anything(engine: Engine) -> None:
    communes = some_units(engine, 4)
    with writing(engine) as connection:
        store_form(connection, a_form())
    errors: list[OperationalError] = []

    def send(unit: str) -> None:
        try:
            for n in range(4):
                submit_values(engine, unit, {(r, c): n for r in ("02", "01") for c in "421"})
        except OperationalError as error:
            errors.append(error)

    workers = [threading.Thread(target=send, args=(unit,)) for unit in communes]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert errors == []
    assert kept(engine, "86") == (12, 4)
    assert check(engine).ok


def test_a_rebuild_waits_for_a_submission_under_way_and_counts_it_once(engine: Engine) -> None:
    some_units(engine)
    rebuilt = threading.Event()

    def again() -> None:
        rebuild(engine, now=NOW)
        rebuilt.set()

    worker = threading.Thread(target=again)
    with writing(engine) as connection:
        store_submission(connection, "00001", {("01", "2"): 5})
        worker.start()
        assert not rebuilt.wait(0.3)
    worker.join(20)

    assert kept(engine, "86") == (5, 1)
    assert check(engine).ok


@pytest.mark.parametrize("sign", [1, -1])
def test_a_total_that_outgrows_64_bits_is_an_error_and_nothing_is_stored(engine: Engine, sign: int) -> None:
    some_units(engine)
    submit_values(engine, "00001", {("01", "2"): sign * LARGEST})

    with pytest.raises(TotalOverflowError):
        submit_values(engine, "00002", {("01", "2"): sign * 5})

    assert kept(engine, "86") == (sign * LARGEST, 1)
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(TOTAL)).scalar_one() == 2
    assert check(engine).ok


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_sent_in_whatever_order_the_totals_are_what_the_accepted_facts_add_up_to(
    world: World, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a repeatable load, not a secret
    sent: list[tuple[str, bytes]] = []
    outcomes = set()
    for step in range(25):
        unit, now = chance.choice(list(COMMUNES)), NOW + timedelta(minutes=step)
        match chance.choice(("new", "new", "symbols", "broken", "again", "foreign", "too large", "history")):
            case "new":
                data = world.signed(unit, crops(float(chance.randint(2, 999))))
            case "symbols":
                data = world.signed(unit, crops(5.0, r04c2=chance.choice(["-", "…", None, -3.0]), r05c2=0.0))
            case "broken":
                data = b"PK\3\4 %d" % step
            case "again" if sent:
                unit, data = chance.choice(sent)
            case "foreign":
                data = world.signed(chance.choice([other for other in COMMUNES if other != unit]))
            case "too large":
                data = world.signed(unit, crops(9e13))
            case _:
                world.history(unit, float(chance.randint(1, 99)))
                continue
        sent.append((unit, data))
        outcomes.add(world.send(data, unit, now=now).status)

        assert check(world.engine).ok
    assert outcomes == {"accepted", "already", "refused"}
    assert audit.verify(world.engine).ok
