"""What may be attached to a form: reports in Word or PDF, by name and by content, without programs inside.

A filter, no virus scanner: streams that a PDF keeps compressed are not looked into, nor the workbooks behind the charts
of a Word file. What Word files are refused for stands in :mod:`form_templates.word_files`.

====== ============================================================
BS853  a file that may not be attached
====== ============================================================
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

from form_templates.word_files import DOCX, shown, word_fault
from workbooks.finding import Finding, Severity

MOST_FILES: Final = 10
LARGEST: Final = 10 * 1024 * 1024
"""Bytes of one file."""
LONGEST_NAME: Final = 120
MEDIA_TYPES: Final = {".docx": DOCX, ".pdf": "application/pdf"}
KINDS: Final = {".docx": "Word (.docx)", ".pdf": "PDF (.pdf)"}

_REMEDY: Final = (
    "Kèm tệp Word (.docx) hoặc PDF (.pdf) không có macro, đối tượng nhúng; tối đa 10 MB; tên tệp ngắn, "
    "không có ký tự lạ. Tệp Word có những thứ đó thì lưu thành PDF rồi kèm."
)
# What Windows does not take in a name; slashes would make it a path.
_FORBIDDEN: Final = re.compile(r'[/\\:*?"<>|]')
# Letters that leave no trace on a screen, and yet make another name.
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# Whatever follows the first full stop, Windows takes these for machines and not for files.
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *\.", re.IGNORECASE)
_PDF_END: Final = 1024
_LETTERS: Final = sorted(set(b"JavaScriptLaunchEmbeddedFileRendition"))
_PROGRAM: Final = re.compile(rb"/(JavaScript|Launch|EmbeddedFile|Rendition)")
# Two letters turn up by chance in a compressed picture, so this one counts only outside streams.
_SCRIPT: Final = re.compile(rb"/(JS)(?![A-Za-z0-9_.-])")
_STREAM: Final = re.compile(rb">>[ \t\r\n]{0,4}stream\r?\n")


def kind_of(name: str) -> str:
    """``.docx`` or ``.pdf`` by the name; ``""`` for anything else."""
    return next((ending for ending in MEDIA_TYPES if name.lower().endswith(ending)), "")


def plain_name(name: str) -> str:
    """The name as it is written down: NFC, as some systems keep diacritics apart."""
    return unicodedata.normalize("NFC", name)


def same_name(name: str) -> str:
    """Equal for names that Windows takes for one."""
    return plain_name(name).casefold()


def name_fault(name: str) -> str:
    """What is wrong with a file name, in words; ``""`` where nothing is."""
    if name != plain_name(name) or not name.isprintable() or name != name.strip():
        return "tên tệp có ký tự không dùng được"
    if _FORBIDDEN.search(name) or _UNSEEN.search(name):
        return "tên tệp có ký tự không dùng được"
    if _DEVICE.match(name):
        return "tên tệp là tên thiết bị của Windows"
    if len(name) > LONGEST_NAME:
        return f"tên tệp dài {len(name)} ký tự, tối đa {LONGEST_NAME}"
    if not kind_of(name):
        return "không phải tệp .docx hoặc .pdf"
    return "tên tệp trống" if name.startswith(".") else ""


def size_fault(size: int) -> str:
    """What is wrong with a size in bytes, in words; ``""`` where nothing is."""
    if size == 0:
        return "tệp rỗng"
    return f"tệp dài {size} byte, tối đa {LARGEST}" if not 0 < size <= LARGEST else ""


def faults_of(name: str, data: bytes) -> Iterator[Finding]:
    """BS853 where the file may not be attached; the first reason alone."""
    if reason := name_fault(name) or size_fault(len(data)) or _CONTENT_FAULTS[kind_of(name)](data):
        yield not_allowed(name, reason)


def not_allowed(name: str, reason: str) -> Finding:
    """BS853: this file may not be attached."""
    return Finding("BS853", Severity.ERROR, f"Không kèm được tệp “{shown(name)}”: {reason}.", _REMEDY)


# -- PDF ---------------------------------------------------------------------------------------------------------------


def _pdf_fault(data: bytes) -> str:
    if not data.startswith(b"%PDF-"):
        return "nội dung không phải tệp PDF"
    if b"%%EOF" not in data[-_PDF_END:]:
        return "tệp PDF bị cắt cụt"
    plain = _unescaped(data)
    if found := _PROGRAM.search(plain) or next(filter(None, map(_SCRIPT.search, _outside_streams(plain))), None):
        return f"tệp PDF có chương trình hoặc tệp nhúng bên trong (/{found[1].decode()})"
    return ""


def _unescaped(data: bytes) -> bytes:
    """The letters that matter here as they are: a name may be written ``/J#61vaScript``."""
    for letter in _LETTERS:
        for escape in {b"#%02x" % letter, b"#%02X" % letter}:
            data = data.replace(escape, bytes([letter]))
    return data


def _outside_streams(data: bytes) -> Iterator[bytes]:
    """What stands between streams, in one pass: a pattern that spans them would take for ever on a hostile file."""
    *pieces, last = data.split(b"endstream")
    for piece in pieces:
        yield _STREAM.split(piece, maxsplit=1)[0]
    yield last


_CONTENT_FAULTS: Final[dict[str, Callable[[bytes], str]]] = {".docx": word_fault, ".pdf": _pdf_fault}
