"""``alarms list`` tells two machines of one code apart and says what happened."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from maintenance.episodes import Episode, EpisodeState
from plantroom.bootstrap.parts import open_parts
from plantroom.cli.main import app
from plantroom.domain.assets import UNCLASSIFIED, Asset, LocalName, Severity, Site
from plantroom.domain.findings import FindingSource
from plantroom.settings import Settings

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def opened(site: str, mode: str, source: FindingSource, *events: str) -> Episode:
    first, *also = [{"event": key, "name": {"zh": "事件", "en": key.replace("_", " ")}} for key in events] or [{}]
    return Episode(
        id=f"e-{site}-{mode}", site=site, asset=f"p-{site}", failure_mode=mode, source=source,
        state=EpisodeState.OPEN, severity=Severity.CRITICAL, safety=source is FindingSource.RULE,
        opened_observed_at=NOW, opened_at=NOW, last_observed_at=NOW,
        open_subjects=tuple(f"rule:{key}" for key in events) or ("limit:vibration:alarm_high",),
        detail={**first, "also": also},
    )  # fmt: skip


@pytest.fixture
def two_sites(tmp_path: Path) -> Path:
    parts = open_parts(Settings(data_dir=tmp_path))
    with parts.ledger.begin() as tx:
        tx.assets.add_site(Site("north", LocalName("北区", "North")))
        for site in ("demo", "north"):
            tx.assets.add(Asset(f"p-{site}", site, "P-9", "pump", LocalName("泵", "Pump")), [])
        tx.episodes.add(opened("demo", UNCLASSIFIED, FindingSource.RULE, "gas_leak"))
        tx.episodes.add(opened("north", UNCLASSIFIED, FindingSource.RULE, *(f"hatch_{n}" for n in range(7))))
        tx.episodes.add(opened("north", "bearing", FindingSource.LIMIT))
    parts.close()
    return tmp_path


def run(folder: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["alarms", *words, "--data-dir", str(folder)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_line_has_the_site_and_the_names_of_the_mode_and_its_events(two_sites: Path) -> None:
    lines = {line.split()[0]: line for line in run(two_sites, "list").splitlines()}
    assert "  demo  P-9  Unclassified fault: gas leak  since " in lines["e-demo-unclassified"]
    assert (
        "  north  P-9  Unclassified fault: hatch 0, hatch 1, hatch 2, hatch 3, hatch 4 +2  since "
        in (lines["e-north-unclassified"])
    )
    parts = open_parts(Settings(data_dir=two_sites))
    ticket = next(mode.ticket for mode in parts.classes["pump"].failure_modes if mode.key == "bearing")
    parts.close()
    assert f"  north  P-9  {ticket.en}: limit:vibration:alarm_high  since " in lines["e-north-bearing"]
    items = {one["id"]: one for one in json.loads(run(two_sites, "list", "--json"))["items"]}
    assert items["e-north-bearing"]["title"] == {"zh": ticket.zh, "en": ticket.en}
    assert items["e-demo-unclassified"]["events"] == [{"zh": "事件", "en": "gas leak"}]
    assert len(items["e-north-unclassified"]["events"]) == 7


def test_an_alarm_of_a_loop_test_says_so_and_an_event_does_not_repeat_its_mode(two_sites: Path) -> None:
    parts = open_parts(Settings(data_dir=two_sites))
    title = next(mode.ticket for mode in parts.classes["pump"].failure_modes if mode.key == "bearing")
    tested = replace(opened("demo", "bearing", FindingSource.RULE, "worn"), tags=("loop_test",))
    tested = replace(tested, detail={"event": "worn", "name": {"zh": title.zh, "en": title.en}})
    with parts.ledger.begin() as tx:
        tx.episodes.add(tested)
    parts.close()
    lines = {line.split()[0]: line for line in run(two_sites, "list").splitlines()}
    assert f"  demo  P-9  {title.en}  [loop test]  since " in lines["e-demo-bearing"]
    assert "loop test" not in lines["e-north-bearing"]
    items = {one["id"]: one for one in json.loads(run(two_sites, "list", "--json"))["items"]}
    assert (items["e-demo-bearing"]["tags"], items["e-north-bearing"]["tags"]) == (["loop_test"], [])


def test_a_shelf_that_is_over_says_when_and_who_ended_it(two_sites: Path) -> None:
    run(two_sites, "shelve", "e-north-bearing", "--reason", "known", "--for", "2h", "--by", "wang")
    shelf = run(two_sites, "shelved").split()[0]
    assert "ended" not in run(two_sites, "shelved", "--history")
    run(two_sites, "unshelve", shelf, "--by", "li")
    (item,) = json.loads(run(two_sites, "shelved", "--history", "--json"))["items"]
    assert f"  wang: known  ended {item['ended_at']} by li\n" in run(two_sites, "shelved", "--history")


@pytest.mark.parametrize("what", [("acknowledge",), ("shelve", "--reason", "x", "--for", "1h")])
def test_an_alarm_that_is_not_there_is_called_one(two_sites: Path, what: tuple[str, ...]) -> None:
    command, *more = what
    done = CliRunner().invoke(app, ["alarms", command, "zzz", *more, "--data-dir", str(two_sites)])
    assert str(done.exception) == "there is no alarm 'zzz'"
