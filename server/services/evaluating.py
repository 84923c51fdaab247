"""Judging a workbook that was sent: everything that takes time, done before any write transaction is open.

``open_received`` needs no database. ``look_up`` takes from the database what the judgement rests on; submitting takes
it again inside its transaction and starts over where it changed meanwhile. ``judge`` puts the two together.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from form_templates.attachments import Attachment, read_list
from form_templates.model import CarrySource, CellKey, CellKind, CellSpec
from form_templates.period import Period, PeriodError
from form_templates.reading import FilledCell, FilledForm
from form_templates.stamp import Stamp, StampKind, read_stamp, stamp_is_ours
from formulas.arithmetic import CellValue
from formulas.catalogue import Kind
from formulas.checking import check_workbook
from formulas.evaluation import filled_values
from formulas.wording import excerpt, number_text, value_text
from server.services import findings as said
from server.services.accounts import Account
from server.services.attachments import Held, SentFile, hold
from server.services.carrying import Carried, carried, carried_cells, earlier_of, source_period, sources_of
from server.services.figures import Figure, figure
from server.services.issuing import own_regions
from server.services.registry import Published, explains, published
from server.services.signatories import Signatories, about_signatories, signatories, verdict_told
from server.services.signers import registrations
from server.services.storing import StoredFigure
from server.services.uploads import open_upload
from server.storage import forms
from server.storage.accounts import account_by_id
from server.storage.earlier import EarlierSubmission
from server.storage.exact import FactState, NotFiniteError, TooLargeError, TooPreciseError, unscaled
from server.storage.forms import FormRecord
from server.storage.signers import register_of
from server.storage.submissions import current_submission
from server.storage.units import Unit, unit_at, units_at
from signing.identity import Registration
from signing.policy import DEFAULT_POLICY, Policy
from signing.trust import Trust
from signing.verdict import Verdict
from signing.verify import unopened, verify_package
from workbooks.address import address
from workbooks.errors import WorkbookError
from workbooks.finding import Finding, Severity
from workbooks.workbook import Workbook

_LONGEST_MEMBER: Final = 200
StampKeys = Sequence[tuple[str, bytes]]


@dataclass(frozen=True)
class Received:
    """A workbook as it came in. ``stamp`` is there only if it is one of ours; ``attached`` is what came with it."""

    sha256: str
    workbook: Workbook | None
    stamp: Stamp | None
    verdict: Verdict
    findings: tuple[Finding, ...]
    attached: Held = field(default_factory=Held)


@dataclass(frozen=True, slots=True)
class Basis:
    """What the judgement rests on in the database. Compared as a whole, so whatever changed makes it unequal.

    Attributes:
        record: the registry's version that the stamp names.
        unit: the unit of the stamp, as at the last day of the period.
        consolidates: whether it has units below it then.
        signers: the register of its signers, old entries too: a signature counts by the day it was made on.
        sources: the submissions that carried cells are compared with.
        earlier: the submissions whose figures are the unit's history.
        sent_under: version of the form under which the unit's own workbook for this period was accepted; "" for none.
        explains: whether the form has a place for explanations, which somebody may have deleted from the workbook.
        sender: unit of the account, None where the account was closed meanwhile.
    """

    record: FormRecord | None
    unit: Unit | None
    period: Period | None
    consolidates: bool
    signers: tuple[Registration, ...]
    sources: tuple[tuple[str, int | None], ...]
    sender: int | None
    earlier: tuple[EarlierSubmission, ...] = ()
    sent_under: str = ""
    explains: bool = False


@dataclass(frozen=True)
class Evaluation:
    """The judgement. ``unit``, ``period`` and ``published`` are there only where the sender may report for them."""

    received: Received
    basis: Basis
    findings: tuple[Finding, ...]
    published: Published | None = None
    unit: Unit | None = None
    period: Period | None = None
    figures: tuple[StoredFigure, ...] = ()
    signatories: Signatories = field(default_factory=Signatories)

    @property
    def verdict(self) -> dict[str, Any]:
        """The verdict on the signatures as it is stored and sent back."""
        return verdict_told(self.received.verdict, self.signatories)

    @property
    def attachments(self) -> tuple[tuple[Attachment, bytes], ...]:
        """The files to be kept with the submission; none of a sender who may not report this at all."""
        return () if self.published is None else self.received.attached.kept

    @property
    def accepted(self) -> bool:
        """Whether nothing refuses the workbook; warnings travel with it."""
        return self.published is not None and not _has_errors(self.findings)

    @property
    def outcome(self) -> str:
        """SHA-256 over findings and verdict, without what differs from one moment to the next."""
        verdict = self.received.verdict
        signatures = [(one.certificate_sha256, str(one.outcome)) for one in verdict.signatures]
        told = [[finding.to_dict() for finding in self.findings], str(verdict.outcome), signatures]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def open_received(
    data: bytes,
    sent: Sequence[SentFile] = (),
    *,
    keys: StampKeys,
    trust: Trust,
    now: datetime,
    policy: Policy = DEFAULT_POLICY,
) -> Received:
    """Opens and verifies. Never raises on bad data: whatever is wrong is a finding."""
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        workbook = open_upload(data)  # first, because its limits are tighter than those of verification
    except WorkbookError as error:
        return Received(sha256, None, None, unopened(error.finding, now, policy), (error.finding,))
    verdict = verify_package(data, trust, now=now, policy=policy)
    try:
        ours = stamp_is_ours(workbook, keys)
        stamp = read_stamp(workbook) if ours else None
    except WorkbookError as error:
        return Received(sha256, None, None, verdict, tuple(dict.fromkeys((error.finding, *verdict.findings))))
    found = [] if stamp is not None else [said.NOT_OURS.at("", "")]
    attached = hold(read_list(workbook), sent)
    return Received(sha256, workbook, stamp, verdict, (*found, *verdict.findings), attached)


def look_up(connection: Connection, stamp: Stamp | None, account: Account) -> Basis:
    """What the database says at this moment of the form, unit, period, signers and sender."""
    person = account_by_id(connection, account.id)
    sender = person.unit_id if person is not None and person.active == 1 else None
    period = None if stamp is None else _period(stamp.period)
    if stamp is None or period is None:
        return Basis(None, None, None, consolidates=False, signers=(), sources=(), sender=sender)
    record = forms.form_version(connection, stamp.form, stamp.version)
    unit = unit_at(connection, stamp.unit, period.last_day)
    if unit is None:
        return Basis(record, None, period, consolidates=False, signers=(), sources=(), sender=sender)
    return Basis(
        record=record,
        unit=unit,
        period=period,
        consolidates=bool(units_at(connection, period.last_day, parents=[unit.code])),
        signers=registrations(register_of(connection, unit.id)),
        sources=() if record is None else sources_of(connection, published(record).version, unit, period),
        sender=sender,
        earlier=() if record is None else earlier_of(connection, published(record).version, unit, period),
        sent_under=_sent_under(connection, stamp.form, unit, period),
        explains=record is not None and explains(connection, record),
    )


def _sent_under(connection: Connection, form: str, unit: Unit, period: Period) -> str:
    current = current_submission(connection, form, unit.id, period.code)
    return current.version or "" if current is not None and current.source == "workbook" else ""


def carried_for(connection: Connection, basis: Basis) -> Carried:
    """The stored figures that carried cells are compared with; none where it is not known whose they would be."""
    if basis.record is None or basis.unit is None or basis.period is None or basis.sender != basis.unit.id:
        return Carried({}, ())
    return carried(connection, published(basis.record).version, basis.unit, basis.period)


def judge(
    received: Received, basis: Basis, stored: Carried, account: Account, policy: Policy = DEFAULT_POLICY
) -> Evaluation:
    """The judgement. Where the sender may not report this form at all, its content is not looked at any further."""
    if received.stamp is None or received.workbook is None:
        return Evaluation(received, basis, received.findings)
    findings = [*_about_origin(received.stamp, basis, account), *received.findings]
    if basis.record is None or basis.unit is None or basis.period is None or _has_errors(_own(findings)):
        return Evaluation(received, basis, tuple(findings))
    known = published(basis.record)
    # The history in the file is for the officer's own check; here the store's own counts.
    report = check_workbook(received.workbook, known.version, history=stored.history, explains=basis.explains)
    who = signatories(received.verdict, basis.signers, basis.unit, known.record.form, policy)
    findings += about_signatories(received.verdict, who, basis.unit, known.record.form, policy)
    findings += [*report.findings, *received.attached.findings]
    figures: list[StoredFigure] = []
    if report.filled is not None:
        findings += _about_members(report.filled, basis.unit)
        figures = list(read_figures(report.filled, report.computed, findings))
        findings += _about_carried(report.filled, figures, stored, basis.period)
    told = tuple(dict.fromkeys(findings))
    return Evaluation(received, basis, told, known, basis.unit, basis.period, tuple(figures), signatories=who)


# -- origin and rights -------------------------------------------------------------------------------------------------


def _about_origin(stamp: Stamp, basis: Basis, account: Account) -> Iterator[Finding]:
    form, version = excerpt(stamp.form), excerpt(stamp.version)
    if stamp.kind is not StampKind.ISSUED:
        yield said.MERGED.at("", "", name=excerpt(stamp.unit_name))
    if basis.record is None:
        yield said.UNKNOWN_FORM.at("", "", form=form, version=version)
    elif basis.record.digest != stamp.digest:
        yield said.OTHER_CONTENT.at("", "", form=form, version=version)
    elif basis.period is not None and basis.record.withdrawn_on(basis.period.last_day):
        yield said.WITHDRAWN.at("", "", form=form, version=version)
    elif basis.unit is not None and basis.sent_under and int(basis.sent_under) > int(basis.record.version):
        told = {"name": basis.unit.name, "form": form, "version": version, "later": basis.sent_under}
        yield said.SENT_UNDER_LATER.at("", "", **told)
    if basis.unit is None or basis.period is None:
        yield said.UNKNOWN_UNIT.at("", "", unit=excerpt(stamp.unit), period=excerpt(stamp.period))
    elif basis.sender != basis.unit.id:
        yield said.OTHER_UNIT.at("", "", name=basis.unit.name, unit=basis.unit.code, own=account.unit_code)
    elif basis.consolidates:
        yield said.CONSOLIDATES.at("", "", name=basis.unit.name, unit=basis.unit.code)


# -- figures -----------------------------------------------------------------------------------------------------------


def read_figures(
    filled: FilledForm, computed: Mapping[CellKey, CellValue], findings: list[Finding]
) -> Iterator[StoredFigure]:
    """The figures of all cells; our own results where the form has a formula. What cannot be kept adds a finding."""
    typed = filled_values(filled)
    for key, cell in filled.cells.items():
        spec = filled.version.cell(key)
        if spec.kind is CellKind.NOT_APPLICABLE:
            continue
        value = computed.get(key) if spec.kind is CellKind.CALC else typed.get(key)
        try:
            yield StoredFigure(key, figure(value, spec), cell.row, cell.column)
        except TooPreciseError:
            decimals = str(spec.decimals)
            findings.append(_at(said.TOO_PRECISE, cell, value=value_text(value), decimals=decimals))
        except (TooLargeError, NotFiniteError):
            findings.append(_at(said.TOO_LARGE, cell, value=value_text(value)))


def _about_members(filled: FilledForm, unit: Unit) -> Iterator[Finding]:
    tables = {table.code: table for table in filled.version.tables}
    of_units = {(t.code, region.code) for t in tables.values() for region in t.regions if region.members == "unit"}
    own = set(own_regions(filled.version, unit))
    for place, members in filled.members.items():
        table = tables[place[0]]
        for member in members:
            cell, label = address(member.row, table.codes_at), excerpt(member.label)
            if len(member.key) > _LONGEST_MEMBER or not member.key.isprintable():
                yield said.STRANGE_MEMBER.at(table.sheet, cell, label=label, length=str(len(member.key)))
            elif place in of_units and (place not in own or member.key != unit.code):
                # A unit reports its own row only: another unit's row would count twice above.
                yield said.FOREIGN_MEMBER.at(table.sheet, cell, label=label, member=member.key, name=unit.name)


def _about_carried(
    filled: FilledForm, figures: Sequence[StoredFigure], stored: Carried, period: Period
) -> Iterator[Finding]:
    found = {one.key: one.figure for one in figures}
    unknown: dict[tuple[str, str], str] = {}
    cells = carried_cells(filled.version)
    for key, cell in filled.cells.items():
        if key.template not in cells or key not in found:
            continue
        spec, carry = cells[key.template]
        source = source_period(carry, period)
        expected = stored.figures.get(key)
        if source is None and carry.source is CarrySource.PREVIOUS_IN_YEAR:
            if found[key].scaled:
                shown = {"found": _text(found[key], spec), "expected": _text(None, spec)}
                yield _at(said.CARRIED_DIFFERS, cell, **shown, period=f"trước trong năm {period.year}")
        elif source is None or not stored.has_source(source):
            if found[key].scaled:
                unknown[(cell.sheet, key.column)] = source or "trước"
        elif not _agree(found[key], expected):
            shown = {"found": _text(found[key], spec), "expected": _text(expected, spec), "period": source}
            yield _at(said.CARRIED_DIFFERS, cell, **shown)
    for (sheet, column), source in unknown.items():
        yield said.CARRIED_UNKNOWN.at(sheet, "", column=column, period=source)


def _agree(found: Figure, expected: Figure | None) -> bool:
    """Nothing stored, a blank, and text that was not carried on leave the cell blank; a typed zero is let pass."""
    if expected is None or expected.state in (FactState.BLANK, FactState.TEXT, FactState.ERROR):
        return not found.scaled
    return found == expected


def _text(shown: Figure | None, spec: CellSpec) -> str:
    if shown is None or shown.state is FactState.BLANK:
        return "(trống)"
    if shown.scaled is not None:
        return number_text(unscaled(shown.scaled, spec.decimals))
    return {FactState.NONE: "“-”", FactState.NO_DATA: "“…”", FactState.NOT_APPLICABLE: "“x”"}.get(shown.state, "chữ")


def _at(kind: Kind, cell: FilledCell, **details: str) -> Finding:
    return kind.at(cell.sheet, address(cell.row, cell.column), **details)


def _own(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.code in said.KINDS]


def _has_errors(findings: Sequence[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)


def _period(code: str) -> Period | None:
    try:
        return Period.parse(code)
    except PeriodError:
        return None
