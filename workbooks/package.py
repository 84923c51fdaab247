"""The OPC package: parts, content types, relationships, and what is refused to come in at all.

====== ============================================================
BS120  [Content_Types].xml is missing or damaged
BS121  a part has no content type
BS122  a part declares a document type (DOCTYPE)
BS123  a part is not well-formed XML
BS124  damaged relationships: bad target, missing part, no source
BS125  "Strict Open XML" workbook
BS126  content that programs may read differently
BS127  too many elements in one part
BS130  macros, Python
BS131  links to other workbooks
BS132  embedded objects (OLE)
BS133  DDE or real-time data links
BS134  data connections, query tables
BS135  custom ribbon or web extensions
BS136  ActiveX or form controls
BS137  a part outside the file (other than an ordinary hyperlink)
====== ============================================================
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lxml import etree

from workbooks import markup
from workbooks.archive import CFB_MAGIC, Archive, Entry, Limits, open_archive, write_archive
from workbooks.errors import WorkbookError

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CONTENT_TYPES_PART = "/[Content_Types].xml"
RELATIONSHIPS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"

# Each costs time and memory; Excel itself takes no more than this many hyperlinks in a sheet.
_MAX_RELATIONSHIPS = 70_000
_MAX_DECLARATIONS = 10_000
# Python takes more for white space, which no program that compares content types does.
_WHITE_SPACE = " \t\r\n"
# An archive in the workbook is another way to bring a workbook along.
_ARCHIVE_MAGIC = b"PK\x03\x04"

_REMEDY_DAMAGED = "Tệp bị hỏng. Tải lại biểu gốc, hoặc mở bằng Excel và lưu lại dạng .xlsx."

# code, message, remedy, marks found in a content type, last segments of a relationship type, folders or file names
_REFUSALS: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "BS130",
        "Tệp có macro",
        "Lưu lại dạng “Sổ làm việc Excel (*.xlsx)” không có macro.",
        ("macroenabled", "vbaproject", "vba", "macrosheet", "dialogsheet"),
        ("vbaproject", "wordvbadata", "xlmacrosheet", "xlintlmacrosheet", "dialogsheet"),
        ("vbaproject.bin", "/xl/macrosheets/", "/xl/dialogsheets/"),
    ),
    (
        "BS130",
        "Tệp có chương trình Python",
        "Dán kết quả dạng giá trị vào biểu gốc mới tải về.",
        ("vnd.ms-excel.python",),
        ("python",),
        ("/xl/python",),
    ),
    (
        "BS133",
        "Tệp có liên kết dữ liệu trực tiếp (DDE/RTD)",
        "Xóa liên kết, dán dữ liệu dạng giá trị rồi lưu lại.",
        ("volatiledependencies",),
        ("volatiledependencies",),
        (),
    ),
    (
        "BS131",
        "Tệp có liên kết tới sổ làm việc khác",
        "Trong Excel chọn Dữ liệu > Sửa liên kết > Ngắt liên kết rồi lưu lại.",
        ("externallink",),
        ("externallink", "externallinkpath", "xlpathmissing"),
        ("/xl/externallinks/",),
    ),
    (
        "BS132",
        "Tệp có đối tượng nhúng (OLE)",
        "Xóa đối tượng nhúng khỏi trang tính; để nó ở tệp riêng.",
        ("oleobject",),
        ("oleobject", "package", "afchunk"),
        ("/xl/embeddings/",),
    ),
    (
        "BS134",
        "Tệp có kết nối dữ liệu ngoài",
        "Trong Excel chọn Dữ liệu > Truy vấn & Kết nối, xóa hết rồi lưu lại.",
        ("spreadsheetml.connections", "querytable", "model+data"),
        ("connections", "querytable", "powerpivotdata", "xmlmaps"),
        ("/xl/model/", "/xl/querytables/"),
    ),
    (
        "BS135",
        "Tệp có giao diện tùy biến hoặc tiện ích web",
        "Chép số liệu sang biểu gốc mới tải về.",
        ("webextension",),
        ("extensibility", "usercustomization", "attachedtoolbars", "webextensiontaskpanes", "webextension"),
        ("/customui/", "/xl/webextensions/"),
    ),
    (
        # What is signed shows another picture as soon as somebody puts another one there.
        "BS137",
        "Tệp lấy ảnh từ bên ngoài (hàm IMAGE)",
        "Xóa ảnh lấy từ bên ngoài, hoặc chèn thẳng ảnh vào tệp, rồi lưu lại.",
        ("rdrichvaluewebimage",),
        ("rdrichvaluewebimage",),
        (),
    ),
    (
        "BS136",
        "Tệp có điều khiển ActiveX hoặc nút biểu mẫu",
        "Xóa các nút, hộp điều khiển khỏi trang tính rồi lưu lại.",
        ("activex", "controlproperties"),
        ("control", "activexcontrolbinary", "ctrlprop"),
        ("/xl/activex/", "/xl/ctrlprops/"),
    ),
)


@dataclass(frozen=True, slots=True)
class Relationship:
    """One relationship. ``target`` is a part name (``/xl/workbook.xml``), or the address as written if external."""

    id: str
    type: str
    target: str
    external: bool
    source: str

    @property
    def kind(self) -> str:
        """Last segment of the type, such as ``"worksheet"``."""
        return self.type.strip().rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Package:
    """An opened package. Part names have a leading slash; ``[Content_Types].xml`` is readable but is not a part."""

    archive: Archive
    _names: Mapping[str, str]
    _types: Mapping[str, str]
    _relationships: Mapping[str, tuple[Relationship, ...]]
    _contents: dict[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    @property
    def parts(self) -> tuple[str, ...]:
        """Every part, relationship parts included, in the order of the archive."""
        return tuple(name for name in self._names.values() if name != CONTENT_TYPES_PART)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._names

    def part(self, name: str) -> bytes:
        """Content of a part. Raises WorkbookError BS124 where there is none."""
        stored = self._names.get(name.lower())
        if stored is None:
            raise _refusal("BS124", f"Tệp thiếu phần “{name}”.", _REMEDY_DAMAGED, name)
        if stored not in self._contents:
            self._contents[stored] = self.archive.read(stored[1:])
        return self._contents[stored]

    def pieces(self, name: str) -> Iterable[bytes]:
        """Content of a part piece by piece, for those who need it once and not as a whole. Raises as `part` does."""
        stored = self._names.get(name.lower())
        if stored is None or stored in self._contents:
            return (self.part(name),)
        return self.archive.entry(stored[1:]).pieces()

    def content_type(self, name: str) -> str:
        """Content type of a part. Raises KeyError for what is not a part."""
        return self._types[self._names[name.lower()]]

    def relationships(self, source: str = "/") -> tuple[Relationship, ...]:
        """Relationships of a part, or of the package (``"/"``)."""
        return self._relationships.get(self._names.get(source.lower(), source), ())

    def with_parts(self, changes: Mapping[str, bytes | None]) -> bytes:
        """A new archive with these parts replaced, added or (None) removed; every other part is copied raw.

        Content types and relationships are the caller's to change (see :mod:`workbooks.registration`).
        """
        pending = {self._names.get(name.lower(), name): content for name, content in changes.items()}
        parts: list[tuple[str, bytes | Entry]] = []
        for name in self._names.values():
            content = pending.pop(name) if name in pending else self.archive.entry(name[1:])
            if content is not None:
                parts.append((name[1:], content))
        parts.extend((name[1:], content) for name, content in pending.items() if content is not None)
        return write_archive(parts)


def relationships_part(source: str) -> str:
    """``/xl/workbook.xml`` → ``/xl/_rels/workbook.xml.rels``; the package's own for ``"/"``."""
    folder, name = posixpath.split(source)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def open_package(data: bytes, *, limits: Limits | None = None) -> Package:
    """Open a workbook's package and refuse what may never come in.

    Raises:
        WorkbookError: BS101 … BS137.
    """
    archive = open_archive(data, limits)
    names = {f"/{name}".lower(): f"/{name}" for name in archive.names}
    if names.get(CONTENT_TYPES_PART.lower()) != CONTENT_TYPES_PART:
        raise _refusal(
            "BS120", "Tệp nén này không phải là sổ làm việc Excel (thiếu [Content_Types].xml).", _REMEDY_DAMAGED
        )
    types = _content_types(archive.read(CONTENT_TYPES_PART[1:]), names)
    for name, kind in types.items():
        _refuse_active_part(name, kind)
    relationships = _all_relationships(archive, names)
    for related in relationships.values():
        for relationship in related:
            _refuse_relationship(relationship)
    _refuse_hidden_files(archive)
    return Package(archive, MappingProxyType(names), MappingProxyType(types), MappingProxyType(relationships))


def _content_types(data: bytes, names: Mapping[str, str]) -> dict[str, str]:
    defaults, overrides = _declared_types(data, names)
    types = {}
    for folded, name in names.items():
        if name == CONTENT_TYPES_PART:
            continue
        _, dot, extension = name.rpartition("/")[2].rpartition(".")
        kind = overrides.get(folded) or (defaults.get(extension.lower()) if dot else None)
        if not kind:
            raise _refusal("BS121", f"Phần “{name}” không khai báo kiểu nội dung.", _REMEDY_DAMAGED, name)
        types[name] = kind
    return types


def _declared_types(data: bytes, names: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    _refuse_more(data.count(b"<"), _MAX_DECLARATIONS, CONTENT_TYPES_PART)
    root = markup.parse_xml(data, CONTENT_TYPES_PART)
    if root.tag != f"{{{markup.CONTENT_TYPES}}}Types":
        raise _refusal("BS120", "[Content_Types].xml không đúng mẫu.", _REMEDY_DAMAGED, CONTENT_TYPES_PART)
    defaults: dict[str, str] = {}
    overrides: dict[str, str] = {}
    for item in root:
        where, key = (defaults, "Extension") if item.tag.endswith("}Default") else (overrides, "PartName")
        name, kind = item.get(key, ""), item.get("ContentType", "").strip(_WHITE_SPACE)
        # Beyond ASCII other letters fold into these (the Kelvin sign is a K), to some programs and not to others.
        is_name = name.isascii() and (key == "Extension" or _is_spelled_plainly(name, names))
        if not is_name or not kind or not kind.isascii() or not name or name.lower() in where:
            raise _refusal("BS120", f"[Content_Types].xml khai báo “{name}” sai hoặc hai lần.", _REMEDY_DAMAGED)
        where[name.lower()] = kind
    return defaults, overrides


def _is_spelled_plainly(name: str, names: Mapping[str, str]) -> bool:
    """Whether no program could take this for another spelling of a part's name."""
    is_whole = name.startswith("/") and not name.startswith("//") and posixpath.normpath(name) == name
    return is_whole and "\\" not in name and ("%" not in name or name.lower() in names)


def _all_relationships(archive: Archive, names: Mapping[str, str]) -> dict[str, tuple[Relationship, ...]]:
    found: dict[str, tuple[Relationship, ...]] = {}
    for folded, name in names.items():
        if not folded.endswith(".rels"):
            continue
        source = _source(name, names)
        left = _MAX_RELATIONSHIPS - sum(map(len, found.values()))
        found[source] = _read_relationships(archive.read(name[1:]), source, name, names, left)
    return found


def _source(name: str, names: Mapping[str, str]) -> str:
    """The part whose relationships these are. The name is spelled in one way: no case of its own, no other folder."""
    above, base = posixpath.split(posixpath.dirname(name))[0], posixpath.basename(name)
    source = "/" if name == relationships_part("/") else posixpath.join(above, base[: -len(".rels")])
    is_whole = source == "/" or (names.get(source.lower()) == source and source != CONTENT_TYPES_PART)
    if not is_whole or relationships_part(source) != name or source.lower().endswith(".rels"):
        raise _refusal("BS124", f"“{name}” là quan hệ của một phần không có trong tệp.", _REMEDY_DAMAGED, name)
    return source


def _read_relationships(
    data: bytes, source: str, part: str, names: Mapping[str, str], most: int
) -> tuple[Relationship, ...]:
    # The declaration, and the root opened and closed, are no relationships; each of these may be closed by a tag too.
    _refuse_more(data.count(b"<") - data.count(b"</") - 2, most, part)
    root = markup.parse_xml(data, part)
    if root.tag != f"{{{markup.PACKAGE_RELATIONSHIPS}}}Relationships":
        raise _refusal("BS124", f"“{part}” không đúng mẫu.", _REMEDY_DAMAGED, part)
    found: dict[str, Relationship] = {}
    for item in root:
        relationship = _read_relationship(item, source, part, names)
        if relationship.id in found:
            raise _refusal("BS124", f"“{part}” có hai quan hệ “{relationship.id}”.", _REMEDY_DAMAGED, part)
        found[relationship.id] = relationship
    return tuple(found.values())


def _read_relationship(item: etree._Element, source: str, part: str, names: Mapping[str, str]) -> Relationship:
    identifier, kind, target = item.get("Id", ""), item.get("Type", ""), item.get("Target", "")
    if not (identifier and kind):
        raise _refusal("BS124", f"“{part}” có quan hệ thiếu Id hoặc Type.", _REMEDY_DAMAGED, part)
    external = item.get("TargetMode", "Internal") == "External"
    if external or target.startswith("#"):
        return Relationship(identifier, kind, target, external, source)
    resolved = _resolve(source, target)
    if resolved is None or not resolved.isascii() or resolved.lower() not in names:
        raise _refusal("BS124", f"“{part}” chỉ tới “{target}”, không có trong tệp.", _REMEDY_DAMAGED, part)
    return Relationship(identifier, kind, names[resolved.lower()], external, source)


def _resolve(source: str, target: str) -> str | None:
    """Absolute part name of a relative target; None where it leaves the package."""
    path = target.partition("#")[0]
    if "\\" in path or "//" in path or "%2f" in path.lower():
        return None
    segments = [] if path.startswith("/") else source.split("/")[1:-1]
    for segment in path.split("/"):
        if segment == "..":
            if not segments:
                return None
            segments.pop()
        elif segment not in {"", "."}:
            segments.append(segment)
    return "/" + "/".join(segments)


def _refuse_active_part(name: str, content_type: str) -> None:
    kind, folded = content_type.lower(), name.lower()
    for code, message, remedy, marks, _, places in _REFUSALS:
        if any(mark in kind for mark in marks) or any(place in folded for place in places):
            raise _refusal(code, f"{message}: {name}.", remedy, name)


def _refuse_relationship(relationship: Relationship) -> None:
    kind = relationship.kind.lower()
    for code, message, remedy, _, kinds, _ in _REFUSALS:
        if kind in kinds:
            raise _refusal(code, f"{message}: {relationship.target}.", remedy, relationship.source)
    if relationship.external and kind != "hyperlink":
        raise _refusal(
            "BS137",
            f"Tệp lấy nội dung từ bên ngoài: {relationship.target}.",
            "Xóa ảnh hoặc liên kết lấy từ bên ngoài, hoặc chèn thẳng vào tệp, rồi lưu lại.",
            relationship.source,
        )


def _refuse_more(count: int, most: int, part: str) -> None:
    if count > most:
        message = f"Tệp có quá nhiều khai báo trong “{part}”."
        raise _refusal("BS127", message, "Xóa bớt liên kết và các trang không thuộc biểu rồi lưu lại.", part)


def _refuse_hidden_files(archive: Archive) -> None:
    """Under any name a compound file is an embedded object or a macro project; an archive is another file."""
    for name in archive.names:
        if name.lower().endswith((".xml", ".rels")):
            continue
        if archive.entry(name).head(8).startswith((CFB_MAGIC, _ARCHIVE_MAGIC)):
            raise _refusal(
                "BS132", f"Tệp có đối tượng nhúng (OLE): /{name}.", "Xóa đối tượng nhúng rồi lưu lại.", f"/{name}"
            )


def _refusal(code: str, message: str, remedy: str, part: str = "") -> WorkbookError:
    return WorkbookError(code, message, remedy, part=part)
