"""Small reports in Word and PDF, as they are attached to forms."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType="{kind}"/></Types>'
)
_RELATIONSHIPS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
_DOCUMENT = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    "<w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
)


def a_docx(
    text: str = "Báo cáo thuyết minh", *, kind: str = _TYPE, more: Mapping[str, bytes] | None = None, leave: str = ""
) -> bytes:
    """A Word file; ``more`` are further parts, ``leave`` is one to be left out."""
    parts = {
        "[Content_Types].xml": _TYPES.format(kind=kind).encode(),
        "_rels/.rels": _RELATIONSHIPS.encode(),
        "word/document.xml": _DOCUMENT.format(text=text).encode(),
        **(more or {}),
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            if name != leave:
                archive.writestr(zipfile.ZipInfo(name, (2026, 10, 1, 8, 0, 0)), content)
    return made.getvalue()


def a_pdf(text: str = "Bao cao thuyet minh", *, catalog: str = "", stream: bytes = b"") -> bytes:
    """A PDF of one page; ``catalog`` is written into its catalogue, ``stream`` is drawn after the text."""
    drawn = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET\n".encode() + stream
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog}>>".encode(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
    ]
    made, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(made))
    return made + head + table + tail
