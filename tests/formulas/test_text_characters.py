"""Characters that deceive the eye in Unicode text: found, named, and replaced only where that is safe."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulas.text.characters import Strangeness, character_findings, cleaned, strange_characters
from workbooks.finding import Severity

ODD = "\u00ad\u200b\u200d\ufeff\u202e\u00a0\u202fÐðаеорсухТΟΑ\u0300\u0301\u0302\u0323\u031bıＡ１ﬁ\ufffd\ue000"


@pytest.mark.parametrize(
    ("text", "strangeness", "clean"),
    [
        ("thống\u200b kê", Strangeness.INVISIBLE, "thống kê"),
        ("\ufeffTổng số", Strangeness.INVISIBLE, "Tổng số"),
        ("sta\u00adtis\u00adtics", Strangeness.INVISIBLE, "statistics"),
        ("số\u2060 hộ", Strangeness.INVISIBLE, "số hộ"),
        ("tổng \u202e123\u202c", Strangeness.DIRECTION, "tổng 123"),
        ("1\u00a0234\u202f567", Strangeness.SPACE, "1 234 567"),
        ("Тổng số", Strangeness.LOOKALIKE, "Tổng số"),
        ("hộ nghèо", Strangeness.LOOKALIKE, "hộ nghèo"),
        ("х", Strangeness.LOOKALIKE, "x"),
        ("ΤΗCS", Strangeness.LOOKALIKE, "THCS"),
        ("Ðất đai", Strangeness.LOOKALIKE, "Đất đai"),
        ("HÐND, QÐ-UBND", Strangeness.LOOKALIKE, "HĐND, QĐ-UBND"),
        ("１２ hộ", Strangeness.LOOKALIKE, "12 hộ"),
        ("phúc lợi xã hộI ﬁn", Strangeness.LOOKALIKE, "phúc lợi xã hộI fin"),
        ("tô\u0309ng so\u0301\u0302", Strangeness.MARK, "tô\u0309ng số"),
        ("ti\u0309nh tı\u0309nh", Strangeness.MARK, "ti\u0309nh tỉnh"),
    ],
)
def test_a_strange_character_is_found_and_cleaned(text: str, strangeness: Strangeness, clean: str) -> None:
    found = strange_characters(text)

    assert {item.strangeness for item in found} == {strangeness}
    assert all(text[item.position :].startswith(item.found) for item in found)
    assert cleaned(text) == clean


@pytest.mark.parametrize("text", ["Hộ \uf0b7 nghèo", "s\ufffd", "hoạ\u0301", "t\u0301oan", "\u0301a", "nh\x81n"])
def test_what_only_the_writer_knows_is_found_but_left(text: str) -> None:
    assert strange_characters(text)
    assert cleaned(text) == text


@pytest.mark.parametrize("text", ["Ph\u00adíc", "d\u00ad", "x\u00ad¬ng", "tr\u00adêng"])
def test_a_soft_hyphen_that_was_once_a_letter_is_not_thrown_away(text: str) -> None:
    assert [item.replacement for item in strange_characters(text)] == [None]


@pytest.mark.parametrize(
    "text",
    [
        "Đơn vị tính: triệu đồng", "m²", "25 °C ± 0,5", "μm, kΩ, Δt, π", "4Ø16", "Россия, ТАСС", "Ελλάδα", "maðurinn",
        "“trích” – dẫn…", "dòng một\ndòng hai\tcột", "café naïve Düsseldorf", "tiê\u0301ng Viê\u0323t", "👩\u200d🌾",
    ],
)  # fmt: skip
def test_honest_text_has_no_strange_characters(text: str) -> None:
    assert strange_characters(text) == ()
    assert cleaned(text) == text


def test_a_finding_names_the_characters_and_where_they_stand() -> None:
    findings = list(character_findings("Biểu", "B7", "Тổng\u200b sо\u202e"))

    assert [(item.code, item.severity, item.cell) for item in findings] == [
        ("BS708", Severity.WARNING, "B7"),
        ("BS705", Severity.WARNING, "B7"),
        ("BS706", Severity.ERROR, "B7"),
    ]
    assert "chữ Kirin giống T (U+0422) ở vị trí 1" in findings[0].message
    assert "khoảng trống độ rộng không (U+200B) ở vị trí 5" in findings[1].message
    assert "\u202e" not in findings[2].message


@given(st.text(alphabet=list("abđoôTnhg 12.") + list(ODD), max_size=30))
def test_cleaning_twice_changes_nothing_more_and_leaves_only_what_cannot_be_replaced(text: str) -> None:
    clean = cleaned(text)

    assert cleaned(clean) == clean
    assert all(item.replacement is None for item in strange_characters(clean))


@given(st.text(max_size=80))
def test_what_was_found_stands_where_it_was_said_to_stand(text: str) -> None:
    for item in strange_characters(text):
        assert text[item.position : item.position + len(item.found)] == item.found
        assert item.name


@given(st.text(alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyàáảãạếộƯỬ 0123456789.,;-()", max_size=60))
def test_composed_vietnamese_is_never_strange(text: str) -> None:
    assert strange_characters(unicodedata.normalize("NFC", text)) == ()
