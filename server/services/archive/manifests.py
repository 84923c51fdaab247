"""Manifests: what one time stamp of the archive covers, as canonical JSON. No I/O.

The format ``bieuso-archive/1`` is one JSON document in UTF-8: keys sorted, no blanks, one entry a line, entries by
number, so that equal contents are equal bytes and a line can be read without the rest::

    {"audit":{"events":9,"hash":"…"},"format":"bieuso-archive/1","kind":"first","made_at":"…","stamps":[
    ],"submissions":[
    {"attachments":[{"name":"…","sha512":"…"}],"evidence":[{"name":"crl","sha512":"…"}],"form":"…","number":1,…}
    ]}

Digests are SHA-512 in hexadecimal; ``verdict`` is that of the stored verdict's text. A renewal names in ``stamps``
every earlier stamp by its manifest, its token and what its authority is judged by. The format is never changed: the
next one gets the next number.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

FORMAT: Final = "bieuso-archive/1"
_BETWEEN: Final = b'],"submissions":['
_END: Final = b"]}"


class ManifestError(ValueError):
    """The bytes are no manifest of a format that is known here."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A document of an entry: name of the attachment or kind of the evidence, and SHA-512."""

    name: str
    sha512: str

    def to_dict(self) -> dict[str, str]:
        """The wire form."""
        return {"name": self.name, "sha512": self.sha512}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a manifest says of one submission. ``verdict`` is ``""`` where none was stored."""

    number: int
    form: str | None
    version: str | None
    unit: str | None
    period: str | None
    received_at: datetime
    workbook: str
    verdict: str
    attachments: tuple[Listed, ...] = ()
    evidence: tuple[Listed, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        return {
            "number": self.number,
            "form": self.form,
            "version": self.version,
            "unit": self.unit,
            "period": self.period,
            "received_at": moment_text(self.received_at),
            "workbook": self.workbook,
            "verdict": self.verdict,
            "attachments": [one.to_dict() for one in self.attachments],
            "evidence": [one.to_dict() for one in sorted(self.evidence, key=lambda one: (one.name, one.sha512))],
        }


@dataclass(frozen=True, slots=True)
class StampEntry:
    """What a renewal says of one earlier stamp."""

    number: int
    manifest: str
    token: str
    evidence: tuple[Listed, ...] = ()

    def is_of(self, other: StampEntry) -> bool:
        """Whether both speak of the same stamp, whatever is known of its authority by now."""
        return (self.number, self.manifest, self.token) == (other.number, other.manifest, other.token)

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        return {
            "number": self.number,
            "manifest": self.manifest,
            "token": self.token,
            "evidence": [one.to_dict() for one in sorted(self.evidence, key=lambda one: (one.name, one.sha512))],
        }


@dataclass(frozen=True, slots=True)
class AuditHead:
    """Where the audit log stood: how many events there were, and the hash of the last."""

    events: int
    hash: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as it is read.

    Attributes:
        stamps: the earlier stamps it names, by number.
        entries: SHA-256 of the line of each submission, by number; the lines themselves take much room.
    """

    kind: str
    made_at: datetime
    audit: AuditHead
    stamps: Mapping[int, StampEntry]
    entries: Mapping[int, bytes]


def write_manifest(
    kind: str, made_at: datetime, audit: AuditHead, stamps: Iterable[StampEntry], entries: Iterable[Entry]
) -> bytes:
    """The bytes that are stamped; stamps and entries come in the order of their numbers."""
    head = {
        "audit": {"events": audit.events, "hash": audit.hash},
        "format": FORMAT,
        "kind": kind,
        "made_at": moment_text(made_at),
        "stamps": [],
    }
    written = io.BytesIO()
    written.write(canonical(head).removesuffix(_END) + b"\n")
    _write_lines(written, (canonical(one.to_dict()) for one in stamps))
    written.write(_BETWEEN + b"\n")
    _write_lines(written, (line_of(one) for one in entries))
    written.write(_END + b"\n")
    return written.getvalue()


def line_of(entry: Entry) -> bytes:
    """The line of a submission."""
    return canonical(entry.to_dict())


def line_digest(line: bytes) -> bytes:
    """What is remembered of a line."""
    return hashlib.sha256(line).digest()


def canonical(value: object) -> bytes:
    """JSON of which there is one spelling only."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def moment_text(moment: datetime) -> str:
    """A moment in UTC, always with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def read_manifest(data: bytes) -> Manifest:
    """Reads a manifest line by line.

    Raises:
        ManifestError: it is none, or of another format.
    """
    try:
        lines = iter(io.BytesIO(data))
        head = json.loads(next(lines, b"").rstrip(b"\n") + _END)
        if head["format"] != FORMAT:
            raise ManifestError(head["format"])
        stamps = {one.number: one for one in map(_stamp_entry, _items(lines, _BETWEEN))}
        entries = {int(json.loads(line)["number"]): line_digest(line) for line in _items(lines, _END)}
        audit = AuditHead(int(head["audit"]["events"]), str(head["audit"]["hash"]))
        return Manifest(str(head["kind"]), datetime.fromisoformat(head["made_at"]), audit, stamps, entries)
    except (ValueError, KeyError, TypeError) as problem:
        raise ManifestError("not a manifest") from problem


def entry_in(data: bytes, number: int) -> Mapping[str, Any] | None:
    """What a manifest says of one submission, in its wire form."""
    looked_for = b'"number":%d,' % number  # no text can hold it: quotes inside are escaped
    for line in io.BytesIO(data):
        if looked_for in line and line.startswith(b'{"attachments":'):
            found: Mapping[str, Any] = json.loads(line.rstrip(b",\n"))
            return found
    return None


def _write_lines(written: io.BytesIO, lines: Iterable[bytes]) -> None:
    between = b""
    for line in lines:
        written.write(between + line)
        between = b",\n"
    written.write(b"\n" if between else b"")


def _items(lines: Iterator[bytes], end: bytes) -> Iterator[bytes]:
    """The lines up to the one that ends the list."""
    for line in lines:
        item = line.rstrip(b"\n")
        if item == end:
            return
        yield item.removesuffix(b",")
    raise ManifestError("the end is missing")


def _stamp_entry(line: bytes) -> StampEntry:
    found = json.loads(line)
    evidence = tuple(Listed(one["name"], one["sha512"]) for one in found["evidence"])
    return StampEntry(int(found["number"]), str(found["manifest"]), str(found["token"]), evidence)
