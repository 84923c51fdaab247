"""Six communes in trouble, one each way: what real officers do, and what a forger would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from form_templates.filling import fill, key_addresses
from form_templates.model import CellKey, FormVersion, member_row
from form_templates.reading import ValueState, read_form
from workbooks.patch import Constant, patch_cells
from workbooks.workbook import open_workbook

Change = Callable[[bytes, FormVersion], bytes]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong with one form of one commune, and when.

    Attributes:
        form: the form it happens in; name: for the summary, in Vietnamese.
        before_signing: what the officer does to the filled workbook.
        after_signing: what somebody does to the signed file.
        revoked_key: the leader signs with the former key, whose certificate was revoked a week ago.
    """

    form: str
    name: str
    before_signing: Change | None = None
    after_signing: Change | None = None
    revoked_key: bool = False


def _overwrite_total(data: bytes, version: FormVersion) -> bytes:
    """Row 01 of column 3 is a formula; the officer types a number over it."""
    sheet, row, column = key_addresses(data, version)[CellKey("T1", "01", "3")]
    return patch_cells(data, {sheet: {(row, column): Constant(9999.9)}})


def _part_above_whole(data: bytes, version: FormVersion) -> bytes:
    """More dairy cows (03) than cattle (02)."""
    return fill(data, version, {CellKey("T1", "02", "2"): 1200, CellKey("T1", "03", "2"): 1350})


def _number_as_text(data: bytes, version: FormVersion) -> bytes:
    """``1.234,5`` arrives as text: the machine's locale is not Vietnamese."""
    return fill(data, version, {CellKey("T1", "04", "3"): "1.234,5"})


def _legacy_label(data: bytes, version: FormVersion) -> bytes:
    """A label typed with an old TCVN3 keyboard: "Đất đai và nhà ở" as its legacy bytes show in Excel."""
    table = version.tables[0]
    filled = read_form(open_workbook(data), version)
    # A row the officer added: one that carries a figure of last month would also lose its origin.
    added = next(
        member
        for member in filled.members["T1", "01*"]
        if filled.cells[CellKey("T1", member_row("01*", member.key), "4")].state is ValueState.BLANK
    )
    return patch_cells(data, {table.sheet: {(added.row, table.labels_at): "§Êt ®ai vµ nhµ ë"}})


def _change_a_signed_number(data: bytes, version: FormVersion) -> bytes:
    """One number is changed after the leader signed; the signature stays in the file."""
    sheet, row, column = key_addresses(data, version)[CellKey("T1", "11", "2")]
    return patch_cells(data, {sheet: {(row, column): 99999}})


TROUBLES = (
    Trouble("KTXH-09.T", "Tổng bị ghi đè bằng hằng số", before_signing=_overwrite_total),
    Trouble("KTXH-10.Q", "Bộ phận lớn hơn tổng thể", before_signing=_part_above_whole),
    Trouble("KTXH-14.T", "Ô còn chữ TCVN3", before_signing=_legacy_label),
    Trouble("KTXH-10.Q", "Sửa ô sau khi ký", after_signing=_change_a_signed_number),
    Trouble("KTXH-09.T", "Số gõ thành chữ “1.234,5”", before_signing=_number_as_text),
    Trouble("KTXH-13.N", "Chứng thư đã bị thu hồi", revoked_key=True),
)
