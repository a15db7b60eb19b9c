"""What the page of the way in is told of dead letters, looked at once for everybody who has it open."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest.conditions import RECENT
from plantroom.ports.ledger import LedgerTx
from plantroom.ports.letters import LetterGroup
from plantroom.ports.paging import Scope

MOST_GROUPS = 200
KEPT_S = 5.0
"""Counting half a million letters takes a tenth of a second, and every open page asks each two seconds."""


@dataclass(frozen=True, slots=True)
class LettersNow:
    """Groups of the letters of the last ``RECENT``, and how many letters there are in all."""

    groups: Sequence[LetterGroup]
    total: int
    seen_at: float


class LettersSeen:
    """Recent letters by scope, at most ``KEPT_S`` old. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[Scope, LettersNow] = {}

    def now(self, tx: LedgerTx, scope: Scope, now: datetime) -> LettersNow:
        """The letters that the scope shows."""
        at = time.monotonic()
        known = self._seen.get(scope)
        if known is not None and at - known.seen_at < KEPT_S:
            return known
        recent = tx.collect.dead_letter_groups(scope, MOST_GROUPS, since=now - RECENT)
        total = recent.total or tx.collect.dead_letter_groups(scope, 0).total
        fresh = LettersNow(recent.groups, total, at)
        with self._lock:
            old = [one for one, found in self._seen.items() if at - found.seen_at >= KEPT_S]
            for one in old:
                del self._seen[one]
            self._seen[scope] = fresh
        return fresh
