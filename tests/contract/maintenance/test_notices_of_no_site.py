"""What belongs to no site is told to those who look after every site, and to no single site's people."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from maintenance.notify.broken import elsewhere
from maintenance.notify.channels import Channel, ChannelKind
from maintenance.notify.messages import Notice
from maintenance.notify.outbox import notify_channels
from plantroom.domain.assets import LocalName, Severity, Site
from plantroom.domain.keys import new_key
from plantroom.ports.accounts import Grant, Role, User
from tests.contract.maintenance.channels import Office
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.tablet import Store

PEOPLE = (
    User("u-root", "root", "", (Grant(Role.ADMIN),)),
    User("u-demo", "demo-admin", "", (Grant(Role.ADMIN, "demo"),)),
    User("u-lifts", "lifts-admin", "", (Grant(Role.ADMIN, None, "电梯维修部门"),)),
    User("u-anda", "anda", "", (Grant(Role.TECHNICIAN, None, None, "c-anda"),)),
    User("u-gone", "gone", "", (Grant(Role.ADMIN),), active=False),
)


@pytest.fixture
def office(any_ledger: Store, tmp_path: Path) -> Office:
    """Two sites, each with a channel of its own; people with theirs."""
    made = Office(any_ledger, tmp_path)
    with any_ledger.begin() as tx:
        tx.assets.add_site(Site("north", LocalName("北区", "North")))
        for user in PEOPLE:
            tx.accounts.put_user(user)
    for site in ("demo", "north"):
        add(made, site, site=site)
    for user in PEOPLE:
        add(made, user.username, user=user.username)
    return made


def add(office: Office, name: str, **more: object) -> None:
    made = Channel(name, name, ChannelKind.WEBHOOK, "sealed", "http://...", NOW, "wang", **more)  # type: ignore[arg-type]
    with office.ledger.begin() as tx:
        tx.channels.add(made)


def told(office: Office, severity: Severity = Severity.GENERAL) -> set[str]:
    words = LocalName("证书到期", "A certificate runs out")
    notice = Notice("deadline", None, words, (words,), new_key(), severity)
    with office.ledger.begin() as tx:
        notify_channels(tx, notice, NOW)
    return {one.channel for one in office.messages() if one.dedup == notice.dedup}


def test_the_channels_for_every_site_hear_of_it_and_no_site_s_own(office: Office) -> None:
    add(office, "all")
    add(office, "all-worst", min_severity=Severity.CRITICAL)
    assert told(office) == {"all"}


def test_without_one_the_administrators_of_every_site_hear_of_it(office: Office) -> None:
    assert told(office) == {"root"}
    with capture_logs() as logs:
        assert told(office, Severity.INFO) == set()
    assert [one["event"] for one in logs] == ["nobody_to_tell"]


def test_the_only_site_s_channels_are_those_for_every_site(any_ledger: Store, tmp_path: Path) -> None:
    office = Office(any_ledger, tmp_path)
    add(office, "demo", site="demo")
    assert told(office) == {"demo"}


def test_what_does_not_get_through_goes_by_no_site_s_channel_either(office: Office) -> None:
    add(office, "all")
    add(office, "other")
    assert told(office) == {"all", "other"}
    message = next(one for one in office.messages() if one.channel == "all")
    with office.ledger.begin() as tx:
        assert elsewhere(tx, message, tx.channels.get("all"), NOW) == 1
    assert {one.channel for one in office.messages() if one.dedup.endswith(":elsewhere")} == {"other"}
