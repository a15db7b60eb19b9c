"""The chain over the history: sealing what has come, publishing its end once a day. docs/audit.md says what it proves.

Any number of processes may seal at once: one does, the others find it done. Days are UTC.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from maintenance.ports import MaintenanceTx
from plantroom.domain.audit import Head, Seal
from plantroom.ports.ledger import Ledger

MOST = 2_000
"""Entries of one seal."""

_TRIES, _PAUSE_S = 20, 0.05

OnHead = Callable[[Head], None]
"""What is told of each head that is published: a way to where the ledger's keeper cannot change it."""


def seal(ledger: Ledger[MaintenanceTx], now: datetime, on_head: OnHead | None = None) -> Sequence[Seal]:
    """Seal what has come, and publish the chain's end when the day of ``now`` has none yet. Gives the new seals.

    ``on_head`` is called after the commit, by the one process that has published. While a long import writes history
    nothing is sealed: the next call does it.
    """
    made = seal_all(ledger)
    head = publish(ledger, now)
    if head is not None and on_head is not None:
        on_head(head)
    return made


def seal_all(ledger: Ledger[MaintenanceTx]) -> Sequence[Seal]:
    """Seal all that is settled."""
    up_to = _settled(ledger)
    made: list[Seal] = []
    while up_to is not None:
        with ledger.begin() as tx:
            one = tx.audit.seal_next(up_to, MOST)
        if one is None:
            break
        made.append(one)
    return made


def publish(ledger: Ledger[MaintenanceTx], now: datetime, *, again: bool = False) -> Head | None:
    """Note the chain's end as the head of the day, or one more of the day (``again``); ``None`` where there is one."""
    with ledger.read() as tx:
        last, known = tx.audit.last_seal(), tx.audit.heads()
    if last is None or (not again and any(head.date == now.date() for head in known)):
        return None
    with ledger.begin() as tx:
        head = Head(now.date(), tx.audit.ledger_id(), last.number, last.last, last.at, last.digest)
        return head if tx.audit.add_head(head, again=again) else None


def _settled(ledger: Ledger[MaintenanceTx]) -> int | None:
    for _ in range(_TRIES):
        with ledger.begin() as tx:
            position = tx.audit.settle()
        if position is not None:
            return position
        time.sleep(_PAUSE_S)
    return None
