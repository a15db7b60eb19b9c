"""Messages whose time is over: what arrived goes, what did not stays, and nobody is told twice."""

from datetime import timedelta
from pathlib import Path

import pytest

from maintenance.notify import forgetting
from maintenance.notify.channels import Channel, ChannelKind
from maintenance.notify.forgetting import forget_notices
from maintenance.notify.messages import Message
from maintenance.notify.ports import Forgotten
from plantroom.domain.assets import Severity
from plantroom.domain.keys import new_key
from tests.contract.maintenance.channels import Office
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.tablet import Store

DAY = timedelta(days=1)
LONG_AGO, LATELY = NOW - 91 * DAY, NOW - 89 * DAY


@pytest.fixture
def office(any_ledger: Store, tmp_path: Path) -> Office:
    made = Office(any_ledger, tmp_path)
    with any_ledger.begin() as tx:
        tx.channels.add(Channel("c1", "office", ChannelKind.WEBHOOK, "sealed", "http://...", NOW, "wang"))
    return made


def put(office: Office, dedup: str, **became: object) -> None:
    given = {
        "id": new_key(), "channel": "c1", "dedup": dedup, "topic": "clock", "site": "demo", "work_order": "o1",
        "clock": "acknowledge:0", "severity": Severity.GENERAL, "urgent": False, "title": f"t-{dedup}", "body": "words",
        "payload": {"version": 1}, "created_at": LONG_AGO - DAY,
    }  # fmt: skip
    with office.ledger.begin() as tx:
        assert tx.notifications.add([Message(**given | became)]) in {0, 1}  # type: ignore[arg-type]


def left(office: Office) -> dict[str, str]:
    return {one.dedup: one.body for one in office.messages()}


def test_what_arrived_or_was_taken_back_goes_and_what_did_not_arrive_stays(office: Office) -> None:
    put(office, "arrived", delivered_at=LONG_AGO)
    put(office, "taken-back", withdrawn_at=LONG_AGO)
    put(office, "given-up", given_up_at=LONG_AGO)
    put(office, "waits", next_try=LONG_AGO)
    put(office, "arrived-lately", delivered_at=LATELY)
    put(office, "sent-again", delivered_at=LONG_AGO, next_try=NOW)
    assert forget_notices(office.ledger, NOW, 0) == Forgotten()
    assert forget_notices(office.ledger, NOW, 90) == Forgotten(delivered=1, withdrawn=1)
    assert set(left(office)) == {"given-up", "waits", "arrived-lately", "sent-again"}


def test_of_what_is_told_again_and_again_the_title_stays_and_nobody_is_told_twice(office: Office) -> None:
    put(office, "deadline", work_order=None, delivered_at=LONG_AGO)
    assert forget_notices(office.ledger, NOW, 90) == Forgotten(cut=1)
    assert forget_notices(office.ledger, NOW, 90) == Forgotten(), "once"
    put(office, "deadline", work_order=None, next_try=NOW)
    (one,) = office.messages()
    assert (one.title, one.body, one.payload, one.state) == ("t-deadline", "", {}, "delivered")


def test_a_long_outbox_goes_piece_by_piece(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", 2)
    for n in range(5):
        put(office, f"a{n}", delivered_at=LONG_AGO)
        put(office, f"b{n}", given_up_at=LONG_AGO)
    assert forget_notices(office.ledger, NOW, 90).delivered == 5
    assert set(left(office)) == {f"b{n}" for n in range(5)}
