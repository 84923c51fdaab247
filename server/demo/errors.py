"""What stops the demonstration."""

from __future__ import annotations


class DemonstrationError(Exception):
    """The demonstration cannot go on; its one argument is for people, so that it survives the way between processes."""
