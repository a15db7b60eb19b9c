"""Which alarms are shelved now. What shelving does stands in ``maintenance.shelving``."""

from collections.abc import Collection, Iterable
from datetime import datetime

from maintenance.alarm_ports import Shelf
from maintenance.ports import MaintenanceTx
from plantroom.domain.findings import FindingRaised


def shelved_subjects(shelves: Iterable[Shelf], now: datetime) -> frozenset[str]:
    """The subjects that the shelves keep quiet now."""
    return frozenset(subject for shelf in shelves if shelf.holds(now) for subject in shelf.subjects)


def all_shelved(tx: MaintenanceTx, asset: str, failure_mode: str, subjects: Collection[str], now: datetime) -> bool:
    """Whether every one of the subjects (at least one) is shelved now."""
    if not subjects:
        return False
    return set(subjects) <= shelved_subjects(tx.alarms.standing_shelves(asset, failure_mode), now)


def is_shelved(tx: MaintenanceTx, finding: FindingRaised, now: datetime) -> bool:
    """Whether a finding is of a shelved alarm. A safety finding never is, whatever is shelved."""
    subject = f"{finding.source.value}:{finding.subject}"
    return not finding.safety and all_shelved(tx, finding.asset, finding.failure_mode, [subject], now)
