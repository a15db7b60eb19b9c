"""What the planning keeps between its runs, and what it hands over in bulk. Plain records; no I/O.

A standing saves work and decides nothing: what is on it is believed only while the subject has not changed since
(``changes``), is what it was (``fingerprint``), and time alone has changed nothing (``wake_on``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

LOOKED_AT_AFTER_DAYS = 7
"""Every subject is planned anew after so many days, whatever its standing says (D)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the planning of a subject stands.

    ``changes`` counts what happened to its occurrences and orders, ``planned`` how much of that the planning has seen
    (``None``: it has never planned it). On ``wake_on`` time alone changes something: an order opens, one is missed, or
    another one comes within the horizon. ``due`` occurrences are due.
    """

    subject: str
    site: str
    fingerprint: str
    planned_on: date | None
    wake_on: date | None
    due: int
    changes: int = 0
    planned: int | None = None

    def holds(self, fingerprint: str, today: date) -> bool:
        """Whether nothing has to be done for the subject today."""
        if self.planned != self.changes or self.fingerprint != fingerprint:
            return False
        if self.planned_on is None or self.wake_on is None:
            return False
        return 0 <= (today - self.planned_on).days < LOOKED_AT_AFTER_DAYS and today < self.wake_on


class Card(NamedTuple):
    """What the planning has to know of every asset, also of those that are scrapped."""

    key: str
    code: str
    zh: str
    en: str
    equipment_class: str
    status: str
    department: str | None
    in_service_on: date | None
    version: int


class ClosedOccurrence(NamedTuple):
    """An occurrence as the columns fold it."""

    lineage: str
    subject: str
    cycle: int
    nominal: date
    latest: date
    state: str
    completed_at: datetime | None


class DraftOccurrence(NamedTuple):
    """An occurrence that is due, to be added. Days are ISO 8601 texts, which both databases and JSON take."""

    lineage: str
    subject: str
    cycle: int
    plan_row: str
    nominal: str
    earliest: str
    latest: str


class DraftOrder(NamedTuple):
    """A planned work order to be added with the occurrences that it carries, deepest row first. ``earliest`` is an ISO
    8601 text, ``template`` the key of its frozen checklist (``PlanRepository.freeze``)."""

    id: str
    site: str
    kind: str
    state: str
    title_zh: str
    title_en: str
    asset: str | None
    department: str | None
    due: datetime
    earliest: str
    opened_at: datetime | None
    reason_zh: str
    reason_en: str
    tags: tuple[str, ...]
    template: str
    occurrences: tuple[DraftOccurrence, ...]


class Added(NamedTuple):
    """What ``PlanRepository.add_drafts`` has added: orders with their numbers, and missed records."""

    orders: Sequence[tuple[DraftOrder, int]]
    records: int
