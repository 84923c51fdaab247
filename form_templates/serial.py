"""A form version or report form as canonical JSON, and back. One has exactly one text, so that its digest names it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

from form_templates.errors import FormError
from form_templates.model import CellKey, FormVersion, Region, Row

FORMAT: Final = 1
# What the model learned after the first forms were published. It is left out where it says nothing: a published form
# keeps its text and its digest, which stand in databases, and sealed in every workbook that was issued.
_LATER: Final = frozenset(
    {
        (Row, "indicator"),
        (Region, "indicator"),
        (FormVersion, "succession"),
        (FormVersion, "narrative_required"),
    }
)
_Kind = TypeVar("_Kind")


def to_json(version: FormVersion) -> str:
    """Canonical JSON: sorted keys, no white space, NFC text as it stands, no escapes beyond JSON's own."""
    return dump("form", version)


def from_json(text: str) -> FormVersion:
    """The form version a text holds. Raises FormError (BS340) for anything that to_json could not have written."""
    return load("form", FormVersion, text)


def digest(version: FormVersion) -> str:
    """SHA-256, in hexadecimal, of the canonical JSON."""
    return hashlib.sha256(to_json(version).encode("utf-8")).hexdigest()


def dump(name: str, value: object) -> str:
    """The same for any frozen dataclass of forms; ``name`` says what it is."""
    document = {"format": FORMAT, name: _plain(value)}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def load(name: str, kind: type[_Kind], text: str) -> _Kind:
    """What `dump` wrote under that name. Raises FormError (BS340) for any other text."""
    try:
        document = json.loads(text)
        if not isinstance(document, dict) or document.keys() != {"format", name} or document["format"] != FORMAT:
            raise ValueError(f"not a {name} of a known format")
        value = _build(kind, document[name], name)
    except (ValueError, TypeError, RecursionError) as error:
        raise FormError.single(
            "BS340",
            f"Không đọc được phiên bản biểu mẫu kèm theo: {error}.",
            "Hãy lấy lại biểu từ hệ thống; không sửa tay phần mô tả biểu mẫu.",
        ) from error
    if not isinstance(value, kind):
        raise TypeError(type(value))
    return value


def _plain(value: object) -> object:
    if isinstance(value, CellKey) or (isinstance(value, tuple) and not hasattr(value, "_fields")):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        told = {item.name: getattr(value, item.name) for item in fields(value)}
        return {name: _plain(one) for name, one in told.items() if one or (type(value), name) not in _LATER}
    return value.value if isinstance(value, Enum) else value


def _build(kind: Any, value: object, where: str) -> object:  # noqa: ANN401 - a type, as get_type_hints gives it
    """Builds a value of ``kind``, strictly: no unknown keys, none missing, no value of another type."""
    if type(value) is kind:
        return value
    if get_origin(kind) is UnionType:
        return None if value is None else _build(_not_none(kind), value, where)
    if get_origin(kind) is tuple:
        return tuple(_build(get_args(kind)[0], item, where) for item in _list(value, where))
    if kind is CellKey:
        return _cell_key(value, where)
    if is_dataclass(kind):
        return _dataclass(kind, value, where)
    if issubclass(kind, Enum):
        return kind(value)
    raise ValueError(f"{where}: {kind.__name__} expected, {type(value).__name__} found")


def _dataclass(kind: Any, value: object, where: str) -> object:  # noqa: ANN401 - a dataclass, known at run time only
    if not isinstance(value, dict):
        raise ValueError(f"{where}: an object expected")
    kinds = {name: one for name, one in _field_kinds(kind).items() if value.get(name) or (kind, name) not in _LATER}
    if value.keys() != kinds.keys():
        raise ValueError(f"{where}: exactly the keys {', '.join(kinds)} expected")
    make: Callable[..., object] = kind
    return make(**{name: _build(field, value[name], f"{where}.{name}") for name, field in kinds.items()})


@cache
def _field_kinds(kind: type) -> dict[str, Any]:
    """The type of each field. Looking them up takes longer than building the value."""
    return get_type_hints(kind)


def _cell_key(value: object, where: str) -> CellKey:
    match value:
        case [str(table), str(row), str(column)]:
            return CellKey(table, row, column)
        case _:
            raise ValueError(f"{where}: [table, row, column] expected")


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"{where}: a list expected")
    return value


def _not_none(kind: UnionType) -> Any:  # noqa: ANN401 - a type
    return next(item for item in get_args(kind) if item is not NoneType)
