"""The process of the other engine, as who asks sees it: values in, values out, never longer than allowed."""

from __future__ import annotations

import base64
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO, Final, TypeAlias

from formulas.arithmetic import CellValue
from workbooks.sheet import CellError

Place: TypeAlias = tuple[str, int, int]
"""Sheet, row, column (both from 1)."""

_ERRORS: Final = {error.value: error for error in CellError}


class EngineStoppedError(Exception):
    """The engine gave no answer: too slow, or broken by what it was to compute."""


class EngineProcess:
    """One workbook in a process of its own. Raises EngineStoppedError, after which it can only be ended."""

    def __init__(
        self,
        template: bytes,
        *,
        inputs: Sequence[Place],
        formulas: Sequence[tuple[Place, str]],
        outputs: Sequence[Place],
        seconds: float,
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "formulas.crosschecking.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()
        work = {
            "template": base64.b64encode(template).decode("ascii"),
            "inputs": list(inputs),
            "formulas": [[*place, text] for place, text in formulas],
            "outputs": list(outputs),
        }
        try:
            self._exchange(json.dumps(work), seconds)
        except EngineStoppedError:
            self.end()
            raise

    def ask(self, values: Sequence[CellValue], seconds: float) -> list[CellValue]:
        """What the outputs are when the inputs have these values."""
        answer = self._exchange(json.dumps(list(values)), seconds)
        return [_value(value) for value in json.loads(answer)]

    def end(self) -> None:
        """Ends the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                _close(stream)

    def _exchange(self, line: str, seconds: float) -> str:
        if self._process.stdin is None:
            raise EngineStoppedError
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            answer = self._answers.get(timeout=max(0.01, seconds))
        except (OSError, queue.Empty) as error:
            raise EngineStoppedError from error
        if not answer:
            raise EngineStoppedError
        return answer

    def _listen(self, stream: IO[str]) -> None:
        """Brings the lines over, and ``""`` when there are no more."""
        for line in stream:
            self._answers.put(line)
        self._answers.put("")


def _close(stream: IO[str]) -> None:
    try:
        stream.close()
    except OSError:
        return  # what could not be sent any more is not missed


def _value(value: object) -> CellValue:
    if isinstance(value, str):
        return _ERRORS.get(value, value)
    return value if value is None or isinstance(value, bool) else float(value)  # type: ignore[arg-type]  # JSON number
