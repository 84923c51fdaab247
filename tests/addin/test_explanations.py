"""Explaining warnings in an open book, in a real LibreOffice."""

from __future__ import annotations

import pytest
import xlwings as xw

from addin import actions
from addin.errors import ActionError
from addin.explanations import explain
from addin.issued import issued_for
from form_templates.explanations import read_explanations
from formulas.checking import Report
from signing.ceremony import Act
from tests.addin.test_actions import fill_in
from tests.signing.authorities import NOW, Holder
from workbooks.finding import Finding
from workbooks.workbook import open_workbook

SHEET = "Giải trình"
WHY = "Hạn mặn kéo dài làm giảm năng suất"
YIELD = "H12"


@pytest.fixture
def book(crops: xw.Book) -> xw.Book:
    """Filled in, with a yield so low that it must be explained."""
    fill_in(crops)[YIELD].value = 5.5
    return crops


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def low_yield(report: Report) -> Finding:
    return next(finding for finding in report.findings if finding.code == "BS502" and finding.cell == YIELD)


def test_an_explained_warning_lets_the_form_be_signed(book: xw.Book, officer: Holder) -> None:
    before = actions.check(book)

    line = actions.explain(book, low_yield(before), WHY)
    after = actions.check(book)
    signed = actions.sign(book, officer, Act(NOW)).path.read_bytes()

    assert "BS505" in codes(before)
    assert book.sheets[SHEET][line].value == "BS502"
    assert low_yield(after).explanation == WHY
    assert "BS505" not in codes(after)
    assert [said.text for said in read_explanations(open_workbook(signed))] == [WHY]


def test_an_explanation_typed_by_hand_with_the_cell_alone_counts(book: xw.Book) -> None:
    book.sheets[SHEET]["B9"].value = YIELD
    book.sheets[SHEET]["D9"].value = WHY

    report = actions.check(book)

    assert low_yield(report).explanation == WHY
    assert "BS505" not in codes(report)


def test_explaining_again_writes_over_the_same_line(book: xw.Book) -> None:
    finding = low_yield(actions.check(book))
    lines = [actions.explain(book, finding, text) for text in (WHY, "Lúa bị ngập nặng cuối vụ")]

    assert len(set(lines)) == 1
    assert low_yield(actions.check(book)).explanation == "Lúa bị ngập nặng cuối vụ"


def test_rows_put_between_the_lines_lose_nothing(book: xw.Book) -> None:
    sheet = book.sheets[SHEET]
    sheet.api.unprotect("")
    sheet["A5:D5"].value = ["BS502", YIELD, "", WHY]
    sheet["5:7"].insert("down")

    assert low_yield(actions.check(book)).explanation == WHY


def test_what_is_no_explanation_is_refused(book: xw.Book) -> None:
    report = actions.check(book)
    unexplained = next(finding for finding in report.findings if finding.code == "BS505")
    issued = issued_for(book)

    with pytest.raises(ActionError, match="quá ngắn"):
        actions.explain(book, low_yield(report), "ok")
    with pytest.raises(ActionError, match="không cần giải trình"):
        explain(book, open_workbook(issued.data), issued.version, unexplained, WHY)
