"""The archive verified again years later, and after somebody had his hands in the database. OpenSSL stamps."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from server.services.archive.exporting import export_archive
from server.services.archive.listing import list_archive
from server.services.archive.reports import Proof
from server.services.archive.verifying import verify_archive
from server.storage import audit
from signing.policy import Policy
from tests.narratives import a_pdf
from tests.server.archive.building import DAY, TODAY, YEAR, Archive, codes, now, only, with_stamp
from tests.signing.tampering import changed


def test_what_was_sent_and_stamped_is_as_it_was(archive: Archive, clock: str) -> None:
    number = archive.send()
    archive.stamp(clock)

    report = archive.verify()

    check = only(report)
    assert report.ok
    assert (check.number, check.then, check.now, codes(check)) == (number, "valid", "valid", [])
    assert (check.proof, check.existed_by) == (Proof.ARCHIVE_STAMP, Proof.ARCHIVE_STAMP)
    assert report.totals["by_archive_stamp"] == report.totals["ok"] == 1
    assert "dấu thời gian lưu trữ 1" in " ".join(report.lines())


def test_without_a_stamp_the_record_is_relied_on_and_the_report_says_so(archive: Archive) -> None:
    archive.send()

    report = archive.verify()

    check = only(report)
    assert report.ok
    assert (check.now, check.proof, check.existed, codes(check)) == ("valid", Proof.RECORD, TODAY, ["BS285"])
    assert "sổ của hệ thống 1" in " ".join(report.lines())


def test_a_certificate_revoked_after_the_stamp_does_no_harm(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    leader = archive.world.leaders["28756"]

    report = archive.verify(TODAY + 60 * DAY, (leader, TODAY + 10 * DAY))

    assert report.ok
    assert only(report).now == "valid"


def test_a_certificate_revoked_before_the_file_came_shows_even_later(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)

    report = archive.verify(TODAY + 60 * DAY, (archive.world.leaders["28756"], TODAY - DAY))

    check = only(report)
    assert not report.ok
    assert (check.then, check.now, codes(check)) == ("valid", "invalid", ["BS282"])
    assert "BS228" in check.findings[0].message


def test_a_certificate_revoked_between_reception_and_stamp_rests_on_the_record(archive: Archive, clock: str) -> None:
    archive.send()
    made = archive.stamp(clock)
    revoked_at = TODAY + timedelta(seconds=1)
    assert made is not None
    assert made.stamped_at > revoked_at

    report = archive.verify(TODAY + 60 * DAY, (archive.world.leaders["28756"], revoked_at))

    check = only(report)
    assert report.ok
    assert (check.now, check.proof, check.existed) == ("valid", Proof.RECORD, TODAY)


def test_a_certificate_that_expired_since_does_no_harm(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)

    report = archive.verify(TODAY + 3 * YEAR)

    assert report.ok
    assert only(report).now == "valid"


def test_a_stamp_on_the_signature_counts_before_the_stamp_of_the_archive(archive: Archive, clock: str) -> None:
    archive.send(data=with_stamp(archive.signed(), clock))
    archive.stamp(clock)

    check = only(archive.verify(TODAY + 3 * YEAR))

    assert (check.now, check.proof, check.existed_by) == ("valid", Proof.SIGNATURE_STAMP, Proof.ARCHIVE_STAMP)


def test_refused_files_come_out_refused_again(archive: Archive, clock: str) -> None:
    signed = archive.signed()
    archive.send(data=changed(signed, {"xl/foreign.xml": b"<x/>"}), status="refused")
    archive.send("28807", data=b"no workbook", status="refused")
    archive.stamp(clock)

    report = archive.verify(TODAY + 3 * YEAR)

    assert report.ok
    assert [(one.status, one.then, one.now) for one in report.submissions] == [("refused", "invalid", "invalid")] * 2


def test_superseded_files_are_verified_too(archive: Archive, clock: str) -> None:
    archive.send()
    archive.send(area=20.0)
    archive.stamp(clock)

    report = archive.verify()

    assert report.ok
    assert [one.status for one in report.submissions] == ["superseded", "accepted"]


def test_a_file_superseded_after_its_stamp_is_still_covered(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    archive.send(area=20.0)

    report = archive.verify()

    assert [codes(one) for one in report.submissions] == [[], ["BS285"]]


def test_an_old_verdict_is_held_to_the_policy_of_its_day(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    demanding = Policy(version="2030-1", require_time_stamp=True)

    report = verify_archive(archive.engine, archive.trust(), now=now(), policy=demanding)

    assert report.ok


def test_only_the_submissions_asked_for_are_verified(archive: Archive) -> None:
    archive.send()
    second = archive.send("28807")

    report = verify_archive(archive.engine, archive.trust(), now=now(), numbers=[second])

    assert [one.number for one in report.submissions] == [second]


def test_progress_is_told(archive: Archive) -> None:
    archive.send()
    archive.send("28807")
    told: list[tuple[int, int]] = []

    verify_archive(archive.engine, archive.trust(), now=now(), progress=lambda done, total: told.append((done, total)))

    assert told == [(2, 2)]


# -- somebody had his hands in the database ----------------------------------------------------------------------------


@pytest.mark.parametrize("stamped", [True, False])
def test_a_flipped_byte_is_told_and_does_not_stop_the_rest(stamped: bool, archive: Archive, clock: str) -> None:
    number = archive.send()
    archive.send("28807")
    if stamped:
        archive.stamp(clock)
    archive.flip(archive.value("SELECT blob_sha256 FROM submission WHERE id = :id", id=number))

    report = archive.verify()

    damaged, sound = report.submissions
    assert not report.ok
    assert "BS280" in codes(damaged)
    assert (damaged.then, damaged.now) == ("valid", "")
    assert (sound.now, sound.ok) == ("valid", True)


def test_a_damaged_attachment_is_told(archive: Archive, clock: str) -> None:
    archive.send_with(("thuyet-minh.pdf", a_pdf()))
    archive.stamp(clock)
    sound = archive.verify()
    archive.flip(archive.value("SELECT blob_sha256 FROM attachment"))

    check = only(archive.verify())

    assert sound.ok
    assert (check.now, codes(check)) == ("valid", ["BS280"])
    assert "thuyet-minh.pdf" in check.findings[0].message


def test_an_attachment_that_was_taken_away_is_told(archive: Archive, clock: str) -> None:
    archive.send_with(("thuyet-minh.pdf", a_pdf()))
    archive.stamp(clock)
    archive.meddle("attachment", "DELETE FROM attachment")

    check = only(archive.verify())

    assert codes(check) == ["BS283", "BS289"]
    assert all("tệp kèm theo" in one.message for one in check.findings)


def test_a_file_exchanged_for_another_signed_one_is_told(archive: Archive, clock: str) -> None:
    number = archive.send()
    other = archive.send("28807")
    archive.stamp(clock)
    sha256 = archive.value("SELECT blob_sha256 FROM submission WHERE id = :id", id=other)
    archive.meddle("submission", "UPDATE submission SET blob_sha256 = :new WHERE id = :id", new=sha256, id=number)

    exchanged, _ = archive.verify().submissions

    assert codes(exchanged) == ["BS283", "BS282", "BS289"]
    assert "tệp đã ký" in exchanged.findings[0].message


def test_evidence_that_was_deleted_is_told(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    archive.meddle("evidence", "DELETE FROM evidence WHERE kind = 'crl'")

    check = only(archive.verify(TODAY + 3 * YEAR))

    assert "BS281" in codes(check)
    assert not check.ok


def test_evidence_that_was_damaged_is_told(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    archive.flip(archive.value("SELECT blob_sha256 FROM evidence WHERE kind = 'crl' ORDER BY blob_sha256 LIMIT 1"))

    check = only(archive.verify())

    assert codes(check)[0] == "BS280"
    assert "danh sách thu hồi" in check.findings[0].message


def test_an_edited_verdict_is_told_without_a_stamp_too(archive: Archive) -> None:
    number = archive.send()
    archive.change_verdict(number, lambda verdict: verdict.update(outcome="invalid"))

    check = only(archive.verify())

    assert codes(check) == ["BS285", "BS282"]
    assert "khi nhận không hợp lệ, nay hợp lệ" in check.findings[1].message


def test_a_verdict_edited_in_its_words_alone_is_told_by_the_stamp(archive: Archive, clock: str) -> None:
    number = archive.send()
    archive.stamp(clock)
    archive.change_verdict(number, lambda verdict: verdict.update(summary="Khác"))

    assert codes(only(archive.verify())) == ["BS282"]


@pytest.mark.parametrize("text", ["{", "[]", '{"signatures":[1],"findings":[]}', "[" * 100_000])
def test_a_verdict_that_nobody_can_read_is_told(text: str, archive: Archive) -> None:
    archive.send()
    archive.meddle("submission", "UPDATE submission SET verdict = :text", text=text)

    assert codes(only(archive.verify())) == ["BS285", "BS282"]


def test_what_is_inserted_behind_the_stamps_back_is_not_covered(archive: Archive, clock: str) -> None:
    first = archive.send()
    archive.stamp(clock)
    put_in(archive)

    known, inserted = archive.verify().submissions

    assert (known.number, codes(known)) == (first, [])
    assert (inserted.number, codes(inserted)) == (first + 100, ["BS285", "BS289"])


def put_in(archive: Archive, *, received_at: datetime = TODAY) -> None:
    """A submission written into the tables by hand, with its figures."""
    columns = "form_version_id, form, unit_id, period, as_at, revision, source, blob_sha256, account_id"
    more = "signer, certificate_sha256, signed_at, verdict, outcome"
    archive.meddle(
        "submission",
        f"INSERT INTO submission (id, status, received_at, {columns}, {more})"  # noqa: S608 - names of ours
        f" SELECT id + 100, 'superseded', :received_at, {columns}, {more} FROM submission",
        received_at=received_at.isoformat(timespec="microseconds"),
    )
    facts = "cell_id, state, value, at_row, at_column"
    archive.meddle("fact", f"INSERT INTO fact (submission_id, {facts}) SELECT submission_id + 100, {facts} FROM fact")  # noqa: S608 - names of ours


def test_what_was_put_in_is_told_though_the_next_stamp_covers_it(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    put_in(archive)
    archive.stamp(clock)

    known, inserted = archive.verify().submissions

    assert (codes(known), codes(inserted)) == ([], ["BS289"])
    assert "nhật ký không ghi" in inserted.findings[0].message


def test_what_was_put_in_for_an_earlier_day_is_told_by_the_stamp_in_between(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    put_in(archive, received_at=TODAY - YEAR)
    details = str(archive.value("SELECT details FROM audit_event WHERE action = 'submission:accepted'"))
    number = archive.value("SELECT max(id) FROM submission")
    forged = {"action": "submission:accepted", "actor": "x", "subject": f"submission:{number}"}
    with archive.engine.begin() as connection:
        audit.append_event(connection, at=TODAY - YEAR, details=json.loads(details), **forged)
    archive.stamp(clock)

    report = archive.verify()

    assert [codes(one) for one in report.submissions] == [[], ["BS289"]]
    assert "chưa có trong nhật ký" in report.submissions[1].findings[0].message


def test_what_was_taken_away_before_any_stamp_is_told_by_the_log(archive: Archive) -> None:
    number = archive.send()
    archive.meddle("submission", "UPDATE submission SET source = 'history'")

    report = archive.verify()

    assert ([one.code for one in report.missing], report.ok) == (["BS289"], False)
    assert any(f"bản nộp số {number}:" in line for line in report.lines())
    assert report.to_dict()["missing"][0]["code"] == "BS289"


def test_a_stamp_that_was_taken_away_and_given_anew_is_told_by_the_log(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    for table in ("archive_cover", "archive_evidence", "archive_stamp"):
        archive.meddle(table, f"DELETE FROM {table}")  # noqa: S608 - names of ours

    gone = archive.verify()
    archive.stamp(clock)
    again = archive.verify()

    assert [one.code for one in gone.missing] == ["BS289"]
    assert not again.ok


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE fact SET value = value + 1 WHERE cell_id = :cell AND submission_id = :id", "1 ô: KTXH-09.T!"),
        ("UPDATE fact SET state = 1, value = NULL WHERE cell_id = :cell AND submission_id = :id", "1 ô: "),
        ("UPDATE fact SET at_row = at_row + 1 WHERE cell_id = :cell AND submission_id = :id", "1 ô: "),
        ("DELETE FROM fact WHERE cell_id = :cell AND submission_id = :id", "1 ô: "),
        ("DELETE FROM fact WHERE cell_id >= :cell AND submission_id = :id", "…"),
    ],
)
def test_a_stored_figure_that_the_signed_file_does_not_have_is_told(change: str, told: str, archive: Archive) -> None:
    number = archive.send()
    archive.send("28807")
    cell = archive.value("SELECT min(cell_id) FROM fact WHERE submission_id = :id AND value > 0", id=number)
    archive.meddle("fact", change, cell=cell, id=number)

    changed_one, other = archive.verify().submissions

    assert codes(other) == ["BS285"]
    assert set(codes(changed_one)) == {"BS285", "BS290"}
    assert told in next(one.message for one in changed_one.findings if one.code == "BS290")


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("fact", "UPDATE fact SET state = 99, value = NULL WHERE submission_id = 1"),
        ("form_version", "UPDATE form_version SET model = '{}', digest = 'x'"),
    ],
)
def test_figures_that_cannot_be_read_are_told_and_do_not_stop_the_proof(
    table: str, change: str, archive: Archive
) -> None:
    archive.send()
    archive.meddle(table, change)

    (check,) = archive.verify().submissions

    assert "BS290" in codes(check)


def test_figures_of_a_refused_file_are_told(archive: Archive) -> None:
    taken = archive.send()
    refused = archive.send(data=changed(archive.signed(), {"xl/calc.xml": b"<a/>"}), status="refused")
    archive.meddle(
        "fact",
        "INSERT INTO fact (submission_id, cell_id, state, value, at_row, at_column)"
        " SELECT :refused, cell_id, state, value, at_row, at_column FROM fact WHERE submission_id = :id",
        refused=refused,
        id=taken,
    )

    _, check = archive.verify().submissions

    assert "BS290" in codes(check)


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ("status = 'refused'", "BS289", "việc nhận hay từ chối"),
        ("signer = 'Người khác'", "BS282", "người ký"),
        ("certificate_sha256 = '00'", "BS289", "chứng thư của người ký"),
    ],
)
def test_what_a_row_says_is_held_against_log_and_verdict(
    change: str, code: str, told: str, archive: Archive, clock: str
) -> None:
    archive.send()
    archive.stamp(clock)
    archive.meddle("submission", f"UPDATE submission SET {change}")  # noqa: S608 - of the list above

    findings = only(archive.verify()).findings

    assert any(one.code == code and told in one.message for one in findings)


@pytest.mark.parametrize("change", ["digest = 'sha384'", "authority = 'Nơi khác'", "kind = 'renewal'"])
def test_what_the_row_of_a_stamp_says_is_held_against_the_log(change: str, archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    archive.meddle("archive_stamp", f"UPDATE archive_stamp SET {change}")  # noqa: S608 - of the list above

    (stamp,) = archive.verify().stamps

    assert codes(stamp) == ["BS289"]


def test_a_submission_that_was_taken_away_is_told_by_its_stamp(archive: Archive, clock: str) -> None:
    number = archive.send(data=b"no workbook", status="refused")
    archive.send("28807")
    archive.stamp(clock)
    for table in ("archive_cover", "finding"):
        archive.meddle(table, f"DELETE FROM {table} WHERE submission_id = :id", id=number)  # noqa: S608 - names of ours
    archive.meddle("submission", "DELETE FROM submission WHERE id = :id", id=number)

    report = archive.verify()

    assert [one.ok for one in report.submissions] == [True]
    assert [codes(one) for one in report.stamps] == [["BS280"]]
    assert f"Bản nộp số {number} " in report.stamps[0].findings[0].message
    assert not report.ok


def test_a_stamp_that_was_taken_away_is_told_by_its_renewal(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    archive.renew(clock, force=True)
    for table in ("archive_cover", "archive_evidence"):
        archive.meddle(table, f"DELETE FROM {table} WHERE archive_stamp_id = 1")  # noqa: S608 - names of ours
    archive.meddle("archive_stamp", "DELETE FROM archive_stamp WHERE id = 1")

    report = archive.verify()

    assert [codes(one) for one in report.stamps] == [["BS280"]]
    assert "Dấu lưu trữ số 1 " in report.stamps[0].findings[0].message


def test_an_entry_under_a_stamp_that_does_not_list_it_is_told(archive: Archive, clock: str) -> None:
    archive.send()
    made = archive.stamp(clock)
    late = archive.send("28807")
    assert made is not None
    archive.meddle("archive_cover", "INSERT INTO archive_cover VALUES (:late, :stamp)", late=late, stamp=made.number)

    assert codes(archive.verify().submissions[1]) == ["BS283"]


def test_a_changed_time_of_reception_is_told(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    earlier = "2026-01-01T00:00:00.000000+00:00"
    archive.meddle("submission", "UPDATE submission SET received_at = :earlier", earlier=earlier)

    check = only(archive.verify())

    assert codes(check) == ["BS283", "BS289"]
    assert "thời điểm nhận" in check.findings[0].message


def test_a_manifest_that_was_changed_proves_nothing(archive: Archive, clock: str) -> None:
    archive.send()
    made = archive.stamp(clock)
    assert made is not None
    archive.flip(made.manifest_sha256)

    report = archive.verify()

    assert [codes(one) for one in report.stamps] == [["BS283"]]
    assert only(report).existed_by is Proof.RECORD
    assert not report.ok


def test_a_manifest_replaced_with_its_address_is_told_by_the_token(archive: Archive, clock: str) -> None:
    archive.send()
    made = archive.stamp(clock)
    assert made is not None
    replace_manifest(archive, made.manifest_sha256)

    report = archive.verify()

    assert [codes(one) for one in report.stamps] == [["BS283", "BS289"]]
    assert "đã bị sửa" in report.stamps[0].findings[0].message


def test_a_token_of_another_manifest_is_told(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    archive.send("28807")
    second = archive.stamp(clock)
    assert second is not None
    token = archive.value("SELECT token_sha256 FROM archive_stamp ORDER BY id LIMIT 1")
    archive.meddle("archive_stamp", "UPDATE archive_stamp SET token_sha256 = :token", token=token)

    report = archive.verify()

    assert [codes(one) for one in report.stamps] == [[], ["BS283"]]
    assert [one.existed_by for one in report.submissions] == [Proof.ARCHIVE_STAMP, Proof.RECORD]


def test_a_row_that_cannot_be_read_does_not_stop_the_rest(archive: Archive) -> None:
    broken, sound = archive.send(), archive.send("28807")
    unsettle(archive, "submission", "received_at", broken)

    report = archive.verify()

    assert [(one.number, codes(one)) for one in report.submissions] == [(broken, ["BS280"]), (sound, ["BS285"])]


def unsettle(archive: Archive, table: str, column: str, number: object) -> None:
    """Puts what is no moment in the place of one: any text on SQLite, a moment that Python does not have elsewhere."""
    moment = "'hôm qua'" if archive.engine.dialect.name == "sqlite" else "'infinity'"
    archive.meddle(table, f"UPDATE {table} SET {column} = {moment} WHERE id = :id", id=number)  # noqa: S608 - names of ours


def test_an_audit_log_that_was_cut_is_told_by_the_stamp(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    archive.meddle("audit_event", "DELETE FROM audit_event WHERE id >= (SELECT max(id) - 1 FROM audit_event)")

    report = archive.verify()

    assert report.audit_broken_at is None  # a chain that was cut is still a chain
    assert [codes(one) for one in report.stamps] == [["BS288", "BS289"]]
    assert not report.ok


@pytest.mark.parametrize("column", ["stamped_at", "good_until"])
def test_a_stamp_whose_row_cannot_be_read_is_told_and_stops_nothing(
    column: str, archive: Archive, clock: str, tmp_path: Path
) -> None:
    archive.send()
    archive.stamp(clock)
    unsettle(archive, "archive_stamp", column, 1)

    report = archive.verify()
    listed = list_archive(archive.engine, now=now())
    exported = export_archive(archive.engine, tmp_path / "kho", now=now())
    renewed = archive.renew(clock, force=True)

    assert [codes(one) for one in report.stamps] == [["BS289"]]
    assert codes(only(report)) == []
    assert (len(listed.stamps), exported.stamps) == (1, 1)
    assert renewed is not None


def test_an_event_that_cannot_be_read_is_told_and_stops_nothing(archive: Archive, tmp_path: Path) -> None:
    archive.send()
    last = archive.value("SELECT max(id) FROM audit_event")
    unsettle(archive, "audit_event", "at", last)

    report = archive.verify()
    exported = export_archive(archive.engine, tmp_path / "kho", now=now())

    assert report.audit_broken_at == last
    assert [one.code for one in exported.findings] == ["BS280"]
    assert exported.submissions == 1


def test_an_audit_log_that_was_changed_is_told(archive: Archive) -> None:
    archive.send()
    archive.meddle("audit_event", "UPDATE audit_event SET actor = 'khác' WHERE id = 2")

    report = archive.verify()

    assert report.audit_broken_at == 2
    assert not report.ok


def replace_manifest(archive: Archive, sha256: str) -> None:
    """Stores a changed manifest under its own right address and lets the stamp name that."""
    import hashlib

    data = archive.value("SELECT bytes FROM blob WHERE sha256 = :sha256", sha256=sha256)
    assert isinstance(data, bytes)
    other = data.replace(b'"period":"2026-M09"', b'"period":"2026-M08"')
    address = hashlib.sha256(other).hexdigest()
    values = {"address": address, "size": len(other), "bytes": other}
    archive.meddle("blob", "INSERT INTO blob (sha256, size, bytes) VALUES (:address, :size, :bytes)", **values)
    archive.meddle("archive_stamp", "UPDATE archive_stamp SET manifest_sha256 = :address", address=address)
