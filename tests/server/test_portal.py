from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import event

from form_templates.model import CellKey, member_row
from server.config import Config
from server.services.accounts import Role, create_account
from server.services.history import import_history
from server.services.publishing import publish
from server.storage.engine import connect
from server.web.app import create_app
from server.web.portal.addresses import CodeConverter, safe_next
from server.web.portal.formula_words import formula_words
from signing.answers import verdict_text
from tests.server.world import FORM, KEYS, NOW, PERIOD, World, crops, template

SECRET = "mật khẩu của người xem"
OTHER_FORM = "KTXH-14.T"
FIELD = "Hộ tịch/chứng thực 100% #1 đợt ?"
ATTACK = "<script>alert(1)</script>"
TOTALS, OTHER_TOTALS = f"/so-tong-hop/{FORM}/{PERIOD}", f"/so-tong-hop/{OTHER_FORM}/{PERIOD}"


@dataclass(frozen=True)
class Portal:
    """A province in the middle of reporting, and two services over its database: open for reading, and closed."""

    open: Flask
    closed: Flask
    accepted: int
    newer: int
    refused: int
    garbage: int
    history: int
    sent: bytes


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def portal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("portal")
    if request.param == "sqlite":
        path, built = request.getfixturevalue("sqlite_world")
        shutil.copy(path, folder / "bieuso.db")
        url = f"sqlite:///{folder / 'bieuso.db'}"
    else:
        database, built = request.getfixturevalue("postgres_world")
        url = request.getfixturevalue("postgres").new_database(database)
    engine = connect(url)
    made = populate(replace(built, engine=engine), folder, url)
    yield made
    for app in (made.open, made.closed):
        app.extensions["bieuso"].engine.dispose()
    engine.dispose()


def populate(world: World, folder: Path, url: str) -> Portal:
    history = world.history()
    first = world.send(world.signed(values=crops(10.0)))
    sent = world.signed(values=crops(12.5, r04c2="…"), at=NOW + timedelta(minutes=1))
    newer = world.send(sent, now=NOW + timedelta(minutes=2))
    refused = world.send(world.signed("28807", crops(20.0, r04c2=ATTACK)), "28807")
    garbage = world.send(b"PK nothing", "28810")
    publish(world.engine, template(OTHER_FORM), decision="QĐ 1", effective_from=date(2025, 1, 1), now=NOW)
    for unit, cases in (("28756", 40), ("28807", 2)):
        values = {CellKey("T1", member_row("01*", FIELD), column): cases for column in ("2", "9")}
        import_history(world.engine, form=OTHER_FORM, period=PERIOD, unit=unit, values=values, now=NOW)
    people = {"xa": ("28756", Role.OFFICER), "tinh": ("86", Role.CONSOLIDATOR), "quantri": ("28810", Role.ADMIN)}
    for name, (unit, role) in people.items():
        create_account(
            world.engine, username=name, full_name=f"Người {name}", unit=unit, roles=[role], password=SECRET, now=NOW
        )
    config = replace(Config.in_folder(folder, database_url=url), stamp_keys=KEYS)
    return Portal(
        open=create_app(replace(config, open_reading=True, demonstration=True)),
        closed=create_app(config),
        accepted=first.id,
        newer=newer.id,
        refused=refused.id,
        garbage=garbage.id,
        history=history,
        sent=sent,
    )


@pytest.fixture
def reader(portal: Portal) -> FlaskClient:
    """Anybody, where reading is open."""
    return portal.open.test_client()


@pytest.fixture
def stranger(portal: Portal) -> FlaskClient:
    """Nobody, where reading needs an account."""
    return portal.closed.test_client()


def page(client: FlaskClient, path: str, status: int = 200) -> html.HtmlElement:
    reply = client.get(path)
    assert reply.status_code == status, reply.text
    return html.fromstring(reply.get_data(as_text=True))


def text(element: html.HtmlElement) -> str:
    return re.sub(r"\s+", " ", element.text_content()).strip()


def of_class(tree: html.HtmlElement, name: str) -> list[html.HtmlElement]:
    return list(tree.find_class(name))


def form_token(client: FlaskClient, path: str = "/dang-nhap") -> str:
    return str(page(client, path).xpath("//input[@name='form']/@value")[0])


def signed_in(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    reply = client.post("/dang-nhap", data={"account": name, "password": SECRET, "form": form_token(client)})
    assert (reply.status_code, reply.headers["Location"]) == (303, "/")
    return client


# -- following up ------------------------------------------------------------------------------------------------------


def test_home_counts_who_has_sent_who_was_refused_and_who_is_missing(reader: FlaskClient) -> None:
    cards = of_class(page(reader, "/"), "card")

    assert len(cards) == 1
    assert "1 / 3 đơn vị đã nộp hợp lệ" in text(cards[0])
    assert "1 hợp lệ 1 bị từ chối 1 chưa gửi" in text(cards[0])
    assert len(cards[0].xpath(".//div[contains(@class, 'tiles')]/a")) == 3


def test_home_asks_the_database_the_same_few_questions_however_many_have_sent(portal: Portal) -> None:
    statements: list[str] = []
    engine = portal.open.extensions["bieuso"].engine

    def remember(*given: str) -> None:
        statements.append(given[2])

    event.listen(engine, "before_cursor_execute", remember)
    page(portal.open.test_client(), "/")
    event.remove(engine, "before_cursor_execute", remember)

    assert len([one for one in statements if one.startswith("SELECT")]) <= 6


def test_a_campaign_shows_each_unit_with_the_codes_of_its_last_refusal(portal: Portal, reader: FlaskClient) -> None:
    rows = {text(row[0]): text(row) for row in page(reader, f"/bieu/{FORM}/{PERIOD}").xpath("//tbody/tr")}

    assert list(rows) == ["28756", "28807", "28810"]
    assert "Hợp lệ" in rows["28756"]
    assert "Bị từ chối" in rows["28807"]
    assert "BS603" in rows["28807"]
    assert "Chưa gửi" in rows["28810"]


def test_a_period_nobody_was_asked_for_has_every_unit_waiting(reader: FlaskClient) -> None:
    assert text(page(reader, f"/bieu/{FORM}/2026-M01")).count("Chưa gửi") == 3


def test_the_matrix_has_a_row_for_each_unit_and_a_column_for_each_campaign(reader: FlaskClient) -> None:
    table = page(reader, "/don-vi").xpath("//table")[0]

    assert [text(head) for head in table.xpath(".//thead//th")] == ["Mã", "Đơn vị", f"{FORM}Tháng 9 năm 2026"]
    assert len(table.xpath(".//tbody/tr")) == 3


def test_the_list_of_submissions_is_filtered_by_result(portal: Portal, reader: FlaskClient) -> None:
    def numbers(query: str) -> list[int]:
        return [int(text(cell)) for cell in page(reader, f"/ban-nop{query}").xpath("//tbody/tr/th")]

    assert numbers("") == [portal.garbage, portal.refused, portal.newer, portal.accepted]
    assert numbers("?status=refused") == [portal.garbage, portal.refused]
    assert numbers("?status=superseded") == [portal.accepted]
    assert numbers(f"?before={portal.refused}") == [portal.newer, portal.accepted]
    assert numbers("?unit=28807") == [portal.refused]
    assert numbers(f"?form={FORM}&period={PERIOD}&status=accepted") == [portal.newer]


# -- one submission ----------------------------------------------------------------------------------------------------


def test_every_finding_leads_to_its_cell_and_the_cell_back_to_the_finding(portal: Portal, reader: FlaskClient) -> None:
    tree = page(reader, f"/ban-nop/{portal.refused}")

    link = tree.xpath("//tr[@id='loi-1']//a")[0].get("href")
    cell = tree.get_element_by_id(link.removeprefix("#"))

    assert link == "#o-E12"
    assert "marked-error" in cell.get("class")
    assert cell.xpath(".//a/@href") == ["#loi-1"]


def test_what_a_refused_file_says_is_shown_but_never_run(portal: Portal, reader: FlaskClient) -> None:
    reply = reader.get(f"/ban-nop/{portal.refused}")
    content = reply.get_data(as_text=True)

    assert ATTACK not in content
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in content
    assert "không số nào trong tệp được ghi nhận" in content
    assert "hệ thống không dùng các số này" in content


def test_the_page_of_bytes_that_are_no_workbook_says_so(portal: Portal, reader: FlaskClient) -> None:
    tree = page(reader, f"/ban-nop/{portal.garbage}")

    assert "Không rõ đơn vị" in text(tree)
    assert not of_class(tree, "grid")
    assert "BS1" in text(tree.get_element_by_id("loi-1"))


def test_an_accepted_submission_shows_its_signature_in_words(portal: Portal, reader: FlaskClient) -> None:
    tree = page(reader, f"/ban-nop/{portal.newer}")
    answers = {text(name): text(name.getnext()) for name in tree.xpath("//dl/dt")}
    answers |= {text(name): text(name.getparent()[-1]) for name in tree.xpath("//dl/div/dt")}

    assert answers["Người ký"].startswith("Lãnh đạo Phường Phú Khương")
    assert answers["Nội dung sau khi ký"].startswith("Nguyên vẹn")
    assert answers["Phần được ký"].startswith("Toàn bộ")
    assert answers["Chứng thư"].startswith("Tin cậy")
    assert answers["Thu hồi"].startswith("Không bị thu hồi")
    assert "10:05 ngày 02/10/2026" in answers["Giờ ký"]  # signed at 03:05 UTC
    assert "SHA-256" in answers["Thuật toán"]


def test_stored_figures_are_shown_with_the_decimals_of_their_cell_and_signs_as_typed(
    portal: Portal, reader: FlaskClient
) -> None:
    tree = page(reader, f"/ban-nop/{portal.newer}")

    assert text(tree.get_element_by_id("o-F12")) == "12,5"
    assert text(tree.get_element_by_id("o-E12")) == "…"
    assert text(tree.get_element_by_id("o-H12")) == "50,25"


def test_the_cell_that_was_asked_for_is_pointed_out(portal: Portal, reader: FlaskClient) -> None:
    tree = page(reader, f"/ban-nop/{portal.newer}?o=f12")

    assert [cell.get("id") for cell in of_class(tree, "wanted")] == ["o-F12"]


def test_a_replaced_submission_says_that_it_no_longer_counts(portal: Portal, reader: FlaskClient) -> None:
    assert "không còn được tính" in text(page(reader, f"/ban-nop/{portal.accepted}"))


def test_imported_history_has_a_page_without_signature(portal: Portal, reader: FlaskClient) -> None:
    tree = page(reader, f"/ban-nop/{portal.history}")

    assert "Số liệu lịch sử" in text(tree)
    assert "Chữ ký số" not in [text(heading) for heading in tree.xpath("//h2")]


def test_the_download_is_what_was_signed(portal: Portal, reader: FlaskClient) -> None:
    reply = reader.get(f"/ban-nop/{portal.newer}/tep")

    assert hashlib.sha256(reply.data).hexdigest() == hashlib.sha256(portal.sent).hexdigest()
    assert reply.headers["Content-Disposition"] == (
        f'attachment; filename="ban-nop_{portal.newer}_{FORM}_{PERIOD}_28756.xlsx"'
    )
    assert reply.headers["Content-Type"].endswith("spreadsheetml.sheet")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_history_is_downloaded_as_csv(portal: Portal, reader: FlaskClient) -> None:
    reply = reader.get(f"/ban-nop/{portal.history}/tep")

    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.text.startswith("form,period,unit")


# -- totals and lineage ------------------------------------------------------------------------------------------------


def figure(tree: html.HtmlElement, row: str, column: int) -> html.HtmlElement:
    """A figure of the grid by the row's code and the column's number."""
    line = next(line for line in tree.xpath("//table[@class='grid']/tbody/tr") if text(line[1]) == row)
    return line[2 + column]


def test_the_totals_of_the_province_are_the_forms_own_grid_and_every_number_is_a_link(
    portal: Portal, reader: FlaskClient
) -> None:
    tree = page(reader, TOTALS)

    assert "Tỉnh Vĩnh Long" in text(tree.xpath("//h1")[0])
    assert "Đã có số của 1 trên 3 đơn vị" in text(tree)
    assert text(figure(tree, "04", 3)) == "12,5"
    assert text(figure(tree, "04", 2)) == ""
    numbers = [cell for cell in of_class(tree.xpath("//table[@class='grid']/tbody")[0], "number") if text(cell)]
    assert numbers
    assert all(cell.xpath("a") for cell in numbers)


def test_a_total_leads_to_the_signed_cell_in_its_submission(portal: Portal, reader: FlaskClient) -> None:
    link = figure(page(reader, TOTALS), "04", 3).xpath("a/@href")[0]
    source = page(reader, link).xpath("//tbody/tr/td/a")[0]

    assert text(source) == f"{FORM}, ô F12"
    parts = urlsplit(source.get("href"))
    assert (parts.path, parse_qs(parts.query), parts.fragment) == (
        f"/ban-nop/{portal.newer}",
        {"o": ["F12"]},
        "o-F12",
    )
    assert text(of_class(page(reader, source.get("href")), "wanted")[0]).endswith("12,5")


def test_a_recomputed_total_says_its_formula_and_leads_to_its_inputs(portal: Portal, reader: FlaskClient) -> None:
    link = figure(page(reader, TOTALS), "04", 5).xpath("a/@href")[0]
    tree = page(reader, link)

    assert "[dòng 04, cột 6] × 10 : [dòng 04, cột 4] (làm tròn 2 chữ số thập phân)" in text(tree)
    inputs = [urlsplit(href).path for href in tree.xpath("//td[@class='number']/a/@href")]
    assert inputs == [f"/nguon/{FORM}/{PERIOD}/T1/04/6", f"/nguon/{FORM}/{PERIOD}/T1/04/4"]
    assert all(page(reader, path) is not None for path in inputs)


def test_the_row_of_a_member_is_found_whatever_signs_its_label_holds(portal: Portal, reader: FlaskClient) -> None:
    tree = page(reader, OTHER_TOTALS)
    row = next(line for line in of_class(tree, "member") if text(line[0]) == FIELD)
    link = row[2 + 2].xpath("a/@href")[0]
    sources = page(reader, link)

    assert text(sources.xpath("//h1")[0]).startswith(FIELD)
    assert [text(line[1]) for line in sources.xpath("(//table)[last()]/tbody/tr")] == ["40", "2"]


def test_a_single_units_figures_are_its_own(portal: Portal, reader: FlaskClient) -> None:
    tree = page(reader, f"{TOTALS}?unit=28756")

    assert "Phường Phú Khương" in text(tree.xpath("//h1")[0])
    assert text(figure(tree, "04", 5)) == "50,25"
    link = figure(tree, "04", 5).xpath("a/@href")[0]
    assert text(page(reader, link).xpath("//tbody/tr/th")[-1]) == "Phường Phú Khương"


def test_a_cell_that_the_form_leaves_out_is_said_to_be_left_out(portal: Portal, reader: FlaskClient) -> None:
    assert "ô không áp dụng trong biểu" in text(page(reader, f"/nguon/{FORM}/{PERIOD}/T1/01/5"))


def test_the_merged_workbook_is_downloaded_from_the_page_of_totals(portal: Portal, reader: FlaskClient) -> None:
    link = page(reader, TOTALS).xpath("//a[@class='button']/@href")[0]
    reply = reader.get(link)

    assert reply.status_code == 200
    assert reply.data.startswith(b"PK")
    assert f"tong-hop_{FORM}_{PERIOD}_86.xlsx" in reply.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("coded", "words"),
    [
        ("SUM({02|3},{07|3})", "tổng của ([dòng 02, cột 3]; [dòng 07, cột 3])"),
        ("{01|1}-({02|1}-{03|1})", "[dòng 01, cột 1] − ([dòng 02, cột 1] − [dòng 03, cột 1])"),
        ("SUM({02*|5})", "tổng của ([mọi dòng của phần 02, cột 5])"),
        ("IF({@|2}=0,0,{@|1})", "nếu [cùng dòng, cột 2] = 0 thì 0, nếu không thì [cùng dòng, cột 1]"),
        ("SUM({T2!01:03|1:2})", "tổng của ([bảng T2, dòng 01 đến 03, cột 1 đến 2])"),
        ("{broken", "{broken"),
    ],
)  # fmt: skip
def test_formulas_are_said_in_words(coded: str, words: str) -> None:
    assert formula_words(coded) == words


def test_a_verdict_says_what_is_wrong_and_not_only_that_something_is() -> None:
    signature = {"intact": False, "covered": False, "chain": {"trusted": False, "reason": "hết hạn"},
                 "revocation": {"status": "revoked", "revoked_at": "2026-09-01T00:00:00+00:00"}}  # fmt: skip
    lines = {
        line.name: line for line in verdict_text({"outcome": "invalid", "signatures": [signature]}).signatures[0].lines
    }

    assert (lines["Nội dung sau khi ký"].good, lines["Phần được ký"].good) == (False, False)
    assert lines["Chứng thư"].text == "KHÔNG tin cậy: hết hạn"
    assert lines["Thu hồi"].text == "ĐÃ BỊ THU HỒI lúc 07:00 ngày 01/09/2026"


# -- who may see what --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/don-vi", "/ban-nop", f"/bieu/{FORM}/{PERIOD}", TOTALS, "/ban-nop/1/tep", "/thoat"]
)
def test_without_an_account_everything_leads_to_signing_in(stranger: FlaskClient, path: str) -> None:
    reply = stranger.get(path)

    assert reply.status_code == 302
    assert urlsplit(reply.headers["Location"]).path == "/dang-nhap"
    assert parse_qs(urlsplit(reply.headers["Location"]).query) == {"next": [path]}


def test_an_officer_sees_the_own_unit_only(portal: Portal) -> None:
    officer = signed_in(portal.closed, "xa")

    assert "1 / 1 đơn vị" in text(page(officer, "/"))
    assert [text(row[0]) for row in page(officer, f"/bieu/{FORM}/{PERIOD}").xpath("//tbody/tr")] == ["28756"]
    assert "Phường Phú Khương" in text(page(officer, TOTALS).xpath("//h1")[0])
    page(officer, f"/ban-nop/{portal.newer}")
    for path in (
        f"/ban-nop/{portal.refused}",
        f"/ban-nop/{portal.refused}/tep",
        f"/ban-nop/{portal.garbage}",
        f"{TOTALS}?unit=86",
        f"{TOTALS}/tep?unit=86",
        f"/nguon/{FORM}/{PERIOD}/T1/04/3?unit=28807",
    ):
        assert "Không có quyền" in text(page(officer, path, 403))


def test_a_consolidator_sees_the_units_below(portal: Portal) -> None:
    consolidator = signed_in(portal.closed, "tinh")

    assert "1 / 3 đơn vị" in text(page(consolidator, "/"))
    page(consolidator, f"/ban-nop/{portal.refused}")
    assert "Tỉnh Vĩnh Long" in text(page(consolidator, TOTALS).xpath("//h1")[0])


def test_an_administrator_sees_files_of_nobody_too(portal: Portal) -> None:
    page(signed_in(portal.closed, "quantri"), f"/ban-nop/{portal.garbage}")


def test_signing_out_ends_the_session_for_good(portal: Portal) -> None:
    client = signed_in(portal.closed, "xa")
    token = form_token(client, "/thoat")
    cookie = client.get_cookie("bieuso")
    assert cookie is not None

    assert client.get("/thoat").status_code == 200
    assert client.get("/").status_code == 200  # reading the page did not sign out
    assert client.post("/thoat", data={"form": token}).status_code == 303
    assert "Đã thoát" in text(page(client, "/dang-nhap?thoat=1"))

    client.set_cookie("bieuso", cookie.value)  # somebody kept the old cookie
    assert client.get("/").status_code == 302


def test_a_wrong_password_is_refused_in_words(stranger: FlaskClient) -> None:
    data = {"account": "xa", "password": "sai", "form": form_token(stranger)}
    reply = stranger.post("/dang-nhap", data=data)

    assert reply.status_code == 401
    assert "Tên đăng nhập hoặc mật khẩu không đúng" in reply.text


def test_guessing_passwords_is_braked(portal: Portal) -> None:
    client = portal.closed.test_client()
    token = form_token(client)
    replies = [
        client.post("/dang-nhap", data={"account": "nobody", "password": "sai", "form": token}) for _ in range(6)
    ]

    assert [reply.status_code for reply in replies] == [401] * 5 + [429]
    assert replies[-1].headers["Retry-After"] == "900"


@pytest.mark.parametrize("path", ["/dang-nhap", "/thoat"])
def test_a_form_from_another_site_changes_nothing(portal: Portal, path: str) -> None:
    client = signed_in(portal.closed, "xa")
    data = {"account": "tinh", "password": SECRET, "form": "made up"}

    assert client.post(path, data=data).status_code == 422
    assert "Người xa" in client.get("/").text


def test_after_signing_in_one_is_where_one_wanted_to_go(portal: Portal) -> None:
    client = portal.closed.test_client()
    target = f"{TOTALS}?unit=28756"
    tree = page(client, client.get(target).headers["Location"])
    data = {field.get("name"): field.get("value") for field in tree.xpath("//form//input")}
    reply = client.post("/dang-nhap", data=data | {"account": "xa", "password": SECRET})

    assert reply.headers["Location"] == target


@pytest.mark.parametrize(
    "target",
    ["https://example.org/", "//example.org", "/\\example.org", "\\/example.org", "/\r\nSet-Cookie: a=b", "", None],
)
def test_signing_in_never_leads_to_another_site(target: str | None) -> None:
    assert safe_next(target) is None


def test_the_session_cookie_is_for_the_server_alone_and_for_https_where_there_is_https(portal: Portal) -> None:
    plain = portal.closed.test_client().get("/dang-nhap").headers["Set-Cookie"]
    proxied = (
        portal.closed.test_client().get("/dang-nhap", headers={"X-Forwarded-Proto": "https"}).headers["Set-Cookie"]
    )

    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    assert "Secure" not in plain
    assert "Secure" in proxied


# -- the whole ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/khong-co", 404, "Không tìm thấy trang"),
        ("/ban-nop/999999", 404, "Không có bản nộp số 999999"),
        (f"/ban-nop/{2**70}", 404, "Không có bản nộp"),
        ("/bieu/KHONG/2026-M09", 404, "Không có biểu"),
        (f"/bieu/{FORM}/thang-9", 422, "Mã kỳ báo cáo"),
        (f"{TOTALS}?unit=00000", 404, "Không có đơn vị"),
        (f"/nguon/{FORM}/{PERIOD}/T1/99/1", 404, "không có ô"),
        ("/ban-nop?status=moi", 422, "tình trạng"),
        (f"/ban-nop?before={2**70}", 422, "Số bản nộp không hợp lệ"),
        ("/thoat", 200, "Thoát"),
    ],
)
def test_what_is_not_there_is_said_in_vietnamese_with_a_way_back(
    reader: FlaskClient, path: str, status: int, words: str
) -> None:
    tree = page(reader, path, status)

    assert words in text(tree)
    assert "/" in tree.xpath("//main//a/@href")


def test_a_page_that_fails_says_so_without_details(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object, **named: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("server.services.overview.campaigns", fail)
    reply = portal.open.test_client().get("/")

    assert reply.status_code == 500
    assert "Máy chủ gặp lỗi" in reply.text
    assert "secret detail" not in reply.text


def test_every_page_forbids_what_it_does_not_need(portal: Portal, reader: FlaskClient) -> None:
    for path in ("/", f"/ban-nop/{portal.refused}", "/khong-co", "/dang-nhap", TOTALS):
        reply = reader.get(path)
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "same-origin"
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?! src=\"/tinh/)", reply.text)


def test_nothing_is_fetched_from_elsewhere(portal: Portal, reader: FlaskClient) -> None:
    for path in ("/", "/don-vi", f"/ban-nop/{portal.newer}", TOTALS):
        tree = page(reader, path)
        addresses = [*tree.xpath("//@src"), *tree.xpath("//link/@href")]
        assert addresses
        assert all(address.startswith("/tinh/") for address in addresses)
        for address in addresses:
            with reader.get(address) as reply:
                assert reply.status_code == 200


def test_the_demonstration_says_so_on_every_page(portal: Portal) -> None:
    for path in ("/", "/don-vi", "/dang-nhap", "/khong-co"):
        assert "không có giá trị pháp lý" in portal.open.test_client().get(path).text
        assert "không có giá trị pháp lý" not in portal.closed.test_client().get(path, follow_redirects=True).text


def test_tables_can_be_read_by_ear(portal: Portal, reader: FlaskClient) -> None:
    for path in ("/", "/don-vi", f"/bieu/{FORM}/{PERIOD}", f"/ban-nop/{portal.refused}", TOTALS):
        for table in page(reader, path).xpath("//table"):
            assert text(table.xpath("caption")[0])
            assert all(head.get("scope") in ("col", "row") for head in table.xpath(".//th"))


@pytest.mark.parametrize("code", ["01*#Đất đai", "a/b", "100%", "%2F", "a?b#c", "..", "\\"])
def test_a_code_survives_the_address_of_a_page(code: str) -> None:
    app = Flask("probe")
    app.url_map.converters["code"] = CodeConverter
    app.add_url_rule("/x/<code:one>/y", "probe", lambda one: {"one": one})
    with app.test_request_context():
        address = app.url_for("probe", one=code)

    assert app.test_client().get(address).get_json() == {"one": code}
