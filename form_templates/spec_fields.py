"""Reading the fields of a spec's tables: each is asked for once, what is left over is unknown and refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from form_templates.spec_relations import spelled

_Choice = TypeVar("_Choice", bound=StrEnum)
_NO_XML: Final = "\ufffe\uffff"
"""Characters that no XML may hold, so that no cell could."""


_LONGEST: Final = 5_000
"""Characters of a text; a cell would cut off what is beyond 32,767."""


class Fields:
    """One TOML table. A wrong field gives a placeholder and a problem, so that reading goes on to the next."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self._left = dict(table)
        self._where = where
        self._problems: list[str] = []
        self._children: list[Fields] = []

    def problems(self) -> list[str]:
        """Everything wrong here and below; to be called once, after all fields were asked for."""
        unknown = [self._told(f"không có mục tên “{name}”") for name in self._left]
        return self._problems + unknown + [problem for child in self._children for problem in child.problems()]

    def text(self, name: str, *, default: str | None = None, pattern: re.Pattern[str] | None = None) -> str:
        """A text in NFC; required unless it has a default."""
        value = self._left.pop(name, None)
        if value is None:
            if default is None:
                self._refuse(f"thiếu mục “{name}”")
            return default or ""
        if not isinstance(value, str) or not (value.strip() or default == ""):
            self._refuse(f"mục “{name}” phải là văn bản, đang là {value!r}")
            return ""
        if len(value) > _LONGEST:
            self._refuse(f"mục “{name}” dài {len(value)} ký tự, quá {_LONGEST}")
            return ""
        if any(unicodedata.category(sign) in {"Cc", "Cs"} or sign in _NO_XML for sign in value):
            self._refuse(f"mục “{name}” có ký tự điều khiển")
        if value.lstrip().startswith("=") and name != "relation":
            self._refuse(f"mục “{name}” không được bắt đầu bằng dấu =, vì Excel sẽ coi là công thức")
        if pattern and not pattern.fullmatch(value):
            self._refuse(f"mục “{name}” không được là “{value}”")
        return unicodedata.normalize("NFC", value.strip())

    def relation(self, name: str, *, default: str | None = None) -> str:
        """A formula or relation of the vocabulary, spelled as it spells them."""
        return spelled(self.text(name, default=default))

    def relation_map(self, name: str) -> dict[str, str]:
        """Formulas by name; empty where it is missing."""
        return {key: spelled(value) for key, value in self.text_map(name).items()}

    def number(self, name: str, *, default: int | None, most: int = 20) -> int | None:
        """A whole number from 0 to ``most``."""
        value = self._left.pop(name, default)
        if value is not None and (type(value) is not int or not 0 <= value <= most):
            self._refuse(f"mục “{name}” phải là số nguyên từ 0 đến {most}, đang là {value!r}")
            return default
        return value

    def flag(self, name: str) -> bool:
        """True or false; false where it is missing."""
        value = self._left.pop(name, False)
        if not isinstance(value, bool):
            self._refuse(f"mục “{name}” phải là true hoặc false, đang là {value!r}")
        return value is True

    def choice(self, name: str, kind: type[_Choice], default: _Choice) -> _Choice:
        """One of the words of an enumeration; its default where it is missing."""
        return self._one_of(name, self._left.pop(name, default.value), kind) or default

    def optional_choice(self, name: str, kind: type[_Choice]) -> _Choice | None:
        """One of the words of an enumeration, or None where it is missing."""
        value = self._left.pop(name, None)
        return None if value is None else self._one_of(name, value, kind)

    def choice_list(self, name: str, kind: type[_Choice]) -> list[_Choice]:
        """Some words of an enumeration, at least one."""
        chosen = [self._one_of(name, value, kind) for value in self.text_list(name)]
        if not chosen:
            self._refuse(f"mục “{name}” phải có ít nhất một giá trị")
        return [value for value in chosen if value is not None]

    def text_list(self, name: str) -> list[str]:
        """A list of texts; empty where it is missing."""
        value = self._left.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._refuse(f"mục “{name}” phải là danh sách văn bản, đang là {value!r}")
            return []
        return value

    def text_map(self, name: str) -> dict[str, str]:
        """Texts by name; empty where it is missing."""
        value = self._left.pop(name, {})
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            self._refuse(f"mục “{name}” phải là bảng văn bản, đang là {value!r}")
            return {}
        return value

    def table(self, name: str) -> Fields | None:
        """A table inside this one, or None where it is missing."""
        value = self._left.pop(name, None)
        if value is None:
            return None
        return self._child(value, f"{self._where}, {name}")

    def tables(self, name: str, *, required: bool = True) -> list[Fields]:
        """A list of tables (``[[name]]``)."""
        value = self._left.pop(name, [])
        if not isinstance(value, list):
            self._refuse(f"mục “{name}” phải ghi là [[{name}]]")
            return []
        if required and not value:
            self._refuse(f"thiếu mục [[{name}]]")
        return [self._child(item, f"{name} thứ {i}") for i, item in enumerate(value, 1)]

    def _child(self, value: object, where: str) -> Fields:
        if not isinstance(value, dict):
            self._refuse(f"{where} phải là một bảng")
            value = {}
        child = Fields(value, where)
        self._children.append(child)
        return child

    def _one_of(self, name: str, value: object, kind: type[_Choice]) -> _Choice | None:
        words = [item.value for item in kind]
        if value not in words:
            self._refuse(f"mục “{name}” phải là một trong {', '.join(words)}; đang là {value!r}")
            return None
        return kind(value)

    def _refuse(self, problem: str) -> None:
        self._problems.append(self._told(problem))

    def _told(self, problem: str) -> str:
        return f"Ở {self._where}: {problem}."
