"""Addresses of pages: row keys in a path, anchors of cells, and where one may be sent after signing in."""

from __future__ import annotations

from werkzeug.routing import BaseConverter

from form_templates.model import FormVersion


class CodeConverter(BaseConverter):
    """A code in one path segment. Row keys hold free text of officers (``01*#Đất đai``), even with a slash in it.

    A server decodes ``%2F`` before it looks at the path, so slash and percent sign are escaped once more.
    """

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """The code that a path segment stands for."""
        return value.replace("%2F", "/").replace("%25", "%")

    def to_url(self, value: object) -> str:
        """The path segment for a code."""
        return super().to_url(str(value).replace("%", "%25").replace("/", "%2F"))


def anchor(version: FormVersion, sheet: str, cell: str) -> str:
    """Id of a cell on the page of its submission: ``o-F12``, or ``o-2-F12`` on the second sheet of a form."""
    sheets = list(dict.fromkeys(table.sheet for table in version.tables))
    number = sheets.index(sheet) + 1 if sheet in sheets else 1
    return f"o-{cell}" if number == 1 else f"o-{number}-{cell}"


def safe_next(target: str | None) -> str | None:
    """A path of this portal to go on to after signing in; None for anything that might lead elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    return target if target.isprintable() and "\\" not in target else None
