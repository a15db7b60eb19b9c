"""Whatever changes the ledger is in its history: who, why, before and after, in the same transaction."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from plantroom.domain.assets import Asset, Point
from plantroom.domain.authorship import Author, AuthorKind, acting, acting_system, because
from plantroom.errors import Conflict, NotFound
from plantroom.ports.accounts import ApiToken, Grant, Role, User
from plantroom.storage.ledger import SqlLedger, asset_bulk, audit_hook
from plantroom.storage.ledger.assets import ASSETS
from plantroom.storage.ledger.audit_diff import NOT_KEPT
from plantroom.storage.ledger.engine import SqlTx
from plantroom.storage.ledger.tables import metadata
from plantroom.storage.ledger.tables_audit import audit_entries
from plantroom.storage.ledger.tables_plant import assets
from tests.contract.ledger.given import NOW, asset, point, site

POINTS = [point(), point("flow", unit="m3/h")]
ZHANG = Author("zhang", AuthorKind.PERSON, "u1", request_id="r-1", via="PATCH /api/v1/assets/{key}")


def entries(ledger: SqlLedger, **wanted: str) -> list[dict[str, Any]]:
    """The history but for its beginning, the documents parsed."""
    with ledger.read() as tx:
        statement = audit_entries.select().where(audit_entries.c.action != "begun").order_by(audit_entries.c.position)
        rows = [dict(row) for row in tx.work.connection.execute(statement).mappings()]
    for row in rows:
        for side in ("before", "after"):
            row[side] = None if row[side] is None else json.loads(row[side])
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


@pytest.fixture
def machine(ledger: SqlLedger) -> SqlLedger:
    """A site with one pump."""
    with ledger.begin() as tx:
        tx.assets.add_site(site())
        tx.assets.add(asset(), POINTS)
    return ledger


def test_a_new_ledger_says_since_when_changes_are_kept(ledger: SqlLedger) -> None:
    with ledger.read() as tx:
        first = tx.work.connection.execute(audit_entries.select()).mappings().one()
    assert first["action"] == "begun"
    assert json.loads(first["after"])["kept_since"] == first["at"].isoformat()


def test_a_change_keeps_who_when_why_before_and_after(machine: SqlLedger) -> None:
    with acting(ZHANG), because("name plate read again"), machine.begin() as tx:
        stored = tx.assets.get("p1").asset
        tx.assets.update(replace(stored, manufacturer="KSB"), stored.version)
        before = tx.collect.now()
    entry = entries(machine)[-1]
    assert (entry["by"], entry["by_kind"], entry["by_id"]) == ("zhang", "person", "u1")
    assert (entry["reason"], entry["request_id"], entry["via"]) == ("name plate read again", "r-1", ZHANG.via)
    assert (entry["entity"], entry["key"], entry["label"], entry["site"]) == ("asset", "p1", "P-101", "demo")
    assert entry["action"] == "changed"
    assert (entry["before"]["manufacturer"], entry["after"]["manufacturer"]) == (stored.manufacturer, "KSB")
    assert entry["before"].keys() == {"manufacturer", "version"}
    assert abs(entry["at"] - before) < timedelta(seconds=5)


def test_what_comes_to_nothing_leaves_no_entry(machine: SqlLedger) -> None:
    count = len(entries(machine))
    with machine.begin() as tx:
        stored = tx.assets.get("p1").asset
        tx.assets.put_points(tx.assets.points("p1"))
        tx.assets.update(replace(stored, serial="other"), None)
        tx.assets.update(stored, None)
    assert len(entries(machine)) == count


def test_several_writes_to_one_thing_are_one_entry(machine: SqlLedger) -> None:
    count = len(entries(machine))
    with machine.begin() as tx:
        for name in ("A", "B", "C"):
            tx.assets.update(replace(tx.assets.get("p1").asset, manufacturer=name), None)
    assert len(entries(machine)) == count + 1
    assert entries(machine)[-1]["after"]["manufacturer"] == "C"


def test_a_transaction_that_is_undone_leaves_no_entry(machine: SqlLedger) -> None:
    count = len(entries(machine))
    with pytest.raises(NotFound), machine.begin() as tx:
        _changed_and_failed(tx)
    assert len(entries(machine)) == count


def _changed_and_failed(tx: SqlTx) -> None:
    tx.assets.update(replace(tx.assets.get("p1").asset, manufacturer="KSB"), None)
    tx.assets.get("nothing")


def test_a_refused_insert_leaves_no_entry(machine: SqlLedger) -> None:
    count = len(entries(machine))
    with pytest.raises(Conflict), machine.begin() as tx:
        tx.assets.add_site(site())
    assert len(entries(machine)) == count


def test_points_made_with_their_asset_are_noted_with_it_and_changes_to_them_one_by_one(machine: SqlLedger) -> None:
    made = entries(machine, entity="asset")[0]
    assert made["after"]["~made_with_it"]["points"].keys() == {one.key for one in POINTS}
    assert not entries(machine, entity="point")
    with machine.begin() as tx:
        first = tx.assets.points("p1")[0]
        limits = replace(first.template.limits, alarm_high=99.0)
        tx.assets.put_points([Point("p1", replace(first.template, limits=limits))])
    (entry,) = entries(machine, entity="point")
    assert (entry["key"], entry["label"], entry["asset"]) == (f"p1/{first.key}", first.key, "p1")
    assert entry["site"] == "demo"
    assert entry["after"] == {"limits.alarm_high": 99.0}
    assert entry["before"] == {"limits.alarm_high": first.template.limits.alarm_high}


def test_secrets_are_never_kept_but_their_change_is(ledger: SqlLedger) -> None:
    user = User("u1", "li", "$argon2id$first", (Grant(Role.VIEWER),))
    with ledger.begin() as tx:
        tx.accounts.put_user(user)
        tx.accounts.add_token(ApiToken("t1", "export", "a" * 64, (Grant(Role.VIEWER),), NOW, None, "li"))
    with ledger.begin() as tx:
        tx.accounts.put_user(replace(user, password_hash="$argon2id$second"))
    with ledger.begin() as tx:
        tx.accounts.put_user(replace(user, password_hash="$argon2id$second", grants=(Grant(Role.ADMIN),)))
    changed = entries(ledger, entity="user")
    assert changed[1]["before"] == changed[1]["after"] == {"password_hash": NOT_KEPT}
    assert changed[2]["after"] == {"grants": [{"role": "admin", "site": None, "department": None, "contractor": None}]}
    assert "argon2id" not in str(changed)
    assert "a" * 64 not in str(entries(ledger, entity="token"))


def test_background_jobs_are_known_by_their_name(machine: SqlLedger) -> None:
    with acting_system("scheduler"), machine.begin() as tx:
        tx.assets.update(replace(tx.assets.get("p1").asset, manufacturer="KSB"), None)
    entry = entries(machine)[-1]
    assert (entry["by"], entry["by_kind"]) == ("system:scheduler", "system")


def test_a_learn_window_whose_number_the_database_gives_is_kept(machine: SqlLedger) -> None:
    with machine.begin() as tx:
        window = tx.assets.add_learn_window("p1", NOW, NOW + timedelta(days=1), "li")
    (entry,) = entries(machine, entity="learn_window")
    assert (entry["key"], entry["after"]["declared_by"]) == (str(window.id), "li")


def test_an_import_of_thousands_is_kept_whole_and_cheaply(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.assets.add_site(site())
        statements: list[str] = []
        sa.event.listen(tx.work.connection, "before_cursor_execute", lambda *args: statements.append(args[2]))
        rows = [_asset_row(number) for number in range(3_000)]
        tx.work.backend.insert_many(tx.work.connection, metadata.tables["assets"], rows)
        tx.work.connection.execute(
            metadata.tables["assets"].update().where(metadata.tables["assets"].c.site == "demo"), {"model": "new"}
        )
    assert len(entries(ledger, entity="asset")) == 3_000
    assert entries(ledger, entity="asset")[2_999]["after"]["model"] == "new"
    assert len(statements) < 20


def _asset_row(number: int) -> dict[str, Any]:
    return ASSETS.row(asset(f"k{number}", f"C-{number}"))


def many(count: int) -> tuple[list[Asset], list[Point]]:
    """So many pumps with two points each, some in others."""
    made = [asset(f"m{n}", f"M-{n}", parent=f"m{n - 1}" if n % 3 == 0 and n else None) for n in range(count)]
    return made, [point(key, one.key) for one in made for key in ("vibration", "flow")]


@pytest.mark.parametrize(("count", "write_at"), [(200, 100), (160, 150)])
def test_of_many_new_machines_each_has_one_entry_with_its_points(
    machine: SqlLedger, monkeypatch: pytest.MonkeyPatch, count: int, write_at: int
) -> None:
    """Of 160, 60 and 60 gather without being written; the last 40 reach what is written at before their points are
    there."""
    monkeypatch.setattr(audit_hook, "WRITE_AT", write_at)
    monkeypatch.setattr(asset_bulk, "TOGETHER", 60)
    before = len(entries(machine))
    with machine.begin() as tx:
        tx.assets.add_many(*many(count))
    made = entries(machine)[before:]
    assert sorted(entry["label"] for entry in made) == sorted(f"M-{n}" for n in range(count))
    assert {entry["action"] for entry in made} == {"created"}
    assert all(entry["after"]["~made_with_it"]["points"].keys() == {"vibration", "flow"} for entry in made)


def test_what_is_derived_from_others_is_not_read_for_the_history(machine: SqlLedger) -> None:
    read: list[str] = []
    with machine.begin() as tx:
        connection = tx.work.connection
        sa.event.listen(connection, "before_cursor_execute", lambda _c, _cur, text, *_: read.append(text))
        tx.assets.add_many(*many(150))
    assert not [text for text in read if text.startswith("SELECT") and "assets.search" in text]


def test_a_change_of_something_derived_with_something_else_is_kept(machine: SqlLedger) -> None:
    with machine.begin() as tx:
        where = assets.c.key == "p1"
        tx.work.connection.execute(assets.update().where(where).values(changed=7), {"serial": "S-9"})
    assert entries(machine)[-1]["after"] == {"serial": "S-9"}
