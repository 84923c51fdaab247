"""What docs/text-encodings.md promises: found and restored so often, Unicode never altered, each letter exact."""

import importlib.util
import sys
import unicodedata
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulas.text import Certainty, Encoding, detect
from formulas.text.encodings import LEGACY, decode, encode
from formulas.text.phonology import valid_syllables

ROOT = Path(__file__).parents[2]
TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
SMALL = [unicodedata.normalize("NFC", vowel + tone) for vowel in "aăâeêioôơuưy" for tone in TONES] + ["đ"]
LETTERS = [*SMALL, *map(str.upper, SMALL)]
FONTS = {Encoding.TCVN3: ".VnTime", Encoding.VNI: "VNI-Times", Encoding.VPS: "VPS Times", Encoding.VISCII: "VI Times"}


@cache
def benchmark() -> ModuleType:
    """The script that made the tables."""
    spec = importlib.util.spec_from_file_location("text_detection", ROOT / "benchmarks" / "text_detection.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["text_detection"] = module
    spec.loader.exec_module(module)
    return module


@cache
def specimens() -> list[str]:
    return list(benchmark().specimens())


def documented() -> list[str]:
    return (ROOT / "docs" / "text-encodings.md").read_text(encoding="utf-8").splitlines()


def converted(text: str, font: str = "", expected: Encoding | None = None) -> str:
    """What repair would write."""
    found = detect(text, font, expected=expected)
    return found.reading if found is not None and found.certainty is Certainty.CERTAIN else text


@pytest.mark.parametrize("words", [1, 3, 8])
@pytest.mark.parametrize("encoding", [Encoding.TCVN3, Encoding.VNI])
def test_the_documented_shares_are_those_that_are_measured(encoding: Encoding, words: int) -> None:
    assert benchmark().row(specimens(), words, encoding) in documented()


def test_the_documented_headings_are_those_that_are_measured() -> None:
    _, count, share, _ = benchmark().headings(specimens()).split("|")
    line = next(line for line in documented() if ".VnTimeH`, 3 từ" in line)

    assert f"{share.strip()} %" in line
    assert f"{int(count):,}".replace(",", ".") in line


@pytest.mark.parametrize("words", [3, 5, 8, 15])
@pytest.mark.parametrize("encoding", [Encoding.TCVN3, Encoding.VNI])
def test_three_words_in_their_font_are_found_and_restored(encoding: Encoding, words: int) -> None:
    texts = benchmark().pieces(specimens(), words, 1000)
    shown = {text: encode(text, encoding) for text in texts}

    right = [
        text
        for text, legacy in shown.items()
        if legacy == text
        or ((found := detect(legacy, FONTS[encoding])) and found.reading in (text, decode(legacy, encoding)))
    ]

    assert len(right) >= 0.998 * len(texts)


def test_no_unicode_text_is_altered_whatever_font_or_column_says() -> None:
    evidences = [("", None), *((font, None) for font in FONTS.values()), *(("", encoding) for encoding in LEGACY)]
    texts = {part for words in (1, 2, 4) for part in benchmark().pieces(specimens(), words)} | set(specimens())

    altered = [(text, font, one) for text in texts for font, one in evidences if converted(text, font, one) != text]

    assert len(texts) > 7000
    assert altered == []


def test_without_evidence_unicode_text_is_not_even_asked_about() -> None:
    texts = {part for words in (1, 2, 4) for part in benchmark().pieces(specimens(), words)} | valid_syllables()

    assert [text for text in texts if detect(text)] == []


@given(
    st.text(max_size=40),
    st.sampled_from("ăĂđĐơƠưƯạẠếẾỷỸ"),
    st.text(max_size=40),
    st.sampled_from([*FONTS.values(), ""]),
)
def test_one_letter_that_only_unicode_has_keeps_the_text_from_being_converted(
    before: str, letter: str, after: str, font: str
) -> None:
    text = before + letter + after

    assert unicodedata.normalize("NFC", converted(text, font)) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("encoding", [*LEGACY, Encoding.COMBINING])
def test_converting_twice_is_converting_once(encoding: Encoding) -> None:
    font = FONTS.get(encoding, "")
    texts = [encode(part, encoding) for words in (1, 3, 8) for part in benchmark().pieces(specimens(), words, 300)]

    once = [converted(text, font, encoding) for text in texts]

    assert sum(map(str.__ne__, once, texts)) > 0.5 * len(texts)
    assert [text for text in once if converted(text, font, encoding) != text] == []


@given(st.text(alphabet=[chr(code) for code in range(0x80, 0x180)] + list("abcnhgitoueđ "), max_size=40))
def test_converting_soup_twice_is_converting_it_once(text: str) -> None:
    once = converted(text)

    assert converted(once) == once


@pytest.mark.parametrize("encoding", [*LEGACY, Encoding.COMBINING])
def test_every_letter_comes_back(encoding: Encoding) -> None:
    lost = [letter for letter in LETTERS if decode(encode(letter, encoding), encoding) != letter]

    # TCVN3 has codes for seven accented capitals only; VPS lacks fourteen, VISCII as Windows shows it seven.
    assert len(lost) == {Encoding.TCVN3: 60, Encoding.VPS: 14, Encoding.VISCII: 7}.get(encoding, 0)
    assert all(decode(encode(letter, encoding), encoding) == letter.lower() for letter in lost)


@pytest.mark.parametrize("encoding", LEGACY)
def test_readings_are_composed(encoding: Encoding) -> None:
    readings = [found.reading for text in specimens() if (found := detect(encode(text, encoding)))]

    assert readings
    assert all(unicodedata.is_normalized("NFC", reading) for reading in readings)


@pytest.mark.parametrize("word", ["hoà", "hòa", "thuỷ", "thủy", "quý", "xoá", "xóa"])
@pytest.mark.parametrize("encoding", [Encoding.TCVN3, Encoding.VNI])
def test_the_tone_stays_where_it_was_typed(word: str, encoding: Encoding) -> None:
    text = f"Đã {word} nhiều người"

    assert converted(encode(text, encoding)) == text


def test_the_horned_u_that_looks_like_nothing_is_not_lost() -> None:
    assert converted("Ng\u00adêi d©n ch\u00ada cã n\u00adíc") == "Người dân chưa có nước"


@pytest.mark.parametrize(
    ("shown", "reading"),
    [
        ("TæNG Sè Hé NGHÌO", "TỔNG SỐ HỘ NGHÈO"),
        ("BiÓu tæng hîp BIÓU 03", "Biểu tổng hợp BIỂU 03"),
        ("Sè TT vµ ghi chó", "Số TT và ghi chú"),
        ("Céng hoµ x· héi « trèng", "Cộng hoà xã hội ô trống"),
        ("Tæng sè hé nghÌo n¨m 2025 (hé), m², Ø 20 ± 5 °C", "Tổng số hộ nghèo năm 2025 (hộ), m², Ø 20 ± 5 °C"),
    ],
)
def test_capitals_and_signs_come_out_right(shown: str, reading: str) -> None:
    assert converted(shown) == reading


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("Tổng số hộ nghÌo", "Tổng số hộ nghèo"),
        ("Đơn vị: huyÖn, thÞ x·, thµnh phố", "Đơn vị: huyện, thị x·, thành phố"),
    ],
)
def test_legacy_words_in_unicode_text_are_asked_about(text: str, reading: str) -> None:
    found = detect(text)

    assert found is not None
    assert (found.mixed, found.certainty) == (True, Certainty.DOUBTFUL)
    assert found.reading in (reading, reading.replace("x·", "xã"))


@pytest.mark.parametrize(
    "text", ["Müller ở Đức", "25 m² đất", "Hộ¹ và nhân khẩu²", "Đường Ø 20, 4Ø16 ± 2 °C", "Ångström của Đức"]
)
def test_foreign_words_and_signs_in_unicode_text_are_not_asked_about(text: str) -> None:
    assert detect(text) is None
