from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from server.config import Config
from server.errors import ConfigError
from server.web import context
from server.web.app import create_app

CLAIMED, REAL = "203.0.113.7", "198.51.100.9"


@pytest.mark.parametrize(("proxies", "seen"), [(0, "127.0.0.1"), (1, REAL)])
def test_the_address_of_a_visitor_is_what_our_own_proxy_says(tmp_path: Path, proxies: int, seen: str) -> None:
    app = create_app(Config.in_folder(tmp_path, proxies=proxies))
    # The first address is what the visitor claims, the last one what our proxy saw.
    headers = {"X-Forwarded-For": f"{CLAIMED}, {REAL}"}

    app.test_client().post("/api/v1/sessions", json={"account": "ai", "password": "x"}, headers=headers)

    assert failures(app) == [seen]


@pytest.mark.parametrize("wrong", ["-1", "4", "một"])
def test_an_impossible_number_of_proxies_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ConfigError, match="BIEUSO_PROXIES"):
        Config.from_environment({"BIEUSO_DATA": str(tmp_path), "BIEUSO_PROXIES": wrong})


def failures(app: Flask) -> list[str]:
    """Where wrong passwords came from."""
    with app.app_context():
        engine = context.service().engine
    try:
        with engine.connect() as connection:
            return list(connection.exec_driver_sql("SELECT address FROM login_failure").scalars())
    finally:
        engine.dispose()
