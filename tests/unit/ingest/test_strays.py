"""What comes for sites that the ledger does not have: dead letters, and findings for its safety events."""

import json
import random
from collections.abc import Iterator

import pytest

from ingest.rejections import HANDED_ON
from ingest.strays import MAX_SITE, MAX_TOPICS, StrayWorker, Thinning
from plantroom.domain.assets import LocalName, Site
from plantroom.domain.findings import FindingRaised
from plantroom.ports.clock import SystemClock
from plantroom.ports.spool import SpoolRecord
from tests.unit.ingest.house import House, until
from tests.unit.ingest.plants import CLASSES

FLOODED = json.dumps({"event": "flooded"}).encode()
VALUES = b'{"values": {"vibration": 1}}'


class Strays:
    """A worker for unknown sites on the house's ledger and spool."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.worker = self._worker()

    def _worker(self) -> StrayWorker:
        house = self.house
        return StrayWorker(house.spool, house.ledger, CLASSES, SystemClock(), random.Random(1))

    def send(self, payload: bytes, topic: str = "nosite/P-9/telemetry", s: float = 0) -> None:
        at_ms = self.house.now_ms // 60_000 * 60_000 + round(1000 * s)
        self.house.spool.put(f"plantroom/{topic}", payload, at_ms)

    def run(self) -> None:
        self.worker.start()
        self.settle()

    def again(self) -> None:
        self.worker.stop()
        self.house.spool.commit(0, b"")
        self.worker = self._worker()
        self.run()

    def restart(self) -> None:
        """Another process goes on from what was saved."""
        self.worker.stop()
        self.worker = self._worker()
        self.run()

    def settle(self) -> None:
        until(lambda: self.house.spool.position == len(self.house.spool.records))

    def findings(self) -> list[FindingRaised]:
        return [one for one in self.house.findings() if isinstance(one, FindingRaised)]


@pytest.fixture
def strays(house: House) -> Iterator[Strays]:
    made = Strays(house)
    yield made
    made.worker.stop()


def test_what_the_broker_had_retained_is_kept_and_told_once_however_often_it_comes(strays: Strays) -> None:
    for reconnect in range(3):
        at_ms = strays.house.now_ms + 120_000 * reconnect
        for channel, payload in (("telemetry", VALUES), ("event", FLOODED)):
            records = strays.house.spool.records
            records.append(SpoolRecord(len(records) + 1, at_ms, f"plantroom/nosite/P-9/{channel}", payload, True))
    strays.run()
    assert len(strays.house.letters()) == 2
    assert len(strays.findings()) == 1


def test_a_message_becomes_a_dead_letter_under_the_code_it_names(strays: Strays) -> None:
    strays.send(VALUES)
    strays.send(b"\xff", "nosite/P-9/status")
    strays.send(b"not json", "//event")
    strays.run()
    found = {(one.site, one.topic, one.payload, one.reason) for one in strays.house.letters()}
    assert found == {
        ("nosite", "plantroom/nosite/P-9/telemetry", VALUES, "unknown_site"),
        ("nosite", "plantroom/nosite/P-9/status", b"\xff", "unknown_site"),
        ("", "plantroom///event", b"not json", "unknown_topic"),
    }
    assert strays.findings() == []
    counts = {"received": 3, "dead_lettered": 3, "letters_unknown_site": 2, "letters_unknown_topic": 1}
    until(lambda: strays.worker.figures() == {**counts, "spool_depth": 0, "lag_s": 0})


def test_of_a_topic_without_a_site_one_a_minute_is_kept_as_no_topic(strays: Strays) -> None:
    for s in (0, 1, 2, 60):
        strays.send(VALUES, "/Z-1/telemetry", s)
    strays.run()
    left_out = "unknown_topic: 2 more of this topic were left out before it"
    assert sorted(one.reason for one in strays.house.letters()) == ["unknown_topic", left_out]


def test_its_safety_event_is_a_finding_of_the_first_site_that_names_the_unknown_one(strays: Strays) -> None:
    with strays.house.ledger.begin() as tx:
        tx.assets.add_site(Site("alpha", LocalName("甲", "Alpha")))
    strays.send(FLOODED, "nosite/P-1/event")
    strays.send(b'{"event": "door_held"}', "nosite/P-1/event")
    strays.run()
    (finding,) = strays.findings()
    assert (finding.site, finding.asset, finding.safety) == ("alpha", "", True)
    assert (finding.detail["site"], finding.detail["code"]) == ("nosite", "P-1")
    assert strays.house.reasons() == ["unknown_site"] * 2


@pytest.fixture
def zulu(strays: Strays) -> Strays:
    """A site that was entered while messages for it were on their way."""
    with strays.house.ledger.begin() as tx:
        tx.assets.add_site(Site("zulu", LocalName("丁", "Zulu")))
    return strays


def handed_on(strays: Strays) -> list[tuple[str, bytes]]:
    with strays.house.ledger.read() as tx:
        return [(one.topic.split("/")[3], one.payload) for one in tx.collect.letters_to_replay("zulu", 100)]


def test_what_is_meant_for_a_site_that_is_entered_by_now_goes_on_to_it(zulu: Strays) -> None:
    zulu.send(FLOODED, "zulu/P-1/event")
    zulu.send(b"not json", "zulu/P-1/event")
    zulu.send(VALUES, "zulu/P-1/telemetry")
    zulu.send(b'{"boot": "7f3a", "gone": [[1, 2]]}', "zulu/P-1/status")
    zulu.send(VALUES, "nosite/P-1/telemetry")
    zulu.run()
    assert sorted(handed_on(zulu)) == [
        ("event", b"not json"),
        ("event", FLOODED),
        ("status", b'{"boot": "7f3a", "gone": [[1, 2]]}'),
        ("telemetry", VALUES),
    ]
    assert zulu.findings() == [], "its own ingest tells its events"
    until(lambda: zulu.worker.figures()["received"] == 5)
    assert (zulu.worker.figures()["dead_lettered"], zulu.worker.figures()["letters_unknown_site"]) == (1, 1)


def test_it_goes_on_as_such_whether_or_not_others_of_its_topic_were_left_out(strays: Strays) -> None:
    for s in (0, 1, 61):
        strays.send(VALUES, "zulu/P-1/telemetry", s=s)
    with strays.house.ledger.begin() as tx:
        tx.assets.add_site(Site("zulu", LocalName("丁", "Zulu")))
    strays.run()
    assert len(handed_on(strays)) == 2
    assert all(HANDED_ON in letter.reason and "left out" not in letter.reason for letter in strays.house.letters())


def test_what_says_nothing_when_it_is_replayed_does_not_go_on(zulu: Strays) -> None:
    for payload in (b"online", b'"offline"', b'{"status": "online"}'):
        zulu.send(payload, f"zulu/{payload.hex()}/status")
        zulu.send(payload, f"nosite/{payload.hex()}/status")
    records = zulu.house.spool.records
    for channel in ("telemetry", "status", "event"):
        topic = f"plantroom/zulu/P-2/{channel}"
        records.append(SpoolRecord(len(records) + 1, zulu.house.now_ms, topic, VALUES, True))
    zulu.run()
    assert handed_on(zulu) == [("event", VALUES)]
    assert {one.site for one in zulu.house.letters()} == {"nosite", "zulu"}
    assert len(zulu.house.letters()) == 4


def test_what_was_kept_before_a_kill_goes_on_when_it_is_processed_again(strays: Strays) -> None:
    strays.send(FLOODED, "zulu/P-1/event")
    strays.run()
    assert handed_on(strays) == []
    with strays.house.ledger.begin() as tx:
        tx.assets.add_site(Site("zulu", LocalName("丁", "Zulu")))
    strays.again()
    strays.again()
    assert handed_on(strays) == [("event", FLOODED)]


def test_of_telemetry_one_message_a_topic_and_minute_is_kept_and_the_next_says_how_many_were_not(
    strays: Strays,
) -> None:
    for s in range(50):
        strays.send(VALUES, s=s)
    strays.send(VALUES, "nosite/P-8/telemetry", s=50)
    strays.send(VALUES, s=61)
    strays.run()
    assert sorted((one.topic.split("/")[2], one.reason) for one in strays.house.letters()) == [
        ("P-8", "unknown_site"),
        ("P-9", "unknown_site"),
        ("P-9", "unknown_site: 49 more of this topic were left out before it"),
    ]


def test_events_are_kept_all_and_so_is_a_safety_event_among_telemetry(strays: Strays) -> None:
    for _ in range(3):
        strays.send(FLOODED, "nosite/P-9/event")
        strays.send(b'{"event": "door_held"}', "nosite/P-9/event")
        strays.send(FLOODED)
    strays.run()
    assert len(strays.house.letters()) == 9
    assert len(strays.findings()) == 6


def test_processing_again_adds_nothing(strays: Strays) -> None:
    for _ in range(3):
        strays.send(VALUES)
        strays.send(FLOODED, "nosite/P-9/event")
    strays.run()
    before = sorted(one.id for one in strays.house.letters())
    strays.again()
    assert sorted(one.id for one in strays.house.letters()) == before
    assert len({one.finding_id for one in strays.findings()}) == len(strays.findings()) == 3


def test_a_ledger_that_is_away_is_waited_out_and_the_cursor_stays(strays: Strays) -> None:
    strays.house.ledger.away = True
    strays.send(FLOODED, "nosite/P-9/event")
    strays.worker.start()
    until(strays.worker.problems)
    assert "unknown sites: " in strays.worker.problems()[0]
    assert strays.house.spool.position == 0
    strays.house.ledger.away = False
    strays.settle()
    assert strays.house.reasons() == ["unknown_site"]
    until(lambda: not strays.worker.problems())


def test_a_message_that_trips_an_error_is_not_handed_on(zulu: Strays, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: SpoolRecord) -> list[FindingRaised]:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(zulu.worker._rules, "take", fail)
    zulu.send(b"poison", "zulu/P-1/event")
    zulu.run()
    assert zulu.house.reasons() == ["internal_error"]
    assert handed_on(zulu) == []


def test_a_message_that_trips_an_error_costs_itself_alone(strays: Strays, monkeypatch: pytest.MonkeyPatch) -> None:
    take = strays.worker._rules.take

    def fail(record: SpoolRecord) -> list[FindingRaised]:
        if record.payload == b"poison":
            raise ZeroDivisionError("a bug")
        return take(record)

    monkeypatch.setattr(strays.worker._rules, "take", fail)
    for payload in (FLOODED, b"poison", FLOODED):
        strays.send(payload, "nosite/P-9/event")
    strays.run()
    assert strays.house.reasons() == ["internal_error", "unknown_site", "unknown_site"]
    assert len(strays.findings()) == 2


def test_counts_go_on_over_restarts_and_what_was_left_out_was_dealt_with(strays: Strays) -> None:
    for s in range(5):
        strays.send(VALUES, s=s)
    strays.run()
    strays.restart()
    until(lambda: strays.worker.begun)
    strays.send(FLOODED, "nosite/P-9/event")
    strays.settle()
    until(lambda: strays.worker.figures()["received"] == 6)
    assert (strays.worker.figures()["dead_lettered"], strays.worker.figures()["letters_unknown_site"]) == (2, 2)


def test_what_waits_for_the_ledger_is_told_with_its_age(strays: Strays) -> None:
    strays.house.ledger.away = True
    strays.send(FLOODED, "nosite/P-9/event", s=-600)
    strays.worker.start()
    until(strays.worker.problems)
    figures = strays.worker.figures()
    assert (figures["spool_depth"], figures["dead_lettered"]) == (1, 0)
    assert 540 <= figures["lag_s"] <= 720


def test_a_state_of_an_earlier_version_is_no_trouble(strays: Strays) -> None:
    strays.house.spool.state = b'["demo"]'
    strays.send(VALUES)
    strays.run()
    until(lambda: strays.worker.figures()["received"] == 1)


def test_a_code_that_is_cut_is_longer_than_any_real_one(strays: Strays) -> None:
    strays.send(VALUES, f"{'x' * 5000}/P-9/telemetry")
    strays.run()
    assert strays.house.letters()[0].site == "x" * MAX_SITE


def test_topics_without_end_are_not_all_remembered() -> None:
    thinning = Thinning()
    for number in range(MAX_TOPICS + 5):
        assert thinning.keep(SpoolRecord(number, 0, f"plantroom/x/{number}/telemetry", b"")) == 0
    assert len(thinning._kept) == MAX_TOPICS
