"""The collector keeps every site going that it can."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from plantroom.bootstrap.collect import Collector
from plantroom.bootstrap.parts import Parts, open_parts
from plantroom.domain.assets import LocalName, Site
from plantroom.settings import BrokerAddress, Settings
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    opened = open_parts(Settings(data_dir=tmp_path))
    yield opened
    opened.close()


def test_a_site_whose_spool_is_unusable_keeps_no_other_from_starting(parts: Parts, mosquitto: Mosquitto) -> None:
    folder = parts.settings.data_dir / "spool"
    folder.mkdir()
    (folder / "a").write_text("in the way")
    with parts.ledger.begin() as tx:
        for code in ("a", "z"):
            tx.assets.add_site(Site(code, LocalName(code, code)))
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=mosquitto.port))
    collector.start()
    assert eventually(lambda: any("spool of site a" in problem for problem in collector.problems()), 5)
    assert eventually((folder / "z" / "normal" / "cursor.0").exists, 5)
    (folder / "a").unlink()
    assert eventually(lambda: not collector.problems(), 15)
    collector.stop()


def test_a_new_site_is_taken_up_within_two_seconds(parts: Parts, mosquitto: Mosquitto) -> None:
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=mosquitto.port))
    collector.start()
    begun = time.monotonic()
    with parts.ledger.begin() as tx:
        tx.assets.add_site(Site("late", LocalName("新", "New")))
    assert eventually((parts.settings.data_dir / "spool" / "late" / "safety").exists, 5, 0.02)
    assert time.monotonic() - begun < 2
    collector.stop()
