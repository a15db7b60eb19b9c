"""Whether the publisher subscribes to its replay topics, and what the broker makes of that.

A broker that does not allow it says so in its answer, or gives none, or ends the connection (MQTT 3.1.1 leaves it the
choice), and would end every one. What is published must not stand still for that: after ``ENDINGS`` such connections
the next one does without. Connections may end at that moment for other reasons. So where the one without ends as well,
before the broker has acknowledged anything over it, it was not the subscription; and where it stands, that is tried
once more over it, and then with a new connection at times.
"""

from collections.abc import Collection, Sequence

AT_ONCE = 8
"""Topics of one SUBSCRIBE at most: some brokers end the connection at more."""

ENDINGS = 2
"""Connections in a row that end before the subscription is answered, within ``PATIENCE_S``, after which one does
without."""

PATIENCE_S = 10.0
"""How long the rest waits for the answer. A connection without a subscription that is as old stands."""

SURE_S = 60.0
"""Age of a connection that stands without a subscription, at which that is tried once more over it."""

AGAIN_S = 3600.0
"""After an end so long the next connections do without."""


class Listening:
    """The network thread's own, but for ``awaited`` and ``problem``. ``now``: monotonic seconds."""

    def __init__(self, topics: Collection[str]) -> None:
        every = tuple(topics)
        self._pieces = [every[at : at + AT_ONCE] for at in range(0, len(every), AT_ONCE)]
        self._every = every
        self._asked: dict[int, tuple[str, ...]] = {}
        """Topics by packet, where the answer has not come."""
        self._refused: list[str] = []
        self._at = 0.0
        """When the connection began, or was asked for the subscription."""
        self._without = self._stands = False
        self._known = False
        """Whether an end before the answer may be a message's doing: the broker has answered before, or has ended a
        connection without a subscription as well."""
        self._ended = 0
        """Connections in a row that ended before the answer."""
        self._again_at = 0.0

    def begun(self, now: float) -> Sequence[tuple[str, ...]]:
        """The broker has taken a connection: what to subscribe to over it, each piece to be ``asked``."""
        self._asked, self._at, self._stands = {}, now, False
        self._without = self._ended >= ENDINGS and now < self._again_at
        return () if self._without else self._pieces

    def due(self, now: float) -> Sequence[tuple[str, ...]]:
        """As ``begun``, while it stands: what was left out, once, to be sure."""
        if not self._without or self._ended > ENDINGS or now < self._at + SURE_S:
            return ()
        self._without, self._at = False, now
        return self._pieces

    def asked(self, packet: int, piece: tuple[str, ...]) -> None:
        """The broker was asked for these topics."""
        self._asked = self._asked | {packet: piece}

    def answered(self, packet: int, refused: Sequence[bool]) -> None:
        """The answer, topic by topic."""
        if packet not in self._asked:
            return
        piece = self._asked[packet]
        self._asked = {other: topics for other, topics in self._asked.items() if other != packet}
        now_refused = [topic for topic, no in zip(piece, refused, strict=False) if no]
        self._refused = [topic for topic in self._refused if topic not in piece] + now_refused
        if not self._asked:
            self._known, self._ended = True, 0

    def acknowledged(self) -> None:
        """The broker has something that was sent over this connection."""
        self._stands = True

    def ended(self, now: float, *, by_broker: bool) -> bool:
        """The connection has ended. Whether that tells something about what was on its way."""
        waited, self._asked = bool(self._asked), {}
        if not by_broker:
            return False
        if waited and now < self._at + PATIENCE_S:
            self._ended += 1
            self._again_at = now + AGAIN_S
            return self._known
        if waited:
            self._ended = 0
        if self._without and not self._stands and now < self._at + PATIENCE_S:
            self._known, self._ended = True, 0
        return True

    @property
    def left_out_next(self) -> bool:
        """Whether the last connection ended before the answer: the next one, or that behind it, does without."""
        return self._ended > 0

    def awaited(self, now: float) -> bool:
        """Whether the answer may still come, and the rest waits for it."""
        return bool(self._asked) and now < self._at + PATIENCE_S

    def problem(self, now: float) -> str | None:
        """Why nobody can ask for anything again, in plain words, or ``None``."""
        topics: Sequence[str] = self._every
        if self._ended >= ENDINGS:
            what = "the broker ends the connection when the publisher subscribes to {}, so it publishes without"
        elif self._refused:
            what, topics = "the broker refuses the publisher's subscription to {}", self._refused
        elif self._asked and not self.awaited(now):
            what = "the broker has not answered the publisher's subscription to {}"
        else:
            return None
        more = f" (and {len(topics) - 1} more)" if len(topics) > 1 else ""
        without = "messages are sent all the same, but what is lost beyond the broker cannot be asked for again"
        rule = f"allow the subscription (in Mosquitto's ACL: topic read {topics[0]})"
        return f"{what.format(topics[0] + more)}; {without}: {rule}"
