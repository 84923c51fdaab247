"""Opens one workbook in a headless LibreOffice, does what is asked and saves it. Runs under the system's Python (uno).

Reads an order from standard input: source, target, profile, actions. Rows and columns are numbered from 1.
Actions: insert_rows sheet row count; delete_rows sheet row count; put sheet row column value.
"""

# ruff: noqa: ANN001, ANN201 - the objects of UNO have no types, and this runs outside the project

import json
import subprocess
import sys
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException


def main() -> None:
    order = json.load(sys.stdin)
    profile = Path(order["profile"])
    pipe = f"bieuso{abs(hash(str(profile)))}"
    office = subprocess.Popen(
        [
            "soffice",
            "--headless",
            "--norestore",
            "--nologo",
            f"--accept=pipe,name={pipe};urp;",
            f"-env:UserInstallation={profile.as_uri()}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    desktop = connect(pipe)
    book = desktop.loadComponentFromURL(Path(order["source"]).as_uri(), "_blank", 0, (option("Hidden", True),))
    for action, sheet, *arguments in order["actions"]:
        page = book.Sheets.getByName(sheet)
        page.unprotect("")
        ACTIONS[action](page, *arguments)
    book.storeToURL(Path(order["target"]).as_uri(), (option("FilterName", "Calc MS Excel 2007 XML"),))
    book.close(True)
    try:
        desktop.terminate()
    finally:
        office.wait(timeout=30)


def connect(pipe):
    resolver = uno.getComponentContext().ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
    for _ in range(300):
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        except NoConnectException:
            time.sleep(0.1)
    raise SystemExit("LibreOffice did not start")


def option(name, value):
    return PropertyValue(Name=name, Value=value)


def insert_rows(page, row, count) -> None:
    page.Rows.insertByIndex(row - 1, count)


def delete_rows(page, row, count) -> None:
    page.Rows.removeByIndex(row - 1, count)


def put(page, row, column, value) -> None:
    cell = page.getCellByPosition(column - 1, row - 1)
    if isinstance(value, str):
        cell.String = value
    else:
        cell.Value = value


ACTIONS = {"insert_rows": insert_rows, "delete_rows": delete_rows, "put": put}

if __name__ == "__main__":
    main()
