"""Reporting units: loading the official lists, looking them up as at a day, and the check of their validity."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date, datetime
from importlib import resources
from typing import Final

from sqlalchemy import Connection, Engine

from server.errors import ConflictError, InvalidError, NotFoundError
from server.services.audit import SYSTEM, Action, record
from server.storage import units
from server.storage.engine import reading, writing
from server.storage.units import NewUnit, Unit

# QĐ 19/2025/QĐ-TTg: the code list in force since the two-level local government began.
SINCE_2025: Final = date(2025, 7, 1)
_KINDS: Final = ("Tỉnh", "Thành phố", "Phường", "Xã", "Đặc khu")
_COLUMNS: Final = frozenset({"new_province_code", "new_province", "new_ward_code", "new_ward"})


def succession_2025() -> str:
    """The bundled succession table of 1 July 2025 (CSV)."""
    return resources.files("server.catalogues").joinpath("units_succession_2025.csv").read_text(encoding="utf-8")


def load_units_2025(
    engine: Engine, table: str | None = None, *, province: str | None = "86", now: datetime, actor: str = SYSTEM
) -> int:
    """Loads a province (None: all of them) and its communes, valid from 1 July 2025. Returns how many were new.

    Args:
        engine: the database.
        table: the succession table as CSV text; the bundled one when left out.
        province: code of the province.
        now: time of loading, for the audit log.
        actor: who loads.

    Raises:
        NotFoundError: no such province in the table.
        InvalidError: a table without the needed columns, or a name whose kind is unknown.
    """
    wanted = _units_of(succession_2025() if table is None else table, province)
    if not wanted:
        raise NotFoundError(
            f"Danh mục đơn vị hành chính không có tỉnh, thành phố mã {province}.", "Kiểm tra lại mã tỉnh."
        )
    return add_units(engine, wanted, now=now, actor=actor)


def add_units(engine: Engine, wanted: Iterable[NewUnit], *, now: datetime, actor: str = SYSTEM) -> int:
    """Stores units that are not there yet. Returns how many were new.

    Raises:
        ConflictError: two units would bear one code on the same day, or the stored unit is a different one.
    """
    with writing(engine) as connection:
        units.lock_units(connection)
        stored = {(unit.code, unit.valid_from): unit for unit in units.all_units(connection)}
        new = [unit for unit in wanted if not _is_stored(stored.get((unit.code, unit.valid_from)), unit)]
        if not new:
            return 0
        units.insert_units(connection, new)
        _refuse_overlaps(connection)
        details = {"count": len(new), "first": new[0].code, "valid_from": new[0].valid_from.isoformat()}
        record(connection, Action.UNITS_LOADED, at=now, actor=actor, subject="units", details=details)
    return len(new)


def unit(engine: Engine, code: str, day: date) -> Unit:
    """The unit that bears the code on that day. Raises NotFoundError."""
    with reading(engine) as connection:
        return require_unit(connection, code, day)


def list_units(engine: Engine, day: date, *, parent: str | None = None) -> tuple[Unit, ...]:
    """Units of that day by code; with ``parent`` those directly below it."""
    with reading(engine) as connection:
        return units.units_at(connection, day, parents=None if parent is None else [parent])


def ancestors(engine: Engine, code: str, day: date) -> tuple[Unit, ...]:
    """Parent, grandparent … as at that day."""
    with reading(engine) as connection:
        return units.ancestors_at(connection, require_unit(connection, code, day), day)


def descendants(engine: Engine, code: str, day: date) -> tuple[Unit, ...]:
    """All units below, level by level, as at that day."""
    with reading(engine) as connection:
        return units.descendants_at(connection, require_unit(connection, code, day), day)


def check_units(engine: Engine) -> None:
    """Raises ConflictError where two units claim one code on the same day: totals would count twice."""
    with reading(engine) as connection:
        _refuse_overlaps(connection)


def require_unit(connection: Connection, code: str, day: date) -> Unit:
    """The unit that bears the code on that day, inside the caller's transaction. Raises NotFoundError."""
    found = units.unit_at(connection, code, day)
    if found is None:
        raise NotFoundError(
            f"Không có đơn vị mã “{code}” tại ngày {day:%d/%m/%Y}.",
            "Kiểm tra mã đơn vị; từ 01/7/2025 dùng mã theo QĐ 19/2025/QĐ-TTg.",
        )
    return found


def _units_of(table: str, province: str | None) -> list[NewUnit]:
    rows = csv.DictReader(io.StringIO(table))
    if not _COLUMNS.issubset(rows.fieldnames or ()):
        raise InvalidError("Bảng chuyển đổi đơn vị hành chính thiếu cột.", f"Cần có: {', '.join(sorted(_COLUMNS))}.")
    found: dict[str, NewUnit] = {}
    for row in rows:
        if province is None or row["new_province_code"] == province:
            found[row["new_province_code"]] = _new_unit(row["new_province_code"], row["new_province"], None)
            found[row["new_ward_code"]] = _new_unit(row["new_ward_code"], row["new_ward"], row["new_province_code"])
    return [found[code] for code in sorted(found)]


def _new_unit(code: str, name: str, parent: str | None) -> NewUnit:
    for kind in _KINDS:
        if name.startswith(f"{kind} "):
            return NewUnit(code, name, kind.lower(), parent, SINCE_2025)
    raise InvalidError(f"Đơn vị “{name}” (mã {code}) không rõ loại.", f"Tên phải bắt đầu bằng: {', '.join(_KINDS)}.")


def _is_stored(stored: Unit | None, wanted: NewUnit) -> bool:
    if stored is None:
        return False
    if (stored.name, stored.kind, stored.parent_code) != (wanted.name, wanted.kind, wanted.parent_code):
        raise ConflictError(
            f"Đơn vị mã {wanted.code} đã có với tên “{stored.name}”, khác “{wanted.name}”.",
            "Đổi tên, sáp nhập, chia tách phải ghi bằng một dòng mới có ngày hiệu lực riêng.",
        )
    return True


def _refuse_overlaps(connection: Connection) -> None:
    for first, second in units.overlaps(connection):
        raise ConflictError(
            f"Mã đơn vị {first.code} có hai dòng cùng hiệu lực: “{first.name}” từ {first.valid_from:%d/%m/%Y} "
            f"và “{second.name}” từ {second.valid_from:%d/%m/%Y}.",
            "Ghi ngày hết hiệu lực cho dòng cũ trước khi thêm dòng mới.",
        )
