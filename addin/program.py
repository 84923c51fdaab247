"""What xlwings has no word for, in each program: sheet protection, the size of notes, letters within a text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import xlwings as xw

from addin.errors import ActionError
from addin.libreoffice import OfficeError
from addin.libreoffice.engine import ENGINE_NAME
from addin.libreoffice.uno_bridge import speaking, uno

_POINT = 2540 / 72  # in 1/100 mm
# The order in which Excel's Worksheet.Protect takes them, after Password, DrawingObjects, Contents, Scenarios and
# UserInterfaceOnly.
_ALLOWANCES = (
    "AllowFormattingCells",
    "AllowFormattingColumns",
    "AllowFormattingRows",
    "AllowInsertingColumns",
    "AllowInsertingRows",
    "AllowInsertingHyperlinks",
    "AllowDeletingColumns",
    "AllowDeletingRows",
    "AllowSorting",
    "AllowFiltering",
    "AllowUsingPivotTables",
)


@contextmanager
def unlocked(sheet: xw.Sheet) -> Iterator[None]:
    """Within it a protected sheet may be changed; after it the protection is as it was.

    Raises ActionError for a sheet protected with a password, which only its owner can lift.
    """
    if _in_libreoffice(sheet):
        with _unlocked_in_libreoffice(sheet):
            yield
    else:
        with _unlocked_in_excel(sheet):
            yield


def size_note(note: xw.main.Note, width: float, height: float) -> None:
    """Gives the box of a note a size in points, so that its text is seen whole."""
    if _in_libreoffice(note):
        with speaking("chỉnh khung ghi chú"):
            size = uno().createUnoStruct("com.sun.star.awt.Size")
            size.Width, size.Height = round(width * _POINT), round(height * _POINT)
            note.api.AnnotationShape.setSize(size)
    else:
        shape = note.api.Shape
        shape.Width, shape.Height = width, height


def write_characters(characters: xw.main.Characters, text: str) -> None:
    """Puts other letters in the place of these; the letters around them keep their looks."""
    if _in_libreoffice(characters):
        with speaking("sửa chữ trong ô"):
            characters.api.String = text
    else:
        characters.api.Text = text


def _in_libreoffice(thing: xw.Sheet | xw.main.Note | xw.main.Characters) -> bool:
    return type(thing.impl).__module__.startswith(f"addin.{ENGINE_NAME}")


@contextmanager
def _unlocked_in_libreoffice(sheet: xw.Sheet) -> Iterator[None]:
    xl = sheet.api
    if not xl.isProtected():
        yield
        return
    try:
        with speaking(f"mở khóa trang {sheet.name}"):
            xl.unprotect("")
    except OfficeError as error:
        raise _locked(sheet) from error
    if xl.isProtected():
        raise _locked(sheet)
    try:
        yield
    finally:
        xl.protect("")  # LibreOffice keeps what the protection allows and takes it up again


@contextmanager
def _unlocked_in_excel(sheet: xw.Sheet) -> Iterator[None]:
    xl = sheet.api
    if not xl.ProtectContents:
        yield
        return
    drawings, scenarios = bool(xl.ProtectDrawingObjects), bool(xl.ProtectScenarios)
    allowed = [bool(getattr(xl.Protection, name)) for name in _ALLOWANCES]
    try:
        xl.Unprotect("")  # with an empty password given, Excel does not ask the person for one
    except _com_errors() as error:
        raise _locked(sheet) from error
    if xl.ProtectContents:
        raise _locked(sheet)
    try:
        yield
    finally:
        xl.Protect("", drawings, True, scenarios, False, *allowed)


def _com_errors() -> tuple[type[BaseException], ...]:
    try:
        pywintypes = import_module("pywintypes")  # there on Windows only
    except ImportError:
        return ()
    return (pywintypes.com_error,)


def _locked(sheet: xw.Sheet) -> ActionError:
    return ActionError(
        "sheet-locked",
        f"Trang “{sheet.name}” được khóa bằng mật khẩu nên không đánh dấu lỗi lên ô được.",
        "Bỏ khóa trang (Review, Unprotect Sheet) rồi kiểm tra lại; danh sách lỗi vẫn đầy đủ.",
    )
