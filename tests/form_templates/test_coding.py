"""Addresses ↔ codes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from form_templates.coding import Layout, code_formula, decode_formula
from tests.form_templates.specimens import forms, version

SHEET = "KTXH-13.N"
LAYOUT = Layout(
    table="T1",
    sheet=SHEET,
    row_at={9: "01", 10: "02", 11: "02*#29551", 12: "02*#29554", 14: "03"},
    column_at={4: "1", 5: "2", 6: "3"},
    regions={"02*": (11, 13), "03*": (15, 15)},
)
OTHER = Layout("T2", "Biểu phụ", {5: "01", 6: "02"}, {2: "1"}, {})
AT = (SHEET, 9, 4)


def code(text: str, at: tuple[str, int, int] = AT) -> str:
    return code_formula(text, [LAYOUT, OTHER], at)


@pytest.mark.parametrize(
    ("text", "coded"),
    [
        ("=D10+D14", "{02|1}+{03|1}"),
        (" sum( $D$10 , d14 ) ", "SUM({02|1},{03|1})"),
        ("SUM(D11:D13)", "SUM({02*|1})"),
        ("SUM(D15:D15)", "SUM({03*|1})"),
        ("SUM(D10:E14)", "SUM({02:03|1:2})"),
        ("SUM(D14:D10)", "SUM({02:03|1})"),
        ("SUM('KTXH-13.N'!D10,'Biểu phụ'!B6)", "SUM({02|1},{T2!02|1})"),
        ('IFERROR(ROUND(E9/D9*100,2),"-")', 'IFERROR(ROUND({01|2}/{01|1}*100,2),"-")'),
        ('IF(D9="D10 {02|1}",TRUE,1.5e3)', 'IF({01|1}="D10 {02|1}",TRUE,1.5E3)'),
    ],
)
def test_a_reference_becomes_its_codes(text: str, coded: str) -> None:
    assert code(text) == coded


def test_a_member_row_names_itself_with_an_at_sign() -> None:
    assert code("E12/D12+D11+D9", (SHEET, 12, 6)) == "{@|2}/{@|1}+{02*#29551|1}+{01|1}"


@pytest.mark.parametrize("part", ["D11:D12", "D12:D13", "D12", "D10:D13", "D13"])
def test_a_part_of_a_region_is_not_taken_for_the_region(part: str) -> None:
    assert code(f"SUM({part})") != "SUM({02*|1})"


@pytest.mark.parametrize(
    "text",
    [
        "A1",
        "'Trang khác'!D10",
        "[1]KTXH!D10",
        "Sheet1:Sheet3!D10",
        "D:D",
        "10:10",
        "D10:D99",
        "XFE1048577",
        "BS_T1",
        "SUM({02|1},{03|1})",
        "{03|1}",
        "'{02|1}'!A1",
        "SUM(",
        '="abc',
    ],
)
def test_what_is_no_cell_of_a_table_is_never_coded_as_one(text: str) -> None:
    assert "{!" in code(text)


@given(st.text(alphabet="D0129:$!'\"{}()[],;#+-*/^&=<> %@|.ệ😀\n", max_size=40))
def test_coding_never_fails_and_codes_come_from_addresses_alone(text: str) -> None:
    coded = re.sub(r'"(?:[^"]|"")*"', "", code(text))

    assert "{02|1}" not in coded or "D10" in text.replace("$", "")


@pytest.mark.parametrize("form", forms())
def test_every_published_formula_decodes_to_what_codes_back_to_it(form: str) -> None:
    for table in version(form).tables:
        layout = Layout.published(table)
        anchors = layout.row_of | {code: first for code, (first, _) in layout.regions.items()}
        for cell in table.cells:
            at = table.sheet, anchors[cell.key.row], layout.column_of[cell.key.column]
            for formula in filter(None, (cell.formula, cell.aggregate_formula)):
                assert code_formula(decode_formula(formula, [layout], at), [layout], at) == formula


def test_a_formula_decodes_to_where_its_rows_have_moved() -> None:
    decoded = decode_formula('IF({02|1}>0,SUM({02*|1}),"{02|1}")', [LAYOUT, OTHER], AT)

    assert decoded == 'IF(D10>0,SUM(D11:D13),"{02|1}")'


def test_a_formula_that_stands_on_another_sheet_names_the_sheet() -> None:
    at = ("Biểu phụ", 5, 2)

    assert decode_formula("SUM({T1!02*|1},{01|1})", [LAYOUT, OTHER], at) == "SUM('KTXH-13.N'!D11:D13,B5)"


def test_a_code_without_a_place_cannot_be_decoded() -> None:
    with pytest.raises(KeyError):
        decode_formula("{99|1}", [LAYOUT], AT)
