"""The stamp of an issued workbook: which form version, for which unit and period, sealed by the server's key.

It is kept on the very-hidden sheet ``_bieuso`` as key/value rows, followed by the frozen form version itself, so that
a workbook can be checked with no network. LibreOffice turns very-hidden into hidden; the content survives. Document
properties and customXml are not used, because several programs lose them on save.

====== ============================================================
BS380  the stamp names another form version than the one to be embedded
BS381  a value of the stamp that cannot be written
BS382  a form version too large to be embedded
====== ============================================================
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

from form_templates import serial
from form_templates.errors import FormError
from form_templates.history import History, pack, unpack
from form_templates.model import FormVersion
from workbooks import markup
from workbooks.errors import WorkbookError
from workbooks.package import CONTENT_TYPES_PART, relationships_part
from workbooks.registration import add_override, add_relationship
from workbooks.workbook import Workbook, open_workbook

STAMP_SHEET: Final = "_bieuso"

_FORMAT: Final = "1"
_STAMP_FIELDS: Final = ("form", "version", "digest", "unit", "unit_name", "period", "serial", "issued_at", "kind")
_MAX_FIELD: Final = 1_000
# Excel holds 32,767 characters in a cell. Base64, not base85, whose alphabet can spell Excel's _xHHHH_ escape.
_CHUNK: Final = 32_000
_MAX_CHUNKS: Final = 64
_MAX_ROWS: Final = 128
_MAX_INFLATED: Final = 8 * 1024 * 1024

_WORKSHEET_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_WORKSHEET_RELATIONSHIP: Final = f"{markup.OFFICE_RELATIONSHIPS}/worksheet"
_STAMP_PART: Final = "/xl/worksheets/bieuso.xml"


class StampKind(StrEnum):
    """A workbook issued to one unit, one merged from many, or a report assembled from stored figures."""

    ISSUED = "issued"
    MERGED = "merged"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the server wrote into the workbook when it issued it.

    Attributes:
        digest: SHA-256 of the canonical JSON of the form version.
        unit, period: codes (``"29551"``, ``"2026-M09"``).
        serial: number of this issue, unique at the server.
        issued_at: aware time of issue, kept to the second in UTC.
    """

    form: str
    version: str
    digest: str
    unit: str
    unit_name: str
    period: str
    serial: str
    issued_at: datetime
    kind: StampKind = StampKind.ISSUED

    def fields(self) -> dict[str, str]:
        """The stamp as the text that is written and sealed."""
        texts = {name: str(getattr(self, name)) for name in _STAMP_FIELDS}
        texts["issued_at"] = self.issued_at.astimezone(UTC).isoformat(timespec="seconds")
        return texts


def seal(stamp: Stamp, key: bytes) -> str:
    """Hex HMAC-SHA-256 over every field of the stamp, the digest of the form version included."""
    canonical = json.dumps(
        {"format": _FORMAT, **stamp.fields()}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hmac.new(key, b"bieuso stamp\n" + canonical.encode(), hashlib.sha256).hexdigest()


def read_stamp(workbook: Workbook) -> Stamp | None:
    """The stamp, or None where there is none or it is damaged. Says nothing of who wrote it: see `stamp_is_ours`."""
    return _stamp_of(_rows(workbook))


def stamp_is_ours(workbook: Workbook, keys: Sequence[tuple[str, bytes]]) -> bool:
    """Whether the stamp was sealed with one of ``keys`` (key id, key). Takes the same time whichever key matches."""
    rows = _rows(workbook)
    stamp = _stamp_of(rows)
    if stamp is None:
        return False
    key_id, mac, history_mac = (rows.get(name, "").encode() for name in ("key_id", "stamp", "history"))
    ours = False
    for candidate, key in keys:
        named = hmac.compare_digest(candidate.encode(), key_id)
        sealed = hmac.compare_digest(seal(stamp, key).encode(), mac)
        history = hmac.compare_digest(_history_seal(stamp, _history_chunks(rows), key).encode(), history_mac)
        ours |= sealed and named and history
    return ours


def embedded_version(workbook: Workbook) -> FormVersion | None:
    """The form version the workbook carries, or None where it is missing, damaged or not the one the stamp names."""
    rows = _rows(workbook)
    stamp = _stamp_of(rows)
    content = _content("".join(rows.get(_content_key(index), "") for index in range(_MAX_CHUNKS)))
    if stamp is None or content is None:
        return None
    digest, version = content
    named = (version.form, version.version) == (stamp.form, stamp.version)
    return version if named and digest == stamp.digest else None


def embedded_history(workbook: Workbook) -> History:
    """The earlier figures that the workbook carries. Good for the officer's own check, never for acceptance."""
    chunks = _history_chunks(_rows(workbook))
    return unpack(chunks) if chunks else {}


def _history_chunks(rows: Mapping[str, str]) -> list[str]:
    found = (rows.get(_history_key(index)) for index in range(_MAX_CHUNKS))
    return [chunk for chunk in found if chunk is not None]


def _history_seal(stamp: Stamp, chunks: Sequence[str], key: bytes) -> str:
    """Hex HMAC-SHA-256 over the serial of the issue and the history; ``""`` where there is none."""
    if not chunks:
        return ""
    message = "\n".join(("bieuso history", stamp.serial, *chunks))
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()


# The workbooks of one period carry the same few versions.
@lru_cache(maxsize=4)
def _content(packed: str) -> tuple[str, FormVersion] | None:
    """Digest of an embedded form version, and the version; None where it is not what we write."""
    text = _inflate(packed)
    if text is None:
        return None
    try:
        return hashlib.sha256(text).hexdigest(), serial.from_json(text.decode())
    except (FormError, ValueError, TypeError):
        return None


def with_stamp(
    data: bytes,
    stamp: Stamp,
    version: FormVersion,
    key_id: str,
    key: bytes,
    *,
    hide: Collection[str] = (),
    history: History | None = None,
) -> bytes:
    """The workbook with the stamp sheet added, or replaced where there is one; every other part is copied raw.

    Visible sheets named in ``hide`` become hidden in the same pass. ``history``: earlier figures of the unit.

    Raises:
        FormError: the stamp does not name this form version.
        WorkbookError: the data is not an acceptable workbook.
    """
    workbook = open_workbook(data)
    rows = _sealed_rows(stamp, version, key_id, key)
    if chunks := pack(history or {}):
        rows["history"] = _history_seal(stamp, chunks, key)
        rows |= {_history_key(index): chunk for index, chunk in enumerate(chunks)}
    return workbook.package.with_parts(_sheet_parts(workbook, _sheet_xml(rows), hide))


def _sealed_rows(stamp: Stamp, version: FormVersion, key_id: str, key: bytes) -> dict[str, str]:
    digest, chunks = _packed(version)
    if (stamp.form, stamp.version, stamp.digest) != (version.form, version.version, digest):
        raise FormError.single(
            "BS380",
            f"Dấu phát hành ghi biểu {stamp.form} phiên bản {stamp.version}, không đúng với phiên bản biểu được nhúng "
            f"là {version.form} phiên bản {version.version}.",
            "Phát hành lại từ đúng phiên bản biểu mẫu đã ban hành.",
        )
    sealed = {"format": _FORMAT, **stamp.fields(), "key_id": key_id, "stamp": seal(stamp, key)}
    for name, value in sealed.items():
        _refuse_unwritable(name, value)
    return sealed | {_content_key(index): chunk for index, chunk in enumerate(chunks)}


# One version is issued to many units in a row, and packing it costs more than all the rest.
@lru_cache(maxsize=32)
def _packed(version: FormVersion) -> tuple[str, tuple[str, ...]]:
    """Digest of a form version, and its JSON in pieces that fit into cells."""
    text = serial.to_json(version).encode()
    packed = base64.b64encode(zlib.compress(text, 9)).decode()
    if len(packed) > _CHUNK * _MAX_CHUNKS or len(text) > _MAX_INFLATED:
        raise FormError.single(
            "BS382",
            f"Biểu {version.form} phiên bản {version.version} quá lớn để nhúng vào sổ làm việc ({len(text)} byte).",
            "Chia biểu mẫu thành các biểu nhỏ hơn.",
        )
    chunks = tuple(packed[start : start + _CHUNK] for start in range(0, len(packed), _CHUNK))
    return hashlib.sha256(text).hexdigest(), chunks


def _refuse_unwritable(name: str, value: str) -> None:
    if not value or len(value) > _MAX_FIELD or not value.isprintable():
        raise FormError.single(
            "BS381",
            f"Giá trị {value[:60]!r} của mục {name} trên dấu phát hành bị trống, quá dài hoặc có ký tự điều khiển.",
            f"Nhập giá trị từ 1 đến {_MAX_FIELD} ký tự, không có ký tự điều khiển.",
        )


def _content_key(index: int) -> str:
    return f"content.{index + 1:02d}"


def _history_key(index: int) -> str:
    return f"history.{index + 1:02d}"


def _rows(workbook: Workbook) -> Mapping[str, str]:
    """Key/value rows of the stamp sheet; empty where there is no such sheet, or it cannot be read or trusted."""
    if all(sheet.name != STAMP_SHEET for sheet in workbook.sheets):
        return {}
    try:
        cells = workbook.read_sheet(STAMP_SHEET).cells
    except WorkbookError:
        return {}
    rows: dict[str, str] = {}
    for (row, column), cell in cells.items():
        if column != 1 or not isinstance(cell.value, str):
            continue
        value = cells.get((row, 2))
        if cell.formula is not None or (value is not None and value.formula is not None):
            return {}
        if cell.value in rows or len(rows) > _MAX_ROWS:
            return {}
        if value is not None and isinstance(value.value, str) and len(value.value) <= _CHUNK:
            rows[cell.value] = value.value
    return rows


def _stamp_of(rows: Mapping[str, str]) -> Stamp | None:
    fields = {name: rows.get(name, "") for name in _STAMP_FIELDS}
    if rows.get("format") != _FORMAT or any(not value or len(value) > _MAX_FIELD for value in fields.values()):
        return None
    try:
        issued_at = datetime.fromisoformat(fields.pop("issued_at"))
        kind = StampKind(fields.pop("kind"))
        if issued_at.tzinfo is None:
            return None
        return Stamp(**fields, issued_at=issued_at.astimezone(UTC), kind=kind)
    except (ValueError, OverflowError):
        return None


def _inflate(packed: str) -> bytes | None:
    """The embedded JSON, or None where a chunk is missing, is not what we write, or inflates beyond the limit."""
    decompressor = zlib.decompressobj()
    try:
        text = decompressor.decompress(base64.b64decode(packed, validate=True), _MAX_INFLATED)
    except (zlib.error, binascii.Error, ValueError):
        return None
    return text if decompressor.eof else None


def _sheet_xml(rows: Mapping[str, str]) -> bytes:
    return "".join(_sheet_lines(rows)).encode()


def _sheet_lines(rows: Mapping[str, str]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    yield f'<worksheet xmlns="{markup.MAIN}"><sheetData>'
    for number, (key, value) in enumerate(rows.items(), start=1):
        yield f'<row r="{number}">'
        for column, text in (("A", key), ("B", value)):
            yield f'<c r="{column}{number}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
        yield "</row>"
    yield "</sheetData></worksheet>"


def _sheet_parts(workbook: Workbook, sheet_xml: bytes, hide: Collection[str]) -> dict[str, bytes | None]:
    """Parts to write so that the stamp sheet holds ``sheet_xml``, very hidden."""
    package = workbook.package
    book = workbook.part
    root = markup.parse_xml(package.part(book), book)
    sheets = root.find(f"{{{markup.MAIN}}}sheets")
    if sheets is None:
        raise WorkbookError("BS124", "Sổ làm việc không có trang tính nào.", "Lưu lại biểu mẫu bằng Excel.", part=book)
    part = next((sheet.part for sheet in workbook.sheets if sheet.name == STAMP_SHEET), _STAMP_PART)
    parts: dict[str, bytes | None] = {}
    if part not in package:
        rels = relationships_part(book)
        changed, identifier = add_relationship(package.part(rels), _WORKSHEET_RELATIONSHIP, part)
        parts[rels] = changed
        parts[CONTENT_TYPES_PART] = add_override(package.part(CONTENT_TYPES_PART), part, _WORKSHEET_TYPE)
        _add_sheet(sheets, identifier)
    for sheet in sheets.iterfind(f"{{{markup.MAIN}}}sheet"):
        if sheet.get("name") == STAMP_SHEET:
            sheet.set("state", "veryHidden")
        elif sheet.get("name") in hide and sheet.get("state", "visible") == "visible":
            sheet.set("state", "hidden")
    return parts | {part: sheet_xml, book: markup.write_xml(root)}


def _add_sheet(sheets: etree._Element, identifier: str) -> None:
    taken = [int(sheet.get("sheetId", "0")) for sheet in sheets]
    sheet = etree.SubElement(
        sheets, f"{{{markup.MAIN}}}sheet", name=STAMP_SHEET, sheetId=str(max(taken, default=0) + 1)
    )
    sheet.set(f"{{{markup.OFFICE_RELATIONSHIPS}}}id", identifier)
