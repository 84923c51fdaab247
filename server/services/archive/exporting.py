"""The archive as a folder of open formats that can be read and proved without this program (T22, T25)."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.resources import files
from pathlib import Path, PurePath
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, Engine

from server.services.archive.holdings import Document, Shelf, each_kept, kind_words, read_document, unreadable
from server.services.archive.manifests import moment_text
from server.services.archive.packing import Pack, Table
from server.services.archive.tabling import (
    DOCUMENTS,
    FIGURES,
    STAMPS,
    SUBMISSIONS,
    figure_rows,
    stamp_row,
    submission_row,
)
from server.services.audit import SYSTEM, Action, record
from server.storage import archive
from server.storage.archive import EVERYTHING, KeptSubmission, Named, StoredStamp
from server.storage.audit import events
from server.storage.engine import reading, writing
from server.storage.facts import facts_of
from server.storage.forms import form_version
from signing.findings import finding
from signing.wording import time_text
from workbooks.finding import Finding

Progress = Callable[[int, int], None]
_BATCH: Final = 50
_LONGEST_SUFFIX: Final = 6
_SUFFIXES: Final = {"certificate": ".cer", "crl": ".crl", "ocsp": ".ocsp", "time-stamp": ".tst"}


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
        InvalidError: the folder has something in it, or another export writes it.
        ServiceError: it cannot be written (the disk is full).
    """
    with Pack.at(folder) as pack:
        report = _exported(engine, pack, folder, now=now, since=since, progress=progress)
    details = {name: value for name, value in report.to_dict().items() if name not in ("folder", "findings")}
    with writing(engine) as connection:
        record(connection, Action.ARCHIVE_EXPORTED, at=now, actor=actor, subject="archive", details=details)
    return report


def _exported(
    engine: Engine, pack: Pack, folder: Path, *, now: datetime, since: datetime | None, progress: Progress | None
) -> ExportReport:
    with reading(engine) as connection, ExitStack() as tables:
        export = _Export(
            connection,
            pack,
            figures=tables.enter_context(pack.table("so-lieu.csv", FIGURES)),
            submissions=tables.enter_context(pack.table("ban-nop.csv", SUBMISSIONS)),
            documents=tables.enter_context(pack.table("tai-lieu.csv", DOCUMENTS)),
        )
        export.all_submissions(since, progress)
        export.stamps()
        export.audit_log()
    pack.add("DOC-TRUOC.txt", _read_first(export, now, since))
    return ExportReport(
        folder=folder,
        exported_at=now,
        submissions=export.count,
        figures=export.figures_count,
        stamps=export.stamps_count,
        files=pack.files,
        sums_sha256=pack.finish(),
        findings=export.faults,
    )


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
        """What is damaged, each once."""
        return tuple(dict.fromkeys(self._faults))

    def all_submissions(self, since: datetime | None, progress: Progress | None) -> None:
        """The files, verdicts, figures and evidence of submissions, and their index."""
        total = archive.count_kept(self.connection, sources=EVERYTHING, since=since)
        after = 0
        while batch := archive.numbers_after(self.connection, after, _BATCH, sources=EVERYTHING, since=since):
            after = batch[-1]
            covers = archive.covers_of(self.connection, batch)
            for number, kept in each_kept(self.connection, batch):
                if kept is None:
                    self._faults.append(unreadable(number))
                else:
                    self._submission(kept, covers.get(number, ()))
            if progress is not None:
                progress(self.count, total)

    def stamps(self) -> None:
        """Manifests, tokens and certificates of the stamps, and their index."""
        with self.pack.table("dau-luu-tru.csv", STAMPS) as table:
            for stamp in archive.stamps(self.connection):
                table.row(self._stamp(stamp))
                self.stamps_count += 1

    def audit_log(self) -> None:
        """Every event, as its hash is taken."""
        with self.pack.text("audit.jsonl") as text:
            last = 0
            try:
                for event in events(self.connection):
                    told = asdict(event) | {"at": moment_text(event.at)}
                    text.write(json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n")
                    last = event.id
            except ValueError:
                reason = f"sự kiện sau sự kiện số {last} có giá trị không đọc được, nên chỉ xuất được đến đó"
                self._faults.append(finding("BS280", what="Nhật ký hệ thống", reason=reason))

    def _submission(self, kept: KeptSubmission, covers: tuple[int, ...]) -> None:
        self.count += 1
        original = read_document(self.connection, Named("", kept.blob_sha256))
        place = self._placed(original, *_original_place(kept, original), what=f"Tệp của bản nộp số {kept.id}")
        verdict = ""
        if kept.verdict is not None:
            verdict = self.pack.add(f"xac-minh/{kept.id}.json", kept.verdict.encode())
        self.submissions.row(submission_row(kept, place, verdict, covers))
        self._figures_of(kept, place)
        self._documents_of(kept)

    def _figures_of(self, kept: KeptSubmission, place: str) -> None:
        if kept.form is None or kept.version is None or kept.status == "refused":
            return
        form = form_version(self.connection, kept.form, kept.version)
        facts = facts_of(self.connection, kept.id).values()
        if form is not None:
            self.figures_count += len(facts)
            for row in figure_rows(kept, form, facts, place):
                self.figures.row(row)

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

    def _stamp(self, stamp: StoredStamp) -> tuple[object, ...]:
        name, of = f"dau-luu-tru/{stamp.id:06d}", f"dấu lưu trữ số {stamp.id}"
        manifest = self._named(Named("manifest", stamp.manifest_sha256), f"{name}.json", f"Danh sách của {of}")
        token = self._named(Named("time-stamp", stamp.token_sha256), f"{name}.tst", f"Dấu thời gian của {of}")
        kept = [read_document(self.connection, one) for one in stamp.evidence]
        for document in kept:
            self._evidence(document, of)
        pems = [_pem(one.data) for one in kept if one.name == "certificate" and not one.fault]
        return stamp_row(stamp, (manifest, token, self.pack.add(f"{name}.pem", b"".join(sorted(pems)))))

    def _named(self, named: Named, place: str, what: str) -> str:
        document = read_document(self.connection, named)
        if document.fault:
            self._faults.append(finding("BS280", what=what, reason=document.fault))
            return ""
        return self.pack.add(place, document.data, document.sha256)


def _original_place(kept: KeptSubmission, original: Document) -> tuple[str, str]:
    if kept.source == "history":
        return "ke-thua", ".csv"
    return "tep", ".xlsx" if original.data.startswith(b"PK") else ".bin"


def _suffix(name: str) -> str:
    """The ending of a file name, where it is an ordinary one."""
    suffix = PurePath(name).suffix.lower()
    return suffix if suffix[1:].isalnum() and suffix.isascii() and len(suffix) <= _LONGEST_SUFFIX else ".bin"


def _pem(certificate: bytes) -> bytes:
    """The certificate as OpenSSL's tools want it; nothing where it is none."""
    try:
        return x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)
    except ValueError:
        return b""


def _read_first(export: _Export, now: datetime, since: datetime | None) -> bytes:
    text = files("server.services.archive").joinpath("doc-truoc.txt").read_text(encoding="utf-8")
    scope = "mọi bản nộp" if since is None else f"các bản nộp nhận từ {time_text(since)}"
    told = {"when": time_text(now), "scope": scope, "submissions": export.count, "figures": export.figures_count}
    return text.format(**told, stamps=export.stamps_count).encode()
