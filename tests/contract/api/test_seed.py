"""The seed over the API."""

from tests.contract.api.world import World


def test_profiles_and_jurisdictions_say_how_far_to_trust_them(world: World) -> None:
    found = world.admin.get("/api/v1/seed/profiles").json()
    assert [one["key"] for one in found["profiles"]] == ["residential", "commercial"]
    xianning = next(one for one in found["jurisdictions"] if one["key"] == "cn-hubei-xianning")
    assert {"WA-TANK", "WA-NOT"} == set(xianning["overrides"])
    assert {"records": "tank_cleaning", "years": 3, "status": "verified"} in xianning["retention"]
    heating = next(one for one in xianning["seasons"] if one["name"] == "heating")
    assert heating == {"name": "heating", "from": "11-15", "to": "03-15", "status": "from_memory"}


def test_codes_for_a_machine_begin_with_those_of_its_class(world: World) -> None:
    found = world.admin.get("/api/v1/seed/codes", params={"class": "elevator"}).json()
    assert found["causes"][0]["classes"]
    assert all(not one["classes"] or "elevator" in one["classes"] for one in found["causes"])
    assert found["owner_faults"][0]["key"] == "people_trapped"
    pauses = {one["code"] for one in found["reasons"] if one["pauses"]}
    assert pauses == {one["code"] for one in world.admin.get("/api/v1/sla-policies").json()["pauses"]}
    assert len(world.admin.get("/api/v1/seed/codes").json()["causes"]) > len(found["causes"])


def test_codes_of_an_unknown_class_are_refused_by_name(world: World) -> None:
    answer = world.admin.get("/api/v1/seed/codes", params={"class": "spaceship"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "class"


def test_what_is_from_memory_can_be_read(world: World) -> None:
    found = world.admin.get("/api/v1/seed/unverified").json()
    assert {"row", "limits"} <= {one["what"] for one in found["items"]}
    assert all(one["status"] == "from_memory" for one in found["items"])
