from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from sqlalchemy import Engine, event, text
from werkzeug.test import TestResponse

from form_templates.attachments import with_attachments
from server.config import Config
from server.storage.engine import writing
from server.web import context
from server.web.api.openapi import DOCUMENT
from server.web.app import create_app
from signing.errors import NotSignableError, SigningError, TrustError
from signing.trust import Trust
from tests.narratives import a_docx, a_pdf
from tests.server.world import FORM, KEYS, NOW, PERIOD, World, crops

API = "/api/v1"
SQLITE_ONLY = pytest.mark.parametrize("world", ["sqlite"], indirect=True)  # what the database has no part in


class FixedTrust(context.TrustFolder):
    """The trust of the tests' authority, from memory."""

    def __init__(self, world: World) -> None:
        super().__init__(Path())
        self._world = world

    def current(self) -> Trust:
        return self._world.trust


@pytest.fixture
def client(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setattr(context, "now", lambda: NOW)
    url = world.engine.url.render_as_string(hide_password=False)
    config = replace(Config.in_folder(tmp_path, database_url=url.replace("+psycopg", "")), stamp_keys=KEYS)
    app = create_app(config)
    service = app.extensions["bieuso"]
    context.install(app.extensions, replace(service, trust=FixedTrust(world)))
    app.config["SECRETS_OF_THE_TEST"] = world.secrets
    yield app.test_client()
    service.engine.dispose()


def token(client: FlaskClient, unit: str = "28756") -> dict[str, str]:
    secret = client.application.config["SECRETS_OF_THE_TEST"][unit]
    reply = client.post(f"{API}/sessions", json={"account": f"u{unit}", "password": secret})
    assert reply.status_code == 201
    return {"Authorization": f"Bearer {reply.get_json()['token']}"}


def send(client: FlaskClient, data: bytes, headers: dict[str, str], **more: object) -> TestResponse:
    body = {"workbook": (io.BytesIO(data), "bieu.xlsx"), **more}
    return client.post(f"{API}/submissions", data=body, headers=headers)


def conforms(reply: TestResponse, path: str, method: str = "get") -> dict[str, Any]:
    """The JSON of a reply, after holding it against what the description says of this path and status."""
    described = DOCUMENT["paths"][path][method]["responses"][str(reply.status_code)]["content"][reply.mimetype]
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **DOCUMENT, **described["schema"]}
    body: dict[str, Any] = reply.get_json()
    OAS31Validator(schema).validate(body)
    return body


def test_the_description_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_a_unit_code_that_no_database_can_hold_is_refused_as_such(client: FlaskClient) -> None:
    reply = client.get(f"{API}/consolidated/{FORM}/{PERIOD}/%00.xlsx", headers=token(client, "86"))

    assert reply.status_code == 422
    assert "unit" in reply.get_json()["detail"]


@SQLITE_ONLY
def test_a_sign_in_nested_without_end_is_a_bad_request(client: FlaskClient) -> None:
    reply = client.post(f"{API}/sessions", data="[" * 100_000, content_type="application/json")

    assert reply.status_code == 422


@SQLITE_ONLY
def test_two_workbooks_in_one_request_are_refused_rather_than_one_ignored(client: FlaskClient) -> None:
    files = [(io.BytesIO(b"PK 1"), "một.xlsx"), (io.BytesIO(b"PK 2"), "hai.xlsx")]

    reply = client.post(f"{API}/submissions", data={"workbook": files}, headers=token(client))

    assert reply.status_code == 422
    assert "2" in reply.get_json()["detail"]


@SQLITE_ONLY
def test_a_full_disk_is_called_so_and_nothing_is_stored(client: FlaskClient, world: World) -> None:
    headers = token(client)
    engine = client.application.extensions["bieuso"].engine
    engine.dispose()
    # SQLite refuses to grow the file with the very error of a full disk.
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 1").close())

    reply = send(client, world.signed(), headers)

    assert reply.status_code == 503
    assert "hết chỗ" in reply.get_json()["detail"]
    assert client.get(f"{API}/submissions", headers=headers).get_json()["submissions"] == []


@SQLITE_ONLY
def test_the_description_names_every_route_and_no_other(client: FlaskClient) -> None:
    described = {(path, method.upper()) for path, methods in DOCUMENT["paths"].items() for method in methods}
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule)).removeprefix(API), method)
        for rule in client.application.url_map.iter_rules()
        if str(rule).startswith(API)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert described == routes


def test_the_whole_way_of_a_workbook_over_http(client: FlaskClient, world: World) -> None:
    me = token(client)
    forms = conforms(client.get(f"{API}/forms", headers=me), "/forms")
    issued = client.get(f"{API}/forms/{FORM}/workbook?period={PERIOD}&unit=28756", headers=me)
    assert forms["forms"][0]["form"] == FORM
    assert issued.data == world.issued()

    data = world.signed()
    first = send(client, data, me | {"Idempotency-Key": "k1"})
    again = send(client, data, me | {"Idempotency-Key": "k1"})

    accepted = conforms(first, "/submissions", "post")
    assert (first.status_code, again.status_code) == (201, 200)
    assert conforms(again, "/submissions", "post") == accepted
    assert accepted["status"] == "accepted"
    assert accepted["verdict"]["outcome"] == "valid"
    number = accepted["id"]
    assert first.headers["Location"] == f"{API}/submissions/{number}"
    one = client.get(f"{API}/submissions/{number}", headers=me)
    assert conforms(one, "/submissions/{number}") == accepted
    assert client.get(f"{API}/submissions/{number}/workbook", headers=me).data == data
    listed = conforms(client.get(f"{API}/submissions", headers=me), "/submissions")
    assert [entry["id"] for entry in listed["submissions"]] == [number]
    facts = conforms(client.get(f"{API}/facts?form={FORM}&unit=28756&period={PERIOD}", headers=me), "/facts")
    assert {"state": "number", "value": "10.0"}.items() <= next(
        fact for fact in facts["facts"] if (fact["row"], fact["column"]) == ("04", "2")
    ).items()

    boss = token(client, "86")
    totals = conforms(client.get(f"{API}/totals?form={FORM}&unit=86&period={PERIOD}", headers=boss), "/totals")
    assert totals["consolidated"] is True
    place = "table=T1&row=04&column=2"
    lineage = client.get(f"{API}/lineage?form={FORM}&unit=86&period={PERIOD}&{place}", headers=boss)
    source = conforms(lineage, "/lineage")["sources"][0]
    assert (source["submission"], source["value"], source["signer"]) == (
        number,
        "10.0",
        "Lãnh đạo Phường Phú Khương",
    )


def test_a_refused_workbook_is_a_problem_with_findings_and_verdict(client: FlaskClient, world: World) -> None:
    reply = send(client, world.signed(values=crops(r04c4=99.0)), token(client))

    refusal = conforms(reply, "/submissions", "post")
    assert (reply.status_code, reply.mimetype) == (422, "application/problem+json")
    assert refusal["findings"]
    assert refusal["verdict"]["outcome"] == "valid"
    assert refusal["submission_status"] == "refused"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/nothing", 404),
        ("get", "/submissions/999999", 404),
        ("get", "/submissions/99999999999999999999999999", 404),
        ("put", "/health", 405),
        ("get", "/totals", 422),
        ("get", "/totals?form=x&unit=28756&period=never", 422),
        ("get", "/totals?form=x%00&unit=28756&period=2026-M09", 422),
        ("get", f"/totals?form={FORM}&unit=86&period={PERIOD}", 403),
        ("get", f"/facts?form={FORM}&unit=28807&period={PERIOD}", 403),
        ("get", f"/facts?form={FORM}&unit=28756&period={PERIOD}", 404),
        ("get", f"/lineage?form={FORM}&unit=28807&period={PERIOD}&table=T1&row=04&column=2", 403),
        ("get", f"/forms/{FORM}/workbook?unit=28807&period={PERIOD}", 403),
        ("get", f"/forms/{FORM}/workbook?unit=28756&period=2026-Q3", 422),
        ("get", "/submissions?limit=1000", 422),
        ("get", "/submissions?unit=28807", 403),
        ("post", "/submissions", 422),
    ],
)
def test_every_error_is_a_problem_in_vietnamese(client: FlaskClient, method: str, path: str, status: int) -> None:
    reply = getattr(client, method)(API + path, headers=token(client))

    body = reply.get_json()
    assert (reply.status_code, reply.mimetype) == (status, "application/problem+json")
    assert body["status"] == status
    assert body["type"].startswith("urn:bieuso:problem:")
    assert re.search("[àáạảãăâđèéêềệếìíòóôơốộùúưỳýấầậắặ]", body["detail"])


@SQLITE_ONLY
@pytest.mark.parametrize("path", ["/forms", "/submissions", f"/totals?form={FORM}&unit=86&period={PERIOD}"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}])
def test_without_a_session_nothing_is_read(client: FlaskClient, path: str, headers: dict[str, str]) -> None:
    reply = client.get(API + path, headers=headers)

    assert (reply.status_code, reply.mimetype) == (401, "application/problem+json")
    assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"account": 1, "password": "x"}', b'{"account": "a\\u0000", "password": "x"}'],
)
@SQLITE_ONLY
def test_a_sign_in_that_makes_no_sense_is_a_problem(client: FlaskClient, body: bytes) -> None:
    reply = client.post(f"{API}/sessions", data=body, content_type="application/json")

    assert reply.status_code in (400, 422)
    assert reply.mimetype == "application/problem+json"


@SQLITE_ONLY
def test_wrong_passwords_are_401_and_then_429_with_the_time_to_wait(client: FlaskClient) -> None:
    replies = [client.post(f"{API}/sessions", json={"account": "u86", "password": "sai"}) for _ in range(6)]

    assert [reply.status_code for reply in replies] == [401] * 5 + [429]
    assert replies[-1].headers["Retry-After"] == "900"


def test_signing_out_ends_the_session(client: FlaskClient) -> None:
    me = token(client)

    assert client.delete(f"{API}/sessions", headers=me).status_code == 204
    assert client.get(f"{API}/forms", headers=me).status_code == 401


def test_the_consolidator_reads_below_and_sends_nothing(client: FlaskClient, world: World) -> None:
    sent = send(client, world.signed("28807"), token(client, "28807")).get_json()
    boss = token(client, "86")

    assert client.get(f"{API}/submissions/{sent['id']}", headers=boss).status_code == 200
    assert client.get(f"{API}/facts?form={FORM}&unit=28807&period={PERIOD}", headers=boss).status_code == 200
    assert client.get(f"{API}/submissions/{sent['id']}", headers=token(client)).status_code == 403
    assert send(client, world.signed(), boss).status_code == 403


def test_ones_own_refused_file_can_be_looked_up_even_where_its_unit_is_unknown(client: FlaskClient) -> None:
    me = token(client)
    refused = send(client, b"PK nothing", me).get_json()

    assert client.get(f"{API}/submissions/{refused['id']}", headers=me).status_code == 200
    listed = client.get(f"{API}/submissions", headers=me).get_json()
    assert [entry["id"] for entry in listed["submissions"]] == [refused["id"]]
    assert client.get(f"{API}/submissions/{refused['id']}", headers=token(client, "28807")).status_code == 403


def test_a_key_used_for_another_file_is_a_conflict(client: FlaskClient, world: World) -> None:
    me = token(client) | {"Idempotency-Key": "k"}
    send(client, world.signed(values=crops(1)), me)

    assert send(client, world.signed(values=crops(2)), me).status_code == 409


@SQLITE_ONLY
def test_an_upload_too_large_is_refused_before_it_is_read(client: FlaskClient) -> None:
    client.application.config["MAX_CONTENT_LENGTH"] = 1000

    reply = send(client, b"x" * 2000, token(client))

    assert (reply.status_code, reply.mimetype) == (413, "application/problem+json")


@SQLITE_ONLY
def test_an_attachment_that_nobody_signed_refuses_the_workbook_and_is_not_dropped(
    client: FlaskClient, world: World
) -> None:
    reply = send(client, world.signed(), token(client), attachments=(io.BytesIO(b"x"), "a.txt"))

    assert reply.status_code == 422
    assert reply.get_json()["code"] == "BS852"


@SQLITE_ONLY
def test_a_file_in_a_field_of_another_name_is_refused_rather_than_ignored(client: FlaskClient, world: World) -> None:
    reply = send(client, world.signed(), token(client), attachment=(io.BytesIO(b"x"), "a.pdf"))

    assert reply.status_code == 422
    assert "attachments" in reply.get_json()["remedy"]
    assert client.get(f"{API}/submissions", headers=token(client)).get_json()["submissions"] == []


def test_attached_reports_go_over_http_and_come_back_as_downloads(client: FlaskClient, world: World) -> None:
    files = [("Báo cáo “09”.docx", a_docx()), ("phụ lục.pdf", a_pdf())]
    data = world.signed(change=lambda filled: with_attachments(filled, files))
    me, path = token(client), "/submissions/{number}/attachments/{attachment}"

    first = send(client, data, me, attachments=[(io.BytesIO(content), name) for name, content in files])
    again = send(client, data, me)

    stored = conforms(first, "/submissions", "post")
    assert (first.status_code, again.status_code) == (201, 200)
    assert [(one["number"], one["name"], one["size"]) for one in stored["attachments"]] == [
        (1, files[0][0], len(files[0][1])),
        (2, files[1][0], len(files[1][1])),
    ]
    seen = conforms(client.get(f"{API}/submissions/{stored['id']}", headers=me), "/submissions/{number}")
    assert seen["attachments"] == stored["attachments"]
    for number, (name, content) in enumerate(files, 1):
        reply = client.get(f"{API}/submissions/{stored['id']}/attachments/{number}", headers=me)
        assert reply.data == content
        assert reply.mimetype in DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]
        disposition = reply.headers["Content-Disposition"]
        assert disposition.startswith("attachment; ")
        assert disposition.isascii()
        assert unquote(disposition.rpartition("UTF-8''")[2]) == name
        assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_attached_reports_are_seen_by_those_who_see_the_workbook(client: FlaskClient, world: World) -> None:
    data = world.signed(change=lambda filled: with_attachments(filled, [("a.pdf", a_pdf())]))
    sent = send(client, data, token(client), attachments=(io.BytesIO(a_pdf()), "a.pdf"))
    path = f"{API}/submissions/{sent.get_json()['id']}/attachments/1"

    statuses = {unit: client.get(path, headers=token(client, unit)).status_code for unit in ("28756", "28807", "86")}

    assert statuses == {"28756": 200, "28807": 403, "86": 200}
    assert client.get(path).status_code == 401
    assert client.get(f"{path}0", headers=token(client)).status_code == 404


def test_an_unexpected_error_is_a_problem_without_its_inside(client: FlaskClient, world: World) -> None:
    me = token(client)
    with writing(world.engine) as connection:
        connection.execute(text("ALTER TABLE submission RENAME TO elsewhere"))

    reply = client.get(f"{API}/submissions", headers=me)

    assert reply.status_code in (500, 503)
    assert reply.mimetype == "application/problem+json"
    assert "submission" not in reply.get_json()["detail"]


@SQLITE_ONLY
@pytest.mark.parametrize(("kind", "status", "name"), [(TrustError, 503, "trust"), (NotSignableError, 422, "findings")])
def test_trust_that_is_not_there_is_the_services_fault_and_what_cannot_be_signed_is_not(
    kind: type[SigningError], status: int, name: str, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = token(client)

    def refuse(_: FixedTrust) -> Trust:
        raise kind("BS250", "Không có chứng thư gốc", "Báo quản trị")

    monkeypatch.setattr(FixedTrust, "current", refuse)

    reply = send(client, b"x", me)

    assert (reply.status_code, reply.get_json()["type"]) == (status, f"urn:bieuso:problem:{name}")
    assert "BS250" in reply.get_data(as_text=True)


def test_health_tells_a_service_that_works(client: FlaskClient, world: World) -> None:
    body = conforms(client.get(f"{API}/health"), "/health")

    assert (body["status"], body["database"]) == ("ok", world.engine.dialect.name)


def test_open_reading_shows_figures_to_everybody_but_hands_out_no_form(world: World, tmp_path: Path) -> None:
    url = world.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    app = create_app(Config.in_folder(tmp_path, database_url=url, open_reading=True))
    world.send(world.signed())

    anybody = app.test_client()

    assert anybody.get(f"{API}/totals?form={FORM}&unit=86&period={PERIOD}").status_code == 200
    assert anybody.get(f"{API}/forms/{FORM}/workbook?unit=28756&period={PERIOD}").status_code == 401
    engine: Engine = app.extensions["bieuso"].engine
    engine.dispose()


@SQLITE_ONLY
def test_a_day_begins_at_midnight_in_viet_nam(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = token(client)
    first_hour = datetime(2025, 6, 30, 17, 30, tzinfo=UTC)  # half past midnight on the day the communes began
    monkeypatch.setattr(context, "now", lambda: first_hour)

    reply = client.get(f"{API}/submissions?unit=28756", headers=headers)

    assert reply.status_code == 200
