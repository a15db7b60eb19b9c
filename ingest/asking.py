"""Publishers are asked for what is missing: requests on ``.../replay`` for the open gaps that are due.

One thread for all sites of a collector, apart from the stream. It goes by the ledger alone, so what people ask for or
give up by hand counts within a second. A publisher that is away is not asked; one that does not answer is asked less
and less often, and in the end the gap is given up, as it is when the publisher stays away or its asset is scrapped.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from plantroom.domain.assets import AssetStatus, Presence
from plantroom.errors import BadData, Unreachable
from plantroom.ports.clock import Clock, to_ms
from plantroom.ports.gaps import Gap, GapState, GiveUp
from plantroom.ports.ledger import Contended, Ledger
from plantroom.ports.requests import DeviceRequests
from plantroom.wire import Channel, ReplayRequest, boot_number, encode_replay_request, replay_topic

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
FIRST_WAIT_S = 15.0
LONGEST_WAIT_S = 6 * 3600.0
MAX_ASKS = 20
"""With the waits between them two and a half days of a publisher that hears and does not answer."""

AWAY_WAIT = timedelta(seconds=60)
"""When to look again whether a publisher is back."""

AWAY_FOR = timedelta(days=30)
"""Who is away so long and comes back has let its old messages go: a small device keeps them for hours or days."""

PER_TURN = 200
"""Requests a second at most, over all sites."""

PER_ASSET = 10
"""Requests a second to one asset's publisher at most."""


def wait_after(asks: int) -> timedelta:
    """How long to wait for an answer after so many requests."""
    return timedelta(seconds=min(FIRST_WAIT_S * 2 ** min(asks, 16), LONGEST_WAIT_S))


class GapAsker:
    """Asks for the due gaps of some sites. ``horizons`` gives each site up to when all that came is dealt with: what
    may wait in a spool is not asked for. ``start`` runs it in a thread of its own until ``stop``."""

    def __init__(
        self,
        ledger: Ledger[Any],
        requests: DeviceRequests,
        clock: Clock,
        horizons: Callable[[], Mapping[str, int]],
    ) -> None:
        self._ledger = ledger
        self._requests = requests
        self._clock = clock
        self._horizons = horizons
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gap-asker", daemon=True)
        self._missing: Mapping[GapState, Mapping[str, int]] = {}
        self.failures = 0
        self.problem: str | None = None
        """Turns that failed unexpectedly, and how the last one did, until one goes well."""

    def start(self) -> None:
        """Begin in an own thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread. Stopping twice, or before the start, is allowed."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def missing(self, site: str, state: GapState) -> int | None:
        """Numbers in the site's gaps of a state, as the ledger had them last (any thread); ``None`` before the first
        look."""
        counts = self._missing.get(state)
        return None if counts is None else counts.get(site, 0)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            try:
                self.turn()
                self.problem = None
            except (Unreachable, Contended) as error:
                log.warning("gaps_not_asked_for", problem=str(error))
            except Exception as error:  # outermost loop of the thread: counted, the next turn tries again
                log.exception("gap_turn_failed")
                self.failures += 1
                self.problem = f"gaps: internal error {type(error).__name__}: {error}; trying again"

    def turn(self) -> int:
        """Ask for what is due now; gives how many requests were published. Raises ``Unreachable``, ``Contended``."""
        now = self._clock.now()
        horizons = self._horizons()
        with self._ledger.read() as tx:
            due = tx.gaps.due(list(horizons), now, 10 * PER_TURN)
            offline = _offline_since(tx) if due else {}
            assets = tx.assets.several({gap.asset for gap in due}) if due else {}
            self._missing = {state: tx.gaps.missing(state) for state in (GapState.OPEN, GapState.GIVEN_UP)}
        used = {key: one.code for key, one in assets.items() if one.status is not AssetStatus.SCRAPPED}
        scrapped = [gap for gap in due if gap.asset not in used]
        known = [gap for gap in due if gap.asset in used]
        unheard = [gap for gap in known if gap.asset in offline]
        gone = [gap for gap in unheard if now - max(offline[gap.asset], gap.found_at) >= AWAY_FOR]
        due = [gap for gap in known if gap.asset not in offline and _seen_to(gap, horizons)]
        weary = [gap for gap in due if gap.asks >= MAX_ASKS]
        chosen = _fairly([gap for gap in due if gap.asks < MAX_ASKS])
        if not scrapped and not unheard and not weary and not chosen:
            return 0
        with self._ledger.begin() as tx:
            tx.gaps.hold([gap.id for gap in (*scrapped, *unheard, *weary, *chosen)])
            ended = ((scrapped, GiveUp.SCRAPPED), (gone, GiveUp.AWAY), (weary, GiveUp.UNANSWERED))
            for gaps, reason in ended:
                tx.gaps.give_up([gap.id for gap in gaps], reason, now)
            tx.gaps.ask_later([gap.id for gap in unheard], now + AWAY_WAIT)
            for asks in {gap.asks for gap in chosen}:
                tx.gaps.asked([gap for gap in chosen if gap.asks == asks], now, now + wait_after(asks))
        return sum(self._ask(gap, gap.code or used[gap.asset]) for gap in chosen)

    def _ask(self, gap: Gap, code: str) -> int:
        """Publish the request, in each form that its boot may have had; gives how many."""
        try:
            topic = replay_topic(gap.site, code)
        except BadData:
            return 0
        request = ReplayRequest(gap.boot, gap.first, gap.last, Channel(gap.channel))
        for as_number in (False, True)[: _forms(gap)]:
            self._requests.publish(topic, encode_replay_request(request, as_number=as_number), acknowledged=True)
        return _forms(gap)


def _forms(gap: Gap) -> int:
    """How many requests ask for it: a boot that has the text of a number may have been one, and a publisher compares
    what it is asked for with what it sent."""
    return 1 if boot_number(gap.boot) is None else 2


def _offline_since(tx: Any) -> Mapping[str, datetime]:
    """Assets that are offline, and since when."""
    known = tx.collect.presence().items()
    return {key: one.since for key, one in known if one.presence is Presence.OFFLINE}


def _seen_to(gap: Gap, horizons: Mapping[str, int]) -> bool:
    """Whether all that came before the gap is due has been dealt with."""
    due: datetime | None = gap.ask_at
    return due is not None and to_ms(due) <= horizons[gap.site]


def _fairly(due: Sequence[Gap]) -> list[Gap]:
    """At most ``PER_ASSET`` requests to each asset and ``PER_TURN`` to all, longest due first."""
    chosen: list[Gap] = []
    counts: dict[str, int] = {}
    total = 0
    for gap in due:
        forms, count = _forms(gap), counts.get(gap.asset, 0)
        if count + forms <= PER_ASSET and total + forms <= PER_TURN:
            counts[gap.asset] = count + forms
            total += forms
            chosen.append(gap)
    return chosen
