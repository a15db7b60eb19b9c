"""Whom the asker asks, when, how often, and when it stops."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingest.asking import MAX_ASKS, PER_ASSET, PER_TURN, GapAsker, wait_after
from plantroom.domain.assets import AssetStatus, Point, Presence, Site
from plantroom.domain.spans import Span
from plantroom.ports.clock import to_ms
from plantroom.ports.gaps import Gap, GapFilter, GapNews, GapState
from plantroom.ports.ledger import PresenceChange
from plantroom.ports.paging import PageRequest
from plantroom.ports.requests import DeviceRequests
from plantroom.storage.ledger import SqlLedger
from plantroom.wire import Channel, ReplayRequest, parse_replay_request
from tests.unit.ingest.plants import NAME, TEMPLATES, pump

BEGIN = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class Requests(DeviceRequests):
    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, bool]] = []

    def publish(self, topic: str, payload: bytes, *, acknowledged: bool = False) -> None:
        self.sent.append((topic, payload, acknowledged))


@dataclass
class Desk:
    """An asker with a clock in hand, on a real ledger with a pump ``P-1``."""

    ledger: SqlLedger
    now_: datetime = BEGIN
    horizon: datetime | None = None
    requests: Requests = field(default_factory=Requests)

    def __post_init__(self) -> None:
        self.asker = GapAsker(self.ledger, self.requests, self, lambda: {"demo": to_ms(self.horizon or self.now_)})

    def now(self) -> datetime:
        return self.now_

    def later(self, **span: float) -> int:
        self.now_ += timedelta(**span)
        return self.asker.turn()

    def hole(
        self,
        *spans: Span,
        code: str = "P-1",
        asset: str = "key-P-1",
        channel: str = "telemetry",
        boot: str = "b1",
    ) -> None:
        at = self.now_ + timedelta(seconds=5)
        with self.ledger.begin() as tx:
            tx.gaps.note("demo", [GapNews(asset, code, channel, boot, 0, self.now_, at, spans)])

    def gaps(self) -> list[Gap]:
        with self.ledger.read() as tx:
            return list(tx.gaps.list(GapFilter(), PageRequest(1000)).items)

    def asked(self) -> list[tuple[str, ReplayRequest | None]]:
        return [(topic, parse_replay_request(payload)) for topic, payload, _ in self.requests.sent]


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    ledger = SqlLedger(sqlite_url)
    ledger.open()
    with ledger.begin() as tx:
        tx.assets.add_site(Site("demo", NAME))
        for code in ("P-1", "P-2"):
            tx.assets.add(pump(code), [Point(f"key-{code}", template) for template in TEMPLATES])
    yield Desk(ledger)
    ledger.close()


def test_a_publisher_is_asked_after_the_grace_and_by_its_own_code(desk: Desk) -> None:
    desk.hole((5, 9), code="P-OLD", channel="event")
    assert desk.later(seconds=4) == 0
    assert desk.later(seconds=1) == 1
    assert desk.asked() == [("plantroom/demo/P-OLD/replay", ReplayRequest("b1", 5, 9, Channel.EVENT))]
    _, payload, acknowledged = desk.requests.sent[0]
    assert json.loads(payload) == {"boot": "b1", "from": 5, "to": 9, "channel": "event"}
    assert acknowledged


def test_without_a_known_code_the_assets_present_one_is_used(desk: Desk) -> None:
    desk.hole((5, 9), code="")
    desk.later(seconds=5)
    assert desk.asked()[0][0] == "plantroom/demo/P-1/replay"


def test_what_may_wait_in_a_spool_is_not_asked_for(desk: Desk) -> None:
    desk.hole((5, 9))
    desk.horizon = BEGIN + timedelta(seconds=4)
    assert desk.later(hours=1) == 0
    desk.horizon = BEGIN + timedelta(seconds=5)
    assert desk.later(seconds=1) == 1


def test_it_asks_less_and_less_often_and_in_the_end_gives_up(desk: Desk) -> None:
    desk.hole((5, 9))
    asks, last = 0, desk.now_
    while desk.gaps()[0].state is GapState.OPEN:
        count = desk.later(seconds=5) if asks < 3 else desk.later(hours=1)
        if count:
            assert asks == 0 or desk.now_ - last >= wait_after(asks - 1)
            asks, last = asks + 1, desk.now_
        assert desk.now_ - BEGIN < timedelta(days=5)
    assert asks == MAX_ASKS
    assert [(gap.state, gap.reason, gap.asks) for gap in desk.gaps()] == [(GapState.GIVEN_UP, "unanswered", MAX_ASKS)]
    assert desk.later(days=1) == 0


def test_a_publisher_that_is_away_is_asked_when_it_is_back(desk: Desk) -> None:
    desk.hole((5, 9))
    presence = PresenceChange("key-P-1", Presence.OFFLINE, BEGIN, None)
    with desk.ledger.begin() as tx:
        tx.collect.put_presence([presence])
    assert [desk.later(hours=1) for _ in range(100)] == [0] * 100
    assert desk.gaps()[0].asks == 0
    with desk.ledger.begin() as tx:
        tx.collect.put_presence([PresenceChange("key-P-1", Presence.ONLINE, desk.now_, desk.now_)])
    assert desk.later(minutes=2) == 1


def test_a_publisher_that_stays_away_is_given_up_a_month_after_it_went(desk: Desk) -> None:
    desk.hole((5, 9))
    with desk.ledger.begin() as tx:
        tx.collect.put_presence([PresenceChange("key-P-1", Presence.OFFLINE, BEGIN - timedelta(days=90), None)])
    assert [desk.later(days=1) for _ in range(29)] == [0] * 29
    assert desk.gaps()[0].state is GapState.OPEN, "it was found later than the publisher went"
    assert desk.later(days=1) == desk.later(days=1) == 0
    assert [(gap.state, gap.reason, gap.asks) for gap in desk.gaps()] == [(GapState.GIVEN_UP, "away", 0)]
    assert desk.asker.missing("demo", GapState.OPEN) == 0


def test_gaps_of_an_asset_that_is_scrapped_are_given_up_at_once(desk: Desk) -> None:
    desk.hole((5, 9))
    desk.hole((5, 9), code="P-2", asset="key-P-2")
    assert desk.later(seconds=5) == 2
    with desk.ledger.begin() as tx:
        tx.assets.set_status("key-P-2", AssetStatus.SCRAPPED)
    assert desk.later(minutes=1) == 1
    assert [(gap.asset, gap.reason) for gap in desk.gaps() if gap.state is GapState.GIVEN_UP] == [
        ("key-P-2", "scrapped")
    ]


def test_one_wild_publisher_does_not_keep_others_waiting(desk: Desk) -> None:
    desk.hole(*[(n, n) for n in range(0, 1000, 2)])
    desk.now_ += timedelta(seconds=1)
    desk.hole((5, 9), code="P-2", asset="key-P-2")
    assert desk.later(seconds=9) == PER_ASSET + 1 <= PER_TURN
    assert "plantroom/demo/P-2/replay" in [topic for topic, _ in desk.asked()]


def test_a_code_that_is_no_topic_level_is_not_asked(desk: Desk) -> None:
    desk.hole((1, 2), code="a/b")
    assert desk.later(seconds=5) == 0
    assert desk.requests.sent == []


def test_figures_are_those_of_the_list(desk: Desk) -> None:
    assert desk.asker.missing("demo", GapState.OPEN) is None
    desk.hole((5, 9), (11, 11))
    desk.later(seconds=1)
    assert desk.asker.missing("demo", GapState.OPEN) == 6
    assert desk.asker.missing("demo", GapState.GIVEN_UP) == desk.asker.missing("else", GapState.OPEN) == 0


def test_the_gaps_of_several_assets_are_locked_in_one_order_whatever_becomes_of_each(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.hole((5, 9))
    desk.hole((5, 9), code="P-2", asset="key-P-2")
    with desk.ledger.begin() as tx:
        away = PresenceChange("key-P-2", Presence.OFFLINE, BEGIN, BEGIN)
        tx.collect.put_presence([away])
        backend = tx.work.backend
    locked: list[str] = []
    real = backend.lock_text

    def lock_text(connection: Any, text: str) -> None:
        locked.append(text)
        real(connection, text)

    monkeypatch.setattr(backend, "lock_text", lock_text)
    assert desk.later(seconds=5) == 1
    firsts = list(dict.fromkeys(locked))
    assert firsts == ["gaps key-P-1", "gaps key-P-2"], "as everybody else takes them"
