from decimal import Decimal

import openpyxl
import pytest

from formulas.checking import check
from formulas.freezing import freeze
from formulas.numerals import readings
from formulas.units import is_counted, is_money, is_ratio, is_share
from formulas.values import disguises
from formulas.wording import excerpt, in_words, number_text, value_text
from tests.formulas.specimens import (
    CROPS,
    LIVESTOCK,
    POVERTY,
    PROCEDURES,
    a_filled_form,
    a_version,
    an_issued_form,
    findings_of,
    only,
    place,
    report_on,
)
from tests.formulas.test_checking import resaved
from workbooks.finding import Severity
from workbooks.patch import Constant, Formula
from workbooks.sheet import CellError


def test_a_number_typed_as_text_is_an_error_and_asked_back() -> None:
    report = report_on(CROPS, {("04", "3"): "1.234,5"})

    finding = only(report, "BS601")

    assert finding.cell == place(CROPS, "04", "3")
    assert "“1.234,5”" in finding.message
    assert "một nghìn hai trăm ba mươi tư phẩy năm" in finding.message
    assert "hỏi người đã nhập" in finding.remedy
    assert not report.ok


def test_an_ambiguous_number_is_asked_never_guessed() -> None:
    finding = only(report_on(CROPS, {("04", "3"): "1.234"}), "BS602")

    assert finding.cell == place(CROPS, "04", "3")
    assert "một nghìn hai trăm ba mươi tư hay một phẩy hai ba bốn" in finding.message


def test_text_where_a_number_belongs_is_an_error() -> None:
    finding = only(report_on(CROPS, {("04", "3"): "khoảng 100 ha"}), "BS603")

    assert "“khoảng 100 ha”" in finding.message


def test_a_faulty_input_is_told_once_and_not_at_every_relation_over_it() -> None:
    report = report_on(CROPS, {("04", "3"): "chưa có"})

    assert [finding.code for finding in report.findings] == ["BS603"]


@pytest.mark.parametrize("symbol", ["-", "–", "…", "..."])
def test_the_symbols_for_nothing_and_for_no_data_are_values(symbol: str) -> None:
    report = report_on(LIVESTOCK, {("01", "1"): symbol})

    assert report.findings == ()


def test_a_cross_in_a_cell_that_applies_is_asked() -> None:
    finding = only(report_on(LIVESTOCK, {("01", "1"): "x"}), "BS610")

    assert finding.cell == place(LIVESTOCK, "01", "1")


def test_a_number_in_a_hatched_cell_is_an_error() -> None:
    finding = only(report_on(CROPS, {("01", "5"): Constant(55.0)}), "BS609")

    assert finding.cell == place(CROPS, "01", "5")
    assert "55" in finding.message


def test_an_error_value_in_an_input_cell_is_told() -> None:
    finding = only(report_on(CROPS, {("04", "3"): CellError.NA}), "BS604")

    assert "#N/A" in finding.message


def test_a_truth_value_is_no_number() -> None:
    assert "TRUE" in only(report_on(CROPS, {("04", "3"): True}), "BS612").message


def test_more_decimals_than_the_unit_has_are_told() -> None:
    finding = only(report_on(CROPS, {("04", "3"): 100.123}), "BS605")

    assert "100,123" in finding.message
    assert "1 chữ số" in finding.message


def test_noise_of_binary_fractions_is_not_a_decimal() -> None:
    assert findings_of(report_on(CROPS, {("04", "3"): 99.89999999999999 + 1e-14}), "BS605") == []


def test_half_an_animal_is_told() -> None:
    finding = only(report_on(LIVESTOCK, {("01", "2"): 210.5}), "BS606")

    assert "210,5" in finding.message
    assert "Con" in finding.message


def test_a_negative_count_is_an_error() -> None:
    assert only(report_on(LIVESTOCK, {("01", "2"): -5.0}), "BS607").cell == place(LIVESTOCK, "01", "2")


def test_a_number_that_cannot_be_kept_exactly_is_told() -> None:
    assert only(report_on(LIVESTOCK, {("01", "2"): 1e15}), "BS611")


def test_blank_cells_are_listed_once() -> None:
    report = report_on(CROPS, {("04", "2"): None, ("05", "2"): None})

    finding = only(report, "BS613")

    assert "còn 2 ô" in finding.message
    assert finding.cell == place(CROPS, "04", "2")
    assert report.ok


def test_a_blank_cell_is_not_zero_and_zero_is_not_blank() -> None:
    assert findings_of(report_on(LIVESTOCK, {("01", "1"): 0.0}), "BS613") == []


def test_a_carried_cell_may_be_blank() -> None:
    assert findings_of(check(an_issued_form(PROCEDURES), a_version(PROCEDURES)), "BS613") == []


@pytest.mark.parametrize(("number_format", "code"), [("dd/mm/yyyy", "BS614"), ("mmm-yy", "BS614"), ("0%", "BS615")])
def test_what_excel_makes_of_a_typed_date_or_percentage_is_told(number_format: str, code: str) -> None:
    sheet, cell = a_version(CROPS).tables[0].sheet, place(CROPS, "04", "3")

    def reformat(book: openpyxl.Workbook) -> None:
        book[sheet][cell].number_format = number_format

    report = check(resaved(a_filled_form(CROPS), reformat), a_version(CROPS))

    assert only(report, code).cell == cell


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1.234", ["1234", "1.234"]),
        ("1,234", ["1.234", "1234"]),
        ("1.234,5", ["1234.5"]),
        ("1,234.5", ["1234.5"]),
        ("1.234.567", ["1234567"]),
        ("12,5", ["12.5"]),
        ("0.5", ["0.5"]),
        ("12", ["12"]),
        ("1 234,5", ["1234.5"]),
        ("1\u00a0234", ["1234"]),
        ("(1.234,5)", ["-1234.5"]),
        ("−5", ["-5"]),
        ("’100", ["100"]),
        ("12 ha", ["12"]),
        ("35con", ["35"]),
        ("1,234,567", ["1234567"]),
        ("(1.234)", ["-1234", "-1.234"]),
        ("1\u202f234,5", ["1234.5"]),
        ("１２３", ["123"]),
        ("１．２３４", ["1234", "1.234"]),
        ("0.123", ["0.123"]),
        ("0,123", ["0.123"]),
        ("12.5%", ["12.5", "0.125"]),
        ("12 tháng", []),
        ("khoảng 100 ha", []),
        ("1/2", []),
        ("1.23.4", []),
        ("", []),
        ("1" * 500, []),
    ],
)
def test_every_reading_of_a_typed_number_is_given(text: str, values: list[str]) -> None:
    assert list(readings(text)) == [Decimal(value) for value in values]


@pytest.mark.parametrize(
    ("text", "unit", "values"),
    [
        ("12.5%", "%", ["12.5"]),
        ("1.234 tr", "Triệu đồng", ["1234", "1.234"]),
        ("1.234 tr", "Đồng", ["1234000000", "1234000"]),
        ("1,5 tỷ", "Triệu đồng", ["1500"]),
        ("2.500 nghìn đồng", "Triệu đồng", ["2.5", "0.0025"]),
        ("100 triệu đồng", "Triệu đồng", ["100"]),
        ("12 sào", "Sào", ["12"]),
    ],
)
def test_a_unit_behind_the_number_is_understood(text: str, unit: str, values: list[str]) -> None:
    assert list(readings(text, unit)) == [Decimal(value) for value in values]


@pytest.mark.parametrize("text", ["1.234", "1,234", "(1.234)", "1.234 ha", "１．２３４", "12.5%"])
def test_every_ambiguous_number_is_asked_with_both_readings(text: str) -> None:
    finding = only(report_on(CROPS, {("04", "3"): text}), "BS602")

    assert finding.cell == place(CROPS, "04", "3")
    assert " hay " in finding.message


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0", "không"),
        ("15", "mười lăm"),
        ("21", "hai mươi mốt"),
        ("24", "hai mươi tư"),
        ("105", "một trăm linh năm"),
        ("1001", "một nghìn không trăm linh một"),
        ("2005015", "hai triệu không trăm linh năm nghìn không trăm mười lăm"),
        ("-1.5", "âm một phẩy năm"),
        ("1000000000", "một tỷ"),
    ],
)
def test_numbers_are_spoken_as_people_speak_them(value: str, words: str) -> None:
    assert in_words(Decimal(value)) == words


def test_numbers_are_shown_as_vietnamese_forms_print_them() -> None:
    assert number_text(1234567.85, 1) == "1.234.567,9"
    assert number_text(1234567.85) == "1.234.567,85"
    assert number_text(0.1 + 0.2) == "0,3"
    assert number_text(-1000.0, 0) == "-1.000"
    assert value_text(None) == "(trống)"
    assert value_text(CellError.DIV0) == "#DIV/0!"


def test_long_and_broken_texts_are_cut_for_messages() -> None:
    assert excerpt("a\nb\x07c") == "a b c"
    assert len(excerpt("dài " * 1000)) == 80


@pytest.mark.parametrize(
    ("header", "label", "share"),
    [
        ("Tỷ lệ (%)", "Hộ nghèo", True),
        ("Cơ cấu (%)", "", True),
        ("Thực hiện năm trước", "Tỷ lệ dân số tham gia bảo hiểm y tế", True),
        ("So với cùng kỳ (%)", "Tỷ lệ dân số tham gia bảo hiểm y tế", False),
        ("Tỷ lệ giải ngân so KH Thủ tướng giao (%)", "", False),
        ("Tốc độ phát triển (%)", "", False),
        ("Thực hiện", "Tỷ lệ tăng dân số tự nhiên", False),
        ("Thực hiện", "Số hộ", False),
    ],
)
def test_a_share_is_told_from_growth_by_the_words_around_it(header: str, label: str, share: bool) -> None:
    assert is_share("%", header, label) is share
    assert not is_share("Người", header, label)


def test_shares_above_the_whole_are_told_once_for_each_column() -> None:
    more = {(f"02*#{code}", "2"): 3000.0 for code in ("29551", "29554")}

    start, end = findings_of(report_on(POVERTY, more), "BS504")

    assert (start.cell, end.cell) == (place(POVERTY, "02", "3"), place(POVERTY, "02", "8"))
    assert place(POVERTY, "02*#29554", "3") in start.message
    assert start.severity is Severity.WARNING


def test_growth_above_a_hundred_per_cent_is_no_fault() -> None:
    assert findings_of(report_on(LIVESTOCK, {("01", "2"): 900.0}), "BS504") == []


def test_units_say_what_their_numbers_are() -> None:
    assert is_money("Triệu đồng")
    assert is_money("Nghìn USD")
    assert is_counted("Hồ sơ")
    assert is_counted("Người")
    assert is_ratio("điểm %")
    assert not is_counted("Nghìn con")
    assert not is_money("Tấn")


def test_a_typed_sum_is_judged_by_its_result() -> None:
    report = report_on(LIVESTOCK, {("01", "2"): Formula("100+110.5", None)})

    assert "210,5" in only(report, "BS606").message


def reformatted(row: str, number_format: str) -> bytes:
    """A well-filled form whose cell in column 3 of a row shows its number in this format."""
    sheet, cell = a_version(CROPS).tables[0].sheet, place(CROPS, row, "3")

    def reformat(book: openpyxl.Workbook) -> None:
        book[sheet][cell].number_format = number_format

    return resaved(a_filled_form(CROPS), reformat)


@pytest.mark.parametrize(
    "number_format",
    [";;;", '"5"', '#,##0"0"', "#,##0,", "0.0,,", '"x"', "0;;", r"\1#,##0", "#,##0;[Red]", "[>100]0;[>50]", "10#"],
)
def test_a_format_that_shows_another_number_is_an_error(number_format: str) -> None:
    finding = only(check(reformatted("04", number_format), a_version(CROPS)), "BS616")

    assert finding.cell == place(CROPS, "04", "3")


def test_a_format_over_a_total_is_looked_at_too() -> None:
    shown = freeze(reformatted("01", ";;;"), a_version(CROPS))  # openpyxl leaves formulas without results

    finding = only(check(shown, a_version(CROPS)), "BS616")

    assert finding.cell == place(CROPS, "01", "3")


@pytest.mark.parametrize(
    "number_format",
    [
        *("General", "0", "@", "#,##0.0", "# ##0", "[Red]#,##0", "[$-42A]#,##0.0", "0.00E+00", '#,##0 "đồng"'),
        *("#,##0.00_);(#,##0.00)", '_-* #,##0_-;-* #,##0_-;_-* "-"??_-;_-@_-'),
    ],
)
def test_ordinary_formats_disguise_nothing(number_format: str) -> None:
    assert not disguises(number_format)
