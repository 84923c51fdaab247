from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine, event, func, select, update
from sqlalchemy.exc import DatabaseError as SqlError

from form_templates.stamp import embedded_version, read_stamp, with_stamp
from server.errors import ConflictError, NotAllowedError
from server.services import audit, totals
from server.services.accounts import Role, close_account
from server.services.publishing import withdraw
from server.services.reported import reported_facts
from server.services.signers import register_signer
from server.services.submissions import get_submission, workbook_of
from server.services.submitting import SubmissionResult
from server.services.units import SINCE_2025
from server.storage.engine import reading, writing
from server.storage.exact import FactState
from server.storage.tables import BLOB, EVIDENCE, FACT, FINDING, SUBMISSION, TOTAL
from signing.roles import SignerRole
from tests.server.world import COMMUNES, FORM, KEYS, NOW, PERIOD, World, a_trust, crops, key
from workbooks.patch import patch_cells
from workbooks.workbook import open_workbook


def counts(engine: Engine) -> dict[str, int]:
    tables = (SUBMISSION, FACT, TOTAL, FINDING, EVIDENCE, BLOB)
    with reading(engine) as connection:
        return {t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables}


def codes(result: SubmissionResult) -> list[str]:
    return [finding.code for finding in result.findings]


def province(world: World, row: str, column: int) -> str | None:
    found = totals.read(world.engine, unit="86", form=FORM, period=PERIOD).values.get(key(row, column))
    return None if found is None or found.value is None else f"{found.value:f}"


def test_a_signed_workbook_becomes_facts_and_totals_in_one_step(world: World) -> None:
    data = world.signed()

    result = world.send(data)

    assert (result.status, codes(result)) == ("accepted", [])
    assert result.verdict["outcome"] == "valid"
    found = reported_facts(world.engine, form=FORM, unit="28756", period=PERIOD)
    facts = {fact.key: fact for fact in found.facts}
    assert str(facts[key("04", 5)].value) == "50.25"
    assert str(facts[key("04", 6)].value) == "45.2"
    assert facts[key("04", 1)].state is FactState.BLANK
    assert province(world, "04", 2) == "10.0"
    assert workbook_of(world.engine, result.id) == data
    assert totals.check(world.engine).ok
    assert audit.verify(world.engine).ok
    assert counts(world.engine)["evidence"] == 5  # three certificates of the chain, two revocation lists


def test_the_same_bytes_again_are_the_same_submission(world: World) -> None:
    data = world.signed()
    first = world.send(data, idempotency_key="k1")
    before = counts(world.engine)

    again = world.send(data, idempotency_key="k1", now=NOW + timedelta(minutes=5))

    assert (again.id, again.status) == (first.id, "already")
    assert counts(world.engine) == before


def test_a_retry_of_an_older_revision_does_not_displace_the_newer_one(world: World) -> None:
    old, new = world.signed(values=crops(10)), world.signed(values=crops(12))
    first = world.send(old)
    world.send(new)

    again = world.send(old)

    assert (again.id, again.status) == (first.id, "already")
    assert province(world, "04", 2) == "12.0"


def test_a_newer_submission_supersedes_and_the_totals_change_by_the_difference(world: World) -> None:
    first = world.send(world.signed(values=crops(10)))
    world.send(world.signed("28807", crops(5)), "28807")

    second = world.send(world.signed(values=crops(12)))

    assert get_submission(world.engine, first.id).submission.status == "superseded"
    assert get_submission(world.engine, second.id).submission.revision == 2
    assert province(world, "04", 2) == "17.0"
    assert totals.check(world.engine).ok


def test_a_province_yield_is_recomputed_and_never_added(world: World) -> None:
    world.send(world.signed(values=crops(10, r04c5=60.0)))
    world.send(world.signed("28807", crops(10, r04c5=40.0)), "28807")

    assert province(world, "04", 5) == "50.00"
    assert province(world, "04", 6) == "90.0"


def test_a_broken_file_is_refused_and_kept_with_its_findings(world: World) -> None:
    result = world.send(b"PK\x03\x04 not a workbook")

    detail = get_submission(world.engine, result.id)
    assert result.status == "refused"
    assert detail.submission.status == "refused"
    assert detail.submission.unit_id is None
    assert [finding.code for finding in detail.findings] == codes(result)
    assert codes(result)[0].startswith("BS1")
    assert counts(world.engine)["fact"] == 0


def test_a_refused_file_sent_again_is_judged_again_but_not_stored_twice(world: World) -> None:
    data = world.signed(values=crops(r04c4=20.0))
    first = world.send(data, idempotency_key="k")
    before = counts(world.engine)

    again = world.send(data, idempotency_key="k", now=NOW + timedelta(hours=1))

    assert (first.status, again.status, again.id) == ("refused", "refused", first.id)
    assert counts(world.engine) == before


def test_a_file_refused_once_is_accepted_once_the_reason_is_gone(world: World) -> None:
    data = world.signed(by=world.leaders["28807"])
    refused = world.send(data, idempotency_key="same")
    register_signer(
        world.engine,
        unit="28756",
        certificate=world.leaders["28807"].certificate.public_bytes(Encoding.DER),
        name="Kiêm nhiệm",
        role=SignerRole.LEADER,
        valid_from=SINCE_2025,
        now=NOW,
    )
    accepted = world.send(data, idempotency_key="same")

    assert codes(refused) == ["BS811"]
    assert accepted.status == "accepted"
    assert accepted.id != refused.id


def test_an_unsigned_workbook_is_refused(world: World) -> None:
    result = world.send(world.issued())

    assert result.status == "refused"
    assert any(code.startswith("BS2") for code in codes(result))


def test_a_value_changed_after_signing_is_refused(world: World) -> None:
    signed = world.signed()
    package = open_workbook(signed).package
    part = "/xl/worksheets/sheet1.xml"
    forged = package.with_parts({part: package.part(part).replace(b"<v>10</v>", b"<v>11</v>", 1)})

    result = world.send(forged)

    assert result.status == "refused"
    assert result.verdict["intact"] is False
    assert province(world, "04", 2) is None


def test_a_revoked_certificate_is_refused(world: World) -> None:
    revoked = a_trust(world.authorities, revoked=((world.leaders["28756"], NOW - timedelta(days=2)),))

    result = replace(world, trust=revoked).send(world.signed())

    assert result.status == "refused"
    assert result.verdict["outcome"] == "invalid"


def test_an_outdated_revocation_list_leaves_the_workbook_out_until_it_is_renewed(world: World) -> None:
    data, late = world.signed(), NOW + timedelta(days=30)

    result = world.send(data, now=late)

    assert "BS812" in codes(result)
    assert world.send(data).status == "accepted"


@pytest.mark.parametrize("claimed", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T09:00:00Z"])
def test_a_claimed_time_that_no_database_keeps_is_stored_as_unknown(world: World, claimed: str) -> None:
    package = open_workbook(world.signed()).package
    part = "/_xmlsignatures/sig1.xml"
    forged = re.sub(rb"2026-10-02T03:04:05[^<]*", claimed.encode(), package.part(part))

    result = world.send(package.with_parts({part: forged}))

    assert result.status == "refused"
    assert get_submission(world.engine, result.id).submission.signed_at is None


def test_the_workbook_of_another_unit_is_refused_and_says_nothing_of_its_figures(world: World) -> None:
    world.history("28807")
    data = world.signed("28807", {**crops(), key("04", 1): 999.0})

    result = world.send(data, "28756")

    assert codes(result) == ["BS806"]
    assert get_submission(world.engine, result.id).submission.unit_id is None


def test_a_stamp_sealed_with_another_key_is_not_ours(world: World) -> None:
    def forge(data: bytes) -> bytes:
        workbook = open_workbook(data)
        stamp, version = read_stamp(workbook), embedded_version(workbook)
        assert stamp is not None
        assert version is not None
        return with_stamp(data, stamp, version, "key1", b"z" * 32)

    assert "BS801" in codes(world.send(world.signed(change=forge)))


def test_a_merged_workbook_is_no_report(world: World) -> None:
    def merged(data: bytes) -> bytes:
        workbook = open_workbook(data)
        stamp, version = read_stamp(workbook), embedded_version(workbook)
        assert stamp is not None
        assert version is not None
        return with_stamp(data, replace(stamp, kind="merged"), version, *KEYS[0])

    assert "BS807" in codes(world.send(world.signed(change=merged)))


def test_a_withdrawn_form_version_is_refused(world: World) -> None:
    data = world.signed()
    withdraw(world.engine, FORM, "1", from_day=date(2026, 9, 1), reason="Biểu sai", now=NOW)

    assert codes(world.send(data)) == ["BS804"]


def test_an_account_closed_meanwhile_cannot_send(world: World) -> None:
    data = world.signed()
    close_account(world.engine, "u28756", now=NOW)

    assert codes(world.send(data)) == ["BS806"]


def test_only_officers_and_leaders_send(world: World) -> None:
    watcher = replace(world.accounts["28756"], roles=frozenset({Role.CONSOLIDATOR}))

    with pytest.raises(NotAllowedError):
        replace(world, accounts={"28756": watcher}).send(world.signed())


def test_an_idempotency_key_stands_for_one_file(world: World) -> None:
    world.send(world.signed(values=crops(1)), idempotency_key="k")

    with pytest.raises(ConflictError):
        world.send(world.signed(values=crops(2)), idempotency_key="k")


def test_carried_figures_must_be_those_of_the_store(world: World) -> None:
    world.history(area=8.0)
    honest = world.send(world.signed())
    changed = world.send(world.signed(values={**crops(), key("04", 1): 7.5}))

    assert honest.status == "accepted"
    assert codes(changed) == ["BS820"]
    assert "7,5" in changed.findings[0].message
    assert "8" in changed.findings[0].message


def test_carried_figures_without_anything_stored_are_taken_with_a_warning(world: World) -> None:
    result = world.send(world.signed(values={**crops(), key("04", 1): 7.5}))

    assert (result.status, codes(result)) == ("accepted", ["BS821"])


def test_figures_corrected_last_year_after_issuing_must_be_fetched_again(world: World) -> None:
    world.history(area=8.0)
    data = world.signed()
    world.history(area=9.0)

    assert set(codes(world.send(data))) == {"BS820"}


def test_a_number_too_precise_or_too_large_is_refused_and_not_rounded(world: World) -> None:
    def too_precise(data: bytes) -> bytes:
        version = embedded_version(open_workbook(data))
        assert version is not None
        table = version.tables[0]
        row = next(row.at for row in table.rows if row.code == "04")
        column = next(column.at for column in table.columns if column.code == "2")
        return patch_cells(data, {table.sheet: {(row, column): 10.123456}})

    result = world.send(world.signed(change=too_precise))

    assert result.status == "refused"
    assert province(world, "04", 2) is None


def test_two_at_once_are_both_counted_and_none_twice(world: World) -> None:
    sent = {unit: world.signed(unit, crops(10 + n)) for n, unit in enumerate(COMMUNES)}
    results: list[SubmissionResult] = []

    def send(unit: str) -> None:
        results.append(world.send(sent[unit], unit))

    workers = [threading.Thread(target=send, args=(unit,)) for unit in (*COMMUNES, *COMMUNES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert sorted(result.status for result in results) == ["accepted"] * 3 + ["already"] * 3
    assert len({result.id for result in results}) == 3
    assert province(world, "04", 2) == "33.0"
    assert totals.check(world.engine).ok
    assert audit.verify(world.engine).ok


def test_what_changes_between_judging_and_storing_is_judged_again(world: World) -> None:
    world.history(area=8.0)
    data = world.signed()
    ended: list[object] = []

    def correct_before_storing(connection: object) -> None:
        """Two transactions read: one looks for an earlier copy, one for what the judgement rests on."""
        ended.append(connection)
        if len(ended) == 2:
            world.history(area=9.0)

    event.listen(world.engine, "commit", correct_before_storing)
    result = world.send(data)

    assert set(codes(result)) == {"BS820"}


_CHILD = """
import sys, time
from pathlib import Path
from sqlalchemy import event
from server.services.accounts import list_accounts
from server.services.submitting import submit
from server.storage.engine import connect
from tests.server.world import KEYS, NOW, a_trust
from signing.trust import Trust

url, folder = sys.argv[1], Path(sys.argv[2])
engine = connect(url)
account = next(one for one in list_accounts(engine) if one.username == "u28756")

def wait(connection):
    if connection.get_execution_options().get("bieuso_reading"):
        return
    print("everything but the commit is done", flush=True)
    time.sleep(60)

event.listen(engine, "commit", wait)
submit(engine, (folder / "signed.xlsx").read_bytes(), account=account, keys=KEYS,
       trust=Trust.from_directory(folder / "trust"), now=NOW)
"""


def test_killed_before_the_commit_leaves_nothing_and_sending_again_stores_once(world: World, tmp_path: Path) -> None:
    data = world.signed()
    (tmp_path / "signed.xlsx").write_bytes(data)
    (tmp_path / "trust").mkdir()
    for number, certificate in enumerate((*world.trust.roots, *world.trust.intermediates)):
        (tmp_path / "trust" / f"{number}.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    for number, crl in enumerate(world.trust.crls):
        (tmp_path / "trust" / f"{number}.crl").write_bytes(crl.public_bytes(Encoding.DER))
    before = counts(world.engine)
    url = world.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")

    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, url, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert child.stdout is not None
    said = child.stdout.readline()
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()

    assert said == b"everything but the commit is done\n"
    assert counts(world.engine) == before
    assert world.send(data).status == "accepted"
    assert world.send(data).status == "already"
    assert totals.check(world.engine).ok


@pytest.mark.parametrize("column", ["verdict", "received_at", "blob_sha256", "signer"])
def test_the_database_itself_refuses_to_change_what_was_received(world: World, column: str) -> None:
    sent = world.send(world.signed())

    with pytest.raises(SqlError, match="never changes"), writing(world.engine) as connection:
        connection.execute(update(SUBMISSION).where(SUBMISSION.c.id == sent.id).values({column: SUBMISSION.c[column]}))
