"""Random formulas over small forms, as trees over the whitelist.

Left out is what other programs are known to do otherwise than Excel (formulas/crosschecking/known_faults.py, and the
table in test_other_programs.py): a disagreement of one of these would say nothing.
"""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from formulas.arithmetic import CellValue

ROWS: Final = ("01", "02", "03", "04")
COLUMNS: Final = ("1", "2", "3")

_PLACES = st.tuples(st.integers(0, 3), st.integers(0, 2))
_NUMERALS = st.integers(-99999, 99999).map(lambda n: n / 100)
_TEXTS = st.sampled_from(["-", "…", "x", "abc", "Lúa", "lúa nước", "5"])

_BINARY = [f"({{0}}){operator}({{1}})" for operator in ("+", "-", "*", "/", "=", "<", ">=", "<>")]
_TWO = [*_BINARY, "IFERROR({0},{1})", "IFNA({0},{1})", "ROUND({0},1)+0*({1})", "SUM(0+{0},0+{1})", "MAX(0+{0},0+{1})"]
_TWO += ["IF({0},{1})", "COUNT(0+{0},0+{1})", "IFS({0},{1},TRUE,0)"]
_ONE = ["-({0})", "({0})%", "ABS({0})", "NOT({0})", "ISNUMBER({0})", "ISBLANK({0})", "ROUNDUP({0},0)", "+({0})"]
_ONE += ["ROUNDDOWN({0},1)", "ISTEXT({0})", "ISERROR({0})"]
_OVER = ["SUM({0})", "AVERAGE({0})", "MIN({0})", "MAX({0})", "COUNT({0})", "COUNTA({0})", "AND({0})", "OR({0})"]
_OVER += ['COUNTIF({0},">0")', 'COUNTIF({0},"lúa")', 'SUMIF({0},"<=5")', 'COUNTIF({0},"<>")', "SUMPRODUCT({0},{0})"]
_OVER += ['COUNTIFS({0},">0",{0},"<100")', 'SUMIFS({0},{0},">1")', 'AVERAGEIF({0},"<>5")', "COUNTBLANK({0})"]
_OVER += ['COUNTIF({0},"l*")', 'AVERAGEIFS({0},{0},">=0")', "SUMPRODUCT(({0}>0)*1)"]
_LOOKUPS = [
    "VLOOKUP({0},{{01:04|1:3}},2,FALSE)", 'VLOOKUP("lúa*",{{01:04|1:3}},3,FALSE)', "MATCH({0},{{01:04|1}},0)",
    "HLOOKUP({0},{{01:04|1:3}},3,FALSE)", "INDEX({{01:04|1:3}},3,2)", "INDEX({{01:04|2}},MATCH({0},{{01:04|1}},0))",
]  # fmt: skip
_OF_TEXTS = [
    'LEN("Lúa "&"nước")', 'LEFT("đường",{0})', 'MID("Vĩnh Long",{0},3)', 'RIGHT("abc",2)&UPPER("ơ đ")',
    'TRIM("  a  b ")&LOWER("ĐÀ")', 'CONCATENATE("a",{0}="b")', 'VALUE("12.5")+{0}',
    'TEXT(ROUND({0},2)+0.001,"#,##0.00")',
]  # fmt: skip
_OF_DAYS = ["DATE(2020+MIN(9,ABS({0})),3,31)", "YEAR(40000+ABS({0}))", "MONTH(40000+ABS({0}))", "DAY(43000+ABS({0}))"]


def values(*, booleans: bool) -> st.SearchStrategy[dict[str, CellValue]]:
    """Contents of the twelve cells that formulas refer to."""
    kinds = [_NUMERALS, st.just(0.0), st.none(), _TEXTS]
    content = st.one_of(*kinds, st.booleans()) if booleans else st.one_of(*kinds)
    places = [f"{row}|{column}" for row in ROWS for column in COLUMNS]
    return st.lists(content, min_size=12, max_size=12).map(lambda drawn: dict(zip(places, drawn, strict=True)))


def _cell(place: tuple[int, int]) -> str:
    return f"{{{ROWS[place[0]]}|{COLUMNS[place[1]]}}}"


def _area(a: tuple[int, int], b: tuple[int, int]) -> str:
    (top, bottom), (left, right) = sorted((a[0], b[0])), sorted((a[1], b[1]))
    rows = ROWS[top] if top == bottom else f"{ROWS[top]}:{ROWS[bottom]}"
    columns = COLUMNS[left] if left == right else f"{COLUMNS[left]}:{COLUMNS[right]}"
    return f"{{{rows}|{columns}}}"


def _join(pattern: str, *parts: str) -> str:
    return pattern.format(*parts)


_LEAVES = st.one_of(_PLACES.map(_cell), st.sampled_from(["0", "1", "2.5", "100", "-3", '"abc"', '"4"', "TRUE", "1/0"]))


def _deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(_join, st.sampled_from(_TWO), inner, inner),
        st.builds(_join, st.sampled_from(_ONE), inner),
        st.builds(_join, st.sampled_from(_OVER), st.builds(_area, _PLACES, _PLACES)),
        st.builds(_join, st.just("IF({0},{1},{2})"), inner, inner, inner),
        st.builds(_join, st.sampled_from([*_LOOKUPS, *_OF_TEXTS, *_OF_DAYS]), inner),
    )


FORMULAS: Final = st.recursive(_LEAVES, _deeper, max_leaves=8)


# Figures: what is number, condition or text stays so, for LibreOffice has no booleans of their own, and takes texts
# that are numbers for conditions.

_NUMBERS = ["({0})+({1})", "({0})-({1})", "({0})*({1})", "({0})/({1})", "IFERROR({0},{1})", "ROUND({0},1)+({1})"]
_NUMBERS += ["SUM(0+{0},0+{1})", "MAX(0+{0},0+{1})", "-({0})*ABS({1})", "ROUNDUP({0},0)+ROUNDDOWN({1},1)", "({0})%+{1}"]
_NUMBERS += [
    'LEN(LEFT("đường",{0}))+{1}',
    "YEAR(40000+ABS({0}))+DAY(43000+ABS({1}))",
    "DATE(2020,MIN(99,ABS({0})),1)+{1}",
]
_CONDITIONS = [
    "{0}>{1}",
    "{0}<={1}",
    "{0}={1}",
    "AND({0}>0,{1}>0)",
    "OR({0}>0,{1}>0)",
    "NOT({0}>{1})",
    "ISNUMBER({0}+{1})",
]
_AREAS = ["SUM({0})", "AVERAGE({0})", "MIN({0})", "MAX({0})", "COUNT({0})", "COUNTBLANK({0})", "SUMPRODUCT({0},{0})"]
_AREAS += [
    'COUNTIF({0},">0")',
    'SUMIF({0},"<=5")',
    'AVERAGEIF({0},"<>5")',
    'COUNTIF({0},"l*")',
    'COUNTIFS({0},">0",{0},"<99")',
]
_LOOKED_UP = [
    "INDEX({{01:04|1:3}},3,2)",
    "IFERROR(MATCH({0},{{01:04|1}},0),9)",
    "IFNA(VLOOKUP(IFERROR({0},0),{{01:04|1:3}},2,FALSE),7)",
]


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(_join, st.sampled_from(_NUMBERS), inner, inner),
        st.builds(_join, st.sampled_from(_AREAS), st.builds(_area, _PLACES, _PLACES)),
        st.builds(_join, st.sampled_from(_LOOKED_UP), inner),
        st.builds(
            _join,
            st.just("IF({0},{1},{2})"),
            st.builds(_join, st.sampled_from(_CONDITIONS), inner, inner),
            inner,
            inner,
        ),
    )


FIGURES: Final = st.recursive(
    st.one_of(_PLACES.map(_cell), st.sampled_from(["0", "1", "2.5", "100", "-3"])), _larger, max_leaves=8
)
