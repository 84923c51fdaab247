"""Units of measure: every spelling is found, conversion is exact, and what cannot be converted is refused."""

import unicodedata
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from form_templates.measures import MeasureError, Measures, UnitOfMeasure, bundled, read_units
from tests.form_templates.specimens import forms, version

UNITS = list(bundled())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Triệu đồng", "TRIEU_DONG"),
        ("  TRIỆU   ĐỒNG ", "TRIEU_DONG"),
        ("tr.đ", "TRIEU_DONG"),
        ("Tr. đồng", "TRIEU_DONG"),
        (unicodedata.normalize("NFD", "Tỷ đồng"), "TY_DONG"),
        ("tỉ đồng", "TY_DONG"),
        ("hécta", "HA"),
        ("Tạ / ha", "TA_HA"),
        ("1.000 m²", "NGHIN_M2"),
        ("nghìn m2", "NGHIN_M2"),
        ("Nghìn USD", "NGHIN_USD"),
        ("phần trăm", "PHAN_TRAM"),
        ("TRIEU_DONG", "TRIEU_DONG"),
    ],
)
def test_a_unit_is_found_however_it_is_written(text: str, code: str) -> None:
    assert bundled().unit(text).code == code


def test_what_is_no_unit_is_not_found() -> None:
    assert [bundled().find(text) for text in ("", "Triệu", "Bao nhiêu", "đồng/")] == [None] * 4


@pytest.mark.parametrize("form", forms())
def test_every_unit_of_the_official_forms_is_in_the_catalogue(form: str) -> None:
    units = {cell.unit for cell in version(form).cell_by_key.values()}

    assert [unit for unit in units if unit and bundled().find(unit) is None] == []


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        ("1234.5", "Triệu đồng", "Tỷ đồng", "1.2345"),
        ("0.1", "Tỷ đồng", "đồng", "100000000"),
        ("7", "Tấn", "Tạ", "70"),
        ("55.25", "Tạ/ha", "Tấn/ha", "5.525"),
        ("12.5", "Ha", "m2", "125000"),
        ("3", "Nghìn con", "Con", "3000"),
        ("-0.00001", "Tấn", "Gam", "-10"),
        ("12.5", "%", "‰", "125"),
        ("0", "Ha", "km2", "0"),
    ],
)
def test_a_value_is_converted_exactly(value: str, source: str, target: str, result: str) -> None:
    assert bundled().convert(Decimal(value), source, target) == Decimal(result)


@pytest.mark.parametrize(
    ("source", "target", "what"),
    [
        ("Tỷ đồng", "Người", "khác đại lượng"),
        ("Tấn", "Tạ/ha", "khác đại lượng"),
        ("Triệu đồng", "Triệu USD", "khác đại lượng"),
        ("Tấn", "Thùng phuy", "Thùng phuy"),
        ("Tháng", "Năm", "vô hạn"),
    ],
)
def test_what_cannot_be_converted_is_refused_with_its_reason(source: str, target: str, what: str) -> None:
    with pytest.raises(MeasureError, match=what):
        bundled().convert(Decimal(1), source, target)


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**15), max_value=10**15),
    st.sampled_from(UNITS),
    st.data(),
)
def test_conversion_there_and_back_loses_nothing(value: Decimal, unit: UnitOfMeasure, data: st.DataObject) -> None:
    # A month is no exact part of a year; all other units are ten times something.
    alike = [other for other in UNITS if other.dimension == unit.dimension and other.code != "NAM"]
    if unit.code == "NAM":
        return
    other = data.draw(st.sampled_from(alike))

    with localcontext(prec=5):  # what the caller rounds to elsewhere is no matter here
        there = bundled().convert(value, unit.name, other.name)
        back = bundled().convert(there, other.name, unit.name)

    assert back == value


def test_units_of_one_dimension_add_only_in_the_same_size() -> None:
    unit = bundled().unit

    assert unit("Học sinh").adds_to(unit("Người"))
    assert not unit("Con").adds_to(unit("Nghìn con"))
    assert not unit("Tỷ đồng").adds_to(unit("Người"))


def test_a_unit_knows_whether_it_counts_pays_or_compares() -> None:
    kinds = {name: bundled().unit(name) for name in ("Hồ sơ", "Nghìn con", "Tỷ đồng", "%", "Ha")}

    assert [name for name, unit in kinds.items() if unit.is_counted] == ["Hồ sơ"]
    assert [name for name, unit in kinds.items() if unit.is_money] == ["Tỷ đồng"]
    assert [name for name, unit in kinds.items() if unit.is_ratio] == ["%"]


HEADING = "code,name,dimension,factor,synonyms\n"


def test_other_rows_make_another_catalogue() -> None:
    measures = Measures(read_units(HEADING + "GIA,Giạ,thể tích: giạ,1,giạ lúa\nCHUC,Chục giạ,thể tích: giạ,10,\n"))

    assert measures.convert(Decimal("2.5"), "chục giạ", "GIẠ LÚA") == 25
    assert measures.find("Tấn") is None


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ("GIA,Giạ,thể tích,0,\n", "Hệ số"),
        ("GIA,Giạ,thể tích,-1,\n", "Hệ số"),
        ("GIA,Giạ,thể tích,NaN,\n", "Hệ số"),
        ("GIA,Giạ,thể tích,1e999999,\n", "Hệ số"),
        ("GIA,Giạ,thể tích,\n", "Hệ số"),
        ("GIA,,thể tích,1,\n", "phải có mã"),
        ("GIA,Giạ,,1,\n", "phải có mã"),
        ("GIA,Giạ,thể tích,1,thúng\nTHUNG,Thúng,thể tích,2,\n", "GIA và THUNG"),
        ("GIA,Giạ,thể tích,1,\nGIA,Giạ to,thể tích,2,\n", "GIA và GIA"),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused(rows: str, what: str) -> None:
    with pytest.raises(MeasureError, match=what):
        Measures(read_units(HEADING + rows))
