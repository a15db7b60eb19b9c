"""How many dead letters a site may keep, so that a wrong publisher cannot fill the disk."""

import time
from typing import Any

import structlog

from plantroom.ports.ledger import Ledger

log = structlog.get_logger()

LOOK_EVERY_S = 60.0
PIECE = 2_000
"""Letters that are taken away in one transaction: other writers wait for no more."""


class LetterBound:
    """Takes the oldest letters of a site away that are beyond ``keep`` letters or ``keep_bytes`` of payload (never
    those of events). One thread. ``let_go`` counts them since the start."""

    def __init__(self, ledger: Ledger[Any], keep: int, keep_bytes: int) -> None:
        self._ledger = ledger
        self._keep, self._keep_bytes = keep, keep_bytes
        self._look_at = 0.0
        self.let_go = 0

    def turn(self) -> None:
        """Look once a minute; as long as there are too many, at every call. Raises ``Unreachable``."""
        if time.monotonic() < self._look_at:
            return
        with self._ledger.begin() as tx:
            taken = tx.collect.bound_dead_letters(self._keep, self._keep_bytes, PIECE)
        for site, count in taken.items():
            self.let_go += count
            log.warning("dead_letters_let_go", site=site, count=count, keep=self._keep, keep_bytes=self._keep_bytes)
        if sum(taken.values()) < PIECE:
            self._look_at = time.monotonic() + LOOK_EVERY_S
