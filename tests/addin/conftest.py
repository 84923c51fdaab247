"""One LibreOffice for the whole test session; each test gets books of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xlwings as xw

from addin.issued import Issued, keep
from addin.libreoffice import register
from tests.addin.forms import CROPS, POVERTY, an_issued
from tests.signing.authorities import Authorities, Holder, create_authorities

Opener = Callable[[Issued], xw.Book]


@pytest.fixture(scope="session")
def office() -> Iterator[xw.App]:
    register()
    with xw.App(visible=False, add_book=False) as app:
        yield app


@pytest.fixture
def book(office: xw.App) -> Iterator[xw.Book]:
    opened = office.books.add()
    yield opened
    opened.close()


@pytest.fixture
def sheet(book: xw.Book) -> xw.Sheet:
    return book.sheets[0]


@pytest.fixture
def opened(office: xw.App, tmp_path: Path) -> Iterator[Opener]:
    """Opens issued forms as a person would: saved in a folder, their sheets protected without a password."""
    books: list[xw.Book] = []

    def open_issued(issued: Issued) -> xw.Book:
        path = tmp_path / f"{issued.stamp.form}.xlsx"
        path.write_bytes(issued.data)
        keep(issued, tmp_path)
        books.append(office.books.open(path))
        return books[-1]

    yield open_issued
    for item in books:
        item.close()


@pytest.fixture
def crops(opened: Opener) -> xw.Book:
    return opened(an_issued(CROPS))


@pytest.fixture
def poverty(opened: Opener) -> xw.Book:
    return opened(an_issued(POVERTY))


@pytest.fixture(scope="session")
def authorities() -> Authorities:
    return create_authorities()


@pytest.fixture(scope="session")
def officer(authorities: Authorities) -> Holder:
    return authorities.officer()
