"""A template owner at work: the form kept as a list, the ``bieuso`` command, LibreOffice, and where things stand."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from form_templates.spec_drawing import blank_spec_workbook
from form_templates.spec_words import FORM_SHEET
from server.cli.main import main
from server.demo import preparation
from server.demo.folder import Folder
from server.demo.preparation import LEADER, PROVINCE, service_environment, settings
from server.services.units import require_unit
from server.storage.engine import connect, reading
from server.storage.schema import upgrade
from tests.form_templates.specimens import in_libreoffice
from workbooks.address import column_letters

FORM, PERIOD = "TC-05.T", "2026-M09"
DEFINITION = "Định nghĩa"
_MILLIONS = "Triệu đồng"
_HEAD = (
    FORM, "1", "THU NGÂN SÁCH NHÀ NƯỚC TRÊN ĐỊA BÀN XÃ", _MILLIONS,
    "Ban hành kèm theo Quyết định số …/QĐ-UBND ngày …/…/…", "Biểu do Sở Tài chính lập", "UBND xã, phường",
    "Sở Tài chính", "Ngày 05 tháng sau", "M",
)  # fmt: skip
_COLUMNS = (
    ("1", "Cùng kỳ năm trước", "mang sang", _MILLIONS, "1", "", "2", "cùng kỳ năm trước", "cộng"),
    ("2", "Tháng báo cáo", "nhập", _MILLIONS, "1", "", "", "", "cộng"),
    ("3", "Lũy kế từ đầu năm", "công thức", _MILLIONS, "1", "prev(c3)+c2", "", "", "cộng"),
    ("4", "So với cùng kỳ (%)", "công thức", "%", "1", "c2/c1*100", "", "", "công thức"),
)
_ROWS = (
    ("01", "TỔNG THU", _MILLIONS, "", "=02+05+07+08"),
    ("02", "Thu thuế", _MILLIONS, "1", "=03+04"),
    ("03", "Thuế giá trị gia tăng", _MILLIONS, "2"),
    ("04", "Thuế thu nhập doanh nghiệp", _MILLIONS, "2"),
    ("05", "Thu phí, lệ phí", _MILLIONS, "1"),
    ("06", "Trong đó: lệ phí trước bạ", _MILLIONS, "2", "<=05"),
    ("07", "Thu từ đất", _MILLIONS, "1"),
    ("08", "Thu khác", _MILLIONS, "1"),
)
_RULE = ("R1", "c3>=c2", "", "", "", "lỗi", "Lũy kế (cột 3) không được nhỏ hơn tháng báo cáo (cột 2).")
TOML = """
id = "TC-05.T"
version = "1"
title = "THU NGÂN SÁCH NHÀ NƯỚC TRÊN ĐỊA BÀN XÃ"
unit_text = "Triệu đồng"
decision = "Ban hành kèm theo Quyết định số …/QĐ-UBND ngày …/…/…"
basis = "Biểu do Sở Tài chính lập"
sender = "UBND xã, phường"
receiver = "Sở Tài chính"
deadline = "Ngày 05 tháng sau"
periods = ["M"]
columns = [
  { code = "1", header = "Cùng kỳ năm trước", kind = "carry", unit = "Triệu đồng", decimals = 1, carry = { column = "2", source = "same-period-last-year" } },
  { code = "2", header = "Tháng báo cáo", unit = "Triệu đồng", decimals = 1 },
  { code = "3", header = "Lũy kế từ đầu năm", kind = "calc", unit = "Triệu đồng", decimals = 1, formula = "prev(c3)+c2" },
  { code = "4", header = "So với cùng kỳ (%)", kind = "calc", unit = "%", decimals = 1, formula = "c2/c1*100", aggregation = "formula" },
]
rows = [
  { code = "01", label = "TỔNG THU", unit = "Triệu đồng", relation = "=02+05+07+08" },
  { code = "02", label = "Thu thuế", unit = "Triệu đồng", level = 1, relation = "=03+04" },
  { code = "03", label = "Thuế giá trị gia tăng", unit = "Triệu đồng", level = 2 },
  { code = "04", label = "Thuế thu nhập doanh nghiệp", unit = "Triệu đồng", level = 2 },
  { code = "05", label = "Thu phí, lệ phí", unit = "Triệu đồng", level = 1 },
  { code = "06", label = "Trong đó: lệ phí trước bạ", unit = "Triệu đồng", level = 2, relation = "<=05" },
  { code = "07", label = "Thu từ đất", unit = "Triệu đồng", level = 1 },
  { code = "08", label = "Thu khác", unit = "Triệu đồng", level = 1 },
]

[[rules]]
code = "R1"
relation = "c3>=c2"
message = "Lũy kế (cột 3) không được nhỏ hơn tháng báo cáo (cột 2)."
"""  # noqa: E501 - a line of the list is a line


def list_in_excel() -> bytes:
    """The blank list as the owner fills it: the example is written over."""
    book = openpyxl.load_workbook(io.BytesIO(blank_spec_workbook()))
    for row, text in enumerate(_HEAD, 2):
        book[FORM_SHEET].cell(row, 2).value = text
    for sheet, lines in {"Cột": _COLUMNS, "Dòng": _ROWS, "Quy tắc": (_RULE,)}.items():
        for row, line in enumerate(lines, 2):
            for column, text in enumerate(line, 1):
                cell = book[sheet].cell(row, column)
                cell.value = text or None
                if text:
                    cell.data_type = "s"  # the cells are text: “=02+05” is written as it is
    return _saved(book)


def _saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


# ---- the command


@dataclass(frozen=True)
class Done:
    """A finished command."""

    exit_code: int
    output: str
    errors: str

    @property
    def told(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.output)

    @property
    def words(self) -> str:
        """All that was printed, without what only draws tables."""
        return " ".join((self.output + self.errors).split())


@dataclass(frozen=True)
class Desk:
    """The owner's folder beside a service's: commands run there, with the service's settings."""

    path: Path
    folder: Folder
    secrets: Mapping[str, str] = field(default_factory=dict)

    def run(self, *words: object, fails: bool = False, **more: str) -> Done:
        """``bieuso WORDS``; it must end well, or else with exit code 1 where it ``fails``."""
        printed, errors = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed), redirect_stderr(errors):
            for name, value in {**service_environment(self.folder), **more}.items():
                patch.setenv(name, value)
            patch.setenv("COLUMNS", "400")
            patch.setattr(sys, "argv", ["bieuso", *map(str, words)])
            patch.chdir(self.path)
            with pytest.raises(SystemExit) as ended:
                main()
        done = Done(int(ended.value.code or 0), printed.getvalue(), errors.getvalue())
        assert done.exit_code == int(fails), done.output + done.errors
        return done

    def file(self, name: str) -> Path:
        return self.path / name

    def in_libreoffice(self, source: str, target: str, actions: Sequence[Sequence[object]]) -> Path:
        """Opens a file in LibreOffice, does the actions (see ``calc_session.py``) and saves it under another name."""
        made = in_libreoffice(self.file(source).read_bytes(), self.path, [list(action) for action in actions])
        self.file(target).write_bytes(made)
        return self.file(target)


def a_desk(path: Path, communes: int) -> tuple[Desk, list[str]]:
    """A province with its communes in a fresh database, keys and accounts for some; and those communes' codes."""
    folder = Folder(path / "service")
    folder.path.mkdir(parents=True)
    engine = connect(settings(folder).database_url)
    try:
        upgrade(engine)
        units = preparation.prepare_units(engine)[:communes]
        with reading(engine) as connection:
            province = require_unit(connection, PROVINCE, datetime(2026, 9, 30, tzinfo=UTC).date())
        everyone = [*units, province]
        leaders = preparation.make_keys(folder, everyone, {}, lambda: None)
        secrets = preparation.open_accounts(engine, everyone, leaders, lambda: None)
        folder.write_secrets(secrets)
    finally:
        engine.dispose()
    (path / "desk").mkdir()
    return Desk(path / "desk", folder, secrets), [unit.code for unit in units]


def leaders_words(desk: Desk, unit: str) -> tuple[str, ...]:
    """How the leader of a unit names the account to ``bieuso submit``."""
    return "--account", f"{LEADER}.{unit}", "--password", desk.secrets[f"{LEADER}.{unit}"]


# ---- where things stand


class Book:
    """A workbook as somebody sees it who looks for a line: by its code, or by the text in column A."""

    def __init__(self, path: Path) -> None:
        self._book = openpyxl.load_workbook(path)
        self._shown = openpyxl.load_workbook(path, data_only=True)

    def row(self, code: str, sheet: str = FORM) -> int:
        """The row of the form with this “Mã số”."""
        return next(int(cell.row) for cell in self._book[sheet]["B"] if cell.value == code)

    def column(self, number: str, sheet: str = FORM) -> int:
        """The column of the form with this number."""
        return next(int(one.column) for row in self._numbers(sheet) for one in row if str(one.value) == number)

    def cell(self, code: str, number: str, sheet: str = FORM) -> str:
        return f"{column_letters(self.column(number, sheet))}{self.row(code, sheet)}"

    def at(self, code: str, number: str) -> list[object]:
        """Sheet, row and column, as LibreOffice is told."""
        return [FORM, self.row(code), self.column(number)]

    def formula(self, address: str, sheet: str = FORM) -> object:
        return self._book[sheet][address].value

    def shown(self, code: str, number: str, sheet: str = FORM) -> object:
        return self._shown[sheet][self.cell(code, number, sheet)].value

    def line(self, text: str, below: str = "") -> int:
        """The line of the definition sheet whose column A reads ``text``, at or below the one that reads ``below``."""
        lines = [(int(cell.row), str(cell.value)) for cell in self._book[DEFINITION]["A"] if cell.value is not None]
        start = next((row for row, value in lines if value == below), 0)
        return next(row for row, value in lines if row >= start and value == text)

    def lines(self, below: str) -> Iterator[int]:
        """The lines of the table of the definition sheet under this title, without its headings."""
        row = self.line(below) + 2
        while self._book[DEFINITION].cell(row, 1).value is not None:
            yield row
            row += 1

    @property
    def names(self) -> list[str]:
        return self._book.sheetnames

    def sheet(self, name: str) -> Any:  # noqa: ANN401 - openpyxl's
        return self._book[name]

    def _numbers(self, sheet: str) -> Iterator[Any]:
        yield from (row for row in self._book[sheet].iter_rows(max_row=30) if row[0].value == "A")
