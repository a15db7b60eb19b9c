"""Three schedulers in processes of their own on PostgreSQL, while last completions are brought along and corrected."""

import multiprocessing
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from multiprocessing.synchronize import Barrier

import pytest

from maintenance.materialise import materialise
from maintenance.plan import Occurrence, OccurrenceState
from plantroom.domain.assets import LocalName, Site
from plantroom.storage.ledger import SqlLedger
from tests.contract.imports.importing import Store, take
from tests.contract.imports.test_last_completions import HEAD, MONTHLY, look, put
from tests.contract.maintenance.conftest import SYSTEMS

MACHINES, PLANNERS = 30, 3
DUE, FORMER = OccurrenceState.DUE, OccurrenceState.FORMER
CONTEXT = multiprocessing.get_context("forkserver")
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


def plan(url: str, ready: Barrier, looks: int) -> None:
    with closing(SqlLedger(url)) as ledger:
        ledger.open()
        ready.wait(60)
        for _ in range(looks):
            materialise(ledger, NOW, SYSTEMS)


@pytest.fixture
def pumps(postgresql_url: str) -> Iterator[Store]:
    with closing(SqlLedger(postgresql_url)) as ledger:
        ledger.open()
        with ledger.begin() as tx:
            tx.assets.add_site(Site("demo", LocalName("示范", "Demo")))
        put(ledger, MONTHLY)
        take(ledger, "assets", "设备编号,设备类别\n" + "".join(f"P-{n},水泵\n" for n in range(MACHINES)), site="demo")
        yield ledger


def bring(ledger: Store, day: date) -> None:
    lines = "".join(f"P-{n},OWN-M,{day},,\n" for n in range(MACHINES))
    assert take(ledger, "last_completions", HEAD + lines, site="demo")["errors"] == []


def by_subject(ledger: Store) -> Sequence[Sequence[Occurrence]]:
    found: defaultdict[str, list[Occurrence]] = defaultdict(list)
    with ledger.read() as tx:
        for one in tx.plan.occurrences_of("demo"):
            found[one.key.subject].append(one)
    return [sorted(some, key=lambda one: one.key) for some in found.values()]


def is_whole(some: Sequence[Occurrence]) -> bool:
    """Whether each date is there once, counted from what was done before, without a number left out."""
    former, *rest = some
    due = [one.nominal_date for one in rest if one.state is DUE]
    counts = former.state is FORMER and set(former.evidence or {}) <= {"entered_on", "entered_by"}
    numbers = [one.key.cycle for one in rest] == list(range(len(rest)))
    return counts and numbers and len(set(due)) == len(due) == len(rest)


def test_three_schedulers_make_each_date_once_when_what_was_due_is_made_anew(postgresql_url: str, pumps: Store) -> None:
    look(pumps)
    bring(pumps, date(2026, 2, 17))
    look(pumps)
    bring(pumps, date(2026, 2, 24))
    ready = CONTEXT.Barrier(PLANNERS + 1)
    planners = [CONTEXT.Process(target=plan, args=(postgresql_url, ready, 3), daemon=True) for _ in range(PLANNERS)]
    for one in planners:
        one.start()
    ready.wait(60)
    bring(pumps, date(2026, 2, 25))
    for one in planners:
        one.join(120)
    assert [one.exitcode for one in planners] == [0] * PLANNERS
    look(pumps)
    found = by_subject(pumps)
    assert len(found) == MACHINES
    assert [some for some in found if not is_whole(some)] == []
    assert {some[1].nominal_date for some in found} == {date(2026, 3, 25)}
