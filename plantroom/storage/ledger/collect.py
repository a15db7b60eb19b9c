"""What collectors write: the outbox of findings, dead letters, presence, health, events, their reports."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

import sqlalchemy as sa

from plantroom.domain.assets import Severity
from plantroom.domain.findings import Evidence, Finding, FindingCleared, FindingRaised, FindingSource
from plantroom.errors import NotFound
from plantroom.ports.device_clocks import DeviceClock
from plantroom.ports.events import AssetEvent
from plantroom.ports.ledger import CollectorReport, CollectRepository, HealthChange, PresenceChange
from plantroom.ports.letters import DeadLetter, LetterSummary
from plantroom.ports.outbox import Line, QueuedFinding, WaitingFinding
from plantroom.ports.paging import EVERYTHING, Page, PageRequest, Scope
from plantroom.storage.ledger import tables_collect as t
from plantroom.storage.ledger.backend import Lock
from plantroom.storage.ledger.codec import reader
from plantroom.storage.ledger.cursors import cursor, set_cursor
from plantroom.storage.ledger.events import EVENTS, events_beyond
from plantroom.storage.ledger.letters import (
    ASKED,
    IS_ASKED,
    LETTERS,
    letter_groups,
    letters_beyond,
    letters_let_go,
    note_let_go,
)
from plantroom.storage.ledger.letters_chosen import (
    MESSAGES_AT_ONCE,
    before_asked,
    fitting,
    may_be_asked,
    of_message,
    of_messages,
)
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.reports import report_of, report_row
from plantroom.storage.ledger.tables_plant import sites
from plantroom.storage.ledger.work import Work, chunks, clean

PRESENCE = Record(PresenceChange, t.asset_presence)
CLOCKS = Record(DeviceClock, t.asset_clocks)
HEALTH = Record(HealthChange, t.asset_health)

_LETTER_SORTS: Mapping[str, Keys] = {"received_at": (t.dead_letters.c.received_at, t.dead_letters.c.id)}
_read_evidence = reader(tuple[Evidence, ...])


class SqlCollect(CollectRepository):
    """``CollectRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def append_findings(self, findings: Sequence[Finding]) -> int:
        if not findings:
            return 0
        # Held until the commit, so that positions become visible in their order.
        self._work.backend.lock(self._connection, Lock.FINDINGS)
        insert = self._work.backend.insert(t.findings).on_conflict_do_nothing(index_elements=["finding_id"])
        insert = insert.execution_options(preserve_rowcount=True)
        # One row after the other: the order of the list is the order of the positions.
        new = self._connection.execute(insert, [_finding_row(f) for f in findings]).rowcount
        self._work.wakes |= new > 0
        return new

    def findings_after(self, consumer: str, limit: int) -> Sequence[QueuedFinding]:
        f, ahead = t.findings.c.position, t.findings_ahead.c
        taken = sa.select(ahead.position).where(ahead.consumer == consumer)
        waiting = sa.select(t.findings).where(f > cursor(self._work, consumer), f.not_in(taken))
        rows = self._connection.execute(waiting.order_by(f).limit(limit))
        return [QueuedFinding(row.position, _finding(row)) for row in rows]

    def waiting_after(self, consumer: str, position: int, limit: int) -> Sequence[WaitingFinding]:
        f, behind = t.findings.c, max(position, cursor(self._work, consumer))
        found: list[WaitingFinding] = []
        while not found:  # All of some may have been taken ahead.
            columns = (f.position, f.site, f.asset, f.failure_mode, f.source, f.subject, f.safety)
            places = sa.select(*columns).where(f.position > behind)
            rows = self._connection.execute(places.order_by(f.position).limit(limit)).all()
            if not rows:
                break
            taken = self._taken(consumer, t.findings_ahead.c.position.between(rows[0].position, rows[-1].position))
            found = [
                WaitingFinding(at, Line(site, asset, mode), FindingSource(source), subject, bool(safety))
                for at, site, asset, mode, source, subject, safety in rows
                if at not in taken
            ]
            behind = rows[-1].position
        return found

    def findings_at(self, consumer: str, positions: Sequence[int]) -> Sequence[QueuedFinding]:
        f, passed = t.findings.c.position, cursor(self._work, consumer)
        taken = self._taken(consumer, t.findings_ahead.c.position.in_(positions))
        rows = {row.position: row for row in self._connection.execute(sa.select(t.findings).where(f.in_(positions)))}
        return [
            QueuedFinding(at, _finding(rows[at])) for at in positions if at in rows and at > passed and at not in taken
        ]

    def _taken(self, consumer: str, which: sa.ColumnElement[bool]) -> set[int]:
        # A query of its own: joined with the findings it is planned badly while their number grows by leaps.
        taken = sa.select(t.findings_ahead.c.position).where(t.findings_ahead.c.consumer == consumer, which)
        return set(self._connection.execute(taken).scalars())

    def take_ahead(self, consumer: str, positions: Sequence[int]) -> None:
        if positions:
            rows = [{"consumer": consumer, "position": position} for position in positions]
            self._connection.execute(t.findings_ahead.insert(), rows)

    def move_cursor(self, consumer: str, position: int) -> None:
        if cursor(self._work, consumer) != position:
            set_cursor(self._work, consumer, position)
            ahead = t.findings_ahead
            passed = ahead.c.consumer == consumer, ahead.c.position <= position
            self._connection.execute(ahead.delete().where(*passed))

    def forget_findings(self, consumers: Sequence[str], before: datetime, most: int) -> int:
        f = t.findings.c
        passed = min((cursor(self._work, consumer) for consumer in consumers), default=0)
        oldest = sa.select(f.position).where(f.position <= passed).order_by(f.position).limit(most)
        last = self._connection.execute(sa.select(sa.func.max(oldest.subquery().c.position))).scalar()
        if last is None:
            return 0
        forgotten = t.findings.delete().where(f.position <= last, f.received_at < before)
        return self._connection.execute(forgotten).rowcount

    def add_dead_letters(self, letters: Sequence[DeadLetter]) -> None:
        rows = {letter.id: LETTERS.row(letter) for letter in letters}
        for row in rows.values():
            row.update(topic=clean(row["topic"]), reason=clean(row["reason"]), part=clean(row["part"]))
        self._add_missing(t.dead_letters, rows)

    def dead_letters(
        self,
        scope: Scope,
        page: PageRequest,
        site: str | None = None,
        reason: str | None = None,
        topic: str | None = None,
    ) -> Page[DeadLetter]:
        statement = LETTERS.select().where(*fitting(scope, site, reason, topic))
        return fetch_page(self._connection, statement, _LETTER_SORTS, "-received_at", page, LETTERS.item)

    def count_dead_letters(
        self, scope: Scope, site: str | None = None, reason: str | None = None, topic: str | None = None
    ) -> int:
        counted = sa.select(sa.func.count()).select_from(t.dead_letters).where(*fitting(scope, site, reason, topic))
        return self._connection.execute(counted).scalar_one()

    def dead_letter_groups(
        self, scope: Scope, limit: int, site: str | None = None, since: datetime | None = None
    ) -> LetterSummary:
        return letter_groups(self._work, scope, limit, site, since)

    def dead_letter(self, letter_id: str) -> DeadLetter:
        row = self._connection.execute(LETTERS.select().where(t.dead_letters.c.id == letter_id)).first()
        if row is None:
            raise NotFound(f"there is no dead letter {letter_id!r}")
        return LETTERS.item(row)

    def discard_dead_letters(self, ids: Sequence[str]) -> int:
        letters = t.dead_letters
        return sum(
            self._connection.execute(letters.delete().where(letters.c.id.in_(some))).rowcount
            for some in chunks(sorted(set(ids)))
        )

    def discard_fitting(self, site: str | None = None, reason: str | None = None, topic: str | None = None) -> int:
        wanted = [*fitting(EVERYTHING, site, reason, topic), sa.not_(IS_ASKED)]
        return self._connection.execute(t.dead_letters.delete().where(*wanted)).rowcount

    def ask_replay(
        self,
        scope: Scope,
        ids: Sequence[str] | None = None,
        site: str | None = None,
        reason: str | None = None,
        topic: str | None = None,
    ) -> int:
        asked = sa.update(t.dead_letters).values(reason=sa.literal(ASKED) + t.dead_letters.c.reason)
        wanted = may_be_asked(scope, ids, site, reason, topic)
        return sum(self._connection.execute(asked.where(*one)).rowcount for one in wanted)

    def letters_to_ask(
        self,
        scope: Scope,
        ids: Sequence[str] | None = None,
        site: str | None = None,
        reason: str | None = None,
        topic: str | None = None,
    ) -> Sequence[str]:
        found = sa.select(t.dead_letters.c.id)
        wanted = may_be_asked(scope, ids, site, reason, topic)
        return [one for some in wanted for one in self._connection.execute(found.where(*some)).scalars()]

    def letters_without_site(
        self, scope: Scope, reason: str | None = None, topic: str | None = None
    ) -> Mapping[str, int]:
        letters = t.dead_letters.c
        left = [*fitting(scope, None, reason, topic), letters.site.not_in(sa.select(sites.c.code))]
        counted = sa.select(letters.site, sa.func.count().label("letters")).where(*left).group_by(letters.site)
        return {row.site: row.letters for row in self._connection.execute(counted.order_by(letters.site))}

    def letters_to_replay(self, site: str, limit: int, most_bytes: int = 1 << 62) -> Sequence[DeadLetter]:
        letters = t.dead_letters.c
        in_order = letters.received_at, letters.id
        sizes = sa.select(letters.id, sa.func.length(letters.payload)).where(IS_ASKED, letters.site == site)
        asked = self._connection.execute(sizes.order_by(*in_order).limit(limit)).all()
        within = sum(total <= most_bytes for total in accumulate(size for _, size in asked))
        ids = [letter_id for letter_id, _ in asked[: max(1, within)]]
        statement = LETTERS.select().where(IS_ASKED, letters.id.in_(ids)).order_by(*in_order)
        return list(map(before_asked, self._connection.execute(statement)))

    def asked_letters(self) -> Sequence[str]:
        return self._connection.execute(sa.select(t.dead_letters.c.id).where(IS_ASKED)).scalars().all()

    def letter_reasons(self, messages: Sequence[str]) -> Mapping[str, str]:
        letters = t.dead_letters.c
        found: dict[str, str] = {}
        for some in chunks(sorted(set(messages)), MESSAGES_AT_ONCE):
            statement = of_messages(sa.select(letters.id, letters.reason), some)
            found.update((row.id, row.reason) for row in self._connection.execute(statement))
        return found

    def letters_of(self, messages: Sequence[str]) -> Sequence[DeadLetter]:
        found: list[DeadLetter] = []
        for some in chunks(sorted(set(messages)), MESSAGES_AT_ONCE):
            statement = of_messages(LETTERS.select(), some)
            found += map(before_asked, self._connection.execute(statement))
        return sorted(found, key=lambda letter: (letter.came_at, letter.id))

    def letters_beyond(self, keep: int, keep_bytes: int, most: int) -> Mapping[str, Sequence[str]]:
        return letters_beyond(self._work, keep, keep_bytes, most)

    def let_letters_go(self, ids: Sequence[str]) -> int:
        gone: Counter[str] = Counter()
        for some in chunks(sorted(set(ids))):
            delete = t.dead_letters.delete().where(t.dead_letters.c.id.in_(some), sa.not_(IS_ASKED))
            gone.update(self._connection.execute(delete.returning(t.dead_letters.c.site)).scalars())
        note_let_go(self._work, gone)
        return gone.total()

    def letters_let_go(self, since: datetime) -> Mapping[str, int]:
        return letters_let_go(self._work, since)

    def discard_messages(self, messages: Sequence[str]) -> None:
        letters = t.dead_letters
        for message in sorted(set(messages)):
            self._connection.execute(letters.delete().where(of_message(message)))

    def put_presence(self, changes: Sequence[PresenceChange]) -> None:
        self._put(t.asset_presence, "asset", {c.asset: PRESENCE.row(c) for c in changes})

    def presence(self) -> Mapping[str, PresenceChange]:
        return {c.asset: c for c in map(PRESENCE.item, self._connection.execute(PRESENCE.select()))}

    def put_clocks(self, clocks: Sequence[DeviceClock]) -> None:
        self._put(t.asset_clocks, "asset", {c.asset: CLOCKS.row(c) for c in clocks})

    def clocks(self) -> Mapping[str, DeviceClock]:
        return {c.asset: c for c in map(CLOCKS.item, self._connection.execute(CLOCKS.select()))}

    def put_health(self, changes: Sequence[HealthChange]) -> None:
        self._put(t.asset_health, "asset", {c.asset: HEALTH.row(c) for c in changes})

    def add_events(self, events: Sequence[AssetEvent]) -> None:
        rows = {event.id: EVENTS.row(event) for event in events}
        for row in rows.values():
            row.update(event=clean(row["event"]), severity=clean(row["severity"]))
        self._add_missing(t.asset_events, rows)

    def events(self, asset: str, limit: int) -> Sequence[AssetEvent]:
        e = t.asset_events.c
        statement = EVENTS.select().where(e.asset == asset).order_by(e.observed_at.desc(), e.id.desc()).limit(limit)
        return [EVENTS.item(row) for row in self._connection.execute(statement)]

    def events_beyond(self, keep: int, most: int) -> Sequence[str]:
        return events_beyond(self._work, keep, most)

    def let_events_go(self, ids: Sequence[str]) -> int:
        events = t.asset_events
        return sum(
            self._connection.execute(events.delete().where(events.c.id.in_(some))).rowcount
            for some in chunks(sorted(set(ids)))
        )

    def now(self) -> datetime:
        now_ms: int = self._connection.execute(sa.select(self._work.backend.now_ms())).scalar_one()
        return datetime.fromtimestamp(now_ms / 1000, UTC)

    def report_collector(self, report: CollectorReport) -> None:
        self._put(t.collector_reports, "collector", {report.collector: report_row(report)})

    def collectors(self) -> Sequence[CollectorReport]:
        statement = sa.select(t.collector_reports).order_by(t.collector_reports.c.collector)
        return [report_of(row) for row in self._connection.execute(statement)]

    def _add_missing(self, table: sa.Table, rows: Mapping[str, dict[str, Any]]) -> None:
        if rows:
            insert = self._work.backend.insert(table).on_conflict_do_nothing(index_elements=["id"])
            self._connection.execute(insert, _in_order(rows))

    def _put(self, table: sa.Table, key: str, rows: Mapping[str, dict[str, Any]]) -> None:
        if not rows:
            return
        insert = self._work.backend.insert(table)
        written = {c.name: insert.excluded[c.name] for c in table.c if c.name != key}
        statement = insert.on_conflict_do_update(index_elements=[key], set_=written)
        self._connection.execute(statement, _in_order(rows))


def _in_order(rows: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    # Every writer takes its rows in one order, so that two of them never wait for each other.
    return [rows[key] for key in sorted(rows)]


def _finding_row(finding: Finding) -> dict[str, Any]:
    raised = finding if isinstance(finding, FindingRaised) else None
    return {
        "finding_id": finding.finding_id,
        "raised": raised is not None,
        "site": finding.site,
        "asset": finding.asset,
        "failure_mode": finding.failure_mode,
        "source": finding.source.value,
        "severity": raised.severity.value if raised else None,
        "safety": raised.safety if raised else None,
        "observed_at": finding.observed_at,
        "received_at": finding.received_at,
        "subject": clean(finding.subject),
        "evidence": raised.evidence if raised else None,
        "detail": raised.detail if raised else None,
    }


def _finding(row: Any) -> Finding:
    source = FindingSource(row.source)
    if not row.raised:
        return FindingCleared(
            finding_id=row.finding_id,
            site=row.site,
            asset=row.asset,
            failure_mode=row.failure_mode,
            source=source,
            observed_at=row.observed_at,
            received_at=row.received_at,
            subject=row.subject,
        )
    return FindingRaised(
        finding_id=row.finding_id,
        site=row.site,
        asset=row.asset,
        failure_mode=row.failure_mode,
        source=source,
        severity=Severity(row.severity),
        safety=row.safety,
        observed_at=row.observed_at,
        received_at=row.received_at,
        subject=row.subject,
        evidence=_read_evidence(row.evidence),
        detail=row.detail,
    )
