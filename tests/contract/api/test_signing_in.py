"""Sessions, CSRF, throttling, tokens."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from fastapi.testclient import TestClient

from api.access import digest
from plantroom.ports.accounts import ApiToken, Grant, Role
from tests.contract.api.world import AWAY, HOME, NOW, PASSWORD, World

SITE = {"code": "new", "name": {"zh": "新", "en": "New"}}


def sign_in(client: TestClient, username: str = "admin", password: str = PASSWORD):
    return client.post("/api/v1/session", json={"username": username, "password": password})


def test_a_session_starts_with_the_right_password_and_ends_when_signed_out(world: World) -> None:
    client = world.client()
    answer = sign_in(client)
    assert answer.status_code == 200
    assert answer.json()["user"]["username"] == "admin"
    assert answer.json()["user"]["grants"] == [{"role": "admin", "site": None, "department": None, "contractor": None}]
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie

    who = client.get("/api/v1/session")
    assert who.json() == answer.json()
    token = answer.json()["csrf_token"]
    assert client.delete("/api/v1/session", headers={"X-CSRF-Token": token}).status_code == 204
    assert client.get("/api/v1/session").status_code == 401


def test_a_signed_out_cookie_is_worth_nothing_even_when_it_was_kept(world: World) -> None:
    client = world.client()
    token = sign_in(client).json()["csrf_token"]
    kept = client.cookies["plantroom_session"]
    client.delete("/api/v1/session", headers={"X-CSRF-Token": token})
    client.cookies.set("plantroom_session", kept)
    assert client.get("/api/v1/assets").status_code == 401


def test_only_hashes_of_sessions_are_stored(world: World) -> None:
    client = world.client()
    sign_in(client)
    with world.ledger.read() as tx:
        assert tx.accounts.session(client.cookies["plantroom_session"]) is None
        assert tx.accounts.session(digest(client.cookies["plantroom_session"])) is not None


def test_a_session_runs_out(world: World) -> None:
    client = world.client()
    sign_in(client)
    world.clock.forward(hours=11)
    assert client.get("/api/v1/session").status_code == 200
    world.clock.forward(hours=2)
    assert client.get("/api/v1/session").status_code == 401


def test_wrong_password_unknown_user_and_switched_off_user_look_alike(world: World) -> None:
    client = world.client()
    answers = [
        sign_in(client, "admin", "wrong"),
        sign_in(client, "nobody", "wrong"),
        sign_in(client, "gone", PASSWORD),
    ]
    assert {a.status_code for a in answers} == {401}
    assert len({a.text for a in answers}) == 1
    assert all(a.headers["content-type"] == "application/problem+json" for a in answers)
    assert all("set-cookie" not in a.headers for a in answers)


def test_the_cookie_is_secure_over_https(world: World) -> None:
    client = TestClient(world.app, base_url="https://plantroom.example")
    assert "secure" in sign_in(client).headers["set-cookie"].lower()


def test_changes_with_a_cookie_need_the_csrf_token(world: World) -> None:
    client = world.client()
    token = sign_in(client).json()["csrf_token"]
    assert client.post("/api/v1/sites", json=SITE).status_code == 403
    assert client.post("/api/v1/sites", json=SITE, headers={"X-CSRF-Token": "guess"}).status_code == 403
    assert client.post("/api/v1/sites", json=SITE, headers={"X-CSRF-Token": "猜".encode()}).status_code == 403
    assert client.post("/api/v1/sites", json=SITE, headers={"X-CSRF-Token": token}).status_code == 201


def test_changes_with_a_bearer_token_need_none(world: World) -> None:
    assert world.admin.post("/api/v1/sites", json=SITE).status_code == 201


def test_a_form_of_another_site_cannot_sign_anybody_in(world: World) -> None:
    body = '{"username": "admin", "password": "correct horse"}'
    answer = world.client().post("/api/v1/session", content=body, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


def test_the_sixth_attempt_within_five_minutes_is_turned_away_with_the_time_to_wait(world: World) -> None:
    client = world.client()
    assert [sign_in(client, "admin", "wrong").status_code for _ in range(5)] == [401] * 5
    answer = sign_in(client)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["status"] == 429
    world.clock.forward(minutes=5, seconds=1)
    assert sign_in(client).status_code == 200


def test_a_right_password_forgets_the_wrong_ones(world: World) -> None:
    client = world.client()
    for _ in range(3):
        assert [sign_in(client, "admin", "wrong").status_code for _ in range(4)] == [401] * 4
        assert sign_in(client).status_code == 200


def at_once(count: int, go) -> list[int]:
    """Statuses of so many answers asked for at the same moment, sorted."""
    with ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(lambda n: go(n).status_code, range(count)))


def test_a_shift_signs_in_at_once_from_one_address(world: World) -> None:
    with world.ledger.begin() as tx:
        known = tx.accounts.user("u-tech")
        for n in range(12):
            tx.accounts.put_user(replace(known, id=f"u-{n}", username=f"u{n}"))
    assert at_once(12, lambda n: sign_in(world.client(), f"u{n}")) == [200] * 12
    assert at_once(12, lambda _: sign_in(world.client(), "li")) == [200] * 12


def test_guessing_at_once_gains_nothing(world: World) -> None:
    assert at_once(12, lambda _: sign_in(world.client(), "li", "wrong")) == [401] * 5 + [429] * 7


def test_other_people_s_mistakes_behind_one_address_lock_nobody_out_until_they_are_many(world: World) -> None:
    def fail(count: int) -> None:
        with world.ledger.begin() as tx:
            for n in range(count):
                tx.accounts.note_failed_sign_in(f"somebody-{n}", "10.0.0.7", NOW)

    fail(49)
    assert sign_in(world.client()).status_code == 200
    fail(1)
    assert sign_in(world.client()).status_code == 429
    elsewhere = TestClient(world.app, client=("10.0.0.8", 1))
    assert sign_in(elsewhere).status_code == 200


def test_an_attempt_whose_process_died_is_forgotten_after_a_minute(world: World, monkeypatch) -> None:
    monkeypatch.setattr("api.session.throttle.PATIENCE_S", 0.2)
    with world.ledger.begin() as tx:
        for _ in range(5):
            tx.accounts.begin_sign_in("admin", "10.0.0.7", NOW)
    busy = sign_in(world.client())
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "5")
    world.clock.forward(seconds=61)
    assert sign_in(world.client()).status_code == 200


def test_tokens_expire_and_unknown_ones_are_refused(world: World) -> None:
    with world.ledger.begin() as tx:
        grants = [Grant(Role.VIEWER, HOME)]
        tx.accounts.add_token(ApiToken("t1", "short", digest("short-lived"), grants, NOW, NOW + timedelta(hours=1)))
    client = world.client("short-lived")
    assert client.get("/api/v1/assets").status_code == 200
    world.clock.forward(hours=1)
    assert client.get("/api/v1/assets").status_code == 401
    assert world.client("no-such-token").get("/api/v1/assets").status_code == 401
    answer = world.client().get("/api/v1/assets", headers={"Authorization": "Basic YTpi"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_new_token_works_and_reaches_no_further_than_its_maker(world: World) -> None:
    answer = world.admin.post("/api/v1/tokens", json={"name": "bridge", "role": "viewer", "site": HOME})
    assert answer.status_code == 201
    made = answer.json()
    assert world.client(made["token"]).get("/api/v1/users/me").json()["grants"] == made["grants"]
    local = world.as_(Role.ADMIN, HOME)
    assert local.post("/api/v1/tokens", json={"name": "x", "role": "viewer"}).status_code == 403
    assert local.post("/api/v1/tokens", json={"name": "x", "role": "viewer", "site": AWAY}).status_code == 403
    assert local.post("/api/v1/tokens", json={"name": "x", "role": "admin", "site": HOME}).status_code == 201


def test_an_administrator_of_one_department_mints_no_wider_token(world: World) -> None:
    own = {"name": "x", "role": "admin", "site": HOME, "department": "水务管理部门"}
    bound = world.as_(Role.ADMIN, HOME, "水务管理部门")
    for wider in ({"department": None}, {"department": "电梯维修部门"}, {"site": None}, {"site": AWAY}):
        assert bound.post("/api/v1/tokens", json=own | wider).status_code == 403, wider
        assert bound.post("/api/v1/tokens", json=own | wider | {"role": "viewer"}).status_code == 403, wider
    answer = bound.post("/api/v1/tokens", json=own)
    assert answer.status_code == 201
    assert answer.json()["grants"] == [
        {"role": "admin", "site": HOME, "department": "水务管理部门", "contractor": None}
    ]
    everywhere = world.as_(Role.ADMIN, None, "水务管理部门")
    assert everywhere.post("/api/v1/tokens", json=own | {"site": None}).status_code == 201
    assert everywhere.post("/api/v1/tokens", json=own | {"department": None}).status_code == 403
    assert world.as_(Role.ADMIN, HOME).post("/api/v1/tokens", json=own).status_code == 201
