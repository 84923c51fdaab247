"""A form may demand a report in words: said in its list, drawn on its definition sheet, kept in its version (C57)."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache
from pathlib import Path

import openpyxl
import pytest

from form_templates import definition, serial
from form_templates.builder import build_template
from form_templates.compile import compile_template
from form_templates.describing import version_lines
from form_templates.diff import diff
from form_templates.errors import FormError
from form_templates.model import FormVersion
from form_templates.spec import FormSpec, read_spec
from form_templates.spec_drawing import blank_spec_workbook
from form_templates.spec_words import FORM_SHEET
from form_templates.spec_workbook import read_spec_workbook

_LIST = (Path(__file__).parents[2] / "form_templates" / "official" / "KTXH-09.T.toml").read_text(encoding="utf-8")


def spec(said: str = 'narrative = "required"\n') -> FormSpec:
    return read_spec(said + _LIST)


@cache
def template(said: str = 'narrative = "required"\n') -> bytes:
    return build_template(spec(said))


@cache
def version(said: str = 'narrative = "required"\n') -> FormVersion:
    return compile_template(template(said))


def with_line(content: object) -> bytes:
    """The template with something else on the line of the definition sheet."""
    book = openpyxl.load_workbook(io.BytesIO(template()))
    sheet = book[definition.SHEET]
    row = next(row for row in range(1, 30) if sheet.cell(row, 1).value == definition.NARRATIVE)
    sheet.cell(row, 2).value = content
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_what_the_list_demands_is_in_the_version() -> None:
    assert spec().narrative_required
    assert version().narrative_required


@pytest.mark.parametrize("said", ["", 'narrative = "optional"\n'])
def test_a_form_that_demands_nothing_keeps_its_bytes_its_text_and_its_digest(said: str) -> None:
    plain = version(said)

    assert not plain.narrative_required
    assert template(said) == template("")
    assert "narrative" not in serial.to_json(plain)
    assert serial.digest(plain) == serial.digest(replace(version(), narrative_required=False))


def test_a_version_that_demands_one_is_read_back() -> None:
    text = serial.to_json(version())

    assert '"narrative_required":true' in text
    assert serial.from_json(text) == version()


@pytest.mark.parametrize("value", ["false", "null", '"true"', "1"])
def test_a_text_that_says_it_otherwise_is_not_canonical_and_refused(value: str) -> None:
    text = serial.to_json(version()).replace('"narrative_required":true', f'"narrative_required":{value}')

    with pytest.raises(FormError, match="BS340"):
        serial.from_json(text)


@pytest.mark.parametrize(
    ("word", "demanded"), [("bắt buộc", True), ("không bắt buộc", False), (None, False), (" bắt buộc ", True)]
)
def test_the_definition_sheet_says_it_in_words(word: object, demanded: bool) -> None:
    assert compile_template(with_line(word)).narrative_required is demanded


def test_another_word_on_the_definition_sheet_is_told_with_its_cell() -> None:
    with pytest.raises(FormError) as refused:
        compile_template(with_line("tùy"))

    (finding,) = refused.value.findings
    assert (finding.code, finding.sheet, finding.cell[:1]) == ("BS321", definition.SHEET, "B")
    assert "bắt buộc, không bắt buộc" in finding.message


def test_another_word_in_the_list_is_told() -> None:
    with pytest.raises(FormError, match="narrative"):
        spec('narrative = "sometimes"\n')


@pytest.mark.parametrize(("word", "demanded"), [("bắt buộc", True), ("không bắt buộc", False), (None, False)])
def test_the_list_in_excel_says_it_in_words(word: object, demanded: bool) -> None:
    book = openpyxl.load_workbook(io.BytesIO(blank_spec_workbook()))
    sheet = book[FORM_SHEET]
    row = next(row for row in range(1, 20) if sheet.cell(row, 1).value == definition.NARRATIVE)
    sheet.cell(row, 2).value = word
    stream = io.BytesIO()
    book.save(stream)

    assert read_spec_workbook(stream.getvalue()).narrative_required is demanded


def test_a_comparison_and_a_listing_tell_it() -> None:
    (change,) = diff(version(""), version()).changes

    assert change.text == "Báo cáo thuyết minh: “không bắt buộc” → “bắt buộc”"
    assert "báo cáo thuyết minh: bắt buộc" in [*version_lines(version())]
    assert not any("thuyết minh" in line for line in version_lines(version("")))
