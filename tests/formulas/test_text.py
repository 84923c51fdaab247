import csv
import io
import tomllib
from functools import lru_cache
from importlib.resources import files

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from formulas.text import Certainty, Encoding, detect, detection, scanning
from formulas.text.encodings import LEGACY, decode, encode, encoding_of_font
from formulas.text.phonology import valid_syllables
from formulas.text.scanning import check_sheet_text, check_text
from workbooks.finding import Finding, Severity
from workbooks.workbook import open_workbook

COMMITTEE = "Uỷ ban nhân dân tỉnh Bình Phước"
UNIT_LINE = "Đơn vị tính: triệu đồng"


def official_texts() -> list[str]:
    """Titles, headers and labels of the official forms."""
    texts = []
    for entry in (files("form_templates") / "official").iterdir():
        if entry.name.endswith(".toml"):
            form = tomllib.loads(entry.read_text(encoding="utf-8"))
            texts += [form[name] for name in ("title", "decision", "sender", "receiver", "deadline", "basis")]
            texts += [column["header"] for column in form["columns"]]
            texts += [row["label"] for row in form["rows"]]
            texts += [rule["message"] for rule in form.get("rules", [])]
    return sorted(set(texts))


def words_changed(text: str, encoding: Encoding) -> int:
    return sum(word != encode(word, encoding) for word in text.split())


@pytest.mark.parametrize(
    ("shown", "encoding", "reading"),
    [
        ("Uû ban nh©n d©n tØnh B×nh Ph\u00adíc", Encoding.TCVN3, COMMITTEE),
        ("Uyû ban nhaân daân tænh Bình Phöôùc", Encoding.VNI, COMMITTEE),
        ("U› ban nhân dân tÌnh Bình PhÜ§c", Encoding.VPS, COMMITTEE),
        ("UÖ ban nhân dân tïnh Bình Phß¾c", Encoding.VISCII, COMMITTEE),
        ("UyÒ ban nhân dân tiÒnh BiÌnh Phýõìc", Encoding.CP1258, COMMITTEE),
        ("§¬n vÞ tÝnh: triÖu ®ång", Encoding.TCVN3, UNIT_LINE),
        ("Ñôn vò tính: trieäu ñoàng", Encoding.VNI, UNIT_LINE),
        ("Xin chaøo caùc baïn", Encoding.VNI, "Xin chào các bạn"),
        ("Nguyeãn Thò Ngoïc AÙnh", Encoding.VNI, "Nguyễn Thị Ngọc Ánh"),
        ("§Êt ®ai", Encoding.TCVN3, "Đất đai"),
        ("TæNG Sè Hé", Encoding.TCVN3, "TỔNG SỐ HỘ"),
    ],
)
def test_known_specimens_are_recognised_for_certain(shown: str, encoding: Encoding, reading: str) -> None:
    found = detect(shown)

    assert found is not None
    assert (found.encoding, found.reading, found.certainty) == (encoding, reading, Certainty.CERTAIN)


@pytest.mark.parametrize(("shown", "encoding"), [("Trµ Vinh", Encoding.TCVN3), ("Traø Vinh", Encoding.VNI)])
def test_a_short_name_is_recognised_at_least_with_doubt(shown: str, encoding: Encoding) -> None:
    found = detect(shown)

    assert found is not None
    assert (found.encoding, found.reading) == (encoding, "Trà Vinh")


@pytest.mark.parametrize("encoding", LEGACY)
def test_official_texts_are_recognised_in_every_encoding(encoding: Encoding) -> None:
    texts = [text for text in official_texts() if words_changed(text, encoding) >= 3]

    missed = [
        (text, found)
        for text in texts
        if (found := detect(encode(text, encoding))) is None
        or found.encoding is not encoding
        or found.reading.casefold() != text.casefold()
    ]

    assert texts
    assert missed == []


@pytest.mark.parametrize("encoding", LEGACY)
def test_most_official_texts_are_recognised_for_certain(encoding: Encoding) -> None:
    texts = [text for text in official_texts() if words_changed(text, encoding) >= 3]

    certain = [
        text for text in texts if (found := detect(encode(text, encoding))) and found.certainty is Certainty.CERTAIN
    ]

    assert len(certain) >= 0.95 * len(texts)


@pytest.mark.parametrize("font", ["", "Times New Roman"])
def test_official_texts_in_unicode_are_never_called_legacy(font: str) -> None:
    assert [text for text in official_texts() if detect(text, font)] == []


@pytest.mark.parametrize("font", [".VnTime", "VNI-Times", "VPS Times", "VI Times"])
def test_official_texts_retyped_in_a_legacy_font_are_never_called_legacy_for_certain(font: str) -> None:
    found = [detect(text, font) for text in official_texts()]

    assert [item for item in found if item is not None and item.certainty is Certainty.CERTAIN] == []
    assert sum(item is not None for item in found) <= 0.01 * len(found)


@lru_cache
def unit_names() -> frozenset[str]:
    """Names of provinces, districts and communes, then and now, and every word of them."""
    table = (files("server") / "catalogues" / "units_succession_2025.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(table))
    names = {value for row in rows for column, value in row.items() if not column.endswith(("code", "extent"))}
    return frozenset(names | {word for name in names for word in name.split()})


def test_names_of_units_are_never_called_legacy() -> None:
    assert [name for name in unit_names() if detect(name)] == []


@pytest.mark.parametrize("encoding", LEGACY)
def test_names_of_units_beside_legacy_text_are_never_called_legacy_for_certain(encoding: Encoding) -> None:
    found = (detect(name, expected=encoding) for name in unit_names())

    assert [item for item in found if item is not None and item.certainty is Certainty.CERTAIN] == []


@pytest.mark.parametrize("encoding", [Encoding.TCVN3, Encoding.VNI])
def test_a_word_of_one_letter_is_read_with_its_neighbours(encoding: Encoding) -> None:
    found = detect(encode("Đất đai và nhà ở", encoding))

    assert found is not None
    assert found.reading == "Đất đai và nhà ở"


def test_a_symbol_beside_legacy_text_stays_a_symbol() -> None:
    found = detect("Ø 20 vµ nhµ ë")

    assert found is not None
    assert found.reading == "Ø 20 và nhà ở"


@pytest.mark.parametrize("encoding", LEGACY)
def test_what_was_read_is_not_read_again(encoding: Encoding) -> None:
    readings = [found.reading for text in official_texts() if (found := detect(encode(text, encoding)))]

    assert readings
    assert [reading for reading in readings if detect(reading)] == []


@pytest.mark.parametrize(
    "text",
    [
        "m²", "km²", "25 m² × 3", "Ø 20", "Ø20 ± 0,5", "°C", "±5", "µg", "µm", "©", "®", "© 2020 ABC", "Windows®",
        "Nº 5", "café", "Où est le café", "où", "Français", "à la carte", "Noël", "déjà vu", "château",
        "Saint-Étienne", "naïve", "Citroën", "Müller", "Größe", "Straße", "für", "über alles", "Köln", "São Paulo",
        "Señor", "crème brûlée", "Ångström", "«mot»", "“trích dẫn”", "5 – 10", "…", "1.234,5 €", "½",
    ],
)  # fmt: skip
def test_other_languages_and_units_of_measure_survive(text: str) -> None:
    assert detect(text) is None


@pytest.mark.parametrize("text", ["Nghìn", "tính", "Bình", "Trà Vinh", "nhân dân", "Hà Nam", "sông", "né", "sè", "ngò"])
def test_unicode_words_without_a_letter_of_their_own_are_left_alone(text: str) -> None:
    assert detect(text) is None


@pytest.mark.parametrize("text", ["", "TONG SO", "Uy? ban nha^n da^n", "Tong so ho: 1.234", "=SUM(A1:A3)"])
def test_plain_ascii_is_never_legacy(text: str) -> None:
    assert detect(text, ".VnTime") is None


@given(st.text(max_size=60), st.sampled_from("ăĂđĐơƠưƯạẾỷỸ"), st.text(max_size=60), st.sampled_from(["", ".VnTime"]))
def test_one_letter_that_only_unicode_has_decides(before: str, letter: str, after: str, font: str) -> None:
    found = detect(before + letter + after, font)

    assert found is None or found.encoding is Encoding.COMBINING or found.certainty is Certainty.DOUBTFUL


@given(st.text(max_size=200), st.sampled_from(["", ".VnTimeH", "VNI-Times", "VPS", "VI Arial", "\x00"]))
def test_no_text_makes_the_detection_fail(text: str, font: str) -> None:
    found = detect(text, font)

    assert found is None or found.reading


@given(st.text(alphabet=[chr(code) for code in range(0x80, 0x180)] + list("abcnhgitoueđ "), max_size=40))
def test_no_legacy_soup_makes_the_detection_fail(text: str) -> None:
    for encoding in LEGACY:
        assert decode(text, encoding) is not None
    detect(text)


def test_separate_marks_are_told_apart_from_legacy_text() -> None:
    found = detect(encode(COMMITTEE, Encoding.COMBINING))

    assert found is not None
    assert (found.encoding, found.reading) == (Encoding.COMBINING, COMMITTEE)


@pytest.mark.parametrize(
    ("font", "encoding"),
    [
        (".VnTime", Encoding.TCVN3),
        (".VnArialH", Encoding.TCVN3),
        ("VNI-Helve", Encoding.VNI),
        ("VPS Times", Encoding.VPS),
        ("VI Times", Encoding.VISCII),
        ("Times New Roman", None),
        ("Viner Hand ITC", None),
        ("Vivaldi", None),
    ],
)
def test_fonts_tell_their_encoding(font: str, encoding: Encoding | None) -> None:
    assert encoding_of_font(font) is encoding


def test_a_font_makes_a_short_word_certain() -> None:
    assert detect("sè") is None

    found = detect("sè", ".VnTime")

    assert found is not None
    assert (found.reading, found.certainty) == ("số", Certainty.CERTAIN)


def test_a_capitals_font_gives_the_capitals_back() -> None:
    found = detect("tæng sè", ".VnTimeH")

    assert found is not None
    assert found.reading == "TỔNG SỐ"


@pytest.mark.parametrize("text", ["Nghìn", "Tổng số", "Trà Vinh", "Hà Nam"])
def test_unicode_retyped_in_a_legacy_font_is_left_alone(text: str) -> None:
    assert detect(text, ".VnTime") is None


@pytest.mark.parametrize(
    "syllable", ["nghiêng", "quốc", "giếng", "gì", "khuya", "hòa", "hoà", "thủy", "thuỷ", "yếu", "ươm", "oằn", "quýt"]
)
def test_the_spelling_rules_know_the_syllable(syllable: str) -> None:
    assert syllable in valid_syllables()


@pytest.mark.parametrize("word", ["ngièng", "cê", "kang", "tàc", "ghà", "fủr", "thộte", "quuýt", "z", ""])
def test_the_spelling_rules_refuse_the_word(word: str) -> None:
    assert word not in valid_syllables()


# -- in a workbook -----------------------------------------------------------------------------------------------------


def findings_in(book: openpyxl.Workbook) -> list[Finding]:
    stream = io.BytesIO()
    book.save(stream)
    return list(check_text(open_workbook(stream.getvalue())))


def a_book(cells: dict[str, object], font: str = "Times New Roman") -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    for place, value in cells.items():
        book.active[place] = value
        book.active[place].font = Font(name=font)
    return book


def test_certain_legacy_text_is_an_error_at_its_cell_with_its_reading() -> None:
    found = findings_in(a_book({"B7": "§Êt ®ai", "B8": "Đất đai"}))

    assert [(finding.code, finding.severity, finding.cell) for finding in found] == [("BS701", Severity.ERROR, "B7")]
    assert "“§Êt ®ai”" in found[0].message
    assert "“Đất đai”" in found[0].message
    assert "TCVN3" in found[0].message


def test_doubtful_legacy_text_is_a_warning() -> None:
    found = findings_in(a_book({"B7": "Traø Vinh"}))

    assert [(finding.code, finding.severity) for finding in found] == [("BS702", Severity.WARNING)]
    assert "có thể là “Trà Vinh”" in found[0].message


def test_neighbours_make_a_doubtful_cell_certain() -> None:
    found = findings_in(a_book({"B7": "Traø Vinh", "B8": "Nguyeãn Thò Ngoïc AÙnh"}))

    assert [finding.code for finding in found] == ["BS701", "BS701"]


def test_separate_marks_are_a_warning() -> None:
    assert [finding.code for finding in findings_in(a_book({"A1": encode("Tổng số", Encoding.COMBINING)}))] == ["BS703"]


def test_characters_that_nobody_can_read_are_a_warning() -> None:
    assert [finding.code for finding in findings_in(a_book({"A1": "Hộ \uf0b7 nghèo"}))] == ["BS704"]


def test_each_run_is_read_by_its_own_font() -> None:
    text = CellRichText(
        TextBlock(InlineFont(rFont="Times New Roman"), "Tổng số: "), TextBlock(InlineFont(rFont=".VnTime"), "sè hé")
    )

    found = findings_in(a_book({"A1": text}))

    assert [(finding.code, finding.cell) for finding in found] == [("BS701", "A1")]
    assert "“số hộ”" in found[0].message


def test_the_font_of_the_cell_counts() -> None:
    assert [finding.code for finding in findings_in(a_book({"A1": "sè"}, font=".VnTime"))] == ["BS701"]


def test_a_sheet_name_is_read_too() -> None:
    book = a_book({})
    book.active.title = "BiÓu tæng hîp"

    found = findings_in(book)

    assert [(finding.code, finding.sheet, finding.cell) for finding in found] == [("BS701", "BiÓu tæng hîp", "")]


def test_only_so_many_different_texts_of_all_sheets_together_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    book = a_book({f"A{row}": f"Céng hoµ x· héi {row % 3}" for row in range(1, 10)})
    book.create_sheet("Thêm")["A1"] = "Céng hoµ x· héi chñ nghÜa"
    monkeypatch.setattr(scanning, "MOST_TEXTS", 3)

    *found, too_many = findings_in(book)

    assert [finding.cell for finding in found] == [f"A{row}" for row in range(1, 10)]
    assert (too_many.code, too_many.severity) == ("BS710", Severity.ERROR)


def test_readings_of_long_texts_are_not_kept() -> None:
    before = detection._detect.cache_info().currsize

    assert detect("Céng hoµ x· héi chñ nghÜa " * 100) is not None
    assert detection._detect.cache_info().currsize == before


def test_the_sheets_of_the_service_are_not_read() -> None:
    book = a_book({})
    for name in ("_bieuso", "Định nghĩa"):
        hidden = book.create_sheet(name)
        hidden.sheet_state = "veryHidden"
        hidden["A1"] = "§Êt ®ai"

    assert findings_in(book) == []


def test_a_sheet_that_only_borrows_the_name_of_ours_is_read() -> None:
    book = a_book({})
    book.create_sheet("Định nghĩa")["A1"] = "§Êt ®ai"

    assert [finding.code for finding in findings_in(book)] == ["BS701"]


def test_numbers_and_plain_text_cost_nothing() -> None:
    stream = io.BytesIO()
    a_book({f"A{row}": row for row in range(1, 50)}).save(stream)
    workbook = open_workbook(stream.getvalue())

    assert list(check_sheet_text(workbook, workbook.sheets[0].name)) == []
