"""Dead letters over the API: asked for again, thrown away."""

from plantroom.ports.accounts import Role
from plantroom.ports.letters import REPLAY_ASKED
from tests.contract.api.world import AWAY, HOME, World

LETTERS = "/api/v1/dead-letters"


def test_a_letter_that_is_asked_for_says_so_until_it_is_taken_up(world: World) -> None:
    letter = world.dead_letter()
    client = world.as_(Role.SUPERVISOR, HOME)
    answer = client.post(f"{LETTERS}/{letter}/replay")
    assert answer.status_code == 202
    assert answer.json()["reason"].startswith(f"{REPLAY_ASKED}: ")
    assert client.post(f"{LETTERS}/{letter}/replay").status_code == 202
    assert [one["id"] for one in client.get(f"{LETTERS}?reason={REPLAY_ASKED}").json()["items"]] == [letter]


def test_all_letters_of_a_reason_are_asked_for_within_the_callers_sites(world: World) -> None:
    for site in (HOME, AWAY):
        world.dead_letter(site)
    client = world.as_(Role.SUPERVISOR, HOME)
    assert client.post(f"{LETTERS}/replay", json={"reason": "another"}).json() == {"asked": 0}
    assert client.post(f"{LETTERS}/replay", json={}).json() == {"asked": 1}
    assert client.post(f"{LETTERS}/replay", json={"site": AWAY}).status_code == 403
    everywhere = world.as_(Role.SUPERVISOR)
    assert everywhere.post(f"{LETTERS}/replay", json={}).json() == {"asked": 1}


def test_a_letter_of_a_site_that_nobody_entered_cannot_be_replayed_but_discarded(world: World) -> None:
    letter = world.dead_letter("nosite")
    client = world.as_(Role.SUPERVISOR)
    answer = client.post(f"{LETTERS}/{letter}/replay")
    assert (answer.status_code, "nosite" in answer.json()["detail"]) == (409, True)
    assert client.delete(f"{LETTERS}/{letter}").status_code == 204
    assert client.get(f"{LETTERS}/{letter}").status_code == 404
    assert client.delete(f"{LETTERS}/{letter}").status_code == 404


def test_a_viewer_replays_and_discards_nothing(world: World) -> None:
    letter = world.dead_letter()
    client = world.as_(Role.VIEWER)
    assert client.post(f"{LETTERS}/{letter}/replay").status_code == 403
    assert client.delete(f"{LETTERS}/{letter}").status_code == 403
    assert client.get(f"{LETTERS}/{letter}").status_code == 200


def test_an_empty_site_is_that_of_the_letters_whose_topics_name_none(world: World) -> None:
    without, _ = world.dead_letter(""), world.dead_letter()
    client = world.as_(Role.SUPERVISOR)
    for query in ("site=", "site=&reason=not%20JSON"):
        assert [one["id"] for one in client.get(f"{LETTERS}?{query}").json()["items"]] == [without]
    assert client.get(f"{LETTERS}/summary?site=").json()["total"] == 1
    assert client.post(f"{LETTERS}/replay", json={"site": ""}).json() == {"asked": 0}
    at_home = world.as_(Role.SUPERVISOR, HOME)
    assert at_home.get(f"{LETTERS}?site=").json()["items"] == []
    assert at_home.delete(f"{LETTERS}/{without}").status_code == 404


def test_of_a_letter_whose_topic_names_no_site_nobody_is_told_to_enter_one(world: World) -> None:
    answer = world.as_(Role.SUPERVISOR).post(f"{LETTERS}/{world.dead_letter('')}/replay")
    assert (answer.status_code, "names no site" in answer.json()["detail"]) == (409, True)
    assert "enter it" not in answer.json()["detail"]
