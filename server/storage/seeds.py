"""The entries of the catalogues that come with the program (server/catalogues/README.md says where they are from)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from typing import Final

from server.storage.catalogues import NewEntry

# Before any figures that the service may hold; what changes later is told by later rows.
SINCE: Final = date(2020, 1, 1)
SEEDS: Final = {
    "indicators": ("server.catalogues", "indicators.csv"),
    "units-of-measure": ("form_templates", "data/units_of_measure.csv"),
    "breakdowns": ("server.catalogues", "breakdowns.csv"),
    "fields": ("server.catalogues", "fields.csv"),
    "areas": ("server.catalogues", "areas.csv"),
    "report-groups": ("server.catalogues", "report_groups.csv"),
}
_OWN: Final = frozenset({"code", "name", "parent"})


def seed_entries() -> Iterator[NewEntry]:
    """Every entry of every bundled file."""
    for catalogue, (package, name) in SEEDS.items():
        text = files(package).joinpath(name).read_text(encoding="utf-8")
        for row in csv.DictReader(io.StringIO(text)):
            attributes = {key: value for key, value in row.items() if key not in _OWN and value}
            yield NewEntry(catalogue, row["code"], row["name"], row.get("parent") or None, attributes, SINCE)
