"""``plan preview|coverage|materialise``; changes of the table are in ``plantroom.cli.plan_changes``."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from plantroom.cli import plan_changes
from plantroom.cli.common import AsJson, DataDir, asset_by_code, emit, opened, say
from plantroom.errors import BadData, PlantroomError

if TYPE_CHECKING:
    from maintenance.ports import MaintenanceTx
    from maintenance.reading_port import PointReadings
    from plantroom.bootstrap.parts import Parts
    from plantroom.domain.assets import LocalName

app = typer.Typer(name="plan", help="The plan table and its dates.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The plan table and its dates."""


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadData(f"{option} {text!r}: use a date such as {datetime.now().astimezone().date()}") from error


@app.command()
def preview(
    start: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")],
    end: Annotated[str, typer.Option("--to", help="Last day, YYYY-MM-DD.")],
    asset: Annotated[str | None, typer.Option(help="Asset code.")] = None,
    site: Annotated[str | None, typer.Option(help="Site code.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """What falls due between two days, and why."""
    from maintenance.planner import asset_subject
    from maintenance.previewing import ledger_preview, subjects_of

    first, last = _day(start, "--from"), _day(end, "--to")
    if last < first:
        raise BadData("--to is before --from")
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        if asset is not None:
            found = asset_by_code(tx, asset, site)
            wanted = [(tx.assets.site(found.site), [asset_subject(found)])]
        else:
            places = tx.assets.sites() if site is None else [tx.assets.site(site)]
            assets = list(tx.assets.plant().assets.values())
            wanted = [(place, subjects_of(place, assets)) for place in places]
        now, readings = parts.planning_clock.now(), plan_readings(parts, tx)
        previews = [
            ledger_preview(tx, place, subjects, first, last, now, parts.systems, readings) for place, subjects in wanted
        ]
        items = [i.as_json() for i in sorted((i for p in previews for i in p.items), key=lambda i: i.place())]
        undated = [i.as_json() for p in previews for i in p.undated]
        codes = {key: found.code for key, found in tx.assets.plant().assets.items()}
    lines = [f"{i['due']}  {codes.get(str(i['asset']), i['asset'])}  {_text(i['reason'])}" for i in items]
    lines += [f"?  {codes.get(str(i['asset']), i['asset'])}  {_text(i['name'])}: {_text(i['reason'])}" for i in undated]
    emit({"items": items, "undated": undated}, as_json, lines or "nothing falls due in these days")


def plan_readings(parts: "Parts", tx: "MaintenanceTx") -> "PointReadings":
    """The readings that the plan goes by. The store is opened only where a row needs it; away, it has none."""
    from maintenance.reading_port import NO_READINGS
    from maintenance.schedules import MeterSchedule

    if not any(row.fulfilled_by or isinstance(row.schedule, MeterSchedule) for row in tx.plan.rows()):
        return NO_READINGS
    try:
        parts.readings.open()
    except PlantroomError as error:
        say(f"the readings store is away, so nothing is known of meters: {error}")
        return NO_READINGS
    return parts.plan_readings()


def _both(name: "LocalName") -> dict[str, str]:
    return {"zh": name.zh, "en": name.en}


def _text(reason: object) -> str:
    assert isinstance(reason, dict)
    return f"{reason['zh']} / {reason['en']}"


@app.command()
def coverage(
    site: Annotated[str | None, typer.Option(help="Site code; default: every site.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Assets in use that no row of the plan table applies to, with what is proposed for them, and rows without a
    machine."""
    from zoneinfo import ZoneInfo

    from maintenance.coverage import PROPOSED, rows_without_machines
    from maintenance.coverage import coverage as cover
    from maintenance.recurrence import local_day

    with opened(data_dir) as parts, parts.ledger.read() as tx:
        places = tx.assets.sites() if site is None else [tx.assets.site(site)]
        known = list(tx.assets.plant().assets.values())
        now = parts.planning_clock.now()
        found, idle = {}, []
        for place in places:
            mine = [a for a in known if a.site == place.code]
            rows, today = tx.plan.rows(place.code), local_day(now, ZoneInfo(place.time_zone))
            found[place.code] = cover(mine, rows, parts.systems, today)
            for row, reason in rows_without_machines(place.code, mine, rows, parts.systems, today):
                idle.append(
                    {"site": place.code, "plan_row": row.code, "name": _both(row.name), "reason": _both(reason)}
                )
    proposed = [_both(p.name) for p in PROPOSED]
    items = [
        {"site": code, "asset": a.code, "name": _both(a.name), "proposed": proposed}
        for code, covered in found.items()
        for a in sorted(covered.without_plan, key=lambda a: a.code)
    ]
    counts = {code: {"assets": covered.assets, "with_plan": covered.with_plan} for code, covered in found.items()}
    words = "、".join(p.name.zh for p in PROPOSED) + " / " + ", ".join(p.name.en for p in PROPOSED)
    lines = [f"{i['site']}  {i['asset']}  {_text(i['name'])}: {words}" for i in items]
    lines = lines or ["every asset in use has a plan"]
    lines += [f"{i['site']}  {i['plan_row']}  {_text(i['name'])}: {_text(i['reason'])}" for i in idle]
    emit({"sites": counts, "without_plan": items, "without_machines": idle}, as_json, lines)


@app.command()
def materialise(
    afresh: Annotated[bool, typer.Option("--afresh", help="Look at every asset, also where nothing changed.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make the work orders of the coming 60 days; what is there already is left alone."""
    from maintenance.materialise import materialise as make

    with opened(data_dir) as parts:
        with parts.ledger.read() as tx:
            readings = plan_readings(parts, tx)
        now = parts.planning_clock.now()
        done = make(parts.ledger, now, parts.systems, afresh=afresh, readings=readings)
    emit(done, as_json, f"created {done['created']}, there already {done['existing']}, missed {done['missed']}")


plan_changes.add_to(app)
