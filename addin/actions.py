"""What a person does with an open book: load a form, check it in place, repair it, sign it, send it.

Today these are called from Python; a ribbon, once there is one, calls the same.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import xlwings as xw

from addin import explanations, painting, repairs, text_repairs
from addin.attached import attached_files
from addin.client import Client, SubmissionReply
from addin.edits import Carried, carry
from addin.errors import ActionError
from addin.issued import FOLDER, Issued, folder_of, issued_for, keep, read_issued
from addin.libreoffice import register
from addin.text_repairs import TextChange
from form_templates.attachments import with_attachments
from form_templates.explanations import read_explanations
from form_templates.reading import read_form
from formulas import checking
from formulas.checking import Report
from formulas.text.detection import Certainty
from signing.ceremony import Act, perform
from signing.keys import Signer
from workbooks.address import address, parse_address
from workbooks.finding import Finding, Severity
from workbooks.workbook import open_workbook

__all__ = [
    "SignedBook",
    "check",
    "countersign",
    "explain",
    "load",
    "preview_text",
    "repair_text",
    "restore_formulas",
    "send",
    "sign",
    "signed_path",
    "undo_text",
]

_log = logging.getLogger(__name__)
_SIGNED: Final = ".signed.xlsx"
_TEXT_LOG: Final = ".chu.json"
_UNSAFE: Final = re.compile(r"[^\w.\-]+")


@dataclass(frozen=True, slots=True)
class SignedBook:
    """The signed file, and what the person should know of its signature (no time stamp, revocation unknown)."""

    path: Path
    warnings: tuple[Finding, ...] = ()


def load(client: Client, form: str, unit: str, period: str, folder: Path) -> xw.Book:
    """Fetches the workbook issued for a unit and a period, saves it into ``folder`` and opens it.

    A file that is there already is never overwritten: somebody may have typed into it.
    Raises ClientError, ActionError, WorkbookError.
    """
    issued = read_issued(client.fetch_workbook(form, unit, period))
    stamp = issued.stamp
    if (stamp.form, stamp.unit, stamp.period) != (form, unit, period):
        raise ActionError(
            "other-form",
            f"Máy chủ trả về biểu {stamp.form}, đơn vị {stamp.unit}, kỳ {stamp.period}; không phải biểu đã chọn.",
            "Thử lại; nếu vẫn lỗi, báo cho quản trị hệ thống.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    path = _free_path(folder, _UNSAFE.sub("_", f"{form}_{unit}_{period}"))
    keep(issued, folder)
    _write(path, issued.data)
    return _open(path)


def check(book: xw.Book, *, attachments: Sequence[Path] = (), client: Client | None = None) -> Report:
    """Checks the open book as the service will, and marks the cells. Findings name the cells of the open book.

    The report lists the files that are to go with it, as the signer should see them.
    Raises EditError, ActionError, WorkbookError, and FormError for files that may not be attached.
    """
    issued = issued_for(book, client)
    report, _ = _checked(book, issued, attachments)
    return report


def restore_formulas(book: xw.Book, *, client: Client | None = None) -> int:
    """Puts the published formulas back, takes the marks away, and returns how many cells changed."""
    issued = issued_for(book, client)
    painting.unpaint(book)
    return repairs.restore_formulas(book, issued)


def preview_text(book: xw.Book, *, client: Client | None = None) -> tuple[TextChange, ...]:
    """The old Vietnamese texts that were typed, and what they would be in Unicode; nothing changes."""
    return text_repairs.preview_text(book, issued_for(book, client))


def repair_text(book: xw.Book, accepted: Sequence[TextChange] | None = None, *, client: Client | None = None) -> int:
    """Rewrites old Vietnamese text as Unicode, takes the marks away, and returns how many cells changed.

    Args:
        book: the open book.
        accepted: what the person chose from the preview; None for everything that is certain.
        client: fetches the issued file where it is missing.
    """
    issued = issued_for(book, client)
    painting.unpaint(book)
    wanted = accepted
    if wanted is None:
        previewed = text_repairs.preview_text(book, issued)
        wanted = [change for change in previewed if change.certainty is Certainty.CERTAIN]
    count = text_repairs.repair_text(book, wanted)
    if count:
        path = _text_log(book)
        path.parent.mkdir(exist_ok=True)
        _write(path, text_repairs.to_json(wanted).encode("utf-8"))
    return count


def undo_text(book: xw.Book) -> int:
    """Takes the last repair of text back; returns how many cells did. Raises ActionError where the log is damaged."""
    path = _text_log(book)
    if not path.is_file():
        return 0
    count = text_repairs.undo_text(book, text_repairs.from_json(path.read_text(encoding="utf-8")))
    path.unlink()
    return count


def explain(book: xw.Book, finding: Finding, text: str, *, client: Client | None = None) -> str:
    """Writes why a figure is right in spite of a warning, on the sheet of explanations; returns the line's address.

    Raises ActionError, EditError.
    """
    issued = issued_for(book, client)
    return explanations.explain(book, open_workbook(issued.data), issued.version, finding, text)


def sign(
    book: xw.Book,
    signer: Signer,
    act: Act | None = None,
    *,
    attachments: Sequence[Path] = (),
    client: Client | None = None,
) -> SignedBook:
    """Signs what the open book says and writes ``NAME.signed.xlsx`` beside it.

    Args:
        book: the open book.
        signer: whoever holds the key.
        act: role, comment, trust, time stamp; now and nothing of these unless given.
        attachments: files that are listed in the signed workbook by name, size and SHA-256, so that they are covered.
        client: fetches the issued file where it is missing.

    Raises:
        ActionError: the book has errors; they are marked in it.
        FormError: files that may not be attached.
        EditError, WorkbookError, SigningError: see `check` and `perform`.
    """
    issued, before = issued_for(book, client), _contents(signed_path(book))
    report, carried = _checked(book, issued, attachments)
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    if errors:
        raise ActionError(
            "has-errors",
            f"Biểu còn {len(errors)} lỗi nên chưa ký được; lỗi đầu tiên: {errors[0].message}",
            "Sửa các ô được tô đỏ, kiểm tra lại rồi ký.",
        )
    return _signed(book, carried.data, signer, act, before=before)


def countersign(book: xw.Book, signer: Signer, act: Act | None = None, *, client: Client | None = None) -> SignedBook:
    """Signs the signed file of the open book once more: the leader after the officer, the seal after both.

    Raises:
        ActionError: nobody signed yet, or the book says something else than what was signed.
        EditError, WorkbookError, SigningError: see `check` and `perform`.
    """
    data = _still_signed(book, issued_for(book, client))
    return _signed(book, data, signer, act, before=data)


def send(book: xw.Book, client: Client, *, attachments: Sequence[Path] = ()) -> SubmissionReply:
    """Sends the signed file of the open book. May be repeated: the service stores the same bytes once.

    The files that it lists are looked for beside it and among ``attachments`` (files or folders).
    Raises ActionError where the book is not signed or has changed since; ClientError, before anything is sent, where a
    listed file is missing or changed.
    """
    data = _still_signed(book, issued_for(book, client))
    path = signed_path(book)
    return client.submit(data, path.name, attached_files(data, [path.parent, *attachments]))


def signed_path(book: xw.Book) -> Path:
    """Where the signed file of the open book is, or will be."""
    return folder_of(book) / (Path(book.name).stem + _SIGNED)


def _signed(book: xw.Book, data: bytes, signer: Signer, act: Act | None, *, before: bytes | None) -> SignedBook:
    """Signs, and writes the signed file in the place of what was there ``before``."""
    path = signed_path(book)

    def keep(signed: bytes) -> None:
        nonlocal before
        # Somebody may look for a token for minutes, while a colleague signs the same file on a shared drive.
        if _contents(path) != before:
            raise ActionError(
                "signed-meanwhile",
                f"Tệp “{path.name}” đã thay đổi trong lúc đang ký, có thể người khác vừa ký; chữ ký đó được giữ.",
                "Xem lại tệp rồi ký tiếp.",
            )
        _write(path, signed)
        before = signed

    return SignedBook(path, perform(data, signer, act or Act(datetime.now(UTC)), keep))


def _contents(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _still_signed(book: xw.Book, issued: Issued) -> bytes:
    """The signed file of the open book, which must say the same as the book."""
    path = signed_path(book)
    if not path.is_file():
        raise ActionError("not-signed", f"Biểu “{book.name}” chưa được ký.", "Ký biểu trước đã.")
    data = path.read_bytes()
    if _content(data, issued) != _content(carry(book, issued.data, issued.version).data, issued):
        raise ActionError("changed-since", "Số liệu trong biểu đã thay đổi sau khi ký.", "Kiểm tra và ký lại rồi gửi.")
    return data


def _text_log(book: xw.Book) -> Path:
    return folder_of(book) / FOLDER / (Path(book.name).stem + _TEXT_LOG)


def _checked(book: xw.Book, issued: Issued, attachments: Sequence[Path] = ()) -> tuple[Report, Carried]:
    carried = carry(book, issued.data, issued.version)
    carried = replace(carried, data=with_attachments(carried.data, [_file(path) for path in attachments]))
    report = checking.check(carried.data, issued.version)
    report = replace(report, findings=tuple(_in_book(report.findings, carried)))
    try:
        painting.paint(book, report.findings)
    except ActionError as error:
        # A sheet that cannot be painted must not hide what was found: the caller shows the list anyway.
        _log.warning("findings are not painted: %s", error)
    return report, carried


def _file(path: Path) -> tuple[str, bytes]:
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise ActionError("no-attachment", f"Không đọc được tệp kèm theo “{path}”.", "Chọn lại tệp.") from error


def _in_book(findings: Iterable[Finding], carried: Carried) -> Iterator[Finding]:
    """Findings at the addresses their cells have in the open book."""
    for finding in findings:
        try:
            row, column = parse_address(finding.cell)
        except ValueError:
            yield finding
            continue
        place = carried.place_in_book(finding.sheet, row, column)
        yield replace(finding, cell=address(*place) if place else "")


def _content(data: bytes, issued: Issued) -> object:
    """Everything the form says in a workbook, and what explains it."""
    workbook = open_workbook(data)
    filled = read_form(workbook, issued.version)
    explained = tuple(read_explanations(workbook))
    return {key: (cell.value, cell.formula) for key, cell in filled.cells.items()}, filled.members, explained


def _open(path: Path) -> xw.Book:
    """Opens a file in Excel, or in LibreOffice where there is no Excel."""
    if xw.engines.active is None:
        register()
    app = xw.apps.active or xw.App(add_book=False)
    try:
        return app.books.open(path)
    except ValueError as error:  # so xlwings says that two books of one name cannot be open at once
        raise ActionError(
            "same-name", f"Đang mở một tệp khác cũng tên “{path.name}”.", f"Đóng tệp đó rồi mở {path}."
        ) from error


def _free_path(folder: Path, stem: str) -> Path:
    names = (stem if number == 1 else f"{stem} ({number})" for number in range(1, 1000))
    return next(path for name in names if not (path := folder / f"{name}.xlsx").exists())


def _write(path: Path, data: bytes) -> None:
    """Writes the whole file or nothing."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".bieuso-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
