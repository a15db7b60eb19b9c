"""Messages to sites that the ledger does not have: kept as dead letters, and people hear of their safety events.

Those of a site that the ledger has by now go on to it: as letters whose replay is asked for, which the site's own
ingest takes up within a second, wherever it runs. It tells their events as its own, and knows those that it has had.

The thread that empties the spool of ``gateway.strays``. Each batch is one ledger transaction, and only then the cursor
moves; a ledger that is away is waited out. Of telemetry and status one message a topic and minute is kept, so that a
wrong publisher cannot flood the ledger: its letters say how many were left out.
"""

import random
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import structlog

from ingest.checkpoint import pack, unpack
from ingest.handover import TOTALS
from ingest.instants import from_ms
from ingest.letters import name_of
from ingest.patience import INTERNAL, LEDGER, SPOOL, Patience, Stopping
from ingest.rejections import (
    HANDED_ON,
    INTERNAL_ERROR,
    UNKNOWN_SITE,
    UNKNOWN_TOPIC,
    code_of,
    printable,
    stable_id,
    with_detail,
)
from ingest.stats import Totals
from ingest.status import parse_status
from ingest.strangers import StrangerRules
from plantroom.domain.assets import EquipmentClass, Presence
from plantroom.domain.findings import FindingRaised
from plantroom.domain.flow import STRAYS, Trouble
from plantroom.errors import Unreachable
from plantroom.ports.clock import Clock, to_ms
from plantroom.ports.ledger import Ledger
from plantroom.ports.letters import DeadLetter
from plantroom.ports.paging import EVERYTHING
from plantroom.ports.spool import SpoolReader, SpoolRecord
from plantroom.wire import Channel

log = structlog.get_logger()

BATCH = 500
READ_TIMEOUT_S = 0.2
MINUTE_MS = 60_000
MAX_TOPICS = 10_000
MAX_SITE = 250
"""A site code is cut to so many characters: more than any real one has, so that it never becomes another's."""

LANE = "strays"


class Thinning:
    """At most one message of a topic in each minute of arrival. Remembers ``MAX_TOPICS`` topics, those kept last."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, int]] = {}
        """Topic -> the minute of the last one kept, how many were left out since."""

    def keep(self, record: SpoolRecord) -> int | None:
        """How many of its topic were left out before it, or ``None``: leave this one out, too."""
        minute = record.received_ms // MINUTE_MS
        last, left_out = self._kept.get(record.topic, (None, 0))
        if last == minute:
            self._kept[record.topic] = minute, left_out + 1
            return None
        self._kept.pop(record.topic, None)
        self._kept[record.topic] = minute, 0
        if len(self._kept) > MAX_TOPICS:
            del self._kept[next(iter(self._kept))]
        return left_out


@dataclass(slots=True)
class _Kept:
    """What a batch leaves behind; the findings have no site yet."""

    letters: list[DeadLetter]
    findings: list[FindingRaised]
    idle: set[str]
    """Letters that are of no use to a site that is entered."""


class StrayWorker:
    """Empties the spool of unknown sites. ``start`` runs it in a thread of its own until ``stop``."""

    def __init__(
        self,
        spool: SpoolReader,
        ledger: Ledger[Any],
        classes: Mapping[str, EquipmentClass],
        clock: Clock,
        rng: random.Random | None = None,
    ) -> None:
        self._spool = spool
        self._ledger = ledger
        self._clock = clock
        self._rules = StrangerRules("", LANE, classes)
        self._thinning = Thinning()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest-strays", daemon=True)
        self._patience = Patience(
            LANE,
            self._stop,
            self._meanwhile,
            rng or random.Random(),  # noqa: S311 - jitter, not a secret
        )
        self._saved = b""
        self._at_work: Sequence[SpoolRecord] = ()
        self._singly_to = 0
        """Up to this position messages are taken one by one: one of them trips an error."""
        self._poison = 0
        self._totals = Totals()
        self._told: Mapping[str, float] = {}
        """Counts as they were saved last, so that they never go back, not even after a kill."""
        self._oldest_ms = 0
        self.begun = False
        """Whether its counts are those that were saved; before that they are none."""

    def start(self) -> None:
        """Begin in an own thread."""
        self._thread.start()

    def stop(self, timeout_s: float = 8.0) -> None:
        """End the thread after the turn at hand, or out of the middle of a wait."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    @property
    def ended(self) -> bool:
        """Whether its thread is gone: one that hangs outlives ``stop`` (any thread)."""
        return not self._thread.is_alive()

    def figures(self) -> Mapping[str, float]:
        """Messages dealt with and kept over all time, dead letters by reason, how many messages wait and for how long
        the oldest has (any thread)."""
        depth, oldest_ms = self._spool.depth(), self._oldest_ms
        lag_s = max(0.0, (to_ms(self._clock.now()) - oldest_ms) / 1000) if depth and oldest_ms else 0.0
        return {**self._told, "spool_depth": depth, "lag_s": lag_s}

    def troubles(self) -> list[Trouble]:
        """What it is waiting for; empty when all is well (any thread)."""
        return [Trouble(kind, words, STRAYS) for kind, words in self._patience.problems()]

    def problems(self) -> list[str]:
        """The same in plain words."""
        return [str(trouble) for trouble in self.troubles()]

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                self._begin()
                while not self._stop.is_set():
                    self._turn()
                    failures = 0
            except Stopping:
                return
            except Exception as error:
                log.exception("stray_turn_failed")
                self._patience.note(INTERNAL, f"internal error {type(error).__name__}: {error}; trying again")
                self._suspect()
                with suppress(Stopping):
                    self._patience.wait(INTERNAL, failures)
                failures += 1

    def _meanwhile(self, _what: str, seconds: float) -> None:
        self._stop.wait(seconds)

    def _begin(self) -> None:
        """Go on from what is committed."""
        _, self._saved = self._spool.committed()
        with suppress(ValueError):
            self._totals.restore(b"")
            self._totals.restore(unpack(self._saved).get(TOTALS, b""))
        self._note_saved()
        self._spool.rewind()
        self._thinning = Thinning()
        self.begun = True

    def _note_saved(self) -> None:
        counts = {"received": self._totals.received, "dead_lettered": self._totals.dead_lettered}
        self._told = {**counts, **self._totals.by_reason()}

    def _suspect(self) -> None:
        """After a batch that failed its messages come singly; one that fails alone is kept without a look inside."""
        if len(self._at_work) == 1:
            self._poison = self._at_work[0].position
        elif self._at_work:
            self._singly_to = self._at_work[-1].position
        self._at_work = ()

    def _turn(self) -> None:
        done, _ = self._spool.committed()
        limit = 1 if done < self._singly_to else BATCH
        records = self._patience.insist(SPOOL, lambda: self._read(limit))
        if records:
            self._at_work, self._oldest_ms = records, records[0].received_ms
            kept = self._sort(records)
            letters = self._patience.insist(LEDGER, lambda: self._write(kept))
            self._totals.received += len(records)
            self._totals.dead_lettered += len(letters)
            self._totals.count_letters(letter.reason for letter in letters)
            self._at_work = ()
        state = pack({TOTALS: self._totals.snapshot()})
        if records or state != self._saved:
            position = records[-1].position if records else done
            self._patience.insist(SPOOL, lambda: self._commit(position, state))
            self._saved = state
            self._note_saved()
        self._patience.note(INTERNAL, None)

    def _sort(self, records: Sequence[SpoolRecord]) -> _Kept:
        kept, left_out = _Kept([], [], set()), 0
        for record in records:
            if record.position == self._poison:
                kept.letters.append(_letter(record, INTERNAL_ERROR))
                continue
            findings = self._rules.take(record)
            kept.findings += findings
            if findings or record.topic.endswith(f"/{Channel.EVENT}"):
                kept.letters.append(_letter(record, _reason(record)))
                continue
            before = self._thinning.keep(record)
            if before is None:
                left_out += 1
            else:
                kept.letters.append(letter := _first_of_minute(record, before))
                if record.retained or _is_presence(record):
                    kept.idle.add(letter.id)
        if left_out:
            log.info("stray_messages_left_out", count=left_out)
        return kept

    def _write(self, kept: _Kept) -> Sequence[DeadLetter]:
        """One transaction; gives the letters that stay. What is meant for a site that is there by now goes to it."""
        if not kept.letters:
            return ()
        with self._ledger.begin() as tx:
            sites = sorted(site.code for site in tx.assets.sites())
            home = [one for one in kept.letters if one.site in sites and one.reason != INTERNAL_ERROR]
            stay = [one for one in kept.letters if one.site not in sites or one.reason == INTERNAL_ERROR]
            home = [_handed_on(one) for one in home if one.id not in kept.idle]
            tx.collect.add_dead_letters([*stay, *home])
            tx.collect.ask_replay(EVERYTHING, [one.id for one in home])
            findings = [one for one in kept.findings if one.detail["site"] not in sites]
            if findings and sites:
                tx.collect.append_findings([replace(one, site=sites[0]) for one in findings])
            elif findings:
                log.error("stray_safety_event_without_any_site", topics=[one.topic for one in kept.letters[:5]])
        if home:
            log.info("stray_messages_handed_on", count=len(home), sites=sorted({one.site for one in home}))
        return stay

    def _read(self, limit: int) -> Sequence[SpoolRecord]:
        try:
            return self._spool.read(limit, READ_TIMEOUT_S)
        except OSError as error:
            raise Unreachable(SPOOL, str(error)) from error

    def _commit(self, position: int, state: bytes) -> None:
        try:
            self._spool.commit(position, state)
        except OSError as error:
            raise Unreachable(SPOOL, str(error)) from error


def _handed_on(letter: DeadLetter) -> DeadLetter:
    return replace(letter, reason=HANDED_ON) if code_of(letter.reason) == UNKNOWN_SITE else letter


def _is_presence(record: SpoolRecord) -> bool:
    """Whether it says that somebody is there or not, and nothing else: replayed, it says nothing."""
    return record.topic.endswith(f"/{Channel.STATUS}") and isinstance(parse_status(record.payload), Presence)


def _reason(record: SpoolRecord) -> str:
    """A topic without any site's code is one that no site can be entered for."""
    return UNKNOWN_SITE if record.topic.split("/")[1] else UNKNOWN_TOPIC


def _letter(record: SpoolRecord, reason: str, letter_id: str | None = None) -> DeadLetter:
    if record.retained:
        letter_id = name_of(STRAYS, LANE, record)
    return DeadLetter(
        id=letter_id or stable_id("stray", record.position, record.received_ms, record.topic),
        site=printable(record.topic.split("/")[1])[:MAX_SITE],
        received_at=from_ms(record.received_ms),
        topic=record.topic,
        reason=reason,
        payload=record.payload,
    )


def _first_of_minute(record: SpoolRecord, before: int) -> DeadLetter:
    """Its id is the minute's: processing again after a restart, which forgets what was left out, adds no other."""
    reason = _reason(record)
    if before:
        reason = with_detail(reason, f"{before} more of this topic were left out before it")
    return _letter(record, reason, stable_id("stray", record.topic, record.received_ms // MINUTE_MS))
