"""Specs kept as workbooks: what owners fill in Excel lays out the same form as TOML, and faults name their cells."""

from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook as Book

from form_templates import spec_relations
from form_templates.builder import build_template
from form_templates.compile import compile_template
from form_templates.errors import FormError
from form_templates.model import CellKey, CellKind
from form_templates.spec import read_spec
from form_templates.spec_drawing import blank_spec_workbook
from form_templates.spec_words import FORM, FORM_SHEET, GUIDE, TABLES, Heading, Shape
from form_templates.spec_workbook import read_spec_workbook
from tests.form_templates.specimens import forms, in_libreoffice

_OFFICIAL = Path(__file__).parents[2] / "form_templates" / "official"


def filled(change: Callable[[Book], object]) -> bytes:
    """The blank list with its example, changed as people change it."""
    book = openpyxl.load_workbook(io.BytesIO(blank_spec_workbook()))
    change(book)
    return saved(book)


def saved(book: Book) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def put(book: Book, sheet: str, cell: str, value: object) -> None:
    book[sheet][cell].value = value
    if isinstance(value, str) and value.startswith("="):
        book[sheet][cell].data_type = "s"


def faults(change: Callable[[Book], object]) -> set[tuple[str, str]]:
    with pytest.raises(FormError) as refusal:
        read_spec_workbook(filled(change))
    assert {finding.code for finding in refusal.value.findings} == {"BS342"}
    assert all(finding.message and finding.remedy for finding in refusal.value.findings)
    return {(finding.sheet, finding.cell) for finding in refusal.value.findings}


def messages(change: Callable[[Book], object]) -> str:
    with pytest.raises(FormError) as refusal:
        read_spec_workbook(filled(change))
    return " ".join(finding.message for finding in refusal.value.findings)


def as_workbook(document: dict[str, Any]) -> bytes:
    """The workbook an owner would have filled for a spec in TOML."""
    book = openpyxl.load_workbook(io.BytesIO(blank_spec_workbook()))
    for row, heading in enumerate(FORM, 2):
        put(book, FORM_SHEET, f"B{row}", written(document.get(heading.field), heading))
    for name, (table, headings) in TABLES.items():
        sheet = book[name]
        for line in sheet.iter_rows(min_row=2, max_row=10):
            for cell in line:
                cell.value = None
        for row, entry in enumerate(document.get(table, []), 2):
            for column, heading in enumerate(headings, 1):
                outer, _, inner = heading.field.partition(".")
                value = entry.get(outer)
                value = value.get(inner) if inner and isinstance(value, dict) else value
                put(book, name, sheet.cell(row, column).coordinate, written(value, heading))
    return saved(book)


def written(value: object, heading: Heading) -> object:
    if value is None:
        return None
    if heading.shape is Shape.WORD:
        return next(word for word, known in (heading.words or {}).items() if known == value)
    if heading.shape is Shape.YES:
        return "có" if value else None
    if isinstance(value, list):
        return "; ".join(value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {formula}" for name, formula in value.items())
    return value


@pytest.mark.parametrize("form", forms())
def test_a_list_in_excel_says_the_same_as_toml(form: str) -> None:
    text = (_OFFICIAL / f"{form}.toml").read_text(encoding="utf-8")

    assert read_spec_workbook(as_workbook(tomllib.loads(text))) == read_spec(text)


def test_the_blank_list_is_a_small_form_that_can_be_laid_out() -> None:
    form = compile_template(build_template(read_spec_workbook(blank_spec_workbook())))

    assert form.form == "VIDU-01.T"
    assert form.cell(CellKey("T1", "02", "3")).formula == "SUM({02|3kt},{02|2})"
    assert form.cell(CellKey("T1", "01", "2")).formula == "SUM({02|2},{03|2})"


def test_the_blank_list_is_the_same_each_time() -> None:
    assert blank_spec_workbook() == blank_spec_workbook()


def test_a_list_saved_by_libreoffice_is_read_the_same(tmp_path: Path) -> None:
    before = blank_spec_workbook()

    after = in_libreoffice(before, tmp_path, [["put", "Dòng", 5, 2, "Ngô"]])

    assert read_spec_workbook(after) == read_spec_workbook(before)


def test_words_are_offered_as_drop_down_lists() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(blank_spec_workbook()))["Cột"]

    lists = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}

    assert lists["C2:C2000"] == '"nhập,mang sang,công thức,ghi chữ"'


def test_numbers_typed_as_codes_are_codes() -> None:
    def change(book: Book) -> None:
        put(book, "Dòng", "A4", 2)
        put(book, "Cột", "A3", 2)

    spec = read_spec_workbook(filled(change))

    assert [row.code for row in spec.rows] == ["01", "", "02", "03"]
    assert spec.columns[1].code == "2"


def test_a_column_of_free_text_needs_no_unit() -> None:
    def change(book: Book) -> None:
        for cell, value in (("A6", "5"), ("B6", "Nguyên nhân"), ("C6", "ghi chữ")):
            put(book, "Cột", cell, value)

    assert read_spec_workbook(filled(change)).column("5").kind is CellKind.TEXT


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda book: put(book, "Cột", "C3", "tự điền"), ("Cột", "C3")),
        (lambda book: put(book, "Cột", "F4", "c9+c2"), ("Cột", "F4")),
        (lambda book: put(book, "Cột", "E3", "nhiều"), ("Cột", "E3")),
        (lambda book: put(book, "Cột", "B3", None), ("Cột", "B3")),
        (lambda book: put(book, "Cột", "D1", "Đơn vị"), ("Cột", "D1")),
        (lambda book: put(book, "Cột", "L5", "c3-c1"), ("Cột", "L5")),
        (lambda book: setattr(book["Dòng"]["E2"], "value", "=2+3"), ("Dòng", "E2")),
        (lambda book: put(book, "Dòng", "E2", "=02+09"), ("Dòng", "E2")),
        (lambda book: put(book, "Dòng", "A5", "02"), ("Dòng", "A4")),
        (lambda book: put(book, "Dòng", "C5", None), ("Dòng", "C5")),
        (lambda book: put(book, "Quy tắc", "B2", "c3 lớn hơn c2"), ("Quy tắc", "A2")),
        (lambda book: put(book, "Quy tắc", "F2", "nặng"), ("Quy tắc", "F2")),
        (lambda book: put(book, "Biểu", "B2", "biểu 9"), ("Biểu", "B2")),
        (lambda book: put(book, "Biểu", "B11", "W"), ("Biểu", "B11")),
        (lambda book: put(book, "Biểu", "A4", "Tựa đề"), ("Biểu", "A4")),
    ],
)
def test_a_fault_is_told_with_its_sheet_and_cell(change: Callable[[Book], object], place: tuple[str, str]) -> None:
    assert place in faults(change)


def test_a_fault_is_told_in_the_words_of_the_list() -> None:
    told = messages(lambda book: put(book, "Cột", "B3", None))

    assert "“Tiêu đề”" in told
    assert "header" not in told
    assert "công thức" in messages(lambda book: setattr(book["Dòng"]["E2"], "value", "=2+3"))


def test_everything_wrong_is_told_at_once() -> None:
    def change(book: Book) -> None:
        put(book, "Cột", "C3", "tự điền")
        put(book, "Dòng", "D4", "sâu")
        del book["Quy tắc"]

    assert faults(change) == {("Cột", "C3"), ("Dòng", "D4")}


def test_a_missing_sheet_is_told() -> None:
    assert "“Dòng”" in messages(lambda book: book.remove(book["Dòng"]))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a workbook"])
def test_a_file_that_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(FormError) as refusal:
        read_spec_workbook(data)

    assert refusal.value.findings[0].code.startswith("BS1")


@pytest.mark.parametrize(("where", "relation"), [line[:2] for line in GUIDE[1:]])
def test_what_the_guide_says_is_understood(where: str, relation: str) -> None:
    known: dict[str, Callable[[str], bool]] = {
        "Cột, Công thức": lambda text: spec_relations.is_column_formula(plain(text)),
        "Cột, Công thức riêng của đơn vị tính": lambda text: spec_relations.is_additive(text.partition(": ")[2]),
        "Dòng, Quan hệ": lambda text: (
            spec_relations.is_row_sum(text) or spec_relations.is_row_ratio(text) or spec_relations.is_row_rule(text)
        ),
        "Dòng, Công thức riêng của cột": lambda text: text.count(":") == text.count(";") + 1,
        "Quy tắc": lambda text: (
            spec_relations.is_column_rule(plain(text))
            or spec_relations.is_rows_rule(re.sub(r"prev\((.*?)\)", r"\1", text))
        ),
    }

    assert known[where](relation)


def plain(text: str) -> str:
    """The text with a column for each earlier period."""
    text = re.sub(r"(?:prev|lastyear)\((c[0-9]+)\)", r"\1kt", text)
    return text.replace("~prev", "~c2kt")


@pytest.mark.parametrize(("sheet", "cell"), [("Cột", "G42"), ("Dòng", "E39"), ("Quy tắc", "D28"), ("Vùng lặp", "D9")])
def test_a_stray_word_below_a_list_is_told_at_its_line(sheet: str, cell: str) -> None:
    row = int(cell[1:])

    told = faults(lambda book: put(book, sheet, cell, "99"))

    assert {(where, int(re.sub("[A-Z]", "", place))) for where, place in told} == {(sheet, row)}
