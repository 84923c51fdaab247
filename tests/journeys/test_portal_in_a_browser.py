"""The portal as people use it: the demonstration's service, and a real browser in front of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.demo.preparation import service_environment
from server.demo.service import free_port, running_service
from tests.journeys.browser import Tab, browser
from tests.journeys.demonstration import PROVINCE, UNITS, Played
from workbooks.package import open_package

CROPS, PERIOD = "KTXH-09.T", "2026-M09"
TOTALS = f"/so-tong-hop/{CROPS}/{PERIOD}"
ACCEPTED = "28789"  # a commune whose workbooks are all in order
PHONE, SMALL = (390, 844), (1024, 700)


@pytest.fixture(scope="module")
def address(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("service") / "service.log"
    with running_service(service_environment(played.folder), free_port(0), log) as found:
        yield found


@pytest.fixture(scope="module")
def closed(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same service where reading needs an account."""
    log = tmp_path_factory.mktemp("closed") / "service.log"
    environment = service_environment(played.folder) | {"BIEUSO_OPEN_READING": "0"}
    with running_service(environment, free_port(0), log) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Tab]:
    with browser() as tab:
        yield tab


@pytest.fixture
def tab(chromium: Tab) -> Iterator[Tab]:
    """The browser; nothing on the pages may break a rule of their own or fail."""
    chromium.resize(1280, 900)
    chromium.complaints.clear()
    yield chromium
    assert chromium.complaints == []


def submission_of(tab: Tab, address: str, code: str) -> str:
    """Address of the page of the refused submission whose first finding has this code."""
    tab.open(f"{address}/ban-nop?status=refused")
    for path in tab.do("[...document.querySelectorAll('tbody th a')].map(a => a.getAttribute('href'))"):
        tab.open(address + path)
        if tab.do("document.querySelector('#loi-1 .tag').textContent") == code:
            return str(path)
    raise LookupError(code)


def test_from_the_home_page_down_to_the_signed_cell(tab: Tab, address: str) -> None:
    tab.open(address)

    tab.follow("[...document.querySelectorAll('.card a')].find(a => a.textContent == 'Số tổng hợp').click()")
    total = tab.do("document.querySelector('table.grid tbody td.number a').textContent")
    tab.follow("document.querySelector('table.grid tbody td.number a').click()")
    assert tab.do("document.querySelector('.big').textContent") == total

    last = "[...document.querySelectorAll('table')].at(-1)"
    value = tab.do(f"{last}.querySelector('tbody td.number').textContent")
    tab.follow(f"{last}.querySelector('tbody a').click()")

    wanted = "document.querySelector('.wanted')"
    assert tab.do(f"{wanted}.lastChild.textContent.trim()") == value
    assert tab.do(f"const box = {wanted}.getBoundingClientRect(); box.top >= 0 && box.bottom <= innerHeight") is True


def test_units_are_found_without_typing_diacritics(tab: Tab, address: str) -> None:
    tab.open(f"{address}/don-vi")
    shown = "[...document.querySelectorAll('#don-vi tbody tr')].filter(row => !row.hidden).length"
    name = tab.do("document.querySelector('#don-vi tbody th').textContent")
    plain = tab.do(f"'{name}'.normalize('NFD').replace(/[\\u0300-\\u036f]/g, '').replace(/đ/g, 'd').replace(/Đ/g, 'D')")
    everyone = tab.do(shown)

    tab.do("document.querySelector('input[type=search]').focus()")
    tab.type(plain.lower())

    assert everyone > UNITS
    assert plain != name
    assert 1 <= tab.do(shown) < everyone
    assert tab.do("document.querySelector('#don-vi tbody tr:not([hidden]) th').textContent") == name
    assert f"trên {everyone} đơn vị" in tab.do("document.querySelector('output').textContent")


def test_a_refused_workbook_shows_the_typed_text_at_its_cell(tab: Tab, address: str) -> None:
    submission_of(tab, address, "BS601")

    tab.do("document.querySelector('#loi-1 td a').click()")

    assert tab.do("location.hash") == "#o-F12"
    assert tab.do("document.querySelector('#o-F12').textContent").split() == ["1.234,5", "BS601"]
    background = tab.do("getComputedStyle(document.querySelector('#o-F12')).boxShadow")
    assert background != "none"


def test_a_label_in_old_encoding_is_marked_where_it_stands(tab: Tab, address: str) -> None:
    submission_of(tab, address, "BS701")

    anchor = tab.do("document.querySelector('#loi-1 td a').getAttribute('href')")

    assert "§Êt" in tab.do(f"document.querySelector('{anchor}').textContent")


def test_no_page_is_wider_than_a_phone_or_a_small_screen(tab: Tab, address: str) -> None:
    refused = submission_of(tab, address, "BS210")
    paths = ["/", "/don-vi", "/ban-nop", f"/bieu/{CROPS}/{PERIOD}", refused, TOTALS, f"/nguon/{CROPS}/{PERIOD}/T1/01/3",
             "/so-tong-hop/KTXH-14.T/2026-M09", "/dang-nhap", "/ban-nop?o=khong-co"]  # fmt: skip
    for size in (PHONE, SMALL):
        tab.resize(*size)
        for path in paths:
            tab.open(address + path)
            assert tab.do("document.documentElement.scrollWidth <= innerWidth") is True, (path, size)


def test_the_pages_can_be_used_by_keyboard_alone(tab: Tab, address: str) -> None:
    tab.open(address)
    focused = "document.activeElement"

    tab.press("Tab", 9)
    assert tab.do(f"{focused}.className") == "skip"
    seen = []
    for _ in range(30):
        tab.press("Tab", 9)
        seen.append(tab.do(f"{focused}.closest('.tiles') ? 'tile' : {focused}.textContent.trim()"))

    assert seen[:4] == ["BiểuSố", "Theo dõi", "Đơn vị", "Bản nộp"]
    assert seen.count("Số tổng hợp") == 4
    assert "tile" not in seen  # 124 stops a card would shut the keyboard out


def test_an_officer_signs_in_sees_the_own_unit_and_signs_out(tab: Tab, closed: str, played: Played) -> None:
    name, secret = next(iter(played.folder.read_secrets().items()))
    unit = name.partition(".")[2]
    assert unit != PROVINCE
    tab.open(closed + TOTALS)
    assert tab.do("location.pathname") == "/dang-nhap"

    # A page is loaded before it has been drawn; only then does the first field get the focus.
    tab.wait_until("document.activeElement.matches('input:not([type=password])')")
    tab.type(name)
    tab.do("document.querySelector('input[type=password]').focus()")
    tab.type(secret)
    tab.follow("document.querySelector('main form button').click()")

    assert tab.do("location.pathname") == TOTALS
    assert tab.do("document.querySelectorAll('select option').length") == 0
    tab.open(f"{closed}/bieu/{CROPS}/{PERIOD}")
    assert tab.do("[...document.querySelectorAll('tbody td.code')].map(one => one.textContent).join()") == unit

    tab.follow("document.querySelector('header form button').click()")
    tab.open(closed)
    assert tab.do("location.pathname") == "/dang-nhap"


# -- verifying a file --------------------------------------------------------------------------------------------------

RESULT = "document.querySelector('.verdict strong').textContent"


def verify(tab: Tab, address: str, file: Path) -> str:
    """Chooses a file as a visitor without an account does; the word beside the large mark."""
    tab.open(f"{address}/xac-minh")
    tab.choose("#tep", file)
    tab.follow("document.querySelector('main form button').click()")
    return str(tab.do(RESULT))


def with_a_digit_more(data: bytes) -> bytes:
    """A workbook whose first number became ten times what was signed."""
    package = open_package(data)
    part = "/xl/worksheets/sheet1.xml"
    return package.with_parts({part: package.part(part).replace(b"</v></c>", b"0</v></c>", 1)})


def test_whoever_receives_a_workbook_sees_who_signed_it(tab: Tab, closed: str, played: Played) -> None:
    file = played.path / "sent" / CROPS / f"{ACCEPTED}.xlsx"

    assert verify(tab, closed, file) == "Hợp lệ"

    assert tab.do("document.querySelector('.signature h3').textContent").startswith("Chữ ký 1: Lãnh đạo")
    shown = tab.do("document.querySelector('main').innerText")
    assert hashlib.sha256(file.read_bytes()).hexdigest() in shown
    assert "Đã nhận đúng tệp này" in shown
    assert tab.do("document.querySelectorAll('main a[href^=\"/ban-nop/\"]').length") == 0


def test_a_changed_workbook_is_shown_as_such(tab: Tab, closed: str, played: Played, tmp_path: Path) -> None:
    changed = tmp_path / "đã sửa.xlsx"
    changed.write_bytes(with_a_digit_more((played.path / "sent" / CROPS / f"{ACCEPTED}.xlsx").read_bytes()))

    assert verify(tab, closed, changed) == "Không hợp lệ"

    assert "BS210" in tab.do("document.querySelector('main').innerText")
    assert "✗ Không đạt" in tab.do("document.querySelector('.answers .no').innerText")


def test_the_verdict_fits_a_narrow_phone(tab: Tab, closed: str, played: Played, tmp_path: Path) -> None:
    signed = played.path / "sent" / CROPS / f"{ACCEPTED}.xlsx"
    changed = tmp_path / f"{'x' * 90}.xlsx"
    changed.write_bytes(with_a_digit_more(signed.read_bytes()))
    tab.resize(360, 740)

    for file in (signed, changed, played.path / "merged" / f"{CROPS}.xlsx", played.path / "summary.json"):
        verify(tab, closed, file)
        assert tab.do("document.documentElement.scrollWidth <= innerWidth") is True, file


def test_a_file_can_be_verified_by_keyboard_alone(tab: Tab, closed: str, played: Played) -> None:
    tab.open(f"{closed}/xac-minh")
    tab.choose("#tep", played.path / "sent" / CROPS / f"{ACCEPTED}.xlsx")

    for _ in range(20):
        tab.press("Tab", 9)
        if tab.do("document.activeElement.textContent") == "Xác minh":
            break
    tab.press(" ", 32)

    tab.wait_until("document.querySelector('.verdict') !== null")
    assert tab.do(RESULT) == "Hợp lệ"
