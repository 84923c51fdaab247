"""One difference of two versions of a form: what it is about, what happened, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TypeVar

_Part = TypeVar("_Part")
Fields = Mapping[str, Callable[[_Part], str]]


class Subject(StrEnum):
    """What a change is about; the values are the headings under which changes are told."""

    FORM = "Biểu mẫu"
    ROW = "Dòng"
    COLUMN = "Cột"
    REGION = "Vùng lặp"
    CELL = "Ô"
    RULE = "Quan hệ kiểm tra"
    SUCCESSION = "Chuyển số liệu từ phiên bản trước"


class Action(StrEnum):
    """What happened."""

    ADDED = "thêm"
    REMOVED = "bỏ"
    CHANGED = "sửa"
    MOVED = "dời"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        table: code of the table, or ``""`` where the change belongs to the form.
        rows, columns: codes of what changed; for rules, ``rows`` are the codes of the rules.
        what: which property changed ("đơn vị tính"), or ``""``.
        before, after: the property in words.
        text: the whole change as a sentence.
        cells: addresses on the sheet of the table: of the new version, of the old one for what was removed.
        formulas: where formulas changed, that of the first cell as it stands in the old and in the new sheet.
    """

    subject: Subject
    action: Action
    text: str
    table: str = ""
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    what: str = ""
    before: str = ""
    after: str = ""
    cells: tuple[str, ...] = ()
    formulas: tuple[str, str] = ("", "")

    def to_dict(self) -> dict[str, object]:
        """The wire form, as ``bieuso form diff --json`` prints it."""
        return asdict(self) | {"subject": self.subject.name.lower(), "action": self.action.name.lower()}


def changed(old: _Part, new: _Part, fields: Fields[_Part]) -> Iterator[tuple[str, str, str]]:
    """(what, before, after) for each property that differs."""
    for what, words in fields.items():
        before, after = words(old), words(new)
        if before != after:
            yield what, before, after


def from_to(before: str, after: str) -> str:
    """Both states of a property, quoted."""
    return f"“{before or '(trống)'}” → “{after or '(trống)'}”"
