"""What people are told when the disk with the database is full."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from server.config import Config
from server.storage.engine import connect
from server.web.api import problems
from server.web.app import create_app
from server.web.portal import problems as pages_problems


@pytest.fixture
def full(tmp_path: Path) -> OperationalError:
    """What a database says that cannot grow."""
    engine = connect(f"sqlite:///{tmp_path / 'full.db'}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        with pytest.raises(OperationalError) as refusal:
            connection.exec_driver_sql("CREATE TABLE one (two)")
    engine.dispose()
    return refusal.value


@pytest.mark.parametrize("answer", [problems.answer, pages_problems.answer])
def test_a_full_disk_is_for_the_administrator_and_not_for_another_try(
    tmp_path: Path, full: OperationalError, answer: Callable[[Exception], Response]
) -> None:
    with create_app(Config.in_folder(tmp_path)).test_request_context("/"):
        reply = answer(full)

    assert reply.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "hết chỗ lưu trữ" in reply.get_data(as_text=True)
    assert "Báo quản trị viên" in reply.get_data(as_text=True)
    assert "Retry-After" not in reply.headers
