"""Outbox, cursors, dead letters, presence, health, events, collectors' reports."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from plantroom.domain.assets import Health, Presence
from plantroom.domain.findings import FindingCleared, FindingSource
from plantroom.errors import BadData, Conflict, NotFound, Unreachable
from plantroom.ports.device_clocks import DeviceClock
from plantroom.ports.events import AssetEvent
from plantroom.ports.ledger import CollectorReport, HealthChange, PresenceChange, QueuedFinding
from plantroom.ports.letters import DeadLetter
from plantroom.ports.paging import PageRequest, Scope
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import MINUTE, NOW, finding

ALL = PageRequest()


def letter(number: int, **changes: object) -> DeadLetter:
    made = DeadLetter(
        f"d{number:03d}", "demo", NOW + number * MINUTE, "plantroom/demo/x/telemetry", "bad_json", b"\x00\xff{"
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def event(number: int, **changes: object) -> AssetEvent:
    at = NOW + number * MINUTE
    made = AssetEvent(f"e{number:03d}", "demo", "p1", "passenger_trapped", at, at, "critical", True, {"floor": 7})
    return replace(made, **changes)  # type: ignore[arg-type]


def queued(ledger: SqlLedger, consumer: str = "reader", limit: int = 1000) -> Sequence[QueuedFinding]:
    with ledger.begin() as tx:
        return tx.collect.findings_after(consumer, limit)


def test_findings_come_out_as_they_went_in(ledger: SqlLedger) -> None:
    cleared = FindingCleared("c1", "demo", "p1", "bearing_wear", FindingSource.LIMIT, NOW, NOW, "vibration")
    bare = finding(2, evidence=(), detail={}, safety=True)
    with ledger.begin() as tx:
        assert tx.collect.append_findings([finding(1), cleared, bare]) == 3
    assert [q.finding for q in queued(ledger)] == [finding(1), cleared, bare]


def test_findings_keep_the_order_of_their_list(ledger: SqlLedger) -> None:
    wanted = [finding(n) for n in (5, 3, 900, 1, *range(100, 600))]
    with ledger.begin() as tx:
        tx.collect.append_findings(wanted)
    out = queued(ledger)
    assert [q.finding for q in out] == wanted
    assert [q.position for q in out] == sorted({q.position for q in out})


def test_a_finding_is_appended_once(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        assert tx.collect.append_findings([finding(1), finding(1), finding(2)]) == 2
        assert tx.collect.append_findings([finding(2)]) == 0
        assert tx.collect.append_findings([]) == 0
    with ledger.begin() as tx:
        assert tx.collect.append_findings([finding(1, subject="changed"), finding(3)]) == 1
    assert [q.finding for q in queued(ledger)] == [finding(1), finding(2), finding(3)]


def test_a_rolled_back_finding_never_was(ledger: SqlLedger) -> None:
    with pytest.raises(BadData), ledger.begin() as tx:  # noqa: PT012
        tx.collect.append_findings([finding(1)])
        raise BadData("no")
    with ledger.begin() as tx:
        assert tx.collect.append_findings([finding(1)]) == 1
    assert len(queued(ledger)) == 1


def test_two_consumers_read_everything_each_at_its_own_pace(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.collect.append_findings([finding(n) for n in range(10)])
    with ledger.begin() as tx:
        first = tx.collect.findings_after("one", 4)
        tx.collect.move_cursor("one", first[-1].position)
    assert [q.finding for q in first] == [finding(n) for n in range(4)]
    assert [q.finding for q in queued(ledger, "one")] == [finding(n) for n in range(4, 10)]
    assert [q.finding for q in queued(ledger, "two")] == [finding(n) for n in range(10)]


def test_a_cursor_moves_with_its_transaction_only(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.collect.append_findings([finding(1)])
    with pytest.raises(BadData), ledger.begin() as tx:  # noqa: PT012
        tx.collect.move_cursor("reader", tx.collect.findings_after("reader", 1)[0].position)
        raise BadData("no")
    assert len(queued(ledger)) == 1


def test_four_threads_append_and_a_reader_misses_and_doubles_nothing(ledger: SqlLedger) -> None:
    each, threads = 40, 4
    start = Barrier(threads + 1)

    def write(thread: int) -> int:
        start.wait()
        new = 0
        for n in range(each):
            # Every other finding is one that all the threads send.
            number = n if n % 2 else 1000 * (thread + 1) + n
            with ledger.begin() as tx:
                new += tx.collect.append_findings([finding(number)])
        return new

    seen: list[QueuedFinding] = []
    with ThreadPoolExecutor(threads) as pool:
        written = [pool.submit(write, thread) for thread in range(threads)]
        start.wait()
        done = False
        while not done:
            done = all(w.done() for w in written)
            with ledger.begin() as tx:
                some = tx.collect.findings_after("reader", 7)
                if some:
                    tx.collect.move_cursor("reader", some[-1].position)
                    done = False
            seen += some
    distinct = threads * each // 2 + each // 2
    assert sum(w.result() for w in written) == distinct
    assert len({q.finding.finding_id for q in seen}) == len(seen) == distinct
    assert [q.position for q in seen] == sorted(q.position for q in seen)


def test_positions_rise_in_the_order_of_commits(ledger: SqlLedger, other: SqlLedger) -> None:
    """A slow writer's finding may not appear behind a reader that has passed a quick writer's."""
    with ThreadPoolExecutor(1) as pool:
        with ledger.begin() as slow:
            slow.collect.append_findings([finding(1)])

            def quick() -> None:
                with other.begin() as tx:
                    tx.collect.append_findings([finding(2)])

            quicker = pool.submit(quick)
            with pytest.raises(TimeoutError):
                quicker.result(timeout=0.2)
        quicker.result(timeout=5)
    assert [q.finding for q in queued(ledger)] == [finding(1), finding(2)]


def test_a_consumers_cursor_is_locked_until_the_end(ledger: SqlLedger, other: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.collect.append_findings([finding(1)])
    with ThreadPoolExecutor(1) as pool:
        with ledger.begin() as tx:
            mine = tx.collect.findings_after("reader", 10)
            theirs = pool.submit(queued, other)
            with pytest.raises(TimeoutError):
                theirs.result(timeout=0.2)
            tx.collect.move_cursor("reader", mine[-1].position)
        assert list(theirs.result(timeout=5)) == []


def test_dead_letters_are_kept_once_and_come_newest_first(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([letter(1), letter(2, reason="too_old", part="a,b"), letter(3, site="north")])
        tx.collect.add_dead_letters([letter(1, reason="changed"), letter(4, payload=b"")])
        tx.collect.add_dead_letters([])
    with ledger.read() as tx:
        page = tx.collect.dead_letters(Scope(), ALL)
        assert list(page.items) == [
            letter(4, payload=b""), letter(3, site="north"), letter(2, reason="too_old", part="a,b"), letter(1)
        ]  # fmt: skip
        assert tx.collect.dead_letter("d001") == letter(1)
        with pytest.raises(NotFound):
            tx.collect.dead_letter("d999")


@pytest.mark.parametrize(
    ("scope", "site", "reason", "ids"),
    [
        (Scope(frozenset({"north"})), None, None, ["d003"]),
        (Scope(frozenset({"north"})), "demo", None, []),
        (Scope(), "demo", None, ["d002", "d001"]),
        (Scope(), None, "too_old", ["d002"]),
        (Scope(frozenset()), None, None, []),
    ],
)
def test_dead_letters_filter(ledger: SqlLedger, scope: Scope, site: str, reason: str, ids: list[str]) -> None:
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([letter(1), letter(2, reason="too_old"), letter(3, site="north")])
        assert [d.id for d in tx.collect.dead_letters(scope, ALL, site=site, reason=reason).items] == ids


def test_garbage_in_a_topic_does_not_stop_the_collector(ledger: SqlLedger) -> None:
    megabyte = bytes(range(256)) * 4096
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([letter(1, topic="a\x00b\ud800", reason="\x00", payload=megabyte)])
        stored = tx.collect.dead_letter("d001")
        assert stored.payload == megabyte
        assert (stored.topic, stored.reason) == ("a\ufffdb?", "\ufffd")


def test_dead_letters_are_discarded(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([letter(n) for n in range(5)])
        assert tx.collect.discard_dead_letters(["d001", "d003", "d003", "d999"]) == 2
        assert tx.collect.discard_dead_letters([]) == 0
        assert [d.id for d in tx.collect.dead_letters(Scope(), ALL).items] == ["d004", "d002", "d000"]


def test_the_last_word_on_presence_stands(planted: SqlLedger) -> None:
    later = NOW + timedelta(seconds=1)
    with planted.begin() as tx:
        assert tx.collect.presence() == {}
        tx.collect.put_presence([PresenceChange("p2", Presence.ONLINE, NOW, NOW)])
        tx.collect.put_presence(
            [PresenceChange("p1", Presence.LATE, NOW, None), PresenceChange("p2", Presence.OFFLINE, later, NOW)]
        )
        tx.collect.put_presence([])
    with planted.read() as tx:
        assert tx.collect.presence() == {
            "p1": PresenceChange("p1", Presence.LATE, NOW, None),
            "p2": PresenceChange("p2", Presence.OFFLINE, later, NOW),
        }


def test_what_was_learned_of_a_publisher_is_kept_with_its_presence(planted: SqlLedger) -> None:
    change = PresenceChange("p1", Presence.ONLINE, NOW, NOW, 600_000, NOW)
    with planted.begin() as tx:
        tx.collect.put_presence([change])
    with planted.read() as tx:
        assert tx.collect.presence() == {"p1": change}


def test_the_last_word_on_a_clock_stands_and_shows_on_the_asset(planted: SqlLedger) -> None:
    first, last = DeviceClock("p1", -41_000, NOW), DeviceClock("p1", -42_000, NOW + MINUTE, NOW, stands=True)
    with planted.begin() as tx:
        tx.collect.put_clocks([first, DeviceClock("p2", 12, NOW)])
        tx.collect.put_clocks([last])
        tx.collect.put_clocks([])
    with planted.read() as tx:
        assert tx.collect.clocks() == {"p1": last, "p2": DeviceClock("p2", 12, NOW)}
        assert tx.assets.get("p1").clock == last
        assert tx.assets.get("n1").clock is None


def test_presence_and_health_belong_to_known_assets(planted: SqlLedger) -> None:
    with pytest.raises(Conflict), planted.begin() as tx:
        tx.collect.put_presence([PresenceChange("p9", Presence.ONLINE, NOW, NOW)])
    with pytest.raises(Conflict), planted.begin() as tx:
        tx.collect.put_health([HealthChange("p9", Health.GOOD, {})])


def test_health_is_replaced(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.collect.put_health([HealthChange("p1", Health.WATCH, {"score": 4.0}), HealthChange("p2", Health.GOOD, {})])
        tx.collect.put_health([HealthChange("p1", Health.ACT, {"score": 9.0})])
        assert tx.assets.get("p1").health_reason == {"score": 9.0}
        assert tx.assets.get("p2").health is Health.GOOD


def test_events_are_kept_once_and_come_newest_first(ledger: SqlLedger) -> None:
    odd = event(3, data={"big": 2**70, "half": "\ud800", "nan": float("nan")}, safety=False)
    with ledger.begin() as tx:
        tx.collect.add_events([event(1), event(2), event(9, asset="p2")])
        tx.collect.add_events([event(1, event="changed"), odd])
        found = tx.collect.events("p1", 10)
        assert [e.id for e in found] == ["e003", "e002", "e001"]
        assert found[2] == event(1)
        assert found[0].safety is False
        assert set(found[0].data) == {"big", "half", "nan"}
        assert [e.id for e in tx.collect.events("p1", 1)] == ["e003"]
        assert list(tx.collect.events("p9", 1)) == []


def test_a_collectors_word_replaces_its_earlier_one(ledger: SqlLedger) -> None:
    first = CollectorReport("c1", NOW, False, ("broker unreachable",), {"lag_s": 3.5})
    by_site = {"demo": {"received": 4.0}, "north": {"received": 6.0}}
    figures = {"received": 10.0, "lag_s": 0.0}
    later = CollectorReport("c1", NOW + MINUTE, True, (), figures, by_site, store="sqlite:///x")
    second = CollectorReport("c2", NOW, True, (), {})
    with ledger.begin() as tx:
        tx.collect.report_collector(first)
        tx.collect.report_collector(second)
        assert list(tx.collect.collectors()) == [first, second]
        tx.collect.report_collector(later)
    with ledger.read() as tx:
        assert list(tx.collect.collectors()) == [later, second]


def test_the_ledger_has_a_clock_of_its_own(ledger: SqlLedger) -> None:
    before = datetime.now(UTC)
    with ledger.read() as tx:
        assert abs(tx.collect.now() - before) < timedelta(seconds=30), "on one host it is the same one"


def test_reading_findings_in_a_reading_transaction_locks_nothing(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.collect.append_findings([finding(1)])
    with ledger.read() as tx:
        assert [q.finding for q in tx.collect.findings_after("reader", 10)] == [finding(1)]
        with pytest.raises(Unreachable):
            tx.collect.move_cursor("reader", 1)


def test_a_code_finds_reasons_with_a_detail_behind_it(ledger: SqlLedger) -> None:
    given = [letter(1, reason="not_json"), letter(2, reason="not_json: line 1"), letter(3, reason="not_json_at_all")]
    with ledger.begin() as tx:
        tx.collect.add_dead_letters(given)
        assert [d.id for d in tx.collect.dead_letters(Scope(), ALL, reason="not_json").items] == ["d002", "d001"]
