"""What arguments of commands are: files, days."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

import click

existing_file: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
new_file: Final = click.Path(dir_okay=False, path_type=Path)


class _Day(click.DateTime):
    """A day as its midnight; what is wrong with it is told in Vietnamese."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return "NĂM-THÁNG-NGÀY"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"“{value}” không phải là ngày. Ghi năm-tháng-ngày, như 2026-10-01.", param, ctx)


a_day: Final = _Day()
