"""``bieuso form text``: a template as text. Git runs it for every version of every file that it shows."""

from __future__ import annotations

from pathlib import Path

import click

from form_templates.describing import text_of


@click.command(epilog="Ví dụ: bieuso form text bieu-moi.xlsx")
@click.argument("file", type=click.Path(path_type=Path))
def text(file: Path) -> None:
    """In biểu mẫu (hay sổ làm việc .xlsx bất kỳ) thành các dòng chữ cố định, để git diff so được hai phiên bản."""
    # Git shows what this prints, and gives up on the whole comparison where it fails: so it never does.
    try:
        data = file.read_bytes()
    except OSError as error:
        click.echo(f"không đọc được tệp: {error.strerror}")
        return
    click.echo("\n".join(text_of(data)))
