"""Credentials of publishers: made, listed and ended by whoever supervises the site; the password is answered once."""

from pathlib import Path

import pytest

from api.passwords import hash_password
from plantroom.errors import Unreachable
from plantroom.ports.accounts import Role
from tests.contract.api.world import AWAY, HOME, PASSWORD, World, make_template, open_world

DEVICES = "/api/v1/devices"


def test_a_supervisor_gives_a_publisher_its_password_and_nobody_reads_it_again(world: World) -> None:
    client = world.as_(Role.SUPERVISOR, HOME)
    answer = client.post(DEVICES, json={"site": HOME, "client": "press-1", "assets": ["P-1", "P-1"]})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["username"], made["assets"], made["revoked_at"]) == ("demo.press-1", ["P-1"], None)
    assert len(made["password"]) >= 40
    listed = client.get(DEVICES)
    assert [d["id"] for d in listed.json()["items"]] == [made["id"]]
    assert made["password"] not in listed.text
    assert "hash" not in listed.text
    with world.ledger.read() as tx:
        kept = tx.devices.get(made["id"])
    assert kept.password_hash.startswith("$7$")
    assert made["password"] not in str(kept)


def test_a_revoked_one_stays_on_the_list_and_its_name_is_free_again(world: World) -> None:
    first = world.device()
    assert world.admin.post(DEVICES, json={"site": HOME, "client": "press-1"}).status_code == 409
    assert world.admin.delete(f"{DEVICES}/{first}").status_code == 204
    assert world.admin.delete(f"{DEVICES}/{first}").status_code == 204
    again = world.admin.post(DEVICES, json={"site": HOME, "client": "press-1"})
    assert again.status_code == 201
    items = world.admin.get(DEVICES, params={"site": HOME}).json()["items"]
    assert [(d["id"], d["revoked_at"] is None) for d in items] == [(first, False), (again.json()["id"], True)]
    assert world.admin.get(DEVICES, params={"site": AWAY}).json()["items"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"site": "+", "client": "press"}, "site"),
        ({"site": "#", "client": "press"}, "site"),
        ({"site": "nowhere", "client": "press"}, "site"),
        ({"site": HOME, "client": "a.b"}, "client"),
        ({"site": HOME, "client": "a:b\nuser x"}, "client"),
        ({"site": HOME, "client": "press", "assets": ["P-1", "+"]}, "assets"),
        ({"site": HOME, "client": "press", "assets": ["x/telemetry\ntopic readwrite #"]}, "assets"),
    ],
)
def test_a_name_that_would_reach_further_is_refused(world: World, body: dict[str, object], field: str) -> None:
    answer = world.admin.post(DEVICES, json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field
    assert world.admin.get(DEVICES).json()["items"] == []


def test_the_broker_is_told_and_a_broker_that_cannot_be_told_is_said(tmp_path: Path) -> None:
    told: list[str] = []
    away = False

    def tell() -> str:
        if away:
            raise Unreachable("broker files in /wire", "Read-only file system")
        told.append("now")
        return "the running broker has been told"

    template = make_template(tmp_path, hash_password(PASSWORD))
    (tmp_path / "world").mkdir()
    with open_world(template, tmp_path / "world", tell_broker=tell) as world:
        made = world.admin.post(DEVICES, json={"site": HOME, "client": "one"}).json()
        assert (made["broker"], told) == ("the running broker has been told", ["now"])
        assert world.admin.delete(f"{DEVICES}/{made['id']}").status_code == 204
        assert len(told) == 2
        away = True
        other = world.admin.post(DEVICES, json={"site": HOME, "client": "two"})
        assert other.status_code == 201
        assert "Read-only" in other.json()["broker"]
        assert world.admin.delete(f"{DEVICES}/{other.json()['id']}").status_code == 503
        away = False
        assert world.admin.delete(f"{DEVICES}/{other.json()['id']}").status_code == 204
        assert len(told) == 3
