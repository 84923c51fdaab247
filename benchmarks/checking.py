"""How long a full check takes: a form of 5,000 formulas, beside other programs; and 1,000 workbooks of one form.

Usage: .venv/bin/python benchmarks/checking.py [RUNS] [WORKBOOKS]
Needs LibreOffice with python3-uno, and pandas in the environment (`make benchmark` installs it) for the peers.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from itertools import islice
from pathlib import Path

from form_templates.builder import build_template
from form_templates.compile import compile_template
from form_templates.filling import fill, issue
from form_templates.model import CellKey, CellKind, FormVersion
from form_templates.serial import digest
from form_templates.spec import read_spec
from form_templates.stamp import Stamp
from formulas.checking import check
from formulas.compiler import compile_version
from formulas.freezing import freeze

TARGET_MS = 40
GROUPS, ROWS_IN_GROUP = 26, 20
CALCULATED = ("c1+c2", "c2+c3", "c3-c4", "c1/c2*100", "c3/c1*100", "c1+c2+c3", "c4/c3*100", "c2-c1", "c4/c2*100")
LIST_FORM = "KTXH-09.T"


def a_spec() -> str:
    """26 groups of 20 rows under a total each, 4 typed and 9 calculated columns: a little over 5,000 formulas."""
    lines = [
        'id = "DO-5000.Q"\nversion = "1"\ntitle = "BIỂU ĐO"\nunit_text = "Tấn"\ndecision = "Biểu đo"',
        'basis = "Biểu đo"',
        'sender = "Xã"\nreceiver = "Tỉnh"\ndeadline = "Ngày 18"\nperiods = ["Q"]',
    ]
    lines += [
        f'[[columns]]\ncode = "{number}"\nheader = "Số {number}"\nunit = "Tấn"\ndecimals = 1' for number in range(1, 5)
    ]
    for number, formula in enumerate(CALCULATED, start=5):
        ratio = "/" in formula
        unit, how = ("%", '\naggregation = "formula"') if ratio else ("Tấn", "")
        lines.append(
            f'[[columns]]\ncode = "{number}"\nheader = "Số {number}"\nkind = "calc"\nunit = "{unit}"\ndecimals = 1\n'
            f'formula = "{formula}"{how}'
        )
    code = 0
    for group in range(GROUPS):
        total, members = code + 1, [f"{code + 2 + i:03d}" for i in range(ROWS_IN_GROUP)]
        lines.append(
            f'[[rows]]\ncode = "{total:03d}"\nlabel = "Nhóm sản phẩm số {group}"\nunit = "Tấn"\ndecimals = 1\n'
            f'relation = "={"+".join(members)}"'
        )
        lines += [
            f'[[rows]]\ncode = "{one}"\nlabel = "Sản phẩm thứ {one}"\nunit = "Tấn"\ndecimals = 1\nlevel = 1'
            for one in members
        ]
        code += ROWS_IN_GROUP + 1
    return "\n\n".join(lines)


def issued(template: bytes, version: FormVersion, period: str) -> bytes:
    """The template as a service would issue it."""
    stamp = Stamp(
        version.form, version.version, digest(version), "29551", "Xã Tam Bình", period, "1", datetime.now(UTC)
    )
    return issue(template, version, stamp, "k1", b"benchmark")


def filled(workbook: bytes, version: FormVersion, seed: int) -> bytes:
    """The workbook with numbers of its own in every typed cell, and results that fit them."""
    chance = random.Random(seed)  # noqa: S311 - figures to measure with
    values: dict[CellKey, float] = {
        key: round(chance.uniform(100, 200), spec.decimals and 1)
        for key, spec in version.cell_by_key.items()
        if spec.kind is CellKind.INPUT and "*" not in key.row
    }
    return freeze(fill(workbook, version, values), version)


def milliseconds(action: Callable[[bytes], object], workbooks: list[bytes]) -> list[float]:
    """What each of the workbooks took; no two are the same, so nothing is answered from memory."""
    taken = []
    for data in workbooks:
        gc.collect()
        start = time.perf_counter()
        action(data)
        taken.append((time.perf_counter() - start) * 1000)
    return taken


# -- peers: each opens the same files, and does the part of a check that it can do -------------------------------------


def with_ironcalc(path: Path) -> None:
    """Opens and computes; knows nothing of integrity, relations or text."""
    import ironcalc  # noqa: PLC0415 - a peer

    ironcalc.load_from_xlsx(str(path), "en", "UTC", "en").evaluate()


def with_pandas(path: Path) -> None:
    """Reads values with pandas and formulas with openpyxl; computes nothing."""
    import openpyxl  # noqa: PLC0415 - a peer
    import pandas as pd  # noqa: PLC0415 - a peer

    pd.read_excel(path, sheet_name=None, header=None)
    for sheet in openpyxl.load_workbook(path).worksheets:
        for row in sheet.iter_rows(values_only=True):
            len(row)


LIBREOFFICE = """
import json, subprocess, sys, time
from pathlib import Path
import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
order = json.load(sys.stdin)
pipe = "bieuso-benchmark"
start = time.perf_counter()
office = subprocess.Popen(["soffice", "--headless", "--norestore", "--nologo", f"--accept=pipe,name={pipe};urp;",
    "-env:UserInstallation=" + Path(order["profile"]).as_uri()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
resolver = uno.getComponentContext().ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
while True:
    try:
        context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        break
    except NoConnectException:
        time.sleep(0.05)
desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
taken = [time.perf_counter() - start]
for path in order["paths"]:
    start = time.perf_counter()
    book = desktop.loadComponentFromURL(Path(path).as_uri(), "_blank", 0, (PropertyValue(Name="Hidden", Value=True),))
    book.calculateAll()
    for sheet in book.Sheets:
        cursor = sheet.createCursor()
        cursor.gotoEndOfUsedArea(False)
        area = sheet.getCellRangeByPosition(0, 0, cursor.RangeAddress.EndColumn, cursor.RangeAddress.EndRow)
        area.getDataArray(), area.getFormulaArray()
    book.close(True)
    taken.append(time.perf_counter() - start)
try:
    desktop.terminate()
except Exception:
    pass
office.wait(30)
print(json.dumps(taken))
"""


def with_libreoffice(paths: list[Path], folder: Path) -> list[float]:
    """Opens, computes all, reads values and formulas. First the start of the program, then each file, in seconds."""
    order = json.dumps({"profile": str(folder / "profile"), "paths": [str(path) for path in paths]})
    done = subprocess.run(
        ["/usr/bin/python3", "-c", LIBREOFFICE], input=order, capture_output=True, text=True, check=True, timeout=600
    )
    return [float(one) for one in json.loads(done.stdout)]


def told(name: str, taken: list[float], ours: float, what: str) -> None:
    """A line of the table."""
    median = statistics.median(taken)
    print(f"  {name:<22} {median:9.1f} ms  {median / ours:6.1f} x  {what}")


def against_peers(runs: int) -> None:
    """One form of 5,000 formulas, the same files for everybody."""
    template = build_template(read_spec(a_spec()))
    start = time.perf_counter()
    version = compile_template(template)
    compile_version(version)
    loading = time.perf_counter() - start
    formulas = sum(spec.formula is not None for spec in version.cell_by_key.values())
    base = issued(template, version, "2026-Q3")
    workbooks = [filled(base, version, seed) for seed in range(runs + 1)]
    assert check(workbooks[0]).ok, check(workbooks[0]).findings[:3]  # noqa: S101 - a check that stops early proves nothing
    ours = milliseconds(check, workbooks[1:])
    print(
        f"A form of {formulas} formulas, {len(version.cell_by_key)} cells, {len(base) // 1024} KiB; {runs} files each,"
    )
    print(f"compiled once in {loading:.2f} s. Median, and times ours:")
    middle = statistics.median(ours)
    told("bieuso check", ours, middle, "open, integrity, recomputation, values, relations, text")
    with tempfile.TemporaryDirectory(prefix="bieuso-benchmark-") as name:
        folder = Path(name)
        paths = [folder / f"{number}.xlsx" for number in range(runs)]
        for path, data in zip(paths, workbooks[1:], strict=True):
            path.write_bytes(data)
        few = paths[: max(3, runs // 5)]
        told(
            "ironcalc",
            milliseconds(lambda data: with_ironcalc(Path(data.decode())), names(few)),
            middle,
            "open, compute",
        )
        if importlib.util.find_spec("pandas"):
            taken = milliseconds(lambda data: with_pandas(Path(data.decode())), names(few))
            told("pandas + openpyxl", taken, middle, "read values, read formulas")
        else:
            print("  pandas is not installed: left out")
        seconds = with_libreoffice(few, folder)
        taken = [one * 1000 for one in seconds[1:]]
        told("LibreOffice", taken, middle, f"open, compute all, read (its start took {seconds[0]:.1f} s besides)")
    print(f"  target {TARGET_MS} ms: {'held' if middle <= TARGET_MS else 'MISSED'}")


def names(paths: list[Path]) -> list[bytes]:
    """Paths in the place of data."""
    return [str(path).encode() for path in paths]


def many(count: int) -> None:
    """So many workbooks of one official form, each with numbers of its own; memory sampled on the way."""
    template = (files("form_templates") / "official" / f"{LIST_FORM}.xlsx").read_bytes()
    version = compile_template(template)
    base = issued(template, version, "2026-M09")
    distinct = [filled(base, version, seed) for seed in range(min(count, 200))]
    for data in distinct[:20]:
        check(data)
    memory, taken = [], 0.0
    for number, data in enumerate(islice(_again(distinct), count), start=1):
        start = time.perf_counter()
        check(data)
        taken += time.perf_counter() - start
        if number % (count // 5) == 0:
            memory.append(_resident())
    print(f"\n{count} workbooks of {LIST_FORM} ({len(version.cell_by_key)} cells, {len(base) // 1024} KiB):")
    shown = ", ".join(f"{one:.0f}" for one in memory)
    print(f"  {count / taken:.0f} workbooks/s on one core; memory after each fifth: {shown} MiB")
    print(f"  largest process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def _again(workbooks: list[bytes]) -> Iterator[bytes]:
    while True:
        yield from workbooks


def _resident() -> float:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    against_peers(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
    many(int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
