"""The files that a signed workbook lists, found before anything is sent."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from addin.client import Client, ClientError, attached_files
from form_templates.attachments import with_attachments
from form_templates.definition import ATTACHMENTS_SHEET
from tests.addin.forms import CROPS, an_issued
from tests.addin.service import Answer, Service
from tests.narratives import a_docx, a_pdf
from workbooks.patch import patch_cells

REPORT, TABLES = "Báo cáo tháng 9.docx", "phụ lục.pdf"
FILES = ((REPORT, a_docx()), (TABLES, a_pdf()))


@pytest.fixture
def service() -> Iterator[Service]:
    with Service().running() as running:
        yield running


@pytest.fixture
def workbook() -> bytes:
    return with_attachments(an_issued(CROPS).data, FILES)


def lay(folder: Path, *files: tuple[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, data in files:
        (folder / name).write_bytes(data)
    return folder


def test_listed_files_are_found_beside_the_workbook_and_no_others(workbook: bytes, tmp_path: Path) -> None:
    folder = lay(tmp_path, *FILES, ("nháp.pdf", a_pdf("nhap")))

    assert attached_files(workbook, [folder]) == FILES


def test_a_workbook_that_lists_nothing_asks_for_nothing(tmp_path: Path) -> None:
    assert attached_files(an_issued(CROPS).data, [lay(tmp_path, *FILES)]) == ()


def test_names_are_found_however_the_system_writes_diacritics_and_capitals(workbook: bytes, tmp_path: Path) -> None:
    folder = lay(tmp_path, (unicodedata.normalize("NFD", REPORT).upper(), a_docx()), FILES[1])

    assert attached_files(workbook, [folder]) == FILES


def test_a_named_file_counts_by_its_content_under_whatever_name(workbook: bytes, tmp_path: Path) -> None:
    beside, elsewhere = lay(tmp_path / "biểu", FILES[1]), lay(tmp_path / "khác", ("a.docx", a_docx()))

    assert attached_files(workbook, [beside, elsewhere / "a.docx"]) == FILES


def test_the_signed_content_is_preferred_to_a_newer_file_of_that_name(workbook: bytes, tmp_path: Path) -> None:
    beside, elsewhere = lay(tmp_path / "biểu", (REPORT, a_docx("mới")), FILES[1]), lay(tmp_path / "cũ", FILES[0])

    assert attached_files(workbook, [beside, elsewhere]) == FILES


def test_a_missing_file_is_named_with_the_folder_to_put_it_in(workbook: bytes, tmp_path: Path) -> None:
    with pytest.raises(ClientError, match=f"Không thấy tệp kèm theo “{TABLES}”") as caught:
        attached_files(workbook, [lay(tmp_path, FILES[0])])

    assert caught.value.code == "attachment-missing"
    assert str(tmp_path) in caught.value.remedy


def test_a_changed_file_is_named(workbook: bytes, tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="không còn như khi ký") as caught:
        attached_files(workbook, [lay(tmp_path, (REPORT, a_docx("đã sửa")), FILES[1])])

    assert caught.value.code == "attachment-changed"
    assert REPORT in caught.value.message


def test_a_folder_of_that_name_is_no_file(workbook: bytes, tmp_path: Path) -> None:
    (lay(tmp_path, FILES[0]) / TABLES).mkdir()

    with pytest.raises(ClientError, match="Không thấy"):
        attached_files(workbook, [tmp_path])


def test_a_list_that_leads_out_of_the_folder_is_left_to_the_service(workbook: bytes, tmp_path: Path) -> None:
    secret = lay(tmp_path, ("secret.docx", a_docx()))
    inside = lay(tmp_path / "biểu", FILES[1])
    hostile = patch_cells(workbook, {ATTACHMENTS_SHEET: {(5, 2): "../secret.docx"}})

    assert (secret / "secret.docx").is_file()
    assert attached_files(hostile, [inside]) == ()
    assert attached_files(b"PK no workbook", [inside]) == ()


def test_the_client_sends_workbook_and_files_in_one_request(workbook: bytes, service: Service) -> None:
    service.answers = [Answer(201, {"id": 7, "status": "accepted"})]

    with Client(service.url, timeout=10) as client:
        client.submit(workbook, "biểu.xlsx", FILES)

    (request,) = service.requests
    assert request.body.count(b'name="workbook"') == 1
    assert request.body.count(b'name="attachments"') == 2
    for name, data in FILES:
        assert f'filename="{name}"'.encode() in request.body
        assert data in request.body
