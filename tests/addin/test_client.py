from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator

import pytest

from addin.client import Client, ClientError
from tests.addin.service import Answer, Service
from workbooks.finding import Severity

FINDING = {
    "code": "BS401",
    "severity": "error",
    "message": "Công thức ô F9 đã bị sửa.",
    "remedy": "Khôi phục công thức.",
    "sheet": "KTXH-09.T",
    "cell": "F9",
    "part": "",
}


@pytest.fixture
def service() -> Iterator[Service]:
    with Service().running() as running:
        yield running


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def client(service: Service, pauses: list[float]) -> Iterator[Client]:
    with Client(service.url, timeout=5, pause=pauses.append) as made:
        yield made


def test_the_token_goes_with_every_request_after_signing_in(client: Client, service: Service) -> None:
    service.answers = [Answer(201, {"token": "bi-mat"}), Answer(200, {"forms": []})]

    client.sign_in("canbo", "mật khẩu")
    client.forms()

    assert json.loads(service.requests[0].body) == {"account": "canbo", "password": "mật khẩu"}
    assert service.requests[0].path == "/api/v1/sessions"
    assert service.requests[1].headers["Authorization"] == "Bearer bi-mat"


def test_a_wrong_password_is_said_plainly_and_not_tried_again(client: Client, service: Service) -> None:
    service.answers = [Answer(401)]

    with pytest.raises(ClientError, match="mật khẩu không đúng") as caught:
        client.sign_in("canbo", "sai")

    assert caught.value.status == 401
    assert len(service.requests) == 1


def test_forms_are_listed(client: Client, service: Service) -> None:
    entry = {"form": "KTXH-09.T", "version": "1", "title": "Trồng trọt", "periods": ["M", "Y"], "extra": 1}
    service.answers = [Answer(200, {"forms": [entry, "rác"]})]

    (form,) = client.forms()

    assert (form.form, form.version, form.title, form.periods) == ("KTXH-09.T", "1", "Trồng trọt", ("M", "Y"))


def test_the_issued_workbook_is_asked_for_by_form_unit_and_period(client: Client, service: Service) -> None:
    service.answers = [Answer(200, b"PK\x03\x04...")]

    data = client.fetch_workbook("A/B.T", "29551", "2026-M09")

    assert data == b"PK\x03\x04..."
    assert service.requests[0].path == "/api/v1/forms/A%2FB.T/workbook?unit=29551&period=2026-M09"


def test_a_page_in_place_of_a_workbook_is_refused(client: Client, service: Service) -> None:
    service.answers = [Answer(200, b"<html>")]

    with pytest.raises(ClientError, match="không đúng định dạng"):
        client.fetch_workbook("KTXH-09.T", "29551", "2026-M09")


def test_an_upload_carries_the_hash_of_its_bytes(client: Client, service: Service) -> None:
    service.answers = [Answer(201, {"id": 7, "status": "accepted", "findings": [], "verdict": {"outcome": "valid"}})]

    reply = client.submit(b"PK-workbook", "biểu 09.xlsx")

    request = service.requests[0]
    assert request.headers["Idempotency-Key"] == hashlib.sha256(b"PK-workbook").hexdigest()
    assert b"PK-workbook" in request.body
    assert (reply.id, reply.status, reply.accepted, reply.repeated) == ("7", "accepted", True, False)
    assert reply.verdict == {"outcome": "valid"}


def test_the_same_bytes_again_are_accepted_as_stored_before(client: Client, service: Service) -> None:
    service.answers = [Answer(200, {"id": "7", "status": "accepted"})]

    reply = client.submit(b"PK", "a.xlsx")

    assert reply.accepted
    assert reply.repeated


def test_a_refusal_comes_back_with_its_findings_and_is_not_tried_again(client: Client, service: Service) -> None:
    service.answers = [Answer(422, {"title": "Bản nộp có lỗi", "findings": [FINDING]})]

    reply = client.submit(b"PK", "a.xlsx")

    assert not reply.accepted
    assert reply.status == "refused"
    assert [(finding.code, finding.severity, finding.cell) for finding in reply.findings] == [
        ("BS401", Severity.ERROR, "F9")
    ]
    assert len(service.requests) == 1


def test_a_refusal_without_findings_still_says_something(client: Client, service: Service) -> None:
    service.answers = [Answer(422, b"not json")]

    (finding,) = client.submit(b"PK", "a.xlsx").findings

    assert "từ chối" in finding.message
    assert finding.remedy


@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_overloaded_service_is_asked_again(
    client: Client, service: Service, pauses: list[float], status: int
) -> None:
    service.answers = [Answer(status), Answer(status), Answer(201, {"id": "1", "status": "accepted"})]

    reply = client.submit(b"PK", "a.xlsx")

    assert reply.accepted
    assert len(service.requests) == 3
    assert len({request.headers["Idempotency-Key"] for request in service.requests}) == 1
    assert pauses == [0.5, 1.0]


def test_a_service_that_says_how_long_to_wait_is_believed(
    client: Client, service: Service, pauses: list[float]
) -> None:
    service.answers = [
        Answer(503, headers={"Retry-After": "7"}),
        Answer(503, headers={"Retry-After": "9999"}),
        Answer(),
    ]

    client.forms()

    assert pauses == [7.0, 30.0]


def test_a_line_that_breaks_during_upload_does_not_lose_the_submission(client: Client, service: Service) -> None:
    service.answers = [Answer(hang_up=True), Answer(200, {"id": "1", "status": "accepted"})]

    reply = client.submit(b"PK" * 100_000, "a.xlsx")

    assert reply.repeated
    assert service.requests[0].body == service.requests[1].body or b"PK" in service.requests[1].body


def test_a_service_that_is_too_slow_is_asked_again(service: Service, pauses: list[float]) -> None:
    service.answers = [Answer(wait=4), Answer(200, {"forms": []})]

    with Client(service.url, timeout=1.5, pause=pauses.append) as client:
        assert client.forms() == ()

    assert len(service.requests) == 2


def test_no_service_at_all_is_said_in_vietnamese_with_what_to_do(pauses: list[float]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"

    with (
        Client(address, attempts=3, pause=pauses.append) as client,
        pytest.raises(ClientError, match="Không kết nối được máy chủ") as caught,
    ):
        client.forms()

    assert caught.value.code == "unreachable"
    assert "proxy" in caught.value.remedy
    assert pauses == [0.5, 1.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 429])
def test_what_the_service_refuses_is_never_tried_again(client: Client, service: Service, status: int) -> None:
    service.answers = [Answer(status), Answer(200, {"forms": []})]

    with pytest.raises(ClientError) as caught:
        client.forms()

    assert caught.value.status == status
    assert len(service.requests) == 1


def test_the_words_of_the_service_are_passed_on(client: Client, service: Service) -> None:
    service.answers = [Answer(409, {"detail": "Kỳ báo cáo đã khóa.", "remedy": "Xin mở khóa."})]

    with pytest.raises(ClientError) as caught:
        client.submission("7")

    assert (caught.value.message, caught.value.remedy) == ("Kỳ báo cáo đã khóa.", "Xin mở khóa.")


def test_a_service_that_keeps_failing_is_reported(client: Client, service: Service) -> None:
    service.answers = [Answer(503)] * 5

    with pytest.raises(ClientError, match="mã 503"):
        client.submit(b"PK", "a.xlsx")


@pytest.mark.parametrize("address", ["", "bieuso.vn", "ftp://bieuso.vn", "http://[bad"])
def test_an_address_that_is_none_is_refused_at_once(address: str) -> None:
    with pytest.raises(ClientError, match="Địa chỉ máy chủ"):
        Client(address)


def test_a_session_is_ended(client: Client, service: Service) -> None:
    service.answers = [Answer(201, {"token": "bi-mat"}), Answer(204, b""), Answer(200, {"forms": []})]
    client.sign_in("canbo", "mật khẩu")

    client.sign_out()
    client.forms()

    assert (service.requests[1].method, service.requests[1].path) == ("DELETE", "/api/v1/sessions")
    assert "Authorization" not in service.requests[2].headers


def test_a_merged_workbook_is_fetched(client: Client, service: Service) -> None:
    service.answers = [Answer(200, b"PK merged")]

    assert client.fetch_consolidated("KTXH-09.T", "2026-M09", "86") == b"PK merged"
    assert service.requests[0].path == "/api/v1/consolidated/KTXH-09.T/2026-M09/86.xlsx"


def test_a_stored_refusal_is_told_as_one(client: Client, service: Service) -> None:
    service.answers = [Answer(200, {"id": 8, "status": "refused", "findings": [FINDING]})]

    reply = client.submission("8")

    assert (reply.accepted, reply.status) == (False, "refused")


def test_a_submission_is_asked_for_by_its_id(client: Client, service: Service) -> None:
    service.answers = [Answer(200, {"id": "7", "status": "approved", "findings": [FINDING]})]

    reply = client.submission("7")

    assert service.requests[0].path == "/api/v1/submissions/7"
    assert (reply.id, reply.status) == ("7", "approved")
