"""Every formula of a form computed by an independent engine too, on generated inputs, before the form is published.

What ironcalc computes from the template workbook itself is held against our formulas, cell by cell: ours are given the
values that the other engine has in the cells they refer to, so that a difference belongs to the formula it stands at.
That our whole run agrees with our single formulas is held as well. Hypothesis generates the inputs, always the same
ones for a form, and reduces them to the smallest that disagree.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from form_templates.model import CellKey, FormVersion
from formulas.arithmetic import CellValue
from formulas.compiler import CompiledForm, compile_version
from formulas.crosschecking.engine import EngineProcess, EngineStoppedError
from formulas.crosschecking.known_faults import Case, explained
from formulas.crosschecking.questions import Inputs, Question, Questions
from formulas.errors import FormulaError
from formulas.syntax import parse
from formulas.wording import value_text
from workbooks.address import address
from workbooks.finding import Finding, Severity

SECONDS: Final = 20.0
"""Time for one form."""
EXAMPLES: Final = 60
_MOST_DISAGREEMENTS: Final = 5
_MOST_UNANSWERED: Final = 5
_MOST_NAMED: Final = 8
_RELATIVE: Final = 1e-12
"""Sums may be added up in another order, which changes the last of 15 digits."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A formula for which there are two results on the same inputs.

    Attributes:
        inputs: the cells the formula refers to, with what they held.
        by: whose the other result is: ``ironcalc``, or our own run of the whole form.
    """

    question: Question
    inputs: tuple[tuple[CellKey, CellValue], ...]
    ours: CellValue
    theirs: CellValue
    by: str = "ironcalc"

    def finding(self) -> Finding:
        """BS457."""
        question = self.question
        sheet, row, column = question.place
        return Finding(
            "BS457",
            Severity.ERROR,
            f"{question.subject}: công thức “={question.coded}” cho {value_text(self.ours)}, còn {self.by} cho"
            f" {value_text(self.theirs)}, khi {self._given()}",
            "Viết lại công thức cho rõ nghĩa (tách thành nhiều ô, thêm ROUND hoặc IFERROR); nếu chắc công thức đúng,"
            " báo cho nơi phát triển phần mềm.",
            sheet=sheet,
            cell="" if question.text else address(row, column),
        )

    def _given(self) -> str:
        filled = [f"({key.row}|{key.column}) = {value_text(value)}" for key, value in self.inputs if value is not None]
        more = f" và {len(filled) - _MOST_NAMED} ô khác" if len(filled) > _MOST_NAMED else ""
        return (", ".join(filled[:_MOST_NAMED]) or "các ô để trống") + more


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """What cross-checking found.

    Attributes:
        formulas: how many cells, relations and aggregate formulas were compared, each on every example.
        examples: on how many sets of inputs both engines answered; unanswered: on how many the other one did not.
        complete: whether all the examples meant were tried; large forms run out of time before.
    """

    disagreements: tuple[Disagreement, ...]
    formulas: int
    examples: int
    unanswered: int
    complete: bool
    seconds: float

    @property
    def findings(self) -> tuple[Finding, ...]:
        """BS457 for each disagreement; BS458 where nothing could be compared."""
        if self.formulas and not self.examples and not self.disagreements:
            return (_not_compared(),)
        return tuple(disagreement.finding() for disagreement in self.disagreements)

    @property
    def summary(self) -> str:
        """One line, in Vietnamese."""
        told = f"Đã đối chiếu {self.formulas} công thức với ironcalc trên {self.examples} bộ số liệu"
        return f"{told}." if self.complete else f"{told} (hết thời gian trước khi thử hết)."


def cross_check(
    template: bytes, compiled: CompiledForm, *, seconds: float = SECONDS, examples: int = EXAMPLES
) -> CrossCheck:
    """Compares all formulas of a template, its control relations and aggregate formulas with ironcalc's results.

    After ``seconds`` no more examples are tried, and the other engine is ended where it takes longer for one.
    """
    start = time.monotonic()
    questions = Questions(compiled)
    if not questions.asked:
        return CrossCheck((), 0, 0, 0, complete=True, seconds=0.0)
    comparison = _Comparison(template, questions, start + seconds, examples)
    try:
        found = tuple(comparison.disagreements())
    finally:
        comparison.end()
    return CrossCheck(
        found,
        len(questions.asked),
        comparison.answered,
        comparison.unanswered,
        complete=not comparison.is_over(),
        seconds=round(time.monotonic() - start, 3),
    )


@lru_cache(maxsize=16)
def proved(template: bytes, version: FormVersion) -> tuple[Finding, ...]:
    """The warnings (BS458) of a template whose formulas agree. Raises FormulaError (BS457) where they do not.

    Kept for the templates asked last: publishing the same again should not take as long again.
    """
    findings = cross_check(template, compile_version(version)).findings
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise FormulaError(findings)
    return findings


@dataclass
class _Comparison:
    """The two engines side by side."""

    template: bytes
    questions: Questions
    deadline: float
    examples: int
    answered: int = 0
    unanswered: int = 0
    _settled: set[str] = field(default_factory=set)
    _engine: EngineProcess | None = None

    def is_over(self) -> bool:
        """Whether no more is to be asked."""
        return time.monotonic() > self.deadline or self.unanswered >= _MOST_UNANSWERED

    def disagreements(self) -> Iterator[Disagreement]:
        """The smallest disagreement found at a formula, then the same at others."""
        while len(self._settled) < _MOST_DISAGREEMENTS:
            found = self._smallest()
            if found is None:
                return
            self._settled.add(found.question.coded)
            yield found

    def _smallest(self) -> Disagreement | None:
        # Only who publishes a form needs Hypothesis, which takes a while to load.
        from formulas.crosschecking.inputs import smallest  # noqa: PLC0415 - loaded where it is needed

        seen: list[Disagreement] = []

        def disagrees(inputs: Inputs) -> bool:
            found = self._first(inputs)
            if found is not None:
                seen.append(found)
            return found is not None

        return seen[-1] if smallest(self.questions.inputs, disagrees, self.examples) else None

    def _first(self, inputs: Inputs) -> Disagreement | None:
        """The first formula with two results, known faults of the other engine apart."""
        theirs = self._theirs(inputs)
        if theirs is None:
            return None
        whole = self.questions.whole(inputs)
        alone = self.questions.alone({**inputs, **whole})
        for question in self.questions.asked:
            own = question.cell
            if own is not None and not _is_equal(whole[own], alone[question.key]):
                contents = self.questions.contents(question, {**inputs, **whole})
                return Disagreement(question, contents, alone[question.key], whole[own], "khi tính cả biểu")
        return self._against(inputs, theirs)

    def _against(self, inputs: Inputs, theirs: Sequence[CellValue]) -> Disagreement | None:
        asked = self.questions.asked
        pairs = list(zip(asked, theirs, strict=True))
        values = {**inputs, **{question.cell: value for question, value in pairs if question.cell is not None}}
        ours = self.questions.alone(values)
        for question, other in pairs:
            mine = ours[question.key]
            if _is_equal(mine, other) or question.coded in self._settled:
                continue
            contents = self.questions.contents(question, values)
            held = tuple(value for _, value in contents)
            if not _is_same(mine, other, held) and not explained(Case(parse(question.coded), held, mine, other)):
                return Disagreement(question, contents, mine, other)
        return None

    def _theirs(self, inputs: Inputs) -> list[CellValue] | None:
        """The other engine's results; None where it gives none in time, or breaks."""
        if self.is_over():
            return None
        try:
            if self._engine is None:
                self._engine = self._started()
            values = [inputs.get(key) for _, key in self.questions.inputs]
            answer = self._engine.ask(values, self.deadline - time.monotonic())
        except EngineStoppedError:
            self.unanswered += 1
            self.end()
            return None
        self.answered += 1
        return answer

    def _started(self) -> EngineProcess:
        questions = self.questions
        return EngineProcess(
            self.template,
            inputs=[questions.place(key) for _, key in questions.inputs],
            formulas=[(question.place, question.text) for question in questions.asked if question.text],
            outputs=[question.place for question in questions.asked],
            seconds=self.deadline - time.monotonic(),
        )

    def end(self) -> None:
        """Ends the other engine."""
        if self._engine is not None:
            self._engine.end()
            self._engine = None


def _is_equal(ours: CellValue, theirs: CellValue) -> bool:
    return ours.__class__ is theirs.__class__ and ours == theirs


def _is_same(ours: CellValue, theirs: CellValue, inputs: Sequence[CellValue]) -> bool:
    """Whether two results are one to Excel's precision; a difference of large numbers may leave noise."""
    if not isinstance(ours, float) or not isinstance(theirs, float):
        return _is_equal(ours, theirs)
    largest = max((abs(value) for value in inputs if isinstance(value, float)), default=0.0)
    return abs(ours - theirs) <= _RELATIVE * max(abs(ours), abs(theirs), largest)


def _not_compared() -> Finding:
    return Finding(
        "BS458",
        Severity.WARNING,
        "Chưa đối chiếu được công thức của biểu với ironcalc: chương trình này không trả lời trong thời gian cho phép",
        "Biểu vẫn ban hành được; thử lại khi máy rảnh, hoặc mở biểu bằng LibreOffice để so kết quả.",
    )
