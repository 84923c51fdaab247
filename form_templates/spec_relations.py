"""The short relations of a spec (``=02+06``, ``<=08``, ``c4*c5/10``, ``c5~20..100``) as coded formulas.

Sums are laid out as ``SUM(…)``, which passes over the text states "-", "…" and "x"; products and ratios as
``IFERROR(ROUND(…,d),"-")``, so that growth on an empty base shows "-" and what is shown is what is stored.
Earlier periods are told by then (``spec_history``): ``prev(c6)`` has become ``c6kt``, or a carried column of the form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

CODE: Final = r"[0-9]{1,3}"
COLUMN_CODE: Final = r"[1-9][0-9]?(?:kt|ck)?"
_NUMBER: Final = r"[0-9]+(?:\.[0-9]+)?"
_COLUMN: Final = re.compile(rf"c({COLUMN_CODE})(?:@({CODE}))?")
_ROW: Final = re.compile(rf"r({CODE})")
_EXPRESSION: Final = re.compile(rf"c{COLUMN_CODE}(?:@{CODE})?|{_NUMBER}|[-+*/()]")
_ROW_EXPRESSION: Final = re.compile(rf"r{CODE}|{_NUMBER}|[-+*/()]")
_OPERATION: Final = r"[-+]?n(?:[-+*/][-+]?n)*"
_BRACKETED: Final = re.compile(rf"\({_OPERATION}\)")
_DEEPEST: Final = 20
"""Brackets within brackets."""
_MOST_ARGUMENTS: Final = 255
_TYPED: Final = str.maketrans({"≤": "<=", "≥": ">=", "–": "-", "−": "-"})
"""Signs that Excel and Word put in for what is typed."""
_TERM: Final = re.compile(rf"([-+]?)(?:({_NUMBER})(?:\*(?=[cr]))?)?([cr][^-+*/()]+)?")
_RANGE: Final = re.compile(rf"(.+)~(-?{_NUMBER})\.\.(-?{_NUMBER})")
_JUMP: Final = re.compile(rf"(c{COLUMN_CODE})~(c{COLUMN_CODE})±({_NUMBER})%")
_FILLED: Final = re.compile(rf'(c{COLUMN_CODE})<>""')
_COMPARISON: Final = re.compile(r"(.+?)(<=|>=|=|<|>)(.+)")
_ROW_SUM: Final = re.compile(rf"={CODE}(?:[-+]{CODE})*")
_ROW_AT_MOST: Final = re.compile(rf"<={CODE}")
_ROW_BETWEEN: Final = re.compile(rf"~({CODE})\.\.({CODE})")
_OPPOSITE: Final = {"<=": ">", ">=": "<", "<": ">=", ">": "<=", "=": "<>"}


def spelled(text: str) -> str:
    """A relation as the vocabulary spells it: people leave spaces, and write C4 for c4."""
    return "".join(text.split()).lower().translate(_TYPED)


def is_row_sum(relation: str) -> bool:
    """Whether a row relation makes the row a sum: ``=02+06-08``, or ``=*`` over its repeating region."""
    return relation == "=*" or _ROW_SUM.fullmatch(relation) is not None


def is_row_ratio(relation: str) -> bool:
    """Whether a row relation makes the row a ratio of others: ``=r02/r01*10``."""
    text = relation.removeprefix("=")
    return relation != text and _is_expression(text, _ROW, _ROW_EXPRESSION) and re.search("[*/]", text) is not None


def is_row_rule(relation: str) -> bool:
    """Whether a row relation only binds what is typed: ``<=08`` or ``~02..05``."""
    return _ROW_AT_MOST.fullmatch(relation) is not None or _ROW_BETWEEN.fullmatch(relation) is not None


def is_column_formula(text: str) -> bool:
    """Whether the text is a column formula of the vocabulary, spelled without white space."""
    return _is_expression(text, _COLUMN, _EXPRESSION)


def _is_expression(text: str, name: re.Pattern[str], piece: re.Pattern[str]) -> bool:
    if name.search(text) is None or piece.sub("", text):
        return False
    left = piece.sub(lambda match: match[0] if match[0] in "-+*/()" else "n", text)
    for _ in range(_DEEPEST):
        left = _BRACKETED.sub("n", left)
    return re.fullmatch(_OPERATION, left) is not None


def is_column_rule(text: str) -> bool:
    """Whether the text is a relation of columns.

    It compares sums (``c1=c5+c9``), bounds a value (``c5~20..100``), holds one against its history (``c2~c2kt±50%``),
    or asks for a text (``c9<>""``).
    """
    bounded = _RANGE.fullmatch(text)
    if bounded:
        return is_column_formula(bounded[1]) and float(bounded[2]) <= float(bounded[3])
    if _JUMP.fullmatch(text) or _FILLED.fullmatch(text):
        return True
    return is_column_comparison(text)


def is_column_comparison(text: str) -> bool:
    """Whether the text compares sums of columns and numbers: ``c1=c5+c9``, ``c6<50``."""
    return _is_comparison(text, _COLUMN)


def is_rows_rule(text: str) -> bool:
    """Whether the text compares sums of rows: ``r05+r06<=r01``."""
    return _is_comparison(text, _ROW)


def _is_comparison(text: str, name: re.Pattern[str]) -> bool:
    match = _COMPARISON.fullmatch(text)
    if match is None or not name.search(text):
        return False
    return all(_is_sum(side, name) for side in (match[1], match[3]))


def _is_sum(side: str, name: re.Pattern[str]) -> bool:
    """Whether one side of a comparison adds terms: names, numbers, and names times a number before them."""
    terms = [match for match in _TERM.finditer(side) if match[0]]
    told = all((term[2] or term[3]) and (not term[3] or name.fullmatch(term[3])) for term in terms)
    signed = all(term[1] for term in terms[1:])
    return bool(terms) and told and signed and "".join(term[0] for term in terms) == side


def is_additive(text: str) -> bool:
    """Whether a column formula only adds and subtracts columns."""
    return (
        is_column_formula(text) and re.fullmatch(rf"[-+]?{_COLUMN.pattern}(?:[-+]{_COLUMN.pattern})*", text) is not None
    )


def codes_in(relation: str) -> list[str]:
    """Row codes a row relation names; the factors of a ratio are none."""
    return _ROW.findall(relation) if is_row_ratio(relation) else re.findall(CODE, relation)


def columns_in(text: str) -> list[tuple[str, str]]:
    """Columns a column formula names, each with the row it is fixed to, or ``""``."""
    return [(column, row or "") for column, row in _COLUMN.findall(text)]


def rows_in(text: str) -> list[str]:
    """Rows that a rule between rows names."""
    return _ROW.findall(text)


def row_sum(relation: str, column: str, region: str) -> str:
    """The coded formula of a summed row in one column. ``region`` is what ``=*`` means."""
    if relation == "=*":
        return f"SUM({{{region}|{column}}})"
    terms = re.sub(rf"({CODE})", r"r\1", relation.removeprefix("="))
    return _sums(terms, lambda code: f"{{{code[1:]}|{column}}}")


def row_ratio(relation: str, column: str, decimals: int) -> str:
    """The coded formula of a row that is a ratio of others, in one column."""
    expression = _ROW.sub(lambda match: f"{{{match[1]}|{column}}}", relation.removeprefix("="))
    return f'IFERROR(ROUND({expression},{decimals}),"-")'


def row_rule(relation: str, row: str, column: str) -> str:
    """The coded rule of a row relation in one column."""
    own = f"SUM({{{row}|{column}}})"
    between = _ROW_BETWEEN.fullmatch(relation)
    if between:
        span = f"{{{between[1]}:{between[2]}|{column}}}"
        return f"AND({own}>=MIN({span}),{own}<=MAX({span}))"
    return f"{own}<=SUM({{{relation.removeprefix('<=')}|{column}}})"


def column_formula(text: str, row: str, decimals: int) -> str:
    """The coded formula of a column in one row; ``row`` may be ``@``."""
    if is_additive(text):
        return _sums(text, lambda name: _cell(name, row))
    return f'IFERROR(ROUND({_expression(text, row)},{decimals}),"-")'


def difference(text: str, row: str, decimals: int) -> str:
    """The coded formula of a difference of percentages (``c3-c1``), "-" unless there is a number on each side."""
    cells = [f"{{{fixed or row}|{column}}}" for column, fixed in columns_in(text)]
    return f'IF(COUNT({",".join(cells)})={len(cells)},ROUND({_expression(text, row)},{decimals}),"-")'


def column_rule(text: str, row: str, *, when: Sequence[str] = (), history: Sequence[str] = ()) -> str:
    """The coded rule of a column relation in one row. A bounded value may always be absent or nothing.

    It holds wherever one of ``when`` does not, and where the columns of ``history`` have nothing.
    """
    return _unless([*_exceptions(row, when), *_without(row, history)], _column_rule(text, row))


def _column_rule(text: str, row: str) -> str:
    bounded, jump, filled = _RANGE.fullmatch(text), _JUMP.fullmatch(text), _FILLED.fullmatch(text)
    if bounded:
        value = f"IFERROR({_expression(bounded[1], row)},0)"
        if is_additive(bounded[1]):
            value = _sums(bounded[1], lambda name: _cell(name, row))
        return f"OR({value}=0,AND({value}>={bounded[2]},{value}<={bounded[3]}))"
    if jump:
        value, before = (f"SUM({_cell(name, row)})" for name in jump.groups()[:2])
        low, high = 1 - float(jump[3]) / 100, 1 + float(jump[3]) / 100
        within = f"{value}>={low:.12g}*{before},{value}<={high:.12g}*{before}"
        return f"OR({before}<=0,{value}=0,AND({within}))"
    if filled:
        return f"LEN({_cell(filled[1], row)})>0"
    return _compared(text, lambda name: _cell(name, row))


def rows_rule(text: str, column: str) -> str:
    """The coded rule of a relation between rows, in one column."""
    return _compared(text, lambda name: f"{{{name[1:]}|{column}}}")


def _exceptions(row: str, when: Sequence[str]) -> list[str]:
    exceptions = []
    for condition in when:
        match = _COMPARISON.fullmatch(condition)
        if match is None:
            raise ValueError(condition)
        left, right = (_sums(side, lambda name: _cell(name, row)) for side in (match[1], match[3]))
        exceptions.append(f"{left}{_OPPOSITE[match[2]]}{right}")
    return exceptions


def _without(row: str, history: Sequence[str]) -> list[str]:
    return [f"SUM({','.join(_cell(name, row) for name in history)})=0"] if history else []


def _unless(exceptions: Sequence[str], rule: str) -> str:
    return f"OR({','.join(exceptions)},{rule})" if exceptions else rule


def _compared(text: str, code: Callable[[str], str]) -> str:
    match = _COMPARISON.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return f"{_sums(match[1], code)}{match[2]}{_sums(match[3], code)}"


def _expression(text: str, row: str) -> str:
    return _COLUMN.sub(lambda match: _cell(match[0], row), text)


def _cell(name: str, row: str) -> str:
    match = _COLUMN.fullmatch(name)
    if match is None:
        raise ValueError(name)
    return f"{{{match[2] or row}|{match[1]}}}"


def _sums(text: str, code: Callable[[str], str]) -> str:
    """``SUM(added)-SUM(taken)``, then what is weighed or plain: ``+100*SUM(…)-5``."""
    terms = [match.groups() for match in _TERM.finditer(text) if match[0]]
    added = [code(name) for sign, factor, name in terms if name and not factor and sign != "-"]
    taken = [code(name) for sign, factor, name in terms if name and not factor and sign == "-"]
    rest = [
        f"{sign or '+'}{factor}" + (f"*SUM({code(name)})" if name else "") for sign, factor, name in terms if factor
    ]
    plain = (_sum(added) if added else "") + (f"-{_sum(taken)}" if taken else "") + "".join(rest)
    return plain.removeprefix("+") or "0"


def _sum(cells: Sequence[str]) -> str:
    """A sum, in parts where it has more addends than Excel allows a function."""
    if len(cells) > _MOST_ARGUMENTS:
        parts = range(0, len(cells), _MOST_ARGUMENTS)
        return _sum([_sum(cells[first : first + _MOST_ARGUMENTS]) for first in parts])
    return f"SUM({','.join(cells)})"
