"""Settings of the service, from ``BIEUSO_*`` variables. Read once; frozen afterwards."""

from __future__ import annotations

import difflib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from server.errors import ConfigError

_SETTINGS: Final = {
    "BIEUSO_DATABASE_URL": "sqlite:///… hoặc postgresql://…",
    "BIEUSO_DATA": "thư mục dữ liệu của dịch vụ",
    "BIEUSO_TRUST": "thư mục chứng thư gốc và danh sách thu hồi",
    "BIEUSO_TSA": "địa chỉ máy chủ cấp dấu thời gian",
    "BIEUSO_OPEN_READING": "1 hoặc 0: cho xem số liệu mà không cần đăng nhập",
    "BIEUSO_DEMONSTRATION": "1 hoặc 0: ghi trên mọi trang rằng số liệu chỉ để trình diễn",
    "BIEUSO_MAX_UPLOAD_MB": "cỡ tệp nộp lớn nhất, tính bằng MB",
    "BIEUSO_PROXIES": "số máy chủ proxy đứng trước dịch vụ",
}
_KEYS_FILE: Final = "keys.json"
_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Config:
    """Settings.

    Attributes:
        database_url: ``sqlite:///path`` or ``postgresql://…``.
        data: folder of the service's own files (the keys, and the SQLite file unless told otherwise).
        trust: folder of trusted roots (``*.crt``, ``*.pem``) and revocation lists (``*.crl``).
        tsa: address of the authority that stamps signatures and the archive (RFC 3161); ``""``: none.
        stamp_keys: (key id, key) pairs; the first one seals, all of them are accepted, so that keys can rotate.
        session_secret: key for what the portal keeps in cookies.
        open_reading: whether totals, facts and lineage may be read without signing in.
        demonstration: whether every page says that its figures are made up.
        max_upload: greatest accepted request body, in bytes.
        proxies: how many proxies of our own stand in front; only so many entries of ``X-Forwarded-*`` are believed.
    """

    database_url: str
    data: Path
    trust: Path
    stamp_keys: tuple[tuple[str, bytes], ...] = field(repr=False)
    session_secret: bytes = field(repr=False)
    open_reading: bool = False
    demonstration: bool = False
    max_upload: int = 20 * 1024 * 1024
    proxies: int = 0
    tsa: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Config:
        """Reads the settings; makes the data folder and the keys where they are missing.

        Raises:
            ConfigError: a value that cannot be used, or a variable whose name looks like a misspelt setting.
        """
        values = os.environ if environment is None else environment
        _refuse_misspelt(values)
        data = Path(values.get("BIEUSO_DATA") or "var").absolute()
        return cls.in_folder(
            data,
            database_url=values.get("BIEUSO_DATABASE_URL") or None,
            trust=trust_folder(values),
            open_reading=_flag(values, "BIEUSO_OPEN_READING"),
            demonstration=_flag(values, "BIEUSO_DEMONSTRATION"),
            max_upload=_whole(values, "BIEUSO_MAX_UPLOAD_MB", 20, least=1, most=200) * 1024 * 1024,
            proxies=_whole(values, "BIEUSO_PROXIES", 0, least=0, most=3),
            tsa=_address(values, "BIEUSO_TSA"),
        )

    @classmethod
    def in_folder(
        cls,
        data: Path,
        *,
        database_url: str | None = None,
        trust: Path | None = None,
        open_reading: bool = False,
        demonstration: bool = False,
        max_upload: int = 20 * 1024 * 1024,
        proxies: int = 0,
        tsa: str = "",
    ) -> Config:
        """Settings with everything inside one folder, as the demonstration and the tests use them."""
        stamp_keys, session_secret = _keys(data)
        return cls(
            database_url=database_url or f"sqlite:///{data / 'bieuso.db'}",
            data=data,
            trust=trust or data / "trust",
            stamp_keys=stamp_keys,
            session_secret=session_secret,
            open_reading=open_reading,
            demonstration=demonstration,
            max_upload=max_upload,
            proxies=proxies,
            tsa=tsa,
        )


def trust_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Where the trusted certificates are, for commands that need no other setting and must leave no files behind."""
    values = os.environ if environment is None else environment
    return Path(values.get("BIEUSO_TRUST") or Path(values.get("BIEUSO_DATA") or "var") / "trust").absolute()


def _refuse_misspelt(values: Mapping[str, str]) -> None:
    for name in values:
        if name.startswith("BIEUSO_") and name not in _SETTINGS:
            near = difflib.get_close_matches(name, _SETTINGS, n=1, cutoff=0.85)
            if near:
                raise ConfigError(f"Không có thiết lập {name}.", f"Có phải {near[0]} ({_SETTINGS[near[0]]}) không?")


def _flag(values: Mapping[str, str], name: str) -> bool:
    text = values.get(name, "")
    if text not in ("", "0", "1"):
        raise ConfigError(f"{name} = {text!r} không hợp lệ.", "Ghi 1 (có) hoặc 0 (không).")
    return text == "1"


def _address(values: Mapping[str, str], name: str) -> str:
    text = values.get(name, "")
    if text and not (text.startswith(("http://", "https://")) and text.isprintable() and " " not in text):
        raise ConfigError(f"{name} = {text!r} không hợp lệ.", "Ghi địa chỉ bắt đầu bằng http:// hoặc https://.")
    return text


def _whole(values: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    text = values.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        raise ConfigError(f"{name} = {text!r} không hợp lệ.", f"Ghi một số nguyên từ {least} đến {most}.")
    return int(text)


def _keys(data: Path) -> tuple[tuple[tuple[str, bytes], ...], bytes]:
    """The keys of this installation, made on first use in a file that only its owner can read."""
    path = data / _KEYS_FILE
    if not path.exists():
        _make_keys(path)
    if path.stat().st_mode & 0o077 and os.name == "posix":
        raise ConfigError(f"Tệp khóa {path} để người khác đọc được.", f"Chạy: chmod 600 {path}")
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        stamp = tuple((str(key_id), bytes.fromhex(key)) for key_id, key in stored["stamp_keys"])
        session = bytes.fromhex(stored["session_secret"])
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"Tệp khóa {path} không đọc được.", "Khôi phục tệp từ bản sao lưu.") from error
    if not stamp or any(len(key) < _KEY_BYTES for key in (session, *(key for _, key in stamp))):
        raise ConfigError(f"Khóa trong tệp {path} quá ngắn hoặc thiếu.", "Khôi phục tệp từ bản sao lưu.")
    return stamp, session


def _make_keys(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "stamp_keys": [[secrets.token_hex(4), secrets.token_hex(_KEY_BYTES)]],
        "session_secret": secrets.token_hex(_KEY_BYTES),
    }
    # Written aside and linked into place: of two processes that start at once one wins, and both read the same keys.
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file)
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
