"""A stored verdict that somebody damaged past the database's guards hides nothing else of its submission."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from server.services.submissions import get_submission
from server.services.submitting import ALREADY
from server.services.verdicts import stored_verdict
from server.storage.engine import writing
from tests.server.world import World

DAMAGED = ["", "{", "[]", '"x"', '{"signatures": [{}]}', '{"signatures": null, "findings": []}', "[" * 100_000]


@pytest.mark.parametrize("verdict", DAMAGED)
def test_a_submission_is_read_and_known_again_without_its_verdict(world: World, verdict: str) -> None:
    data = world.signed()
    sent = world.send(data)
    with writing(world.engine) as connection:
        on = " ON submission" if connection.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER submission_no_update{on}"))
        values = {"verdict": verdict, "id": sent.id}
        connection.execute(text("UPDATE submission SET verdict = :verdict WHERE id = :id"), values)

    detail, again = get_submission(world.engine, sent.id), world.send(data)

    assert (detail.submission.status, detail.verdict) == ("accepted", {})
    assert (again.id, again.status, again.verdict) == (sent.id, ALREADY, {})


def test_a_whole_verdict_is_read_as_it_was_given(world: World) -> None:
    sent = world.send(world.signed())

    found = get_submission(world.engine, sent.id)

    assert found.verdict == sent.verdict
    assert stored_verdict(found.submission.verdict)["outcome"] == "valid"
