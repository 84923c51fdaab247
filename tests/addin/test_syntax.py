from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addin.libreoffice.syntax import to_calc, to_excel

CELLS = st.sampled_from(["A1", "$B$2", "C$3:D10", "$AA10", "A:A", "XFD1048576"])
SHEETS = st.sampled_from(["", "Sheet1!", "'Số liệu'!", "'It''s; a, test'!", "'KTXH-09.T'!", "_bieuso!"])
TEXTS = st.sampled_from(['""', '"a;b"', '"c,d!e.F1"', '"nói ""vâng"""', '"{1;2}"', '"\'"'])
NUMBERS = st.sampled_from(["0", "1.5", "12%", "1E-5", "TRUE", "FALSE", "#REF!", "#DIV/0!", "{1,2;3,4}", '{"a;b","c"}'])
OPERANDS = st.one_of(TEXTS, NUMBERS, st.builds(str.__add__, SHEETS, CELLS))
FUNCTIONS = st.sampled_from(["SUM", "IF", "IFERROR", "STDEV.S", "T.DIST.2T", "LOG10", "ERROR.TYPE"])


def calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    arguments = st.lists(inner, min_size=1, max_size=3).map(",".join)
    return st.one_of(
        st.builds("{}({})".format, FUNCTIONS, arguments),
        st.builds("{}{}{}".format, inner, st.sampled_from("+-*/&=<>"), inner),
    )


@given(st.recursive(OPERANDS, calls, max_leaves=12))
def test_a_formula_comes_back_from_libreoffices_spelling_as_it_went(body: str) -> None:
    plain = f"={body}".replace("Sheet1!", "'Sheet1'!").replace("_bieuso!", "'_bieuso'!")

    assert to_excel(to_calc(plain)) == plain


@pytest.mark.parametrize(
    ("calc", "excel"),
    [
        ("=SUM(A1:B2;C3)", "=SUM(A1:B2,C3)"),
        ("=$Sheet1.A1*2", "=Sheet1!A1*2"),
        ("=$'Số liệu'.A1:B2", "='Số liệu'!A1:B2"),
        ("=STDEV.S(A1;B1)", "=STDEV.S(A1,B1)"),
        ("=T.DIST.2T(1.5;3)", "=T.DIST.2T(1.5,3)"),
        ("={1;2|3;4}", "={1,2;3,4}"),
        ("=IF(A1=FALSE();TRUE();1.5)", "=IF(A1=FALSE,TRUE,1.5)"),
        ("=$Sheet1.#REF!", "=Sheet1!#REF!"),
        ('="A1.B2;$C.D3"', '="A1.B2;$C.D3"'),
        ("=A1:A3!A2:B2", "=A1:A3 A2:B2"),
    ],
)
def test_each_sign_has_its_counterpart(calc: str, excel: str) -> None:
    assert to_excel(calc) == excel
