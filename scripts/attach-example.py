"""Makes what scripts/make-pictures prints of attached reports: a form that lists two.

Usage: attach-example.py FORM.xlsx PRINTED.pdf OUTPUT.xlsx
"""

from __future__ import annotations

import sys
from pathlib import Path

from form_templates.attachments import with_attachments


def main(form: Path, printed: Path, output: Path) -> None:
    """Attaches one print twice, as a report and as its annex."""
    pdf = printed.read_bytes()
    names = ("Thuyết minh sản xuất nông nghiệp tháng 9 năm 2026.pdf", "Phụ lục diện tích lúa vụ Mùa.pdf")
    files = [(name, pdf + b"\n" * at) for at, name in enumerate(names)]
    output.write_bytes(with_attachments(form.read_bytes(), files))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
