"""Words of the pages: statuses, moments, periods."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from flask import Flask

from form_templates.period import Period, PeriodError
from signing.wording import moment_text

_STATUS: Final = {
    "accepted": "Hợp lệ",
    "refused": "Bị từ chối",
    "superseded": "Đã được thay thế",
    "waiting": "Chưa gửi",
}


def add_filters(app: Flask) -> None:
    """Makes the words usable in templates."""
    app.jinja_env.filters.update(status_text=status_text, moment=moment, period_text=period_text)


def status_text(status: str) -> str:
    """``accepted`` → ``Hợp lệ``."""
    return _STATUS.get(status, status)


def moment(at: datetime | None) -> str:
    """``09:05 ngày 02/10/2026``, in Vietnam."""
    return "" if at is None else moment_text(at)


def period_text(code: str | None) -> str:
    """``2026-M09`` → ``Tháng 9 năm 2026``."""
    if not code:
        return ""
    try:
        return Period.parse(code).label
    except PeriodError:
        return code
