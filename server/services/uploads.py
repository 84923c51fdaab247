"""Opening what was sent: hostile until proved otherwise, and so held to less than what a person may open at home."""

from __future__ import annotations

from typing import Final

from workbooks.archive import Limits
from workbooks.workbook import Workbook, open_workbook

# A large form has some ten thousand elements. What these let pass is read within a few seconds, so that nobody keeps a
# process of the service busy with a file of a few megabytes.
_LIMITS: Final = Limits(parts=512, part_size=32 << 20, total_size=64 << 20, elements=1_000_000, formulas=1_000_000)


def open_upload(data: bytes) -> Workbook:
    """The workbook in an upload; kept in no cache. Raises WorkbookError."""
    return open_workbook(data, limits=_LIMITS)
