"""Fillings of a form for the comparison of engines: what officers type, and what nobody should."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from tempfile import TemporaryDirectory
from typing import Final

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import NoSuchExample

from form_templates.model import CellKey, CellSpec
from formulas.arithmetic import CellValue

_MOST_CHANGED: Final = 8
_MARKS: Final = ("-", "…", "x")
_SEEDS: Final = 1000
_PLAIN: Final[tuple[CellValue, ...]] = (None, 0.0, 1.0)


def smallest(
    cells: Sequence[tuple[CellSpec, CellKey]], wanted: Callable[[dict[CellKey, CellValue]], bool], examples: int
) -> bool:
    """Whether some filling is wanted; the last one that was, when asked, is the smallest Hypothesis found.

    The same fillings are tried each time for the same cells.
    """
    limits = settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    # Database or not, the library writes notes of its own into the folder that one happens to stand in.
    with TemporaryDirectory(prefix="bieuso-") as elsewhere:
        set_hypothesis_home_dir(elsewhere)
        try:
            find(_generated(cells), wanted, settings=limits)
        except NoSuchExample:
            return False
        finally:
            set_hypothesis_home_dir(None)
    return True


def _generated(cells: Sequence[tuple[CellSpec, CellKey]]) -> st.SearchStrategy[dict[CellKey, CellValue]]:
    """A plain filling of all cells, with a few of them changed at will."""
    if not cells:
        return st.just({})
    base = st.integers(0, _SEEDS).map(lambda seed: _filling(cells, seed))
    changed = st.lists(
        st.integers(0, len(cells) - 1).flatmap(
            lambda at: st.tuples(st.just(cells[at][1]), _values(cells[at][0].decimals))
        ),
        max_size=_MOST_CHANGED,
    )
    return st.tuples(base, changed).map(lambda parts: parts[0] | dict(parts[1]))


def _values(decimals: int) -> st.SearchStrategy[CellValue]:
    """Values an officer may type, and some that nobody should."""
    return st.one_of(
        st.none(),
        st.just(0.0),
        st.integers(-(10**7), 10**7).map(lambda n: n / _scale(decimals)),
        st.integers(0, 10**14).map(lambda n: n / _scale(decimals)),
        st.sampled_from(_MARKS),
        st.sampled_from(["", "abc", "Lúa", "12", "1.234,5", True, False]),
    )


def _filling(cells: Sequence[tuple[CellSpec, CellKey]], seed: int) -> dict[CellKey, CellValue]:
    """A filling of all cells: blank (0), all zero (1), and then plausible numbers with ever more marks and gaps."""
    if seed < len(_PLAIN):
        return {key: _PLAIN[seed] for _, key in cells}
    chance = random.Random(seed)  # noqa: S311 - the same inputs each time, for no secret
    gaps = (seed % 5) / 20

    def value(decimals: int) -> CellValue:
        if chance.random() < gaps:
            return chance.choice((None, 0.0, *_MARKS))
        size = chance.choice((9, 99, 9_999, 999_999, 99_999_999))
        lowest = -size if seed % 3 == 0 else 0
        return chance.randint(lowest, size) / _scale(decimals)

    return {key: value(cell.decimals) for cell, key in cells}


def _scale(decimals: int) -> float:
    return float(10**decimals)
