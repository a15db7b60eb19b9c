"""Messages to real receivers: until they have arrived, once in the good case, never lost in the bad one."""

import base64
import hashlib
import hmac
import json
import threading
import time
import urllib.parse
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from maintenance.notify.batches import ALONE, MAX_ATTEMPTS
from maintenance.notify.channels import Channel, ChannelKind
from maintenance.notify.delivery import Delivered, Delivery
from maintenance.notify.senders import TIMEOUT_S, signature
from maintenance.notify.trying import replayed, try_channel
from maintenance.ports import OrderFilter
from maintenance.work_orders import State
from plantroom.domain.assets import Severity
from plantroom.ports.paging import PageRequest
from tests.contract.maintenance.channels import SECRET, Office, tell
from tests.contract.maintenance.tablet import Store
from tests.receivers import MailReceiver, WebReceiver, mail_receiver, web_receiver


@pytest.fixture
def office(any_ledger: Store, tmp_path: Path) -> Office:
    return Office(any_ledger, tmp_path)


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    with mail_receiver() as made:
        yield made


def states(office: Office) -> list[str]:
    return [one.state for one in office.messages()]


def test_a_webhook_is_signed_dated_and_known_by_its_id(office: Office, web: WebReceiver) -> None:
    office.channel(f"{web.url}/hook?tenant=7")
    tell(office, severity=Severity.MAJOR, facts={"work_order": {"number": 12}})
    assert office.deliver() == Delivered(sent=1)
    (request,) = web.requests
    (message,) = office.messages()
    assert request.path == "/hook?tenant=7"
    stamp, body = request.headers["X-Plantroom-Timestamp"], request.body
    made = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert request.headers["X-Plantroom-Signature"] == f"sha256={made}" == f"sha256={signature(SECRET, stamp, body)}"
    assert request.headers["X-Plantroom-Id"] == message.id == request.json["id"]
    assert abs(int(stamp) - time.time()) < 60
    assert request.json | {"title": {"zh": "通知0", "en": "Notice 0"}, "severity": "major"} == request.json
    assert request.json["work_order"] == {"number": 12}
    assert office.deliver() == Delivered(), "once"


def test_a_message_is_sent_again_on_request_under_the_same_id(office: Office, web: WebReceiver) -> None:
    office.channel(web.url)
    tell(office)
    office.deliver()
    (message,) = office.messages()
    with office.ledger.begin() as tx:
        tx.notifications.note([replayed(message, office.clock.now())])
    office.deliver()
    assert [one.headers["X-Plantroom-Id"] for one in web.requests] == [message.id] * 2
    assert office.messages()[0].replays == 1


def test_apprise_carries_to_a_web_receiver_and_to_a_mail_server(
    office: Office, web: WebReceiver, mail: MailReceiver
) -> None:
    office.channel(web.url.replace("http://", "json://") + "/notify", language="en")
    where = f"mailto://127.0.0.1:{mail.port}?from=plant@example.com&to=ops@example.com&smtp=127.0.0.1&mode=insecure"
    office.channel(where)
    tell(office)
    assert office.deliver() == Delivered(sent=2)
    assert (web.requests[0].json["title"], web.requests[0].json["message"]) == ("Notice 0", "Notice 0")
    (received,) = mail.mails
    assert (received["subject"], received["to"]) == ("通知0", "ops@example.com")
    assert "通知0" in received.get_body(("plain",)).get_content()  # type: ignore[union-attr]


BOTS = {
    "wecom": ("wecombot://KEY-1234", "wecombot.NotifyWeComBot", "/send?key={key}", {"errcode": 0, "errmsg": "ok"}),
    "dingtalk": (
        "dingtalk://SECRET99@TOKEN12345", "dingtalk.NotifyDingTalk", "/robot?access_token={token}",
        {"errcode": 0, "errmsg": "ok"},
    ),
    "feishu": ("feishu://TOKEN12345", "feishu.NotifyFeishu", "/hook/{token}/", {"code": 0, "msg": "success"}),
}  # fmt: skip


@pytest.fixture
def bot(request: pytest.FixtureRequest, web: WebReceiver, monkeypatch: pytest.MonkeyPatch) -> str:
    """The bot's address; its service is the web receiver (Apprise's own address of it, on this machine)."""
    url, plugin, path, answer = BOTS[request.param]
    monkeypatch.setattr(f"apprise.plugins.{plugin}.notify_url", web.url + path)
    web.answer = json.dumps(answer).encode()
    return url


@pytest.mark.parametrize("bot", BOTS, indirect=True)
def test_the_bots_get_what_their_services_take(office: Office, web: WebReceiver, bot: str) -> None:
    channel = office.channel(bot)
    tell(office)
    assert office.deliver() == Delivered(sent=1)
    (request,) = web.requests
    if channel.kind is ChannelKind.FEISHU:
        assert request.json == {"msg_type": "text", "content": {"text": "通知0\r\n通知0"}}
        assert request.path == "/hook/TOKEN12345/"
        return
    assert request.json["msgtype"] == "text"
    assert request.json["text"] == {"content": "通知0\n通知0"}
    if channel.kind is ChannelKind.WECOM:
        assert request.path == "/send?key=KEY-1234"
        return
    query = dict(urllib.parse.parse_qsl(request.path.partition("?")[2]))
    key = f"{query['timestamp']}\nSECRET99".encode()
    signed = base64.b64encode(hmac.new(b"SECRET99", key, hashlib.sha256).digest()).decode()
    assert (query["access_token"], query["sign"]) == ("TOKEN12345", signed)


@pytest.mark.parametrize("bot", BOTS, indirect=True)
def test_a_bot_that_refuses_with_200_has_not_taken_it(office: Office, web: WebReceiver, bot: str) -> None:
    web.answer = b'{"errcode": 93000, "errmsg": "invalid webhook url", "code": 9499, "msg": "Bad Request"}'
    channel = office.channel(bot)
    tell(office)
    assert office.deliver() == Delivered(failed=1)
    assert states(office) == ["waiting"]
    error = office.stored(channel).last_error
    assert error is not None
    assert any(word in error for word in ("93000", "9499", "rejected"))


def test_a_receiver_that_fails_is_tried_later_and_later_and_nothing_is_lost(office: Office, web: WebReceiver) -> None:
    channel = office.channel(web.url)
    web.status = 500
    tell(office)
    waits = []
    for _ in range(4):
        before = office.clock.now()
        assert office.deliver() == Delivered(failed=1)
        assert office.deliver() == Delivered(), "the channel rests"
        until = office.stored(channel).resting_until
        assert until is not None
        waits.append((until - before).total_seconds())
        office.clock.instant = until
    assert waits == [15, 30, 60, 120]
    assert office.messages()[0].error == "the receiver answered 500"
    web.status = 204
    assert office.deliver() == Delivered(sent=1)
    assert (office.stored(channel).failures, office.stored(channel).resting_until) == (0, None)


def give_up(office: Office, channel: Channel) -> None:
    for _ in range(MAX_ATTEMPTS):
        office.deliver()
        office.clock.instant = office.stored(channel).resting_until or office.clock.instant


def test_what_fails_too_often_is_given_up_and_the_channel_has_one_ticket(office: Office, web: WebReceiver) -> None:
    channel = office.channel(web.url, site="demo", name="工程群")
    web.status = 404
    tell(office, 2)
    give_up(office, channel)
    give_up(office, channel)
    assert states(office) == ["failed", "failed"]
    with office.ledger.read() as tx:
        (order,) = tx.orders.list(OrderFilter(), PageRequest()).items
    assert (order.title.zh, order.severity) == ("通知渠道不通：工程群", Severity.MAJOR)
    assert "404" in order.reason.en
    assert office.stored(channel).broken_since is not None
    web.status = 200
    tell(office)
    office.deliver()
    assert office.stored(channel).broken_since is None
    with office.ledger.read() as tx:
        assert tx.orders.get(order.id).state is State.OPEN
        assert any("works again" in line.reason for line in tx.orders.transitions(order.id))


def test_an_urgent_message_that_does_not_get_through_goes_out_by_another_channel(office: Office) -> None:
    with web_receiver() as broken, web_receiver() as works:
        channel = office.channel(broken.url, site="demo", name="一号群", min_severity=Severity.INFO)
        office.channel(works.url, site="demo", min_severity=Severity.MAJOR)
        broken.status = 503
        tell(office, urgent=True, severity=Severity.GENERAL)
        for _ in range(3):
            office.deliver()
            office.clock.instant = office.stored(channel).resting_until or office.clock.instant
        office.deliver()
        assert works.requests == [], "of what is not severe enough for it, it does not hear"
        tell(office, urgent=True, severity=Severity.CRITICAL)
        for _ in range(5):
            office.deliver()
            office.clock.instant = office.stored(channel).resting_until or office.clock.instant
        texts = [request.json["text"]["zh"] for request in works.requests]
        assert any("经渠道“一号群”未能送达" in text for text in texts)


def test_a_receiver_that_does_not_answer_keeps_nobody_waiting(office: Office) -> None:
    with web_receiver() as slow, web_receiver() as quick:
        slow.gate.clear()
        office.channel(slow.url, name="a-slow")
        office.channel(quick.url, name="b-quick")
        delivery = Delivery(office.ledger, office.post, office.clock)
        tell(office, 3)
        begun = time.monotonic()
        assert delivery.run_once() == 2
        while len(quick.requests) < 3 and time.monotonic() - begun < 5:
            time.sleep(0.02)
        took = time.monotonic() - begun
        assert len(quick.requests) == 3
        assert len(slow.requests) == 1
        assert delivery.run_once() == 0, "the slow one is claimed, the quick one has nothing left"
        slow.gate.set()
        delivery.close()
        assert took < TIMEOUT_S / 2


def test_an_answer_that_takes_too_long_is_a_failure(
    office: Office, web: WebReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maintenance.notify.senders.TIMEOUT_S", 0.3)
    web.gate.clear()
    office.channel(web.url)
    tell(office)
    assert office.deliver() == Delivered(failed=1)
    assert office.messages()[0].error == "the receiver did not answer within 0.3 s"


def test_a_process_that_dies_while_sending_leaves_the_message_to_another_one(office: Office, web: WebReceiver) -> None:
    office.channel(web.url)
    tell(office)
    now = office.clock.now()
    with office.ledger.begin() as tx:
        assert len(tx.channels.claim("dead", now, now + timedelta(minutes=2), 8)) == 1
    assert office.deliver() == Delivered()
    office.clock.forward(minutes=2)
    assert office.deliver() == Delivered(sent=1)


def test_several_deliveries_at_once_send_each_message_once(office: Office, web: WebReceiver) -> None:
    for _ in range(4):
        office.channel(web.url)
    tell(office, ALONE)
    ready = threading.Barrier(3)

    def go() -> None:
        ready.wait()
        office.deliver()

    threads = [threading.Thread(target=go) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    office.deliver()
    ids = [request.headers["X-Plantroom-Id"] for request in web.requests]
    assert sorted(ids) == sorted(one.id for one in office.messages())


def test_a_hundred_messages_of_a_flood_are_a_handful_for_people_and_all_of_them_for_programs(
    office: Office, web: WebReceiver
) -> None:
    group = office.channel(web.url.replace("http://", "json://"), name="group")
    with web_receiver() as program:
        office.channel(program.url, name="program")
        for _ in range(5):
            tell(office, 20)
            office.deliver()
            office.clock.forward(minutes=1)
        for _ in range(4):
            office.clock.forward(minutes=5)
            office.deliver()
        assert len(program.requests) == 100
    assert 2 <= len(web.requests) <= 4
    assert "notices in one message" in str(web.requests[0].json) or "条通知合并发送" in str(web.requests[0].json)
    assert "另有" in web.requests[-1].json["message"]
    assert {one.state for one in office.messages(channel=group.id)} == {"delivered"}


def test_urgent_messages_wait_for_no_digest_until_they_are_many(office: Office, web: WebReceiver) -> None:
    office.channel(web.url.replace("http://", "json://"))
    tell(office, 30)
    office.deliver()
    tell(office, urgent=True, severity=Severity.CRITICAL)
    before = len(web.requests)
    office.deliver()
    assert len(web.requests) == before + 1
    tell(office, 100, urgent=True)
    office.deliver()
    assert len(web.requests) <= before + 3


def test_quiet_hours_hold_back_what_is_not_urgent_until_they_end(office: Office, web: WebReceiver) -> None:
    office.clock.forward(hours=14)  # 23:00 at the site
    office.channel(web.url, site="demo", quiet_from="22:00", quiet_to="07:00")
    tell(office)
    tell(office, urgent=True)
    assert office.deliver() == Delivered(sent=1)
    office.clock.forward(hours=7, minutes=59)
    assert office.deliver() == Delivered()
    office.clock.forward(minutes=1)
    assert office.deliver() == Delivered(sent=1)


def test_a_test_message_says_whether_it_arrived_and_past_the_outbox(office: Office, web: WebReceiver) -> None:
    channel = office.channel(web.url)
    assert try_channel(office.ledger, office.post, channel, office.clock, "wang") is None
    web.status = 401
    assert try_channel(office.ledger, office.post, channel, office.clock, "wang") == "the receiver answered 401"
    assert office.stored(channel).last_error == "the receiver answered 401"
    assert office.messages() == []
    nobody = office.channel("http://127.0.0.1:9/x")
    problem = try_channel(office.ledger, office.post, nobody, office.clock, "wang")
    assert problem == "the receiver cannot be reached (ConnectError)"
