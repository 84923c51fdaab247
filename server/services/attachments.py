"""Files that came with a workbook, held against the list that was signed with it (C57, V33)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from form_templates.attached_files import faults_of, same_name
from form_templates.attachments import Attachment, AttachmentList
from formulas.wording import excerpt
from server.services import findings as said
from workbooks.finding import Finding


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as it came in; its name is anybody's text."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """What came of holding them together: the files to be kept, each under its signed name, and what is wrong."""

    kept: tuple[tuple[Attachment, bytes], ...] = ()
    findings: tuple[Finding, ...] = ()


def hold(listed: AttachmentList, sent: Sequence[SentFile]) -> Held:
    """Every listed file must have come with its content, and nothing else: what nobody signed is not kept.

    A list that is damaged says nothing; its own findings are those of the check.
    """
    if listed.findings:
        return Held()
    came = [(Attachment.of(file.name, file.data), file.data) for file in sent]
    paired = pairs(listed.attachments, [one for one, _ in came])
    kept: list[tuple[Attachment, bytes]] = []
    findings: list[Finding] = []
    for number, one in enumerate(listed.attachments):
        found = paired.get(number)
        if found is None or came[found][0].sha256 != one.sha256:
            kind = said.ATTACHMENT_MISSING if found is None else said.ATTACHMENT_DIFFERS
            findings.append(kind.at(listed.sheet, listed.cell(number), name=one.name))
            continue
        refused = list(faults_of(one.name, came[found][1]))
        findings += [replace(fault, sheet=listed.sheet, cell=listed.cell(number)) for fault in refused]
        kept += [] if refused else [(one, came[found][1])]
    findings += _unlisted(file for number, (file, _) in enumerate(came) if number not in paired.values())
    return Held(tuple(kept), tuple(findings))


def pairs(listed: Sequence[Attachment], came: Sequence[Attachment]) -> dict[int, int]:
    """Listed → came: by content and name, else by content, else by name, each once."""
    found: dict[int, int] = {}
    for is_it in (_is_same, _has_same_content, _has_same_name):
        for number, one in enumerate(listed):
            free = (n for n, other in enumerate(came) if n not in found.values() and is_it(one, other))
            if number not in found and (match := next(free, None)) is not None:
                found[number] = match
    return found


def _is_same(one: Attachment, other: Attachment) -> bool:
    return _has_same_content(one, other) and _has_same_name(one, other)


def _has_same_content(one: Attachment, other: Attachment) -> bool:
    return (one.sha256, one.size) == (other.sha256, other.size)


def _has_same_name(one: Attachment, other: Attachment) -> bool:
    return same_name(one.name) == same_name(other.name)


def _unlisted(files: Iterator[Attachment]) -> Iterator[Finding]:
    for file in files:
        yield said.ATTACHMENT_UNLISTED.at("", "", name=excerpt(file.name) or "(không tên)")
