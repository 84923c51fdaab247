"""The issued file that an open book came from, kept byte for byte in ``.bieuso`` beside the working file.

Spreadsheet programs rewrite a file when they save it; what is signed is the issued file with the edits patched in
(see addin.edits), so the issued bytes must stay at hand. They are found by the serial number of the stamp on the
``_bieuso`` sheet of the open book, and travel along when the folder is copied. Where they are missing (the working file
came by mail) a client fetches the same form for the same unit and period again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import xlwings as xw

from addin.client import Client
from addin.errors import ActionError
from form_templates.model import FormVersion
from form_templates.stamp import STAMP_SHEET, Stamp, embedded_version, read_stamp
from workbooks.errors import WorkbookError
from workbooks.workbook import open_workbook

FOLDER: Final = ".bieuso"
_SAME: Final = ("form", "version", "digest", "unit", "period")
_LOAD_AGAIN: Final = "Đăng nhập và tải lại biểu từ máy chủ, rồi chép số liệu sang."


@dataclass(frozen=True)
class Issued:
    """An issued workbook: its bytes, its stamp, and the form version it carries."""

    data: bytes
    stamp: Stamp
    version: FormVersion


def read_issued(data: bytes) -> Issued:
    """Opens issued bytes. Raises ActionError for a workbook that was not issued, WorkbookError for a damaged one."""
    workbook = open_workbook(data)
    stamp, version = read_stamp(workbook), embedded_version(workbook)
    if stamp is None or version is None:
        raise ActionError("not-issued", "Tệp này không phải biểu do hệ thống phát hành.", _LOAD_AGAIN)
    return Issued(data, stamp, version)


def keep(issued: Issued, folder: Path, *, serial: str = "") -> Path:
    """Keeps the issued bytes beside a working file in ``folder``; ``serial`` is that of the working file."""
    path = _path(folder, serial or issued.stamp.serial)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(issued.data)
    return path


def issued_for(book: xw.Book, client: Client | None = None) -> Issued:
    """The issued file the open book came from. Raises ActionError where it is not to be had."""
    named = stamp_fields(book)
    folder = folder_of(book)
    found = _kept(folder, named)
    if found is None and client is not None:
        found = read_issued(client.fetch_workbook(named["form"], named["unit"], named["period"]))
        _refuse_other(found.stamp, named)
        keep(found, folder, serial=named["serial"])
    if found is None:
        raise ActionError(
            "issued-lost",
            f"Không có bản phát hành gốc của biểu {named['form']} (số {named['serial']}) trong {folder / FOLDER}.",
            "Đăng nhập để tải lại bản gốc, hoặc chép cả thư mục .bieuso từ máy đã tải biểu.",
        )
    return found


def stamp_fields(book: xw.Book) -> Mapping[str, str]:
    """What the stamp sheet of the open book says. Raises ActionError where there is none."""
    sheet = next((sheet for sheet in book.sheets if sheet.name == STAMP_SHEET), None)
    rows = [] if sheet is None else sheet.range((1, 1), (sheet.used_range.last_cell.row, 2)).options(ndim=2).value
    fields = {str(key): str(value) for key, value in rows if key is not None and value is not None}
    if not all(fields.get(name) for name in (*_SAME, "serial")):
        raise ActionError("not-issued", f"Tệp “{book.name}” không phải biểu do hệ thống phát hành.", _LOAD_AGAIN)
    return fields


def folder_of(book: xw.Book) -> Path:
    """The folder the book was opened from. Raises ActionError for a book that was never saved."""
    path = Path(book.fullname)
    if not path.is_absolute() or not path.parent.is_dir():
        raise ActionError("not-saved", f"Tệp “{book.name}” chưa được lưu vào thư mục nào.", "Lưu tệp rồi làm lại.")
    return path.parent


def _kept(folder: Path, named: Mapping[str, str]) -> Issued | None:
    path = _path(folder, named["serial"])
    try:
        found = read_issued(path.read_bytes())
    except FileNotFoundError:
        return None
    except (WorkbookError, ActionError):
        return None  # damaged: as good as missing, and may be fetched again
    return None if _differences(found.stamp, named) else found


def _refuse_other(stamp: Stamp, named: Mapping[str, str]) -> None:
    differences = _differences(stamp, named)
    if differences:
        raise ActionError(
            "other-version",
            f"Máy chủ đã có bản khác của biểu {named['form']} ({', '.join(differences)}).",
            _LOAD_AGAIN,
        )


def _differences(stamp: Stamp, named: Mapping[str, str]) -> list[str]:
    fields = stamp.fields()
    return [f"{name}: {fields[name]}" for name in _SAME if fields[name] != named[name]]


def _path(folder: Path, serial: str) -> Path:
    # The serial comes from a sheet anybody can edit, so it never becomes part of a path.
    return folder / FOLDER / f"{hashlib.sha256(serial.encode()).hexdigest()[:32]}.xlsx"
