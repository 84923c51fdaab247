"""What the add-in tells a person who is stuck: what is wrong, and what to do."""

from __future__ import annotations


class AddinError(Exception):
    """One fault, with a stable ``code`` and texts in Vietnamese."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.code = code
        self.message = message
        self.remedy = remedy


class ClientError(AddinError):
    """The service could not be reached, or refused; ``status`` is its HTTP status, 0 where it never answered."""

    def __init__(self, code: str, message: str, remedy: str, *, status: int = 0) -> None:
        super().__init__(code, message, remedy)
        self.status = status


class EditError(AddinError):
    """What was done to the open book cannot be carried into the issued workbook."""


class ActionError(AddinError):
    """An action on the open book cannot go on."""
