"""Where ironcalc is known to depart from Excel: a disagreement of this kind says nothing against a form.

Each entry has an example that shows the fault; the tests run it, so that an entry goes when the fault is mended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Final

from formulas.arithmetic import CellValue
from formulas.syntax import Binary, Call, Literal, Node, Reference, walk
from workbooks.sheet import CellError

_OVER_VALUES: Final = frozenset({"SUM", "AVERAGE", "MIN", "MAX", "COUNT", "COUNTA", "AND", "OR"})
_GIVING_CELLS: Final = frozenset({"IF", "IFS", "INDEX"})
_OF_TEXTS: Final = frozenset({"&", "CONCATENATE", "LEFT", "RIGHT", "MID", "LEN", "TRIM", "UPPER", "LOWER"})
_OF_DAYS: Final = frozenset({"DATE", "YEAR", "MONTH", "DAY", "TEXT"})
_CONDITIONAL: Final = frozenset({"COUNTIF", "COUNTIFS", "SUMIF", "SUMIFS", "AVERAGEIF", "AVERAGEIFS"})
_TRUE_OR_FALSE: Final = frozenset(
    {"=", "<>", "<", "<=", ">", ">=", "AND", "OR", "NOT", "ISNUMBER", "ISBLANK", "ISTEXT", "ISERROR"}
)
_FIRST_SOUND_DAY: Final = 61.0


@dataclass(frozen=True, slots=True)
class Case:
    """A formula over the values of the cells it refers to, and what both engines make of it."""

    node: Node
    inputs: tuple[CellValue, ...]
    ours: CellValue
    theirs: CellValue


@dataclass(frozen=True, slots=True)
class KnownFault:
    """One fault of the other engine.

    Attributes:
        explains: whether a disagreement may come from it.
        reason: what Excel does and what the engine does; evidence: how one knows what Excel does.
        example: a formula over ``{01|1}`` and ``cells`` of a small form that shows it.
    """

    reason: str
    evidence: str
    explains: Callable[[Case], bool]
    example: str
    cells: Mapping[str, CellValue]


def explained(case: Case) -> KnownFault | None:
    """The known fault a disagreement comes from, or None."""
    return next((fault for fault in KNOWN_FAULTS if fault.explains(case)), None)


def _names(case: Case) -> set[str]:
    """Functions and operators of the formula."""
    parts = list(walk(case.node))
    named = {part.name for part in parts if isinstance(part, Call)}
    return named | {part.operator for part in parts if isinstance(part, Binary)}


def _chooses_a_cell(case: Case) -> bool:
    return any(
        isinstance(argument, Call) and argument.name in _GIVING_CELLS
        for part in walk(case.node)
        if isinstance(part, Call) and part.name in _OVER_VALUES
        for argument in part.arguments
    )


def _overlooks_an_error(case: Case) -> bool:
    return bool(_names(case) & {"AND", "OR"}) and _is_error(case.ours) and not _is_error(case.theirs)


def _cuts_binary(case: Case) -> bool:
    return bool(_names(case) & {"INT", "MOD"}) and isinstance(case.theirs, float)


def _writes_17_digits(case: Case) -> bool:
    numbers = [value for value in case.inputs if isinstance(value, float)]
    return bool(_names(case) & _OF_TEXTS) and bool(numbers) and not _is_error(case.theirs)


def _formats_otherwise(case: Case) -> bool:
    return "TEXT" in _names(case) and isinstance(case.ours, str) and not _is_error(case.ours)


def _counts_days_from_1899(case: Case) -> bool:
    early = any(value is None or (isinstance(value, float) and value < _FIRST_SOUND_DAY) for value in case.inputs)
    written = any(isinstance(part, Literal) and isinstance(part.value, float) for part in walk(case.node))
    return bool(_names(case) & _OF_DAYS) and (early or (written and "DATE" in _names(case)))


def _searches(case: Case, names: Set[str]) -> list[Call]:
    return [part for part in walk(case.node) if isinstance(part, Call) and part.name in names]


def _searches_disorder(case: Case) -> bool:
    for search in _searches(case, {"VLOOKUP", "HLOOKUP", "MATCH"}):
        most = 3 if search.name == "MATCH" else 4
        match search.arguments[most - 1 :]:
            case (Literal(value=None | False | 0.0),):
                continue
        return True
    return False


def _finds_otherwise(case: Case) -> bool:
    if not _searches(case, {"VLOOKUP", "HLOOKUP", "MATCH"}):
        return False
    if case.ours is CellError.NA or None in case.inputs:
        return True
    return case.ours is CellError.VALUE and case.theirs is CellError.REF


def _refuses_one_cell(case: Case) -> bool:
    ranges = [search.arguments[0] for search in _searches(case, _CONDITIONAL) if search.arguments]
    return any(isinstance(cell, Reference) and not {":", "*"} & set(cell.token) for cell in ranges)


def _counts_empty_texts(case: Case) -> bool:
    criteria = [
        argument.value
        for search in _searches(case, _CONDITIONAL)
        for argument in search.arguments
        if isinstance(argument, Literal)
    ]
    return bool({"=", "<>"} & set(criteria)) and "" in case.inputs


def _takes_index_as_value(case: Case) -> bool:
    return any(isinstance(part, Reference) for part in walk(case.node)) and _chooses_a_cell(case)


def _refuses_count(case: Case) -> bool:
    if case.theirs is not CellError.VALUE or _is_error(case.ours):
        return False
    counts = [count for search in _searches(case, {"LEFT", "RIGHT", "MID"}) for count in search.arguments[1:]]
    return any(_may_be_no_number(part, case) for count in counts for part in walk(count))


def _may_be_no_number(part: Node, case: Case) -> bool:
    match part:
        case Literal(value=value):
            return isinstance(value, str | bool)
        case Reference():
            return any(isinstance(value, str | bool) and not _is_error(value) for value in case.inputs)
        case Call(name=name) | Binary(operator=name):
            return name in _OF_TEXTS | _TRUE_OR_FALSE | {"TEXT"}
    return False


def _is_error(value: CellValue) -> bool:
    return isinstance(value, CellError)


KNOWN_FAULTS: Final = (
    KnownFault(
        "IF, IFS and INDEX as an argument of SUM and its kin give the cell itself to Excel, whose text is passed over;"
        " ironcalc takes its value: #VALUE!.",
        "LibreOffice agrees with Excel (tests/formulas/test_other_programs.py)",
        _takes_index_as_value,
        "SUM(IF(TRUE,{01|1},5))",
        {"01|1": "abc"},
    ),
    KnownFault(
        "AND and OR stop at the first argument that decides; Excel carries the error of a later one.",
        "Microsoft's reference of OR; LibreOffice agrees with Excel",
        _overlooks_an_error,
        "OR(TRUE,1/{01|1})",
        {"01|1": 0.0},
    ),
    KnownFault(
        "INT and MOD work on the binary value; Excel on 15 digits, and MOD has a largest quotient.",
        "Microsoft KB 78113, KB 119083",
        _cuts_binary,
        "INT({01|1}*100)",
        {"01|1": 4.1},
    ),
    KnownFault(
        "A number joined to a text is written with 17 digits; Excel writes 15.",
        "ECMA-376 part 1 §18.17; LibreOffice agrees with Excel",
        _writes_17_digits,
        'LEN({01|1}+0.2)&""',
        {"01|1": 0.1},
    ),
    KnownFault(
        "TEXT rounds halves of the binary value to even, does not read a text that is a number, drops the sign of what"
        " rounds to zero, and gives TRUE as it is.",
        "Microsoft's reference of TEXT; excelribbon.tips.net T009901 (negative zero)",
        _formats_otherwise,
        'TEXT({01|1},"0")',
        {"01|1": 2.5},
    ),
    KnownFault(
        "Days before 1 March 1900 are one too high, day 0 is #NUM!: there is no 29 February 1900.",
        "Microsoft, Excel incorrectly assumes that the year 1900 is a leap year",
        _counts_days_from_1899,
        "DAY({01|1})",
        {"01|1": 59.0},
    ),
    KnownFault(
        "An approximate search takes blank cells at the end for the last that match; and in cells that are in no order"
        " it has no certain result, programs search differently.",
        "Microsoft's reference of VLOOKUP and MATCH: the cells must be sorted",
        _searches_disorder,
        "MATCH({01|1},{01:05|2},1)",
        {"01|1": 6.0, "01|2": 1.0, "02|2": 3.0, "03|2": 5.0},
    ),
    KnownFault(
        "Searching compares numbers by 15 digits (Excel to the last bit), finds blank cells by a blank one (to Excel it"
        " is 0), and answers #REF! to a column below 1 (Excel #VALUE!).",
        "joeu2004 on learn.microsoft.com (answer 11355118); Microsoft's reference of VLOOKUP",
        _finds_otherwise,
        "MATCH({01|1}+0.2,{02:03|1},0)",
        {"01|1": 0.1, "02|1": 0.3},
    ),
    KnownFault(
        'The criterion "=" matches empty texts as well as blank cells; to Excel an empty text is not blank.',
        "Microsoft's reference of COUNTIF and COUNTBLANK",
        _counts_empty_texts,
        'COUNTIF({01:02|1},"=")',
        {"01|1": "", "02|1": 5.0},
    ),
    KnownFault(
        "COUNTIF and its kin over a single cell are #VALUE!; Excel takes one cell for a range of one.",
        "Microsoft's reference of COUNTIF; LibreOffice agrees with Excel",
        _refuses_one_cell,
        'COUNTIF({01|1},">0")',
        {"01|1": 5.0},
    ),
    KnownFault(
        "LEFT, RIGHT and MID take neither TRUE or FALSE nor a text of digits for a number of characters: #VALUE!; to"
        " Excel these are numbers.",
        "LibreOffice agrees with Excel (tests/formulas/test_other_programs.py)",
        _refuses_count,
        'LEFT("abc",{01|1})',
        {"01|1": "2"},
    ),
)
