"""Coded formulas as people read them: places in words, Excel's commonest functions in Vietnamese."""

from __future__ import annotations

from typing import Final

from formulas.errors import FormulaFault
from formulas.syntax import Binary, Call, Literal, Node, Reference, Unary, parse
from formulas.wording import number_text

_SIGNS: Final = {"*": "×", "/": ":", "-": "−", "<=": "≤", ">=": "≥", "<>": "≠"}
_STRENGTH: Final = {"^": 5, "*": 4, "/": 4, "+": 3, "-": 3, "&": 2}
_COMPARISON, _PHRASE, _ATOM = 1, 0, 9
_NAMES: Final = {"SUM": "tổng của", "MAX": "số lớn nhất của", "MIN": "số nhỏ nhất của", "AVERAGE": "trung bình của"}
_Words = tuple[str, int]
"""A text and how strongly it holds together; what is weaker than its surroundings goes into parentheses."""


def formula_words(coded: str) -> str:
    """``ROUND({01|4}*10/{01|2},2)`` → ``[dòng 01, cột 4] × 10 : [dòng 01, cột 2] (làm tròn 2 chữ số thập phân)``."""
    try:
        return _words(parse(coded))[0]
    except FormulaFault:
        return coded


def _words(node: Node) -> _Words:
    match node:
        case Literal():
            return _literal(node.value), _ATOM
        case Reference():
            return f"[{_place(node.token)}]", _ATOM
        case Unary(operator="+"):
            return _words(node.operand)
        case Unary():
            inside = _inside(node.operand, _ATOM)
            return (f"{inside}%", _ATOM) if node.operator == "%" else (f"−{inside}", _STRENGTH["*"])
        case Binary():
            strength = _STRENGTH.get(node.operator, _COMPARISON)
            left, right = _inside(node.left, strength), _inside(node.right, strength + 1)
            return f"{left} {_SIGNS.get(node.operator, node.operator)} {right}", strength
        case Call():
            return _call(node)


def _call(node: Call) -> _Words:
    match node:
        case Call("IFERROR", (value, Literal(other))):
            return f"{_words(value)[0]}; ghi {_literal(other)} nếu không tính được", _PHRASE
        case Call("ROUND", (value, Literal(float() as digits))):
            return f"{_inside(value, _COMPARISON)} (làm tròn {_digits(digits)})", _PHRASE
        case Call("IF", (condition, then, otherwise)):
            words = [_inside(one, _COMPARISON) for one in (condition, then, otherwise)]
            return f"nếu {words[0]} thì {words[1]}, nếu không thì {words[2]}", _PHRASE
    arguments = "; ".join(_inside(one, _COMPARISON) for one in node.arguments)
    return f"{_NAMES.get(node.name, node.name)} ({arguments})", _ATOM


def _inside(node: Node, least: int) -> str:
    text, strength = _words(node)
    return text if strength >= least else f"({text})"


def _literal(value: float | str | bool | None) -> str:
    if isinstance(value, bool):
        return "đúng" if value else "sai"
    if isinstance(value, float):
        return number_text(value)
    return "" if value is None else f"“{value}”"


def _digits(digits: float) -> str:
    return "đến hàng đơn vị" if digits == 0 else f"{digits:g} chữ số thập phân"


def _place(token: str) -> str:
    table, _, place = token.rpartition("!")
    rows, _, columns = place.rpartition("|")
    where = f"bảng {table}, " if table else ""
    return f"{where}{_rows(rows)}, cột {columns.replace(':', ' đến ')}"


def _rows(rows: str) -> str:
    if rows == "@":
        return "cùng dòng"
    if rows.endswith("*"):
        return f"mọi dòng của phần {rows.removesuffix('*')}"
    return f"dòng {rows.replace(':', ' đến ')}"
