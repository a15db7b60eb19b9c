"""Where the planning of each subject stands, and what it goes by."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from maintenance.standings import Card, ClosedOccurrence, Standing
from plantroom.domain.assets import SourceClock
from plantroom.storage.ledger import tables_maintenance as t
from plantroom.storage.ledger.tables_plant import assets, sources
from plantroom.storage.ledger.tables_standings import plan_standings
from plantroom.storage.ledger.work import Work, chunks

_s, _o, _a, _c = plan_standings.c, t.occurrences.c, assets.c, sources.c
_STANDINGS = sa.select(
    _s.subject, _s.site, _s.fingerprint, _s.planned_on, _s.wake_on, _s.due, _s.changes, _s.planned
)  # fmt: skip
_CARDS = sa.select(
    _a.key, _a.code, _a.name_zh, _a.name_en, _a.equipment_class, _a.status, _a.department, _a.in_service_on, _a.version
)
_HISTORY = sa.select(
    _o.lineage, _o.subject, _o.cycle, _o.nominal_date, _o.latest, _o.state, _o.completed_at
)  # fmt: skip
_PLANNED = ("fingerprint", "planned_on", "wake_on", "due", "planned")


class SqlStandings:
    """The part of ``SqlPlan`` that saves the planning work."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def cards(self, site: str) -> Sequence[Card]:
        """As the port says."""
        return [Card(*row) for row in self._connection.execute(_CARDS.where(_a.site == site).order_by(_a.key))]

    def simulated(self, assets: Sequence[str]) -> Collection[str]:
        """As the port says."""
        found: set[str] = set()
        for some in chunks(sorted(assets)):
            wanted = (_c.asset.in_(some), _c.clock == SourceClock.SIMULATED.value)
            found.update(self._connection.execute(sa.select(_c.asset).where(*wanted)).scalars())
        return found

    def standings(self, site: str) -> Mapping[str, Standing]:
        """As the port says."""
        rows = self._connection.execute(_STANDINGS.where(_s.site == site))
        return {row[0]: Standing(*row) for row in rows}

    def standings_of(self, subjects: Sequence[str]) -> Mapping[str, Standing]:
        """As the port says."""
        found: dict[str, Standing] = {}
        for some in chunks(sorted(subjects)):
            rows = self._connection.execute(_STANDINGS.where(_s.subject.in_(some)))
            found |= {row[0]: Standing(*row) for row in rows}
        return found

    def put_standings(self, standings: Sequence[Standing]) -> None:
        """As the port says. By subject, so that two writers never wait for each other in a circle."""
        rows = [
            {
                "subject": one.subject,
                "site": one.site,
                "changes": one.changes,
                "planned": one.changes,
                "fingerprint": one.fingerprint,
                "planned_on": one.planned_on,
                "wake_on": one.wake_on,
                "due": one.due,
            }
            for one in sorted(standings, key=lambda s: s.subject)
        ]
        if not rows:
            return
        insert = self._work.backend.insert(plan_standings)
        known = {name: insert.excluded[name] for name in _PLANNED}
        self._connection.execute(insert.on_conflict_do_update(index_elements=["subject"], set_=known), rows)
        for one in standings:
            self._work.changed_subjects.pop(one.subject, None)

    def history(self, subjects: Sequence[str]) -> Sequence[ClosedOccurrence]:
        """As the port says."""
        found: list[ClosedOccurrence] = []
        for some in chunks(sorted(subjects)):
            statement = _HISTORY.where(_o.subject.in_(some)).order_by(_o.subject, _o.lineage, _o.cycle)
            found += [ClosedOccurrence(*row) for row in self._connection.execute(statement)]
        return found


def flush_changes(work: Work) -> None:
    """Write down whose occurrences and orders this transaction has changed. Just before the commit and by subject, so
    that nobody who holds one of these rows waits for anything else."""
    if not work.changed_subjects:
        return
    changed, work.changed_subjects = sorted(work.changed_subjects.items()), {}
    rows: list[dict[str, Any]] = [
        {"subject": subject, "site": site, "changes": 1, "fingerprint": "", "due": 0} for subject, site in changed
    ]
    insert = work.backend.insert(plan_standings)
    raised = {"changes": _s.changes + 1}
    work.connection.execute(insert.on_conflict_do_update(index_elements=["subject"], set_=raised), rows)
