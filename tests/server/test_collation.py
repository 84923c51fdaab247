from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.services.collation import alphabetical


def test_letters_follow_the_vietnamese_alphabet() -> None:
    words = ["an", "ăn", "ân", "da", "đa", "em", "êm", "on", "ôn", "ơn", "tu", "tư", "xa", "ya"]

    assert sorted(set(words), key=alphabetical) == words


def test_tones_decide_only_between_equal_letters() -> None:
    words = ["ma", "mà", "mả", "mã", "má", "mạ", "mai"]

    assert sorted(set(words), key=alphabetical) == words


def test_names_of_fields_stand_as_a_dictionary_has_them() -> None:
    names = ["Bảo trợ", "Chứng thực", "Đăng ký", "Đất đai", "Giao thông", "Thi đua", "Thủy lợi", "Tôn giáo", "Xây dựng"]

    assert sorted(set(names), key=alphabetical) == names


def test_capitals_and_composition_make_no_difference_to_the_order() -> None:
    assert sorted(["Đất", "đa", "ĐÀ"], key=alphabetical) == ["đa", "ĐÀ", "Đất"]
    assert alphabetical("Đất")[:2] == alphabetical("Đa\u0302\u0301t")[:2]


@given(st.text(), st.text())
def test_any_two_texts_can_be_ordered_and_only_the_same_text_is_equal(first: str, second: str) -> None:
    assert (alphabetical(first) == alphabetical(second)) is (first == second)
    assert (
        (alphabetical(first) < alphabetical(second)) or (alphabetical(second) < alphabetical(first)) or first == second
    )
