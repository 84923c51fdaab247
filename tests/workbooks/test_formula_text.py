from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbooks.formula_text import map_strings, rename_columns, rename_names, strings


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ('IF(A1="Cã","x""y","")', ("Cã", 'x"y', "")),
        ('\'Biểu "1"\'!A1&"z"', ("z",)),
        ('T[Cột "a"]', ()),
        ('{"a","b"}', ("a", "b")),
        ('"unfinished', ()),
        ("SUM(A1:A3)", ()),
    ],
)
def test_strings_are_found_and_nothing_else(formula: str, found: tuple[str, ...]) -> None:
    assert strings(formula) == found


def test_a_changed_string_is_quoted_as_formulas_demand() -> None:
    assert map_strings('IF(A1="a","b")', lambda text: f'{text}"') == 'IF(A1="a""","b""")'


@given(st.text(alphabet="ab\"'[]&(),!A1", max_size=40))
def test_a_formula_whose_strings_stay_stays(formula: str) -> None:
    assert map_strings(formula, lambda text: text) == formula


@given(st.lists(st.text(max_size=8), max_size=4))
def test_any_strings_are_read_back(texts: list[str]) -> None:
    quoted = ['"' + text.replace('"', '""') + '"' for text in texts]

    assert strings(f"F({','.join(quoted)})") == tuple(texts)


@pytest.mark.parametrize(
    ("formula", "renamed"),
    [
        ("SUM(tæng)", "SUM(Tổng)"),
        ("SUM(TÆNG)+tængs+xtæng", "SUM(Tổng)+tængs+xtæng"),
        ("Sheet1!tæng*2", "Sheet1!Tổng*2"),
        ('"tæng"&tæng', '"tæng"&Tổng'),
        ("'tæng'!A1", "'tæng'!A1"),
        ("tæng!A1", "tæng!A1"),
        ("T[tæng]", "T[tæng]"),
        ("x·+1", "xã+1"),
        ("tæng[c]", "Tổng[c]"),
    ],
)
def test_names_are_renamed_where_they_are_names(formula: str, renamed: str) -> None:
    assert rename_names(formula, {"tæng": "Tổng", "x·": "xã"}) == renamed


@pytest.mark.parametrize(
    ("formula", "renamed"),
    [
        ("T[cò]", "T[mới]"),
        ("T[@cò]+T[cò x]", "T[@mới]+T[cò x]"),
        ("T[[#All],[cò]:[b]]", "T[[#All],[mới]:[b]]"),
        ("T[[b]:[cò]]", "T[[b]:[mới]]"),
        ('"[cò]"&T[cò]', '"[cò]"&T[mới]'),
        ("T[a'[1']]", "T[b'[2']]"),
    ],
)
def test_columns_of_tables_are_renamed_inside_brackets(formula: str, renamed: str) -> None:
    assert rename_columns(formula, {"cò": "mới", "a[1]": "b[2]"}) == renamed
