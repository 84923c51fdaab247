"""Taking a repair back: the log keeps what every changed part was, so that undoing gives the very same bytes again."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Final

from formulas.text.conversions import Conversion
from workbooks.errors import WorkbookError
from workbooks.package import CONTENT_TYPES_PART, Package, open_package

_FORMAT: Final = "bieuso-text-repair"
_VERSION: Final = 1
# As large as a part of a workbook may be: a log is not a way around that.
_LARGEST: Final = 256 * 1024 * 1024
_REMEDY: Final = "Chọn đúng nhật ký của lần chuyển mã và tệp chưa sửa thêm; hoặc dùng tệp gốc."


def write_log(before: bytes, after: bytes, conversions: Sequence[Conversion]) -> str:
    """The log of a repair as JSON: what was converted, and every part that changed as it was before."""
    old, new = open_package(before), open_package(after)
    parts = [
        {
            "part": name,
            "before": _digest(content),
            "after": _digest(new.part(name)),
            "content": base64.b64encode(zlib.compress(content, 9)).decode("ascii"),
        }
        for name in _names(old)
        if (content := old.part(name)) != new.part(name)
    ]
    log = {
        "format": _FORMAT,
        "version": _VERSION,
        "conversions": [item.to_dict() for item in conversions],
        "parts": parts,
    }
    return json.dumps(log, ensure_ascii=False, indent=1)


def undo(data: bytes, log: str) -> bytes:
    """The workbook as it was before the repair that wrote the log; every part byte for byte.

    Raises:
        WorkbookError: the data is no workbook; BS711 the log is damaged, or the workbook is not the one it speaks of.
    """
    package = open_package(data)
    changes: dict[str, bytes | None] = dict(_restored(package, log))
    return package.with_parts(changes) if changes else data


def _restored(package: Package, log: str) -> Iterator[tuple[str, bytes]]:
    try:
        told = json.loads(log)
        if (told["format"], told["version"]) != (_FORMAT, _VERSION):
            raise _refusal("Nhật ký chuyển mã không đúng dạng.")
        for entry in told["parts"]:
            name, content = str(entry["part"]), _inflated(entry["content"])
            if name not in package and name != CONTENT_TYPES_PART:
                raise _refusal(f"Nhật ký nói về phần “{name}”, không có trong tệp này.")
            if _digest(content) != entry["before"]:
                raise _refusal(f"Nhật ký chuyển mã hỏng ở phần “{name}”.")
            if _digest(package.part(name)) not in (entry["after"], entry["before"]):
                raise _refusal(f"Tệp đã được sửa thêm sau khi chuyển mã (phần “{name}”).")
            yield name, content
    except (ValueError, KeyError, TypeError, RecursionError, zlib.error, binascii.Error) as error:
        raise _refusal("Nhật ký chuyển mã không đọc được.") from error


def _inflated(content: str) -> bytes:
    inflating = zlib.decompressobj()
    inflated = inflating.decompress(base64.b64decode(content, validate=True), _LARGEST)
    if not inflating.eof:
        raise ValueError("cut off, or too large")
    return inflated


def _names(package: Package) -> tuple[str, ...]:
    return (*package.parts, CONTENT_TYPES_PART)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _refusal(message: str) -> WorkbookError:
    return WorkbookError("BS711", message, _REMEDY)
