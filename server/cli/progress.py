"""How far a long command is, on standard error; nothing where it is done within a second, or nobody looks on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


@contextmanager
def counted(what: str, *, after: float = 1.0) -> Iterator[Callable[[int, int], None]]:
    """A function that is told how much is done, of how much."""
    console, since = Console(stderr=True), time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True)
    task: list[TaskID] = []

    def tell(done: int, total: int) -> None:
        if not console.is_terminal or (not task and time.monotonic() - since < after):
            return
        if not task:
            bar.start()
            task.append(bar.add_task(what, total=total))
        bar.update(task[0], completed=done, total=total)

    try:
        yield tell
    finally:
        bar.stop()
