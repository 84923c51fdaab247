"""Stored figures told in the terms of a later version of their form (L35), with the cells that each is made of.

Nothing stored changes: the mapping is applied when somebody asks. What is typed is translated; what is computed is
computed anew by the later version's formulas, from the translated figures. Where a merge leaves several figures that
cannot be added (two yields), the form's own rule for several units serves: yield from output and area, both added.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Final

from sqlalchemy import Connection

from form_templates.model import Aggregation, CellKey, CellKind, FormVersion, member_row, members_of
from form_templates.reading import ValueState, state_of
from form_templates.translating import Amount, Left, OriginCell, Translation, composed, translate
from formulas.arithmetic import CellValue
from formulas.compiler import CompiledForm
from formulas.dependence import areas_of
from formulas.evaluation import aggregate, evaluate
from formulas.places import HERE, Members, Places
from server.errors import InvalidError, NotFoundError
from server.services.figures import computed_figure
from server.services.registry import Published, published
from server.storage import forms
from server.storage.exact import FactState
from server.storage.facts import Fact, facts_of
from server.storage.forms import FormRecord
from server.storage.submissions import Submission

_VALUE_STATES: Final = {
    FactState.BLANK: ValueState.BLANK,
    FactState.NONE: ValueState.NONE,
    FactState.NO_DATA: ValueState.NO_DATA,
    FactState.NOT_APPLICABLE: ValueState.NOT_APPLICABLE,
    FactState.TEXT: ValueState.TEXT,
    FactState.ERROR: ValueState.ERROR,
}
_FACT_STATES: Final = {value: fact for fact, value in _VALUE_STATES.items()} | {ValueState.BOOLEAN: FactState.TEXT}
_SYMBOLS: Final = {ValueState.NONE: "-", ValueState.NO_DATA: "…", ValueState.NOT_APPLICABLE: "x"}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a told figure comes from: cells of the version that it was reported under."""

    version: str
    cells: tuple[OriginCell, ...]

    @property
    def estimated(self) -> bool:
        """Whether a share was assumed: the figure as such was never reported."""
        return any(cell.share != 1 for cell in self.cells)


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A figure, or part of one, that has no place in a later version; ``version`` is the one it stands in."""

    version: str
    left: Left


@dataclass(frozen=True)
class Told:
    """Figures in the terms of a later version.

    Attributes:
        version: the one they were reported under.
        values: by cell of the later version; blank ones are left out.
        origins: of each figure that was translated.
        computed: the cells that were computed anew; what they are made of is what their formulas take.
        left: what has no place any more.
    """

    version: str
    values: Mapping[CellKey, Amount]
    origins: Mapping[CellKey, Origin]
    computed: frozenset[CellKey]
    left: tuple[LeftOver, ...] = field(default=())

    @property
    def estimated(self) -> int:
        """How many figures rest on an assumed share."""
        return sum(origin.estimated for origin in self.origins.values())


def published_version(connection: Connection, form: str, version: str) -> Published:
    """A version by its number, in use or not. Raises NotFoundError."""
    record = forms.form_version(connection, form, version)
    if record is None:
        raise NotFoundError(f"Không có biểu {form} phiên bản {version}.", "Kiểm tra mã biểu và số phiên bản.")
    return published(record)


def not_continued(form: str, reported: str, asked: str) -> InvalidError:
    """The error where figures cannot be told in the terms of a version."""
    return InvalidError(
        f"Số liệu biểu {form} nộp theo phiên bản {reported}, không chuyển được sang phiên bản {asked}.",
        "Hỏi theo phiên bản đã nộp hoặc một phiên bản tiếp nối nó.",
    )


def path(connection: Connection, old: FormRecord, new: FormRecord) -> tuple[Published, ...] | None:
    """The versions from one to another, each continuing the one before; None where ``new`` does not continue ``old``.

    A version that declares nothing continues the one with the next lower number.
    """
    known = {record.version: record for record in forms.form_versions(connection, new.form)}
    found, step = [published(new)], new
    while step.id != old.id:
        declared = found[-1].version.succession
        lower = [int(number) for number in known if int(number) < int(step.version)]
        before = declared.version if declared else str(max(lower, default=0))
        if before not in known or int(before) >= int(step.version):
            return None
        step = known[before]
        found.append(published(step))
    return tuple(reversed(found))


def tell(versions: Sequence[Published], amounts: Mapping[CellKey, Amount], *, sums: bool = False) -> Told:
    """Figures of the first of some versions in the terms of the last.

    Args:
        versions: as `path` gives them.
        amounts: what stands in the cells, computed ones included.
        sums: whether these are sums over several units.
    """
    values, computed = dict(amounts), frozenset[CellKey]()
    origins: dict[CellKey, tuple[OriginCell, ...]] = {key: (OriginCell(key),) for key in values}
    left: list[LeftOver] = []
    for old, new in pairwise(versions):
        found = translate(old.version, new.version, values)
        values, computed = _computed(new.compiled, found, sums=sums)
        left += (LeftOver(old.version.version, one) for one in found.left if _was_typed(old, one.old))
        origins = {
            key: composed(origins, moves)
            for key, moves in found.by_new.items()
            if key in values and key not in computed
        }
    named = {key: Origin(versions[0].version.version, cells) for key, cells in origins.items()}
    return Told(versions[0].version.version, values, named, computed, tuple(left))


def amounts_of(facts: Mapping[CellKey, Fact]) -> dict[CellKey, Amount]:
    """What the cells of a submission say."""
    return {key: fact.value if fact.value is not None else _VALUE_STATES[fact.state] for key, fact in facts.items()}


def tell_submission(
    connection: Connection, submission: Submission, facts: Mapping[CellKey, Fact], target: Published
) -> Told | None:
    """The facts of a submission in the terms of ``target``; None where that version does not continue its own."""
    record = forms.form_version(connection, target.record.form, submission.version or "")
    versions = None if record is None else path(connection, record, target.record)
    return None if versions is None else tell(versions, amounts_of(facts))


def facts_in(connection: Connection, submission: Submission, target: Published) -> Mapping[CellKey, Fact] | None:
    """The facts of a submission as if they had been reported under ``target``; None where they cannot be told so.

    Each stands where the first of the cells that it comes from stands; what was computed anew stands nowhere (0).
    """
    facts = facts_of(connection, submission.id)
    if submission.version == target.record.version:
        return facts
    told = tell_submission(connection, submission, facts, target)
    if told is None:
        return None
    return {key: _fact(told, facts, target, key) for key in _cells(target.version, members_of(told.values))}


def _cells(version: FormVersion, members: Members) -> Iterator[CellKey]:
    """Every cell of a filled form that may hold a figure."""
    for spec in version.cell_by_key.values():
        if spec.kind is CellKind.NOT_APPLICABLE:
            continue
        rows = [spec.key.row]
        if "*" in spec.key.row:
            rows = [member_row(spec.key.row, one) for one in members.get((spec.key.table, spec.key.row), ())]
        yield from (spec.key._replace(row=row) for row in rows)


def _fact(told: Told, facts: Mapping[CellKey, Fact], target: Published, key: CellKey) -> Fact:
    amount, origin = told.values.get(key, ValueState.BLANK), told.origins.get(key)
    at = facts[origin.cells[0].key] if origin and origin.cells else None
    number = amount if isinstance(amount, Decimal) else None
    state = FactState.NUMBER if isinstance(amount, Decimal) else _FACT_STATES[amount]
    place = (0, 0) if at is None else (at.at_row, at.at_column)
    return Fact(key, state, number, target.version.cell(key).decimals, *place)


# -- inside ------------------------------------------------------------------------------------------------------------


def _was_typed(published: Published, key: CellKey) -> bool:
    """What was computed is not lost where it has no place: what it was computed from is told of by itself."""
    spec = published.version.cell_by_key.get(key.template)
    return spec is None or spec.kind is not CellKind.CALC


def _computed(
    compiled: CompiledForm, found: Translation, *, sums: bool
) -> tuple[dict[CellKey, Amount], frozenset[CellKey]]:
    """Translated figures with everything that follows from them, and which cells were computed."""
    typed = {key: amount for key, amount in found.values.items() if _is_typed(compiled, key)}
    unclear = {key for key in found.undetermined if _is_typed(compiled, key)}
    products = {key: a for key, a in found.values.items() if key.template in _products(compiled)}
    members = members_of(sorted((*found.values, *unclear)))
    if sums:
        values = typed | products
        results = aggregate(compiled, _numbers(compiled, values), members)
    else:
        results = evaluate(compiled, {key: _sheet_value(amount) for key, amount in typed.items()}, members)
        values = typed | {key: a for key, a in products.items() if _takes(compiled, key, unclear, members)}
        if unclear:
            results = _with_unclear(compiled, (values, results, members), unclear)
    computed = set()
    for key in (*sorted(unclear), *_followers(compiled, {*values, *unclear}, members)):
        amount = _amount(compiled, key, results.get(key))
        if key not in values and amount is not None:
            values[key] = amount
            computed.add(key)
    # Figures of before the service may be stored without what they are made of (a cumulative column alone).
    alone = {key: amount for key, amount in found.values.items() if key not in values and _adds_up(compiled, key)}
    return alone | values, frozenset(computed)


def _with_unclear(
    compiled: CompiledForm,
    known: tuple[Mapping[CellKey, Amount], Mapping[CellKey, CellValue], Members],
    unclear: Collection[CellKey],
) -> dict[CellKey, CellValue]:
    """The results where cells hold several figures that cannot be added: those, and what takes them, as sums have it.

    ``known``: the figures, the products of the unclear cells among them; what follows from the clear ones; members.
    """
    values, results, members = known
    products = _products(compiled)
    others: dict[CellKey, CellValue] = {key: v for key, v in results.items() if key.template in products}
    combined = aggregate(compiled, others | _numbers(compiled, values), members)
    typed = {key: _sheet_value(amount) for key, amount in values.items() if _is_typed(compiled, key)}
    whole = evaluate(compiled, typed | {key: combined.get(key) for key in unclear}, members)
    added = {key: v for key, v in combined.items() if v is not None and (key in unclear or _adds_up(compiled, key))}
    return whole | added


def _numbers(compiled: CompiledForm, values: Mapping[CellKey, Amount]) -> dict[CellKey, CellValue]:
    """The figures that add up, as formulas take them."""
    return {
        key: float(amount)
        for key, amount in values.items()
        if isinstance(amount, Decimal) and compiled.version.cell(key).aggregation is Aggregation.SUM
    }


def _takes(compiled: CompiledForm, key: CellKey, cells: Collection[CellKey], members: Members) -> bool:
    """Whether the formula of a cell refers to one of some cells."""
    areas = areas_of(compiled.version.cell(key).formula or "", key.template, Places(compiled.version.tables))
    return bool(cells) and any(one in cells for area in areas for one in area.keys(members, key.row))


def _is_typed(compiled: CompiledForm, key: CellKey) -> bool:
    return compiled.version.cell(key).kind is not CellKind.CALC


def _adds_up(compiled: CompiledForm, key: CellKey) -> bool:
    spec = compiled.version.cell(key)
    return spec.kind is CellKind.CALC and spec.aggregation is Aggregation.SUM


def _followers(compiled: CompiledForm, known: Iterable[CellKey], members: Members) -> Iterator[CellKey]:
    """The cells that have something to be computed from: a formula over nothing but blanks would say zero."""
    told = {*known}
    places = Places(compiled.version.tables)
    for template in compiled.order:
        areas = list(areas_of(compiled.version.cell(template).formula or "", template, places))
        rows = [template.row]
        if "*" in template.row:
            rows = [member_row(template.row, one) for one in members.get((template.table, template.row), ())]
        for row in rows:
            if any(key in told for area in areas for key in area.keys(members, row)):
                told.add(template._replace(row=row))
                yield template._replace(row=row)


def _products(compiled: CompiledForm) -> frozenset[CellKey]:
    """Computed cells that add up though their formulas take what does not: output from area and yield."""
    return _products_of(_Same(compiled))


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """A compiled form as a cache key by identity."""

    compiled: CompiledForm

    def __hash__(self) -> int:
        return id(self.compiled)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.compiled is self.compiled


@lru_cache(maxsize=64)
def _products_of(same: _Same) -> frozenset[CellKey]:
    version = same.compiled.version
    places, found = Places(version.tables), set()
    for key in same.compiled.order:
        spec = version.cell(key)
        taken = [
            one._replace(row=key.row) if one.row == HERE else one
            for area in areas_of(spec.formula or "", key, places)
            for one in area.template_keys()
        ]
        if spec.aggregation is Aggregation.SUM and any(
            version.cell(one).aggregation is not Aggregation.SUM for one in taken
        ):
            found.add(key)
    return frozenset(found)


def _sheet_value(amount: Amount) -> CellValue:
    return float(amount) if isinstance(amount, Decimal) else _SYMBOLS.get(amount)


def _amount(compiled: CompiledForm, key: CellKey, value: CellValue) -> Amount | None:
    number = computed_figure(value, compiled.version.cell(key))
    if number is not None:
        return number
    state = state_of(value)
    return state if state in _SYMBOLS else None
