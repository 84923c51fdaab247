"""Signed files damaged by chance are never valid, never an error, and always come to an end (see ``fuzzing``)."""

from __future__ import annotations

import random

import pytest

from signing.trust import Trust
from signing.verdict import Outcome
from signing.verify import verify_package
from tests.signing.authorities import NOW, Authorities
from tests.signing.fuzzing import WAYS, Change, World, changes_of, damaged, failures, means_the_same, problem_of

# Those that get far take some thousandths of a second each; those of the signer's are tried part by part besides.
CASES = {
    "in_the_file": 4000,
    "in_a_part": 700,
    "in_a_tree": 500,
    "by_the_signer": 200,
    "in_the_der": 600,
    "in_the_package": 500,
}


@pytest.fixture(scope="module")
def world(workbook: bytes, authorities: Authorities) -> World:
    return World.of(workbook, authorities)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_damaged_is_never_valid_never_an_error_and_always_ends(way: str, world: World) -> None:
    found = list(failures(world, seed=20260915, numbers=range(CASES[way]), ways=(way,)))

    assert not found, "\n".join(map(str, found))


def test_every_way_of_damaging_at_once(world: World) -> None:
    found = list(failures(world, seed=17, numbers=range(300), ways=tuple(WAYS)))

    assert not found, "\n".join(map(str, found))


def test_the_undamaged_files_are_valid(world: World, trust: Trust) -> None:
    """Otherwise nothing would be shown by any of this."""
    for base in world.bases:
        assert verify_package(base.data, world.trust, now=NOW).outcome is Outcome.VALID
        assert means_the_same(base.data, world)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_damaging_damages(way: str, world: World) -> None:
    files = {damaged(base, changes_of(5, number, (way,)), world) for base in world.bases for number in range(20)}

    assert len(files) > 40


def test_a_problem_is_found_where_there_is_one(world: World) -> None:
    """A trust that is no trust makes the check itself fall over: it must be seen."""
    blind = World(world.bases, None, world.issuer)  # type: ignore[arg-type]  # that is the point

    assert problem_of(world.bases[0], (Change("in_the_package", "0"),), world) == ""
    assert problem_of(world.bases[0], (), blind).startswith("raised AttributeError")


def test_a_case_can_be_made_again(world: World) -> None:
    number = random.Random(3).randrange(1000)  # noqa: S311 - a test that repeats itself
    changes = changes_of(3, number, tuple(WAYS))

    assert damaged(world.bases[0], changes, world) == damaged(world.bases[0], changes, world)
