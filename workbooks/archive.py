"""The ZIP container, read strictly: one reading only is possible of what this accepts.

A signature is worth nothing if two programs see two different files in the same bytes, so everything ambiguous is
refused: the local entries must tile the file without gap or overlap, and both headers of an entry must agree.

====== ============================================================
BS101  not a ZIP file
BS102  an old binary .xls, or a file locked with a password (CFB)
BS103  the file is too large
BS104  too many parts
BS105  a part, or all of them together, too large once unpacked
BS106  a part name that is not allowed
BS107  two parts of the same name
BS108  the two headers of a part disagree
BS109  overlapping, hidden, leading or trailing bytes
BS110  an encrypted part
BS111  a compression method other than stored and deflate
BS112  an archive split over several disks
BS113  damaged content (checksum, length, deflate stream)
BS114  inconsistent ZIP64 records
BS115  a damaged directory of parts
BS116  an entry that is no plain file (link, folder, device)
====== ============================================================
"""

from __future__ import annotations

import re
import stat
import struct
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from workbooks.errors import WorkbookError

CONTENT_TYPES = "[Content_Types].xml"
STORED, DEFLATED = 0, 8
# A compound file: an old .xls, a workbook locked with a password, an embedded object, a macro project.
CFB_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_EOCD = struct.Struct("<4sHHHHIIH")
_EOCD64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR64 = struct.Struct("<4sIQI")
_CENTRAL = struct.Struct("<4sBBHHHHHIIIHHHHHII")
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_DESCRIPTOR = 0x8
_KNOWN_FLAGS = 0x1 | 0x6 | _DESCRIPTOR | 0x800
_UNICODE_PATH = 0x7075
_ZIP64 = 0x0001
# Packed bytes inflated at once: what comes of them stays in the processor's cache while it is hashed.
_PIECE = 256 << 10
# OPC part names are ASCII URIs; an escaped slash or letter would give a second spelling of the same name. A colon
# names a drive or a second stream, a bracket a piece of a part, to programs that know of such.
_SEGMENT = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()+,;=@]|%20|%[89A-Fa-f][0-9A-Fa-f])+")
_LONGEST_NAME = 512
# 4.5, of ZIP64: what an archive says it needs beyond that is no way of storing parts, and not every program opens it.
_NEWEST_VERSION = 45
_DOS_SPECIAL = 0x08 | 0x10

_SAVE_AGAIN = "Mở tệp bằng Excel hoặc LibreOffice, lưu lại dạng .xlsx rồi gửi lại."
_DAMAGED = "Tệp bị hỏng hoặc đã bị can thiệp. Tải lại biểu gốc, hoặc mở bằng Excel và lưu lại dạng .xlsx."


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest workbook that is opened; sizes in bytes.

    Attributes:
        elements: XML tags of the sheets, texts, styles and names together (each part has its own limit besides).
        formulas: characters of all formulas, shared ones written out (each sheet has its own limit besides).
    """

    file_size: int = 32 << 20
    parts: int = 4096
    part_size: int = 64 << 20
    total_size: int = 128 << 20
    elements: int = 64_000_000
    formulas: int = 64_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored part as it lies in the archive: ``packed`` is copied as it is when an archive is written."""

    name: str
    method: int
    crc: int
    size: int
    packed: bytes

    def unpack(self) -> bytes:
        """The content, checked against its declared length and checksum."""
        return b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """The content piece by piece, checked when the last one has been taken.

        Raises:
            WorkbookError: BS113.
        """
        size = crc = 0
        for piece in (self.packed,) if self.method == STORED else self._inflated():
            size += len(piece)
            crc = zlib.crc32(piece, crc)
            yield piece
        if size != self.size or crc != self.crc:
            raise _refusal(
                "BS113", f"Nội dung phần “{self.name}” không khớp độ dài hoặc mã kiểm tra đã ghi.", part=self.name
            )

    def _inflated(self) -> Iterator[bytes]:
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        packed = memoryview(self.packed)
        # One byte more than declared is asked for, so that a stream that goes on is noticed and never unpacked.
        left = self.size + 1
        taken = 0
        while taken < len(packed) and left and not stream.eof:
            try:
                piece = stream.decompress(packed[taken : taken + _PIECE], left)
            except zlib.error as error:
                raise _refusal("BS113", f"Không giải nén được phần “{self.name}”.", part=self.name) from error
            taken += _PIECE
            left -= len(piece)
            yield piece
        if not stream.eof or stream.unused_data or taken < len(packed):
            raise _refusal("BS113", f"Luồng nén của phần “{self.name}” không kết thúc đúng chỗ.", part=self.name)

    def head(self, count: int) -> bytes:
        """The first bytes, without unpacking the rest; b"" for a damaged stream."""
        if self.method == STORED:
            return self.packed[:count]
        try:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(self.packed, count)
        except zlib.error:
            return b""


@dataclass(frozen=True, slots=True)
class Archive:
    """The parts of an archive, in the order of its directory."""

    entries: Mapping[str, Entry]

    @property
    def names(self) -> tuple[str, ...]:
        """Names as stored, without a leading slash."""
        return tuple(self.entries)

    def entry(self, name: str) -> Entry:
        """The entry as stored. Raises KeyError."""
        return self.entries[name]

    def read(self, name: str) -> bytes:
        """The content, checked. Raises KeyError, or WorkbookError where it is damaged."""
        return self.entries[name].unpack()


@dataclass(frozen=True, slots=True)
class _Listed:
    """An entry as the central directory lists it."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed_size: int
    size: int
    offset: int


@dataclass(frozen=True, slots=True)
class _Directory:
    """Where the central directory lies."""

    start: int
    end: int
    count: int


def open_archive(data: bytes, limits: Limits | None = None) -> Archive:
    """Read the directory and every header; contents are unpacked when asked for.

    Raises:
        WorkbookError: BS101 … BS115.
    """
    limits = limits or Limits()
    _check_kind(data, limits)
    directory = _find_directory(data)
    if directory.count > limits.parts:
        raise _refusal("BS104", f"Tệp có {directory.count} phần, nhiều hơn mức cho phép {limits.parts}.", _SAVE_AGAIN)
    listed = _read_directory(data, directory)
    _check_sizes(listed, limits)
    _check_names(listed)
    return Archive(_locate(data, listed, directory))


def write_archive(parts: Iterable[tuple[str, bytes | Entry]]) -> bytes:
    """Write an archive; the same parts always give the same bytes. ``[Content_Types].xml`` comes first.

    Bytes are deflated; an :class:`Entry` is copied without unpacking it.
    """
    ordered = sorted(parts, key=lambda part: part[0] != CONTENT_TYPES)
    body: list[bytes] = []
    directory: list[bytes] = []
    at = 0
    for name, content in ordered:
        entry = content if isinstance(content, Entry) else pack(name, content)
        raw_name = name.encode("ascii")
        # 1980-01-01 00:00, the zero of the format: the archive says nothing of when it was written.
        common = (20, 0, entry.method, 0, 0x21, entry.crc, len(entry.packed), entry.size, len(raw_name), 0)
        listed = struct.pack("<4sHHHHHHIIIHH", b"PK\x01\x02", 20, *common) + struct.pack("<HHHII", 0, 0, 0, 0, at)
        directory += (listed, raw_name)
        body += (_LOCAL.pack(b"PK\x03\x04", *common), raw_name, entry.packed)
        at += _LOCAL.size + len(raw_name) + len(entry.packed)
    count = len(ordered)
    end = _EOCD.pack(b"PK\x05\x06", 0, 0, count, count, sum(map(len, directory)), at, 0)
    return b"".join((*body, *directory, end))


def pack(name: str, content: bytes) -> Entry:
    """Deflate a content into an entry."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = deflate.compress(content) + deflate.flush()
    return Entry(name, DEFLATED, zlib.crc32(content), len(content), packed)


def _grouped(number: int) -> str:
    """``33.554.432``, as numbers are written in Viet Nam."""
    return f"{number:,}".replace(",", ".")


def _check_kind(data: bytes, limits: Limits) -> None:
    if data.startswith(CFB_MAGIC):
        raise _refusal(
            "BS102",
            "Tệp được đặt mật khẩu hoặc là tệp .xls cũ.",
            "Mở tệp bằng Excel, bỏ mật khẩu (Tệp > Thông tin > Bảo vệ sổ làm việc) và lưu lại dạng .xlsx.",
        )
    if len(data) > limits.file_size:
        raise _refusal(
            "BS103",
            f"Tệp dài {_grouped(len(data))} byte, lớn hơn mức cho phép {_grouped(limits.file_size)} byte.",
            "Bỏ ảnh và các trang tính không thuộc biểu rồi lưu lại.",
        )
    if len(data) < _EOCD.size or not data.startswith(b"PK\x03\x04"):
        if data[-_EOCD.size :].startswith(b"PK\x05\x06") and len(data) > _EOCD.size:
            raise _refusal("BS109", "Có dữ liệu lạ ở đầu tệp.")
        raise _refusal("BS101", "Tệp không phải là sổ làm việc .xlsx.", _SAVE_AGAIN)


def _find_directory(data: bytes) -> _Directory:
    at = len(data) - _EOCD.size
    if data[at : at + 4] != b"PK\x05\x06":
        if data.rfind(b"PK\x05\x06") >= 0:
            raise _refusal("BS109", "Có dữ liệu thừa ở cuối tệp.")
        raise _refusal("BS115", "Không thấy mục lục của tệp nén; tệp có thể bị cắt cụt.")
    _, disk, start_disk, here, count, size, start, comment = _EOCD.unpack_from(data, at)
    if comment:
        raise _refusal("BS109", "Có dữ liệu thừa ở cuối tệp.")
    if disk not in {0, _FULL16} or start_disk not in {0, _FULL16} or here != count:
        raise _refusal("BS112", "Tệp nén bị chia thành nhiều đĩa.")
    end = at
    if data[max(at - _LOCATOR64.size, 0) : at].startswith(b"PK\x06\x07"):
        count, size, start, end = _read_zip64(data, at, (count, size, start))
    elif count == _FULL16 or _FULL32 in {size, start} or _FULL16 in {disk, start_disk}:
        raise _refusal("BS114", "Thiếu bản ghi ZIP64.")
    if start + size != end or start > len(data):
        raise _refusal("BS109", "Mục lục của tệp nén không nằm sát cuối tệp.")
    return _Directory(start, end, count)


def _read_zip64(data: bytes, eocd: int, short: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """The ZIP64 end records, which must agree with the short one wherever that one does not defer to them."""
    at = eocd - _LOCATOR64.size
    _, disk, where, disks = _LOCATOR64.unpack_from(data, at)
    if disk != 0 or disks > 1:
        raise _refusal("BS112", "Tệp nén bị chia thành nhiều đĩa.")
    if where != at - _EOCD64.size or data[max(where, 0) : where + 4] != b"PK\x06\x06":
        raise _refusal("BS114", "Bản ghi ZIP64 không nằm đúng chỗ.")
    _, length, _, _, disk, start_disk, here, count, size, start = _EOCD64.unpack_from(data, where)
    if length != _EOCD64.size - 12 or disk or start_disk or here != count:
        raise _refusal("BS114", "Bản ghi ZIP64 không nhất quán.")
    for value, deferred, true in zip(short, (_FULL16, _FULL32, _FULL32), (count, size, start), strict=True):
        if value not in {deferred, true}:
            raise _refusal("BS114", "Bản ghi ZIP64 khác với bản ghi thường.")
    return count, size, start, where


def _read_directory(data: bytes, directory: _Directory) -> list[_Listed]:
    listed = []
    at = directory.start
    for _ in range(directory.count):
        if at + _CENTRAL.size > directory.end:
            raise _refusal("BS115", "Mục lục của tệp nén ngắn hơn số phần đã ghi.")
        entry, at = _read_listed(data, at)
        listed.append(entry)
    if at != directory.end:
        raise _refusal("BS115", "Mục lục của tệp nén không khớp độ dài đã ghi.")
    return listed


def _read_listed(data: bytes, at: int) -> tuple[_Listed, int]:
    fields = _CENTRAL.unpack_from(data, at)
    (
        magic,
        _,
        _,
        version,
        flags,
        method,
        _,
        _,
        crc,
        packed_size,
        size,
        name_size,
        extra_size,
        comment,
        disk,
        _,
        attributes,
        offset,
    ) = fields
    if magic != b"PK\x01\x02":
        raise _refusal("BS115", "Mục lục của tệp nén bị hỏng.")
    end = at + _CENTRAL.size
    raw_name = data[end : end + name_size]
    extra = _extra_fields(data[end + name_size : end + name_size + extra_size], strict=True)
    name = _part_name(raw_name)
    if _UNICODE_PATH in extra:
        raise _refusal("BS106", f"Phần “{name}” mang hai tên.", part=name)
    if comment:
        raise _refusal("BS109", f"Phần “{name}” mang lời ghi chú trong mục lục của tệp nén.", part=name)
    if attributes & _DOS_SPECIAL or stat.S_IFMT(attributes >> 16) not in {0, stat.S_IFREG}:
        raise _refusal("BS116", f"“{name}” trong tệp nén không phải là tệp thường (liên kết, thư mục).", part=name)
    if disk not in {0, _FULL16}:
        raise _refusal("BS112", "Tệp nén bị chia thành nhiều đĩa.")
    size, packed_size, offset = _widen(extra.get(_ZIP64), (size, packed_size, offset), name)
    _check_method(name, flags, method, version)
    entry = _Listed(name, raw_name, flags, method, crc, packed_size, size, offset)
    return entry, end + name_size + extra_size


def _widen(extra: bytes | None, values: tuple[int, ...], name: str) -> tuple[int, ...]:
    """The 64-bit values of those that are all ones, in the order the format gives them."""
    wide = []
    rest = extra or b""
    for value in values:
        if value != _FULL32:
            wide.append(value)
            continue
        if len(rest) < 8:
            raise _refusal("BS114", f"Phần “{name}” thiếu độ dài ZIP64.", part=name)
        wide.append(int.from_bytes(rest[:8], "little"))
        rest = rest[8:]
    # Some programs believe the long form even where the short one does not defer to it. Zeros say: not known yet.
    repeated = b"".join(value.to_bytes(8, "little") for value in wide)
    if rest.strip(b"\x00") and not (rest == extra and repeated.startswith(rest)):
        raise _refusal("BS114", f"Độ dài ZIP64 của phần “{name}” khác với độ dài thường.", part=name)
    return tuple(wide)


def _extra_fields(extra: bytes, *, strict: bool) -> dict[int, bytes]:
    """Extra fields by identifier. Excel pads local headers freely, so only the directory's are read strictly."""
    fields: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if at + 4 + size > len(extra) or (strict and kind in fields):
            break
        fields.setdefault(kind, extra[at + 4 : at + 4 + size])
        at += 4 + size
    if strict and at != len(extra):
        raise _refusal("BS115", "Trường phụ trong mục lục của tệp nén bị hỏng.")
    return fields


def _part_name(raw: bytes) -> str:
    name = raw[: _LONGEST_NAME + 1].decode("latin-1")
    if len(raw) > _LONGEST_NAME or (name != CONTENT_TYPES and not all(map(_is_plain, name.split("/")))):
        raise _refusal("BS106", f"Tên phần không được phép: {name!r}.")
    return name


def _is_plain(segment: str) -> bool:
    """Whether a piece of a name is spelled in the one way that every program and file system reads alike."""
    if _SEGMENT.fullmatch(segment) is None or segment.endswith((".", "%20")):
        return False
    try:
        text = unquote(segment, errors="strict")
    except UnicodeDecodeError:
        return False
    # A full-width slash, the Kelvin sign, a letter with its accent apart: all turn into something else somewhere.
    return text.isprintable() and unicodedata.is_normalized("NFKC", text)


def _check_method(name: str, flags: int, method: int, version: int) -> None:
    if flags & _ENCRYPTED:
        raise _refusal("BS110", f"Phần “{name}” bị mã hóa.", "Bỏ mật khẩu của tệp rồi lưu lại dạng .xlsx.", part=name)
    if method not in {STORED, DEFLATED} or flags & ~_KNOWN_FLAGS or version > _NEWEST_VERSION:
        raise _refusal(
            "BS111", f"Phần “{name}” nén bằng phương pháp không được phép ({method}).", _SAVE_AGAIN, part=name
        )


def _check_sizes(listed: list[_Listed], limits: Limits) -> None:
    total = 0
    for entry in listed:
        total += entry.size
        if entry.size > limits.part_size or total > limits.total_size:
            raise _refusal(
                "BS105",
                f"Phần “{entry.name}” phình ra {_grouped(entry.size)} byte khi giải nén, vượt mức cho phép.",
                "Bỏ các trang tính, ảnh không thuộc biểu rồi lưu lại.",
                part=entry.name,
            )
        if entry.method == STORED and entry.size != entry.packed_size:
            raise _refusal("BS108", f"Phần “{entry.name}” ghi hai độ dài khác nhau.", part=entry.name)


def _check_names(listed: list[_Listed]) -> None:
    seen: set[str] = set()
    for entry in listed:
        # OPC compares part names without regard to case (ECMA-376 part 2, 6.3.5).
        folded = entry.name.lower()
        if folded in seen:
            raise _refusal("BS107", f"Phần “{entry.name}” có hai lần trong tệp.", part=entry.name)
        seen.add(folded)
    for entry in listed:
        # ECMA-376 part 2, 6.2.2.3: a part is no folder of others.
        pieces = entry.name.lower().split("/")
        if any("/".join(pieces[:count]) in seen for count in range(1, len(pieces))):
            raise _refusal("BS106", f"Phần “{entry.name}” nằm dưới một phần khác.", part=entry.name)


def _locate(data: bytes, listed: list[_Listed], directory: _Directory) -> dict[str, Entry]:
    """Check every local header; the entries must follow one another from byte 0 to the directory."""
    entries: dict[str, Entry] = {}
    at = 0
    for item in sorted(listed, key=lambda entry: entry.offset):
        if item.offset != at:
            kind = "chồng lên nhau" if item.offset < at else "có khoảng dữ liệu lạ xen giữa"
            raise _refusal("BS109", f"Các phần của tệp nén {kind} (tại “{item.name}”).", part=item.name)
        start, zip64 = _read_local(data, item, directory.start)
        end = start + item.packed_size
        if end > directory.start:
            raise _refusal("BS109", f"Phần “{item.name}” dài quá mục lục.", part=item.name)
        entries[item.name] = Entry(item.name, item.method, item.crc, item.size, data[start:end])
        at = end + (_descriptor_size(data, item, end, zip64=zip64) if item.flags & _DESCRIPTOR else 0)
    if at != directory.start:
        raise _refusal("BS109", "Có dữ liệu lạ giữa các phần và mục lục của tệp nén.")
    return {item.name: entries[item.name] for item in listed}


def _read_local(data: bytes, item: _Listed, limit: int) -> tuple[int, bool]:
    """Where the content starts, and whether the header announces 64-bit lengths."""
    if item.offset + _LOCAL.size > limit:
        raise _refusal("BS115", f"Phần “{item.name}” nằm ngoài tệp.", part=item.name)
    fields = _LOCAL.unpack_from(data, item.offset)
    magic, version, flags, method, _, _, crc, packed_size, size, name_size, extra_size = fields
    name_at = item.offset + _LOCAL.size
    start = name_at + name_size + extra_size
    extra = _extra_fields(data[name_at + name_size : start], strict=False)
    same = (
        magic == b"PK\x03\x04" and version <= _NEWEST_VERSION and data[name_at : name_at + name_size] == item.raw_name
    )
    # Bits 1 and 2 only tell how hard the packer tried.
    same = same and (flags & ~6) == (item.flags & ~6) and method == item.method and _UNICODE_PATH not in extra
    if not same:
        raise _refusal("BS108", f"Hai phần đầu của “{item.name}” không khớp nhau.", part=item.name)
    zip64 = _ZIP64 in extra
    if zip64:
        size, packed_size = _widen(extra[_ZIP64], (size, packed_size), item.name)
    stated = (crc, packed_size, size)
    true = (item.crc, item.packed_size, item.size)
    deferred = bool(flags & _DESCRIPTOR) and all(value in {0, fact} for value, fact in zip(stated, true, strict=True))
    if stated != true and not deferred:
        raise _refusal("BS108", f"Độ dài hoặc mã kiểm tra của “{item.name}” không khớp nhau.", part=item.name)
    return start, zip64


def _descriptor_size(data: bytes, item: _Listed, at: int, *, zip64: bool) -> int:
    """Length of the data descriptor at ``at``, which must repeat what the directory says."""
    layouts = ("<III", "<IQQ") if not zip64 else ("<IQQ", "<III")
    for layout in layouts:
        body = struct.pack(layout, item.crc, item.packed_size, item.size)
        for descriptor in (b"PK\x07\x08" + body, body):
            after = data[at + len(descriptor) : at + len(descriptor) + 4]
            if data.startswith(descriptor, at) and after in {b"PK\x03\x04", b"PK\x01\x02"}:
                return len(descriptor)
    raise _refusal("BS108", f"Bản ghi độ dài sau phần “{item.name}” không khớp.", part=item.name)


def _refusal(code: str, message: str, remedy: str = _DAMAGED, *, part: str = "") -> WorkbookError:
    return WorkbookError(code, message, remedy, part=f"/{part}" if part else "")
