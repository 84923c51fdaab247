"""What arguments of commands are: files, days."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

existing_file: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
new_file: Final = click.Path(dir_okay=False, path_type=Path)
a_day: Final = click.DateTime(["%Y-%m-%d"])
