from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from addin.client import Client
from server.demo.folder import Folder
from tests.journeys.demonstration import Played
from tests.journeys.service import Service, a_client, serving
from tests.journeys.stored import counts, figures, proves_itself, rows, sha256
from tests.signing.tampering import changed, parts_of, with_declared

FORM, UNIT, OTHER_UNIT = "KTXH-13.N", "28777", "28783"


@pytest.fixture(scope="module")
def folder(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    path = tmp_path_factory.mktemp("tampering") / "demo"
    shutil.copytree(played.path, path)
    return Folder(path)


@pytest.fixture(scope="module")
def service(folder: Folder) -> Iterator[Service]:
    with serving(folder) as running:
        yield running


@pytest.fixture
def client(service: Service, folder: Folder) -> Iterator[Client]:
    with a_client(service, folder, UNIT) as signed_in:
        yield signed_in


@pytest.fixture
def signed(folder: Folder) -> bytes:
    return (folder.sent / FORM / f"{UNIT}.xlsx").read_bytes()


def with_one_byte_changed(data: bytes, part: str, at: float) -> bytes:
    """One bit of one byte of a part is another; an empty part gets its first byte."""
    content = bytearray(parts_of(data)[part] or b"\0")
    content[int(len(content) * at)] ^= 1
    return changed(data, {part: bytes(content)})


def test_one_byte_changed_in_any_part_is_refused_and_leaves_no_figure(
    folder: Folder, client: Client, signed: bytes
) -> None:
    before = figures(folder)
    parts = list(parts_of(signed))
    sent = {(part, at): with_one_byte_changed(signed, part, at) for part in parts for at in (0.3, 0.7)}

    replies = {name: client.submit(data, f"{UNIT}.xlsx") for name, data in sent.items()}

    assert len(parts) >= 12
    assert {name for name, reply in replies.items() if reply.accepted} == set()
    assert all(reply.findings and reply.findings[0].message and reply.findings[0].remedy for reply in replies.values())
    assert figures(folder) == before
    assert proves_itself(folder)


def test_nothing_can_be_put_beside_what_was_signed(folder: Folder, client: Client, signed: bytes) -> None:
    before = figures(folder)
    more = {
        "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
        "xl/comments1.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml",
        "xl/media/image1.png": "image/png",
    }
    sent = {part: with_declared(signed, part, kind, b"<x/>") for part, kind in more.items()}

    replies = {part: client.submit(data, f"{UNIT}.xlsx") for part, data in sent.items()}

    assert {part for part, reply in replies.items() if reply.accepted} == set()
    assert figures(folder) == before
    assert proves_itself(folder)


@pytest.mark.parametrize("cut", [0.25, 0.5, 0.99])
def test_a_workbook_that_arrived_in_part_is_refused(folder: Folder, client: Client, signed: bytes, cut: float) -> None:
    before = figures(folder)

    reply = client.submit(signed[: int(len(signed) * cut)], f"{UNIT}.xlsx")

    assert not reply.accepted
    assert reply.findings
    assert figures(folder) == before


def test_a_unit_cannot_send_what_another_unit_signed(service: Service, folder: Folder, signed: bytes) -> None:
    before = figures(folder)

    with a_client(service, folder, OTHER_UNIT) as other:
        reply = other.submit(signed, f"{UNIT}.xlsx")

    assert not reply.accepted
    assert figures(folder) == before


def test_the_merged_workbook_is_no_report(service: Service, folder: Folder) -> None:
    before = figures(folder)
    merged = (folder.merged / f"{FORM}.xlsx").read_bytes()

    with a_client(service, folder, UNIT) as commune:
        reply = commune.submit(merged, "merged.xlsx")

    assert not reply.accepted
    assert figures(folder) == before


def test_the_same_refusal_twice_is_kept_once(folder: Folder, client: Client, signed: bytes) -> None:
    data = with_one_byte_changed(signed, "xl/worksheets/sheet1.xml", 0.55)
    first = client.submit(data, f"{UNIT}.xlsx")
    kept = counts(folder.database)

    second = client.submit(data, f"{UNIT}.xlsx")

    assert second.id == first.id
    assert counts(folder.database)["submission"] == kept["submission"]
    assert counts(folder.database)["blob"] == kept["blob"]


def test_what_was_refused_is_kept_as_it_came(folder: Folder, client: Client, signed: bytes) -> None:
    data = with_one_byte_changed(signed, "xl/styles.xml", 0.5)

    reply = client.submit(data, f"{UNIT}.xlsx")

    assert client.submission(reply.id).status == "refused"
    assert (sha256(data),) in rows(folder, "SELECT blob_sha256 FROM submission WHERE status = 'refused'")
