"""Publisher credentials: one in force a user name, ended for good, kept on the list."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from plantroom.errors import Conflict, NotFound
from plantroom.ports.devices import BrokerFiles, Device
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import MINUTE, NOW


def device(device_id: str = "d1", client: str = "press-1", site: str = "demo", **changes: Any) -> Device:
    made = Device(device_id, site, client, f"{site}.{client}", "$7$1000$c2FsdA==$aGFzaA==", NOW, "anna")
    return replace(made, **changes)


def test_a_credential_comes_back_as_it_was_given(planted: SqlLedger) -> None:
    given = device(assets=("P-101", "泵 2"), topics=("zigbee2mqtt/#",))
    with planted.begin() as tx:
        tx.devices.add(given)
    with planted.read() as tx:
        assert tx.devices.get("d1") == given
        assert tx.devices.in_force("demo.press-1") == given
        assert tx.devices.in_force("demo.press-2") is None
        assert tx.devices.in_force("d\x00") is None
        with pytest.raises(NotFound):
            tx.devices.get("d9")


def test_a_site_that_does_not_exist_has_no_credentials(planted: SqlLedger) -> None:
    with pytest.raises(NotFound, match="south"), planted.begin() as tx:
        tx.devices.add(device(site="south"))


def test_a_user_name_has_one_credential_in_force(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.devices.add(device())
    with pytest.raises(Conflict, match=r"demo\.press-1"), planted.begin() as tx:
        tx.devices.add(device("d2"))
    with planted.read() as tx:
        assert [d.id for d in tx.devices.list()] == ["d1"]


def test_a_revoked_one_stays_on_the_list_and_frees_its_user_name(planted: SqlLedger) -> None:
    later = NOW + MINUTE
    with planted.begin() as tx:
        tx.devices.add(device())
        ended = tx.devices.revoke("d1", later, "ben")
        assert (ended.revoked_at, ended.revoked_by) == (later, "ben")
        assert tx.devices.revoke("d1", later + MINUTE, "carl") == ended
        assert tx.devices.in_force("demo.press-1") is None
        renewed = device("d2", created_at=later)
        tx.devices.add(renewed)
        tx.devices.add(device("d3", "gate", "north"))
        tx.devices.add(device("d4", "gate"))
    with planted.read() as tx:
        assert [d.id for d in tx.devices.list()] == ["d4", "d1", "d2", "d3"]
        assert tx.devices.in_force("demo.press-1") == renewed
    with pytest.raises(NotFound), planted.begin() as tx:
        tx.devices.revoke("d9", NOW, "ben")


def test_two_who_add_the_same_user_name_at_once_get_one_credential(planted: SqlLedger, other: SqlLedger) -> None:
    together = Barrier(2)

    def add(ledger: SqlLedger, device_id: str) -> bool:
        together.wait(5)
        try:
            with ledger.begin() as tx:
                tx.devices.add(device(device_id))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(add, (planted, other), ("d1", "d2")))
    assert sorted(outcomes) == [False, True]
    with planted.read() as tx:
        assert len(tx.devices.list()) == 1


def test_changes_rise_with_each_credential_that_is_added_or_ends_and_with_nothing_else(planted: SqlLedger) -> None:
    seen = []

    def look() -> None:
        with planted.read() as tx:
            seen.append(tx.devices.changes())

    look()
    with planted.begin() as tx:
        tx.devices.add(device())
        tx.devices.add(device("d2", "gate"))
    look()
    for _ in range(2):
        with planted.begin() as tx:
            tx.devices.revoke("d1", NOW, "ben")
        look()
    with planted.begin() as tx:
        tx.devices.add(device("d3"))
    look()
    assert seen == [0, 2, 3, 3, 4]


def files(files_id: str = "f1", folder: str = "/etc/plantroom/broker", **changes: Any) -> BrokerFiles:
    return replace(BrokerFiles(files_id, folder, "plant", 0, "told", NOW), **changes)


def test_files_of_a_broker_are_known_by_their_folders_identity(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.devices.put_files(files())
        tx.devices.put_files(files("f2", host="other"))
        tx.devices.put_files(files("f3", "/泵/broker"))
    with planted.begin() as tx:
        tx.devices.put_files(files(host="renamed", changes=7, written_at=NOW + MINUTE))
    with planted.read() as tx:
        assert [(f.id, f.host, f.changes) for f in tx.devices.files()] == [
            ("f2", "other", 0), ("f1", "renamed", 7), ("f3", "plant", 0),
        ]  # fmt: skip
        assert tx.devices.files()[1] == files(host="renamed", changes=7, written_at=NOW + MINUTE)


def test_a_folder_that_was_made_anew_takes_the_place_of_the_old_one(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.devices.put_files(files())
        tx.devices.put_files(files("f9"))
    with planted.read() as tx:
        assert [f.id for f in tx.devices.files()] == ["f9"]


def test_files_in_the_folder_that_is_named_are_forgotten_whatever_they_have(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.devices.put_files(files())
        tx.devices.put_files(files("f2", host="other", changes=1))
        tx.devices.put_files(files("f3", "/泵/broker"))
        tx.devices.add(device())
    with planted.begin() as tx:
        assert tx.devices.forget_files("/elsewhere") == 0
        assert tx.devices.forget_files("/etc/plantroom/broker") == 2
    with planted.read() as tx:
        assert [f.id for f in tx.devices.files()] == ["f3"]
