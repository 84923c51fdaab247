"""The order in which cells are computed, and the circles that have none."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def groups(needs: Mapping[K, Iterable[K]]) -> list[list[K]]:
    """The keys, each after what it needs; keys that need each other stand in one group (Tarjan, without recursion).

    Needs that are no keys themselves are left out. A group of one may still need itself.
    """
    index: dict[K, int] = {}
    low: dict[K, int] = {}
    stack: list[K] = []
    on_stack: set[K] = set()
    found: list[list[K]] = []

    def enter(key: K) -> tuple[K, Iterator[K]]:
        index[key] = low[key] = len(index)
        stack.append(key)
        on_stack.add(key)
        return key, iter([need for need in needs[key] if need in needs])

    for root in needs:
        path = [enter(root)] if root not in index else []
        while path:
            key, rest = path[-1]
            need = next(rest, None)
            if need is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[key])
                if low[key] == index[key]:
                    found.append(_cut(stack, on_stack, key))
            elif need not in index:
                path.append(enter(need))
            elif need in on_stack:
                low[key] = min(low[key], index[need])
    return found


def _cut(stack: list[K], on_stack: set[K], key: K) -> list[K]:
    group = [stack.pop()]
    while group[-1] != key:
        group.append(stack.pop())
    on_stack.difference_update(group)
    return group[::-1]


def is_circle(group: list[K], needs: Mapping[K, Iterable[K]]) -> bool:
    """Whether the keys of a group can never be computed."""
    return len(group) > 1 or group[0] in needs[group[0]]
