"""Dead letters that somebody wants processed again, once their cause is mended.

The ledger is the queue: what is asked for stays there until the transaction that tells what became of it. So a kill at
any moment leads to the same readings, findings and letters; and nobody but the ledger can say when a message came.
"""

import hashlib
import re
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import structlog

from ingest.letters import RETAINED
from ingest.outcome import Outcome, Read
from ingest.patience import AWAY, Patience, Stopping
from ingest.pipeline import Pipeline
from ingest.receive_times import FirstCome
from ingest.rejections import (
    BEYOND_RETENTION,
    CUT,
    HANDED_ON,
    INTERNAL_ERROR,
    REJECTED_BY_STORE,
    SEPARATOR,
    UNKNOWN_METRIC,
    code_of,
    with_detail,
)
from ingest.sorting import Sorted
from ingest.standing import Standing
from plantroom.domain.quality import Reason
from plantroom.ports.clock import Clock, to_ms
from plantroom.ports.ledger import Ledger
from plantroom.ports.letters import DeadLetter
from plantroom.ports.readings import ReadingBatch, RejectedReading
from plantroom.ports.spool import SpoolRecord

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
BATCH = 500
BATCH_BYTES = 8 << 20
HANDED_ON_TOPICS = 100
"""Of what another session handed on, messages of so many topics: the store is asked about each of their assets, and who
waits for that has readings of its own to store. The rest stays in the queue for the next turn."""

STAGES = "stages"

_ALIAS = re.compile(r"alias \d+")

_OF_OBJECT = re.compile(r"\[\d+\](?:\.(.*))?", re.DOTALL)
"""How a part is named that is in an object of an array, or the object itself."""

Put = Callable[[ReadingBatch], Sequence[RejectedReading]]


class Replays:
    """What is asked for of one site's lane. One thread, the worker's.

    ``put`` makes readings durable, ``tell`` writes an outcome in one ledger transaction, ``standing`` asks the
    store; all wait for what is away.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        ledger: Ledger[Any],
        clock: Clock,
        patience: Patience,
        put: Put,
        tell: Callable[[Outcome], None],
        standing: Standing,
    ) -> None:
        self._pipeline = pipeline
        self._ledger = ledger
        self._clock = clock
        self._patience = patience
        self._put = put
        self._tell = tell
        self._standing = standing
        self._look_at = 0.0
        self._hopeless: set[str] = set()

    def turn(self, refresh: Callable[[], bool]) -> None:
        """Take up to ``BATCH`` letters, at most about once a second; none while ``refresh`` cannot bring the plant up
        to date."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_EVERY_S
        letters = self._asked()
        if not letters or not refresh():
            return
        messages: dict[str, list[DeadLetter]] = {}
        for one in filter(self._is_mine, letters):
            messages.setdefault(one.message, []).append(one)
        mine = _for_a_turn(list(messages.values()))
        if mine and not self._try(mine):
            for of_message in mine:
                self._alone(of_message)
        if mine:
            # There may be more than were read at once.
            self._look_at = 0.0

    def _asked(self) -> Sequence[DeadLetter]:
        try:
            with self._ledger.read() as tx:
                asked = tx.collect.letters_to_replay(self._pipeline.site, BATCH, BATCH_BYTES)
                # All of them are taken away with the message, so all have a say in what was not stored.
                found: Sequence[DeadLetter] = tx.collect.letters_of([one.message for one in asked])
                return found
        except AWAY:
            return ()

    def _is_mine(self, letter: DeadLetter) -> bool:
        return self._pipeline.takes(letter.topic) and letter.message not in self._hopeless

    def _try(self, letters: Sequence[Sequence[DeadLetter]]) -> bool:
        """Letters by message. ``False``: something in them trips an error, and nothing was changed."""
        saved = self._pipeline.snapshot()
        try:
            self._process(letters)
        except (*AWAY, Stopping):
            raise
        except Exception as error:
            self._pipeline.restore(saved)
            log.exception("replay_failed", site=self._pipeline.site, messages=len(letters), error=str(error))
            return False
        return True

    def _alone(self, letters: Sequence[DeadLetter]) -> None:
        if self._try([letters]):
            return
        message, reason = letters[0].message, with_detail(INTERNAL_ERROR, "replayed")
        # Should that fail, too, the next turn does not begin with this message again.
        self._hopeless.add(message)
        self._tell(Outcome(letters=[replace(one, reason=reason) for one in letters], replayed=[message]))
        self._hopeless.discard(message)

    def _process(self, letters: Sequence[Sequence[DeadLetter]]) -> None:
        records, first = [_record(one[0]) for one in letters], [_first(one) for one in letters]
        pipeline = self._pipeline
        batch = pipeline.sort_again(records, first, to_ms(self._clock.now()))
        outcome = pipeline.tell_events(batch)
        read = pipeline.read(batch)
        _leave_out_stored(batch, read, first)
        _leave_out_known_aliases(read, letters)
        self._leave_out_standing(read, first)
        refused = [self._put(columns.readings) for columns in read.columns]
        outcome.take(pipeline.conclude(batch, read, refused))
        for look in pipeline.watches(read, refused):
            outcome.take(self._patience.insist(STAGES, look))
        instants = {one[0].message: one[0].received_at for one in letters if any(letter.part for letter in one)}
        outcome.letters = [one.standing_at(instants.get(one.message, one.received_at)) for one in outcome.letters]
        outcome.replayed = [one.message for one in first]
        self._tell(outcome)
        log.info("dead_letters_replayed", site=pipeline.site, messages=len(letters), back=len(outcome.letters))

    def _leave_out_standing(self, read: Read, first: Sequence[FirstCome]) -> None:
        """Of what another session heard and handed on: where the site has a reading of that instant by now it is its
        own, of this message or of one that came behind it."""
        handed_on = np.array([one.untold for one in first], np.bool_)
        for columns in read.columns:
            readings = columns.readings
            mine = handed_on[columns.message] & (readings.reason != Reason.RECEIVE_TIME)
            if mine.any():
                columns.keep(~self._standing.of(readings, mine))


def _for_a_turn(messages: Sequence[Sequence[DeadLetter]]) -> Sequence[Sequence[DeadLetter]]:
    """The first messages, up to one of which the topic would be one too many."""
    topics: set[str] = set()
    for number, letters in enumerate(messages):
        if _is_untold(letters):
            topics.add(letters[0].topic)
        if len(topics) > HANDED_ON_TOPICS:
            return messages[:number]
    return messages


def _is_untold(letters: Sequence[DeadLetter]) -> bool:
    return any(one.reason == HANDED_ON for one in letters)


def _record(letter: DeadLetter) -> SpoolRecord:
    """Its position is made of its name, so that events get the same id each time."""
    digest = hashlib.blake2b(letter.message.encode(), digest_size=7).digest()
    position, retained = int.from_bytes(digest, "big"), letter.message.startswith(RETAINED)
    return SpoolRecord(position, to_ms(letter.came_at), letter.topic, letter.payload, retained)


def _first(letters: Sequence[DeadLetter]) -> FirstCome:
    letter = letters[0]
    refused = [one for one in letters if code_of(one.reason) in {REJECTED_BY_STORE, BEYOND_RETENTION}]
    whole = not any(one.part for one in letters)
    received_ms = to_ms(letter.received_at)
    return FirstCome(letter.message, received_ms, whole, _parts(letters), _parts(refused), _is_untold(letters))


def _parts(letters: Sequence[DeadLetter]) -> frozenset[str]:
    return frozenset(name for one in letters for name in one.part.split(SEPARATOR))


def _leave_out_stored(batch: Sorted, read: Read, first: Sequence[FirstCome]) -> None:
    """What was stored of a message when it first came is not written again: something else may stand there by now."""
    again: dict[int, set[str]] = {}
    for rejection in read.rejections:
        again.setdefault(rejection.message, set()).add(rejection.part)
    # A source may have been mended so that a field has another point than its letter says.
    foreign = {one.number for one in batch.foreign}
    wanted = [
        None if one.whole or number in foreign else _wanted(one.parts, again.get(number, ()))
        for number, one in enumerate(first)
    ]
    for columns in read.columns:
        series = columns.readings.series
        kept = [
            (points := wanted[message]) is None or (point := series[number].point) in points or SEPARATOR in point
            for message, number in zip(columns.message.tolist(), columns.readings.series_id.tolist(), strict=True)
        ]
        columns.keep(np.array(kept, np.bool_))


def _leave_out_known_aliases(read: Read, letters: Sequence[Sequence[DeadLetter]]) -> None:
    """Of a message of which nothing but unknown metrics was left, the aliases that its letter does not name were known
    when it came, and are no part of what is wrong with it: a later birth alone has made them unknown."""
    named = [_parts(of_message) if all(map(_names_all_unknown, of_message)) else None for of_message in letters]
    read.rejections[:] = [
        one
        for one in read.rejections
        if code_of(one.reason) != UNKNOWN_METRIC
        or (parts := named[one.message]) is None
        or one.part in parts
        or not _ALIAS.fullmatch(one.part)
    ]


def _names_all_unknown(letter: DeadLetter) -> bool:
    return code_of(letter.reason) == UNKNOWN_METRIC and bool(letter.part) and not letter.part.endswith(CUT)


def _wanted(parts: Collection[str], again: Collection[str]) -> set[str] | None:
    """The points that letters name; ``None``: more than they name. What is still wrong with an object by itself
    (``again``) says nothing of the other objects of its message."""
    found = set()
    for part in parts:
        of_object = _OF_OBJECT.fullmatch(part)
        if of_object is None:
            if not part or part.endswith(CUT):
                return None
            found.add(part)
        elif part not in again:
            if of_object[1] is None:
                return None
            found.add(of_object[1])
    return found
