"""Attached reports on the page of a submission."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from form_templates.attachments import with_attachments
from server.config import Config
from server.services.attachments import SentFile
from server.services.submitting import submit
from server.web.app import create_app
from tests.narratives import a_docx, a_pdf
from tests.server.world import KEYS, NOW, World

FILES = (("Báo cáo &lt;09&gt;.docx", a_docx()), ("phụ lục.pdf", a_pdf()))


@pytest.fixture
def app(world: World, tmp_path: Path) -> Iterator[Flask]:
    url = world.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    made = create_app(replace(Config.in_folder(tmp_path, database_url=url), stamp_keys=KEYS))
    yield made
    made.extensions["bieuso"].engine.dispose()


def sent(world: World, *, without: int = 0) -> int:
    """Number of a submission with two reports, or with some of them missing."""
    data = world.signed(change=lambda filled: with_attachments(filled, FILES))
    files = [SentFile(*file) for file in FILES[without:]]
    account = world.accounts["28756"]
    return submit(world.engine, data, files, account=account, keys=KEYS, trust=world.trust, now=NOW).id


def signed_in(app: Flask, world: World, unit: str) -> FlaskClient:
    client = app.test_client()
    page = html.fromstring(client.get("/dang-nhap").get_data(as_text=True))
    form = str(page.xpath("//input[@name='form']/@value")[0])
    answer = {"account": f"u{unit}", "password": world.secrets[unit], "form": form}
    assert client.post("/dang-nhap", data=answer).status_code == 303
    return client


def test_the_page_lists_the_reports_with_links_that_download_them(app: Flask, world: World) -> None:
    client, number = signed_in(app, world, "28756"), sent(world)

    page = html.fromstring(client.get(f"/ban-nop/{number}").get_data(as_text=True))

    links = page.xpath("//table//a[@download]")
    assert [link.text_content() for link in links] == [name for name, _ in FILES]
    for link, (_, content) in zip(links, FILES, strict=True):
        reply = client.get(link.get("href"))
        assert reply.data == content
        assert reply.headers["Content-Disposition"].startswith("attachment; ")
        assert "sandbox" in reply.headers["Content-Security-Policy"]
        assert hashlib.sha256(content).hexdigest() in page.text_content()


def test_a_refused_workbook_shows_what_is_missing_and_what_came(app: Flask, world: World) -> None:
    client, number = signed_in(app, world, "28756"), sent(world, without=1)

    page = html.fromstring(client.get(f"/ban-nop/{number}").get_data(as_text=True))

    assert [link.text_content() for link in page.xpath("//table//a[@download]")] == [FILES[1][0]]
    assert "BS850" in page.text_content()


def test_a_workbook_without_reports_has_no_such_list(app: Flask, world: World) -> None:
    number = world.send(world.signed()).id

    reply = signed_in(app, world, "28756").get(f"/ban-nop/{number}")

    assert "Tệp kèm theo" not in reply.get_data(as_text=True)


def test_reports_of_another_unit_are_not_to_be_had(app: Flask, world: World) -> None:
    path = f"/ban-nop/{sent(world)}/kem-theo/1"

    statuses = {unit: signed_in(app, world, unit).get(path).status_code for unit in ("28756", "28807", "86")}

    assert statuses == {"28756": 200, "28807": 403, "86": 200}
    assert app.test_client().get(path).status_code == 302
