"""The verdict on signatures as it is stored, read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def stored_verdict(text: str | None) -> Mapping[str, Any]:
    """A stored verdict in its wire form; empty where there is none or it was damaged, which must hide nothing else."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    lists = (found.get("signatures"), found.get("findings"))
    whole = all(isinstance(one, list) and all(isinstance(item, dict) for item in one) for one in lists)
    return found if whole else {}
