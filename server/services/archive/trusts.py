"""Today's roots with what was kept of earlier verifications; made once for all that share certificates and lists."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Final

from server.services.archive.holdings import Document, evidence_of
from signing.trust import Trust, kept_certificate, kept_list
from signing.usage import is_authority

_MOST: Final = 8  # each holds its lists; a day's submissions share theirs, and they come in the order of their days


@dataclass(slots=True)
class Trusts:
    """What is trusted, for each set of kept documents.

    Attributes:
        today: what is trusted today.
    """

    today: Trust
    _made: OrderedDict[frozenset[str], Trust] = field(default_factory=OrderedDict)
    _authorities: dict[str, bool] = field(default_factory=dict)

    def for_evidence(self, documents: tuple[Document, ...]) -> Trust:
        """The roots with these documents; nobody is asked any more.

        Documents with a fault, and such as nobody can read, are left out. So are certificates of persons and servers:
        signatures, time stamps and answers bring their own, and every unit would make a set of its own.
        """
        useful = tuple(one for one in documents if self._is_useful(one))
        key = frozenset(one.sha256 for one in useful)
        made = self._made.pop(key, None)
        if made is None:
            made = self.today.with_evidence(evidence_of(useful))
        self._made[key] = made
        if len(self._made) > _MOST:
            self._made.popitem(last=False)
        return made

    def asking(self, documents: tuple[Document, ...]) -> Trust:
        """The same for a judgement as at now: whoever answers for certificates may be asked."""
        return replace(self.for_evidence(documents), source=self.today.source, answers={})

    def _is_useful(self, document: Document) -> bool:
        if document.fault or document.name == "time-stamp":
            return False
        known = self._authorities.get(document.sha256)
        if known is None:
            if len(self._authorities) > 100_000:
                self._authorities.clear()
            known = self._authorities[document.sha256] = _can_be_read(document)
        return known


def _can_be_read(document: Document) -> bool:
    try:
        if document.name == "certificate":
            return is_authority(kept_certificate(document.data))
        if document.name == "crl":
            kept_list(document.data)
    except ValueError:
        return False
    return True
