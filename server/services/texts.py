"""Free texts of a submission: the store keeps that there is one, the words stay in the workbook that was sent."""

from __future__ import annotations

from sqlalchemy import Connection

from form_templates.model import CellKey, CellKind, FormVersion
from form_templates.reading import ValueState, read_form
from server.services.uploads import open_upload
from server.storage import blobs
from server.storage.submissions import Submission
from workbooks.errors import WorkbookError


def texts_of(connection: Connection, submission: Submission, version: FormVersion) -> dict[CellKey, str]:
    """What the text cells say; nothing for a form without any, or where no workbook was sent (imported history)."""
    if not any(spec.kind is CellKind.TEXT for spec in version.cell_by_key.values()):
        return {}
    data = blobs.get_blob(connection, submission.blob_sha256)
    try:
        cells = read_form(open_upload(data or b""), version).cells
    except WorkbookError:
        return {}
    return {
        key: str(cell.value)
        for key, cell in cells.items()
        if cell.state is ValueState.TEXT and version.cell(key).kind is CellKind.TEXT
    }
