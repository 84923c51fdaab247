"""A narrative report that goes with a form: attached, signed, lost, changed, cut off on the way, and kept (C57)."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier

import httpx
import pytest
from rich.console import Console

from addin.client import Client, SubmissionReply
from formulas.freezing import freeze
from server.demo import preparation
from server.demo.authority import DEMO_PASSWORD
from server.demo.folder import Folder
from server.demo.numbers import Commune
from server.demo.run import Demonstration
from server.storage.engine import connect
from server.storage.schema import upgrade
from tests.journeys.reporting import filled, version_in
from tests.journeys.service import RawUpload, Service, a_client, serving
from tests.journeys.stored import proves_itself, rows, submissions_of
from tests.narratives import a_docx, a_pdf

FORM, PERIOD = "KTXH-09.T", "2026-M09"
REPORT, TABLES = "Thuyết minh tháng 9.docx", "phụ lục.pdf"
KILLS = 5
# Large enough that a kill can meet it on its way into the database.
FILES = ((REPORT, a_docx()), (TABLES, a_pdf(stream=b"% " + b"0" * 4_000_000 + b"\n")))


@dataclass(frozen=True)
class Office:
    """One commune's folder: its signed workbook with the reports beside it."""

    demonstration: Folder
    unit: str
    path: Path

    @property
    def signed(self) -> Path:
        return self.path / f"{self.unit}.signed.xlsx"

    def run(self, *words: object, **settings: str) -> subprocess.CompletedProcess[str]:
        """The program, in this folder."""
        return subprocess.run(
            [sys.executable, "-m", "server.cli", *map(str, words)],
            cwd=self.path,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])} | settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def submit(self, service: Service) -> subprocess.CompletedProcess[str]:
        account = f"{preparation.LEADER}.{self.unit}"
        words = ["submit", self.signed, "--server", service.url, "--account", account]
        return self.run(*words, BIEUSO_PASSWORD=self.demonstration.read_secrets()[account])

    def send(self, client: Client) -> SubmissionReply:
        return client.submit(self.signed.read_bytes(), self.signed.name, FILES)


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> list[Office]:
    """Communes whose leaders have signed a form with its reports on the command line, and sent nothing yet."""
    folder = Folder(tmp_path_factory.mktemp("attached") / "demo")
    folder.path.mkdir()
    engine = connect(f"sqlite:///{folder.database}")
    upgrade(engine)
    Demonstration(Console(quiet=True), folder, engine, KILLS + 3).prepare()
    communes = [preparation.as_commune(unit) for unit in preparation.communes_of(engine)[: KILLS + 3]]
    engine.dispose()
    with serving(folder) as service:
        return [_signed(service, folder, tmp_path_factory.mktemp(one.code), one) for one in communes]


def _signed(service: Service, folder: Folder, path: Path, commune: Commune) -> Office:
    office = Office(folder, commune.code, path)
    for name, data in FILES:
        (path / name).write_bytes(data)
    with a_client(service, folder, commune.code) as client:
        issued = client.fetch_workbook(FORM, commune.code, PERIOD)
    # Excel calculates what is typed; the tests' own filling does not.
    (path / f"{commune.code}.xlsx").write_bytes(freeze(filled(issued, commune), version_in(issued)))
    key = preparation.key_path(folder.keys, commune.code, preparation.LEADER)
    attach = [word for name, _ in FILES for word in ("--attach", name)]
    done = office.run("sign", f"{commune.code}.xlsx", "--p12", key, *attach, BIEUSO_P12_PASSWORD=DEMO_PASSWORD)
    assert done.returncode == 0, done.stderr
    assert REPORT in done.stderr  # the leader sees what is signed along
    return office


@pytest.fixture
def unsent(offices: list[Office]) -> Iterator[Office]:
    """A commune that has sent nothing yet; its files are as they were signed."""
    yield next(one for one in offices if not submissions_of(one.demonstration, FORM, one.unit))
    for office in offices:
        for name, data in FILES:
            (office.path / name).write_bytes(data)


def kept(office: Office) -> list[tuple[object, ...]]:
    """(status, name, content) of the attachments of everything that this commune sent."""
    query = (
        "SELECT s.status, a.name, b.bytes FROM attachment a JOIN submission s ON s.id = a.submission_id"
        " JOIN org_unit u ON u.id = s.unit_id JOIN blob b ON b.sha256 = a.blob_sha256"
        " WHERE u.code = ? ORDER BY s.id, a.number"
    )
    return rows(office.demonstration, query, (office.unit,))


def all_kept() -> list[tuple[object, ...]]:
    return [("accepted", name, data) for name, data in FILES]


def test_a_report_that_is_lost_or_changed_is_told_before_anything_is_sent_and_then_kept(unsent: Office) -> None:
    listed = unsent.run("check", unsent.signed)
    with serving(unsent.demonstration) as service:
        (unsent.path / REPORT).unlink()
        lost = unsent.submit(service)
        (unsent.path / REPORT).write_bytes(a_docx("bản khác"))
        changed = unsent.submit(service)
        before = submissions_of(unsent.demonstration, FORM, unsent.unit)
        (unsent.path / REPORT).write_bytes(a_docx())
        sent, again = unsent.submit(service), unsent.submit(service)
        with a_client(service, unsent.demonstration, unsent.unit) as client:
            number = client.submit(unsent.signed.read_bytes(), unsent.signed.name).id
        stored = _downloaded(service, unsent, number)

    assert all(name in listed.stdout for name, _ in FILES)
    assert (lost.returncode, changed.returncode, before) == (1, 1, [])
    assert f"Không thấy tệp kèm theo “{REPORT}”" in lost.stderr
    assert "không còn như khi ký" in changed.stderr
    assert (sent.returncode, again.returncode) == (0, 0), sent.stdout + sent.stderr
    assert kept(unsent) == all_kept()
    assert stored == [data for _, data in FILES]


def _downloaded(service: Service, office: Office, submission: str) -> list[bytes]:
    account = f"{preparation.LEADER}.{office.unit}"
    session = {"account": account, "password": office.demonstration.read_secrets()[account]}
    api = f"{service.url}/api/v1"
    token = httpx.post(f"{api}/sessions", json=session, timeout=60, trust_env=False).json()["token"]
    return [
        httpx.get(
            f"{api}/submissions/{submission}/attachments/{number}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
            trust_env=False,
        ).content
        for number in (1, 2)
    ]


def test_a_line_that_breaks_between_the_files_stores_nothing(unsent: Office) -> None:
    with serving(unsent.demonstration) as service:
        for cut in (-100, -2_000_000, -4_000_000):
            upload = RawUpload(service, unsent.demonstration, unsent.unit, unsent.signed.read_bytes(), FILES)
            upload.send(upload.request[:cut])
            upload.close()
        time.sleep(0.2)
        stored = submissions_of(unsent.demonstration, FORM, unsent.unit)
        with a_client(service, unsent.demonstration, unsent.unit) as client:
            reply = unsent.send(client)

    assert stored == []
    assert reply.accepted
    assert not reply.repeated
    assert kept(unsent) == all_kept()


def test_a_service_killed_at_any_moment_keeps_workbook_and_reports_or_neither(offices: list[Office]) -> None:
    dice = random.Random(20260918)  # noqa: S311 - moments of a test
    waiting = [one for one in offices if not submissions_of(one.demonstration, FORM, one.unit)][:KILLS]

    service = Service(waiting[0].demonstration)
    for office in waiting:
        upload = RawUpload(service, office.demonstration, office.unit, office.signed.read_bytes(), FILES)
        upload.send(upload.request)
        time.sleep(dice.random() / 2)
        service.kill()
        upload.close()
        stored, files = submissions_of(office.demonstration, FORM, office.unit), kept(office)
        service = Service(office.demonstration)
        with a_client(service, office.demonstration, office.unit) as client:
            reply = office.send(client)
        assert files == (all_kept() if stored else [])
        assert reply.accepted
        assert kept(office) == all_kept()
    service.kill()

    assert waiting
    assert proves_itself(waiting[0].demonstration)


def test_two_machines_sending_at_once_keep_the_reports_once(unsent: Office) -> None:
    start = Barrier(2)

    def sending(service: Service) -> SubmissionReply:
        with a_client(service, unsent.demonstration, unsent.unit) as client:
            start.wait(30)
            return unsent.send(client)

    with serving(unsent.demonstration) as service, ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(sending, [service] * 2))

    assert all(reply.accepted for reply in replies)
    assert sorted(reply.repeated for reply in replies) == [False, True]
    assert kept(unsent) == all_kept()
