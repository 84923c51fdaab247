"""The official templates as the tests of this folder use them, and LibreOffice to do to them what people do."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from form_templates import serial
from form_templates.compile import compile_template
from form_templates.model import CellKey, CellKind, FormVersion
from form_templates.reading import FilledForm, read_form
from form_templates.stamp import Stamp, StampKind
from tests.office import driven
from workbooks.patch import Patches, patch_cells
from workbooks.workbook import open_workbook

_OFFICIAL = Path(__file__).parents[2] / "form_templates" / "official"
KEY_ID, KEY = "k1", b"a key for tests, never used elsewhere"
KEYS = [(KEY_ID, KEY)]


@lru_cache
def template(form: str) -> bytes:
    return (_OFFICIAL / f"{form}.xlsx").read_bytes()


@lru_cache
def version(form: str) -> FormVersion:
    return compile_template(template(form))


def forms() -> list[str]:
    return sorted(path.stem for path in _OFFICIAL.glob("*.xlsx"))


def a_stamp(form: str = "KTXH-09.T", *, period: str = "2026-M09") -> Stamp:
    published = version(form)
    return Stamp(
        form=form,
        version=published.version,
        digest=serial.digest(published),
        unit="29551",
        unit_name="UBND xã Bình Minh",
        period=period,
        serial="2026-000123",
        issued_at=datetime(2026, 9, 15, 7, 30, tzinfo=UTC),
        kind=StampKind.ISSUED,
    )


def typed_keys(form: str) -> list[CellKey]:
    """Ordinary cells that a person or the service fills."""
    cells = version(form).cell_by_key.values()
    return [cell.key for cell in cells if cell.kind in (CellKind.INPUT, CellKind.CARRY) and not cell.key.region]


def read(data: bytes, form: str, *, sheet: str | None = None) -> FilledForm:
    return read_form(open_workbook(data), version(form), sheet=sheet)


def codes(found: FilledForm) -> list[str]:
    return [finding.code for finding in found.findings]


def patched(form: str, cells: Patches, data: bytes | None = None) -> bytes:
    published = version(form)
    return patch_cells(data or template(form), {published.tables[0].sheet: cells})


def in_libreoffice(data: bytes, folder: Path, actions: list[list[object]]) -> bytes:
    """The workbook after LibreOffice opened it, did the actions (see ``calc_session.py``) and saved it as .xlsx."""
    source, target = folder / "before.xlsx", folder / "after.xlsx"
    source.write_bytes(data)
    order = {"source": str(source), "target": str(target), "profile": str(folder / "profile"), "actions": actions}
    driven(Path(__file__).with_name("calc_session.py"), order)
    return target.read_bytes()
