"""What stands in the form of one submission: stored facts, or for a refused workbook what its bytes say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy import Connection, Engine

from form_templates.model import CellKey, FormVersion
from form_templates.reading import FilledCell, ValueState, read_form
from formulas.wording import excerpt, number_text
from server.errors import NotAllowedError
from server.services.accounts import Account
from server.services.overview import Sight
from server.services.registry import published
from server.services.submissions import SubmissionDetail, attachment_of, get_submission, workbook_of
from server.services.texts import texts_of
from server.services.uploads import open_upload
from server.storage import forms
from server.storage.attachments import StoredAttachment
from server.storage.engine import reading
from server.storage.exact import FactState
from server.storage.facts import Fact, facts_of
from server.storage.submissions import Submission
from server.storage.units import units_at
from workbooks.errors import WorkbookError
from workbooks.sheet import Value

_SYMBOLS: Final = {
    FactState.NONE: "-",
    FactState.NO_DATA: "…",
    FactState.NOT_APPLICABLE: "x",
    FactState.TEXT: "(chữ)",
    FactState.ERROR: "(lỗi)",
}
# A refused workbook may hold as many rows as it likes; a page may not.
_MOST_MEMBERS: Final = 400
_LONGEST_TEXT: Final = 1_000

MemberLabels = Mapping[tuple[str, str], tuple[tuple[str, str], ...]]
"""(table, region) → (key, label) of its rows."""


@dataclass(frozen=True, slots=True)
class ShownCell:
    """One cell: what it says, and where it stands in the workbook (row and column from 1; 0 for imported history)."""

    text: str
    sheet: str
    row: int
    column: int


@dataclass(frozen=True)
class Content:
    """The form of a submission.

    Attributes:
        stored: whether these are stored facts; else they are what an untrusted file says.
        cut: whether rows were left out.
    """

    version: FormVersion
    cells: Mapping[CellKey, ShownCell]
    members: MemberLabels
    stored: bool
    cut: bool = False


@dataclass(frozen=True)
class SubmissionView:
    """All that is known of one submission; ``content`` is None where the file shows no form that is known here."""

    detail: SubmissionDetail
    title: str = ""
    content: Content | None = None


def view_submission(
    engine: Engine, number: int, *, account: Account | None, sight: Sight, today: date
) -> SubmissionView:
    """One submission with its content.

    Raises:
        NotFoundError: no such submission. NotAllowedError: not for this account.
    """
    detail = get_submission(engine, number)
    _refuse_strangers(detail.submission, account, sight, today)
    with reading(engine) as connection:
        version = _version(connection, detail.submission)
        if version is None:
            return SubmissionView(detail)
        if detail.submission.status != "refused":
            return SubmissionView(detail, version.title, _stored(connection, detail.submission, version))
    return SubmissionView(detail, version.title, _from_file(workbook_of(engine, number), version))


def download(
    engine: Engine, number: int, *, account: Account | None, sight: Sight, today: date
) -> tuple[Submission, bytes]:
    """The bytes as they were sent, to those who may see the submission."""
    found = get_submission(engine, number).submission
    _refuse_strangers(found, account, sight, today)
    return found, workbook_of(engine, number)


def download_attachment(
    engine: Engine, number: int, attachment: int, *, account: Account | None, sight: Sight, today: date
) -> tuple[StoredAttachment, bytes]:
    """A file that came with a submission, to those who may see the submission."""
    _refuse_strangers(get_submission(engine, number).submission, account, sight, today)
    return attachment_of(engine, number, attachment)


def _refuse_strangers(found: Submission, account: Account | None, sight: Sight, today: date) -> None:
    seen = sight(found.as_at or today)
    own = account is not None and account.id == found.account_id
    if seen is not None and found.unit_id not in seen and not own:
        raise NotAllowedError(
            f"Tài khoản không được xem bản nộp số {found.id}.",
            "Chỉ xem được bản nộp của đơn vị mình và của các đơn vị cấp dưới mà mình tổng hợp.",
        )


def _version(connection: Connection, found: Submission) -> FormVersion | None:
    """The registered version; what the workbook itself carries is never asked."""
    if found.form is None or found.version is None:
        return None
    record = forms.form_version(connection, found.form, found.version)
    return None if record is None else published(record).version


def _stored(connection: Connection, found: Submission, version: FormVersion) -> Content:
    sheets = {table.code: table.sheet for table in version.tables}
    known = version.cell_by_key
    facts = {key: fact for key, fact in facts_of(connection, found.id).items() if key.template in known}
    cells = {
        key: ShownCell(fact_text(fact), sheets[key.table], fact.at_row, fact.at_column) for key, fact in facts.items()
    }
    for key, text in texts_of(connection, found, version).items():
        if key in cells:
            cells[key] = replace(cells[key], text=" ".join(text.split())[:_LONGEST_TEXT])
    places: dict[tuple[str, str], dict[str, int]] = {}
    for key, fact in facts.items():
        if key.member:
            places.setdefault((key.table, key.region), {}).setdefault(key.member, fact.at_row)
    names: dict[str, str] = {}
    if places and found.as_at is not None:
        names = {unit.code: unit.name for unit in units_at(connection, found.as_at)}
    members = {
        place: tuple((key, names.get(key, key)) for key in sorted(rows, key=lambda one: (rows[one], one)))
        for place, rows in places.items()
    }
    return Content(version, cells, members, stored=True)


def _from_file(data: bytes, version: FormVersion) -> Content | None:
    """What an untrusted workbook says under the codes of the registered version; None where it cannot be read."""
    try:
        filled = read_form(open_upload(data), version)
    except WorkbookError:
        return None  # the findings of the submission say why
    cut = any(len(rows) > _MOST_MEMBERS for rows in filled.members.values())
    members = {
        place: tuple((member.key, excerpt(member.label)) for member in rows[:_MOST_MEMBERS])
        for place, rows in filled.members.items()
    }
    cells = {key: _shown(cell) for key, cell in filled.cells.items()}
    return Content(version, cells, members, stored=False, cut=cut)


def _shown(cell: FilledCell) -> ShownCell:
    text = "" if cell.state is ValueState.BLANK else sheet_text(cell.value)
    return ShownCell(text, cell.sheet, cell.row, cell.column)


def sheet_text(value: Value) -> str:
    """A value of a sheet as a page shows it; numbers with every digit, for a digit too many may be the fault."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return number_text(value)
    return "" if value is None else excerpt(str(value))


def fact_text(fact: Fact) -> str:
    """A stored fact as a page shows it."""
    if fact.value is not None:
        return number_text(fact.value, fact.decimals)
    return _SYMBOLS.get(fact.state, "")
