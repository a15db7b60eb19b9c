"""The list of gaps: what every caller may see of it, cut into pages, filtered."""

from datetime import timedelta
from typing import Any

import pytest

from plantroom.domain.spans import Span
from plantroom.ports.accounts import Role
from plantroom.ports.gaps import GapNews, GapsGone
from tests.contract.api.world import AWAY, HOME, NOW, World

LATER = NOW + timedelta(seconds=5)


def note(world: World, site: str, *holes: Span, came: tuple[Span, ...] = (), gone: tuple[Span, ...] = ()) -> None:
    key = world.keys[site]
    news = GapNews(key, "P-1", "telemetry", "b1", 0, NOW, LATER, holes, came)
    with world.ledger.begin() as tx:
        tx.gaps.note(site, [news, GapsGone(key, "telemetry", "b1", gone, NOW)])


@pytest.fixture
def holed(world: World) -> World:
    note(world, HOME, (3, 3), (5, 9))
    note(world, HOME, came=((3, 3),), gone=((9, 9),))
    note(world, AWAY, (1, 2))
    return world


def items(client: Any, **query: str) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/gaps", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_a_gap_says_whose_it_is_which_numbers_and_how_it_stands(holed: World) -> None:
    (gap,) = items(holed.admin, site=HOME, state="open")
    assert gap | {"id": ""} == {
        "id": "", "site": HOME, "asset": holed.keys[HOME], "code": "P-1", "channel": "telemetry", "boot": "b1",
        "numbering": 0, "first": 5, "last": 8, "missing": 4, "state": "open", "reason": "",
        "found_at": "2026-03-02T08:00:00.000Z", "ended_at": None, "asks": 0, "asked_at": None,
        "ask_at": "2026-03-02T08:00:05.000Z",
    }  # fmt: skip


def test_filters_narrow_the_list(holed: World) -> None:
    assert len(items(holed.admin)) == 4
    assert [g["first"] for g in items(holed.admin, asset=holed.keys[AWAY])] == [1]
    assert [g["reason"] for g in items(holed.admin, state="given_up")] == ["gone"]
    assert [g["first"] for g in items(holed.admin, state="healed")] == [3]
    assert items(holed.admin, site="nowhere") == []


def test_nobody_sees_gaps_of_another_site(holed: World) -> None:
    for role in Role:
        scoped = holed.as_(role, AWAY)
        assert [g["site"] for g in items(scoped)] == [AWAY]
        assert items(scoped, site=HOME) == items(scoped, asset=holed.keys[HOME]) == []


def test_the_list_comes_in_pages(holed: World) -> None:
    found, cursor = [], None
    while True:
        page = holed.admin.get("/api/v1/gaps", params={"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(g["id"] for g in found) == sorted(g["id"] for g in items(holed.admin))


@pytest.mark.parametrize("query", [{"state": "lost"}, {"sort": "boot"}, {"cursor": "x"}, {"limit": "0"}])
def test_a_wrong_query_is_refused_field_by_field(holed: World, query: dict[str, str]) -> None:
    answer = holed.admin.get("/api/v1/gaps", params=query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in query


def test_a_gap_is_given_up_by_hand_and_asked_for_again(world: World) -> None:
    gap = world.gap()
    client = world.as_(Role.SUPERVISOR, HOME)
    given_up = client.post(f"/api/v1/gaps/{gap}/give-up")
    assert (given_up.status_code, given_up.json()["state"], given_up.json()["reason"]) == (200, "given_up", "by_hand")
    assert client.post(f"/api/v1/gaps/{gap}/give-up").json() == given_up.json(), "twice is once"
    asked = client.post(f"/api/v1/gaps/{gap}/ask")
    assert (asked.status_code, asked.json()["state"], asked.json()["reason"]) == (202, "open", "")
    assert asked.json()["ask_at"] is not None


def test_a_healed_gap_stays_healed(world: World) -> None:
    gap = world.gap()
    note(world, HOME, came=((5, 9),))
    client = world.as_(Role.SUPERVISOR, HOME)
    assert client.post(f"/api/v1/gaps/{gap}/give-up").json()["state"] == "healed"
    assert client.post(f"/api/v1/gaps/{gap}/ask").json()["state"] == "healed"


def test_gaps_are_ended_by_supervisors_of_the_site_alone(world: World) -> None:
    gap = world.gap()
    for what in ("ask", "give-up"):
        assert world.as_(Role.TECHNICIAN).post(f"/api/v1/gaps/{gap}/{what}").status_code == 403
        assert world.as_(Role.SUPERVISOR, AWAY).post(f"/api/v1/gaps/{gap}/{what}").status_code == 404
        assert world.as_(Role.SUPERVISOR).post(f"/api/v1/gaps/none/{what}").status_code == 404
    assert items(world.admin)[0]["state"] == "open"
