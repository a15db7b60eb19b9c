"""The way in as the API tells it: figures by site and lane, conditions in words, history, letters in groups."""

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from plantroom.domain.flow import STRAYS, Trouble, TroubleKind, summed_figures, together, with_lanes
from plantroom.errors import Unreachable
from plantroom.ports.accounts import Role
from plantroom.ports.gaps import GapNews, Given, GiveUp
from plantroom.ports.ledger import CollectorReport
from plantroom.ports.letters import DeadLetter
from plantroom.ports.paging import EVERYTHING
from tests.contract.api.world import AWAY, HOME, NOW, World

BEHIND = {"spool_depth": 60_000.0, "spool_bytes": 9e6, "lag_s": 600.0, "messages_per_s": 1_000.0, "done_per_s": 1_250.0}
IDLE = {"spool_depth": 0.0, "lag_s": 0.0, "messages_per_s": 2.0, "done_per_s": 2.0}


@pytest.fixture(autouse=True)
def _letters_are_looked_at_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.ingest.letters.KEPT_S", 0.0)


def report(name: str, sites: dict[str, dict[str, float]], *troubles: Trouble, age_s: float = 0.0) -> CollectorReport:
    stats = summed_figures([together(site) for site in sites.values()])
    words = [str(trouble) for trouble in troubles]
    return CollectorReport(name, NOW - timedelta(seconds=age_s), not words, words, stats, sites, troubles)


def tell(world: World, *reports: CollectorReport) -> None:
    """As old as they are at ``NOW``, by the ledger's clock."""
    with world.ledger.begin() as tx:
        for one in reports:
            tx.collect.report_collector(replace(one, reported_at=tx.collect.now() - (NOW - one.reported_at)))


def letters(world: World, *made: tuple[str, str, str, float]) -> None:
    """(site, topic, reason, minutes ago)"""
    with world.ledger.begin() as tx:
        tx.collect.add_dead_letters(
            [
                DeadLetter(f"l{n}", site, NOW - timedelta(minutes=ago), topic, reason, b"x" * 5_000)
                for n, (site, topic, reason, ago) in enumerate(made)
            ]
        )


def get(world: World, path: str, role: Role = Role.VIEWER, granted: str | None = None, **query: Any) -> Any:
    answer = world.as_(role, granted).get(f"/api/v1/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_edge_nodes_that_miss_messages_are_named_to_those_who_may_see_their_site(world: World) -> None:
    named = {"gaps": 2.0, "node[g/n1]missing": 2.0, "node[g/n1]found_ms": 1.7e12, "node[g/n1]asked_ms": 0.0}
    other = {**named, "gaps": 5.0}
    tell(world, report("c", {HOME: with_lanes({"normal": named}), AWAY: with_lanes({"normal": other})}))

    (one, other) = get(world, "ingest/stats")["nodes"]

    assert {one["site"], other["site"]} == {HOME, AWAY}
    assert one == {
        "site": one["site"],
        "node": "g/n1",
        "missing": 2,
        "found_at": "2023-11-14T22:13:20.000Z",
        "asked_at": None,
    }
    assert [node["site"] for node in get(world, "ingest/stats", granted=HOME)["nodes"]] == [HOME]


def test_a_store_that_does_not_answer_is_told_though_nothing_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise Unreachable("influx", "does not answer")

    tell(world, report("c", {HOME: with_lanes({"normal": IDLE})}))
    monkeypatch.setattr(world.readings, "ping", away)

    (one,) = get(world, "ingest/conditions")["items"]

    assert (one["code"], one["sites"]) == ("store_away", [])
    assert "does not answer" in one["detail"]


def test_what_a_collector_says_of_the_store_is_not_said_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise Unreachable("influx", "does not answer")

    tell(world, report("c", {HOME: with_lanes({"normal": IDLE})}, Trouble(TroubleKind.STORE_FULL, "full", HOME)))
    monkeypatch.setattr(world.readings, "ping", away)

    assert [one["code"] for one in get(world, "ingest/conditions")["items"]] == ["store_full"]


def test_letters_that_are_being_replayed_have_words_of_their_own(world: World) -> None:
    letters(world, (HOME, "t", "not_json: line 1", 1))
    with world.ledger.begin() as tx:
        assert tx.collect.ask_replay(EVERYTHING, ["l0"]) == 1
    (group,) = get(world, "dead-letters/summary")["items"]
    assert (group["reason"], group["title"]) == ("replay_asked", {"zh": "正在重放", "en": "Being replayed"})
    assert "cannot be used" in group["advice"]["en"]


def test_letters_are_counted_once_for_all_pages_that_are_open(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def codes(granted: str) -> list[str]:
        return [one["code"] for one in get(world, "ingest/conditions", Role.VIEWER, granted)["items"]]

    tell(world, report("a", {HOME: with_lanes({"normal": IDLE}), AWAY: with_lanes({"normal": IDLE})}))
    monkeypatch.setattr("api.ingest.letters.KEPT_S", 60.0)
    assert codes(HOME) == []
    letters(world, (HOME, "t", "not_json: line 1", 1))
    assert (codes(HOME), codes(AWAY)) == ([], [])
    monkeypatch.setattr("api.ingest.letters.KEPT_S", 0.0)
    assert (codes(HOME), codes(AWAY)) == (["letters_payload"], [])


def test_figures_by_site_and_lane_come_with_rates_and_an_estimate(world: World) -> None:
    lanes = with_lanes({"normal": {**BEHIND, "stored": 7}, "safety": IDLE})
    tell(world, report("a", {HOME: lanes, STRAYS: with_lanes({"strays": {"dead_lettered": 3}})}))
    stats = get(world, "ingest/stats")
    assert stats["flow"]["messages_per_s"] == 1_002
    strays, home = stats["sites"]
    assert (strays["site"], strays["dead_lettered"], home["site"]) == (STRAYS, 3, HOME)
    assert 0 <= home["age_s"] < 10
    normal, safety = home["lanes"]
    assert (normal["lane"], normal["drained_in_s"], normal["stored"]) == ("normal", 240, 7)
    assert (safety["lane"], safety["drained_in_s"]) == ("safety", 0)
    assert "normal.lag_s" not in str(stats["collectors"])


def test_a_silent_collector_s_rates_are_not_shown_as_if_they_were_of_now(world: World) -> None:
    tell(world, report("a", {HOME: with_lanes({"normal": BEHIND})}, age_s=60))
    stats = get(world, "ingest/stats")
    assert (stats["flow"]["messages_per_s"], stats["spool_depth"]) == (0, 60_000)
    assert 60 <= stats["sites"][0]["age_s"] < 70
    assert [one["code"] for one in get(world, "ingest/conditions")["items"]] == ["collector_silent"]


def test_a_server_whose_clock_is_apart_from_the_ledger_s_calls_no_collector_silent(world: World) -> None:
    tell(world, report("a", {HOME: with_lanes({"normal": IDLE})}))
    world.clock.forward(seconds=16)
    assert get(world, "ingest/conditions")["items"] == []
    assert get(world, "ingest/stats")["collectors"][0]["age_s"] < 10


def test_messages_that_were_given_up_within_a_day_are_told_as_lost(world: World) -> None:
    tell(world, report("a", {HOME: with_lanes({"normal": IDLE})}))
    with world.ledger.begin() as tx:
        given = [Given(5, 9, 5, GiveUp.MEMORY)]
        for site, asset in ((HOME, "a1"), (AWAY, "a2")):
            news = GapNews(asset, asset, "telemetry", "b", 0, NOW - timedelta(hours=1), NOW, given=given)
            tx.gaps.note(site, [news])
    (one,) = get(world, "ingest/conditions", Role.VIEWER, HOME)["items"]
    assert (one["code"], one["lost"], one["help"], one["sites"]) == ("gaps_given_up", True, "gaps", [HOME])
    world.clock.forward(seconds=23 * 3600 + 60)
    assert get(world, "ingest/conditions", Role.VIEWER, HOME)["items"] == []


def test_a_collector_whose_sites_others_serve_now_is_not_missed(world: World) -> None:
    lanes = {HOME: with_lanes({"normal": IDLE})}
    tell(world, report("gone", lanes, age_s=9_999), report("new", lanes))
    assert get(world, "ingest/conditions")["items"] == []


def test_of_a_collector_that_was_replaced_its_counts_remain_and_not_how_things_stood(world: World) -> None:
    dead = with_lanes({"normal": {**BEHIND, "gaps": 9.0, "received": 100.0}})
    new = with_lanes({"normal": {**IDLE, "gaps": 1.0, "received": 10.0}})
    tell(world, report("dead", {HOME: dead, AWAY: dead}, age_s=9_999), report("new", {HOME: new}))
    stats = get(world, "ingest/stats", Role.ADMIN)
    assert (stats["received"], stats["gaps"], stats["spool_depth"]) == (210, 10, 60_000), "nobody serves the other site"
    sites = {site["site"]: (site["received"], site["gaps"], site["spool_depth"]) for site in stats["sites"]}
    assert sites == {HOME: (110, 1, 0), AWAY: (100, 9, 60_000)}
    (lane,) = next(site["lanes"] for site in stats["sites"] if site["site"] == HOME)
    assert (lane["received"], lane["lag_s"]) == (110, 0)
    assert "gaps" not in lane, "a figure of the site, whose lanes share the numbers"


def test_without_any_collector_somebody_should_start_one(world: World) -> None:
    (one,) = get(world, "ingest/conditions")["items"]
    assert (one["code"], one["level"]) == ("collector_missing", "urgent")


def test_a_condition_says_what_where_since_when_what_is_lost_and_what_to_do(world: World) -> None:
    since = NOW - timedelta(minutes=17)
    store = Trouble(TroubleKind.STORE_AWAY, "InfluxDB 10.0.0.7:8086: does not answer", HOME, "normal", since)
    tell(world, report("a", {HOME: with_lanes({"normal": BEHIND})}, store))
    (one,) = get(world, "ingest/conditions")["items"]
    assert one["title"] == {"zh": "读数数据库无应答", "en": "The readings store does not answer"}
    assert (one["sites"], one["since"], one["lost"], one["level"]) == (
        [HOME],
        "2026-03-02T07:43:00.000Z",
        False,
        "urgent",
    )
    assert one["text"]["en"].startswith("60,000 messages (9 MB) are waiting.")
    assert one["loss"]["zh"].startswith("没有丢失")
    assert "PLANTROOM_READINGS_URL" in one["advice"]["zh"]
    assert one["detail"] == store.words


def test_letters_of_the_last_minutes_are_a_condition_older_ones_a_note(world: World) -> None:
    tell(world, report("a", {HOME: with_lanes({"normal": IDLE})}))
    letters(world, (HOME, "t/1", "unknown_asset", 20), (HOME, "t/1", "unknown_asset", 30))
    assert [one["code"] for one in get(world, "ingest/conditions")["items"]] == ["letters_kept"]
    letters(world, *[(HOME, "t/1", "unknown_asset", 20)] * 2, (HOME, "t/2", "unknown_asset: more", 5))
    (one,) = get(world, "ingest/conditions")["items"]
    assert (one["code"], one["help"], one["reason"], one["sites"]) == (
        "letters_unknown_asset", "letters", "unknown_asset", [HOME]
    )  # fmt: skip
    assert "mostly t/2" in one["text"]["en"]


def test_the_history_has_rows_of_what_was_reported_since(world: World) -> None:
    for second in range(0, 120, 5):
        figures = with_lanes({"normal": {"taken": 100.0 * second, "stored": 500.0 * second, "lag_s": 1.5}})
        at = NOW + timedelta(seconds=second)
        world.services.history.note([CollectorReport("a", at, True, [], {}, {HOME: figures})], at)
    world.clock.forward(seconds=115)
    found = get(world, "ingest/history")
    assert found["step_s"] == 20
    assert [row[0] for row in found["rows"]] == [round(NOW.timestamp() * 1000) + 20_000 * n for n in range(6)]
    assert {tuple(row[1:]) for row in found["rows"]} == {(100, 500, 0, 0, 1.5, 0)}
    assert len(get(world, "ingest/history", **{"from": (NOW + timedelta(seconds=60)).isoformat()})["rows"]) == 3
    assert get(world, "ingest/history", site=AWAY)["rows"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"from": "2026-03-02T08:00:01Z", "to": "2026-03-02T08:00:00Z"},
        {"limit": "3"},
        {"to": "1"},
    ],
)
def test_a_span_that_is_none_is_refused(world: World, query: dict[str, str]) -> None:
    assert world.admin.get("/api/v1/ingest/history", params=query).status_code == 422


def test_letters_come_in_groups_with_an_example_cut_short_and_what_to_do(world: World) -> None:
    letters(world, (HOME, "t/1", "not_json: line 1", 3), (HOME, "t/1", "not_json: line 2", 2), (AWAY, "t/1", "x", 1))
    found = get(world, "dead-letters/summary")
    assert (found["total"], found["looked_at"], found["groups_left_out"]) == (3, 3, 0)
    first = found["items"][0]
    assert (first["site"], first["topic"], first["reason"], first["count"]) == (HOME, "t/1", "not_json", 2)
    assert (first["first_at"], first["last_at"]) == ("2026-03-02T07:57:00.000Z", "2026-03-02T07:58:00.000Z")
    assert (first["example"]["id"], first["example"]["reason"]) == ("l1", "not_json: line 2")
    assert (first["example"]["payload_bytes"], len(base64.b64decode(first["example"]["payload_base64"]))) == (
        5_000,
        2_000,
    )
    assert "plantroom source test" in first["advice"]["en"]
    assert [g["site"] for g in get(world, "dead-letters/summary", site=AWAY)["items"]] == [AWAY]
    assert get(world, "dead-letters/summary", limit=1)["groups_left_out"] == 1
    assert world.admin.get("/api/v1/dead-letters/summary?limit=0").status_code == 422
    assert world.admin.get("/api/v1/dead-letters/summary?since=x").status_code == 422


def test_of_letters_whose_topics_name_no_site_no_replay_is_advised(world: World) -> None:
    letters(world, ("", "plantroom//Z-1/telemetry", "unknown_topic", 1), (HOME, "t", "unknown_topic", 1))
    advice = {one["site"]: one["advice"]["en"] for one in get(world, "dead-letters/summary")["items"]}
    assert {site: "replay" in words for site, words in advice.items()} == {"": False, HOME: True}
    assert "source add" not in advice[""]


def test_who_sees_one_site_sees_its_figures_troubles_topics_and_payloads_only(world: World) -> None:
    lanes = with_lanes({"normal": {**BEHIND, "gaps": 3}})
    troubles = [
        Trouble(TroubleKind.BROKER_AWAY, f"words of {site}", site, "normal", NOW) for site in (HOME, AWAY, STRAYS)
    ]
    tell(
        world, report("a", {HOME: lanes, AWAY: lanes, STRAYS: with_lanes({"strays": {"dead_lettered": 9}})}, *troubles)
    )
    letters(world, (HOME, "t/home", "not_json", 1), (AWAY, f"t/{AWAY}", "not_utf8", 1), ("nosite", "t/nosite", "x", 1))
    for second in (0, 5):
        at = NOW + timedelta(seconds=second)
        taken = {site: with_lanes({"normal": {"taken": 50.0 * second}}) for site in (HOME, AWAY)}
        world.services.history.note([CollectorReport("a", at, True, [], {}, taken)], at)
    world.clock.forward(seconds=5)

    for role in Role:
        seen = {
            path: get(world, path, role, HOME)
            for path in ("ingest/stats", "ingest/conditions", "ingest/history", "dead-letters/summary")
        }
        for path, document in seen.items():
            assert AWAY not in str(document), path
            assert "nosite" not in str(document), path
            assert STRAYS not in [row["site"] for row in document.get("sites", [])]
        assert seen["ingest/stats"]["flow"]["messages_per_s"] == 1_000
        told = seen["ingest/conditions"]["items"]
        assert {one["code"] for one in told} == {"broker_away", "gaps", "letters_payload", "backlog_draining"}
        assert all(one["sites"] == [HOME] for one in told)
        assert [row[1] for row in seen["ingest/history"]["rows"]] == [50]
        assert [group["topic"] for group in seen["dead-letters/summary"]["items"]] == ["t/home"]
        assert get(world, "dead-letters/summary", role, HOME, site=AWAY)["items"] == []
        assert get(world, "ingest/history", role, HOME, site=AWAY)["rows"] == []
    assert [row[1] for row in get(world, "ingest/history")["rows"]] == [100]
    assert {group["site"] for group in get(world, "dead-letters/summary")["items"]} == {HOME, AWAY, "nosite"}


def test_letters_that_were_deleted_within_a_day_are_told_as_lost_to_those_of_their_site(world: World) -> None:
    tell(world, report("a", {HOME: with_lanes({"normal": IDLE})}))
    with world.ledger.begin() as tx:
        letters = [DeadLetter(f"x{n}", (HOME, AWAY)[n % 2], NOW, "t", "not_json", b"{") for n in range(6)]
        tx.collect.add_dead_letters(letters)
        tx.collect.let_letters_go([one.id for one in letters])
    (one,) = get(world, "ingest/conditions", Role.VIEWER, HOME)["items"]
    assert (one["code"], one["lost"], one["help"], one["sites"]) == ("letters_let_go", True, "letters", [HOME])
    assert one["text"]["en"].startswith("3 messages")
