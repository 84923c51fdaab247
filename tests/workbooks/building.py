"""Builders of workbooks and of archives, good and bad."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

PLAIN_PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="bin" ContentType="application/octet-stream"/>'
        '<Override PartName="/xl/workbook.xml"'
        ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml"'
        ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        "</Types>"
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"'
        ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="T1" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"'
        ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"'
        ' Target="worksheets/sheet1.xml"/></Relationships>'
    ),
    "xl/worksheets/sheet1.xml": (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>'
    ),
}


def a_workbook(fill: Callable[[Worksheet], None] = lambda sheet: None, name: str = "T1") -> bytes:
    """A workbook as openpyxl writes it."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = name
    fill(sheet)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """An archive as Python's zipfile writes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def parts_with(changes: Mapping[str, str | bytes]) -> dict[str, str | bytes]:
    return {**PLAIN_PARTS, **changes}


def sheet_xml(rows: str, *, before: str = "", after: str = "") -> str:
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        f"{before}<sheetData>{rows}</sheetData>{after}</worksheet>"
    )


def workbook_with_sheet(content: str | bytes) -> bytes:
    return zipped(parts_with({"xl/worksheets/sheet1.xml": content}))


def replaced(data: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """The same archive with the text of one part changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    contents[part] = change(contents[part].decode()).encode()
    return zipped(contents)


class RawEntry:
    """One entry written by hand, so that each header field can lie."""

    def __init__(self, name: str, content: bytes = b"<a/>", *, method: int = 8) -> None:
        deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        packed = deflate.compress(content) + deflate.flush() if method == 8 else content
        self.packed = packed
        self.raw_name = name.encode("latin-1")
        self.central = {
            "flags": 0, "method": method, "crc": zlib.crc32(content), "packed": len(packed), "size": len(content),
            "name": self.raw_name, "extra": b"", "disk": 0, "version": 20,
        }  # fmt: skip
        self.local = dict(self.central)
        self.descriptor = b""
        self.gap = b""

    def both(self, **fields: object) -> RawEntry:
        self.central.update(fields)
        self.local.update(fields)
        return self


def raw_zip(
    entries: list[RawEntry], *, before: bytes = b"", after: bytes = b"", offsets: list[int] | None = None
) -> bytes:
    body, directory = bytearray(before), bytearray()
    for index, entry in enumerate(entries):
        central, local = entry.central, entry.local
        offset = len(body) if offsets is None else offsets[index]
        body += struct.pack(
            "<4sHHHHHIIIHH", b"PK\x03\x04", local["version"],
            local["flags"], local["method"], 0, 33, local["crc"], local["packed"],
            local["size"], len(local["name"]), len(local["extra"]),
        ) + local["name"] + local["extra"] + entry.packed + entry.descriptor + entry.gap  # fmt: skip
        directory += struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, central["version"],
            central["flags"], central["method"], 0, 33, central["crc"],
            central["packed"], central["size"], len(central["name"]), len(central["extra"]), 0, central["disk"], 0, 0,
            offset,
        ) + central["name"] + central["extra"]  # fmt: skip
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(entries), len(entries), len(directory), len(body), 0)
    return bytes(body + directory + end + after)
