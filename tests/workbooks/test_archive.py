"""The container: one reading only, and nothing that unpacks without limit."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workbooks.building import PLAIN_PARTS, RawEntry, a_workbook, raw_zip, zipped
from workbooks.archive import Limits, open_archive, write_archive
from workbooks.errors import WorkbookError


def contents(data: bytes, limits: Limits | None = None) -> dict[str, bytes]:
    archive = open_archive(data, limits)
    return {name: archive.read(name) for name in archive.names}


def refusal(data: bytes, limits: Limits | None = None) -> str:
    """Code with which the archive, or the first content of it, is refused."""
    with pytest.raises(WorkbookError) as caught:
        contents(data, limits)
    assert caught.value.finding.message
    assert caught.value.finding.remedy
    return caught.value.finding.code


def test_an_ordinary_archive_is_read_whole() -> None:
    archive = open_archive(zipped(PLAIN_PARTS))

    assert archive.names == tuple(PLAIN_PARTS)
    assert archive.read("xl/workbook.xml").decode() == PLAIN_PARTS["xl/workbook.xml"]


def test_a_hand_made_archive_is_read() -> None:
    assert open_archive(raw_zip([RawEntry("a.xml"), RawEntry("b.xml", method=0)])).read("b.xml") == b"<a/>"


@pytest.mark.parametrize("data", [b"", b"PK", b"hello" * 100, b"%PDF-1.7" + b"x" * 200])
def test_what_is_no_zip_is_refused(data: bytes) -> None:
    assert refusal(data) == "BS101"


def test_a_locked_or_old_binary_workbook_is_told_apart() -> None:
    assert refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)) == "BS102"


def test_a_file_that_is_too_large_is_refused() -> None:
    assert refusal(zipped(PLAIN_PARTS), Limits(file_size=100)) == "BS103"


def test_too_many_parts_are_refused() -> None:
    assert refusal(zipped({f"a{i}.xml": "<a/>" for i in range(11)}), Limits(parts=10)) == "BS104"


@pytest.mark.parametrize("limits", [Limits(part_size=1000), Limits(total_size=1500)])
def test_a_bomb_is_refused_by_its_headers(limits: Limits) -> None:
    assert refusal(zipped({"a.xml": bytes(900), "b.xml": bytes(1001)}), limits) == "BS105"


def test_a_bomb_whose_headers_lie_is_stopped_while_unpacking() -> None:
    bomb = RawEntry("a.xml", bytes(50_000_000)).both(size=10)

    assert refusal(raw_zip([bomb])) == "BS113"


@pytest.mark.parametrize(
    "name",
    [
        "../a.xml", "/a.xml", "xl/../a.xml", "xl\\a.xml", "a\x00.xml", "xl//a.xml", "xl/", "./a.xml", "a.", "C:\\a.xml",
        "xl/%2e%2e/a.xml", "a%2Fb.xml", "xl/%41.xml", "a\x1f.xml", "é.xml", "a?.xml", "a%5Cb.xml", "a.xml ", "a.xml%20",
        "C:/a.xml", "a.xml:b", "a.xml/[0].piece", "[content_types].xml", "%C0%AE%C0%AE/a.xml", "a%EF%BC%8Fb.xml",
        "%E2%84%AA.xml", "e%CC%81.xml", "a%E2%80%AEb.xml", "a" * 513,
    ],
)  # fmt: skip
def test_names_that_could_be_read_otherwise_are_refused(name: str) -> None:
    assert refusal(raw_zip([RawEntry(name)])) == "BS106"


def test_a_second_name_in_a_unicode_field_is_refused() -> None:
    field = struct.pack("<HHBI", 0x7075, 9, 1, 0) + b"evil"

    assert refusal(raw_zip([RawEntry("a.xml").both(extra=field)])) == "BS106"


def test_a_second_name_behind_a_doubled_field_is_refused_too() -> None:
    doubled = struct.pack("<HH", 0x9999, 0) * 2
    entry = RawEntry("a.xml")
    entry.local["extra"] = doubled + struct.pack("<HHBI", 0x7075, 9, 1, 0) + b"evil"

    assert refusal(raw_zip([entry])) == "BS108"


@pytest.mark.parametrize("flags", [0, 0x800])
def test_plain_names_read_alike_whatever_alphabet_is_announced(flags: int) -> None:
    names = ("xl/a.xml", "xl/b%20c.xml", "xl/%C3%A9.xml", "xl/d~e.xml")

    assert open_archive(raw_zip([RawEntry(name).both(flags=flags) for name in names])).names == names


@pytest.mark.parametrize("order", [1, -1])
def test_a_part_under_another_is_refused(order: int) -> None:
    entries = [RawEntry("xl/a.xml"), RawEntry("XL/a.xml/b/c.xml")]

    assert refusal(raw_zip(entries[::order])) == "BS106"


@pytest.mark.parametrize("second", ["xl/a.xml", "XL/A.xml"])
def test_the_same_name_twice_is_refused_in_any_case(second: str) -> None:
    assert refusal(raw_zip([RawEntry("xl/a.xml"), RawEntry(second)])) == "BS107"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", b"b.xml"), ("method", 0), ("crc", 1), ("packed", 3), ("size", 3), ("flags", 0x800), ("flags", 0x8)],
)
def test_headers_that_disagree_are_refused(field: str, value: object) -> None:
    entry = RawEntry("a.xml")
    entry.local[field] = value

    assert refusal(raw_zip([entry])) == "BS108"


def test_a_stored_part_with_two_lengths_is_refused() -> None:
    assert refusal(raw_zip([RawEntry("a.xml", method=0).both(size=3)])) == "BS108"


@pytest.mark.parametrize(
    "data",
    [
        raw_zip([RawEntry("a.xml")], before=b"MZ"),
        raw_zip([RawEntry("a.xml")], before=b"PK\x03\x04 and more"),
        raw_zip([RawEntry("a.xml")], after=b"more"),
        raw_zip([RawEntry("a.xml")]) + raw_zip([RawEntry("b.xml")]),
        raw_zip([RawEntry("a.xml"), RawEntry("b.xml")], offsets=[0, 0]),
        raw_zip([RawEntry("a.xml"), RawEntry("b.xml")], offsets=[0, 20]),
    ],
)
def test_leading_trailing_and_overlapping_bytes_are_refused(data: bytes) -> None:
    assert refusal(data) in {"BS109", "BS108"}


def test_a_gap_between_parts_is_refused() -> None:
    first = RawEntry("a.xml")
    first.gap = b"hidden"

    assert refusal(raw_zip([first, RawEntry("b.xml")])) == "BS109"
    assert refusal(raw_zip([first])) == "BS109"


def test_a_part_missing_from_the_directory_is_refused() -> None:
    whole = raw_zip([RawEntry("a.xml"), RawEntry("b.xml")])
    lone = raw_zip([RawEntry("a.xml")])
    body = whole[: whole.index(b"PK\x01\x02")]
    directory = lone[lone.index(b"PK\x01\x02") : lone.index(b"PK\x05\x06")]
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), len(body), 0)

    assert refusal(body + directory + end) == "BS109"


def test_an_archive_comment_is_refused() -> None:
    data = bytearray(raw_zip([RawEntry("a.xml")]))
    data[-2:] = b"\x04\x00"

    assert refusal(bytes(data) + b"note") == "BS109"


def test_a_comment_on_a_part_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("a.xml")
        entry.comment = b"PK\x05\x06"
        archive.writestr(entry, "<a/>")

    assert refusal(buffer.getvalue()) == "BS109"


@pytest.mark.parametrize("attributes", [0o120777 << 16, 0o040755 << 16, 0o020666 << 16, 0x10, 0x08])
def test_links_folders_and_devices_are_refused(attributes: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("a.xml")
        entry.external_attr = attributes
        archive.writestr(entry, "../../etc/passwd")

    assert refusal(buffer.getvalue()) == "BS116"


@pytest.mark.parametrize("flags", [0x1, 0x41, 0x2000])
def test_encrypted_parts_are_refused(flags: int) -> None:
    assert refusal(raw_zip([RawEntry("a.xml").both(flags=flags)])) == "BS110"


@pytest.mark.parametrize("method", [1, 9, 12, 14, 93, 99])
def test_other_compression_methods_are_refused(method: int) -> None:
    assert refusal(raw_zip([RawEntry("a.xml").both(method=method)])) == "BS111"


@pytest.mark.parametrize(("fields", "code"), [({"local": 76}, "BS108"), ({"local": 76, "central": 76}, "BS111")])
def test_an_archive_that_wants_a_program_of_the_future_is_refused(fields: dict[str, int], code: str) -> None:
    """Python's own zipfile does not open it: two programs, two readings."""
    entry = RawEntry("a.xml")
    for header, version in fields.items():
        getattr(entry, header)["version"] = version

    assert refusal(raw_zip([entry])) == code


def test_archives_over_several_disks_are_refused() -> None:
    assert refusal(raw_zip([RawEntry("a.xml").both(disk=1)])) == "BS112"


def test_a_wrong_checksum_is_refused() -> None:
    assert refusal(raw_zip([RawEntry("a.xml").both(crc=zlib.crc32(b"other"))])) == "BS113"


def test_a_damaged_stream_is_refused() -> None:
    entry = RawEntry("a.xml", b"<a>" + bytes(range(200)) + b"</a>")
    entry.packed = b"\xff" * len(entry.packed)

    assert refusal(raw_zip([entry])) == "BS113"


def test_bytes_after_the_end_of_a_stream_are_refused() -> None:
    entry = RawEntry("a.xml")
    entry.packed += b"hidden"

    assert refusal(raw_zip([entry.both(packed=len(entry.packed))])) == "BS113"


LONG = random.Random(1).randbytes(1_000_000)  # noqa: S311 - content that does not pack, so that it is inflated in pieces


def test_a_long_part_comes_in_pieces_and_whole() -> None:
    archive = open_archive(raw_zip([RawEntry("a.xml", LONG)]))

    pieces = list(archive.entry("a.xml").pieces())

    assert len(pieces) > 3
    assert b"".join(pieces) == archive.read("a.xml") == LONG


@pytest.mark.parametrize("hidden", [b"hidden", bytes(600_000)])
def test_bytes_after_the_end_of_a_long_stream_are_refused(hidden: bytes) -> None:
    entry = RawEntry("a.xml", LONG)
    entry.packed += hidden

    assert refusal(raw_zip([entry.both(packed=len(entry.packed))])) == "BS113"


@pytest.mark.parametrize("kept", [0, 256 << 10, 512 << 10, -1])
def test_a_long_stream_cut_short_is_refused(kept: int) -> None:
    entry = RawEntry("a.xml", LONG)
    entry.packed = entry.packed[:kept]

    assert refusal(raw_zip([entry.both(packed=len(entry.packed))])) == "BS113"


@pytest.mark.parametrize("declared", [0, 1, 300_000, 999_999, 1_000_001])
def test_a_long_stream_of_another_length_is_refused(declared: int) -> None:
    assert refusal(raw_zip([RawEntry("a.xml", LONG).both(size=declared)])) == "BS113"


def test_a_wrong_checksum_of_a_long_part_is_told_with_the_last_piece() -> None:
    entry = open_archive(raw_zip([RawEntry("a.xml", LONG).both(crc=1)])).entry("a.xml")

    with pytest.raises(WorkbookError) as caught:
        list(entry.pieces())

    assert caught.value.finding.code == "BS113"


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("signature", [b"PK\x07\x08", b""])
@pytest.mark.parametrize("blank", [True, False])
def test_data_descriptors_are_read_when_they_agree(wide: bool, signature: bytes, blank: bool) -> None:
    entry = RawEntry("a.xml").both(flags=0x8)
    fields = (entry.central["crc"], entry.central["packed"], entry.central["size"])
    if blank:
        entry.local.update(crc=0, packed=0, size=0)
    entry.descriptor = signature + struct.pack("<IQQ" if wide else "<III", *fields)

    assert open_archive(raw_zip([entry, RawEntry("b.xml")])).read("a.xml") == b"<a/>"


def test_a_data_descriptor_that_disagrees_is_refused() -> None:
    entry = RawEntry("a.xml").both(flags=0x8)
    entry.local.update(crc=0, packed=0, size=0)
    entry.descriptor = b"PK\x07\x08" + struct.pack("<III", 1, 2, 3)

    assert refusal(raw_zip([entry])) == "BS108"


def test_streamed_archives_open() -> None:
    class Unseekable(io.RawIOBase):
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:
            self.data += data
            return len(data)

    stream = Unseekable()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", "<a/>")
        with archive.open("b.xml", "w", force_zip64=True) as part:
            part.write(b"<b/>")

    assert open_archive(bytes(stream.data)).read("b.xml") == b"<b/>"


def test_consistent_zip64_records_are_accepted_and_others_refused() -> None:
    body = raw_zip([RawEntry("a.xml")])
    at = body.index(b"PK\x05\x06")
    start = body.index(b"PK\x01\x02")
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, at - start, start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1)
    short = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)

    assert open_archive(body[:at] + record + locator + short).names == ("a.xml",)
    assert refusal(body[:at] + short) == "BS114"
    lying = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 2, 2, at - start, start, 0)
    assert refusal(body[:at] + record + locator + lying) == "BS114"


@pytest.mark.parametrize("where", ["central", "local"])
@pytest.mark.parametrize("values", [(5, 4), (4, 5), (4, 6, 7)])
def test_long_lengths_that_nobody_asked_for_must_say_the_same(where: str, values: tuple[int, ...]) -> None:
    entry = RawEntry("a.xml", method=0)
    lying = struct.pack(f"<HH{len(values)}Q", 1, 8 * len(values), *values)
    getattr(entry, where)["extra"] = lying

    assert refusal(raw_zip([entry])) == "BS114"
    getattr(entry, where)["extra"] = struct.pack("<HHQQ", 1, 16, 4, 4)
    assert open_archive(raw_zip([entry])).read("a.xml") == b"<a/>"


@pytest.mark.parametrize("cut", range(1, 160, 7))
def test_a_file_cut_short_is_refused(cut: int) -> None:
    assert refusal(zipped(PLAIN_PARTS)[:-cut]) in {"BS101", "BS109", "BS115"}


@given(st.data())
def test_one_flipped_byte_never_gives_other_contents_or_another_exception(data: st.DataObject) -> None:
    whole = bytearray(zipped({"a.xml": "<a>nội dung</a>", "xl/b.xml": "<b/>"}))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))

    try:
        archive = open_archive(bytes(whole))
        contents = {archive.read(name) for name in archive.names}
    except WorkbookError:
        return

    assert contents == {"<a>nội dung</a>".encode(), b"<b/>"}


@given(st.binary(max_size=300))
def test_random_bytes_are_refused_politely(data: bytes) -> None:
    with pytest.raises(WorkbookError):
        open_archive(b"PK\x03\x04" + data)


def test_what_is_written_is_the_same_every_time_and_any_program_reads_it() -> None:
    parts = [("xl/b.xml", b"<b/>" * 500), ("[Content_Types].xml", b"<Types/>")]

    data = write_archive(parts)

    assert data == write_archive(parts)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["[Content_Types].xml", "xl/b.xml"]
    assert open_archive(data).read("xl/b.xml") == b"<b/>" * 500


def test_an_entry_is_copied_without_being_packed_again() -> None:
    archive = open_archive(a_workbook())
    entry = archive.entry("xl/workbook.xml")

    copy = open_archive(write_archive([("xl/workbook.xml", entry)]))

    assert copy.entry("xl/workbook.xml") == entry
