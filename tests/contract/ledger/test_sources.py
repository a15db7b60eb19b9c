"""Topic sources, on each database."""

from dataclasses import replace
from typing import Any

import pytest

from plantroom.domain.assets import Priority, SourceClock
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.errors import Conflict, NotFound, VersionConflict
from plantroom.storage.ledger import SqlLedger

FIELDS = (FieldMapping("ENERGY.Power", "power", "P-101", "W"), FieldMapping("温度", "temperature"))


def source(key: str = "s1", **changes: Any) -> TopicSource:
    made = TopicSource(
        key, "demo", "插座", f"tele/{key}/#", "tasmota", Priority.SAFETY, SourceClock.SIMULATED, "Asia/Shanghai",
        "P-101", 0, FIELDS,
    )  # fmt: skip
    return replace(made, **changes)


def add(ledger: SqlLedger, *sources: TopicSource) -> None:
    with ledger.begin() as tx:
        for one in sources:
            tx.sources.add(one)


def test_a_source_comes_back_as_it_was_and_is_part_of_the_plant(planted: SqlLedger) -> None:
    add(planted, source())

    with planted.read() as tx:
        assert tx.sources.get("s1") == source()
        assert tx.sources.list() == [source()]
        assert tx.assets.plant().topic_sources == [source()]


def test_sources_are_listed_by_site_name_and_key(planted: SqlLedger) -> None:
    add(planted, source("b"), source("a"), source("c", name="A"), source("n", site="north"))

    with planted.read() as tx:
        assert [one.key for one in tx.sources.list()] == ["c", "a", "b", "n"]
        assert [one.key for one in tx.sources.list("north")] == ["n"]


def test_every_change_raises_the_revision(planted: SqlLedger) -> None:
    revisions = []

    def note() -> None:
        with planted.read() as tx:
            revisions.append(tx.assets.revision())

    note()
    add(planted, source())
    note()
    with planted.begin() as tx:
        tx.sources.update(source(name="other"), 1)
    note()
    with planted.begin() as tx:
        tx.sources.remove("s1")
    note()
    assert revisions == sorted(set(revisions))


def test_a_change_keeps_key_and_site_and_counts_versions(planted: SqlLedger) -> None:
    add(planted, source())

    with planted.begin() as tx:
        changed = tx.sources.update(source(site="north", name="other", topic_filter="a/#", fields=()), 1)

    assert changed == source(name="other", topic_filter="a/#", fields=(), version=2)
    with planted.read() as tx:
        assert tx.sources.get("s1") == changed
    with pytest.raises(VersionConflict), planted.begin() as tx:
        tx.sources.update(source(), 1)
    with planted.begin() as tx:
        assert tx.sources.update(source(), None).version == 3


def test_what_is_not_there_is_not_found(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        for call in (tx.sources.get, tx.sources.remove, lambda key: tx.sources.update(source(key), None)):
            with pytest.raises(NotFound):
                call("nobody")
    with pytest.raises(NotFound):
        add(planted, source(site="nowhere"))


def test_a_key_or_filter_that_is_taken_is_a_conflict(planted: SqlLedger) -> None:
    add(planted, source(), source("other"))

    with pytest.raises(Conflict):
        add(planted, source(topic_filter="a/b"))
    with pytest.raises(Conflict):
        add(planted, source("s2", topic_filter="tele/s1/#"))
    with pytest.raises(Conflict), planted.begin() as tx:
        tx.sources.update(source("other", topic_filter="tele/s1/#"), None)


def test_no_source_reaches_for_another_sites_topics(planted: SqlLedger) -> None:
    add(planted, source(topic_filter="tele/+/SENSOR"), source("wider", topic_filter="tele/#"))

    with pytest.raises(Conflict):
        add(planted, source("n", site="north", topic_filter="tele/plug/#"))
    add(planted, source("n", site="north", topic_filter="north/tele/#"))
    with pytest.raises(Conflict), planted.begin() as tx:
        tx.sources.update(source("n", site="north", topic_filter="tele/plug/STATE"), None)
