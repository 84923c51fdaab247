"""The archive as a folder of open formats that can be read and proved without this program (T22, T25)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.resources import files
from pathlib import Path, PurePath
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, Engine

from form_templates.model import FormVersion
from server.services.archive.holdings import Document, Shelf, kind_words, read_document
from server.services.archive.manifests import moment_text
from server.services.archive.packing import Pack, Table
from server.services.audit import SYSTEM, Action, record
from server.services.figures import cell_address
from server.services.registry import published
from server.storage import archive
from server.storage.archive import EVERYTHING, KeptSubmission, Named, StoredStamp
from server.storage.audit import events
from server.storage.engine import reading, writing
from server.storage.exact import FactState
from server.storage.facts import Fact, facts_of
from server.storage.forms import FormRecord, form_version
from signing.findings import finding
from signing.wording import time_text
from workbooks.finding import Finding

Progress = Callable[[int, int], None]
_BATCH: Final = 50
_LONGEST_SUFFIX: Final = 6
_SUFFIXES: Final = {"certificate": ".cer", "crl": ".crl", "ocsp": ".ocsp", "time-stamp": ".tst"}
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
_FIGURES: Final = (
    *("so_ban_nop", "bieu", "phien_ban", "ma_don_vi", "ten_don_vi", "ky", "bang", "ma_dong", "ten_dong", "ma_cot"),
    *("loai_so_lieu", "trang_thai_o", "gia_tri", "don_vi_tinh", "tinh_trang", "lan_nop", "nguon", "ngay_nhan"),
    *("trang", "o", "tep"),
)
_SUBMISSIONS: Final = (
    *("so_ban_nop", "bieu", "phien_ban", "ma_don_vi", "ten_don_vi", "ky", "lan_nop", "tinh_trang", "nguon"),
    *("ngay_nhan", "nguoi_ky", "chung_thu_sha256", "ngay_ky_ghi_trong_tep", "tep", "xac_minh", "dau_luu_tru"),
)
_DOCUMENTS: Final = ("so_ban_nop", "loai", "ten", "tep")
_STAMPS: Final = (
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


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was exported.

    Attributes:
        sums_sha256: SHA-256 of the file SHA256SUMS: who has it can prove every file of the folder.
        findings: what could not be exported because it is damaged.
    """

    folder: Path
    exported_at: datetime
    submissions: int
    figures: int
    stamps: int
    files: int
    sums_sha256: str
    findings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        told = {"folder": str(self.folder), "exported_at": self.exported_at.isoformat()}
        counts = {name: getattr(self, name) for name in ("submissions", "figures", "stamps", "files", "sums_sha256")}
        return told | counts | {"findings": [one.to_dict() for one in self.findings]}


def export_archive(
    engine: Engine,
    folder: Path,
    *,
    now: datetime,
    since: datetime | None = None,
    actor: str = SYSTEM,
    progress: Progress | None = None,
) -> ExportReport:
    """Writes the archive into a new folder, which appears whole; an interrupted export goes on where it was.

    With ``since`` only what was received from then on; the stamps and the audit log are always complete.

    Raises:
        InvalidError: the folder has something in it.
        ServiceError: it cannot be written (the disk is full).
    """
    pack = Pack.at(folder)
    with reading(engine) as connection, ExitStack() as tables:
        export = _Export(
            connection,
            pack,
            figures=tables.enter_context(pack.table("so-lieu.csv", _FIGURES)),
            submissions=tables.enter_context(pack.table("ban-nop.csv", _SUBMISSIONS)),
            documents=tables.enter_context(pack.table("tai-lieu.csv", _DOCUMENTS)),
        )
        export.all_submissions(since, progress)
        export.stamps()
        export.audit_log()
    pack.add("DOC-TRUOC.txt", _read_first(export, now, since))
    files_written = pack.files
    report = ExportReport(
        folder,
        now,
        export.count,
        export.figures_count,
        export.stamps_count,
        files_written,
        pack.finish(),
        export.faults,
    )
    details = {name: value for name, value in report.to_dict().items() if name not in ("folder", "findings")}
    with writing(engine) as connection:
        record(connection, Action.ARCHIVE_EXPORTED, at=now, actor=actor, subject="archive", details=details)
    return report


@dataclass(slots=True)
class _Export:
    """One export: where it reads and writes, and what it counts."""

    connection: Connection
    pack: Pack
    figures: Table
    submissions: Table
    documents: Table
    shelf: Shelf = field(default_factory=Shelf)
    count: int = 0
    figures_count: int = 0
    stamps_count: int = 0
    _faults: list[Finding] = field(default_factory=list)

    @property
    def faults(self) -> tuple[Finding, ...]:
        return tuple(dict.fromkeys(self._faults))

    def all_submissions(self, since: datetime | None, progress: Progress | None) -> None:
        total = archive.count_kept(self.connection, sources=EVERYTHING, since=since)
        after = 0
        while batch := archive.kept_after(self.connection, after, _BATCH, sources=EVERYTHING, since=since):
            after = batch[-1].id
            covers = archive.covers_of(self.connection, [kept.id for kept in batch])
            for kept in batch:
                self._submission(kept, covers.get(kept.id, ()))
            if progress is not None:
                progress(self.count, total)

    def stamps(self) -> None:
        with self.pack.table("dau-luu-tru.csv", _STAMPS) as table:
            for stamp in archive.stamps(self.connection):
                table.row(self._stamp(stamp))
                self.stamps_count += 1

    def audit_log(self) -> None:
        with self.pack.text("audit.jsonl") as text:
            for event in events(self.connection):
                told = asdict(event) | {"at": moment_text(event.at)}
                text.write(json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n")

    def _submission(self, kept: KeptSubmission, covers: tuple[int, ...]) -> None:
        self.count += 1
        original = read_document(self.connection, Named("", kept.blob_sha256))
        place = self._placed(original, *_original_place(kept, original), what=f"Tệp của bản nộp số {kept.id}")
        verdict = ""
        if kept.verdict is not None:
            verdict = self.pack.add(f"xac-minh/{kept.id}.json", kept.verdict.encode())
        known = (kept.id, kept.form, kept.version, kept.unit_code, kept.unit_name, kept.period)
        status, source, received = _STATUS[kept.status], _SOURCES[kept.source], moment_text(kept.received_at)
        signed_at = "" if kept.signed_at is None else moment_text(kept.signed_at)
        signer = (kept.signer, kept.certificate_sha256, signed_at)
        stamps = " ".join(map(str, covers))
        self.submissions.row((*known, kept.revision, status, source, received, *signer, place, verdict, stamps))
        for row in self._figures_of(kept, place):
            self.figures.row((*known, *row))
        self._documents_of(kept)

    def _documents_of(self, kept: KeptSubmission) -> None:
        for named in kept.attachments:
            document = read_document(self.connection, named)
            what = f"Tệp kèm theo “{named.name}” của bản nộp số {kept.id}"
            place = self._placed(document, "kem-theo", _suffix(named.name), what=what)
            self.documents.row((kept.id, "tệp kèm theo", named.name, place))
        for named in kept.evidence:
            document = self.shelf.take(self.connection, named)
            place = self._evidence(document, f"bản nộp số {kept.id}")
            self.documents.row((kept.id, kind_words(named.name), "", place))

    def _evidence(self, document: Document, of: str) -> str:
        what = f"Chứng cứ ({kind_words(document.name)}) của {of}"
        return self._placed(document, "bang-chung", _SUFFIXES[document.name], what=what)

    def _placed(self, document: Document, folder: str, suffix: str, *, what: str) -> str:
        """The document in its folder, named by its SHA-256; "" where it is damaged, which is told."""
        if document.fault:
            self._faults.append(finding("BS280", what=what, reason=document.fault))
            return ""
        return self.pack.add(f"{folder}/{document.sha256}{suffix}", document.data, document.sha256)

    def _figures_of(self, kept: KeptSubmission, place: str) -> Iterator[tuple[object, ...]]:
        if kept.form is None or kept.version is None or kept.status == "refused":
            return
        found = form_version(self.connection, kept.form, kept.version)
        if found is None:
            return
        words = _Words.of(found)
        status, source, received = _STATUS[kept.status], _SOURCES[kept.source], moment_text(kept.received_at)
        for fact in facts_of(self.connection, kept.id).values():
            self.figures_count += 1
            own = (status, kept.revision, source, received)
            yield (*words.row(fact), *own, *words.place(fact), place)

    def _stamp(self, stamp: StoredStamp) -> tuple[object, ...]:
        name, of = f"dau-luu-tru/{stamp.id:06d}", f"dấu lưu trữ số {stamp.id}"
        manifest = self._named(Named("manifest", stamp.manifest_sha256), f"{name}.json", f"Danh sách của {of}")
        token = self._named(Named("time-stamp", stamp.token_sha256), f"{name}.tst", f"Dấu thời gian của {of}")
        kept = [read_document(self.connection, one) for one in stamp.evidence]
        for document in kept:
            self._evidence(document, of)
        pems = [_pem(one.data) for one in kept if one.name == "certificate" and not one.fault]
        chain = self.pack.add(f"{name}.pem", b"".join(sorted(pems)))
        kind = "gia hạn" if stamp.kind == "renewal" else "lần đầu"
        times = (moment_text(stamp.stamped_at), moment_text(stamp.good_until))
        return (stamp.id, kind, *times, stamp.authority, stamp.digest, manifest, token, chain)

    def _named(self, named: Named, place: str, what: str) -> str:
        document = read_document(self.connection, named)
        if document.fault:
            self._faults.append(finding("BS280", what=what, reason=document.fault))
            return ""
        return self.pack.add(place, document.data, document.sha256)


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
        value = fact.value if fact.value is None else _Number(f"{fact.value:f}")
        spec = self.version.cell(key)
        return (key.table, key.row, label, key.column, header, _STATES[fact.state], value, spec.unit)

    def place(self, fact: Fact) -> tuple[str, str]:
        """Sheet and cell in the workbook; empty where there is none."""
        cell = cell_address(fact.at_row, fact.at_column)
        return (self.sheets.get(fact.key.table, ""), cell) if cell else ("", "")


class _Number:
    """The exact text of a number, which may begin with a minus and is no formula."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


def _original_place(kept: KeptSubmission, original: Document) -> tuple[str, str]:
    if kept.source == "history":
        return "ke-thua", ".csv"
    return "tep", ".xlsx" if original.data.startswith(b"PK") else ".bin"


def _suffix(name: str) -> str:
    """The ending of a file name, where it is an ordinary one."""
    suffix = PurePath(name).suffix.lower()
    return suffix if suffix[1:].isalnum() and suffix.isascii() and len(suffix) <= _LONGEST_SUFFIX else ".bin"


def _pem(certificate: bytes) -> bytes:
    return x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)


def _read_first(export: _Export, now: datetime, since: datetime | None) -> bytes:
    text = files("server.services.archive").joinpath("doc-truoc.txt").read_text(encoding="utf-8")
    scope = "mọi bản nộp" if since is None else f"các bản nộp nhận từ {time_text(since)}"
    told = {"when": time_text(now), "scope": scope, "submissions": export.count, "figures": export.figures_count}
    return text.format(**told, stamps=export.stamps_count).encode()
