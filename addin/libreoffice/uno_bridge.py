"""Makes LibreOffice's `uno` and `pyuno` importable here without the rest of the system's packages."""

from __future__ import annotations

import builtins
import importlib.util
import shutil
import sys
from collections.abc import Callable
from functools import cache, cached_property, wraps
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeVar

from addin.libreoffice.errors import Speaking, not_installed

_Class = TypeVar("_Class")
UnoObject = Any  # UNO objects carry their types at run time only

_PROGRAM_DIRS = (
    Path("/usr/lib/libreoffice/program"),
    Path("/usr/lib64/libreoffice/program"),
    Path("/opt/libreoffice/program"),
    Path("/Applications/LibreOffice.app/Contents/MacOS"),
    Path("C:/Program Files/LibreOffice/program"),
)
_PYTHON_DIRS = (
    Path("/usr/lib/python3/dist-packages"),
    Path("/usr/lib64/python3/site-packages"),
    Path("/usr/lib/python3/site-packages"),
)


@cache
def soffice() -> Path:
    """The LibreOffice program. Raises OfficeError where there is none."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    candidates = [Path(found).resolve()] if found else []
    candidates += [folder / name for folder in _PROGRAM_DIRS for name in ("soffice", "soffice.exe")]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise not_installed("LibreOffice")


@cache
def uno() -> ModuleType:
    """LibreOffice's `uno` module. Raises OfficeError where it is missing or built for another Python."""
    program = soffice().parent
    _load("pyuno", [program / "pyuno.so", program / "pyuno.pyd"])
    original_import, original_path = builtins.__import__, list(sys.path)
    try:
        return _load("uno", [folder / "uno.py" for folder in (*_PYTHON_DIRS, program)])
    finally:
        # uno.py replaces __import__ and lengthens sys.path; neither is needed to talk to an office, and
        # the whole process (the add-in, or a test run) should not live with them.
        builtins.__import__ = original_import
        sys.path[:] = original_path


def _load(name: str, candidates: list[Path]) -> ModuleType:
    path = next((path for path in candidates if path.is_file()), None)
    spec = importlib.util.spec_from_file_location(name, path) if path else None
    if spec is None or spec.loader is None:
        raise not_installed(f"thành phần {name} của LibreOffice")
    try:
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    except ImportError as error:
        sys.modules.pop(name, None)
        raise not_installed(
            f"thành phần {name} của LibreOffice hợp với Python {sys.version_info.major}.{sys.version_info.minor}"
        ) from error
    return module


def speaking(doing: str) -> Speaking:
    """Within it, UNO exceptions become `OfficeError`; ``doing`` (Vietnamese) says what was tried."""
    return Speaking(doing, uno().getClass("com.sun.star.uno.Exception"))


def guarded(described: type[_Class]) -> type[_Class]:
    """Class decorator: UNO exceptions leave no method or property of the class, whatever became of the office.

    A UNO exception cannot pass through a generator-based context manager (xlwings has some), so none may get out.
    """
    for name, member in list(vars(described).items()):
        if isinstance(member, FunctionType):
            setattr(described, name, _guarded(member))
        elif isinstance(member, property):
            getter, setter = (part and _guarded(part) for part in (member.fget, member.fset))
            setattr(described, name, property(getter, setter, doc=member.__doc__))
        elif isinstance(member, cached_property):
            member.func = _guarded(member.func)
    return described


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: object, **named: object) -> object:
        with speaking("đọc hoặc ghi tệp đang mở"):
            return function(*args, **named)

    return call


def properties(**values: object) -> tuple[UnoObject, ...]:
    """UNO property values by name."""
    made = []
    for name, value in values.items():
        item = uno().createUnoStruct("com.sun.star.beans.PropertyValue")
        item.Name, item.Value = name, value
        made.append(item)
    return tuple(made)


def file_url(path: str | Path) -> str:
    """The file URL of a path."""
    return str(uno().systemPathToFileUrl(str(Path(path).resolve())))
