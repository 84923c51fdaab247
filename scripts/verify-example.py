"""Photographs the page that verifies a file: a commune's workbook as it was signed, and with one digit changed.

Usage: verify-example.py DEMO_FOLDER ADDRESS OUTPUT_FOLDER
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from workbooks.package import open_package

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.journeys.browser import Tab, browser

FILE = Path("sent", "KTXH-09.T", "28789.xlsx")
PART = "/xl/worksheets/sheet1.xml"
WIDTH, HEIGHTS = 1280, {"verified": 1380, "tampered": 1120}


def main(demo: Path, address: str, output: Path) -> None:
    """Takes both pictures."""
    signed = (demo / FILE).read_bytes()
    package = open_package(signed)
    changed = package.with_parts({PART: package.part(PART).replace(b"</v></c>", b"0</v></c>", 1)})
    with browser() as tab, tempfile.TemporaryDirectory() as folder:
        tab.resize(WIDTH, 900)
        for name, data in (("verified", signed), ("tampered", changed)):
            file = Path(folder) / FILE.name
            file.write_bytes(data)
            output.joinpath(f"{name}.png").write_bytes(_verified(tab, address, file, HEIGHTS[name]))


def _verified(tab: Tab, address: str, file: Path, height: int) -> bytes:
    tab.open(f"{address}/xac-minh")
    tab.choose("#tep", file)
    tab.follow("document.querySelector('main form button').click()")
    return tab.picture(height)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
