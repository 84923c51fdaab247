"""The whole way of one form: LibreOffice through the add-in on one side, the real service on the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import xlwings as xw
from werkzeug.serving import make_server

from addin import actions
from addin.client import Client, ClientError
from addin.errors import ActionError
from form_templates.attachments import read_attachments
from form_templates.errors import FormError
from server.demo import preparation
from server.demo.authority import DEMO_PASSWORD
from server.demo.folder import Folder
from server.storage.engine import connect
from server.storage.schema import upgrade
from server.web.app import create_app
from signing.keys import Pkcs12Signer
from tests.narratives import a_docx
from workbooks.workbook import open_workbook

FORM, PERIOD = "KTXH-09.T", "2026-M09"


@dataclass(frozen=True)
class Commune:
    url: str
    code: str
    account: str
    password: str
    signer: Pkcs12Signer


def _nothing() -> None:
    """Nobody watches the progress."""


@pytest.fixture(scope="module")
def commune(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commune]:
    """A service with one commune, its leader's account and key, and the official forms."""
    folder = Folder(tmp_path_factory.mktemp("service"))
    config = preparation.settings(folder)
    engine = connect(config.database_url)
    upgrade(engine)
    unit = preparation.prepare_units(engine)[0]
    preparation.publish_forms(engine)
    leaders = preparation.make_keys(folder, [unit], {}, _nothing)
    passwords = preparation.open_accounts(engine, [unit], leaders, _nothing)
    engine.dispose()
    server = make_server("127.0.0.1", 0, create_app(config), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    key = preparation.key_path(folder.keys, unit.code, preparation.LEADER)
    account = f"{preparation.LEADER}.{unit.code}"
    signer = Pkcs12Signer.load(key.read_bytes(), DEMO_PASSWORD)
    yield Commune(f"http://127.0.0.1:{server.server_port}", unit.code, account, passwords[account], signer)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(commune: Commune) -> Iterator[Client]:
    with Client(commune.url, timeout=30) as made:
        made.sign_in(commune.account, commune.password)
        yield made


@pytest.fixture
def book(office: xw.App, client: Client, commune: Commune, tmp_path: Path) -> Iterator[xw.Book]:
    loaded = actions.load(client, FORM, commune.code, PERIOD, tmp_path)
    sheet = loaded.sheets[0]
    for row in (12, 13, 14, 15, 16, 18, 19, 20):
        sheet.range((row, 5), (row, 8)).value = [100, 98, 90, 60 if row in (12, 13) else 45]
    yield loaded
    loaded.close()


def test_a_form_is_loaded_filled_checked_signed_and_sent(book: xw.Book, client: Client, commune: Commune) -> None:
    book.sheets[0]["G12"].value = 9000
    assert not actions.check(book).ok
    with pytest.raises(ActionError, match="chưa ký được"):
        actions.sign(book, commune.signer)
    book.sheets[0]["G12"].value = 91
    actions.sign(book, commune.signer)

    reply = actions.send(book, client)
    again = actions.send(book, client)

    assert reply.accepted, reply.findings
    assert reply.verdict["outcome"] == "valid"
    assert (again.id, again.repeated) == (reply.id, True)
    assert client.submission(reply.id).status == "accepted"


def test_a_report_is_signed_with_the_form_sent_with_it_and_kept(
    book: xw.Book, client: Client, commune: Commune, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "báo cáo"
    elsewhere.mkdir()
    report = elsewhere / "Thuyết minh tháng 9.docx"
    report.write_bytes(a_docx())
    before = actions.check(book, attachments=[report])
    path = actions.sign(book, commune.signer, attachments=[report]).path

    with pytest.raises(ClientError, match=r"Thuyết minh tháng 9\.docx"):
        actions.send(book, client)
    reply = actions.send(book, client, attachments=[elsewhere])

    assert [one.name for one in before.attachments] == [report.name]
    assert read_attachments(open_workbook(path.read_bytes())) == before.attachments
    assert reply.accepted, reply.findings


def test_a_file_that_may_not_be_attached_is_not_signed(book: xw.Book, commune: Commune, tmp_path: Path) -> None:
    (tmp_path / "báo cáo.doc").write_bytes(b"\xd0\xcf\x11\xe0")

    with pytest.raises(FormError, match="BS853"):
        actions.sign(book, commune.signer, attachments=[tmp_path / "báo cáo.doc"])
    with pytest.raises(ActionError, match="Không đọc được"):
        actions.sign(book, commune.signer, attachments=[tmp_path / "không có.docx"])

    assert not actions.signed_path(book).exists()


def test_the_service_lists_the_forms(client: Client) -> None:
    listed = {form.form: form for form in client.forms()}

    assert listed[FORM].version == "1"
    assert "M" in listed[FORM].periods


def test_a_file_tampered_with_after_signing_is_refused_with_findings(
    book: xw.Book, client: Client, commune: Commune
) -> None:
    path = actions.sign(book, commune.signer).path
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1

    reply = client.submit(bytes(data), path.name)

    assert not reply.accepted
    assert reply.findings


def test_a_wrong_password_is_refused_in_vietnamese(commune: Commune) -> None:
    with Client(commune.url) as stranger, pytest.raises(ClientError) as caught:
        stranger.sign_in(commune.account, "sai mật khẩu")

    assert caught.value.code == "password"
    assert caught.value.remedy


def test_without_signing_in_nothing_is_handed_out(commune: Commune) -> None:
    with Client(commune.url) as stranger, pytest.raises(ClientError) as caught:
        stranger.fetch_workbook(FORM, commune.code, PERIOD)

    assert caught.value.status == 401
