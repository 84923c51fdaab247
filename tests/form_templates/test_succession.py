from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from form_templates.compile import compile_template
from form_templates.definition_succession import findings_against
from form_templates.errors import FormError
from form_templates.model import CellKey, FormVersion, Link, Succession
from form_templates.spec import read_spec
from form_templates.succession import faults_against, routes
from tests.form_templates.successions import DECLARED, first_spec, second_spec, template, version


def first() -> FormVersion:
    return version(first_spec())


def second(**changes: object) -> FormVersion:
    found = version(second_spec())
    assert found.succession is not None
    return replace(found, succession=replace(found.succession, **changes)) if changes else found  # type: ignore[arg-type]  # fields by name


def key(row: str, column: int) -> CellKey:
    return CellKey("T1", row, str(column))


def edited(data: bytes, **cells: object) -> bytes:
    """The template with cells of the definition sheet's last table changed: by line and column, ``r1c4``."""
    book = load_workbook(io.BytesIO(data))
    sheet = book["Định nghĩa"]
    title = next(cell.row for cell in sheet["A"] if str(cell.value).startswith("VII."))
    for name, value in cells.items():
        sheet.cell(title + 1 + int(name[1]), int(name[3])).value = value  # type: ignore[assignment]  # whatever it is
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def codes(error: FormError) -> list[tuple[str, str]]:
    return [(finding.code, finding.cell[:1]) for finding in error.findings]


def test_what_a_spec_declares_is_read_back_from_the_definition_sheet() -> None:
    succession = second().succession

    assert succession is not None
    assert succession.version == "1"
    assert succession.rows[:2] == (Link("05", "05", "0.7"), Link("05", "13", "0.3"))
    assert succession.columns == (Link("2", "2", "1", "0.001"),)
    assert first().succession is None


def test_a_form_that_declares_nothing_continues_every_cell_under_its_own_code() -> None:
    ways = routes(first(), replace(first(), version="2"))

    assert all([route.new for route in found] == [old] for old, found in ways.items())
    assert key("04", 3) in ways


def test_rows_that_no_link_names_go_to_the_same_code_and_splits_carry_their_shares() -> None:
    ways = routes(first(), second())

    assert [(way.new, way.share) for way in ways[key("05", 3)]] == [
        (key("05", 3), Decimal("0.7")),
        (key("13", 3), Decimal("0.3")),
    ]
    assert [(way.new, way.factor) for way in ways[key("12", 2)]] == [(key("14", 2), Decimal("0.001"))]
    assert [way.new for way in ways[key("04", 3)]] == [key("04", 3)]


def test_a_unit_that_changed_without_a_link_is_no_route() -> None:
    ways = routes(first(), second(columns=()))

    assert key("04", 2) not in ways
    assert key("04", 3) in ways


@pytest.mark.parametrize(
    ("text", "expected"), [("0,7", "0.7"), ("70%", "0.7"), (0.7, "0.7"), ("0.70", "0.7"), (None, "1")]
)
def test_shares_are_read_as_people_type_them(text: object, expected: str) -> None:
    data = edited(template(second_spec()), r1c4=text)

    if expected == "1":
        with pytest.raises(FormError) as error:  # 1 and the other part's 0,3 are more than the whole
            compile_template(data)
        assert "1.3" in str(error.value)
        return
    succession = compile_template(data).succession
    assert succession is not None
    assert succession.rows[0].share == expected


def test_codes_that_excel_made_numbers_are_codes_again() -> None:
    succession = compile_template(edited(template(second_spec()), r1c2=5, r1c3=5, r2c2=5)).succession

    assert succession is not None
    assert {link.old for link in succession.rows[:2]} == {"05"}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"r1c4": 0.6}, ("BS384", "D")),
        ({"r1c4": 0}, ("BS321", "D")),
        ({"r1c4": 1.5}, ("BS321", "D")),
        ({"r1c4": "=0.5+0.2"}, ("BS321", "D")),
        ({"r6c5": "-1"}, ("BS321", "E")),
        ({"r1c1": "hàng"}, ("BS321", "A")),
        ({"r1c3": "77"}, ("BS383", "B")),
        ({"r2c3": "05"}, ("BS387", "B")),
        ({"r1c2": "05*"}, ("BS383", "B")),
        ({"r1c2": "năm"}, ("BS321", "B")),
    ],
)
def test_a_wrong_line_is_told_with_its_cell(cells: dict[str, object], expected: tuple[str, str]) -> None:
    with pytest.raises(FormError) as error:
        compile_template(edited(template(second_spec()), **cells))

    assert expected in codes(error.value)


def test_links_without_the_version_before_and_a_later_version_before_are_faults() -> None:
    book = load_workbook(io.BytesIO(template(second_spec())))
    line = next(cell for cell in book["Định nghĩa"]["A"] if cell.value == "Phiên bản trước")
    for value, code in ((None, "BS321"), ("2", "BS388"), ("hai", "BS321")):
        book["Định nghĩa"].cell(line.row, 2).value = value
        stream = io.BytesIO()
        book.save(stream)

        with pytest.raises(FormError) as error:
            compile_template(stream.getvalue())

        assert code in [finding.code for finding in error.value.findings]


def test_a_spec_with_a_wrong_share_is_refused() -> None:
    with pytest.raises(FormError) as error:
        read_spec(second_spec(DECLARED.replace('"0.7"', '"bảy phần"')))

    assert "share" in str(error.value)


def test_the_declared_second_version_continues_the_first() -> None:
    assert findings_against(template(second_spec()), first(), second()) == ()


def test_an_old_row_without_a_place_must_be_spoken_for() -> None:
    links = tuple(link for link in second().succession.rows if link.old != "12")  # type: ignore[union-attr]  # it is declared

    faults = list(faults_against(first(), second(rows=links)))

    assert [(fault.code, "12" in fault.message) for fault in faults] == [("BS386", True)]
    assert not list(faults_against(first(), second(rows=(*links, Link("12", "")))))


def test_an_old_code_that_never_was_is_told_at_its_line() -> None:
    data = template(
        second_spec(DECLARED.replace('old = "12"', 'old = "88"') + '[[succession.rows]]\nold = "12"\nnew = "14"\n')
    )

    findings = findings_against(data, first(), compile_template(data))

    assert [(finding.code, finding.sheet, finding.cell[:1]) for finding in findings] == [("BS383", "Định nghĩa", "B")]
    assert "88" in findings[0].message


@pytest.mark.parametrize(("factor", "wrong"), [("0.001", False), ("1000", True), ("1", True)])
def test_a_factor_must_agree_with_the_catalogue_of_units(factor: str, wrong: bool) -> None:
    faults = list(faults_against(first(), second(columns=(Link("2", "2", "1", factor),))))

    assert [fault.code for fault in faults] == ["BS385"] * wrong
    assert all("0.001" in fault.message and fault.link for fault in faults)


def test_a_changed_unit_without_any_link_is_a_fault() -> None:
    assert "BS385" in [fault.code for fault in faults_against(first(), second(columns=()))]


def test_a_succession_from_another_version_says_nothing_of_this_one() -> None:
    other = replace(second(), version="3", succession=Succession("2"))

    assert list(faults_against(first(), other)) == []
    with pytest.raises(ValueError, match="continues 2"):
        routes(first(), other)
