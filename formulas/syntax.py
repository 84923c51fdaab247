"""Coded formulas as trees. The parser is formualizer's; codes in braces go through it as names and come back.

Hostile texts end here: what is not of the known kinds of node, or too long or deep, is a FormulaFault.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import formualizer

from formulas.errors import FormulaFault
from workbooks.sheet import CellError

LONGEST: Final = 8192
"""Characters in a formula: Excel's own limit. The parser adds limits of depth: 72 nested, 256 in all."""

_PIECE: Final = re.compile(r'"(?:[^"]|"")*"|\{([^{}"]*)\}')
_PLACEHOLDER: Final = re.compile(r"_BS([0-9]+)_")
_OPERATORS: Final = frozenset({"+", "-", "*", "/", "^", "&", "=", "<>", "<", "<=", ">", ">="})
_SIGNS: Final = frozenset({"+", "-", "%"})
_PREFIXES: Final = re.compile(r"(?:_XLFN\.|_XLWS\.)+")


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text or boolean; None for an argument that was left out."""

    value: float | str | bool | None


@dataclass(frozen=True, slots=True)
class Reference:
    """``{token}``."""

    token: str


@dataclass(frozen=True, slots=True)
class Unary:
    """``-a``, ``+a``, ``a%``."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """``a+b`` and so on."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Call:
    """``NAME(a,b)``; the name in upper case, without the prefixes that files carry."""

    name: str
    arguments: tuple[Node, ...]


Node: TypeAlias = Literal | Reference | Unary | Binary | Call


def walk(node: Node) -> Iterator[Node]:
    """Every part of a formula, in the order of the text."""
    pending = [node]
    while pending:
        part = pending.pop()
        yield part
        match part:
            case Unary(_, operand):
                pending.append(operand)
            case Binary(_, left, right):
                pending += [right, left]
            case Call(_, arguments):
                pending += reversed(arguments)


_REASONS: Final = {
    "too deep": "các hàm, các dấu ngoặc lồng nhau quá sâu",
    "Unmatched opening": "thiếu dấu ngoặc đóng",
    "No matching opener": "thừa dấu ngoặc đóng",
    "parsing string": "thiếu dấu nháy đóng",
    "end of tokens": "công thức viết dở",
    "Sep, subtype: Row": "ngăn cách đối số bằng dấu phẩy, không phải dấu chấm phẩy",
}
"""Words of the parser, and what they mean."""


def shape_of(coded: str) -> tuple[str, tuple[str, ...]]:
    """The formula with numbers in place of its references (``{0}+{1}``), and what stood there.

    Formulas of one shape have one tree, and need be parsed once. Raises FormulaFault where the formula is too long.
    """
    body = coded.removeprefix("=")
    if len(body) > LONGEST:
        raise _unreadable(body[:40] + "…", f"dài hơn {LONGEST} ký tự")
    tokens: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        tokens.append(match[1])
        return f"{{{len(tokens) - 1}}}"

    return _PIECE.sub(number, body), tuple(tokens)


def parse(coded: str) -> Node:
    """The tree of a coded formula. Raises FormulaFault (BS450, BS452, BS455)."""
    body = coded.removeprefix("=")
    if len(body) > LONGEST:
        raise _unreadable(body[:40] + "…", f"dài hơn {LONGEST} ký tự")
    text, tokens = _with_placeholders(body)
    try:
        tree = formualizer.parse("=" + text).to_dict()
    except (formualizer.ParserError, formualizer.TokenizerError, ValueError) as error:
        raise _unreadable(body, _why(str(error))) from error
    node = _Reader(body, tokens).node(tree)
    # The parser drops parentheses, but to Excel an operation inside them is not the last one of the formula, and
    # only that one is rid of the noise of binary fractions. A plus sign keeps this, and does nothing else.
    return Unary("+", node) if _is_enclosed(text) else node


def _is_enclosed(text: str) -> bool:
    """Whether the parenthesis that opens the formula is closed by its last character."""
    depth = 0
    plain = _PIECE.sub("", text)
    for at, character in enumerate(plain):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return at == len(plain) - 1 and plain.startswith("(")
    return False


def _with_placeholders(body: str) -> tuple[str, list[str]]:
    """The formula with a name in place of every ``{…}``, and what stood in the braces."""
    tokens: list[str] = []

    def replace(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        tokens.append(match[1])
        return f"_BS{len(tokens) - 1}_"

    outside = _PIECE.sub("", body)
    for error in CellError if "#" in outside else ():
        if error.value in outside.upper():
            raise FormulaFault(
                "BS455", f"công thức chứa giá trị lỗi {error.value}", "Sửa lại tham chiếu đã hỏng trong công thức."
            )
    if "{!" in body and "{" in outside:
        raise FormulaFault("BS452", f"không nhận ra tham chiếu trong “{body}”", "Chỉ tham chiếu đến ô có mã của biểu.")
    if "{" in outside or "}" in outside or "_BS" in outside.upper():
        raise _unreadable(body, "dấu ngoặc nhọn hoặc tên lạ")
    return _PIECE.sub(replace, body), tokens


class _Reader:
    """Turns the parser's dictionaries into nodes of the known kinds."""

    def __init__(self, body: str, tokens: list[str]) -> None:
        self._body = body
        self._tokens = tokens

    def node(self, tree: object) -> Node:  # noqa: PLR0911 - one line for each kind of node
        match tree:
            case {"node_type": "Literal", "value": bool() | str() as value}:
                return Literal(value)
            case {"node_type": "Literal", "value": int() | float() as value} if math.isfinite(value):
                return Literal(float(value))
            case {"node_type": "Omitted"}:
                return Literal(None)
            case {"node_type": "Reference", "reference": str(name)}:
                return self._reference(name)
            case {"node_type": "UnaryOp", "operator": str(sign), "operand": operand} if sign in _SIGNS:
                return Unary(sign, self.node(operand))
            case {"node_type": "BinaryOp", "operator": str(operator)} if operator in _OPERATORS:
                return self._chain(tree)
            case {"node_type": "Function", "name": str(name), "args": list(arguments)}:
                plain = _PREFIXES.sub("", name.upper())
                return Call(plain, tuple(self.node(argument) for argument in arguments))
            case _:
                raise self._unknown(tree)

    def _chain(self, tree: object) -> Node:
        """An operator; a chain such as ``a+b+c`` leans to the left and is read without going deeper."""
        pending: list[tuple[str, object]] = []
        while True:
            match tree:
                case {"node_type": "BinaryOp", "operator": str(operator), "left": left, "right": right} if (
                    operator in _OPERATORS
                ):
                    pending.append((operator, right))
                    tree = left
                case _:
                    break
        result = self.node(tree)
        while pending:
            operator, right = pending.pop()
            result = Binary(operator, result, self.node(right))
        return result

    def _reference(self, name: str) -> Node:
        match = _PLACEHOLDER.fullmatch(name)
        if match is None:
            raise FormulaFault(
                "BS452", f"tham chiếu “{name}” không theo mã", "Chỉ tham chiếu đến ô có mã dòng, mã cột của biểu."
            )
        return Reference(self._tokens[int(match[1])])

    def _unknown(self, tree: object) -> FormulaFault:
        what = tree.get("operator") or tree.get("node_type") if isinstance(tree, dict) else ""
        return FormulaFault(
            "BS455",
            f"toán tử hoặc hằng số “{what}” trong “{self._body[:200]}” không được dùng",
            "Chỉ dùng + - * / ^ % & và các phép so sánh.",
        )


def _why(told: str) -> str:
    """What the parser says, for those who write formulas; its own words are about tokens."""
    return next((words for said, words in _REASONS.items() if said in told), "thừa hoặc thiếu dấu giữa các phần")


def _unreadable(body: str, why: str) -> FormulaFault:
    return FormulaFault(
        "BS450", f"không đọc được công thức “={body[:200]}” ({why})", "Sửa lại công thức trong biểu mẫu."
    )
