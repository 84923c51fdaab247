"""From formula trees to Python's own syntax trees. No text is ever made into code.

A formula becomes a function of its references: one argument for each, a value or, for a range, the tuple of its cells
row by row. Formulas of one shape, which differ in their references alone, share it. The generated expressions consist
of calls of the functions in ``RUNTIME``, constants, arguments and lazy conditions; there is no attribute, no import,
no name of the user's. IF, IFS, IFERROR and IFNA compute only what is asked.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from formulas import arithmetic, functions, lookup, whitelist
from formulas.arithmetic import CellValue
from formulas.errors import FormulaFault
from formulas.number_formats import is_known
from formulas.places import Area, Shape
from formulas.syntax import Binary, Call, Literal, Node, Reference, Unary
from formulas.whitelist import BINARY, COMPARISONS, MOST_ARGUMENTS, OVER_VALUES, RUNTIME, SCALAR, UNARY, WHITELIST

Function: TypeAlias = Callable[..., CellValue]
_Writer: TypeAlias = Callable[[Node], ast.expr]

_NO_BUILTINS: Final[dict[str, object]] = {"__builtins__": {}}


def function_of(node: Node, areas: Sequence[Area], tokens: Sequence[str]) -> Function:
    """The function of a formula whose references are numbered: ``{0}`` stands for ``areas[0]``, written ``tokens[0]``.

    Raises FormulaFault (BS451, BS454) where the formula cannot be computed.
    """
    body = ExpressionWriter(areas, tokens).formula(node)
    names = ast.arguments([], [ast.arg(f"a{n}") for n in range(len(areas))], None, [], [], None, [])
    tree = ast.fix_missing_locations(ast.Expression(ast.Lambda(names, body)))
    # The tree consists of nodes made in this module alone, and sees no builtins.
    made: Function = eval(compile(tree, "<formula>", "eval"), {**RUNTIME, **_NO_BUILTINS})  # noqa: S307
    return made


class ExpressionWriter:
    """Writes the expressions of one formula."""

    def __init__(self, areas: Sequence[Area], tokens: Sequence[str]) -> None:
        self._areas = areas
        self._tokens = tokens
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
                return call(UNARY[operator], self.value(operand))
            case Binary():
                return self._binary(node)
            case Call(name, arguments):
                return self._call(name, arguments)

    def _area(self, token: str) -> Area:
        return self._areas[int(token)]

    def _cell(self, token: str) -> ast.expr:
        if not self._area(token).is_cell:
            raise FormulaFault(
                "BS454",
                f"vùng “{{{self._tokens[int(token)]}}}” đứng ở chỗ chỉ nhận một ô",
                "Dùng một ô, hoặc đặt vùng trong hàm như SUM.",
            )
        return _argument(token)

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
            result = call(BINARY[link.operator], result, self.value(link.right))
        return result

    def _call(self, name: str, arguments: Sequence[Node]) -> ast.expr:
        if name not in WHITELIST:
            raise FormulaFault(
                "BS451", f"hàm {name} không được dùng", f"Chỉ dùng các hàm: {', '.join(sorted(WHITELIST))}."
            )
        if name in SCALAR:
            function, least, most = SCALAR[name]
            _expect(name, arguments, least, most)
            if name == "TEXT":
                _expect_format(arguments[1])
            return call(function, *(self.value(argument) for argument in arguments))
        if name in OVER_VALUES:
            _expect(name, arguments, 1, MOST_ARGUMENTS)
            return call(OVER_VALUES[name], self._values(arguments, logical=name in whitelist.LOGICAL))
        return self._special(name, arguments)

    def _special(self, name: str, arguments: Sequence[Node]) -> ast.expr:
        writers: dict[str, Callable[[Sequence[Node]], ast.expr]] = {
            "IF": self._if,
            "IFS": self._ifs,
            "IFERROR": lambda given: self._unless("IFERROR", whitelist.is_error, given),
            "IFNA": lambda given: self._unless("IFNA", whitelist.is_missing, given),
            "COUNTBLANK": self._countblank,
            "COUNTIF": lambda given: self._matching("COUNTIF", functions.count_ifs, given, 0, 2),
            "COUNTIFS": lambda given: self._matching("COUNTIFS", functions.count_ifs, given, 0, MOST_ARGUMENTS),
            "SUMIFS": lambda given: self._matching("SUMIFS", functions.sum_ifs, given, 1, MOST_ARGUMENTS),
            "AVERAGEIFS": lambda given: self._matching("AVERAGEIFS", functions.average_ifs, given, 1, MOST_ARGUMENTS),
            "SUMIF": lambda given: self._matching_or("SUMIF", functions.sum_if, given),
            "AVERAGEIF": lambda given: self._matching_or("AVERAGEIF", functions.average_if, given),
            "SUMPRODUCT": self._sumproduct,
            "VLOOKUP": lambda given: self._lookup("VLOOKUP", lookup.vlookup, given),
            "HLOOKUP": lambda given: self._lookup("HLOOKUP", lookup.hlookup, given),
            "MATCH": self._match,
            "INDEX": self._index,
        }
        if name in writers:
            return writers[name](arguments)
        _expect(name, arguments, 0, 0)
        return ast.Constant(name == "TRUE")

    def _if(self, arguments: Sequence[Node], write: _Writer | None = None) -> ast.expr:
        """IF; ``write`` writes its branches."""
        write = write or self.value
        _expect("IF", arguments, 2, 3)
        otherwise = arguments[2] if len(arguments) == 3 else Literal(False)
        return self._choice(arguments[0], write(arguments[1]), write(otherwise))

    def _ifs(self, arguments: Sequence[Node], write: _Writer | None = None) -> ast.expr:
        """IFS; ``write`` writes its branches."""
        write = write or self.value
        _expect("IFS", arguments, 2, MOST_ARGUMENTS)
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

    def _unless(self, name: str, question: Callable[..., object], arguments: Sequence[Node]) -> ast.expr:
        """``otherwise if question(t := value) else t``."""
        _expect(name, arguments, 2, 2)
        store, load = self._temporary()
        asked = call(question, ast.NamedExpr(store, self.value(arguments[0])))
        return ast.IfExp(asked, self.value(arguments[1]), load)

    def _temporary(self) -> tuple[ast.Name, ast.Name]:
        self._temporaries += 1
        name = f"t{self._temporaries}"
        return ast.Name(name, ast.Store()), ast.Name(name, ast.Load())

    def _countblank(self, arguments: Sequence[Node]) -> ast.expr:
        _expect("COUNTBLANK", arguments, 1, 1)
        return call(functions.count_blank, self._range("COUNTBLANK", arguments[0])[0])

    def _matching(
        self, name: str, function: Callable[..., object], arguments: Sequence[Node], before: int, most: int
    ) -> ast.expr:
        """Pairs of range and criterion, after ``before`` ranges of addends."""
        _expect(name, arguments, before + 2, most)
        if (len(arguments) - before) % 2:
            raise _arguments(name, "cần từng cặp vùng và điều kiện")
        ranges = [self._range(name, node) for node in [*arguments[:before], *arguments[before::2]]]
        _same_shape(name, [shape for _, shape in ranges])
        written = [values for values, _ in ranges[:before]]
        for (values, _), criterion in zip(ranges[before:], arguments[before + 1 :: 2], strict=True):
            written += [values, self.value(criterion)]
        return call(function, *written)

    def _matching_or(self, name: str, function: Callable[..., object], arguments: Sequence[Node]) -> ast.expr:
        """SUMIF, AVERAGEIF: range, criterion, and the addends last if they are others."""
        _expect(name, arguments, 2, 3)
        ranges = [self._range(name, node) for node in arguments[::2]]
        _same_shape(name, [shape for _, shape in ranges])
        criterion = self.value(arguments[1])
        return call(function, ranges[0][0], criterion, *(values for values, _ in ranges[1:]))

    def _sumproduct(self, arguments: Sequence[Node]) -> ast.expr:
        _expect("SUMPRODUCT", arguments, 1, MOST_ARGUMENTS)
        arrays = [self._array(argument) for argument in arguments]
        _same_shape("SUMPRODUCT", [shape or (("",), 1) for _, shape in arrays])
        return call(functions.sum_product, *(expression for expression, _ in arrays))

    def _array(self, node: Node) -> tuple[ast.expr, Shape | None]:
        """A value or an array of them, with the array's shape."""
        match node:
            case Reference(token) if not self._area(token).is_cell:
                return self._range("SUMPRODUCT", node)
            case Unary(operator, operand) if operator != "+":
                written, shape = self._array(operand)
                return (call(functions.each, name_of(UNARY[operator]), written), shape)
            case Binary(operator, left, right):
                (a, first), (b, second) = self._array(left), self._array(right)
                if first and second:
                    _same_shape("SUMPRODUCT", [first, second])
                return call(functions.each, name_of(BINARY[operator]), a, b), first or second
            case _:
                return self.value(node), None

    def _lookup(self, name: str, function: Callable[..., object], arguments: Sequence[Node]) -> ast.expr:
        _expect(name, arguments, 3, 4)
        cells, (lines, width) = self._range(name, arguments[1])
        most = width if name == "VLOOKUP" else 0 if any(lines) else len(lines)
        match arguments[2]:
            case Literal(float() as place) if place < 1.0 or (most and place >= most + 1):
                raise _arguments(name, f"số thứ tự {place:g} nằm ngoài vùng tra cứu")
        others = [self.value(argument) for argument in arguments[2:]]
        return call(function, self.value(arguments[0]), cells, ast.Constant(width), *others)

    def _match(self, arguments: Sequence[Node]) -> ast.expr:
        _expect("MATCH", arguments, 2, 3)
        cells, (lines, width) = self._range("MATCH", arguments[1])
        if width > 1 and (len(lines) > 1 or any(lines)):
            raise _arguments("MATCH", "cần vùng chỉ có một dòng hoặc một cột")
        return call(lookup.match, self.value(arguments[0]), cells, *map(self.value, arguments[2:]))

    def _index(self, arguments: Sequence[Node]) -> ast.expr:
        _expect("INDEX", arguments, 2, 3)
        cells, (lines, width) = self._range("INDEX", arguments[0])
        if len(arguments) == 2 and width > 1 and (len(lines) > 1 or any(lines)):
            raise _arguments("INDEX", "vùng nhiều dòng, nhiều cột cần cả số dòng và số cột")
        return call(lookup.index, cells, ast.Constant(width), *map(self.value, arguments[1:]))

    def _range(self, name: str, node: Node) -> tuple[ast.expr, Shape]:
        if not isinstance(node, Reference):
            raise _arguments(name, "cần một vùng ô")
        area = self._area(node.token)
        cells = _argument(node.token)
        return ast.Tuple([cells], ast.Load()) if area.is_cell else cells, area.shape

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
                case Call("INDEX", places):
                    return self._index(places)
                case _:
                    return call(counted, self.value(node))

        match arguments:
            case [Reference(token)] if not self._area(token).is_cell:
                return _argument(token)
        elements: list[ast.expr] = []
        for argument in arguments:
            if isinstance(argument, Reference) and not self._area(argument.token).is_cell:
                elements.append(ast.Starred(_argument(argument.token), ast.Load()))
            else:
                elements.append(write(argument))
        return ast.Tuple(elements, ast.Load())


def _argument(token: str) -> ast.Name:
    return ast.Name(f"a{int(token)}", ast.Load())


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
        return node.operator in COMPARISONS
    return isinstance(node, Call) and node.name in whitelist.TRUTHS


def _may_be_blank(node: Node) -> bool:
    """Whether the node may bring over the content of a blank cell."""
    match node:
        case Binary() | Unary("-" | "%"):
            return False
        case Call(name):
            return name in whitelist.PASSING
        case _:
            return True


def _expect(name: str, arguments: Sequence[Node], least: int, most: int) -> None:
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"từ {least} đến {most}"
        raise _arguments(name, f"cần {wanted} đối số, đang có {len(arguments)}")


def _expect_format(node: Node) -> None:
    """A format that is only known when the form is filled could be any; the result must be certain when published."""
    match node:
        case Literal(str() as pattern) if is_known(pattern):
            return
        case Literal(str() as pattern):
            raise _arguments("TEXT", f"không dùng được định dạng “{pattern}”")
    raise _arguments("TEXT", "định dạng phải ghi trực tiếp trong dấu ngoặc kép")


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
