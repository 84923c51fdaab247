"""A process of its own in which ironcalc computes workbooks: ``python -m formulas.crosschecking.worker``.

ironcalc has no time limit and holds the interpreter's lock, and a formula can make it panic; here it can be ended.
One line of JSON asks, one answers. The first line is the work: ``template`` (Base64), ``inputs`` and ``outputs`` as
[sheet, row, column], ``formulas`` as [sheet, row, column, text] to be written into the workbook. Every further line
has the values of the inputs; the answer has those of the outputs.
"""

from __future__ import annotations

import base64
import contextlib
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

if TYPE_CHECKING:
    import ironcalc


MOST_MEMORY: Final = 1 << 30
"""Bytes of address space: formulas that make texts grow end this process, not the machine."""


def serve(questions: TextIO, answers: TextIO) -> None:
    """Answers until there are no more questions."""
    import ironcalc  # noqa: PLC0415 - only the process that computes needs the engine

    work = json.loads(questions.readline())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "form.xlsx"
        file.write_bytes(base64.b64decode(work["template"]))
        model = ironcalc.load_from_xlsx(str(file), "en", "UTC", "en")
    sheets = {properties["name"]: n for n, properties in enumerate(model.get_worksheets_properties())}
    for sheet, row, column, text in work["formulas"]:
        model.set_user_input(sheets[sheet], row, column, "=" + text)
    inputs = [(sheets[sheet], row, column) for sheet, row, column in work["inputs"]]
    outputs = [(sheets[sheet], row, column) for sheet, row, column in work["outputs"]]
    answers.write("ready\n")
    answers.flush()
    shown: list[Any] = [()] * len(inputs)
    for line in questions:
        values = json.loads(line)
        for place, value, before in zip(inputs, values, shown, strict=True):
            if type(value) is not type(before) or value != before:
                _put(model, place, value)
        shown = values
        model.evaluate()
        json.dump([model.get_cell_value(*place) for place in outputs], answers)
        answers.write("\n")
        answers.flush()


def _put(model: ironcalc.Model, place: tuple[int, int, int], value: float | str | bool | None) -> None:
    if value is None:
        model.clear_cell_contents(*place)
    elif isinstance(value, bool):
        model.update_cell_with_bool(*place, value)
    elif isinstance(value, str):
        model.update_cell_with_text(*place, value)
    else:
        model.update_cell_with_number(*place, float(value))


def _bound_memory() -> None:
    with contextlib.suppress(ImportError):  # Windows has no such limit
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


if __name__ == "__main__":
    _bound_memory()
    serve(sys.stdin, sys.stdout)
