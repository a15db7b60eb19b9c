"""Settings, migrations, opening by several processes, start-up."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import AssetStatus, Limits, LocalName, Point, PointKind
from plantroom.errors import SettingError, Unreachable
from plantroom.migrations import config, fresh
from plantroom.ports.ledger import AssetFilter
from plantroom.ports.paging import PageRequest
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.codec import dump
from plantroom.storage.ledger.columns import to_microseconds
from plantroom.storage.ledger.schema import HEAD
from plantroom.storage.ledger.tables import metadata
from tests.contract.ledger.given import NOW, ROOT, asset, point, site
from tests.contract.ledger.older import insert, insert_asset, insert_site, older_ledger


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "ledger.db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:////tmp",
        "mysql://u:secret@h/d",
        "postgresql://u:secret@h",
        "postgresql+asyncpg://u:secret@h/d",
        "sqlite+aiosqlite:////tmp/x/y.db",
        "nonsense://u:secret@h:port/d",
    ],
)
def test_a_wrong_url_is_a_setting_error_that_keeps_the_password(wrong: str) -> None:
    with pytest.raises(SettingError) as caught:
        SqlLedger(wrong)
    assert caught.value.name == "PLANTROOM_LEDGER_URL"
    assert "postgresql+psycopg://" in caught.value.expected
    assert "secret" not in str(caught.value)


def test_making_a_ledger_touches_nothing(tmp_path: Path) -> None:
    SqlLedger(f"sqlite:///{tmp_path / 'a' / 'ledger.db'}")
    SqlLedger("postgresql+psycopg://nobody@192.0.2.1/nothing")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_is_unreachable() -> None:
    ledger = SqlLedger("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(Unreachable) as caught:
        ledger.open()
    assert caught.value.retryable


def test_a_file_that_is_no_database_is_a_wrong_setting_since_waiting_does_not_help(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"not a database, but text of some length" * 100)
    with pytest.raises(SettingError, match="not a database"):
        SqlLedger(f"sqlite:///{path}").open()


def test_a_folder_that_cannot_be_made_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unreachable):
        SqlLedger(f"sqlite:///{tmp_path / 'file' / 'ledger.db'}").open()


def test_opening_makes_the_schema_and_opening_again_keeps_the_data(empty_url: str) -> None:
    with closing(SqlLedger(empty_url)) as ledger:
        ledger.open()
        ledger.open()
        with ledger.begin() as tx:
            tx.assets.add_site(site())
    with closing(SqlLedger(empty_url)) as ledger:
        ledger.open()
        ledger.ping()
        with ledger.read() as tx:
            assert list(tx.assets.sites()) == [site()]


def test_a_closed_ledger_opens_again(ledger: SqlLedger) -> None:
    ledger.close()
    ledger.open()
    ledger.ping()
    assert ledger.wait_for_change(0.0) in {True, False}


def test_the_migrated_schema_is_that_of_the_tables(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        context = MigrationContext.configure(tx.work.connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        inspector = sa.inspect(tx.work.connection)
        for table in metadata.sorted_tables:
            found = {i["name"]: i["column_names"] for i in inspector.get_indexes(table.name) if not i["unique"]}
            assert found == {str(i.name): [c.name for c in i.columns] for i in table.indexes if not i.unique}
            key = inspector.get_pk_constraint(table.name)
            assert key["constrained_columns"] == [c.name for c in table.primary_key.columns]


def test_a_new_file_is_what_the_migrations_make_of_an_empty_one(tmp_path: Path) -> None:
    migrated, made = tmp_path / "migrated.db", tmp_path / "made.db"
    with older_ledger(f"sqlite:///{migrated}", HEAD):
        pass
    with closing(SqlLedger(f"sqlite:///{made}")) as ledger:
        ledger.open()
    for path in (migrated, made):
        with closing(sqlite3.connect(path)) as connection:
            script = fresh.script_of(connection)
        assert script == fresh.SCRIPT.read_text(encoding="utf-8"), "run: python -m plantroom.migrations.fresh"


def test_the_head_constant_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(config()).get_current_head() == HEAD


def test_a_ledger_of_a_newer_plantroom_is_refused(empty_url: str) -> None:
    with closing(SqlLedger(empty_url)) as ledger:
        ledger.open()
        with ledger.begin() as tx:
            tx.work.connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with closing(SqlLedger(empty_url)) as ledger, pytest.raises(SettingError, match="9999"):
        ledger.open()


OLD_AUTO = Limits(normal_low=1, alarm_low=0.5, alarm_delay_s=300, off_delay_s=5, source="AUTO at all times")


def old(key: str, mode: str | None, limits: Limits = Limits(), asset: str = "p1") -> Point:
    return point(key, asset, "1", kind=PointKind.STATE, limits=limits, failure_mode=mode)


def test_machines_that_are_there_get_the_limits_by_which_a_fire_is_told(empty_url: str) -> None:
    own = replace(OLD_AUTO, alarm_delay_s=120)
    pumps = [
        old("pump_running", None, asset="p2"),
        old("auto_mode", "not_in_auto", OLD_AUTO, "p2"),
        old("active_alarms", None, asset="p2"),
    ]
    mine = [old("active_alarms", "fire", asset="p4"), old("auto_mode", "not_in_auto", OLD_AUTO, "p4")]
    before = [
        (asset(equipment_class="fire_panel"), [old("active_alarms", "fire"), old("mains_ok", "mains")]),
        (asset("p2", "P-2", equipment_class="fire_pump_set"), pumps),
        (asset("p3", "P-3", equipment_class="smoke_fan"), [old("auto_mode", "not_in_auto", own, "p3")]),
        (asset("p4", "P-4", equipment_class="fire_panel"), mine),
    ]
    with older_ledger(empty_url, "0014") as connection:
        insert_site(connection)
        for machine, points in before:
            insert_asset(connection, machine, points)
        limits, at = dump(Limits()), NOW if connection.dialect.name == "postgresql" else to_microseconds(NOW)
        given = {"site": "demo", "asset": "p4", "at": at, "by": "li", "reason": "ours", "before": limits}
        keys = ("active_alarms", "auto_mode")
        insert(connection, "limit_changes", [given | {"point": key, "after": limits} for key in keys])
    with closing(SqlLedger(empty_url)) as ledger:
        ledger.open()
        with ledger.read() as tx:
            after = tx.assets.plant()
    classes = equipment_classes()
    changed = [("p1", "active_alarms", "fire_panel"), ("p2", "pump_running", "fire_pump_set"), ("p2", "auto_mode", "")]
    for key, name, equipment_class in changed:
        template = after.points[key][name].template
        known = next(p for p in classes[equipment_class or "fire_pump_set"].points if p.key == name)
        assert (template.limits, template.failure_mode) == (known.limits, known.failure_mode)
    assert after.revision > 0
    for machine, points in before:
        for kept in points:
            known = (machine.key, kept.key) in {pair[:2] for pair in changed}
            assert known or after.points[machine.key][kept.key] == kept, "people's, or no news"


def test_several_processes_open_a_new_ledger_at_once(empty_url: str) -> None:
    moment = str(time.time() + 2.0)
    command = [sys.executable, "-m", "tests.contract.ledger.elsewhere", "open_at", empty_url, moment]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(3)
    ]
    ended = [(p.communicate(timeout=60), p.returncode) for p in processes]
    assert [code for _, code in ended] == [0, 0, 0], [err for (_, err), _ in ended]
    assert all(out.split("\n")[-2].startswith("revision 0") for (out, _), _ in ended)


def test_opening_a_current_ledger_does_not_load_alembic(url: str) -> None:
    command = [sys.executable, "-m", "tests.contract.ledger.elsewhere", "open_at", url, "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30, cwd=ROOT)
    assert done.stdout == "revision 0 False\n"


def test_schedulers_in_several_processes_share_the_occurrences(url: str) -> None:
    with closing(SqlLedger(url)) as ledger:
        ledger.open()
        with ledger.begin() as tx:
            tx.assets.add_site(site())
    moment = str(time.time() + 2.0)
    command = [sys.executable, "-m", "tests.contract.ledger.elsewhere", "schedule", url, moment]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(3)]
    assert sum(int(p.communicate(timeout=60)[0]) for p in processes) == 200


def test_an_older_ledger_keeps_its_points_and_is_searched_at_once(empty_url: str) -> None:
    pump = asset(name=LocalName("生活水泵", "Pump"), location="b1", custom={"zone": "高区"})
    points = [point(), point("flow", unit="m3/h"), point("b", stuck_after_s=None)]
    with older_ledger(empty_url, "0020") as connection:
        insert_site(connection)
        place = {"key": "b1", "site": "demo", "kind": "building", "name_zh": "一号楼", "name_en": "Building 1"}
        insert(connection, "locations", [place])
        insert_asset(connection, pump, points)
        insert_asset(connection, asset("p2", "P-102"), [replace(one, asset="p2") for one in points])
        insert(connection, "asset_codes", [{"site": "demo", "code": "OLD-7", "asset": "p1"}])
    with closing(SqlLedger(empty_url)) as ledger:
        ledger.open()
        with ledger.read() as tx:
            assert list(tx.assets.points("p1")) == points
            assert list(tx.assets.plant().points["p2"].values()) == [replace(one, asset="p2") for one in points]
            for text in ("水泵", "一号", "old-7", "高区", "P-101 building"):
                found = tx.assets.list(AssetFilter(text=text), PageRequest()).items
                assert [view.asset.key for view in found] == ["p1"], text
        with ledger.begin() as tx:
            tx.assets.set_status("p1", AssetStatus.STANDBY)
            assert tx.places.get("b1").version == 1
