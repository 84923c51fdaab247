"""A folder that is written aside and appears whole, every file with its SHA-256; a full disk leaves nothing half."""

from __future__ import annotations

import csv
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO

from server.errors import InvalidError, ServiceError

SUMS: Final = "SHA256SUMS"
# What spreadsheets take for a formula; a quote before it makes it text again (CWE-1236).
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(slots=True)
class Pack:
    """A folder in the making.

    Attributes:
        target: where it appears when it is done.
        aside: where it is written; what an interrupted run left there is used again.
    """

    target: Path
    aside: Path
    _sums: dict[str, str] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def at(cls, target: Path) -> Iterator[Pack]:
        """Starts, or goes on with what was interrupted; nobody else writes there meanwhile.

        Raises:
            InvalidError: there is something in that place already, it is a disk and no folder, or somebody else is
                writing it.
            ServiceError: the folder cannot be made.
        """
        target = Path(os.path.realpath(target))  # "." has no name to write beside, and a link cannot be replaced
        if target.is_mount():
            # It could not be replaced at the end, and until then all would be written to the disk around it.
            raise InvalidError(f"{target} là gốc của một ổ đĩa.", f"Chọn một thư mục trong đó, ví dụ {target / 'kho'}.")
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise InvalidError(f"{target} đã có nội dung.", "Chọn một thư mục mới; bản xuất trước không bị ghi đè.")
        pack = cls(target, target.with_name(f".{target.name}.dang-ghi"))
        with pack._told(pack.aside):
            pack.aside.mkdir(parents=True, exist_ok=True)
        with _alone(pack):
            yield pack

    @property
    def files(self) -> int:
        """How many files there are."""
        return len(self._sums)

    def add(self, name: str, data: bytes, sha256: str = "") -> str:
        """Writes a file unless it is there already; ``sha256`` where it is known. Gives the name back."""
        if name in self._sums:
            return name
        known = sha256 or hashlib.sha256(data).hexdigest()
        if not _is_there(self.aside / name, len(data), known):
            with self._file(name) as file:
                file.write(data)
        self._sums[name] = known
        return name

    @contextmanager
    def text(self, name: str, *, mark: bool = False) -> Iterator[TextIO]:
        """A text file that is written piece by piece, in UTF-8. ``mark``: with the mark by which Excel knows it."""
        with self._file(name) as file, os.fdopen(os.dup(file.fileno()), "w", encoding="utf-8", newline="") as text:
            text.write("\ufeff" if mark else "")
            yield text
        self._sums[name] = _sha256_of(self.aside / name)

    @contextmanager
    def table(self, name: str, titles: Sequence[str]) -> Iterator[Table]:
        """A CSV file."""
        with self.text(name, mark=True) as text:
            table = Table(csv.writer(text, lineterminator="\r\n"))
            table.row(titles)
            yield table

    def finish(self) -> str:
        """Writes the sums and moves the folder to its place; gives the SHA-256 of the file of sums."""
        lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(self._sums.items()))
        with self._file(SUMS) as file:
            file.write(lines.encode())
        self._drop_strangers()
        with self._told(self.target):
            os.sync()
            if self.target.exists():
                self.target.rmdir()
            self.aside.rename(self.target)
        return hashlib.sha256(lines.encode()).hexdigest()

    @contextmanager
    def _file(self, name: str) -> Iterator[BinaryIO]:
        """A file that appears under its name when it is whole."""
        path = self.aside / name
        part = path.with_name(f".{path.name}.dang-ghi")
        with self._told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with part.open("wb") as file:
                    yield file
                part.replace(path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise

    @contextmanager
    def _told(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise ServiceError(
                f"Không ghi được {path}: {problem.strerror}. Chưa có gì ở {self.target}.",
                "Dọn chỗ trống trên đĩa hoặc sửa quyền ghi rồi chạy lại, lệnh sẽ ghi tiếp; thôi xuất thì xóa "
                f"{self.aside}.",
            ) from problem

    def _drop_strangers(self) -> None:
        """What an interrupted run left and this one does not know."""
        for path in self.aside.rglob("*"):
            name = path.relative_to(self.aside).as_posix()
            if path.is_file() and name != SUMS and name not in self._sums:
                path.unlink()


@contextmanager
def _alone(pack: Pack) -> Iterator[None]:
    """Holds the folder aside. The system lets go of it when the process ends, however it ends."""
    if sys.platform == "win32":
        yield  # a folder cannot be held there; the archive is kept on Linux
        return
    import fcntl  # noqa: PLC0415 - as said, there is none on Windows

    handle = os.open(pack.aside, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise InvalidError(f"Một lệnh khác đang xuất vào {pack.target}.", "Chờ lệnh đó xong.") from problem
        yield
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file in the making. ``_writer`` is one of ``csv.writer``."""

    _writer: Any

    def row(self, cells: Iterable[object]) -> None:
        """A row. Texts that a spreadsheet would take for formulas are written as texts; numbers are as they are."""
        self._writer.writerow([_cell(one) for one in cells])


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA_SIGNS):
        return f"'{value}"
    return "" if value is None else value


def _is_there(path: Path, size: int, sha256: str) -> bool:
    return path.is_file() and path.stat().st_size == size and _sha256_of(path) == sha256


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
