"""Stamping the archive and renewing the stamps: what is covered, what is refused, and what a chain of stamps proves."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import pytest
from cryptography.hazmat.primitives import hashes

from server.errors import FindingsError
from server.services import audit
from server.services.archive.manifests import FORMAT, canonical, read_manifest
from server.services.archive.proving import due
from server.services.archive.reports import Proof
from server.services.archive.stamping import renew_archive, stamp_archive
from server.storage import archive as stored
from server.storage.engine import reading
from signing.errors import TimeStampError
from signing.fetching import HttpStatus, HttpTimeStamper
from signing.trust import Tree, Trust
from tests.server.archive.building import DAY, TODAY, YEAR, Archive, codes, now, only, some_clocks
from tests.signing.authorities import Holder
from tests.signing.network import a_time_authority, an_ocsp_responder, ocsp_responder, served, time_authority


def manifest_of(archive: Archive, sha256: str) -> bytes:
    data = archive.value("SELECT bytes FROM blob WHERE sha256 = :sha256", sha256=sha256)
    assert isinstance(data, bytes)
    return data


def nothing_stored(archive: Archive) -> bool:
    tables = ("archive_stamp", "archive_cover", "archive_evidence")
    return all(archive.value(f"SELECT count(*) FROM {table}") == 0 for table in tables)  # noqa: S608 - names of ours


# -- the first stamp ---------------------------------------------------------------------------------------------------


def test_a_stamp_covers_everything_that_none_covers_yet(archive: Archive, clock: str) -> None:
    first, second = archive.send(), archive.send("28807")

    made = archive.stamp(clock)

    assert made is not None
    assert (made.kind, made.submissions, made.stamps, made.digest) == ("first", 2, 0, "sha512")
    assert abs(made.stamped_at - now()) < DAY
    assert list(read_manifest(manifest_of(archive, made.manifest_sha256)).entries) == [first, second]


def test_stamping_twice_does_nothing_the_second_time(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    events = archive.value("SELECT count(*) FROM audit_event")

    assert archive.stamp(clock) is None
    assert archive.value("SELECT count(*) FROM archive_stamp") == 1
    assert archive.value("SELECT count(*) FROM audit_event") == events


def test_an_empty_archive_needs_no_stamp(archive: Archive, clock: str) -> None:
    assert archive.stamp(clock) is None
    assert archive.renew(clock, force=True) is None


def test_a_later_stamp_covers_what_is_new(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    late = archive.send("28807")

    made = archive.stamp(clock)

    assert made is not None
    assert list(read_manifest(manifest_of(archive, made.manifest_sha256)).entries) == [late]


def test_the_manifest_is_canonical_and_says_what_its_format_says(archive: Archive, clock: str) -> None:
    number = archive.send()
    made = archive.stamp(clock)
    assert made is not None

    data = manifest_of(archive, made.manifest_sha256)

    told = json.loads(data)
    (entry,) = told["submissions"]
    assert canonical(told) == data.replace(b"\n", b"")
    assert told["format"] == FORMAT == "bieuso-archive/1"
    assert (entry["number"], entry["form"], entry["unit"], entry["period"]) == (
        number,
        "KTXH-09.T",
        "28756",
        "2026-M09",
    )
    assert {one["name"] for one in entry["evidence"]} == {"certificate", "crl"}
    assert all(len(one) == 128 for one in (entry["workbook"], entry["verdict"]))


def test_the_stamp_also_proves_the_audit_log(archive: Archive, clock: str) -> None:
    archive.send()
    head = audit.verify(archive.engine)

    made = archive.stamp(clock)

    assert made is not None
    told = read_manifest(manifest_of(archive, made.manifest_sha256)).audit
    assert (told.events, told.hash) == (head.events, head.head)
    assert audit.verify(archive.engine, head=told.hash).ok


def test_stamping_is_an_event(archive: Archive, clock: str) -> None:
    archive.send()
    made = archive.stamp(clock, actor="quantri")
    assert made is not None

    action = archive.value("SELECT action || ' ' || actor || ' ' || subject FROM audit_event ORDER BY id DESC LIMIT 1")
    details = json.loads(str(archive.value("SELECT details FROM audit_event ORDER BY id DESC LIMIT 1")))

    assert action == f"archive:stamped quantri archive-stamp:{made.number}"
    assert details["manifest_sha256"] == made.manifest_sha256


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_an_authority_that_is_down_is_told_and_nothing_is_stored(archive: Archive) -> None:
    archive.send()
    with served(lambda _: b"") as address:
        pass  # it is gone now

    with pytest.raises(TimeStampError) as refused:
        archive.stamp(address)

    assert refused.value.finding.code == "BS277"
    assert nothing_stored(archive)


def test_a_stranger_s_stamp_is_refused_and_nothing_is_stored(archive: Archive) -> None:
    archive.send()
    stranger = a_time_authority(some_clocks(), start=TODAY - YEAR, end=TODAY + YEAR)

    with time_authority(stranger) as address, pytest.raises(TimeStampError) as refused:
        archive.stamp(address)

    assert refused.value.finding.code == "BS286"
    assert "không có chứng thư của tổ chức đã cấp" in refused.value.finding.message
    assert nothing_stored(archive)


def test_an_authority_of_unknown_standing_is_refused(archive: Archive, clock: str) -> None:
    archive.send()
    stale = archive.trust(TODAY - 30 * DAY)

    with pytest.raises(TimeStampError) as refused:
        stamp_archive(archive.engine, HttpTimeStamper(clock, "sha512"), stale, now=now())

    assert refused.value.finding.code == "BS286"
    assert nothing_stored(archive)


def test_clocks_that_disagree_are_told(archive: Archive, clock: str) -> None:
    archive.send()
    ahead = now() + 2 * DAY

    with pytest.raises(TimeStampError) as refused:
        stamp_archive(archive.engine, HttpTimeStamper(clock, "sha512"), archive.trust(ahead), now=ahead)

    assert "lệch với giờ máy này" in refused.value.finding.message
    assert nothing_stored(archive)


def test_a_damaged_file_is_left_out_and_told(archive: Archive, clock: str) -> None:
    damaged, sound = archive.send(), archive.send("28807")
    archive.flip(archive.value("SELECT blob_sha256 FROM submission WHERE id = :id", id=damaged))

    made = archive.stamp(clock)

    assert made is not None
    assert made.submissions == 1
    assert [one.code for one in made.left_out] == ["BS287"]
    assert f"số {damaged} " in made.left_out[0].message
    assert [codes(one) for one in archive.verify().submissions] == [["BS280", "BS285"], []]
    assert sound > damaged


def test_where_only_damaged_files_are_left_they_are_told_each_time(archive: Archive, clock: str) -> None:
    archive.send()
    archive.flip(archive.value("SELECT blob_sha256 FROM submission"))

    with pytest.raises(FindingsError) as refused:
        archive.stamp(clock)

    assert [one.code for one in refused.value.findings] == ["BS287"]


# -- two at once -------------------------------------------------------------------------------------------------------


def test_of_two_that_stamp_at_once_one_finds_nothing_left_to_do(archive: Archive, clock: str) -> None:
    archive.send()
    both_asked = threading.Barrier(2, timeout=30)

    class Meeting:
        """Asks the authority only when the other one is about to ask too."""

        def stamp(self, data: bytes) -> bytes:
            both_asked.wait()
            return HttpTimeStamper(clock, "sha512").stamp(data)

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(stamp_archive, archive.engine, Meeting(), archive.trust(), now=now()) for _ in range(2)]
        made = [one.result(timeout=60) for one in asked]

    assert sorted(one is None for one in made) == [False, True]
    assert archive.value("SELECT count(*) FROM archive_stamp") == 1


def test_submissions_arrive_while_the_authority_is_asked(archive: Archive, clock: str) -> None:
    first = archive.send()
    arrived: list[int] = []

    class Slow:
        """Takes so long that a commune sends meanwhile, which no transaction may keep from it."""

        def stamp(self, data: bytes) -> bytes:
            arrived.append(archive.send("28807"))
            return HttpTimeStamper(clock, "sha512").stamp(data)

    made = stamp_archive(archive.engine, Slow(), archive.trust(), now=now())

    assert made is not None
    assert made.submissions == 1
    assert [(one.number, codes(one)) for one in archive.verify().submissions] == [(first, []), (arrived[0], ["BS285"])]


# -- renewal -----------------------------------------------------------------------------------------------------------


def test_a_stamp_whose_authority_ends_soon_is_to_be_renewed(archive: Archive) -> None:
    archive.send()
    with archive.clock(end=TODAY + 100 * DAY) as ending:
        archive.stamp(ending)

    report = archive.verify()

    assert [codes(one) for one in report.stamps] == [["BS284"]]
    assert report.ok  # in time, nothing is wrong


def test_a_stamp_over_a_digest_that_weakens_is_to_be_renewed(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    with reading(archive.engine) as connection:
        (stamp,) = stored.stamps(connection)

    found = list(due(stamp, stamp.good_until, TODAY, lasting={"sha3_512"}))

    assert [one.code for one in found] == ["BS284"]
    assert "sha512" in found[0].message


def test_nothing_is_renewed_before_it_is_due(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)

    assert archive.renew(clock) is None
    assert archive.renew(clock, force=True) is not None


def test_an_authority_that_ends_no_later_renews_nothing(archive: Archive) -> None:
    archive.send()
    with archive.clock(end=TODAY + 100 * DAY) as ending:
        archive.stamp(ending)

        assert archive.renew(ending) is None

    assert archive.value("SELECT count(*) FROM archive_stamp") == 1


def test_in_the_last_month_an_authority_that_ends_no_later_is_an_error(archive: Archive) -> None:
    archive.send()
    with archive.clock(end=TODAY + 20 * DAY) as ending:
        archive.stamp(ending)

        with pytest.raises(TimeStampError) as refused:
            archive.renew(ending)

    assert refused.value.finding.code == "BS286"
    assert "dấu lưu trữ hết hạn ngày" in refused.value.finding.message


def test_a_renewal_covers_all_submissions_and_all_earlier_stamps(archive: Archive, clock: str) -> None:
    numbers = [archive.send()]
    with archive.clock(end=TODAY + 100 * DAY) as ending:
        archive.stamp(ending)
        numbers.append(archive.send("28807"))
        archive.stamp(ending)
    numbers.append(archive.send("28810"))

    made = archive.renew(clock)

    assert made is not None
    assert (made.kind, made.submissions, made.stamps) == ("renewal", 3, 2)
    manifest = read_manifest(manifest_of(archive, made.manifest_sha256))
    assert list(manifest.entries) == numbers
    assert [{one.name for one in entry.evidence} for entry in manifest.stamps.values()] == [{"certificate", "crl"}] * 2
    assert archive.verify().totals["not_stamped"] == 0


def test_without_renewal_an_expired_authority_proves_nothing(archive: Archive) -> None:
    archive.send()
    with archive.clock(end=TODAY + 100 * DAY) as ending:
        archive.stamp(ending)

    report = archive.verify(TODAY + 101 * DAY)

    assert [codes(one) for one in report.stamps] == [["BS283"]]
    assert only(report).existed_by is Proof.RECORD
    assert not report.ok


def test_a_renewed_stamp_proves_its_time_after_its_authority_expired(archive: Archive, clock: str) -> None:
    archive.send()
    with archive.clock("Máy chủ cũ", end=TODAY + 100 * DAY) as ending:
        first = archive.stamp(ending)
    archive.renew(clock)
    assert first is not None

    report = archive.verify(TODAY + 2 * YEAR)

    check = only(report)
    assert report.ok
    assert (check.now, check.existed, check.existed_by) == ("valid", first.stamped_at, Proof.ARCHIVE_STAMP)
    assert [(one.holds, one.renewed) for one in report.stamps] == [(True, True), (True, False)]


def test_a_chain_of_renewals_proves_the_earliest_time(archive: Archive, clock: str) -> None:
    archive.send()
    with archive.clock("Một", end=TODAY + 50 * DAY) as one, archive.clock("Hai", end=TODAY + 100 * DAY) as two:
        first = archive.stamp(one)
        archive.renew(two)
        archive.renew(clock)
    assert first is not None

    report = archive.verify(TODAY + 4 * YEAR)

    assert report.ok
    assert only(report).existed == first.stamped_at
    assert [one.authority for one in report.stamps] == ["Một", "Hai", "Máy chủ dấu thời gian"]


def test_an_authority_revoked_after_the_renewal_does_no_harm(archive: Archive, clock: str) -> None:
    archive.send()
    holder = a_time_authority(archive.clocks, "Cũ", start=TODAY - YEAR, end=TODAY + 100 * DAY)
    with time_authority(holder) as ending:
        archive.stamp(ending)
    archive.renew(clock)

    report = archive.verify(TODAY + 60 * DAY, (holder, TODAY + 30 * DAY))

    assert report.ok
    assert [one.holds for one in report.stamps] == [True, True]


def test_answers_on_authorities_are_kept_and_nobody_is_asked_again(archive: Archive) -> None:
    archive.send()
    old, new = (a_time_authority(archive.clocks, start=TODAY - YEAR, end=TODAY + n * DAY) for n in (100, 1000))
    responder = an_ocsp_responder(archive.clocks, start=TODAY - YEAR, end=TODAY + 5 * YEAR)
    statuses: dict[Holder, datetime | None] = {old: None, new: None}
    with ocsp_responder(archive.clocks, responder, statuses) as answers, time_authority(old) as one:
        trust = asking_only(archive, answers)
        stamp_archive(archive.engine, HttpTimeStamper(one, "sha512"), trust, now=now())
        with time_authority(new) as two:
            renew_archive(archive.engine, HttpTimeStamper(two, "sha512"), trust, now=now())

    report = archive.verify(TODAY + 2 * YEAR)

    assert archive.value("SELECT count(*) FROM archive_evidence WHERE kind = 'ocsp'") != 0
    assert report.ok
    assert [one.holds for one in report.stamps] == [True, True]


def asking_only(archive: Archive, address: str) -> Trust:
    """Trust without the list of those who certify clocks: they are asked."""
    today, issuing, root = archive.trust(), archive.clocks.issuing.certificate, archive.clocks.root.certificate
    lists = tuple(one for one in today.crls if one.issuer != issuing.subject)
    tree = Tree("Dấu thời gian", ocsp=(address,))
    return replace(today, crls=lists, trees={root.fingerprint(hashes.SHA256()): tree}).asking(HttpStatus())


def test_a_renewal_is_refused_while_an_earlier_stamp_cannot_be_proved(archive: Archive, clock: str) -> None:
    archive.send()
    made = archive.stamp(clock)
    assert made is not None
    archive.flip(made.manifest_sha256)

    with pytest.raises(TimeStampError) as refused:
        archive.renew(clock)
    renewed = archive.renew(clock, force=True)

    assert f"dấu số {made.number} hiện không chứng minh được" in refused.value.finding.message
    assert renewed is not None
    assert (renewed.submissions, renewed.stamps) == (1, 0)


def test_what_was_changed_since_its_stamp_is_not_renewed(archive: Archive, clock: str) -> None:
    number = archive.send()
    archive.stamp(clock)
    archive.change_verdict(number, lambda verdict: verdict.update(summary="Khác"))

    made = archive.renew(clock, force=True)

    assert made is not None
    assert (made.submissions, [one.code for one in made.left_out]) == (0, ["BS287"])
    assert "BS282" in codes(only(archive.verify()))


def test_a_stamp_replaced_after_its_renewal_is_told(archive: Archive, clock: str) -> None:
    archive.send()
    archive.stamp(clock)
    archive.renew(clock, force=True)
    archive.send("28807")
    other = archive.stamp(clock)
    assert other is not None
    token = archive.value("SELECT token_sha256 FROM archive_stamp WHERE id = :id", id=other.number)
    archive.meddle(
        "archive_stamp", "UPDATE archive_stamp SET token_sha256 = :token WHERE kind = 'first' AND id = 1", token=token
    )

    report = archive.verify()

    assert "BS283" in codes(report.stamps[0])
    assert "khác với lúc dấu số 2 gia hạn" in report.stamps[0].findings[0].message


def test_evidence_of_an_authority_that_was_deleted_is_told(archive: Archive, clock: str) -> None:
    archive.send()
    with archive.clock(end=TODAY + 100 * DAY) as ending:
        archive.stamp(ending)
    archive.renew(clock)
    archive.meddle("archive_evidence", "DELETE FROM archive_evidence WHERE archive_stamp_id = 1 AND kind = 'crl'")

    report = archive.verify(TODAY + 2 * YEAR)

    assert codes(report.stamps[0]) == ["BS281", "BS283"]
    assert not report.ok


@pytest.mark.parametrize("archive", ["sqlite"], indirect=True)  # PostgreSQL keeps no moment that is none
def test_a_row_that_cannot_be_read_is_left_out_and_the_rest_is_stamped(archive: Archive, clock: str) -> None:
    damaged, _ = archive.send(), archive.send("28807")
    archive.meddle("submission", "UPDATE submission SET received_at = 'x' WHERE id = :id", id=damaged)

    made = archive.stamp(clock)

    assert made is not None
    assert made.submissions == 1
    assert [(one.code, f"số {damaged}" in one.message) for one in made.left_out] == [("BS287", True)]
