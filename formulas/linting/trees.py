"""Formula trees as the lint looks at them: what shapes a result taken off, sums as lists of their references."""

from __future__ import annotations

from typing import Final

from formulas.syntax import Binary, Call, Literal, Node, Reference, Unary, walk

OF_FIRST: Final = frozenset({"IFERROR", "ROUND", "ROUNDUP", "ROUNDDOWN", "INT", "ABS"})
"""Functions whose result is, in kind and unit, that of their first argument."""


def spine(node: Binary) -> tuple[Node, list[tuple[str, Node]]]:
    """A chain ``a+b-c`` as a, [(+, b), (-, c)]: it may be thousands of terms long, too deep to go down by calls."""
    rest: list[tuple[str, Node]] = []
    left: Node = node
    while isinstance(left, Binary):
        rest.append((left.operator, left.right))
        left = left.left
    return left, rest[::-1]


def references(node: Node) -> list[str]:
    """The references of a formula, in the order of the text."""
    return [part.token for part in walk(node) if isinstance(part, Reference)]


def bare(node: Node) -> Node:
    """A formula without what only shapes its result: IFERROR, ROUND, parentheses."""
    while True:
        match node:
            case Call(name, (first, *_)) if name in OF_FIRST:
                node = first
            case Unary("+", operand):
                node = operand
            case _:
                return node


def terms(node: Node, names: frozenset[str] = frozenset({"SUM"})) -> list[str] | None:
    """The references that a formula only adds up; None where it does anything else."""
    match bare(node):
        case Reference(token):
            return [token]
        case Binary() as chain:
            first, rest = spine(chain)
            if any(operator != "+" for operator, _ in rest):
                return None
            sides = [terms(one, names) for one in (first, *(right for _, right in rest))]
        case Call(name, arguments) if name in names:
            sides = [terms(argument, names) for argument in arguments]
        case Literal(0.0 | None):
            return []
        case _:
            return None
    return [token for side in sides for token in side or ()] if None not in sides else None


def percentage_of(node: Node) -> tuple[Node, Node] | None:
    """The a and b of a formula ``a/b*100``; None for any other."""
    match bare(node):
        case Binary("*", Binary("/", above, below), Literal(100.0)):
            return above, below
        case Binary("*", Literal(100.0), Binary("/", above, below)):
            return above, below
        case Binary("/", Binary("*", above, Literal(100.0)), below):
            return above, below
    return None
