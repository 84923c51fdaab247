"""References inside formula text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.formula.translate import Translator

from workbooks.references import Reference, map_references, quote_sheet, references, translate, unquote_sheet

FORMULAS = [
    "A1+$B$2*C$3-$D4",
    "SUM(E12:E15)+SUM(A:C)+SUM(3:5)+SUM($A:B)+SUM($3:4)",
    "'Biểu 1'!A1+Sheet2!$B$2:C9",
    'IF(A1="B2","C3 ""D4""",LOG10(A5))',
    'ROUND(A1/B1,2)&" m"',
    "1.5E+3*A1",
    "BS_T1+A1_x+x.A1",
    "SUM(A1:B2 B1:C3,D4)",
    "{1,2;3,4}+A1",
    "A1%^-B2<>C3",
    "#REF!+A1",
    "IFERROR(A1,#N/A)",
]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (1, 0), (0, 1), (7, 3)])
def test_a_copied_formula_reads_as_openpyxl_copies_it(formula: str, rows: int, columns: int) -> None:
    from workbooks.address import address

    expected = Translator("=" + formula, "J30").translate_formula(address(30 + rows, 10 + columns))

    assert "=" + translate(formula, rows, columns) == expected


def test_references_beyond_the_sheet_become_errors() -> None:
    assert translate("A1+B2", -1, 0) == "#REF!+B1"
    assert translate("XFD1", 0, 1) == "#REF!"


def test_what_only_looks_like_a_reference_is_left_alone() -> None:
    text = '"A1"&Table1[A1]&LOG10(1)&A1B2&XFE1&A9999999&[1]Sheet1!A1&A1.B1&#DIV/0!'

    assert map_references(text, lambda reference: "?") == text


def test_sheets_are_told_with_their_references() -> None:
    found = references("'It''s'!A1+Sheet1!Total+B2+T1:T3!C3+'a b'!#REF!")

    assert [(item.sheet, len(item.corners)) for item in found] == [
        ("It's", 1), ("Sheet1", 0), ("", 1), ("T1:T3", 1), ("a b", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "written"),
    [("Sheet1", "'Sheet1'"), ("Biểu", "Biểu"), ("Biểu 1", "'Biểu 1'"), ("It's", "'It''s'"), ("T1", "'T1'"),
      ("2x", "'2x'"), ("R1C1", "'R1C1'"), ("TRUE", "'TRUE'"), ("a-b", "'a-b'")],
)  # fmt: skip
def test_sheet_names_are_quoted_where_excel_needs_it(name: str, written: str) -> None:
    if name != "Sheet1":
        assert quote_sheet(name) == written

    assert unquote_sheet(quote_sheet(name) + "!") == name


@given(st.text(alphabet="ABX1$:!'\"[]()+, #.é", max_size=40))
def test_any_text_comes_through_unchanged_when_nothing_is_changed(text: str) -> None:
    assert map_references(text, str) == text


@given(st.lists(st.sampled_from(FORMULAS), min_size=1, max_size=4), st.integers(0, 50), st.integers(0, 9))
def test_moving_there_and_back_gives_the_formula_again(parts: list[str], rows: int, columns: int) -> None:
    formula = "+".join(parts)

    assert translate(translate(formula, rows, columns), -rows, -columns) == formula


def test_a_reference_writes_itself_as_it_stood() -> None:
    for text in ("$A$1:B2", "A:$C", "$3:5", "'Biểu 1'!$B7"):
        assert [str(item) for item in references(text)] == [text]
        assert isinstance(references(text)[0], Reference)


@pytest.mark.parametrize("piece", ["'", '"', "[", "[[a", "''a", "A1:", "a!", "'a'", "$", "A", "1", "#", "a:b"])
def test_no_text_takes_long_to_scan(piece: str) -> None:
    text = piece * (16_000 // len(piece))

    started = time.process_time()
    references(text)

    assert time.process_time() - started < 1  # 0.01 s: the time grows with the length, not with its square
