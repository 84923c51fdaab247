"""A certification authority, a real workbook, and the workbook signed."""

from __future__ import annotations

import io

import openpyxl
import pytest
from openpyxl.comments import Comment

from signing.sign import sign_package
from signing.trust import Trust
from tests.signing.authorities import NOW, Authorities, Holder, create_authorities


@pytest.fixture(scope="session")
def authorities() -> Authorities:
    return create_authorities()


@pytest.fixture(scope="session")
def officer(authorities: Authorities) -> Holder:
    return authorities.officer()


@pytest.fixture(scope="session")
def trust(authorities: Authorities) -> Trust:
    return authorities.trust()


@pytest.fixture(scope="session")
def workbook() -> bytes:
    """A workbook with two sheets, an external hyperlink and a comment (a legacy drawing comes with it)."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Biểu 01"
    for row in range(1, 40):
        sheet.append([f"Xã số {row}", row, row * 1.5, f"=B{row}+C{row}"])
    sheet["A1"].hyperlink = "https://example.org/?a=1&b=2"
    sheet["B2"].comment = Comment("Số liệu đã rà soát", "Cán bộ")
    book.create_sheet("Thuyết minh")["A1"] = "Không có biến động."
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def signed(workbook: bytes, officer: Holder) -> bytes:
    return sign_package(workbook, officer, at=NOW)
