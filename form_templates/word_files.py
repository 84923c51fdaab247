"""What is wrong with a Word file: macros, objects and controls inside, commands to other programs, things to fetch.

Charts keep their figures in a workbook inside, which is no object that runs, and is not looked into.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from lxml import etree

from workbooks import markup
from workbooks.errors import WorkbookError

DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_MAIN_TYPE: Final = f"{DOCX}.main+xml"
_CONTENT_TYPES: Final = "[Content_Types].xml"
_DOCUMENT: Final = "word/document.xml"
_STRANGE: Final = "tệp Word có cấu trúc lạ"
_LONGEST_SHOWN: Final = 120
_MOST_PARTS: Final = 5_000
_PLAIN_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_LARGEST_LIST: Final = 1024 * 1024
# Of relationships; of texts.
_LARGEST_LISTS: Final = 8 * _LARGEST_LIST
_LARGEST_TEXTS: Final = 32 * _LARGEST_LIST
# Word fetches what is of these kinds as it opens a file, without being asked.
_FETCHED: Final = frozenset({"attachedtemplate", "oleobject", "frame", "subdocument", "afchunk"})
_OF_OWN_MACHINE: Final = re.compile(r"(file:/{0,3})?[a-z]:[/\\]|[^:/\\]+(?!.*:)", re.IGNORECASE | re.DOTALL)
_OBJECT: Final = "tệp Word có đối tượng nhúng (OLE)"
_CONTROL: Final = "tệp Word có điều khiển ActiveX"
_INSIDE: Final = {
    "oleobject": _OBJECT,
    "control": _CONTROL,
    "activexcontrolbinary": _CONTROL,
    # Read in as the file is opened, whatever it has in it.
    "afchunk": "tệp Word chèn nguyên một tệp khác vào trong (altChunk)",
}
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WITH_FIELDS: Final = (b"instrText", b"delInstrText", b"fldSimple")
_COMMAND: Final = re.compile(r"\s*DDE(AUTO)?(?![A-Z])", re.IGNORECASE)
# A field whose first word another field has still to make; after "=" they are numbers.
_UNFINISHED: Final = re.compile(r"\s*[A-Z]*\Z", re.IGNORECASE)


def shown(text: str) -> str:
    """A name as people are told it: short, and with what cannot be seen in it."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:_LONGEST_SHOWN])


def word_fault(data: bytes) -> str:
    """Why this is no Word file that may be attached, in words; ``""`` where it is one."""
    if not data.startswith(b"PK\x03\x04"):
        return "nội dung không phải tệp Word .docx (có thể là tệp .doc đổi đuôi, hoặc tệp đặt mật khẩu)"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _parts_fault(archive)
    except (zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, ValueError, OverflowError, EOFError):
        return "tệp Word bị hỏng"
    except etree.XMLSyntaxError:
        return "tệp Word bị hỏng"
    except WorkbookError:
        return _STRANGE


def _parts_fault(archive: zipfile.ZipFile) -> str:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(names) > _MOST_PARTS or len({name.lower() for name in names}) != len(names):
        return _STRANGE
    if _CONTENT_TYPES not in names or _DOCUMENT not in names:
        return "nội dung không phải tệp Word .docx"
    if any(entry.flag_bits & 1 for entry in entries):
        return "tệp Word đặt mật khẩu"
    listed = archive.getinfo(_CONTENT_TYPES)
    if listed.file_size > _LARGEST_LIST or any(entry.compress_type not in _PLAIN_METHODS for entry in entries):
        return _STRANGE
    types = _Types.read(archive.read(listed))
    return _kind_fault(names, types) or _related(archive) or _objects(archive, types) or _commands(archive, types)


@dataclass(frozen=True, slots=True)
class _Types:
    """Content types, in small letters: of parts by name, of the others by suffix; ``all`` as they are written."""

    parts: Mapping[str, str]
    suffixes: Mapping[str, str]
    all: tuple[str, ...]

    @classmethod
    def read(cls, data: bytes) -> _Types:
        items = [item for item in markup.parse_xml(data, _CONTENT_TYPES) if isinstance(item.tag, str)]
        return cls(
            {unquote(item.get("PartName", "")).lower(): item.get("ContentType", "").lower() for item in items},
            {item.get("Extension", "").lower(): item.get("ContentType", "").lower() for item in items},
            tuple(item.get("ContentType", "") for item in items),
        )

    def of(self, name: str) -> str:
        lower = unquote(name).lower()
        return self.parts.get(f"/{lower}") or self.suffixes.get(lower.rpartition(".")[2], "")


def _kind_fault(names: Iterable[str], types: _Types) -> str:
    if any("vbaproject.bin" in name.lower() for name in names) or any(map(_is_program, types.all)):
        return "tệp Word có macro"
    return "" if _MAIN_TYPE in types.all else "nội dung không phải tệp Word .docx"


def _is_program(content_type: str) -> bool:
    return any(mark in content_type.lower() for mark in ("macroenabled", "vbaproject", "vbadata"))


def _related(archive: zipfile.ZipFile) -> str:
    """What a Word file would fetch from elsewhere or run: a template with macros in it stands in no list of parts."""
    lists = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".rels")]
    if any(one.file_size > _LARGEST_LIST for one in lists) or sum(one.file_size for one in lists) > _LARGEST_LISTS:
        return _STRANGE
    for one in lists:
        for item in markup.parse_xml(archive.read(one), one.filename):
            kind, target = item.get("Type", "").rpartition("/")[2].lower(), unquote(item.get("Target", ""))
            outside = item.get("TargetMode") == "External"
            if outside and kind in _FETCHED and not _OF_OWN_MACHINE.match(target):
                return f"tệp Word lấy mẫu hoặc nội dung từ nơi khác trên mạng ({shown(target)})"
            if not outside and kind in _INSIDE:
                return _INSIDE[kind]
    return ""


def _objects(archive: zipfile.ZipFile, types: _Types) -> str:
    """The same by what lies in the file, whatever relates to it."""
    for entry in archive.infolist():
        name, kind = entry.filename.lower(), types.of(entry.filename)
        if "activex" in kind or "/activex/" in name:
            return _CONTROL
        if "oleobject" in kind or ("/embeddings/" in name and name.endswith(".bin")):
            return _OBJECT
        with archive.open(entry) as part:
            if part.read(len(_OLE)) == _OLE:
                return _OBJECT
    return ""


def _commands(archive: zipfile.ZipFile, types: _Types) -> str:
    """Fields that start another program (DDE), wherever there is text: in headers, notes, building blocks."""
    texts = [entry for entry in archive.infolist() if "wordprocessingml" in types.of(entry.filename)]
    if sum(entry.file_size for entry in texts) > _LARGEST_TEXTS:
        return _STRANGE
    for entry in texts:
        data = archive.read(entry)
        # In UTF-16 every other byte of these is zero. Whatever is neither shows no letters that could be looked for.
        if b"\0" not in data and not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            return _STRANGE
        if b"\0" not in data and not any(mark in data for mark in _WITH_FIELDS):
            continue
        if any(_COMMAND.match(field) for field in _fields(data)):
            return "tệp Word có lệnh gọi chương trình khác (trường DDE)"
    return ""


@dataclass(slots=True)
class _Field:
    """A field that is open; ``told``: what it says is over, and what it shows has begun."""

    says: str = ""
    told: bool = False


def _fields(data: bytes) -> Iterator[str]:
    """What the fields of a part say, each put together from its runs; ``DDE`` where another field has yet to say it."""
    fields = [_Field(told=True)]
    for name, attributes, text in _field_elements(data):
        if name == "fldSimple":
            yield attributes.get("instr", "")
        elif name != "fldChar":
            fields[-1].says += text
        elif attributes.get("fldCharType") == "begin":
            if not fields[-1].told and _UNFINISHED.match(fields[-1].says):
                yield "DDE"
            fields.append(_Field())
        elif attributes.get("fldCharType") == "separate":
            fields[-1].told = True
        elif len(fields) > 1:
            yield fields.pop().says
    yield from (field.says for field in fields)


def _field_elements(data: bytes) -> Iterator[tuple[str, Mapping[str, str], str]]:
    """Name, attributes and text of the elements of fields, in the transitional or the strict namespace."""
    parser = etree.iterparse(
        io.BytesIO(data),
        tag=("{*}fldChar", "{*}instrText", "{*}delInstrText", "{*}fldSimple"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    for _, element in parser:
        attributes = {etree.QName(name).localname: str(value) for name, value in element.attrib.items()}
        yield etree.QName(element).localname, attributes, "".join(element.itertext())
