"""Arguments of requests, checked at the edge: what passes is plain text of sensible length, or a number in range."""

from __future__ import annotations

from flask import request

from server.errors import InvalidError

_LONGEST = 200


def text(name: str) -> str:
    """A query argument that must be there. Raises InvalidError."""
    value = optional_text(name)
    if value is None:
        raise InvalidError(f"Thiếu tham số “{name}”.", f"Thêm ?{name}=… vào địa chỉ.")
    return value


def optional_text(name: str) -> str | None:
    """A query argument, or None. Raises InvalidError."""
    value = request.args.get(name, "")
    return checked(name, value) if value else None


def checked(name: str, value: object) -> str:
    """Printable text of sensible length. Raises InvalidError."""
    if not isinstance(value, str) or not value or len(value) > _LONGEST or not value.isprintable():
        raise InvalidError(
            f"Giá trị của “{name}” không hợp lệ.", f"Dùng 1 đến {_LONGEST} ký tự, không có ký tự điều khiển."
        )
    return value


def whole(name: str, *, least: int, most: int) -> int | None:
    """A whole number in range, or None. Raises InvalidError."""
    value = request.args.get(name, "")
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) <= 19 and least <= int(value) <= most):
        raise InvalidError(
            f"Giá trị “{name}” = {value[:40]!r} không hợp lệ.", f"Ghi một số nguyên từ {least} đến {most}."
        )
    return int(value)
