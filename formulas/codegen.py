"""From formula trees to Python's own syntax trees. No text is ever made into code.

The generated expressions consist of calls of the functions in ``RUNTIME``, constants, numbered local names and lazy
conditions; there is no attribute, no import, no name of the user's. IF, IFS and IFERROR compute only what is asked.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol, TypeAlias

from form_templates.model import CellKey
from formulas import arithmetic, functions
from formulas.errors import FormulaFault
from formulas.places import Area, Line
from formulas.syntax import Binary, Call, Literal, Node, Reference, Unary
from workbooks.sheet import CellError

Writer: TypeAlias = Callable[[Node], ast.expr]
Shape: TypeAlias = tuple[tuple[str, ...], int]

_BINARY: Final = {
    "+": arithmetic.add,
    "-": arithmetic.subtract,
    "*": arithmetic.multiply,
    "/": arithmetic.divide,
    "^": arithmetic.power,
    "&": arithmetic.concatenate,
    "=": arithmetic.equal,
    "<>": arithmetic.unequal,
    "<": arithmetic.less,
    "<=": arithmetic.less_equal,
    ">": arithmetic.greater,
    ">=": arithmetic.greater_equal,
}
_COMPARISONS: Final = frozenset({"=", "<>", "<", "<=", ">", ">="})
_UNARY: Final = {"-": arithmetic.negate, "%": arithmetic.percent}


class _Scalar(NamedTuple):
    """A function of single values."""

    function: Callable[..., object]
    arguments: int


_SCALAR: Final = {
    "ROUND": _Scalar(functions.round_half_away, 2),
    "ROUNDUP": _Scalar(functions.round_up, 2),
    "ROUNDDOWN": _Scalar(functions.round_down, 2),
    "INT": _Scalar(functions.integer, 1),
    "ABS": _Scalar(functions.absolute, 1),
    "MOD": _Scalar(functions.modulo, 2),
    "NOT": _Scalar(functions.negation, 1),
    "ISNUMBER": _Scalar(functions.is_number, 1),
    "ISBLANK": _Scalar(functions.is_blank, 1),
}
_OVER_VALUES: Final[dict[str, Callable[..., object]]] = {
    "SUM": functions.sum_of,
    "AVERAGE": functions.average,
    "MIN": functions.smallest,
    "MAX": functions.largest,
    "COUNT": functions.count,
    "COUNTA": functions.count_filled,
    "AND": functions.both,
    "OR": functions.either,
}
_LOGICAL: Final = frozenset({"AND", "OR"})
_TRUTHS: Final = frozenset({"AND", "OR", "NOT", "ISNUMBER", "ISBLANK", "TRUE", "FALSE"})
_PASSING: Final = frozenset({"IF", "IFS", "IFERROR"})
_MOST_ARGUMENTS: Final = 255

WHITELIST: Final = frozenset(
    {*_SCALAR, *_OVER_VALUES, "IF", "IFS", "IFERROR", "COUNTIF", "SUMIF", "SUMIFS", "SUMPRODUCT", "TRUE", "FALSE"}
)
"""The functions that a formula may use."""


class Cells(Protocol):
    """Gives the local variables in which generated code finds cells."""

    def area(self, token: str) -> Area:
        """What a reference stands for; raises FormulaFault."""

    def cell(self, table: str, line: Line, column: str) -> ast.expr:
        """The value of one cell."""

    def column(self, key: CellKey) -> ast.expr:
        """The list of the values of a region's column."""


class ExpressionWriter:
    """Writes the expressions of one formula."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._temporaries = 0

    def formula(self, node: Node) -> ast.expr:
        """The value that the cell of the formula shows."""
        match node:
            case Binary("+" | "-" as operator, left, right):
                function = arithmetic.add_last if operator == "+" else arithmetic.subtract_last
                return call(function, self.value(left), self.value(right))
        written = self.value(node)
        return call(arithmetic.shown, written) if _may_be_blank(node) else written

    def value(self, node: Node) -> ast.expr:
        """A single value."""
        match node:
            case Literal(value):
                return ast.Constant(value)
            case Reference(token):
                return self._cell(token)
            case Unary("+", operand):
                return self.value(operand)
            case Unary(operator, operand):
                return call(_UNARY[operator], self.value(operand))
            case Binary():
                return self._binary(node)
            case Call(name, arguments):
                return self._call(name, arguments)

    def _cell(self, token: str) -> ast.expr:
        area = self._cells.area(token)
        if not area.is_cell:
            raise FormulaFault(
                "BS454",
                f"vùng “{{{token}}}” đứng ở chỗ chỉ nhận một ô",
                "Dùng một ô, hoặc đặt vùng trong hàm như SUM.",
            )
        return self._one(area.table, area.lines[0], area.columns[0])

    def _one(self, table: str, line: Line, column: str) -> ast.expr:
        return ast.Constant(None) if line.is_blank else self._cells.cell(table, line, column)

    def _binary(self, node: Binary) -> ast.expr:
        if _is_sum(node):
            terms = [self.value(term) for term in _terms(node)]
            return call(arithmetic.add_all, ast.Tuple(terms, ast.Load()))
        chain: list[Binary] = []
        left: Node = node
        while isinstance(left, Binary) and not _is_sum(left):
            chain.append(left)
            left = left.left
        result = self.value(left)
        for link in reversed(chain):
            result = call(_BINARY[link.operator], result, self.value(link.right))
        return result

    def _call(self, name: str, arguments: Sequence[Node]) -> ast.expr:
        if name not in WHITELIST:
            raise FormulaFault(
                "BS451", f"hàm {name} không được dùng", f"Chỉ dùng các hàm: {', '.join(sorted(WHITELIST))}."
            )
        if name in _SCALAR:
            function, wanted = _SCALAR[name]
            _expect(name, arguments, wanted, wanted)
            return call(function, *(self.value(argument) for argument in arguments))
        if name in _OVER_VALUES:
            _expect(name, arguments, 1, _MOST_ARGUMENTS)
            return call(_OVER_VALUES[name], self._values(arguments, logical=name in _LOGICAL))
        return self._special(name, arguments)

    def _special(self, name: str, arguments: Sequence[Node]) -> ast.expr:
        writers: dict[str, Callable[[Sequence[Node]], ast.expr]] = {
            "IF": self._if,
            "IFS": self._ifs,
            "IFERROR": self._iferror,
            "COUNTIF": self._countif,
            "SUMIF": self._sumif,
            "SUMIFS": self._sumifs,
            "SUMPRODUCT": self._sumproduct,
        }
        if name in writers:
            return writers[name](arguments)
        _expect(name, arguments, 0, 0)
        return ast.Constant(name == "TRUE")

    def _if(self, arguments: Sequence[Node], write: Writer | None = None) -> ast.expr:
        """IF; ``write`` writes its branches."""
        write = write or self.value
        _expect("IF", arguments, 2, 3)
        otherwise = arguments[2] if len(arguments) == 3 else Literal(False)
        return self._choice(arguments[0], write(arguments[1]), write(otherwise))

    def _ifs(self, arguments: Sequence[Node], write: Writer | None = None) -> ast.expr:
        """IFS; ``write`` writes its branches."""
        write = write or self.value
        _expect("IFS", arguments, 2, _MOST_ARGUMENTS)
        if len(arguments) % 2:
            raise _arguments("IFS", "cần từng cặp điều kiện và giá trị")
        result: ast.expr = ast.Name("NA", ast.Load())
        for condition, value in reversed(list(zip(arguments[::2], arguments[1::2], strict=True))):
            result = self._choice(condition, write(value), result)
        return result

    def _choice(self, condition: Node, yes: ast.expr, no: ast.expr) -> ast.expr:
        """``yes if t is True else no if t is False else t``, where t is the condition or its error."""
        store, load = self._temporary()
        asked = self.value(condition)
        if not _is_truth(condition):
            asked = call(arithmetic.truth, asked)
        return ast.IfExp(_is(ast.NamedExpr(store, asked), True), yes, ast.IfExp(_is(load, False), no, load))

    def _iferror(self, arguments: Sequence[Node]) -> ast.expr:
        """``otherwise if is_error(t := value) else t``."""
        _expect("IFERROR", arguments, 2, 2)
        store, load = self._temporary()
        asked = call(is_error, ast.NamedExpr(store, self.value(arguments[0])))
        return ast.IfExp(asked, self.value(arguments[1]), load)

    def _temporary(self) -> tuple[ast.Name, ast.Name]:
        self._temporaries += 1
        name = f"t{self._temporaries}"
        return ast.Name(name, ast.Store()), ast.Name(name, ast.Load())

    def _countif(self, arguments: Sequence[Node]) -> ast.expr:
        _expect("COUNTIF", arguments, 2, 2)
        return call(functions.count_if, self._range("COUNTIF", arguments[0])[0], self.value(arguments[1]))

    def _sumif(self, arguments: Sequence[Node]) -> ast.expr:
        _expect("SUMIF", arguments, 2, 3)
        values, shape = self._range("SUMIF", arguments[0])
        criterion = self.value(arguments[1])
        if len(arguments) == 2:
            return call(functions.sum_if, values, criterion)
        addends, other = self._range("SUMIF", arguments[2])
        _same_shape("SUMIF", [shape, other])
        return call(functions.sum_if, values, criterion, addends)

    def _sumifs(self, arguments: Sequence[Node]) -> ast.expr:
        _expect("SUMIFS", arguments, 3, _MOST_ARGUMENTS)
        if len(arguments) % 2 == 0:
            raise _arguments("SUMIFS", "cần vùng cộng rồi từng cặp vùng và điều kiện")
        addends, shape = self._range("SUMIFS", arguments[0])
        written, shapes = [addends], [shape]
        for values, criterion in zip(arguments[1::2], arguments[2::2], strict=True):
            expression, other = self._range("SUMIFS", values)
            written += [expression, self.value(criterion)]
            shapes.append(other)
        _same_shape("SUMIFS", shapes)
        return call(functions.sum_ifs, *written)

    def _sumproduct(self, arguments: Sequence[Node]) -> ast.expr:
        _expect("SUMPRODUCT", arguments, 1, _MOST_ARGUMENTS)
        arrays = [self._array(argument) for argument in arguments]
        _same_shape("SUMPRODUCT", [shape or (("",), 1) for _, shape in arrays])
        return call(functions.sum_product, *(expression for expression, _ in arrays))

    def _array(self, node: Node) -> tuple[ast.expr, Shape | None]:
        """A value or an array of them, with the array's shape."""
        match node:
            case Reference(token) if not self._cells.area(token).is_cell:
                return self._range("SUMPRODUCT", node)
            case Unary(operator, operand) if operator != "+":
                written, shape = self._array(operand)
                return (call(functions.each, name_of(_UNARY[operator]), written), shape)
            case Binary(operator, left, right):
                (a, first), (b, second) = self._array(left), self._array(right)
                if first and second:
                    _same_shape("SUMPRODUCT", [first, second])
                return call(functions.each, name_of(_BINARY[operator]), a, b), first or second
            case _:
                return self.value(node), None

    def _range(self, name: str, node: Node) -> tuple[ast.expr, Shape]:
        if not isinstance(node, Reference):
            raise _arguments(name, "cần một vùng ô")
        area = self._cells.area(node.token)
        return ast.Tuple(list(self._elements(area)), ast.Load()), area.shape

    def _values(self, arguments: Sequence[Node], *, logical: bool) -> ast.expr:
        """The arguments of SUM and its kin as one tuple: cells as they are, written values made to count."""
        counted = arithmetic.truth if logical else functions.direct

        def write(node: Node) -> ast.expr:
            match node:
                case Reference(token):
                    return self._cell(token)
                # To Excel these give the cell, not its value: a text or a blank in it is passed over.
                case Call("IF", branches):
                    return self._if(branches, write)
                case Call("IFS", branches):
                    return self._ifs(branches, write)
                case _:
                    return call(counted, self.value(node))

        elements: list[ast.expr] = []
        for argument in arguments:
            if isinstance(argument, Reference):
                elements += self._elements(self._cells.area(argument.token))
            else:
                elements.append(write(argument))
        return ast.Tuple(elements, ast.Load())

    def _elements(self, area: Area) -> Iterable[ast.expr]:
        for line in area.lines:
            for column in area.columns:
                if line.is_region:
                    yield ast.Starred(self._cells.column(CellKey(area.table, line.code, column)), ast.Load())
                    yield ast.Constant(None)  # the sentinel row, which is blank
                else:
                    yield self._one(area.table, line, column)


def is_error(value: object) -> bool:
    """Whether a value is an error; what IFERROR asks."""
    return value.__class__ is CellError


_FUNCTIONS: Final = (
    *_BINARY.values(),
    *_UNARY.values(),
    *(scalar.function for scalar in _SCALAR.values()),
    *_OVER_VALUES.values(),
    *(arithmetic.add_last, arithmetic.subtract_last, arithmetic.add_all, arithmetic.truth, arithmetic.shown),
    *(functions.direct, functions.count_if, functions.sum_if, functions.sum_ifs, functions.sum_product, functions.each),
    is_error,
)
RUNTIME: Final = MappingProxyType({function.__name__: function for function in _FUNCTIONS} | {"NA": arithmetic.NA})
"""Everything that generated code can name, beside its own cells."""


def name_of(function: Callable[..., object]) -> ast.Name:
    """The name under which generated code knows a function."""
    return ast.Name(function.__name__, ast.Load())


def call(function: Callable[..., object], *arguments: ast.expr) -> ast.Call:
    """A call of one of the functions of ``RUNTIME``."""
    return ast.Call(name_of(function), list(arguments), [])


def _is(value: ast.expr, constant: bool) -> ast.Compare:
    return ast.Compare(value, [ast.Is()], [ast.Constant(constant)])


def _is_truth(node: Node) -> bool:
    """Whether the node gives nothing but TRUE, FALSE or an error."""
    if isinstance(node, Binary):
        return node.operator in _COMPARISONS
    return isinstance(node, Call) and node.name in _TRUTHS


def _may_be_blank(node: Node) -> bool:
    """Whether the node may bring over the content of a blank cell."""
    match node:
        case Binary() | Unary("-" | "%"):
            return False
        case Call(name):
            return name in _PASSING
        case _:
            return True


def _expect(name: str, arguments: Sequence[Node], least: int, most: int) -> None:
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"từ {least} đến {most}"
        raise _arguments(name, f"cần {wanted} đối số, đang có {len(arguments)}")


def _same_shape(name: str, shapes: Sequence[Shape]) -> None:
    if any(shape != shapes[0] for shape in shapes):
        raise _arguments(name, "các vùng không cùng số dòng, số cột")


def _arguments(name: str, why: str) -> FormulaFault:
    return FormulaFault("BS454", f"hàm {name}: {why}", f"Sửa các đối số của hàm {name}.")


def _is_sum(node: Node) -> bool:
    """Whether the node is ``a+b+c`` or longer, of additions alone."""
    return isinstance(node, Binary) and node.operator == "+" and len(_terms(node)) > 2


def _terms(node: Node) -> list[Node]:
    terms: list[Node] = []
    while isinstance(node, Binary) and node.operator == "+":
        terms.append(node.right)
        node = node.left
    return [node, *reversed(terms)]
