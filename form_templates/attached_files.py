"""What may be attached to a form: reports in Word or PDF, by name and by content, without programs inside.

A filter, no virus scanner: streams that a PDF keeps compressed are not looked into, nor what a Word file embeds. What a
Word file would fetch over the network when it is opened (a template may bring macros) is refused.

====== ============================================================
BS853  a file that may not be attached
====== ============================================================
"""

from __future__ import annotations

import io
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import unquote

from workbooks import markup
from workbooks.errors import WorkbookError
from workbooks.finding import Finding, Severity

MOST_FILES: Final = 10
LARGEST: Final = 10 * 1024 * 1024
"""Bytes of one file."""
LONGEST_NAME: Final = 120
MEDIA_TYPES: Final = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "application/pdf",
}
KINDS: Final = {".docx": "Word (.docx)", ".pdf": "PDF (.pdf)"}

_REMEDY: Final = "Kèm tệp Word (.docx) hoặc PDF (.pdf) không có macro, tối đa 10 MB; tên tệp ngắn, không có ký tự lạ."
# What Windows does not take in a name; slashes would make it a path.
_FORBIDDEN: Final = re.compile(r'[/\\:*?"<>|]')
# Letters that leave no trace on a screen, and yet make another name.
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# Whatever follows the first full stop, Windows takes these for machines and not for files.
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *\.", re.IGNORECASE)
_MOST_PARTS: Final = 5_000
_CONTENT_TYPES: Final = "[Content_Types].xml"
_DOCUMENT: Final = "word/document.xml"
_MAIN_TYPE: Final = f"{MEDIA_TYPES['.docx']}.main+xml"
_LARGEST_LIST: Final = 1024 * 1024
# Of relationships. Word fetches what is of these kinds as it opens a file, without being asked.
_LARGEST_LISTS: Final = 8 * _LARGEST_LIST
_FETCHED: Final = frozenset({"attachedtemplate", "oleobject", "frame", "subdocument", "afchunk"})
_OF_OWN_MACHINE: Final = re.compile(r"(file:/{0,3})?[a-z]:[/\\]|[^:/\\]+(?!.*:)", re.IGNORECASE | re.DOTALL)
_PLAIN_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
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
    return Finding("BS853", Severity.ERROR, f"Không kèm được tệp “{_shown(name)}”: {reason}.", _REMEDY)


def _shown(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:LONGEST_NAME])


# -- Word --------------------------------------------------------------------------------------------------------------


def _word_fault(data: bytes) -> str:
    if not data.startswith(b"PK\x03\x04"):
        return "nội dung không phải tệp Word .docx (có thể là tệp .doc đổi đuôi, hoặc tệp đặt mật khẩu)"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _parts_fault(archive)
    except (zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, ValueError, OverflowError, EOFError):
        return "tệp Word bị hỏng"
    except WorkbookError:
        return "tệp Word có cấu trúc lạ"


def _parts_fault(archive: zipfile.ZipFile) -> str:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(names) > _MOST_PARTS or len({name.lower() for name in names}) != len(names):
        return "tệp Word có cấu trúc lạ"
    if _CONTENT_TYPES not in names or _DOCUMENT not in names:
        return "nội dung không phải tệp Word .docx"
    listed = archive.getinfo(_CONTENT_TYPES)
    if any(entry.flag_bits & 1 for entry in entries):
        return "tệp Word đặt mật khẩu"
    if listed.file_size > _LARGEST_LIST or listed.compress_type not in _PLAIN_METHODS:
        return "tệp Word có cấu trúc lạ"
    types = [
        item.get("ContentType", "")
        for item in markup.parse_xml(archive.read(listed), _CONTENT_TYPES)
        if isinstance(item.tag, str)
    ]
    if any("vbaproject.bin" in name.lower() for name in names) or any(map(_is_program, types)):
        return "tệp Word có macro"
    return _fetched(archive) if _MAIN_TYPE in types else "nội dung không phải tệp Word .docx"


def _fetched(archive: zipfile.ZipFile) -> str:
    """What a Word file would fetch from elsewhere: a template with macros in it stands in no list of parts."""
    lists = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".rels")]
    is_plain = all(one.compress_type in _PLAIN_METHODS and one.file_size <= _LARGEST_LIST for one in lists)
    if not is_plain or sum(one.file_size for one in lists) > _LARGEST_LISTS:
        return "tệp Word có cấu trúc lạ"
    for one in lists:
        for item in markup.parse_xml(archive.read(one), one.filename):
            kind, target = item.get("Type", "").rpartition("/")[2].lower(), unquote(item.get("Target", ""))
            if kind in _FETCHED and item.get("TargetMode") == "External" and not _OF_OWN_MACHINE.match(target):
                return f"tệp Word lấy mẫu hoặc nội dung từ nơi khác trên mạng ({_shown(target)})"
    return ""


def _is_program(content_type: str) -> bool:
    return any(mark in content_type.lower() for mark in ("macroenabled", "vbaproject", "vbadata"))


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


_CONTENT_FAULTS: Final[dict[str, Callable[[bytes], str]]] = {".docx": _word_fault, ".pdf": _pdf_fault}
