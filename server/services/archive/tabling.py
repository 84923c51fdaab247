"""The tables of an export: their columns, and the rows of submissions, figures and stamps in the words of the form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from form_templates.model import FormVersion
from server.services.archive.manifests import moment_text
from server.services.figures import cell_address
from server.services.registry import published
from server.storage.archive import KeptSubmission, StoredStamp
from server.storage.exact import FactState
from server.storage.facts import Fact
from server.storage.forms import FormRecord

_STATUS: Final = {"accepted": "đang dùng", "superseded": "đã có bản thay", "refused": "bị từ chối"}
_SOURCES: Final = {"workbook": "tệp đã ký", "history": "số liệu kế thừa"}
_STATES: Final = {
    FactState.NUMBER: "số",
    FactState.BLANK: "trống",
    FactState.NONE: "không phát sinh (-)",
    FactState.NO_DATA: "không có số liệu (…)",
    FactState.NOT_APPLICABLE: "không áp dụng (x)",
    FactState.TEXT: "chữ",
    FactState.ERROR: "ô lỗi",
}
FIGURES: Final = (
    *("so_ban_nop", "bieu", "phien_ban", "ma_don_vi", "ten_don_vi", "ky", "bang", "ma_dong", "ten_dong", "ma_cot"),
    *("loai_so_lieu", "trang_thai_o", "gia_tri", "don_vi_tinh", "tinh_trang", "lan_nop", "nguon", "ngay_nhan"),
    *("trang", "o", "tep"),
)
SUBMISSIONS: Final = (
    *("so_ban_nop", "bieu", "phien_ban", "ma_don_vi", "ten_don_vi", "ky", "lan_nop", "tinh_trang", "nguon"),
    *("ngay_nhan", "nguoi_ky", "chung_thu_sha256", "ngay_ky_ghi_trong_tep", "tep", "xac_minh", "dau_luu_tru"),
)
DOCUMENTS: Final = ("so_ban_nop", "loai", "ten", "tep")
STAMPS: Final = (
    "so_dau",
    "loai",
    "dong_luc",
    "gia_tri_den",
    "noi_cap",
    "thuat_toan_bam",
    "danh_sach",
    "dau",
    "chung_thu",
)


def submission_row(kept: KeptSubmission, place: str, verdict: str, covers: Sequence[int]) -> tuple[object, ...]:
    """A line of the index; ``place`` and ``verdict`` are files of the export, ``covers`` the stamps."""
    signed_at = "" if kept.signed_at is None else moment_text(kept.signed_at)
    signer = (kept.signer, kept.certificate_sha256, signed_at)
    standing = (kept.revision, _STATUS[kept.status], _SOURCES[kept.source], moment_text(kept.received_at))
    return (*_of_whom(kept), *standing, *signer, place, verdict, " ".join(map(str, covers)))


def figure_rows(
    kept: KeptSubmission, form: FormRecord, facts: Iterable[Fact], place: str
) -> Iterator[tuple[object, ...]]:
    """A line for each figure of a submission."""
    words = _Words.of(form)
    standing = (_STATUS[kept.status], kept.revision, _SOURCES[kept.source], moment_text(kept.received_at))
    for fact in facts:
        yield (*_of_whom(kept), *words.row(fact), *standing, *words.place(fact), place)


def stamp_row(stamp: StoredStamp, places: Sequence[str]) -> tuple[object, ...]:
    """A line of the index of stamps; ``places``: manifest, token, certificates."""
    kind = "gia hạn" if stamp.kind == "renewal" else "lần đầu"
    times = (moment_text(stamp.stamped_at), moment_text(stamp.good_until))
    return (stamp.id, kind, *times, stamp.authority, stamp.digest, *places)


def _of_whom(kept: KeptSubmission) -> tuple[object, ...]:
    return (kept.id, kept.form, kept.version, kept.unit_code, kept.unit_name, kept.period)


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a form version, by their codes."""

    version: FormVersion
    sheets: dict[str, str]
    rows: dict[tuple[str, str], str]
    columns: dict[tuple[str, str], str]

    @classmethod
    def of(cls, found: FormRecord) -> _Words:
        version = published(found).version
        tables = version.tables
        return cls(
            version,
            {table.code: table.sheet for table in tables},
            {(table.code, row.code): row.label for table in tables for row in table.rows}
            | {(table.code, region.code): region.label for table in tables for region in table.regions},
            {(table.code, column.code): column.header for table in tables for column in table.columns},
        )

    def row(self, fact: Fact) -> tuple[object, ...]:
        """Codes, words, state, value and unit of measure of a fact."""
        key = fact.key
        label = self.rows.get((key.table, key.template.row), "")
        header = self.columns.get((key.table, key.column), "")
        value = fact.value if fact.value is None else ExactNumber(f"{fact.value:f}")
        spec = self.version.cell(key)
        return (key.table, key.row, label, key.column, header, _STATES[fact.state], value, spec.unit)

    def place(self, fact: Fact) -> tuple[str, str]:
        """Sheet and cell in the workbook; empty where there is none."""
        cell = cell_address(fact.at_row, fact.at_column)
        return (self.sheets.get(fact.key.table, ""), cell) if cell else ("", "")


class ExactNumber:
    """The exact text of a number, which may begin with a minus and is no formula."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text
