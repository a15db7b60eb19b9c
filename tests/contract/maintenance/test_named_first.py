"""A safety event among harmless ones of its device is read first on its ticket, however many those are."""

from datetime import datetime, timedelta

from maintenance.unknown_events import UNKNOWN_EVENT
from plantroom.domain.assets import UNCLASSIFIED, Severity
from plantroom.domain.findings import FindingRaised, FindingSource
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.test_coming_again import history
from tests.contract.maintenance.test_findings import Store, episodes, feed, raised, tickets, trapped

SECOND = timedelta(seconds=1)
FIRE = {"event": "fire_alarm", "name": {"zh": "火警", "en": "Fire alarm"}, "origin": "zone 7", "tags": [UNKNOWN_EVENT]}


def fire(at: datetime) -> FindingRaised:
    return trapped(at, asset="pump-1", failure_mode=UNCLASSIFIED, subject="fire_alarm", detail=FIRE)


def harmless(at: datetime, name: str) -> FindingRaised:
    return raised(
        at, failure_mode=UNCLASSIFIED, source=FindingSource.RULE, severity=Severity.GENERAL, subject=name, evidence=(),
        detail={"event": name, "tags": [UNKNOWN_EVENT]},
    )  # fmt: skip


def test_it_is_first_in_title_and_reason_and_was_not_told_before(any_ledger: Store) -> None:
    names = ("link_up", "config_saved", "login")
    before = [harmless(NOW + n * SECOND, name) for n, name in enumerate(names)]
    feed(any_ledger, *before, fire(NOW + 5 * SECOND), now=NOW + 5 * SECOND)
    (ticket,) = tickets(any_ledger)
    assert ticket.title.en.endswith(": Fire alarm, link up, config saved +1")
    assert ticket.reason.en == "The device reported: Fire alarm (zone 7), link up, config saved, login."
    assert "repeated" not in ticket.tags


def test_it_is_named_after_any_number_of_harmless_ones(any_ledger: Store) -> None:
    after = [harmless(NOW + n * SECOND, f"log_{n}") for n in range(2, 62)]
    feed(any_ledger, harmless(NOW, "login"))
    feed(any_ledger, fire(NOW + SECOND), *after, now=NOW + 70 * SECOND)
    (episode,), (ticket,) = episodes(any_ledger), tickets(any_ledger)
    assert "rule:fire_alarm" in episode.open_subjects
    assert "：火警、" in ticket.title.zh
    assert ticket.reason.en.startswith("The device reported: Fire alarm (zone 7), ")
    assert any("Fire alarm (zone 7)" in line.reason for line in history(any_ledger, ticket))


def test_what_comes_again_is_repeated(any_ledger: Store) -> None:
    feed(any_ledger, harmless(NOW, "login"), fire(NOW + SECOND), fire(NOW + 2 * SECOND), now=NOW + 3 * SECOND)
    assert "repeated" in tickets(any_ledger)[0].tags
