from __future__ import annotations

import random
import socket
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Barrier

import httpx
import pytest
from rich.console import Console

from addin.replies import SubmissionReply
from form_templates.model import CellKey
from server.demo import preparation
from server.demo.folder import Folder
from server.demo.numbers import Commune
from server.demo.run import Demonstration
from server.services import totals
from server.storage.engine import connect
from server.storage.schema import upgrade
from tests.journeys.demonstration import PROVINCE
from tests.journeys.reporting import a_report
from tests.journeys.service import RawUpload, Service, a_client, serving
from tests.journeys.stored import proves_itself, rows, sha256, submissions_of

FORM, PERIOD = "KTXH-09.T", "2026-M09"
ALL = CellKey("T1", "01", "3")
KILLS = 10
SLOW = 140
PATIENCE = 20


@dataclass(frozen=True)
class Reports:
    """A demonstration's folder in which everything is ready and nothing was sent yet: one signed workbook a unit."""

    folder: Folder
    signed: Mapping[str, bytes]

    @property
    def total(self) -> object:
        """How many units' numbers the province's total adds."""
        engine = connect(f"sqlite:///{self.folder.database}")
        try:
            value = totals.read(engine, unit=PROVINCE, form=FORM, period=PERIOD).values.get(ALL)
        finally:
            engine.dispose()
        return value.numbers if value else 0


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    folder = Folder(tmp_path_factory.mktemp("interrupted") / "demo")
    folder.path.mkdir()
    engine = connect(f"sqlite:///{folder.database}")
    upgrade(engine)
    Demonstration(Console(quiet=True), folder, engine, KILLS + 3).prepare()
    communes = [preparation.as_commune(unit) for unit in preparation.communes_of(engine)[: KILLS + 3]]
    engine.dispose()
    with serving(folder) as service:
        return Reports(folder, {commune.code: _report(service, folder, commune) for commune in communes})


def _report(service: Service, folder: Folder, commune: Commune) -> bytes:
    with a_client(service, folder, commune.code) as client:
        return a_report(folder, client, FORM, commune)


@pytest.fixture
def unsent(reports: Reports) -> str:
    """A unit that has not sent yet."""
    return next(unit for unit in reports.signed if not submissions_of(reports.folder, FORM, unit))


def send(service: Service, reports: Reports, unit: str) -> SubmissionReply:
    with a_client(service, reports.folder, unit) as client:
        return client.submit(reports.signed[unit], f"{unit}.xlsx")


def is_stored_once(reports: Reports, unit: str) -> bool:
    """One accepted submission of exactly these bytes, with all its facts; nothing else of this unit."""
    stored = submissions_of(reports.folder, FORM, unit)
    cells = {facts for _, _, facts in _all_stored(reports)}
    return [(status, blob) for status, blob, _ in stored] == [("accepted", sha256(reports.signed[unit]))] and (
        len(cells) == 1 and cells != {0}
    )


def _all_stored(reports: Reports) -> list[tuple[object, ...]]:
    return [one for unit in reports.signed for one in submissions_of(reports.folder, FORM, unit)]


def test_a_service_killed_in_the_middle_of_an_upload_has_stored_nothing_and_takes_it_again(
    reports: Reports, unsent: str
) -> None:
    service = Service(reports.folder)
    upload = RawUpload(service, reports.folder, unsent, reports.signed[unsent])
    upload.send(upload.request[: len(upload.request) // 2])
    time.sleep(0.2)
    service.kill()
    upload.close()
    stored = submissions_of(reports.folder, FORM, unsent)

    with serving(reports.folder) as again:
        reply = send(again, reports, unsent)

    assert stored == []
    assert reply.accepted
    assert not reply.repeated
    assert is_stored_once(reports, unsent)
    assert proves_itself(reports.folder)


def test_a_line_that_breaks_in_the_middle_of_an_upload_stores_nothing(reports: Reports, unsent: str) -> None:
    with serving(reports.folder) as service:
        upload = RawUpload(service, reports.folder, unsent, reports.signed[unsent])
        upload.send(upload.request[:-100])
        upload.close()
        time.sleep(0.2)
        stored = submissions_of(reports.folder, FORM, unsent)
        reply = send(service, reports, unsent)

    assert stored == []
    assert reply.accepted
    assert is_stored_once(reports, unsent)


def test_a_service_killed_at_any_moment_after_an_upload_stores_it_once(reports: Reports) -> None:
    dice = random.Random(20260918)  # noqa: S311 - moments of a test
    usual, *units = [unit for unit in reports.signed if not submissions_of(reports.folder, FORM, unit)][:KILLS]
    stored_before_the_kill = []

    service = Service(reports.folder)
    start = time.monotonic()
    send(service, reports, usual)
    takes = time.monotonic() - start
    for number, unit in enumerate(units):
        upload = RawUpload(service, reports.folder, unit, reports.signed[unit])
        upload.send(upload.request)
        if unit == units[-1]:
            upload.answer()
        elif number:
            time.sleep(takes * (number + dice.random()) / len(units))
        service.kill()
        upload.close()
        was_stored = len(submissions_of(reports.folder, FORM, unit))
        service = Service(reports.folder)
        reply = send(service, reports, unit)
        stored_before_the_kill.append(was_stored)
        assert was_stored in {0, 1}
        assert reply.accepted
        assert reply.repeated is bool(was_stored)
        assert is_stored_once(reports, unit)
        assert proves_itself(reports.folder)
    service.kill()

    sent = len(_all_stored(reports))
    assert reports.total == sent
    # The moments fell on both sides of the commit: one kill came at once, one after the answer.
    assert (stored_before_the_kill[0], stored_before_the_kill[-1]) == (0, 1)


def test_an_answer_that_was_lost_is_given_again(reports: Reports, unsent: str) -> None:
    with serving(reports.folder) as service:
        upload = RawUpload(service, reports.folder, unsent, reports.signed[unsent])
        upload.send(upload.request)
        answer = upload.answer()
        upload.close()
        reply = send(service, reports, unsent)

    assert answer.startswith(b"HTTP/1.1 201")
    assert reply.accepted
    assert reply.repeated
    assert is_stored_once(reports, unsent)


def test_two_machines_sending_the_same_bytes_at_once_store_them_once(reports: Reports) -> None:
    unit = next(iter(reports.signed))
    # A revision nobody has sent yet: the signature's time alone makes the bytes new.
    with serving(reports.folder) as service:
        signed = _report(service, reports.folder, Commune(unit, is_ward=False))
        start = Barrier(4)

        def sending(_: int) -> SubmissionReply:
            with a_client(service, reports.folder, unit) as client:
                start.wait(30)
                return client.submit(signed, f"{unit}.xlsx")

        with ThreadPoolExecutor(4) as pool:
            replies = list(pool.map(sending, range(4)))

    assert all(reply.accepted for reply in replies)
    assert sorted(reply.repeated for reply in replies) == [False, True, True, True]
    assert len({reply.id for reply in replies}) == 1
    assert rows(reports.folder, "SELECT count(*) FROM submission WHERE blob_sha256 = ?", (sha256(signed),)) == [(1,)]
    assert proves_itself(reports.folder)


def ask(service: Service, lines: ExitStack, question: bytes) -> None:
    """Sends some bytes over a line that stays as it is, whatever is answered, until ``lines`` end."""
    line = socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE)
    lines.enter_context(line).sendall(question)


def health(service: Service) -> list[int]:
    """What the service says of itself, ten times: which of its two processes answers is chance."""
    return [httpx.get(f"{service.url}/api/v1/health", timeout=PATIENCE, trust_env=False).status_code for _ in range(10)]


def test_uploads_that_trickle_in_keep_nobody_waiting(reports: Reports) -> None:
    unit, workbook = next(iter(reports.signed.items()))
    with serving(reports.folder) as service, ExitStack() as lines:
        for _ in range(SLOW):
            upload = RawUpload(service, reports.folder, unit, workbook)
            lines.callback(upload.close)
            upload.send(upload.request[:2000])
        time.sleep(1)

        assert health(service) == [200] * 10


def test_questions_that_stop_halfway_keep_nobody_waiting(reports: Reports) -> None:
    with serving(reports.folder) as service, ExitStack() as lines:
        for _ in range(SLOW):
            ask(service, lines, b"GET /api/v1/health HTTP/1.1\r\n")
        time.sleep(1)

        assert health(service) == [200] * 10


def test_lines_that_do_not_end_when_they_are_answered_keep_nobody_waiting(reports: Reports) -> None:
    with serving(reports.folder) as service, ExitStack() as lines:
        for _ in range(SLOW):
            ask(service, lines, b"GET /api/v1/health HTTP/1.0\r\n\r\n")
        time.sleep(1)

        assert health(service) == [200] * 10
