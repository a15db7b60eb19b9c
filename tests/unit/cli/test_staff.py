"""``plantroom staff``: what the commands print of a real ledger."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from maintenance.orders import create_order
from maintenance.people.on_call import Rota
from maintenance.people.rosters import Shift
from maintenance.people.staff import Certificate, Membership
from maintenance.work_orders import Kind, Origin
from plantroom.cli.main import main
from plantroom.domain.assets import LocalName
from plantroom.ports.accounts import Grant, Role, User
from plantroom.storage.ledger import SqlLedger

NAME = LocalName("早班", "Early")
ENGINEERING = "工程管理部门"


@pytest.fixture
def staffed(started: Path) -> Path:
    """Somebody on shift day and night, on call, with a certificate that has run out, and a ticket that waits."""
    ledger = SqlLedger(f"sqlite:///{started}/ledger.db")
    ledger.open()
    now = datetime.now(UTC)
    with ledger.begin() as tx:
        tx.accounts.put_user(User("u1", "li", "", (Grant(Role.TECHNICIAN, "demo"),), "李工"))
        member = replace(tx.people.person("li"), phone="138 0000", memberships=(Membership("demo", ENGINEERING),))
        tx.people.put_person(member)
        tx.people.put_certificate(Certificate("c", "li", "work_at_height", "N1", date(2020, 1, 1), date(2021, 1, 1)))
        for key, starts, ends in (("a", time(0), time(12)), ("b", time(12), time(0))):
            tx.people.put_shift(Shift(key, "demo", ENGINEERING, NAME, starts, ends, ("li",), date(2020, 1, 1)))
        tx.people.put_rota(Rota("r", "demo", None, 1, NAME, ("li",), date(2020, 1, 1), time(9)))
        create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=NAME, by="x", now=now - timedelta(hours=1)
        )
    ledger.close()
    return started


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path, *words: str) -> str:
    monkeypatch.setattr("sys.argv", ["plantroom", "staff", *words, "--data-dir", str(folder)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_the_commands_say_who_works_and_who_may(staffed: Path, capsys, monkeypatch) -> None:
    assert "2021-01-01  expired  李工 (li)" in run(capsys, monkeypatch, staffed, "expiring", "--site", "demo")
    assert "li  工程管理部门  早班" in run(capsys, monkeypatch, staffed, "on-shift", "--site", "demo")
    assert "1  李工 (li)  138 0000" in run(capsys, monkeypatch, staffed, "on-call", "--site", "demo")
    given = json.loads(run(capsys, monkeypatch, staffed, "give-out", "--site", "demo", "--json"))["items"]
    assert [item["assignee"] for item in given] == ["li"]
    assert run(capsys, monkeypatch, staffed, "give-out", "--site", "demo") == "nothing was given out\n"
    off = run(capsys, monkeypatch, staffed, "off", "li", "--reason", "has left")
    assert off == f"li is switched off; back to their departments: #{given[0]['number']}\n"
    assert run(capsys, monkeypatch, staffed, "on-call", "--site", "demo") == "nobody is on call\n"
    assert run(capsys, monkeypatch, staffed, "expiring") == "nothing runs out\n"
