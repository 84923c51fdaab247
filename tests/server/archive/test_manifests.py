"""The format of manifests: equal contents are equal bytes, every line stands for itself, and nothing else is read."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.services.archive.manifests import (
    AuditHead,
    Entry,
    Listed,
    ManifestError,
    StampEntry,
    canonical,
    entry_in,
    line_digest,
    line_of,
    read_manifest,
    write_manifest,
)

NOON = datetime(2026, 10, 2, 12, tzinfo=UTC)
HEAD = AuditHead(7, "ab" * 32)
listed = st.builds(Listed, st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.just("0" * 128))


def an_entry(number: int = 1, **changes: object) -> Entry:
    values: dict[str, object] = {"form": "KTXH-09.T", "version": "1", "unit": "28756", "period": "2026-M09"}
    values |= {"received_at": NOON, "workbook": "1" * 128, "verdict": "2" * 128}
    return Entry(number=number, **(values | changes))  # type: ignore[arg-type]  # passed on as they are


def a_manifest(*entries: Entry, stamps: tuple[StampEntry, ...] = ()) -> bytes:
    return write_manifest("renewal", NOON, HEAD, stamps, entries)


def test_the_bytes_are_a_published_format() -> None:
    data = a_manifest(an_entry(3), stamps=(StampEntry(1, "a", "b", (Listed("crl", "c"),)),))

    digests = f'"verdict":"{"2" * 128}","version":"1","workbook":"{"1" * 128}"'
    assert data.decode().splitlines() == [
        f'{{"audit":{{"events":7,"hash":"{"ab" * 32}"}},"format":"bieuso-archive/1","kind":"renewal",'
        '"made_at":"2026-10-02T12:00:00.000000+00:00","stamps":[',
        '{"evidence":[{"name":"crl","sha512":"c"}],"manifest":"a","number":1,"token":"b"}',
        '],"submissions":[',
        '{"attachments":[],"evidence":[],"form":"KTXH-09.T","number":3,"period":"2026-M09",'
        f'"received_at":"2026-10-02T12:00:00.000000+00:00","unit":"28756",{digests}}}',
        "]}",
    ]


@given(st.lists(st.tuples(st.lists(listed, max_size=3), st.lists(listed, max_size=3)), max_size=4))
def test_what_was_written_is_read(documents: list[tuple[list[Listed], list[Listed]]]) -> None:
    entries = [
        an_entry(number, attachments=tuple(attachments), evidence=tuple(evidence))
        for number, (attachments, evidence) in enumerate(documents, start=1)
    ]
    stamps = tuple(StampEntry(one.number, "a", "b", one.attachments) for one in entries)

    data = a_manifest(*entries, stamps=stamps)
    read = read_manifest(data)

    assert canonical(json.loads(data)) == data.replace(b"\n", b"")
    assert (read.kind, read.made_at, read.audit) == ("renewal", NOON, HEAD)
    assert read.entries == {one.number: line_digest(line_of(one)) for one in entries}
    assert {number: one.is_of(stamps[number - 1]) for number, one in read.stamps.items()} == dict.fromkeys(
        read.entries, True
    )
    assert [entry_in(data, one.number) for one in entries] == [one.to_dict() for one in entries]


def test_the_order_of_evidence_says_nothing() -> None:
    one, two = Listed("crl", "a"), Listed("certificate", "b")

    assert line_of(an_entry(evidence=(one, two))) == line_of(an_entry(evidence=(two, one)))


def test_the_order_of_attachments_is_that_of_the_signed_list() -> None:
    one, two = Listed("a.pdf", "a"), Listed("b.pdf", "b")

    assert line_of(an_entry(attachments=(one, two))) != line_of(an_entry(attachments=(two, one)))


def test_a_name_cannot_pose_as_another_entry() -> None:
    data = a_manifest(an_entry(5, attachments=(Listed('x","number":6,"', "0"),)))

    assert entry_in(data, 6) is None


def test_what_is_not_listed_is_not_found() -> None:
    assert entry_in(a_manifest(an_entry(12)), 1) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        b"{}",
        b"[]\n",
        a_manifest(an_entry()).replace(b"bieuso-archive/1", b"bieuso-archive/2"),
        a_manifest(an_entry()).removesuffix(b"]}\n"),
        a_manifest(an_entry()).replace(b'],"submissions":[\n', b""),
        a_manifest(an_entry()).replace(b'"number":1', b'"number":"x"'),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ManifestError):
        read_manifest(data)
