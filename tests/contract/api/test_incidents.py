"""Incidents over HTTP, from a ticket to the frozen record; drills with their records."""

from hashlib import sha256
from typing import Any

import pytest

from maintenance.materialise import materialise
from maintenance.notify.ports import MessageFilter
from maintenance.work_orders import State
from plantroom.catalogue import systems
from plantroom.domain.assets import Severity
from plantroom.ports.accounts import Role
from plantroom.ports.paging import PageRequest
from tests.contract.api.world import AWAY, HOME, NOW, World

COMMAND = {"stage": "command", "people": [{"part": "commander", "name": "王经理", "username": "wang"}]}
ON_SITE = {"stage": "on_site", "people": [{"part": "on_site_lead", "name": "李工"}]}
COORDINATION = {"stage": "coordination", "people": [{"part": "coordinator", "name": "张"}], "note": "已报119"}
CLOSING = {"stage": "closing", "lessons": {"went_well": "到场及时", "to_change": "备用对讲机电池"}}
RECORD = {
    "scenario": "B座停电",
    "participants": ["李工", "王经理"],
    "times": [{"stage": "report", "minutes": 1}, {"stage": "command", "minutes": 4}],
    "findings": "应急灯两盏不亮",
    "grade": "with_faults",
}


def opened(world: World, **form: Any) -> dict[str, Any]:
    sent = {"site": HOME, "kind": "equipment_failure", "title": {"zh": "停电"}, "severity": "major"} | form
    answer = world.admin.post("/api/v1/incidents", json=sent)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def reach(world: World, incident: str, *stages: dict[str, Any]) -> dict[str, Any]:
    answer = None
    for stage in stages:
        world.clock.forward(minutes=10)
        answer = world.admin.post(f"/api/v1/incidents/{incident}/stages", json=stage)
        assert answer.status_code == 200, answer.text
    assert answer is not None
    return dict(answer.json())


def mark(world: World, incident: str, item: str, **form: Any) -> Any:
    return world.admin.post(f"/api/v1/incidents/{incident}/items/{item}", json=form)


def test_an_incident_from_a_safety_ticket_to_its_frozen_record(world: World) -> None:
    plan = world.incident()
    ticket = world.ticket(severity=Severity.CRITICAL, safety=True)
    world.clock.forward(minutes=2)
    form = {"work_order": ticket.id, "kind": "equipment_failure"}
    answer = world.as_(Role.TECHNICIAN, HOME).post("/api/v1/incidents", json=form)
    assert answer.status_code == 201, answer.text
    incident = answer.json()
    assert plan != incident["id"]
    assert (incident["code"], incident["stage"], incident["next"]) == ("INC-2026-002", "report", ["command"])
    assert (incident["severity"], incident["asset"], incident["title"]["zh"]) == ("critical", ticket.asset, "漏水")
    assert incident["reported_at"] == "2026-03-02T08:00:00.000Z"
    assert [item["id"] for item in incident["items"]] == ["m1", "s1", "p1"]
    assert incident["stages"][0]["people"] == [{"part": "reporter", "name": "machine", "username": "machine"}]
    key = incident["id"]
    reach(world, key, COMMAND, ON_SITE)
    assert mark(world, key, "m1", outcome="done").status_code == 200
    assert mark(world, key, "p1", outcome="arrived", at="2026-03-02T08:20:00Z").status_code == 200
    note = world.admin.post(f"/api/v1/incidents/{key}/notes", json={"text": "B座业主已通知"})
    assert note.json()["timeline"][-1]["text"] == "B座业主已通知"
    lessons = CLOSING["lessons"] | {"follow_ups": [{"kind": "work_order", "text": "换电池", "ref": ticket.id}]}
    closed = reach(world, key, COORDINATION, CLOSING | {"lessons": lessons})
    assert closed["stage"] == "closing"
    assert closed["figures"] == {"to_command_s": 720.0, "to_on_site_s": 1320.0, "to_closing_s": 2520.0}
    record = world.admin.get(f"/api/v1/records/{closed['record']}").json()
    assert (record["kind"], record["incident"], record["work_order"], record["cause"]) == (
        "incident", key, None, "closed",
    )  # fmt: skip
    body = world.admin.get(f"/api/v1/records/{closed['record']}/document").content
    assert sha256(body).hexdigest() == record["sha256"]
    document = record["document"]
    assert [one["stage"] for one in document["stages"]] == [
        "report", "command", "on_site", "coordination", "closing",
    ]  # fmt: skip
    assert document["lessons"]["follow_ups"][0]["ref"] == ticket.id
    assert world.admin.get("/api/v1/records", params={"incident": key}).json()["items"][0]["id"] == record["id"]


def test_a_closed_incident_is_corrected_by_an_addendum_alone(world: World) -> None:
    key = opened(world)["id"]
    closed = reach(world, key, COMMAND, ON_SITE, COORDINATION, CLOSING)
    assert mark(world, key, "m1", outcome="done").status_code == 409
    for path, form in (
        ("notes", {"text": "x"}), ("stages", COMMAND), ("stages/report/corrections", {"reason": "x", "note": "y"}),
    ):  # fmt: skip
        answer = world.admin.post(f"/api/v1/incidents/{key}/{path}", json=form)
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("incident_closed")
        assert "addenda" in answer.json()["detail"]
    patch = world.admin.patch(f"/api/v1/incidents/{key}", json={"severity": "info"}, headers={"If-Match": "*"})
    assert patch.status_code == 409
    form = {"text": "到场时间应为08:21", "reason": "抄录错误"}
    added = world.as_(Role.TECHNICIAN, HOME).post(f"/api/v1/records/{closed['record']}/addenda", json=form)
    assert added.status_code == 201, added.text
    assert world.admin.get(f"/api/v1/incidents/{key}").json() == closed


def test_closing_names_everything_that_is_missing_and_needs_a_supervisor(world: World) -> None:
    key = world.incident()
    reach(world, key, COMMAND, ON_SITE)
    answer = world.admin.post(f"/api/v1/incidents/{key}/stages", json={"stage": "closing"})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == ["note", "items.m1", "lessons"]
    mark(world, key, "m1", outcome="not_needed", note="已停泵")
    sent = CLOSING | {"note": "无需协调"}
    tech = world.as_(Role.TECHNICIAN, HOME)
    assert tech.post(f"/api/v1/incidents/{key}/stages", json=sent).status_code == 403
    unknown = {"kind": "work_order", "text": "x", "ref": "nope"}
    bad = sent | {"lessons": CLOSING["lessons"] | {"follow_ups": [unknown]}}
    answer = world.admin.post(f"/api/v1/incidents/{key}/stages", json=bad)
    assert [one["field"] for one in answer.json()["errors"]] == ["lessons.follow_ups.0.ref"]
    assert world.as_(Role.SUPERVISOR, HOME).post(f"/api/v1/incidents/{key}/stages", json=sent).status_code == 200


@pytest.mark.parametrize("stage", ["on_site", "coordination", "closing", "report"])
def test_a_stage_that_does_not_follow_answers_409_and_says_which_does(world: World, stage: str) -> None:
    key = opened(world)["id"]
    people = [{"part": part, "name": "x"} for part in ("on_site_lead", "coordinator", "reporter", "commander")]
    answer = world.admin.post(f"/api/v1/incidents/{key}/stages", json={"stage": stage, "people": people})
    assert answer.status_code == 409
    assert "command" in answer.json()["detail"]


def test_what_happened_offline_is_entered_afterwards_in_one_go(world: World) -> None:
    world.clock.forward(days=1)
    key = opened(world, at="2026-03-02T08:00:00Z")["id"]
    for at, stage in (("08:05", COMMAND), ("08:15", ON_SITE), ("08:30", COORDINATION), ("09:00", CLOSING)):
        form = stage | {"at": f"2026-03-02T{at}:00Z"}
        answer = world.admin.post(f"/api/v1/incidents/{key}/stages", json=form)
        assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert all(one["late"] for one in shown["stages"])
    assert shown["figures"] == {"to_command_s": 300.0, "to_on_site_s": 900.0, "to_closing_s": 3600.0}
    early = opened(world)["id"]
    answer = world.admin.post(f"/api/v1/incidents/{early}/stages", json=COMMAND | {"at": "2026-03-02T08:00:00Z"})
    assert [one["code"] for one in answer.json()["errors"]] == ["runs_backwards"]


def test_a_correction_leaves_a_trace_and_the_second_of_two_gets_412(world: World) -> None:
    key = opened(world)["id"]
    shown = reach(world, key, COMMAND)
    url = f"/api/v1/incidents/{key}/stages/command/corrections"
    form = {"at": "2026-03-02T08:06:00Z", "reason": "对讲机记录"}
    headers = {"If-Match": f'"{shown["version"]}"'}
    answer = world.admin.post(url, json=form, headers=headers)
    assert answer.status_code == 200, answer.text
    (trace,) = answer.json()["corrections"]
    assert (trace["before"]["at"], trace["by"]) == ("2026-03-02T08:10:00.000Z", "machine")
    assert answer.json()["figures"]["to_command_s"] == 360.0
    late = world.admin.post(url, json=form | {"at": "2026-03-02T08:07:00Z"}, headers=headers)
    assert (late.status_code, late.json()["conflicts"]) == (412, ["stages"])
    assert world.admin.patch(f"/api/v1/incidents/{key}", json={"severity": "info"}).status_code == 428
    entries = world.admin.get("/api/v1/audit", params={"entity": "incident", "key": key}).json()["items"]
    assert [entry["action"] for entry in entries] == ["changed", "changed", "created"]


def test_lists_are_filtered_and_paged_and_never_cross_sites(world: World) -> None:
    ids = [world.incident(HOME) for _ in range(3)]
    foreign = world.incident(AWAY)
    viewer = world.as_(Role.VIEWER, HOME)
    first = viewer.get("/api/v1/incidents", params={"limit": 2}).json()
    rest = viewer.get("/api/v1/incidents", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] is None
    reach(world, ids[0], COMMAND)
    for query, found in (
        ({"stage": "command"}, [ids[0]]), ({"kind": "other"}, []), ({"asset": world.keys[HOME]}, ids[::-1]),
        ({"from": "2026-03-03T00:00:00Z"}, []), ({"severity": "major,critical"}, ids[::-1]),
        ({"open": "true"}, ids[::-1]),
    ):  # fmt: skip
        answer = viewer.get("/api/v1/incidents", params=query)
        assert [one["id"] for one in answer.json()["items"]] == found, query
    assert viewer.get(f"/api/v1/incidents/{foreign}").status_code == 404
    assert viewer.get("/api/v1/incidents/figures").json()["incidents"] == 3
    assert world.admin.get("/api/v1/incidents/figures", params={"site": HOME}).json()["to_command"] == {
        "count": 1, "median_s": 600.0, "longest_s": 600.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"site": None}, "site"),
        ({"title": {"zh": " "}}, "title"),
        ({"asset": "nope"}, "asset"),
        ({"location": "nope"}, "location"),
        ({"emergency_plan": "nope"}, "emergency_plan"),
        ({"at": "2027-03-02T08:00:00Z"}, "at"),
        ({"people": [{"part": "commander", "name": "王"}]}, "people"),
        ({"kind": "earthquake"}, "kind"),
    ],
)
def test_what_cannot_be_is_named(world: World, form: dict[str, Any], field: str) -> None:
    sent = {"site": HOME, "kind": "other", "title": {"zh": "停电"}} | form
    answer = world.admin.post("/api/v1/incidents", json=sent)
    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (422, [field]), answer.text
    assert world.admin.get("/api/v1/incidents").json()["items"] == []


def test_a_ticket_has_one_incident_at_a_time(world: World) -> None:
    ticket = world.ticket()
    first = opened(world, work_order=ticket.id)
    again = world.admin.post("/api/v1/incidents", json={"work_order": ticket.id, "kind": "other"})
    assert again.status_code == 409
    assert first["code"] in again.json()["detail"]
    other = world.admin.post("/api/v1/incidents", json={"site": AWAY, "work_order": ticket.id, "kind": "other"})
    assert [one["code"] for one in other.json()["errors"]] == ["unknown_work_order"]


def test_the_channels_of_the_site_are_told_of_the_report_and_the_end_once(world: World) -> None:
    world.channel(HOME)
    world.channel(AWAY)
    key = opened(world)["id"]
    reach(world, key, COMMAND, ON_SITE, COORDINATION, CLOSING)
    with world.ledger.read() as tx:
        told = tx.notifications.list(MessageFilter(), PageRequest(100)).items
    assert [(one.topic, one.site, one.urgent) for one in told] == [
        ("incident", HOME, False), ("incident", HOME, True),
    ]  # fmt: skip
    assert "停电" in told[0].title


def test_another_plan_s_list_is_taken_over_until_something_is_marked(world: World) -> None:
    key = opened(world)["id"]
    plan = world.emergency()
    url = f"/api/v1/incidents/{key}"
    answer = world.admin.patch(url, json={"emergency_plan": plan}, headers={"If-Match": '"1"'})
    assert answer.json()["plan"]["code"] == "EP-1"
    own = world.incident()
    mark(world, own, "m1", outcome="done")
    answer = world.admin.patch(f"/api/v1/incidents/{own}", json={"emergency_plan": plan}, headers={"If-Match": "*"})
    assert answer.status_code == 409


def drill(world: World, order: str, form: dict[str, Any], version: str = "*") -> Any:
    return world.admin.put(f"/api/v1/work-orders/{order}/drill", json=form, headers={"If-Match": version})


def complete(world: World, order: str, to: str = "completed") -> Any:
    return world.admin.post(f"/api/v1/work-orders/{order}/transitions", json={"to": to})


def test_a_drill_without_its_record_is_not_completed_and_says_what_is_missing(world: World) -> None:
    order = world.drill()
    answer = complete(world, order)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [
        f"drill.{one}" for one in ("scenario", "participants", "findings", "grade", "times.report", "times.command")
    ]
    assert drill(world, order, {"scenario": "B座停电"}).status_code == 200
    assert len(complete(world, order).json()["errors"]) == 5
    shown = drill(world, order, RECORD, '"1"')
    assert (shown.status_code, shown.json()["lacks"], shown.json()["version"]) == (200, [], 2)
    assert drill(world, order, RECORD, '"1"').status_code == 412
    done = complete(world, order)
    assert (done.status_code, done.json()["state"]) == (200, "completed"), done.text


def test_a_verified_drill_is_frozen_with_its_record(world: World) -> None:
    order = world.drill()
    drill(world, order, RECORD)
    complete(world, order)
    supervisor = world.as_(Role.SUPERVISOR, HOME)
    answer = supervisor.post(
        f"/api/v1/work-orders/{order}/transitions", json={"to": "verified", "reason": "检查表另存"}
    )
    assert answer.status_code == 200, answer.text
    (record,) = world.admin.get("/api/v1/records", params={"work_order": order}).json()["items"]
    detail = world.admin.get(f"/api/v1/records/{record['id']}").json()
    assert (record["kind"], detail["document"]["drill"]["scenario"]) == ("drill", "B座停电")
    answer = drill(world, order, RECORD | {"scenario": "另一个"})
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("record_frozen")


def test_drill_records_are_listed_by_plan_and_never_across_sites(world: World) -> None:
    for site in (HOME, AWAY):
        drill(world, world.drill(site), RECORD)
    viewer = world.as_(Role.VIEWER, HOME)
    (item,) = viewer.get("/api/v1/drills").json()["items"]
    assert (item["site"], item["scenario"], item["emergency_plan"]) == (HOME, "B座停电", None)
    assert viewer.get("/api/v1/drills", params={"emergency_plan": "x"}).json()["items"] == []
    assert viewer.get("/api/v1/drills", params={"to": "2026-03-02T08:00:00Z"}).json()["items"] == []


def test_work_that_is_no_drill_has_no_drill_record(world: World) -> None:
    ticket = world.ticket().id
    assert world.admin.get(f"/api/v1/work-orders/{ticket}/drill").status_code == 404
    assert drill(world, ticket, RECORD).status_code == 409
    for bad, field in (
        ({"times": [{"stage": "report", "minutes": 5}, {"stage": "command", "minutes": 1}]}, "drill.times"),
        ({"emergency_plan": "nope"}, "emergency_plan"),
        ({"follow_ups": [{"kind": "work_order", "text": "x"}]}, "follow_ups.0.ref"),
    ):  # fmt: skip
        answer = drill(world, world.drill(), bad)
        assert [one["field"] for one in answer.json()["errors"]] == [field], answer.text


def test_a_plan_that_is_drilled_stands_in_the_plan_table_and_its_drill_comes_due(world: World) -> None:
    form = {
        "site": HOME, "code": "EP-EQ", "category": "equipment_failure",
        "name": {"zh": "设备故障应急预案", "en": "Equipment failure"}, "measures": ["排查故障"],
        "drill": {"every": 1, "unit": "month"},
    }  # fmt: skip
    plan = world.admin.post("/api/v1/emergency-plans", json=form).json()
    rows = world.admin.get("/api/v1/plan-rows", params={"code": plan["drill_row"]}).json()["items"]
    assert [(row["kind"], row["checklist"], row["site"]) for row in rows] == [("drill", "DR-REC", True)]
    classes = {key: list(system.classes) for key, system in systems().items()}
    materialise(world.ledger, NOW, classes)
    found = world.admin.get("/api/v1/occurrences", params={"plan_row": plan["drill_row"]}).json()["items"]
    assert found
    orders = world.admin.get("/api/v1/work-orders", params={"kind": "drill", "site": HOME}).json()["items"]
    mine = [one for one in orders if one["occurrences"][0]["plan_row"] == plan["drill_row"]]
    shown = world.admin.get(f"/api/v1/work-orders/{mine[0]['id']}/drill").json()
    assert (shown["plan"]["code"], shown["plan"]["measures"], shown["version"]) == ("EP-EQ", ["排查故障"], 0)
    assert drill(world, mine[0]["id"], RECORD).json()["emergency_plan"] == plan["key"]
    moved = world.admin.post(f"/api/v1/work-orders/{mine[0]['id']}/transitions", json={"to": State.IN_PROGRESS.value})
    assert moved.status_code == 200
    assert complete(world, mine[0]["id"]).status_code == 200
    done = world.admin.get("/api/v1/occurrences", params={"plan_row": plan["drill_row"], "state": "done"}).json()
    assert [one["work_order"] for one in done["items"]] == [mine[0]["id"]]
