"""The demonstration's folder: a fixed layout that others read, and what is left of an earlier run in it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Everything the demonstration makes. Starting anew removes these and nothing else: the folder may be somebody's home.
_MADE = (
    "bieuso.db",
    "bieuso.db-wal",
    "bieuso.db-shm",
    "keys.json",
    "people.json",
    "prepared",
    "service.log",
    "summary.json",
)
_MADE_FOLDERS = ("pki", "sent", "merged")


@dataclass(frozen=True, slots=True)
class Folder:
    """Paths inside the demonstration's folder."""

    path: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / "bieuso.db"

    @property
    def trust(self) -> Path:
        """Root certificate and revocation lists."""
        return self.path / "pki" / "trust"

    @property
    def keys(self) -> Path:
        """PKCS#12 files of officers and leaders."""
        return self.path / "pki" / "keys"

    @property
    def sent(self) -> Path:
        """``FORM/UNIT.xlsx`` as signed."""
        return self.path / "sent"

    @property
    def merged(self) -> Path:
        """``FORM.xlsx``."""
        return self.path / "merged"

    @property
    def log(self) -> Path:
        """What the service printed."""
        return self.path / "service.log"

    @property
    def is_prepared(self) -> bool:
        """Whether an earlier run got as far as units, forms, keys and accounts."""
        return (self.path / "prepared").exists()

    @property
    def holds_a_run(self) -> bool:
        """Whether an earlier run left anything."""
        return self.database.exists() or self.is_prepared

    def clear(self) -> None:
        """Removes what an earlier run made."""
        for name in _MADE:
            (self.path / name).unlink(missing_ok=True)
        for name in _MADE_FOLDERS:
            shutil.rmtree(self.path / name, ignore_errors=True)

    def mark_prepared(self, units: int) -> None:
        """The set-up is complete; written last, so that a killed set-up is done again."""
        (self.path / "prepared").write_text(f"{units}\n", encoding="utf-8")

    def prepared_units(self) -> int:
        """How many units the earlier set-up was for."""
        return int((self.path / "prepared").read_text(encoding="utf-8"))

    def write_secrets(self, secrets: dict[str, str]) -> None:
        """Account name → generated password, for the communes' machines. Readable by the owner only."""
        path = self.path / "people.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(secrets, indent=1), encoding="utf-8")

    def read_secrets(self) -> dict[str, str]:
        """What `write_secrets` wrote."""
        secrets: dict[str, str] = json.loads((self.path / "people.json").read_text(encoding="utf-8"))
        return secrets

    def write_summary(self, summary: dict[str, Any]) -> Path:
        """``summary.json``, replaced in one step."""
        path = self.path / "summary.json"
        draft = path.with_suffix(".part")
        draft.write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        draft.replace(path)
        return path
