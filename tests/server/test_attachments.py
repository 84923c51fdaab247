"""Reports that go with a workbook: listed in it, signed with it, held against it on arrival, and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib.resources import files
from threading import Barrier

import pytest
from sqlalchemy import event, func, select

from form_templates.attachments import with_attachments
from form_templates.builder import build_template
from form_templates.definition import ATTACHMENTS_SHEET
from form_templates.spec import read_spec
from server.errors import NotFoundError
from server.services import audit
from server.services.attachments import SentFile
from server.services.publishing import publish
from server.services.submissions import attachment_of, get_submission, workbook_of
from server.services.submitting import SubmissionResult, submit
from server.storage.engine import reading
from server.storage.tables import ATTACHMENT, BLOB, SUBMISSION
from tests.narratives import a_docx, a_pdf
from tests.server.world import FORM, KEYS, NOW, World, crops
from workbooks.patch import patch_cells

REPORT, TABLES = "Báo cáo tháng 9.docx", "phụ lục.pdf"
FILES = ((REPORT, a_docx()), (TABLES, a_pdf()))


def signed(world: World, files: Sequence[tuple[str, bytes]] = FILES, unit: str = "28756", area: float = 10.0) -> bytes:
    return world.signed(unit, crops(area), change=lambda data: with_attachments(data, files))


def send(
    world: World, data: bytes, files: Sequence[tuple[str, bytes]] = FILES, unit: str = "28756"
) -> SubmissionResult:
    return submit(
        world.engine,
        data,
        [SentFile(*file) for file in files],
        account=world.accounts[unit],
        keys=KEYS,
        trust=world.trust,
        now=NOW,
        idempotency_key=hashlib.sha256(data).hexdigest(),
    )


def told(result: SubmissionResult) -> list[tuple[str, str]]:
    return [(finding.code, finding.cell) for finding in result.findings]


def kept(world: World, submission: int) -> list[tuple[str, bytes]]:
    stored = get_submission(world.engine, submission).attachments
    return [(one.name, attachment_of(world.engine, submission, one.number)[1]) for one in stored]


def rows(world: World) -> tuple[int, int, int]:
    """How many submissions, attachments and blobs there are."""
    with reading(world.engine) as connection:
        return tuple(  # type: ignore[return-value]  # three of them
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (SUBMISSION, ATTACHMENT, BLOB)
        )


def test_signed_reports_are_kept_with_the_submission_byte_for_byte(world: World) -> None:
    data = signed(world)

    result = send(world, data)

    assert (result.status, result.findings) == ("accepted", ())
    assert kept(world, result.id) == list(FILES)
    assert workbook_of(world.engine, result.id) == data
    (report, _) = get_submission(world.engine, result.id).attachments
    assert (report.number, report.size, report.sha256) == (1, len(FILES[0][1]), hashlib.sha256(FILES[0][1]).hexdigest())
    assert audit.verify(world.engine).ok


def test_a_workbook_without_a_list_takes_no_files(world: World) -> None:
    result = send(world, world.signed())

    assert result.status == "refused"
    assert told(result) == [("BS852", ""), ("BS852", "")]
    assert kept(world, result.id) == []


def test_a_missing_report_refuses_and_sending_again_with_it_is_accepted(world: World) -> None:
    data = signed(world)
    first = send(world, data, FILES[1:])

    again = send(world, data)

    assert (first.status, told(first)) == ("refused", [("BS850", "B5")])
    assert kept(world, first.id) == [FILES[1]]
    assert again.status == "accepted"
    assert kept(world, again.id) == list(FILES)


def test_an_equal_refusal_is_stored_once_and_another_one_apart(world: World) -> None:
    data = signed(world)
    first = send(world, data, FILES[1:])

    same, other = send(world, data, FILES[1:]), send(world, data, FILES[:1])

    assert same.id == first.id
    assert other.id != first.id
    assert told(other) == [("BS850", "B6")]


def test_once_accepted_the_same_workbook_without_its_reports_is_the_same_submission(world: World) -> None:
    data = signed(world)
    first = send(world, data)
    before = rows(world)

    again = send(world, data, ())

    assert (again.id, again.status) == (first.id, "already")
    assert rows(world) == before
    assert kept(world, again.id) == list(FILES)


def test_a_report_that_was_changed_after_signing_is_refused(world: World) -> None:
    result = send(world, signed(world), ((REPORT, a_docx("đã sửa")), FILES[1]))

    assert (result.status, told(result)) == ("refused", [("BS851", "B5")])
    assert REPORT in result.findings[0].message
    assert kept(world, result.id) == [FILES[1]]


def test_a_renamed_report_is_known_by_its_content_and_kept_under_the_signed_name(world: World) -> None:
    result = send(world, signed(world), (("a.docx", FILES[0][1]), FILES[1]))

    assert result.status == "accepted"
    assert kept(world, result.id) == list(FILES)


def test_names_that_were_exchanged_do_not_matter(world: World) -> None:
    one, two = ("một.pdf", a_pdf("1")), ("hai.pdf", a_pdf("2"))

    result = send(world, signed(world, (one, two)), (("một.pdf", two[1]), ("hai.pdf", one[1])))

    assert result.status == "accepted"
    assert kept(world, result.id) == [one, two]


def test_two_names_of_one_content_want_two_files(world: World) -> None:
    one, two = ("một.pdf", a_pdf()), ("hai.pdf", a_pdf())
    data = signed(world, (one, two))

    short, full = send(world, data, (one,)), send(world, data, (one, two))

    assert told(short) == [("BS850", "B6")]
    assert full.status == "accepted"
    assert kept(world, full.id) == [one, two]


def test_a_file_that_nobody_signed_is_refused_and_never_kept(world: World) -> None:
    stranger = ("../../etc/thêm\u202e.pdf", a_pdf("khac"))

    result = send(world, signed(world), (*FILES, stranger))

    assert (result.status, told(result)) == ("refused", [("BS852", "")])
    assert result.findings[0].message.isprintable()
    assert kept(world, result.id) == list(FILES)
    with reading(world.engine) as connection:
        digests = set(connection.execute(select(BLOB.c.sha256)).scalars())
    assert hashlib.sha256(stranger[1]).hexdigest() not in digests


def test_a_signed_list_does_not_let_in_what_may_not_be_attached(world: World) -> None:
    harmful = a_pdf(catalog="/OpenAction << /S /JavaScript /JS (app.alert(1)) >> ")
    digest, size = hashlib.sha256(harmful).hexdigest(), len(harmful)

    def by_hand(data: bytes) -> bytes:
        return patch_cells(with_attachments(data, FILES), {ATTACHMENTS_SHEET: {(6, 4): size, (6, 5): digest}})

    result = send(world, world.signed(change=by_hand), (FILES[0], (TABLES, harmful)))

    assert (result.status, told(result)) == ("refused", [("BS853", "B6")])
    assert kept(world, result.id) == [FILES[0]]


def test_a_damaged_list_refuses_and_keeps_nothing(world: World) -> None:
    def by_hand(data: bytes) -> bytes:
        return patch_cells(with_attachments(data, FILES), {ATTACHMENTS_SHEET: {(6, 2): "../phụ lục.pdf"}})

    result = send(world, world.signed(change=by_hand))

    assert (result.status, told(result)) == ("refused", [("BS854", "B6")])
    assert kept(world, result.id) == []


def test_files_of_a_sender_who_may_not_report_this_are_not_kept(world: World) -> None:
    result = send(world, signed(world), unit="28807")

    assert result.status == "refused"
    assert "BS806" in {code for code, _ in told(result)}
    assert kept(world, result.id) == []
    assert rows(world)[1] == 0


def test_a_refused_workbook_keeps_its_signed_reports_as_evidence(world: World) -> None:
    data = world.signed(values=crops(10, r04c3=-1.0), change=lambda data: with_attachments(data, FILES))

    result = send(world, data)

    assert result.status == "refused"
    assert kept(world, result.id) == list(FILES)


def test_the_list_cannot_be_changed_after_signing(world: World) -> None:
    data = patch_cells(signed(world), {ATTACHMENTS_SHEET: {(5, 5): hashlib.sha256(b"x").hexdigest()}})

    result = send(world, data)

    assert result.status == "refused"
    assert {"BS850", "BS851"} & {code for code, _ in told(result)}
    assert any(code.startswith("BS2") for code, _ in told(result))


def test_a_failure_in_the_middle_leaves_neither_workbook_nor_report(world: World) -> None:
    before = rows(world)
    data = signed(world)

    @event.listens_for(world.engine, "before_cursor_execute")
    def break_off(_: object, __: object, statement: str, *rest: object) -> None:
        if statement.startswith("INSERT INTO attachment"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send(world, data)
    assert rows(world) == before

    event.remove(world.engine, "before_cursor_execute", break_off)
    assert send(world, data).status == "accepted"


def test_many_units_sending_the_same_reports_at_once_all_succeed(world: World) -> None:
    ways = (("28756", FILES), ("28807", FILES[::-1]), ("28810", FILES))
    sent = {unit: (signed(world, files, unit), files) for unit, files in ways}
    start = Barrier(len(sent))

    def sending(unit: str) -> SubmissionResult:
        start.wait(30)
        return send(world, *sent[unit], unit=unit)

    with ThreadPoolExecutor(len(sent)) as pool:
        results = dict(zip(sent, pool.map(sending, sent), strict=True))

    assert {result.status for result in results.values()} == {"accepted"}
    for unit, (_, own) in sent.items():
        assert kept(world, results[unit].id) == list(own)


def test_the_same_workbook_sent_twice_at_once_is_kept_once(world: World) -> None:
    data = signed(world)
    start = Barrier(2)

    def sending(_: int) -> SubmissionResult:
        start.wait(30)
        return send(world, data)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(sending, range(2)))

    assert sorted(result.status for result in results) == ["accepted", "already"]
    assert rows(world)[1] == len(FILES)


def test_a_newer_workbook_brings_its_own_reports_and_the_old_ones_stay(world: World) -> None:
    first = send(world, signed(world))
    newer = ((REPORT, a_docx("bản thay thế")),)

    second = send(world, signed(world, newer, area=12.0), newer)

    assert kept(world, first.id) == list(FILES)
    assert kept(world, second.id) == list(newer)


def test_a_form_that_demands_a_report_refuses_a_workbook_signed_without_one(world: World) -> None:
    text = files("form_templates").joinpath("official", f"{FORM}.toml").read_text(encoding="utf-8")
    demanding = 'narrative = "required"\n' + text.replace('version = "1"', 'version = "2"', 1)
    day = date(2026, 1, 1)
    publish(world.engine, build_template(read_spec(demanding)), decision="QĐ 2", effective_from=day, now=NOW)

    without, complete = send(world, world.signed(), ()), send(world, signed(world))

    assert (without.status, told(without)) == ("refused", [("BS855", "")])
    assert complete.status == "accepted"


def test_a_file_that_is_not_there_is_not_found(world: World) -> None:
    result = send(world, signed(world))

    with pytest.raises(NotFoundError):
        attachment_of(world.engine, result.id, 3)
    with pytest.raises(NotFoundError):
        attachment_of(world.engine, result.id + 1, 1)
