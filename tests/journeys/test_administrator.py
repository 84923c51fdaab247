"""An administrator registers a signer and ends the right again, in a real browser."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug.serving import make_server

from server.config import Config
from server.services.accounts import Role, create_account
from server.storage.engine import connect
from server.storage.schema import upgrade
from server.web.app import create_app
from tests.journeys.browser import Tab, browser
from tests.server.world import KEYS, World, a_world

PASSWORD = "mật khẩu quản trị"
WIDTHS = (1280, 360)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    engine = connect(f"sqlite:///{tmp_path / 'bieuso.db'}")
    upgrade(engine)
    made = a_world(engine)
    new = {"username": "quantri", "full_name": "Quản trị viên", "unit": "86", "roles": [Role.ADMIN]}
    create_account(engine, **new, password=PASSWORD, now=datetime.now(UTC))
    yield made
    engine.dispose()


@pytest.fixture
def address(world: World, tmp_path: Path) -> Iterator[str]:
    url = world.engine.url.render_as_string(hide_password=False)
    app = create_app(replace(Config.in_folder(tmp_path, database_url=url), stamp_keys=KEYS))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["bieuso"].engine.dispose()


def fill_in(tab: Tab, **values: str) -> None:
    for name, value in values.items():
        tab.do(f"document.querySelector('main [name={name}]').value = {value!r}")


def choose_file(tab: Tab, data: bytes) -> None:
    """What choosing a file in the dialogue does."""
    encoded = base64.b64encode(data).decode()
    tab.do(
        "{ const chosen = new DataTransfer();"
        f"chosen.items.add(new File([Uint8Array.from(atob('{encoded}'), one => one.charCodeAt())], 'nguoi-ky.cer'));"
        "document.querySelector('main [type=file]').files = chosen.files; }"
    )


def fits(tab: Tab, page: str) -> bool:
    """Whether the page needs no scrolling sideways, on a desk and on a phone."""
    widths = []
    for width in WIDTHS:
        tab.resize(width, 900)
        tab.open(page)
        widths.append(tab.do("document.documentElement.scrollWidth") <= width)
    tab.resize(WIDTHS[0], 900)
    return all(widths)


def test_a_signer_is_registered_and_ended_in_the_browser(world: World, address: str) -> None:
    in_a_year = datetime.now(UTC) + timedelta(days=365)
    der = world.authorities.officer("Trần Thị B", end=in_a_year).certificate.public_bytes(Encoding.DER)
    with browser() as tab:
        tab.open(f"{address}/dang-nhap")
        fill_in(tab, account="quantri", password=PASSWORD)
        tab.follow("document.querySelector('main form button').click()")
        tab.follow("[...document.querySelectorAll('nav a')].find(one => one.textContent == 'Người ký').click()")
        tab.follow("document.querySelector('main a.button').click()")
        fill_in(tab, unit="28756", name="Trần Thị B", role="officer")
        choose_file(tab, der)
        tab.follow("document.querySelector('main form button').click()")
        registered, entry = tab.do("document.querySelector('main').innerText"), tab.do("location.href")
        fill_in(tab, reason="left")
        tab.follow("document.querySelector('main form[action$=thoi] button').click()")
        ended = tab.do("document.querySelector('main').innerText")

        assert "Đã đăng ký." in registered
        assert "Người lập biểu" in registered
        assert "Thôi giữ chức vụ" in ended
        assert all(fits(tab, page) for page in (f"{address}/nguoi-ky?ca-cu=1", f"{address}/nguoi-ky/moi", entry))
        assert tab.complaints == []
