"""Notification channels and the outbox over HTTP: addresses go in and are never shown."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from maintenance.notify.delivery import deliver
from plantroom.ports.accounts import Role
from tests.contract.api.world import AWAY, HOME, SECRET, World
from tests.receivers import WebReceiver, web_receiver

CHANNELS = "/api/v1/channels"


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with web_receiver() as made:
        yield made


def test_a_channel_s_address_goes_in_and_never_comes_out(world: World) -> None:
    body = {"name": "工程群", "url": "wecombot://KEY-hidden", "site": HOME, "quiet_from": "22:00", "quiet_to": "07:00"}
    made = world.admin.post(CHANNELS, json=body)
    assert made.status_code == 201
    assert (made.json()["kind"], made.json()["address"], made.json()["goes"]) == ("wecom", "wecombot://…", "untried")
    listed = world.admin.get(CHANNELS)
    one = world.admin.get(made.headers["Location"])
    for answer in (made, listed, one):
        assert "hidden" not in answer.text
    with world.ledger.read() as tx:
        assert "hidden" not in tx.channels.get(made.json()["id"]).sealed


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"url": "carrierpigeon://x"}, "url", "unknown_scheme"),
        ({"url": "wecombot://"}, "url", "malformed"),
        ({"url": "mailto://"}, "url", "malformed"),
        ({"url": "no address"}, "url", "malformed"),
        ({"url": "https://"}, "url", "malformed"),
        ({"url": "https://host:port/x", "secret": SECRET}, "url", "malformed"),
        ({"url": "syslog://"}, "url", "local_only"),
        ({"url": "https://cmms.example.com/hook"}, "secret", "required"),
        ({"url": "https://cmms.example.com/hook", "secret": "short"}, "secret", "required"),
        ({"url": "wecombot://abc", "secret": SECRET}, "secret", "not_used"),
        ({"url": "wecombot://abc", "kind": "email"}, "kind", "other_kind"),
        ({"url": "wecombot://abc", "language": "fr"}, "language", "unknown"),
        ({"url": "wecombot://abc", "quiet_from": "22:00"}, "quiet_to", "required"),
        ({"url": "wecombot://abc", "quiet_from": "22h", "quiet_to": "07:00"}, "quiet_from", "malformed"),
        ({"url": "wecombot://abc", "user": "nobody"}, "user", "unknown_user"),
        ({"url": "wecombot://abc", "name": " "}, "name", "required"),
    ],
)
def test_a_channel_that_cannot_work_is_refused_by_name(world: World, body: dict, field: str, code: str) -> None:
    answer = world.admin.post(CHANNELS, json={"name": "c", "site": HOME} | body)
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]
    assert "cmms.example.com/hook" not in answer.text
    assert world.admin.get(CHANNELS).json()["items"] == []


def test_two_channels_have_two_names_and_a_site_must_be_there(world: World) -> None:
    body = {"name": "c", "url": "wecombot://abc", "site": HOME}
    assert world.admin.post(CHANNELS, json=body).status_code == 201
    assert world.admin.post(CHANNELS, json=body).status_code == 409
    assert world.admin.post(CHANNELS, json=body | {"name": "d", "site": "nowhere"}).status_code == 404


def test_a_channel_is_changed_by_who_has_read_it_and_what_waits_for_one_switched_off_is_taken_back(
    world: World,
) -> None:
    message = world.notification(HOME)
    (channel,) = world.admin.get(CHANNELS).json()["items"]
    path = f"{CHANNELS}/{channel['id']}"
    changed = world.admin.patch(path, json={"language": "en", "active": False}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["language"], changed.headers["ETag"]) == (200, "en", '"2"')
    assert world.admin.get(f"/api/v1/notifications/{message}").json()["state"] == "withdrawn"
    stale = world.admin.patch(path, json={"name": "x"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["current"]["version"]) == (412, 2)
    assert world.admin.patch(path, json={"name": "x"}).status_code == 428
    assert world.admin.post(f"/api/v1/notifications/{message}/replay").status_code == 409
    new = world.admin.patch(path, json={"url": "wecombot://other"}, headers={"If-Match": '"2"'})
    assert (new.json()["kind"], new.json()["address"]) == ("wecom", "wecombot://…")
    assert world.admin.delete(path).status_code == 204
    assert world.admin.get(f"/api/v1/notifications/{message}").status_code == 404


def test_the_test_button_sends_now_and_says_what_became_of_it(world: World, web: WebReceiver) -> None:
    path = f"{CHANNELS}/{world.channel(HOME, web.url)}/test"
    arrived = world.admin.post(path).json()
    assert (arrived["delivered"], arrived["problem"], arrived["took_s"] < 10) == (True, None, True)
    assert web.requests[0].json["topic"] == "test"
    web.status = 403
    answer = world.admin.post(path).json()
    assert (answer["delivered"], answer["problem"]) == (False, "the receiver answered 403")
    (channel,) = world.admin.get(CHANNELS).json()["items"]
    assert (channel["goes"], channel["last_error"]) == ("failing", "the receiver answered 403")


def test_what_went_out_is_listed_and_can_be_sent_again(world: World, web: WebReceiver) -> None:
    world.channel(HOME, web.url)
    message = world.notification(HOME)
    deliver(world.ledger, world.services.post, world.clock)
    sent = world.admin.get("/api/v1/notifications?state=delivered").json()["items"]
    assert [one["payload"]["id"] == one["id"] for one in sent] == [True]
    again = world.admin.post(f"/api/v1/notifications/{sent[0]['id']}/replay")
    assert (again.status_code, again.json()["state"], again.json()["replays"]) == (200, "waiting", 1)
    deliver(world.ledger, world.services.post, world.clock)
    assert [one.headers["X-Plantroom-Id"] for one in web.requests] == [sent[0]["id"]] * 2
    waiting = world.admin.get("/api/v1/notifications?state=waiting").json()["items"]
    assert [one["id"] for one in waiting] == [message]
    assert world.admin.get("/api/v1/notifications?state=lost").status_code == 422


def test_channels_of_every_site_are_for_who_has_every_site(world: World) -> None:
    everywhere = world.channel(None)
    for role in (Role.SUPERVISOR, Role.ADMIN):
        assert world.as_(role, HOME).get(CHANNELS).json()["items"] == []
        assert world.as_(role, HOME).get(f"{CHANNELS}/{everywhere}").status_code == 404
    assert world.as_(Role.ADMIN, HOME).post(CHANNELS, json={"name": "c", "url": "wecombot://a"}).status_code == 403
    assert world.as_(Role.SUPERVISOR).get(f"{CHANNELS}/{everywhere}").status_code == 200
    away = world.notification(AWAY)
    assert world.as_(Role.SUPERVISOR, HOME).get("/api/v1/notifications").json()["items"] == []
    assert world.as_(Role.SUPERVISOR, HOME).get(f"/api/v1/notifications/{away}").status_code == 404


def test_figures_of_the_notifications_are_told_to_prometheus(world: World) -> None:
    world.notification(HOME)
    text = world.client().get("/metrics").text
    assert "plantroom_notifications_sent_total 0.0" in text
    assert "plantroom_notifications_waiting 1.0" in text
    assert 'plantroom_notification_channels{state="untried"} 1.0' in text


def test_of_what_is_not_kept_any_more_nothing_can_be_sent_again(world: World, web: WebReceiver) -> None:
    world.channel(HOME, web.url)
    world.notification(HOME)
    deliver(world.ledger, world.services.post, world.clock)
    (sent,) = world.admin.get("/api/v1/notifications?state=delivered").json()["items"]
    after = datetime.now(UTC) + timedelta(days=400)
    with world.ledger.begin() as tx:
        assert tx.notifications.forget(max(after, world.clock.now() + timedelta(days=1)), 10).cut == 1
    path = f"/api/v1/notifications/{sent['id']}"
    kept = world.admin.get(path).json()
    assert (kept["title"], kept["payload"], kept["state"]) == (sent["title"], {}, "delivered")
    assert world.admin.post(f"{path}/replay").status_code == 409
