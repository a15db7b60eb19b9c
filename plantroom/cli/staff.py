"""``staff expiring|off|on-shift|on-call|give-out``: the people who do the work."""

from dataclasses import asdict
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened, parse_instant, require_site
from plantroom.domain.wording import counted

app = typer.Typer(name="staff", help="Who does the work, and who may.", no_args_is_help=True)
OfSite = Annotated[str | None, typer.Option("--site", help="Only of this site.")]
OnSite = Annotated[str, typer.Option("--site", help="The site.")]
AtInstant = Annotated[str | None, typer.Option("--at", help="An RFC 3339 instant; default: now.")]


@app.callback()
def _group() -> None:
    """Who does the work, and who may."""


@app.command()
def expiring(
    within: Annotated[int, typer.Option(help="Days from today.", min=0, max=3660)] = 30,
    site: OfSite = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Certificates of people and licences of contractors that run out soon, or have run out and were not renewed."""
    from maintenance.people.known import licence_kinds
    from maintenance.people.upkeep import expiring as expiring_of
    from plantroom.ports.paging import EVERYTHING

    with opened(data_dir) as parts, parts.ledger.read() as tx:
        require_site(tx, site)
        found = expiring_of(tx, EVERYTHING, parts.planning_clock.now().date(), within, site)
    kinds = licence_kinds()
    lines = [
        f"{e.expires_on}  {'expired' if e.days_left < 0 else counted(e.days_left, 'day')}  {e.name} ({e.holder})  "
        f"{kinds[e.kind].name.zh} / {kinds[e.kind].name.en}  {e.number}"
        for e in found
    ]
    emit({"items": [asdict(e) for e in found]}, as_json, lines or "nothing runs out")


@app.command()
def off(
    username: Annotated[str, typer.Argument(help="Sign-in name.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Switch a person off: they sign in no more, their telephone number is forgotten, their open orders go back."""
    from maintenance.people.upkeep import switch_off

    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        returned = switch_off(tx, username, "cli", reason, parts.clock.now())
        numbers = [tx.orders.get(order_id).number for order_id in returned]
    told = f"{username} is switched off; " + (
        f"back to their departments: {', '.join(f'#{n}' for n in numbers)}" if numbers else "no open orders"
    )
    emit({"username": username, "returned": returned}, as_json, told)


@app.command("on-shift")
def on_shift(site: OnSite, at: AtInstant = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Who is on shift."""
    from maintenance.people.rosters import who_is_on

    with opened(data_dir) as parts, parts.ledger.read() as tx:
        zone = ZoneInfo(tx.assets.site(site).time_zone)
        when = parts.clock.now() if at is None else parse_instant(at, "--at")
        today = when.astimezone(zone).date()
        before, shifts = date.fromordinal(today.toordinal() - 1), tx.people.shifts(site)
        changes = tx.people.shift_changes(before, today, [shift.id for shift in shifts])
        found = who_is_on(when, shifts, changes, tx.people.absences(before, today), zone)
    names = {shift.id: shift for shift in shifts}
    lines = [
        f"{duty.user}  {names[duty.shift].department}  {names[duty.shift].name.zh}  "
        f"{duty.starts_at.astimezone(zone):%Y-%m-%d %H:%M} – {duty.ends_at.astimezone(zone):%H:%M}"
        for duty in found
    ]
    emit({"items": [asdict(duty) for duty in found]}, as_json, lines or "nobody is on shift")


@app.command("on-call")
def on_call(
    site: OnSite,
    department: Annotated[str | None, typer.Option(help="For this department, in any spelling.")] = None,
    at: AtInstant = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Whom to call, in this order."""
    from maintenance.people.duty import on_call_all
    from maintenance.people.owners import known_department

    with opened(data_dir) as parts, parts.ledger.read() as tx:
        zone = ZoneInfo(tx.assets.site(site).time_zone)
        when = parts.clock.now() if at is None else parse_instant(at, "--at")
        found = on_call_all(tx, when, site, department and known_department(tx, site, department))
    lines = [
        f"{p.level}  {p.name} ({p.username})  {p.phone}  until {p.until.astimezone(zone):%Y-%m-%d %H:%M}" for p in found
    ]
    emit({"items": [asdict(p) for p in found]}, as_json, lines or "nobody is on call")


@app.command("give-out")
def give_out(site: OnSite, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Give what waits to who is on shift and certified, as the service does by itself."""
    from maintenance.people.upkeep import give_out as give_out_on

    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        tx.assets.site(site)
        given = give_out_on(tx, site, parts.clock.now())
    items = [{"id": o.id, "number": o.number, "assignee": o.assignee, "contractor": o.contractor} for o in given]
    lines = [f"#{o.number}  {o.assignee or o.contractor}  {o.title.zh}" for o in given]
    emit({"items": items}, as_json, lines or "nothing was given out")
