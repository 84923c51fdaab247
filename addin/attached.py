"""Finding the files that a signed workbook lists, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from addin.errors import ClientError
from form_templates.attached_files import same_name
from form_templates.attachments import Attachment, read_list
from workbooks.errors import WorkbookError
from workbooks.workbook import open_workbook


def attached_files(workbook: bytes, places: Sequence[Path]) -> tuple[tuple[str, bytes], ...]:
    """The files that the workbook lists, by their signed names, found in these folders or among these files.

    A workbook that cannot be read, or whose list cannot, asks for none: the service says what is wrong with it.
    Raises ClientError naming a file that is not there, or is not as it was when the workbook was signed.
    """
    try:
        listed = read_list(open_workbook(workbook))
    except WorkbookError:
        return ()
    if listed.findings:
        return ()
    return tuple((one.name, _content(one, places)) for one in listed.attachments)


def _content(listed: Attachment, places: Sequence[Path]) -> bytes:
    of_that_name: Path | None = None
    for path in _candidates(listed, places):
        if path.stat().st_size == listed.size:
            data = path.read_bytes()
            if Attachment.of(listed.name, data) == listed:
                return data
        if same_name(path.name) == same_name(listed.name):
            of_that_name = path
    if of_that_name is not None:
        raise ClientError(
            "attachment-changed",
            f"Tệp kèm theo “{listed.name}” ({of_that_name}) không còn như khi ký biểu. Chưa gửi gì.",
            "Tìm lại đúng tệp đã ký; nếu cần dùng bản đã sửa thì kèm bản đó vào biểu chưa ký rồi ký lại.",
        )
    folder = next((str(place) for place in places if place.is_dir()), "")
    raise ClientError(
        "attachment-missing",
        f"Không thấy tệp kèm theo “{listed.name}” mà biểu đã ký có ghi. Chưa gửi gì.",
        f"Chép tệp đó vào cùng thư mục với biểu ({folder}), giữ nguyên nội dung, rồi gửi lại; không cần ký lại.",
    )


def _candidates(listed: Attachment, places: Sequence[Path]) -> Iterator[Path]:
    """Files that may be it: of its name in the folders, and every file that was named."""
    for place in places:
        if place.is_dir():
            yield from (path for path in sorted(place.iterdir()) if _is_called(path, listed.name))
        elif place.is_file():
            yield place


def _is_called(path: Path, name: str) -> bool:
    return same_name(path.name) == same_name(name) and path.is_file()
