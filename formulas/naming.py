"""What a finding calls a cell: by its codes, as officers do on the telephone."""

from __future__ import annotations

from form_templates.model import CellKey
from form_templates.reading import FilledForm


def cell_name(key: CellKey) -> str:
    """``Mã số 03, cột 5``, or the member's own key in a repeating region."""
    row = f"Dòng {key.member}" if key.member else f"Mã số {key.row}"
    return f"{row}, cột {key.column}"


def member_keys(filled: FilledForm) -> dict[tuple[str, str], tuple[str, ...]]:
    """The members of each region by their keys, as the evaluation of formulas wants them."""
    return {place: tuple(member.key for member in members) for place, members in filled.members.items()}
