"""The xlwings engine "libreoffice": apps (processes), books (open files)."""

from __future__ import annotations

import atexit
import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import xlwings
from xlwings import base_classes

from addin.libreoffice.errors import OfficeError
from addin.libreoffice.names import Names
from addin.libreoffice.office import Office
from addin.libreoffice.ranges import Range
from addin.libreoffice.sheets import Sheet, Sheets
from addin.libreoffice.uno_bridge import UnoObject, file_url, guarded, properties, speaking, uno
from addin.libreoffice.values import clean, prepare

if TYPE_CHECKING:
    from os import PathLike

ENGINE_NAME = "libreoffice"
_FILTERS = {
    ".xlsx": "Calc MS Excel 2007 XML",
    ".ods": "calc8",
    ".csv": "Text - txt - csv (StarCalc)",
    ".pdf": "calc_pdf_Export",
}
_NEVER_RUN_MACROS, _NEVER_UPDATE_LINKS = 0, 0  # com.sun.star.document.MacroExecMode, UpdateDocMode


def register() -> xlwings.Engine:
    """Makes LibreOffice the active xlwings engine of this process, and returns it."""
    if ENGINE_NAME not in xlwings.engines.engines_by_name:
        xlwings.engines.add(xlwings.Engine(impl=Engine()))
    engine: xlwings.Engine = xlwings.engines[ENGINE_NAME]
    engine.activate()
    return engine


class Engine:
    """What xlwings asks of an engine besides its apps: values on their way in and out."""

    name = ENGINE_NAME
    type = "desktop"

    def __init__(self) -> None:
        self.apps = Apps(self)

    @staticmethod
    def prepare_xl_data_element(value: object, options: object) -> object:
        """One value on its way to a cell."""
        return prepare(value)

    @staticmethod
    def clean_value_data(
        data: Sequence[Sequence[object]],
        datetime_builder: Callable[..., object],
        empty_as: object,
        number_builder: Callable[[float], object] | None,
        err_to_str: bool,
    ) -> list[list[object]]:
        """A block of values as the reader asked for it."""
        return [
            [clean(value, datetime_builder, empty_as, number_builder, errors_as_text=err_to_str) for value in row]
            for row in data
        ]


class Apps(base_classes.Apps):
    """The LibreOffice processes this Python process started, the newest first."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._apps: list[App] = []
        self._sweeps = False

    def _living(self) -> list[App]:
        self._apps = [app for app in self._apps if app.office.alive]
        return self._apps

    def keys(self) -> list[int]:
        """Process ids."""
        return [app.pid for app in self._living()]

    def add(
        self, spec: object = None, add_book: bool | None = None, xl: object = None, visible: bool | None = None
    ) -> App:
        """Starts LibreOffice: with windows only where ``visible`` is True."""
        if not self._sweeps:
            atexit.register(self.cleanup)
            self._sweeps = True
        app = App(self, self._engine, Office(visible=visible is True))
        self._apps.insert(0, app)
        if add_book:
            app.books.add()
        return app

    def forget(self, app: App) -> None:
        """Drops an app that has ended."""
        self._apps = [other for other in self._apps if other is not app]

    def cleanup(self) -> None:  # type: ignore[override]  # xlwings calls it on the instance, and ours knows its apps
        """Ends what is left of our processes."""
        for app in list(self._apps):
            app.kill()

    def __iter__(self) -> Iterator[App]:
        return iter(list(self._living()))

    def __len__(self) -> int:
        return len(self._living())

    def __getitem__(self, pid: int) -> App:
        for app in self._living():
            if app.pid == pid:
                return app
        raise KeyError(pid)


@guarded
class App(base_classes.App):
    """One LibreOffice process."""

    # Switches that Excel has and that mean nothing here; they keep what they are given.
    screen_updating = True
    display_alerts = False
    enable_events = True
    interactive = True
    status_bar: str | bool = False

    def __init__(self, apps: Apps, engine: Engine, office: Office) -> None:
        self._apps = apps
        self.engine = engine
        self.office = office

    @property
    def api(self) -> UnoObject:
        """The UNO desktop."""
        return self.office.desktop

    @property
    def pid(self) -> int:
        """Process id."""
        return self.office.pid

    @property
    def hwnd(self) -> int:
        """Stands for the process, as window handles do in Excel."""
        return self.office.pid

    @property
    def version(self) -> str:
        """LibreOffice's version, ``"7.4"``."""
        return self.office.version

    @property
    def visible(self) -> bool:
        """Whether it was started with windows."""
        return self.office.visible

    @visible.setter
    def visible(self, value: bool) -> None:
        """A process without windows stays so: xlwings sets this for every new app, hence no error."""

    @property
    def selection(self) -> Range | None:
        """The selected cells of the active book."""
        controller = self.books.active.xl.CurrentController
        selected = controller.Selection if controller is not None else None
        if selected is None or not hasattr(selected, "RangeAddress"):
            return None
        return self.books.active.range_of(selected)

    @property
    def calculation(self) -> str:
        """``automatic`` or ``manual``."""
        return "automatic" if self.books.active.xl.isAutomaticCalculationEnabled() else "manual"

    @calculation.setter
    def calculation(self, value: str) -> None:
        self.books.active.xl.enableAutomaticCalculation(value == "automatic")

    def calculate(self) -> None:
        """Computes every formula of every open book anew."""
        for book in self.books:
            with speaking("tính lại"):
                book.xl.calculateAll()

    @property
    def books(self) -> Books:
        """Open books."""
        return Books(self)

    def activate(self, steal_focus: bool = False) -> None:
        """Nothing to do: there is no other process to give the focus back to."""

    def quit(self) -> None:
        """Ends LibreOffice without saving."""
        self.office.close()
        self._apps.forget(self)

    def kill(self) -> None:
        """Ends LibreOffice without saving."""
        self.quit()


@guarded
class Books(base_classes.Books):
    """The spreadsheets open in one process."""

    def __init__(self, app: App) -> None:
        self.app = app

    @property
    def api(self) -> UnoObject:
        """The UNO components."""
        return self.app.api.Components

    def __iter__(self) -> Iterator[Book]:
        with speaking("liệt kê các tệp đang mở"):
            documents = [
                document
                for document in self.api
                if hasattr(document, "supportsService")
                and document.supportsService("com.sun.star.sheet.SpreadsheetDocument")
            ]
        return iter([Book(self.app, document) for document in documents])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __call__(self, name_or_index: str | int) -> Book:
        """The book of that name, or at that place from 1. Raises KeyError."""
        books = list(iter(self))
        if isinstance(name_or_index, int):
            if not 1 <= name_or_index <= len(books):
                raise KeyError(name_or_index)
            return books[name_or_index - 1]
        for book in books:
            if book.name.casefold() == name_or_index.casefold():
                return book
        raise KeyError(name_or_index)

    def __contains__(self, name_or_index: str | int) -> bool:
        try:
            self(name_or_index)
        except KeyError:
            return False
        return True

    @property
    def active(self) -> Book:
        """The book in front, else the last one opened."""
        with speaking("tìm tệp đang mở"):
            current = self.app.api.CurrentComponent
        books = list(iter(self))
        for book in books:
            if current is not None and book.xl == current:
                return book
        if not books:
            raise OfficeError("LibreOffice chưa mở tệp nào. Hãy mở biểu cần làm.")
        return books[-1]

    def add(self) -> Book:
        """A new, empty book."""
        return self._load("private:factory/scalc", "tạo tệp mới")

    def open(self, fullname: str, update_links: object = None, read_only: bool | None = None, *ignored: object) -> Book:
        """Opens a file; links are not followed and macros never run."""
        return self._load(file_url(fullname), f"mở {Path(fullname).name}", ReadOnly=bool(read_only))

    def _load(self, url: str, doing: str, **options: object) -> Book:
        arguments = properties(
            Hidden=False,
            MacroExecutionMode=_NEVER_RUN_MACROS,
            UpdateDocMode=_NEVER_UPDATE_LINKS,
            **options,
        )
        with speaking(doing):
            document = self.app.api.loadComponentFromURL(url, "_blank", 0, arguments)
        if document is None:
            raise OfficeError(f"LibreOffice không {doing} được. Hãy kiểm tra tệp còn nguyên và là sổ làm việc Excel.")
        return Book(self.app, document)


@guarded
class Book(base_classes.Book):
    """One open file."""

    def __init__(self, app: App, xl: UnoObject) -> None:
        self._app = app
        self.xl = xl

    @property
    def api(self) -> UnoObject:
        """The UNO document."""
        return self.xl

    @property
    def app(self) -> App:
        """The process that holds it."""
        return self._app

    @property
    def fullname(self) -> str:
        """Path of the file, or the title of a book not saved yet."""
        url = str(self.xl.URL)
        return str(uno().fileUrlToSystemPath(url)) if url.startswith("file:") else unquote(str(self.xl.Title))

    @property
    def name(self) -> str:
        """Name of the file."""
        return Path(self.fullname).name

    @property
    def sheets(self) -> Sheets:
        """Its sheets."""
        return Sheets(self)

    @property
    def names(self) -> Names:
        """Its defined names."""
        return Names(self)

    def range_of(self, cells: UnoObject) -> Range:
        """The range of a UNO cell range of this book."""
        at = cells.RangeAddress
        sheet = Sheet(self, self.xl.Sheets.getByIndex(at.Sheet))
        return Range(
            sheet, at.StartRow + 1, at.StartColumn + 1, at.EndRow - at.StartRow + 1, at.EndColumn - at.StartColumn + 1
        )

    def activate(self) -> None:
        """Brings it to the front."""
        controller = self.xl.CurrentController
        if controller is not None:
            controller.Frame.activate()

    def close(self) -> None:
        """Closes it without saving; nothing happens where it is closed already."""
        with contextlib.suppress(OfficeError), speaking("đóng tệp"):
            self.xl.close(True)

    def save(self, path: str | PathLike[str] | None = None, password: str | None = None) -> None:
        """Saves it in LibreOffice's own rendering of the format: never a file to hand in (see addin.edits)."""
        target = Path(path) if path else Path(self.fullname)
        if not target.suffix:
            target = target.with_suffix(".xlsx")
        options: dict[str, object] = {"FilterName": self._filter(target), "Overwrite": True}
        if password:
            options["Password"] = password
        with speaking(f"lưu {target.name}"):
            self.xl.storeAsURL(file_url(target), properties(**options))

    def to_pdf(self, path: str, quality: str = "standard") -> None:
        """Prints it to a PDF file."""
        with speaking(f"in {Path(path).name}"):
            self.xl.storeToURL(file_url(path), properties(FilterName=_FILTERS[".pdf"]))

    @staticmethod
    def _filter(target: Path) -> str:
        try:
            return _FILTERS[target.suffix.lower()]
        except KeyError:
            known: Sequence[str] = sorted(_FILTERS)
            raise OfficeError(
                f"Không lưu được tệp loại {target.suffix}. Các loại dùng được: {', '.join(known)}."
            ) from None
