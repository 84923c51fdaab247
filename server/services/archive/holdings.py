"""What is held of a submission: its documents, proved against their addresses, and the entry they make."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from server.services.archive.manifests import Entry, Listed
from server.storage import archive
from server.storage.archive import KeptSubmission, Named
from server.storage.blobs import DamagedBlobError, get_blob
from signing.evidence import Evidence
from signing.findings import finding
from workbooks.finding import Finding

_MOST_KEPT: Final = 32 * 1024 * 1024
_DAMAGED: Final = "nội dung đang lưu đã bị thay đổi, không khớp mã SHA-256"
_MISSING: Final = "không còn trong kho"
_WORDS: Final = {
    "certificate": "chứng thư số",
    "crl": "danh sách thu hồi",
    "ocsp": "trả lời về tình trạng chứng thư",
    "time-stamp": "dấu thời gian",
}


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was found.

    Attributes:
        name: name of the attachment, or kind of the evidence.
        fault: why it cannot be used, in Vietnamese; then there are no bytes.
    """

    name: str
    sha256: str
    data: bytes = b""
    sha512: str = ""
    fault: str = ""


@dataclass(slots=True)
class Shelf:
    """Documents that many submissions share (certificates, lists), read and proved once; bounded in size."""

    _documents: OrderedDict[Named, Document] = field(default_factory=OrderedDict)
    _size: int = 0

    def take(self, connection: Connection, named: Named) -> Document:
        """One document."""
        found = self._documents.pop(named, None)
        if found is None:
            found = read_document(connection, named)
            self._size += len(found.data)
        self._documents[named] = found
        while self._size > _MOST_KEPT and len(self._documents) > 1:
            _, oldest = self._documents.popitem(last=False)
            self._size -= len(oldest.data)
        return found


@dataclass(frozen=True, slots=True)
class Holding:
    """A submission with its documents."""

    kept: KeptSubmission
    workbook: Document
    attachments: tuple[Document, ...]
    evidence: tuple[Document, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every document is there as it was stored."""
        return not any(one.fault for one in (self.workbook, *self.attachments, *self.evidence))

    @property
    def entry(self) -> Entry:
        """What a manifest says of it."""
        kept = self.kept
        return Entry(
            number=kept.id,
            form=kept.form,
            version=kept.version,
            unit=kept.unit_code,
            period=kept.period,
            received_at=kept.received_at,
            workbook=self.workbook.sha512,
            verdict="" if kept.verdict is None else hashlib.sha512(kept.verdict.encode()).hexdigest(),
            attachments=tuple(Listed(one.name, one.sha512) for one in self.attachments),
            evidence=tuple(Listed(one.name, one.sha512) for one in self.evidence),
        )

    def faults(self) -> Iterator[Finding]:
        """Documents that are damaged or gone."""
        if self.workbook.fault:
            yield finding("BS280", what="Tệp đã ký", reason=self.workbook.fault)
        for one in self.attachments:
            if one.fault:
                yield finding("BS280", what=f"Tệp kèm theo “{one.name}”", reason=one.fault)
        yield from evidence_faults(self.evidence)


def evidence_faults(evidence: tuple[Document, ...]) -> Iterator[Finding]:
    """Pieces of evidence that are damaged (BS280) or gone (BS281)."""
    for one in evidence:
        if one.fault == _MISSING:
            yield finding("BS281", what=kind_words(one.name), reason=one.fault)
        elif one.fault:
            yield finding("BS280", what=f"Chứng cứ ({kind_words(one.name)})", reason=one.fault)


def each_kept(connection: Connection, numbers: Sequence[int]) -> Iterator[tuple[int, KeptSubmission | None]]:
    """The submissions of these numbers; None for one whose row cannot be read, which does not stop the others."""
    try:
        found = archive.kept(connection, numbers)
    except ValueError:
        if len(numbers) == 1:
            yield numbers[0], None
        else:
            for number in numbers:
                yield from each_kept(connection, [number])
        return
    yield from ((one.id, one) for one in found)


def unreadable(number: int) -> Finding:
    """BS280 of a submission whose row cannot be read."""
    return finding("BS280", what=f"Bản ghi của bản nộp số {number}", reason="có giá trị không đọc được")


def hold(connection: Connection, kept: KeptSubmission, shelf: Shelf) -> Holding:
    """Reads and proves everything of a submission."""
    return Holding(
        kept,
        read_document(connection, Named("", kept.blob_sha256)),
        tuple(read_document(connection, one) for one in kept.attachments),
        tuple(shelf.take(connection, one) for one in kept.evidence),
    )


def read_document(connection: Connection, named: Named) -> Document:
    """A document proved against its address; with its fault where it cannot be used."""
    try:
        data = get_blob(connection, named.sha256)
    except DamagedBlobError:
        return Document(named.name, named.sha256, fault=_DAMAGED)
    if data is None:
        return Document(named.name, named.sha256, fault=_MISSING)
    return Document(named.name, named.sha256, data, hashlib.sha512(data).hexdigest())


def evidence_of(documents: tuple[Document, ...]) -> Evidence:
    """The documents as evidence; those with a fault are left out."""
    sound = [one for one in documents if not one.fault]
    return Evidence(*(tuple(one.data for one in sound if one.name == kind) for kind in _WORDS))


def kind_words(kind: str) -> str:
    """A kind of evidence as people call it."""
    return _WORDS.get(kind, kind)
