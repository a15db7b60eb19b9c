"""Work orders, episodes, alarms, dead letters."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from api.services import Baseline
from maintenance.episodes import EpisodeState
from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName, Severity
from plantroom.domain.findings import FindingSource
from plantroom.ports.accounts import Role
from plantroom.ports.ledger import CollectorReport
from tests.contract.api.world import AWAY, HOME, NOW, World


def move(client, order: str, to: str, **more: str):
    return client.post(f"/api/v1/work-orders/{order}/transitions", json={"to": to} | more)


def test_a_person_s_ticket_is_open_numbered_and_listed(world: World) -> None:
    client = world.as_(Role.TECHNICIAN, HOME)
    body = {"asset": world.keys[HOME], "title": {"zh": "漏水"}, "text": "机封滴水", "severity": "major"}
    answer = client.post("/api/v1/work-orders", json=body)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["kind"], made["origin"], made["state"]) == ("corrective", "staff", "open")
    assert made["asset_ref"]["code"] == "P-1"
    assert made["department"] == "水务管理部门"
    assert [h["to"] for h in made["history"]] == ["open"]
    (listed,) = client.get(f"/api/v1/work-orders?kind=corrective&asset={world.keys[HOME]}").json()["items"]
    assert {k: listed[k] for k in ("id", "number", "title")} == {k: made[k] for k in ("id", "number", "title")}
    assert client.get("/api/v1/work-orders?kind=preventive").json()["items"] == []
    assert len(client.get("/api/v1/work-orders?state=open,in_progress").json()["items"]) == 1


def test_a_ticket_may_be_about_a_site_but_must_be_about_something(world: World) -> None:
    client = world.admin
    title = {"title": {"zh": "地面破损"}}
    assert client.post("/api/v1/work-orders", json=title | {"site": HOME}).json()["asset"] is None
    for body in (title, title | {"asset": world.keys[HOME], "site": AWAY}, {"site": HOME, "title": {}}):
        answer = client.post("/api/v1/work-orders", json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"]


def test_an_order_goes_through_its_life_and_the_history_says_who(world: World) -> None:
    order = world.ticket()
    world.clock.forward(hours=1)
    technician, supervisor = world.as_(Role.TECHNICIAN, HOME), world.as_(Role.SUPERVISOR, HOME)
    assert move(technician, order.id, "acknowledged", at="2026-03-02T08:30:00Z").json()["state"] == "acknowledged"
    assert move(technician, order.id, "in_progress").status_code == 200
    assert move(technician, order.id, "completed").status_code == 200
    assert move(technician, order.id, "verified").status_code == 403
    verified = move(supervisor, order.id, "verified").json()
    assert [h["to"] for h in verified["history"]] == ["open", "acknowledged", "in_progress", "completed", "verified"]
    assert verified["history"][1]["at"] == "2026-03-02T08:30:00.000Z"
    assert verified["history"][1]["recorded_at"] == "2026-03-02T09:00:00.000Z"
    assert all(h["by"] for h in verified["history"])


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])
def test_a_step_from_another_age_is_refused_naming_its_moment(world: World, at: str) -> None:
    answer = move(world.admin, world.ticket().id, "in_progress", at=at)
    assert answer.status_code == 422
    assert [e["field"] for e in answer.json()["errors"]] == ["at"]


def test_a_step_is_taken_after_the_order_was_opened_and_hardly_in_the_future(world: World) -> None:
    order = world.ticket()
    world.clock.forward(hours=1)
    for wrong in ("2026-03-02T07:59:59.999Z", "2026-03-02T09:05:01Z"):
        answer = move(world.admin, order.id, "in_progress", at=wrong)
        assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (422, ["at"])
    assert move(world.admin, order.id, "acknowledged", at="2026-03-02T08:00:00Z").status_code == 200
    ahead = move(world.admin, order.id, "in_progress", at="2026-03-02T09:05:00Z")
    assert ahead.json()["arrived_at"] == "2026-03-02T09:00:00.000Z"


def test_planned_work_that_waits_is_done_after_it_was_made(world: World) -> None:
    key = f"{round(NOW.timestamp() * 1000):012x}{7:x}000{8:x}{0:015x}"  # as ``new_key`` makes them
    title = LocalName("年检", "Yearly")
    with world.ledger.begin() as tx:
        tx.orders.add(WorkOrder(key, 0, HOME, Kind.PREVENTIVE, Origin.PLAN, State.SCHEDULED, title))
    world.clock.forward(hours=1)
    assert move(world.admin, key, "in_progress", at="2026-03-02T07:59:59Z").status_code == 422
    assert move(world.admin, key, "in_progress", at="2026-03-02T08:00:00Z").status_code == 200


def test_a_step_without_a_moment_is_taken_now_even_on_an_order_planned_in_a_pretended_future(world: World) -> None:
    world.clock.forward(days=300)
    order = world.ticket()
    world.clock.forward(days=-300)
    assert move(world.admin, order.id, "in_progress").status_code == 200


def test_a_step_that_is_not_there_is_a_conflict_and_a_missing_reason_is_named(world: World) -> None:
    order = world.ticket()
    answer = move(world.admin, order.id, "verified")
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("illegal_transition")
    answer = move(world.admin, order.id, "cancelled")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "reason"
    assert move(world.admin, order.id, "cancelled", reason="重复").status_code == 200


@pytest.mark.parametrize("to", ["missed", "bypassed", "deferred", "cancelled"])
def test_ending_work_undone_needs_a_supervisor(world: World, to: str) -> None:
    order = world.ticket()
    assert move(world.as_(Role.TECHNICIAN, HOME), order.id, to, reason="x").status_code == 403


def test_an_order_with_no_file_on_its_way_cannot_be_made_to_wait_for_one(world: World) -> None:
    order = world.ticket()
    technician = world.as_(Role.TECHNICIAN, HOME)
    assert move(technician, order.id, "in_progress").status_code == 200
    refused = move(technician, order.id, "evidence_pending")
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("illegal_transition")
    assert technician.get(f"/api/v1/work-orders/{order.id}").json()["state"] == "in_progress"


def test_a_step_on_a_stale_version_is_refused_when_asked_to_check(world: World) -> None:
    order = world.ticket()
    path = f"/api/v1/work-orders/{order.id}/transitions"
    etag = world.admin.get(f"/api/v1/work-orders/{order.id}").headers["etag"]
    first = world.admin.post(path, json={"to": "acknowledged"}, headers={"If-Match": etag})
    assert first.status_code == 200
    second = world.admin.post(path, json={"to": "in_progress"}, headers={"If-Match": etag})
    assert second.status_code == 412
    assert second.json()["current"]["state"] == "acknowledged"
    good = world.admin.post(path, json={"to": "in_progress"}, headers={"If-Match": first.headers["etag"]})
    assert good.status_code == 200


def test_orders_page_without_loss_and_sort_by_severity(world: World) -> None:
    made = {world.ticket(severity=s).id for s in (Severity.INFO, Severity.CRITICAL, Severity.GENERAL) for _ in range(3)}
    found, cursor = [], None
    while True:
        query = {"limit": 2, "sort": "severity"} | ({"cursor": cursor} if cursor else {})
        page = world.admin.get("/api/v1/work-orders", params=query).json()
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert {o["id"] for o in found} == made
    assert [o["severity"] for o in found] == ["critical"] * 3 + ["general"] * 3 + ["info"] * 3


def test_counts_are_of_the_sites_that_one_may_see(world: World) -> None:
    for site in (HOME, HOME, AWAY):
        world.ticket(site)
    assert world.admin.get("/api/v1/work-orders/counts").json()["items"] == [
        {"kind": "corrective", "state": "open", "count": 3}
    ]
    assert world.as_(Role.VIEWER, AWAY).get("/api/v1/work-orders/counts").json()["items"][0]["count"] == 1


def test_an_episode_tells_what_was_noticed_in_the_words_of_its_class(world: World) -> None:
    key = world.episode()
    (episode,) = world.admin.get(f"/api/v1/episodes?asset={world.keys[HOME]}").json()["items"]
    assert episode["id"] == key
    assert episode["evidence"][0] == {
        "point": "vibration", "name": {"zh": "振动速度", "en": "Vibration velocity"}, "unit": "mm/s",
        "contribution": 0.7, "value": 9.1, "expected": 2.0,
    }  # fmt: skip
    assert episode["title"]["zh"] != "bearing"
    assert episode["first_checks"]
    assert episode["opened_observed_at"] == "2026-03-02T08:00:00.000Z"
    assert world.admin.get(f"/api/v1/episodes/{key}").json() == episode


def test_the_evidence_says_what_to_draw(world: World) -> None:
    key = world.episode()
    evidence = world.admin.get(f"/api/v1/episodes/{key}/evidence").json()
    assert [p["point"] for p in evidence["points"]] == ["vibration", "suction_pressure"]
    assert evidence["start"] < evidence["opened_observed_at"] < evidence["end"]
    assert evidence["points"][0]["limits"]["alarm_high"] is not None
    assert evidence["points"][0]["unit"] == "mm/s"
    assert evidence["points"][0]["baseline"] is None


def test_alarms_are_open_episodes_that_no_model_raised(world: World) -> None:
    for source in FindingSource:
        world.episode(source=source, name=source.value)
    with world.ledger.begin() as tx:
        tx.episodes.update(replace(tx.episodes.get(f"limit-{HOME}"), state=EpisodeState.CLOSED))
    assert {a["source"] for a in world.admin.get("/api/v1/alarms").json()["items"]} == {"rule", "presence"}
    assert len(world.admin.get("/api/v1/episodes?state=open").json()["items"]) == 3
    assert len(world.admin.get("/api/v1/episodes?source=model,limit").json()["items"]) == 2


def test_dead_letters_keep_reason_and_raw_bytes(world: World) -> None:
    raw = bytes(range(256))
    key = world.dead_letter(payload=raw)
    (letter,) = world.admin.get("/api/v1/dead-letters").json()["items"]
    assert letter["id"] == key
    assert letter["reason"] == "not JSON"
    assert base64.b64decode(letter["payload_base64"]) == raw
    assert world.admin.get(f"/api/v1/dead-letters/{key}").json() == letter


def report(name: str, received: float, lag_s: float) -> CollectorReport:
    stats = {"received": received, "stored": 2 * received, "dead_lettered": 1.0, "lag_s": lag_s}
    return CollectorReport(name, NOW, True, [], stats)


def test_ingest_stats_are_summed_over_the_collectors(world: World) -> None:
    with world.ledger.begin() as tx:
        before = tx.collect.now() - timedelta(seconds=7)
        for one in (report("a", 10, 0.5), report("b", 5, 3.0)):
            tx.collect.report_collector(replace(one, reported_at=before))
    stats = world.admin.get("/api/v1/ingest/stats").json()
    collectors = stats.pop("collectors")
    assert {key: value for key, value in stats.items() if key not in {"flow", "sites"}} == {
        "received": 15, "stored": 30, "duplicates": 0, "retained": 0, "dead_lettered": 2, "gaps": 0, "spool_depth": 0,
        "lag_s": 3.0, "nodes": [],
    }  # fmt: skip
    assert [c["collector"] for c in collectors] == ["a", "b"]
    assert all(7 <= c["age_s"] < 17 for c in collectors), "by the ledger's clock"


def test_a_site_s_caller_sees_the_collectors_as_far_as_the_site_goes(world: World) -> None:
    ours, theirs = {"received": 3.0, "lag_s": 1.0}, {"received": 7.0, "lag_s": 9.0}
    told = f"site {HOME}, telemetry lane: no broker", f"site {AWAY}, safety lane: disk full", "ledger: away"
    summed = CollectorReport("a", NOW, False, told, {"received": 10.0, "lag_s": 9.0}, {HOME: ours, AWAY: theirs})
    foreign = CollectorReport("b", NOW, False, told[1:2], {"received": 5.0})
    with world.ledger.begin() as tx:
        tx.collect.report_collector(summed)
        tx.collect.report_collector(foreign)

    def stats(role: Role, site: str | None = None) -> dict:
        return world.as_(role, site).get("/api/v1/ingest/stats").json()

    assert (stats(Role.VIEWER)["received"], stats(Role.VIEWER)["lag_s"]) == (15, 9.0)
    seen = stats(Role.ADMIN, HOME)
    assert AWAY not in str(seen)
    assert (seen["received"], seen["lag_s"]) == (3, 1.0)
    first, second = seen["collectors"]
    assert (first["ready"], first["problems"]) == (False, [told[0], told[2]])
    assert first["stats"] == ours
    assert (second["ready"], second["problems"], second["stats"]) == (True, [], {})


def test_the_word_of_a_collector_in_this_process_counts_before_the_ledger_s(world: World) -> None:
    with world.ledger.begin() as tx:
        tx.collect.report_collector(report("a", 10, 0.5))
    object.__setattr__(world.services, "local_stats", lambda: [report("a", 11, 0.0)])
    assert world.admin.get("/api/v1/ingest/stats").json()["received"] == 11


class KnownBaseline:
    """A model view that knows one point."""

    def baselines(self, asset: str) -> dict[str, Baseline]:
        return {"vibration": Baseline(2.0, 1.5, 2.5, learned_from=NOW, learned_to=NOW)}


def test_what_the_model_holds_for_normal_stands_beside_the_evidence(world: World) -> None:
    key = world.episode()
    path = f"/api/v1/assets/{world.keys[HOME]}/baseline"
    assert world.admin.get(path).json()["items"] == []
    object.__setattr__(world.services, "model_view", KnownBaseline())
    shown = world.admin.get(f"/api/v1/episodes/{key}/evidence").json()["points"]
    assert [p["baseline"] and p["baseline"]["expected"] for p in shown] == [2.0, None]
    assert world.admin.get(path).json()["items"] == [shown[0]["baseline"]]


def test_work_that_is_entered_long_after_it_was_done_says_so(world: World) -> None:
    order = world.ticket()
    assert move(world.admin, order.id, "in_progress").json()["recorded_late"] is None
    world.clock.forward(hours=24)
    done_at = "2026-03-02T08:00:00.000Z"
    assert move(world.admin, order.id, "completed", at=done_at).json()["recorded_late"] is None
    later = world.ticket()
    world.clock.forward(days=3, hours=12)
    move(world.admin, later.id, "in_progress", at="2026-03-03T08:00:00Z")
    said = {
        "done_at": "2026-03-03T08:00:00.000Z",
        "recorded_at": "2026-03-06T20:00:00.000Z",
        "hours": 84.0,
        "device": None,
    }
    assert move(world.admin, later.id, "completed", at="2026-03-03T08:00:00Z").json()["recorded_late"] == said
    world.clock.forward(days=1)
    assert move(world.admin, later.id, "verified").json()["recorded_late"] == said
    assert world.admin.get(f"/api/v1/work-orders/{later.id}").json()["recorded_late"] == said
