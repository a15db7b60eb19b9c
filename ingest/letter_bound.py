"""How many dead letters a site may keep, so that a wrong publisher cannot fill the disk."""

import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import structlog

from plantroom.ports.ledger import Ledger

log = structlog.get_logger()

LOOK_EVERY_S = 60.0
LOOK = 20_000
"""Letters that a look finds at most: it sums all of them, and the next one comes once these are gone."""

PIECE = 2_000
"""Letters that are taken away in one transaction: other writers wait for no more."""


class LetterBound:
    """Takes letters of a site away that are beyond ``keep`` letters or ``keep_bytes`` of payload, of which letters of
    event topics have as much again for themselves. One thread. ``let_go`` counts them since the start."""

    def __init__(self, ledger: Ledger[Any], keep: int, keep_bytes: int) -> None:
        self._ledger = ledger
        self._keep, self._keep_bytes = keep, keep_bytes
        self._look_at = 0.0
        self._going: deque[tuple[str, Sequence[str]]] = deque()
        self.let_go = 0

    def turn(self) -> None:
        """Look once a minute, in a transaction that only reads; take a piece away at every call as long as there are
        too many. Raises ``Unreachable``."""
        if not self._going and time.monotonic() >= self._look_at:
            self._look()
        if not self._going:
            return
        site, ids = self._going[0]
        with self._ledger.begin() as tx:
            count = tx.collect.let_letters_go(ids)
        self._going.popleft()
        self.let_go += count
        log.warning("dead_letters_let_go", site=site, count=count, keep=self._keep, keep_bytes=self._keep_bytes)

    def _look(self) -> None:
        with self._ledger.read() as tx:
            beyond = tx.collect.letters_beyond(self._keep, self._keep_bytes, LOOK)
        for site, ids in beyond.items():
            self._going.extend((site, ids[n : n + PIECE]) for n in range(0, len(ids), PIECE))
        if sum(map(len, beyond.values())) < LOOK:
            self._look_at = time.monotonic() + LOOK_EVERY_S
