"""The page and the address where anybody may have a workbook verified: what is told, to whom, and what is not kept."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from form_templates.attachments import with_attachments
from form_templates.stamp import embedded_version, read_stamp, with_stamp
from server.config import Config
from server.services import verifying
from server.services.attachments import SentFile
from server.services.consolidating import consolidated_workbook
from server.services.submitting import submit
from server.storage import tables
from server.storage.engine import reading
from server.web import context
from server.web.app import create_app
from signing.sign import sign_package
from tests.narratives import a_docx, a_pdf
from tests.server.test_api import API, SQLITE_ONLY, FixedTrust, conforms, token
from tests.server.world import FORM, KEYS, NOW, PERIOD, World, crops
from workbooks.package import open_package
from workbooks.workbook import open_workbook

LEADER = "Lãnh đạo Phường Phú Khương"
FILES = (("Báo cáo.docx", a_docx()), ("phụ lục.pdf", a_pdf()))
WORD = {
    "valid": "Hợp lệ",
    "invalid": "Không hợp lệ",
    "undetermined": "Chưa xác định",
    "unsigned": "Chưa ký số",
    "unreadable": "Không xác minh được",
}


@pytest.fixture
def client(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """Somebody without an account, where reading is closed."""
    monkeypatch.setattr(context, "now", lambda: NOW)
    url = world.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    app = create_app(replace(Config.in_folder(tmp_path, database_url=url), stamp_keys=KEYS))
    service = app.extensions["bieuso"]
    context.install(app.extensions, replace(service, trust=FixedTrust(world)))
    app.config["SECRETS_OF_THE_TEST"] = world.secrets
    yield app.test_client()
    service.engine.dispose()


def form_token(client: FlaskClient, path: str = "/xac-minh") -> str:
    page = html.fromstring(client.get(path).get_data(as_text=True))
    return str(page.xpath("//main//input[@name='form']/@value")[0])


def sign_in(client: FlaskClient, world: World, unit: str) -> None:
    answer = {"account": f"u{unit}", "password": world.secrets[unit], "form": form_token(client, "/dang-nhap")}
    assert client.post("/dang-nhap", data=answer).status_code == 303


def asked(
    client: FlaskClient, *workbooks: bytes, name: str = "biểu.xlsx", files: Sequence[tuple[str, bytes]] = ()
) -> TestResponse:
    """The reply of the page for what was chosen on it."""
    chosen = [(io.BytesIO(data), name) for data in workbooks]
    attached = [(io.BytesIO(data), title) for title, data in files]
    return client.post("/xac-minh", data={"form": form_token(client), "workbook": chosen, "attachments": attached})


def shown(reply: TestResponse) -> tuple[str, str]:
    """The word beside the large mark, and all that the page says, on one line."""
    tree = html.fromstring(reply.get_data(as_text=True))
    return tree.xpath("string(//*[contains(@class, 'verdict')]//strong)"), " ".join(" ".join(tree.itertext()).split())


def told(
    client: FlaskClient, data: bytes, files: Sequence[tuple[str, bytes]] = (), headers: dict[str, str] | None = None
) -> dict[str, Any]:
    attached = [(io.BytesIO(content), title) for title, content in files]
    body = {"workbook": (io.BytesIO(data), "biểu.xlsx"), "attachments": attached}
    reply = client.post(f"{API}/verifications", data=body, headers=headers)
    assert reply.status_code == 200
    return conforms(reply, "/verifications", "post")


def tampered(data: bytes) -> bytes:
    """The same package with one digit of a sheet changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                assert b"50.25" in content
                content = content.replace(b"50.25", b"90.25", 1)
            new.writestr(entry.filename, content)
    return made.getvalue()


def merged(world: World) -> bytes:
    return consolidated_workbook(world.engine, form=FORM, unit="86", period=PERIOD, stamp_key=KEYS[0], now=NOW)


def contents_of(world: World) -> dict[str, int]:
    """How many rows each table has."""
    with reading(world.engine) as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables.METADATA.sorted_tables
        }


# -- the page ----------------------------------------------------------------------------------------------------------


def test_a_stranger_sees_who_signed_and_that_nothing_changed(client: FlaskClient, world: World) -> None:
    data = world.signed()

    word, text = shown(asked(client, data))

    assert word == WORD["valid"]
    assert f"{LEADER} đã ký tệp này" in text
    for piece in (hashlib.sha256(data).hexdigest(), "Phường Phú Khương (mã 28756)", FORM, "Tháng 9 năm 2026"):
        assert piece in text
    for question in ("Nội dung sau khi ký", "Chứng thư", "Thu hồi", "Giờ ký", "Số chứng thư", "Người ký có quyền"):
        assert question in text
    assert "Chưa nhận bản nộp nào" in text


def test_every_answer_has_a_word_beside_its_colour(client: FlaskClient, world: World) -> None:
    tree = html.fromstring(asked(client, tampered(world.signed())).get_data(as_text=True))

    marks = {" ".join(mark.text_content().split()) for mark in tree.xpath("//dl[@class='answers']//dd[@class='mark']")}

    assert marks == {"✓ Đạt", "✗ Không đạt", "! Lưu ý"}


def test_a_changed_workbook_is_invalid_and_says_what_to_do(client: FlaskClient, world: World) -> None:
    word, text = shown(asked(client, tampered(world.signed())))

    assert word == WORD["invalid"]
    assert "BS210" in text
    assert "ĐÃ BỊ THAY ĐỔI" in text


def test_a_signer_who_is_not_registered_for_the_unit_is_never_called_valid(client: FlaskClient, world: World) -> None:
    stranger = world.authorities.officer("Người lạ")

    word, text = shown(asked(client, world.signed(by=stranger)))

    assert word == WORD["undetermined"]
    assert "KHÔNG có trong danh sách người ký" in text


def test_unknown_revocation_is_undetermined(client: FlaskClient, world: World) -> None:
    data = world.signed()
    without = replace(world, trust=type(world.trust).of([world.authorities.root.certificate], [], []))
    service = client.application.extensions["bieuso"]
    context.install(client.application.extensions, replace(service, trust=FixedTrust(without)))

    word, text = shown(asked(client, data))

    assert word == WORD["undetermined"]
    assert "Thu hồi ? Chưa rõ" in text


def test_a_merged_workbook_says_what_it_is_and_that_nobody_signed_it(client: FlaskClient, world: World) -> None:
    world.send(world.signed())

    reply = asked(client, merged(world))

    word, text = shown(reply)
    assert word == WORD["unsigned"]
    assert "Tệp tổng hợp" in text
    assert "Tỉnh Vĩnh Long (mã 86)" in text
    assert "Đúng của hệ thống này" in text
    assert "không bảo đảm các số trong tệp chưa bị sửa" in text
    assert "verdict invalid" not in reply.get_data(as_text=True)


def test_a_merged_workbook_sealed_with_another_key_is_not_ours(client: FlaskClient, world: World) -> None:
    world.send(world.signed())
    other = consolidated_workbook(
        world.engine, form=FORM, unit="86", period=PERIOD, stamp_key=("key1", b"x" * 32), now=NOW
    )

    _, text = shown(asked(client, other))

    assert "Không phải của hệ thống này" in text
    assert "Đúng của hệ thống này" not in text


def test_a_signed_merged_workbook_tells_its_signer(client: FlaskClient, world: World) -> None:
    world.send(world.signed())
    data = sign_package(merged(world), world.authorities.officer("Giám đốc Sở"), at=NOW)

    word, text = shown(asked(client, data))

    assert word == WORD["undetermined"]  # nobody is registered to sign for the province
    assert "Chữ ký 1: Giám đốc Sở" in text


@SQLITE_ONLY
def test_a_list_of_files_is_held_against_what_was_chosen(client: FlaskClient, world: World) -> None:
    data = world.signed(change=lambda filled: with_attachments(filled, FILES))
    changed = (FILES[0][0], a_docx("Báo cáo đã sửa"))

    same, missing, differs, other = (
        shown(asked(client, data, files=files))[1]
        for files in (FILES, FILES[:1], (changed, FILES[1]), (*FILES, ("lạ.pdf", a_pdf("Khác"))))
    )

    assert same.count("✓ Đúng tệp") == 2
    assert ("✓ Đúng tệp" in missing, "– Chưa so" in missing) == (True, True)
    assert ("✗ Đã khác" in differs, "Có tệp kèm theo không đúng" in differs) == (True, True)
    assert "lạ.pdf ✗ Ngoài" in other


# -- what the store says of the bytes ----------------------------------------------------------------------------------


def test_the_holder_of_a_received_file_learns_when_and_as_what(client: FlaskClient, world: World) -> None:
    earlier = NOW - timedelta(hours=1)
    data = world.signed(at=earlier)
    number = world.send(data, now=earlier).id

    reply = asked(client, data)

    _, text = shown(reply)
    assert f"Đã nhận đúng tệp này lúc 09:04 ngày 02/10/2026, bản nộp số {number}: hợp lệ" in text
    assert f"/ban-nop/{number}" not in reply.get_data(as_text=True)


def test_only_who_may_see_the_submission_is_led_to_it(client: FlaskClient, world: World) -> None:
    data = world.signed()
    link = f'href="/ban-nop/{world.send(data).id}"'
    seen = {}
    for unit in ("28756", "28807", "86"):
        visitor = client.application.test_client()
        sign_in(visitor, world, unit)
        seen[unit] = link in asked(visitor, data).get_data(as_text=True)

    assert seen == {"28756": True, "28807": False, "86": True}


def test_a_refused_file_is_never_told_as_simply_received(client: FlaskClient, world: World) -> None:
    for data in (world.signed(by=world.authorities.officer("Người lạ")), b"PK nothing"):
        world.send(data)

        _, text = shown(asked(client, data))

        assert "BỊ TỪ CHỐI, số liệu không được ghi nhận" in text


def test_what_was_received_in_time_stays_valid_after_its_certificate_ran_out(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    received, never = world.signed(), world.signed("28807")
    world.send(received)
    end = world.leaders["28756"].certificate.not_valid_after_utc
    monkeypatch.setattr(context, "now", lambda: end + timedelta(days=1))

    results = [told(client, data)["result"] for data in (received, never)]

    assert results == ["valid", "invalid"]


def test_nothing_of_a_verified_file_is_stored(client: FlaskClient, world: World) -> None:
    data = world.signed(change=lambda filled: with_attachments(filled, FILES))
    before = contents_of(world)

    asked(client, data, files=FILES)
    told(client, data, FILES)

    assert contents_of(world) == before


def test_no_figure_of_the_file_or_the_store_is_on_the_page(client: FlaskClient, world: World) -> None:
    data = world.signed(values=crops(87654.0))
    world.send(data)

    text = asked(client, data).get_data(as_text=True)

    assert "87654" not in text
    assert "87.654" not in text


# -- bad files and bad requests ----------------------------------------------------------------------------------------


def a_bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"0" * 200_000_000)
    return made.getvalue()


OLD_EXCEL = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4000)
ENCRYPTED = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000) + "EncryptedPackage".encode("utf-16-le") + bytes(2000)


@SQLITE_ONLY
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(b"", "Tệp rỗng", id="empty"),
        pytest.param(b"so lieu", "không phải là sổ làm việc .xlsx", id="text"),
        pytest.param(a_pdf(), "không phải là sổ làm việc .xlsx", id="pdf"),
        pytest.param(OLD_EXCEL, "tệp .xls cũ", id="xls"),
        pytest.param(ENCRYPTED, "đặt mật khẩu", id="encrypted"),
        pytest.param(a_docx(), "không phải là sổ làm việc Excel", id="docx"),
        pytest.param(a_bomb(), "vượt mức cho phép", id="bomb"),
    ],
)
def test_what_is_no_workbook_gets_a_clear_sentence(client: FlaskClient, data: bytes, sentence: str) -> None:
    reply = asked(client, data)

    word, text = shown(reply)
    assert (reply.status_code, word) == (200, WORD["unreadable"])
    assert sentence in text
    assert told(client, data)["result"] == "unreadable"


@SQLITE_ONLY
def test_two_workbooks_or_none_are_asked_for_again(client: FlaskClient) -> None:
    two, none = asked(client, b"PK 1", b"PK 2"), asked(client)

    assert (two.status_code, none.status_code) == (422, 422)
    assert "Có 2 tệp Excel" in shown(two)[1]
    assert "Chưa có tệp" in shown(none)[1]


@SQLITE_ONLY
def test_the_name_of_a_file_is_text_and_never_markup(client: FlaskClient) -> None:
    page = asked(client, b"x", name="<script>alert(1)</script>\u202exslx.xlsx").get_data(as_text=True)

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page


@SQLITE_ONLY
@pytest.mark.parametrize("name", ["Xã _xD800_ lạ", "Xã \u202eạl", "<img src=x onerror=alert(1)>", "x" * 900])
def test_what_a_foreign_stamp_claims_is_shown_as_plain_short_text(client: FlaskClient, world: World, name: str) -> None:
    workbook = open_workbook(world.issued())
    stamp, version = read_stamp(workbook), embedded_version(workbook)
    assert stamp is not None
    assert version is not None
    package = open_package(with_stamp(world.issued(), replace(stamp, unit_name="KHAI"), version, "key1", b"x" * 32))
    part = "/xl/worksheets/bieuso.xml"
    data = package.with_parts({part: package.part(part).replace(b"KHAI", escape(name).encode())})

    reply = asked(client, data)

    assert (reply.status_code, shown(reply)[0]) == (200, WORD["unsigned"])
    assert "Không phải của hệ thống này" in shown(reply)[1]
    assert not [mark for mark in ("<img", "\u202e") if mark in reply.get_data(as_text=True)]
    assert "x" * 100 not in reply.get_data(as_text=True)
    assert told(client, data)["stamp"]["ours"] is False


@SQLITE_ONLY
def test_more_than_the_service_takes_is_said_with_the_limit(client: FlaskClient) -> None:
    token_of_the_page = form_token(client)
    client.application.config["MAX_CONTENT_LENGTH"] = 1000
    large = {"form": token_of_the_page, "workbook": (io.BytesIO(bytes(2000)), "to.xlsx")}

    reply = client.post("/xac-minh", data=large)
    over_the_api = client.post(f"{API}/verifications", data={"workbook": (io.BytesIO(bytes(2000)), "to.xlsx")})

    assert (reply.status_code, over_the_api.status_code) == (413, 413)
    assert "không quá 20 MB" in shown(reply)[1]


@SQLITE_ONLY
def test_another_site_cannot_have_a_visitor_verify(client: FlaskClient, world: World) -> None:
    form_token(client)

    reply = client.post("/xac-minh", data={"form": "đoán", "workbook": (io.BytesIO(world.signed()), "a.xlsx")})

    assert reply.status_code == 422
    assert shown(reply)[0] == ""


@SQLITE_ONLY
def test_a_few_at_once_are_verified_and_the_next_is_asked_to_wait(client: FlaskClient, world: World) -> None:
    data = world.signed()
    with ExitStack() as busy:
        for _ in range(verifying.AT_ONCE):
            busy.enter_context(verifying.turn())

        page = asked(client, data)
        reply = client.post(f"{API}/verifications", data={"workbook": (io.BytesIO(data), "a.xlsx")})

    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "đang xác minh các tệp khác" in shown(page)[1]
    assert conforms(reply, "/verifications", "post")["type"] == "urn:bieuso:problem:busy"
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "5")
    assert shown(asked(client, data))[0] == WORD["valid"]


@SQLITE_ONLY
def test_without_trusted_certificates_the_page_says_whom_to_tell(client: FlaskClient, tmp_path: Path) -> None:
    service = client.application.extensions["bieuso"]
    context.install(client.application.extensions, replace(service, trust=context.TrustFolder(tmp_path / "none")))

    reply = asked(client, b"x")

    assert reply.status_code == 503
    assert "báo quản trị viên" in shown(reply)[1]


@SQLITE_ONLY
def test_the_page_keeps_the_strict_policy_and_needs_no_script(client: FlaskClient, world: World) -> None:
    for reply in (client.get("/xac-minh"), asked(client, world.signed())):
        page = reply.get_data(as_text=True)
        assert "default-src 'self'" in reply.headers["Content-Security-Policy"]
        assert "unsafe" not in reply.headers["Content-Security-Policy"]
        assert reply.headers["Cache-Control"] == "no-store"
        assert ("<script" in page, " style=" in page) == (False, False)


# -- the address for programs ------------------------------------------------------------------------------------------


def test_the_api_tells_the_same_with_digest_size_and_stamp(client: FlaskClient, world: World) -> None:
    data = world.signed(change=lambda filled: with_attachments(filled, FILES))
    sent = submit(
        world.engine,
        data,
        [SentFile(*file) for file in FILES],
        account=world.accounts["28756"],
        keys=KEYS,
        trust=world.trust,
        now=NOW,
    )

    stranger = told(client, data, FILES[:1])
    owner = told(client, data, headers=token(client))

    assert (stranger["result"], stranger["sha256"], stranger["size"]) == (
        "valid",
        hashlib.sha256(data).hexdigest(),
        len(data),
    )
    assert (stranger["stamp"]["ours"], stranger["stamp"]["unit"], stranger["stamp"]["kind"]) == (
        True,
        "28756",
        "issued",
    )
    assert [one["state"] for one in stranger["attachments"]] == ["same", "missing"]
    assert (stranger["received"]["id"], stranger["received"]["address"]) == (sent.id, None)
    assert owner["received"]["address"] == f"{API}/submissions/{sent.id}"
    assert stranger["verdict"]["signatures"][0]["identity"]["status"] == "registered"


# -- what downloads say of themselves ----------------------------------------------------------------------------------


def of_its_bytes(reply: TestResponse) -> str:
    """The digest as RFC 9530 writes it."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(reply.data).digest()).decode()}:"


def test_every_export_carries_its_digest_and_its_date(client: FlaskClient, world: World) -> None:
    earlier = NOW - timedelta(hours=1)
    data = world.signed(at=earlier, change=lambda filled: with_attachments(filled, FILES))
    number = submit(
        world.engine,
        data,
        [SentFile(*file) for file in FILES],
        account=world.accounts["28756"],
        keys=KEYS,
        trust=world.trust,
        now=earlier,
    ).id
    sign_in(client, world, "86")
    made = [f"{API}/consolidated/{FORM}/{PERIOD}/86.xlsx", f"/so-tong-hop/{FORM}/{PERIOD}/tep"]
    kept = [f"{API}/submissions/{number}/{what}" for what in ("workbook", "attachments/1")] + [f"/ban-nop/{number}/tep"]

    headers = token(client, "86")
    replies = {path: client.get(path, headers=headers if path.startswith(API) else None) for path in (*made, *kept)}

    for path, reply in replies.items():
        assert (path, reply.status_code) == (path, 200)
        assert reply.headers["Repr-Digest"] == of_its_bytes(reply)
        assert reply.last_modified == (earlier if path in kept else NOW).replace(microsecond=0)


def test_the_page_of_totals_tells_source_date_and_state(client: FlaskClient, world: World) -> None:
    world.send(world.signed())
    sign_in(client, world, "86")

    page = html.fromstring(client.get(f"/so-tong-hop/{FORM}/{PERIOD}").get_data(as_text=True))

    text = " ".join(page.text_content().split())
    assert "Đã có số của 1 trên 3 đơn vị" in text
    assert "Lập lúc 10:04 ngày 02/10/2026" in text
    assert "còn thiếu 2 đơn vị nên là số tạm thời" in text
    assert page.xpath("//main//a[@href='/xac-minh']")


# -- the same pictures on the page of a submission ---------------------------------------------------------------------


@SQLITE_ONLY
def test_a_submission_shows_the_mark_and_every_answer_of_its_stored_verdict(client: FlaskClient, world: World) -> None:
    signed, stranger = world.signed(), world.signed(by=world.authorities.officer("Người lạ"))
    numbers = [world.send(data).id for data in (signed, tampered(signed), stranger)]
    sign_in(client, world, "28756")

    words = [shown(client.get(f"/ban-nop/{number}")) for number in numbers]

    assert [word for word, _ in words] == [
        "Chữ ký hợp lệ",
        "Chữ ký không hợp lệ",
        "Chữ ký đúng, người ký chưa đúng",
    ]
    assert all("Phần được ký ✓ Đạt" in text for _, text in words)


def test_a_certificate_that_never_expires_is_shown(client: FlaskClient, world: World) -> None:
    """RFC 5280, 4.1.2.5: 99991231235959Z, which is next year in Viet Nam, and no calendar has that."""
    endless = world.authorities.officer(end=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))

    reply = asked(client, world.signed(by=endless))

    assert reply.status_code == 200
    assert "31/12/9999" in shown(reply)[1]


@pytest.mark.parametrize("address", ["/ban-nop?form=%00", "/ban-nop?unit=2%008756", "/ban-nop?form=&form=%00"])
def test_an_address_that_no_database_can_look_up_is_a_bad_request(
    client: FlaskClient, world: World, address: str
) -> None:
    sign_in(client, world, "28756")

    assert client.get(address).status_code == 400
