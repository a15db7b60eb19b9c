"""``alarms list|shelved|acknowledge|shelve|unshelve``."""

import getpass
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, instant_text, opened, require_site
from plantroom.errors import BadData

if TYPE_CHECKING:
    from maintenance.alarm_list import Alarm
    from plantroom.domain.assets import EquipmentClass, Plant

app = typer.Typer(name="alarms", help="What is wrong now, and what people do with it.", no_args_is_help=True)
AlarmId = Annotated[str, typer.Argument(help="Id, as `alarms list` shows it.")]
ShelfId = Annotated[str, typer.Argument(help="Id, as `alarms shelved` shows it.")]
By = Annotated[str, typer.Option("--by", help="Who does it (default: the user of this machine).")]
EVENTS_SHOWN = 5
"""Events and limits of one alarm, in its line; the JSON has all of them."""

MINUTES_IN = {"m": 1, "h": 60, "d": 1440}


@app.callback()
def _group() -> None:
    """What is wrong now, and what people do with it."""


def who(by: str) -> str:
    """Whoever is named, else the user of this machine."""
    return by.strip() or getpass.getuser()


def _shelf(shelf: Any, codes: dict[str, str]) -> dict[str, Any]:
    return {
        "id": shelf.id,
        "site": shelf.site,
        "asset": codes.get(shelf.asset, shelf.asset),
        "failure_mode": shelf.failure_mode,
        "subjects": list(shelf.subjects),
        "reason": shelf.reason,
        "by": shelf.by,
        "at": instant_text(shelf.at),
        "until": instant_text(shelf.until),
        "ended_at": instant_text(shelf.ended_at),
        "ended_by": shelf.ended_by,
    }


@app.command("list")
def list_alarms(
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    returned: Annotated[
        bool, typer.Option("--returned", help="Also what has returned to normal without being acknowledged.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """What stands, the most urgent first."""
    from maintenance.alarm_list import alarm_list
    from plantroom.domain.alarms import urgency
    from plantroom.ports.paging import EVERYTHING

    with opened(data_dir) as parts, parts.ledger.read() as tx:
        require_site(tx, site)
        plant = tx.assets.plant()
        found = alarm_list(tx, EVERYTHING, plant, parts.clock.now(), site=site, returned=returned)
    found.sort(key=lambda one: (urgency(one.priority), one.since))
    items = [_alarm(one, plant, parts.classes) for one in found]
    lines = [f"{i['id']}  {i['priority']:8}  {i['alarm_state']:22}  {_what(i)}  since {i['since']}" for i in items]
    emit({"items": items}, as_json, lines or "no alarms")


def _alarm(one: "Alarm", plant: "Plant", classes: "Mapping[str, EquipmentClass]") -> dict[str, Any]:
    from maintenance.alarm_names import events_of, mode_name

    episode, asset = one.episode, plant.assets.get(one.episode.asset)
    made = None if asset is None else classes.get(asset.equipment_class)
    return {
        "id": episode.id,
        "site": episode.site,
        "asset": episode.asset if asset is None else asset.code,
        "device": None if one.device is None else one.device.en,
        "failure_mode": episode.failure_mode,
        "title": asdict(one.device or mode_name(made, episode.failure_mode)),
        "events": [asdict(name) for name in events_of(episode)],
        "alarm_state": one.state.value,
        "priority": one.priority.value,
        "safety": episode.safety,
        "subjects": list(episode.open_subjects),
        "tags": list(episode.tags),
        "since": instant_text(one.since_observed),
        "acknowledged_by": episode.acknowledged_by,
        "work_order": episode.work_order,
    }


def _what(item: dict[str, Any]) -> str:
    from maintenance.episode_rules import LOOP_TEST

    title = item["title"]["en"]
    names = [name["en"] for name in item["events"] if name["en"] != title]
    names += [one for one in item["subjects"] if one.startswith("limit:")]
    more = f" +{len(names) - EVENTS_SHOWN}" if len(names) > EVENTS_SHOWN else ""
    events = f": {', '.join(names[:EVENTS_SHOWN])}{more}" if names else ""
    mark = "  [loop test]" if LOOP_TEST in item["tags"] else ""
    asset = "" if item["device"] else f"{item['asset']}  "
    return f"{item['site']}  {asset}{title}{events}{mark}"


@app.command("shelved")
def list_shelved(
    history: Annotated[bool, typer.Option("--history", help="Also those that are over.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """What is shelved: by whom, why, until when."""
    from plantroom.ports.paging import EVERYTHING, PageRequest

    with opened(data_dir) as parts, parts.ledger.read() as tx:
        found = tx.alarms.shelves(EVERYTHING, PageRequest(1000), standing=None if history else True).items
        codes = {key: asset.code for key, asset in tx.assets.plant().assets.items()}
    items = [_shelf(one, codes) for one in found]
    emit({"items": items}, as_json, [_shelf_line(one) for one in items] or "nothing is shelved")


def _shelf_line(item: dict[str, Any]) -> str:
    over = f"  ended {item['ended_at']} by {item['ended_by']}" if item["ended_at"] else ""
    subjects = ", ".join(item["subjects"])
    return f"{item['id']}  {item['asset']}  {subjects}  until {item['until']}  {item['by']}: {item['reason']}{over}"


@app.command()
def acknowledge(alarm_id: AlarmId, by: By = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Take note of an alarm; the first who does stands."""
    from maintenance.shelving import acknowledge as take_note

    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        episode = take_note(tx, alarm_id, who(by), parts.clock.now())
    document = {
        "id": episode.id,
        "acknowledged_by": episode.acknowledged_by,
        "acknowledged_at": instant_text(episode.acknowledged_at),
    }
    emit(document, as_json, f"acknowledged by {episode.acknowledged_by}")


@app.command()
def shelve(
    alarm_id: AlarmId,
    reason: Annotated[str, typer.Option(help="Why.")],
    time: Annotated[str, typer.Option("--for", help="How long: 30m, 2h, 1d. A site allows 8 h unless it says more.")],
    by: By = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Keep an alarm from calling anybody for a while. Shelved anew it gets the new end, sooner or later. Safety alarms
    cannot be shelved."""
    from maintenance.shelving import Wish, shelve_anew

    span = span_of(time)
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        now, plant = parts.clock.now(), tx.assets.plant()
        made = shelve_anew(tx, Wish(alarm_id, now + span, reason, who(by)), plant, parts.classes, now)
    codes = {key: asset.code for key, asset in plant.assets.items()}
    document = _shelf(made.shelf, codes) | {"replaced": [_shelf(one, codes) for one in made.replaced]}
    lines = [f"shelved until {instant_text(made.shelf.until)}: {made.shelf.id}"]
    lines += [f"replaces the shelf of {one.by} until {instant_text(one.until)}: {one.id}" for one in made.replaced]
    emit(document, as_json, lines)


@app.command()
def unshelve(shelf_id: ShelfId, by: By = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """End a shelf before its time; what still stands rings again."""
    from maintenance.shelving import unshelve as end

    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        shelf = end(tx, shelf_id, who(by), parts.classes, parts.clock.now())
        codes = {key: asset.code for key, asset in tx.assets.plant().assets.items()}
    emit(_shelf(shelf, codes), as_json, f"ended by {shelf.ended_by}")


def span_of(text: str) -> timedelta:
    """The time that ``--for`` names. Raises ``BadData``."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)\s*([mhd])", text.strip().lower())
    if found is None:
        raise BadData(f"--for {text!r}: should be a number and m, h or d, such as 2h")
    return timedelta(minutes=float(found[1]) * MINUTES_IN[found[2]])
