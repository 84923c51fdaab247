from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbooks.header_footer import NewWords, Words, with_words, words


def test_words_have_the_font_of_the_code_before_them() -> None:
    text = '&L&"A,Bold"&12một &P trên&CTrang &&hai&R&K01+000ba&"-,Italic"bốn'

    assert words(text) == (
        Words("một ", "A"), Words(" trên", "A"), Words("Trang ", ""), Words("hai", ""), Words("ba", ""),
        Words("bốn", ""),
    )  # fmt: skip


def test_a_font_code_changes_with_all_that_it_governs() -> None:
    assert with_words('&L&".VnTime,Bold"&12cò &P', {0: NewWords("mới ", "Arial")}) == '&L&"Arial,Bold"&12mới &P'


def test_words_that_stay_keep_their_font() -> None:
    text = '&".VnTime,Bold"cò&Pkhác'

    changed = with_words(text, {0: NewWords("mới", "Arial")})

    assert changed == '&".VnTime,Bold"&"Arial,Bold"mới&".VnTime,Bold"&Pkhác'
    assert words(changed) == (Words("mới", "Arial"), Words("khác", ".VnTime"))


def test_words_without_a_font_code_get_one_where_the_standard_font_will_not_do() -> None:
    assert with_words("&Lcò&R&P", {0: NewWords("mới", "Arial")}) == '&L&"Arial,Regular"mới&R&P'


@given(st.text(alphabet='ab&LCR"P1K,ắ', max_size=40))
def test_a_header_whose_words_stay_stays(text: str) -> None:
    assert with_words(text, {}) == text
    assert with_words(text, {number: NewWords(item.text) for number, item in enumerate(words(text))}) == text
