from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from server.config import Config
from server.web.app import create_app

BIG = 600_000
HEAD = b'--x\r\nContent-Disposition: form-data; name="workbook"; filename="a.xlsx"\r\n\r\n'
UPLOAD = HEAD + b"1" * BIG + b"\r\n--x--\r\n"
MULTIPART = "multipart/form-data; boundary=x"


@pytest.fixture
def visitor(tmp_path: Path) -> FlaskClient:
    return create_app(Config.in_folder(tmp_path)).test_client()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/dang-nhap", "application/x-www-form-urlencoded"),
        ("/xac-minh", "application/x-www-form-urlencoded"),
        ("/api/v1/sessions", "application/json"),
        ("/api/v1/sessions", "application/x+json"),
    ],
)
def test_what_is_taken_apart_in_memory_is_small(visitor: FlaskClient, path: str, kind: str) -> None:
    body = b'{"a":"' + b"1" * BIG + b'"}' if kind.endswith("json") else b"a=1&" * (BIG // 4)

    reply = visitor.post(path, data=body, content_type=kind)

    assert reply.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_a_file_may_be_big(visitor: FlaskClient) -> None:
    reply = visitor.post("/api/v1/verifications", data=UPLOAD, content_type=MULTIPART)

    assert reply.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_a_file_is_laid_down_once_only(visitor: FlaskClient, small_files: Callable[[int], None]) -> None:
    small_files(100_000)

    reply = visitor.post("/api/v1/verifications", data=UPLOAD, content_type=MULTIPART)

    assert reply.get_json()["type"] == "urn:bieuso:problem:trust"  # it came to be verified; nobody is trusted here yet
