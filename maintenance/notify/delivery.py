"""Delivery: messages of the outbox to their receivers, until they have arrived or are given up.

At least once: a process that dies between sending and writing that down sends again, under the same id. A channel is
claimed for a while, so that of several processes one serves it; each channel is served by a thread of its own, so that
a receiver that does not answer keeps nobody else waiting. A message that fails rests with its channel, longer each
time.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from maintenance.notify.batches import ELSEWHERE_AFTER, MAX_ATTEMPTS, WINDOW, Batch, next_batch, rest
from maintenance.notify.broken import arrived_again, broken, elsewhere
from maintenance.notify.channels import Channel
from maintenance.notify.messages import Message, digest_of
from maintenance.notify.ports import Delivered, NotSent, Outgoing, Post
from maintenance.ports import MaintenanceTx
from plantroom.domain.keys import new_key
from plantroom.errors import NotFound
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import Ledger

LEASE = timedelta(minutes=2)
"""How long a claim holds: longer than a receiver may take to answer."""

THREADS = 8
IN_A_TURN = 20
"""Messages, or digests, that a channel carries in one turn; then others come first."""

LONGEST_TURN_S = 60.0
"""No further one is begun after that, so that the last one ends before the claim does."""

LOOKED_AT = 500

log = structlog.get_logger()


class Delivery:
    """Serves channels, some at a time. ``base_url`` is for the links of digests, ``chance`` spreads retries; ``total``
    is what it has done so far."""

    def __init__(
        self,
        ledger: Ledger[MaintenanceTx],
        post: Post,
        clock: Clock,
        base_url: str = "",
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._ledger, self._post, self._clock, self._base_url, self._chance = ledger, post, clock, base_url, chance
        self._holder = new_key()
        self._counting = threading.Lock()
        self.total = Delivered()
        self._free = threading.Semaphore(THREADS)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="notify")

    def run_once(self) -> int:
        """Begin to serve the channels that something is due of, as far as threads are free; gives how many. Waits for
        none of them (``maintenance.worker``)."""
        free = 0
        while free < THREADS and self._free.acquire(blocking=False):
            free += 1
        claimed: Sequence[Channel] = ()
        try:
            claimed = self._claim(free) if free else ()
        finally:
            for _ in range(free - len(claimed)):
                self._free.release()
        for channel in claimed:
            self._pool.submit(self._serve_and_free, channel)
        return len(claimed)

    def run_all(self) -> Delivered:
        """Serve every channel that something is due of now, side by side; comes back when all have had their turn."""
        total = Delivered()
        while claimed := self._claim(THREADS):
            turns = [self._pool.submit(self.serve, channel) for channel in claimed]
            wait(turns)
            total = sum((turn.result() for turn in turns), total)
        return total

    def close(self) -> None:
        """Take no more; what is being sent goes on until it is bounded by its time."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _claim(self, limit: int) -> Sequence[Channel]:
        now = self._clock.now()
        with self._ledger.read() as tx:
            if not tx.notifications.anything_due(now):
                return ()
        with self._ledger.begin() as tx:
            return tx.channels.claim(self._holder, now, now + LEASE, limit)

    def _serve_and_free(self, channel: Channel) -> None:
        try:
            self.serve(channel)
        except Exception as error:  # noqa: BLE001 (outermost call of the pool's thread: logged)
            # Its claim ends by itself, and what it was to carry is still in the outbox.
            log.warning("channel_not_served", channel=channel.name, problem=str(error), type=type(error).__name__)
        finally:
            self._free.release()

    def serve(self, channel: Channel) -> Delivered:
        """One turn of a claimed channel."""
        total, begun = Delivered(), time.monotonic()
        try:
            for _ in range(IN_A_TURN):
                if time.monotonic() - begun > LONGEST_TURN_S:
                    break
                batch = self._next(channel)
                if not batch.messages:
                    break
                done = self._carry(channel, batch)
                total += done
                with self._counting:
                    self.total += done
                if done.failed:
                    break
        finally:
            with self._ledger.begin() as tx:
                tx.channels.release(channel.id, self._holder)
        return total

    def _next(self, channel: Channel) -> Batch:
        now = self._clock.now()
        with self._ledger.read() as tx:
            try:
                channel = tx.channels.get(channel.id)
            except NotFound:
                return Batch()
            waiting = tx.notifications.due(channel.id, now, LOOKED_AT)
            sent = tx.notifications.sent_alone(channel.id, now - WINDOW)
        batch = next_batch(channel.kind, waiting, sent, channel.digest_at, now)
        if batch.wait_until is not None:
            with self._ledger.begin() as tx:
                urgent = any(one.urgent for one in waiting)
                tx.notifications.postpone(channel.id, batch.wait_until, urgent=urgent)
        return batch

    def _carry(self, channel: Channel, batch: Batch) -> Delivered:
        digest = new_key() if batch.digest and len(batch.messages) > 1 else None
        try:
            self._post(channel, self._outgoing(channel, batch, digest))
        except NotSent as error:
            return self._failed(channel, batch.messages, str(error))
        now = self._clock.now()
        with self._ledger.begin() as tx:
            tx.notifications.note([_arrived(one, now, digest) for one in batch.messages])
            known = tx.channels.get(channel.id)
            arrived_again(tx, known, now)
            tx.channels.note(_works(known, now, digest=batch.digest))
        return Delivered(sent=len(batch.messages))

    def _outgoing(self, channel: Channel, batch: Batch, digest: str | None) -> Outgoing:
        first = batch.messages[0]
        if digest is None:
            return Outgoing(first.id, first.title, first.body, first.payload, first.urgent, first.attempts + 1)
        link = f"{self._base_url.rstrip('/')}/tickets" if self._base_url else ""
        title, body = digest_of(batch.messages, channel.language, link)
        return Outgoing(digest, title, body, {}, any(one.urgent for one in batch.messages), first.attempts + 1)

    def _failed(self, channel: Channel, messages: Sequence[Message], problem: str) -> Delivered:
        """The channel rests, and with it everything that it was to carry; what has failed too often is given up."""
        now = self._clock.now()
        log.warning("message_not_sent", channel=channel.name, problem=problem, messages=len(messages))
        with self._ledger.begin() as tx:
            known = tx.channels.get(channel.id)
            failures = known.failures + 1
            until = now + rest(failures, self._chance())
            after = [_missed(one, now, until, problem) for one in messages]
            tx.notifications.note(after)
            known = replace(known, failures=failures, last_failed_at=now, last_error=problem, resting_until=until)
            lost = [one for one in after if one.next_try is None]
            for one in after:
                if one.urgent and one.attempts == ELSEWHERE_AFTER:
                    elsewhere(tx, one, known, now)
            tx.channels.note(broken(tx, known, lost, now) if lost else known)
        return Delivered(failed=1, given_up=len(lost))


def deliver(
    ledger: Ledger[MaintenanceTx],
    post: Post,
    clock: Clock,
    base_url: str = "",
    chance: Callable[[], float] = random.random,
) -> Delivered:
    """One round of delivery, for schedulers: comes back when every channel has had its turn."""
    delivery = Delivery(ledger, post, clock, base_url, chance)
    try:
        return delivery.run_all()
    finally:
        delivery.close()


def _arrived(message: Message, now: datetime, digest: str | None) -> Message:
    return replace(message, attempts=message.attempts + 1, next_try=None, delivered_at=now, error=None, digest=digest)


def _missed(message: Message, now: datetime, until: datetime, problem: str) -> Message:
    attempts = message.attempts + 1
    if attempts >= MAX_ATTEMPTS:
        return replace(message, attempts=attempts, next_try=None, given_up_at=now, error=problem)
    return replace(message, attempts=attempts, next_try=until, error=problem)


def _works(channel: Channel, now: datetime, *, digest: bool) -> Channel:
    return replace(
        channel,
        failures=0,
        last_ok_at=now,
        broken_since=None,
        resting_until=None,
        digest_at=now if digest else channel.digest_at,
    )
