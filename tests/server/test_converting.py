"""Half-filled workbooks of a version that is no longer used (L35)."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from form_templates.errors import FormError
from form_templates.filling import fill
from form_templates.model import CellKey
from form_templates.reading import read_form
from form_templates.stamp import embedded_version, read_stamp, stamp_is_ours
from formulas.freezing import freeze
from server.config import Config
from server.errors import ConflictError
from server.services.converting import Converted, convert_workbook
from server.services.history import import_history
from server.services.publishing import publish
from server.web import context
from server.web.app import create_app
from signing.sign import sign_package
from tests.form_templates.successions import second_spec, template
from tests.server.test_api import API, SQLITE_ONLY, conforms, token
from tests.server.world import CROPS, FORM, KEYS, LAST_YEAR, NOW, World, crops, key
from workbooks.workbook import open_workbook

UNIT, OTHER = "28756", "28807"


def half_filled(world: World) -> bytes:
    """Issued under the first version, with the figures of some rows."""
    issued = world.issued(UNIT)
    version = embedded_version(open_workbook(issued))
    assert version is not None
    values = {at: value for at, value in crops().items() if at.row not in {"06", "08"}}
    return fill(issued, version, values)


def publish_second(engine: Engine) -> None:
    publish(engine, template(second_spec()), decision="QĐ 2", effective_from=date(2026, 9, 15), now=NOW)


def converted(world: World, data: bytes) -> Converted:
    return convert_workbook(world.engine, data, keys=KEYS, now=NOW)


def test_the_officer_goes_on_in_the_workbook_of_the_version_in_effect(world: World) -> None:
    import_history(
        world.engine, form=FORM, period=LAST_YEAR, unit=UNIT, values={key(row, 3): 8.0 for row in CROPS}, now=NOW
    )
    data = half_filled(world)
    publish_second(world.engine)

    done = converted(world, data)
    workbook = open_workbook(done.conversion.data)
    version = embedded_version(workbook)
    stamp = read_stamp(workbook)
    assert version is not None
    assert stamp is not None
    cells = read_form(workbook, version).cells

    assert stamp_is_ours(workbook, KEYS)
    assert (done.version, stamp.version, stamp.unit, stamp.period) == ("2", "2", UNIT, "2026-M09")
    assert [cells[key(row, 3)].value for row in ("05", "13", "07", "14")] == [7.0, 3.0, 10.0, 10.0]
    # Last year's figures are the store's, told in the new version's terms.
    assert [cells[key(row, 1)].value for row in ("05", "13", "07", "14")] == [5.6, 2.4, 16.0, 8.0]
    assert done.conversion.left == ()


def test_the_converted_workbook_can_be_completed_signed_and_sent(world: World) -> None:
    data = half_filled(world)
    publish_second(world.engine)
    done = converted(world, data)
    version = embedded_version(open_workbook(done.conversion.data))
    assert version is not None
    rest: dict[CellKey, float | str | None] = {key("06", column): 10.0 for column in (3, 4)}
    rest |= {key("06", 2): 0.01, key("06", 5): 50.25}

    filled = fill(done.conversion.data, version, rest)
    result = world.send(sign_package(freeze(filled, version), world.leaders[UNIT], at=NOW), UNIT)

    assert result.status == "accepted", result.findings


def test_a_workbook_of_the_version_in_effect_and_one_from_elsewhere_are_refused(world: World) -> None:
    data = half_filled(world)
    with pytest.raises(ConflictError):
        converted(world, data)
    publish_second(world.engine)

    with pytest.raises(FormError) as error:
        convert_workbook(world.engine, data, keys=[("other", b"o" * 32)], now=NOW)

    assert [finding.code for finding in error.value.findings] == ["BS389"]
    with pytest.raises(FormError):
        converted(world, template(second_spec()))


@pytest.fixture
def client(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setattr(context, "now", lambda: NOW)
    url = world.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    app = create_app(replace(Config.in_folder(tmp_path, database_url=url), stamp_keys=KEYS, open_reading=True))
    app.config["SECRETS_OF_THE_TEST"] = world.secrets
    yield app.test_client()
    app.extensions["bieuso"].engine.dispose()


def test_the_api_returns_the_new_workbook_and_both_lists(client: FlaskClient, world: World) -> None:
    data = half_filled(world)
    publish_second(world.engine)

    reply = client.post(
        f"{API}/forms/{FORM}/convert", data={"workbook": (io.BytesIO(data), "b.xlsx")}, headers=token(client, UNIT)
    )

    assert reply.status_code == 200, reply.get_json()
    body = conforms(reply, "/forms/{form}/convert", "post")
    assert (body["from_version"], body["version"], body["unit"]) == ("1", "2", UNIT)
    assert {one["how"] for one in body["moved"]} >= {"giữ nguyên", "chia theo tỷ lệ 0,3", "nhân hệ số 0,001"}
    stamp = read_stamp(open_workbook(base64.b64decode(body["workbook"])))
    assert stamp is not None
    assert stamp.version == "2"


@SQLITE_ONLY
def test_nobody_converts_the_workbook_of_another_unit(client: FlaskClient, world: World) -> None:
    data = half_filled(world)
    publish_second(world.engine)
    url, body = f"{API}/forms/{FORM}/convert", {"workbook": (io.BytesIO(data), "b.xlsx")}

    assert client.post(url, data=body).status_code == 401
    body = {"workbook": (io.BytesIO(data), "b.xlsx")}
    assert client.post(url, data=body, headers=token(client, OTHER)).status_code == 403


@SQLITE_ONLY
@pytest.mark.parametrize("content", [b"", b"PK", b"not a workbook"])
def test_what_is_no_workbook_is_refused_with_its_finding(client: FlaskClient, content: bytes) -> None:
    url, headers = f"{API}/forms/{FORM}/convert", token(client, UNIT)

    reply = client.post(url, data={"workbook": (io.BytesIO(content), "b.xlsx")}, headers=headers)

    assert reply.status_code == 422
    assert client.post(url, data={}, headers=headers).status_code == 422
