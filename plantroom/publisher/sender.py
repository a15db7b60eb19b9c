"""The thread that sends: events first, then what waits in its order, then answers; and what comes of it."""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from plantroom.errors import NothingLeft
from plantroom.publisher.connection import Connection, Told
from plantroom.publisher.culprit import Culprit
from plantroom.publisher.outbox import Kept, Outbox
from plantroom.publisher.replays import Replays
from plantroom.publisher.suspects import Suspect, Suspects
from plantroom.publisher.window import Sent, Window
from plantroom.wire import Channel, parse_replay_request, topic_for

log = logging.getLogger(__name__)

CHUNK = 200
"""Messages read from the outbox at a time."""

REPLAYED_AT_ONCE = 50
EVENTS_AT_ONCE = 50
TIDY_S = 1.0
POLL_S = 0.2

TRIAL_S = 30.0
"""How long others wait, with the connection there, for what is tried alone: neither acknowledged nor the end of the
connection by then, it is a message like any other."""

UNACKNOWLEDGED_S = 60.0
"""How old the oldest message on its way may be, with the connection there, before that is a problem."""

Loses = Callable[[str, str, int], bool]


class Sender:
    """Sends an outbox's messages over a connection. ``replay_topics``: asset by topic of its requests. ``start`` runs
    it in a thread of its own until ``stop``."""

    def __init__(
        self,
        site: str,
        outbox: Outbox,
        connection: Connection,
        replay_topics: Mapping[str, str],
        *,
        window: int,
        clock: Callable[[], int],
        loses: Loses,
    ) -> None:
        self._site, self._replay_topics = site, replay_topics
        self._outbox, self._connection = outbox, connection
        self._clock, self._loses, self._window = clock, loses, window
        self._replays = Replays(outbox)
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._on_the_way = Window(window)
        self._culprit, self._suspects = Culprit(), Suspects()
        self._closings = self._generation = 0
        self._answers: list[int] = []
        """Messages whose replay was cut off."""
        self._read = self._events_read = 0
        self._ahead: set[int] = set()
        """Messages that were sent before their turn: events, and what was tried alone."""
        self._topics: dict[tuple[str, str], str] = {}
        self._tidied = 0.0
        self._last_kept = self._last_aside = ""
        self._event_came = False
        self._failed: str | None = None
        """What the last turn ended with, if it did."""
        self._oldest: tuple[Sent | None, float] = None, 0.0
        """Of the messages on their way, and since when."""

    @property
    def acked(self) -> int:
        """Messages that the broker has acknowledged since the start, replays included."""
        return self._on_the_way.acked

    @property
    def in_vain(self) -> int:
        """Messages that wait and were tried alone again and again."""
        return self._suspects.in_vain

    @property
    def troubles(self) -> list[str]:
        """Why nothing is sent or acknowledged, and what is kept back, in plain words. Any thread."""
        found = self._failed or self._unacknowledged, self._kept
        return [one for one in found if one is not None]

    @property
    def _kept(self) -> str | None:
        if aside := self._outbox.aside:
            return f"put aside: {aside}, the last one {self._last_aside}: the broker ends the connection at it"
        if kept := len(self._outbox.kept_back):
            return f"kept back: {kept}, the last one {self._last_kept}: connections ended at it; it is tried again"
        return None

    @property
    def _unacknowledged(self) -> str | None:
        front, since = self._oldest
        age_s = time.monotonic() - since
        if front is None or age_s < UNACKNOWLEDGED_S:
            return None
        return f"the broker is there and has not acknowledged what it was sent {age_s:.0f} s ago"

    def start(self, client_id: str) -> None:
        """Begin to connect and to send; the outbox is open."""
        self._read, self._generation = self._outbox.acked, self._outbox.generation
        self._suspects.take_up(self._outbox.kept_back, time.monotonic())
        self._connection.start(client_id, self._replay_topics, Told(self._acknowledged, self._heard, self.wake))
        self._thread.start()

    def wake(self, *, event: bool = False) -> None:
        """There may be something to do; an event, which goes before all that waits."""
        if event:
            self._event_came = True
        self._wake.set()

    @property
    def stopping(self) -> bool:
        """Whether ``stop`` was called."""
        return self._stop.is_set()

    def stop(self) -> None:
        """End the thread; what was acknowledged is noted."""
        self._stop.set()
        self._wake.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                busy, self._failed = self._turn(), None
                if not busy:
                    self._wake.wait(POLL_S)
                    self._wake.clear()
            except Exception as error:  # outermost loop of the thread: the next turn tries again
                self._failed = f"nothing is sent: {error}"
                log.exception("publisher turn failed")
                self._stop.wait(1.0)
        self._note_acks()
        self._outbox.tidy(self._clock())

    def _turn(self) -> bool:
        """Send some of what waits and some of what was asked for; ``False`` when there was nothing to do."""
        if self._outdated:
            self._begin_again()
        if not self._try_a_suspect():
            return True
        busy = self._connection.caught_up and self._send_some()
        self._note_acks()
        if time.monotonic() - self._tidied >= TIDY_S:
            self._tidied = time.monotonic()
            self._outbox.tidy(self._clock())
        return busy

    def _send_some(self) -> bool:
        if not self._send_events_first():
            return True
        fresh = self._outbox.after(self._read, CHUNK)
        for message in fresh:
            if self._event_came and not self._send_events_first():
                return True
            if message.id in self._ahead:
                self._ahead.discard(message.id)
            elif self._loses(message.asset, message.channel, message.seq):
                self._on_the_way.skipped(message.id)
            elif not self._send(message):
                return True
            self._on_the_way.in_turn(message.id, len(message.payload))
            self._read = message.id
        return not self._answer_once_more() or self._answer_some() or bool(fresh)

    def _send_events_first(self) -> bool:
        """An event never waits behind a backlog of values; ``False``: as ``_send``."""
        self._event_came = False
        self._events_read = max(self._events_read, self._read)
        while events := self._outbox.events_after(self._events_read, EVENTS_AT_ONCE):
            for message in events:
                if message.id in self._ahead:
                    pass
                elif self._loses(message.asset, message.channel, message.seq):
                    self._on_the_way.skipped(message.id)
                elif not self._send(message):
                    return False
                self._ahead.add(message.id)
                self._events_read = message.id
        return True

    def _answer_once_more(self) -> bool:
        """``False``: as ``_send``."""
        while self._answers:
            message = self._outbox.get(self._answers[0])
            if self._event_came or (message is not None and not self._send(message, again=True)):
                return False
            self._answers.pop(0)
        return True

    def _answer_some(self) -> bool:
        """A piece of the oldest request's answer, or as much as can be sent now; ``False``: there was none."""
        again = self._replays.next(self._read, REPLAYED_AT_ONCE)
        for asset, payload in again.gone:
            self._say(self._topic_of(asset, Channel.STATUS.value), payload)
        for message in again.messages:
            if not self._send(message, again=True):
                return True
            self._replays.answered(again, message.seq)
            if self._event_came:
                return True
        self._replays.answered(again, again.last)
        return again.asked is not None

    def _say(self, topic: str, payload: bytes) -> None:
        self._on_the_way.said(self._connection.publish(topic, payload), topic, payload)

    @property
    def _outdated(self) -> bool:
        """Whether what is on its way must be sent anew: from another outbox, one by one, or after a suspect."""
        if self._outbox.generation != self._generation or (self._culprit.alone and self._on_the_way.size > 1):
            return True
        return self._suspects.trial is None and not self._on_the_way.empty and self._overdue is not None

    @property
    def _overdue(self) -> Suspect | None:
        return self._suspects.overdue(time.monotonic()) if self._culprit.alone else None

    def _begin_again(self) -> None:
        self._generation = self._outbox.generation
        self._connection.begin_again()
        self._answers = self._on_the_way.answers + self._answers
        words = self._on_the_way.words
        self._on_the_way = Window(1 if self._culprit.alone else self._window, self._on_the_way.acked)
        self._read = self._events_read = self._outbox.acked
        self._ahead.clear()
        self._suspects.let_go()
        for topic, payload in words:
            self._say(topic, payload)

    def _topic_of(self, asset: str, channel: str) -> str:
        """An asset that this publisher no longer has may still have messages in the outbox."""
        topic = self._topics.get((asset, channel))
        if topic is None:
            topic = self._topics[asset, channel] = topic_for(self._site, asset, Channel(channel))
        return topic

    def _send(self, message: Kept, *, again: bool = False) -> bool:
        """``False``: while waiting for room in the window told to stop, or to begin again; or the connection is gone,
        and what was sent over it must be sent again first."""
        while self._on_the_way.full:
            if not self._wait():
                return False
        topic = self._topic_of(message.asset, message.channel)
        packet = self._connection.publish_behind(topic, message.payload)
        if packet is not None:
            self._on_the_way.sent(packet, message.id, again=again)
        return packet is not None

    def _wait(self) -> bool:
        """For an acknowledgement, a little; ``False``: as ``_send``."""
        self._wake.clear()
        if not self._on_the_way.unsettled:
            self._wake.wait(POLL_S)
        self._note_acks()
        return not self._stop.is_set() and not self._outdated

    # Messages at which connections end.

    def _try_a_suspect(self) -> bool:
        """Send one that was kept back, alone, if it is time for that, and wait for what becomes of it; ``False``: as
        ``_send``."""
        now, connected = time.monotonic(), self._connection.problem is None
        one = self._suspects.due(now, self.acked, others_wait=self._outbox.queued > 0) if connected else None
        one = one or self._overdue
        if one is None:
            return True
        end = now + TRIAL_S
        while not self._on_the_way.empty:
            if not self._wait():
                return False
            if time.monotonic() > end:  # the broker leaves something unacknowledged: others are not to wait for that
                self._suspects.postpone(one, time.monotonic())
                return True
        try:
            message = self._outbox.put_back(one.message)
        except NothingLeft:
            self._suspects.postpone(one, now)
            return True
        if message is None:
            self._suspects.forget(one)
            return True
        self._suspects.try_alone(one, message.id)
        self._ahead.add(message.id)
        packet = self._connection.publish(self._topic_of(message.asset, message.channel), message.payload)
        self._on_the_way.sent(packet, message.id)
        return self._wait_for_the_trial()

    def _wait_for_the_trial(self) -> bool:
        end = time.monotonic() + TRIAL_S
        while self._suspects.trial is not None:
            if not self._wait():
                return False
            if self._connection.problem is not None:
                end = time.monotonic() + TRIAL_S
            elif time.monotonic() > end:
                self._suspects.let_go()
        return True

    def _note_acks(self) -> None:
        reached = self._on_the_way.settle()
        if reached is not None:
            self._outbox.acknowledge(*reached, self._generation)
        if self._suspects.trial is not None and self._on_the_way.empty:
            self._suspects.passed(self.acked, time.monotonic())
        if self._closings != (now := self._connection.closings):
            self._closings = now
            self._note_closing()
        elif self._culprit.calm(self.acked):
            self._on_the_way.size = self._window
        front = self._on_the_way.front
        if front is None or front != self._oldest[0] or not self._connection.caught_up:
            self._oldest = front, time.monotonic()

    def _note_closing(self) -> None:
        now, front = time.monotonic(), self._on_the_way.front
        tried = self._suspects.ended(self.acked, now)
        if tried is not None:
            self._keep_back(tried)
            return
        self._suspects.ended_elsewhere(self.acked)
        found = self._culprit.closed(front, self.acked)
        if found is not None:
            self._keep_back(self._suspects.keep(found.message, self.acked, now))

    def _keep_back(self, one: Suspect) -> None:
        message = self._outbox.put_aside(one.message, sure=one.sure)
        if message is None:
            self._suspects.forget(one)
            return
        what = f"{message.channel} {message.seq} of {message.asset} ({len(message.payload)} bytes)"
        if not one.sure:
            self._last_kept = what
            log.warning("%s kept back: connections ended at it; tried again in %.0f s", what, one.pause_s)
        elif what != self._last_aside:
            self._last_aside = what
            log.error("%s put aside: the broker ends the connection at it; what is behind it goes on", what)

    # paho's thread.

    def _acknowledged(self, packet: int) -> None:
        self._on_the_way.acknowledged(packet)
        self._wake.set()

    def _heard(self, topic: str, payload: bytes) -> None:
        asset, request = self._replay_topics.get(topic), parse_replay_request(payload)
        if asset is not None and request is not None:
            self._replays.ask(asset, request)
            self._wake.set()
