"""The register of signers over the API and in the portal: for administrators and for nobody else."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

from server.config import Config
from server.services.accounts import Role, create_account
from server.services.signers import list_signers
from server.web import context
from server.web.app import create_app
from tests.server.test_api import API, conforms
from tests.server.world import KEYS, NOW, World
from tests.signing.authorities import Holder

SECRET = "mật khẩu quản trị"
LEADER = "Lãnh đạo Phường Phú Khương"


@pytest.fixture
def client(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setattr(context, "now", lambda: NOW)
    for name, role in (("quantri", Role.ADMIN), ("chuyenvien", Role.CONSOLIDATOR)):
        create_account(world.engine, username=name, full_name=name, unit="86", roles=[role], password=SECRET, now=NOW)
    url = world.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    app = create_app(replace(Config.in_folder(tmp_path, database_url=url), stamp_keys=KEYS))
    yield app.test_client()
    app.extensions["bieuso"].engine.dispose()


def token(client: FlaskClient, name: str = "quantri") -> dict[str, str]:
    reply = client.post(f"{API}/sessions", json={"account": name, "password": SECRET})
    return {"Authorization": f"Bearer {reply.get_json()['token']}"}


def a_file(*people: Holder) -> tuple[io.BytesIO, str]:
    return io.BytesIO(b"".join(one.certificate.public_bytes(Encoding.PEM) for one in people)), "chungthu.crt"


def entry(person: Holder, **changes: object) -> dict[str, object]:
    values = {"unit": "28756", "name": "Trần Thị B", "role": "officer", "from": "2026-10-02"}
    return {**values, "certificate": a_file(person), **changes}


def number_of(world: World, name: str = LEADER) -> int:
    found = list_signers(world.engine, unit="28756", today=NOW.date())
    return next(one.entry.id for one in found if one.entry.name == name)


# -- the API -----------------------------------------------------------------------------------------------------------


def test_the_whole_life_of_an_entry_over_http(client: FlaskClient, world: World) -> None:
    me, sent = token(client), world.send(world.signed())
    first, second = world.authorities.officer("Trần Thị B"), world.authorities.officer("Trần Thị B")

    made = conforms(client.post(f"{API}/signers", data=entry(first), headers=me), "/signers", "post")
    again = client.post(f"{API}/signers", data=entry(first, role="seal"), headers=me)
    change = {"from": "2026-11-01", "certificate": a_file(second)}
    reply = client.post(f"{API}/signers/{made['id']}/replace", data=change, headers=me)
    new = conforms(reply, "/signers/{number}/replace", "post")
    what = {"from": "2026-10-02", "reason": "lost"}
    reply = client.post(f"{API}/signers/{number_of(world)}/revoke", data=what, headers=me)
    ended = conforms(reply, "/signers/{number}/revoke", "post")
    now = conforms(client.get(f"{API}/signers?unit=28756", headers=me), "/signers")
    one = conforms(client.get(f"{API}/signers/{made['id']}", headers=me), "/signers/{number}")

    assert (made["name"], made["role"], made["certificate"]["holder"]) == ("Trần Thị B", "officer", "Trần Thị B")
    assert (again.status_code, again.get_json()["type"]) == (409, "urn:bieuso:problem:conflict")
    assert (new["valid_from"], new["valid_to"]) == ("2026-11-01", None)
    assert [one["submission"] for one in ended["signed_since"]] == [sent.id]
    assert [one["id"] for one in now["signers"]] == [made["id"]]
    assert (one["valid_to"], one["signed_since"]) == ("2026-11-01", [])
    assert one["end_reason"].startswith("Thay bằng")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/signers"),
        ("get", "/signers/1"),
        ("post", "/signers"),
        ("post", "/signers/1/replace"),
        ("post", "/signers/1/revoke"),
    ],
)
def test_only_an_administrator_sees_and_changes_the_register(
    client: FlaskClient, world: World, method: str, path: str
) -> None:
    body = {"data": entry(world.authorities.officer(), reason="lost")} if method == "post" else {}
    before = list_signers(world.engine, today=NOW.date())

    nobody = client.open(f"{API}{path}", method=method)
    other = client.open(f"{API}{path}", method=method, headers=token(client, "chuyenvien"), **body)

    assert (nobody.status_code, other.status_code) == (401, 403)
    assert list_signers(world.engine, today=NOW.date()) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "boss"},
        {"from": "02/10/2026"},
        {"to": "x"},
        {"unit": ""},
        {"name": "\x00"},
        {"certificate": "no file"},
        {"certificate": b"junk"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_cannot_be_right_is_refused_with_a_remedy(
    client: FlaskClient, world: World, changes: dict[str, object]
) -> None:
    files = {name: (io.BytesIO(one), "a.crt") for name, one in changes.items() if isinstance(one, bytes)}
    body = entry(world.authorities.officer(), **{**changes, **files})

    reply = client.post(f"{API}/signers", data=body, headers=token(client))

    assert reply.status_code == 422
    assert reply.get_json()["remedy"]


def test_an_entry_that_no_database_can_number_is_not_found(client: FlaskClient) -> None:
    assert client.get(f"{API}/signers/{10**30}", headers=token(client)).status_code == 404


# -- the portal --------------------------------------------------------------------------------------------------------


def page(reply: TestResponse) -> html.HtmlElement:
    return html.fromstring(reply.get_data(as_text=True))


def text(element: html.HtmlElement) -> str:
    return re.sub(r"\s+", " ", element.text_content()).strip()


def form_token(client: FlaskClient, path: str) -> str:
    return str(page(client.get(path)).xpath("//main//input[@name='form']/@value")[0])


@pytest.fixture
def admin(client: FlaskClient) -> FlaskClient:
    given = {"account": "quantri", "password": SECRET, "form": form_token(client, "/dang-nhap")}
    assert client.post("/dang-nhap", data=given).status_code == 303
    return client


def test_an_administrator_registers_replaces_and_ends_in_the_portal(admin: FlaskClient, world: World) -> None:
    given = entry(world.authorities.officer("Trần Thị Bé"), form=form_token(admin, "/nguoi-ky/moi"))

    made = admin.post("/nguoi-ky/moi", data=given)
    shown = text(page(admin.get(made.headers["Location"])))
    number = number_of(world, "Trần Thị B")
    here = f"/nguoi-ky/{number}"
    fresh = {"certificate": a_file(world.authorities.officer("Trần Thị B")), "name": "Trần Thị B", "from": "2026-10-02"}
    replaced = admin.post(f"{here}/thay", data=fresh | {"form": form_token(admin, here)})
    new = replaced.headers["Location"].partition("?")[0]
    ended = admin.post(f"{new}/thoi", data={"from": "2026-10-02", "reason": "left", "form": form_token(admin, new)})
    last = text(page(admin.get(ended.headers["Location"])))

    assert [one.status_code for one in (made, replaced, ended)] == [303, 303, 303]
    assert "Đã đăng ký." in shown
    assert "BS866 Chứng thư cấp cho “Trần Thị Bé”, khác tên đăng ký “Trần Thị B”." in shown
    assert "Thôi được ký" in last
    assert "Thôi giữ chức vụ" in last
    assert text(page(admin.get("/nguoi-ky"))).count("Trần Thị B") == 0
    assert text(page(admin.get("/nguoi-ky?ca-cu=1"))).count("Trần Thị B") == 3  # two entries, one names the other


def test_the_page_of_an_ended_entry_leads_to_what_was_signed_since(admin: FlaskClient, world: World) -> None:
    sent, here = world.send(world.signed()), f"/nguoi-ky/{number_of(world)}"

    given = {"from": "2026-10-01", "reason": "lost", "form": form_token(admin, here)}
    reply = admin.post(f"{here}/thoi", data=given, follow_redirects=True)

    assert page(reply).xpath(f"//main//a[@href='/ban-nop/{sent.id}']")
    assert admin.get(f"/ban-nop/{sent.id}").status_code == 200


def test_a_refused_file_leaves_what_was_typed_and_says_why(admin: FlaskClient, world: World) -> None:
    chain = a_file(world.authorities.officer("Trần Thị B"), world.authorities.issuing)
    given = entry(world.authorities.officer(), certificate=chain, form=form_token(admin, "/nguoi-ky/moi"))

    reply = admin.post("/nguoi-ky/moi", data=given)

    shown = page(reply)
    assert reply.status_code == 422
    assert "2 chứng thư" in text(shown.xpath("//p[@role='alert']")[0])
    assert shown.xpath("//input[@name='name']/@value") == ["Trần Thị B"]
    assert shown.xpath("//select[@name='role']/option[@selected]/@value") == ["officer"]


@pytest.mark.parametrize("path", ["/nguoi-ky/moi", "/nguoi-ky/1/thay", "/nguoi-ky/1/thoi"])
def test_a_form_of_another_site_changes_nothing(admin: FlaskClient, world: World, path: str) -> None:
    before = list_signers(world.engine, today=NOW.date())

    reply = admin.post(path, data=entry(world.authorities.officer(), reason="lost", form="made up"))

    assert reply.status_code == 422
    assert list_signers(world.engine, today=NOW.date()) == before


def test_the_pages_are_for_administrators_only(client: FlaskClient, world: World) -> None:
    given = {"account": "chuyenvien", "password": SECRET, "form": form_token(client, "/dang-nhap")}
    client.post("/dang-nhap", data=given)

    home = page(client.get("/"))

    assert "/nguoi-ky" not in home.xpath("//nav//a/@href")
    assert [client.get(path).status_code for path in ("/nguoi-ky", "/nguoi-ky/moi", "/nguoi-ky/1")] == [403] * 3
    assert client.post("/nguoi-ky/1/thoi", data={"from": "2026-10-02", "reason": "left"}).status_code == 403


def test_the_pages_keep_the_strict_policy_of_the_portal(admin: FlaskClient, world: World) -> None:
    for path in ("/nguoi-ky", "/nguoi-ky/moi", f"/nguoi-ky/{number_of(world)}"):
        reply = admin.get(path)

        assert reply.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert page(reply).xpath("//*[@style or @onclick or @onchange] | //script[not(@src)] | //style") == []
        assert "/nguoi-ky" in page(reply).xpath("//nav//a/@href")


def test_a_unit_with_a_nul_is_one_that_is_not_there(admin: FlaskClient, world: World) -> None:
    given = entry(world.authorities.officer(), unit="28\x00756", form=form_token(admin, "/nguoi-ky/moi"))

    reply = admin.post("/nguoi-ky/moi", data=given)

    assert reply.status_code == 404
