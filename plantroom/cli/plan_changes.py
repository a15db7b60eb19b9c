"""``plan changes|effects|approve|reject``: changes of the plan table that were asked for."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, command_author, emit, every, instant_text, opened, require_site

if TYPE_CHECKING:
    from datetime import date

    from maintenance.plan_changes.effects import Effects
    from maintenance.plan_changes.keeping import Decision
    from maintenance.plan_changes.model import PlanChange
    from maintenance.ports import MaintenanceTx
    from plantroom.bootstrap.parts import Parts

ChangeId = Annotated[str, typer.Argument(help="Id, as `plan changes` shows it.")]
Version = Annotated[
    int | None, typer.Option("--version", help="Only if it still is at this version, as `plan effects` shows it.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the group ``plan``."""
    app.command("changes")(changes)
    app.command("effects")(effects)
    app.command("approve")(approve)
    app.command("reject")(reject)


def changes(
    site: Annotated[str | None, typer.Option(help="Only this site's, and those of every site's rows.")] = None,
    state: Annotated[str, typer.Option(help="requested, approved, rejected, withdrawn, or all.")] = "requested",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Changes of the plan table that were asked for, the newest first."""
    from maintenance.plan_changes.model import ChangeState
    from maintenance.plan_changes.ports import ChangeFilter
    from plantroom.errors import BadData

    states = [one.value for one in ChangeState]
    if state not in {*states, "all"}:
        raise BadData(f"--state {state!r}: should be one of {', '.join([*states, 'all'])}")
    wanted = ChangeFilter(site=site, state=None if state == "all" else state)
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        require_site(tx, site)
        items = [_change(one) for one in every(lambda page: tx.plan_changes.list(wanted, page))]
    emit({"items": items}, as_json, [_line(one) for one in items] or "no changes")


def effects(change_id: ChangeId, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """What a change that is asked for will change in the next twelve months. Nothing is written."""
    from maintenance.plan_changes.keeping import outcome
    from maintenance.plan_changes.previewing import AHEAD, Look, effects_of, sites_of
    from plantroom.cli.plan import plan_readings

    with opened(data_dir) as parts, parts.ledger.read() as tx:
        change, now = tx.plan_changes.get(change_id), parts.planning_clock.now()
        today = _today(parts, tx, change)
        found = outcome(tx, change, today)
        plant = tx.assets.plant().assets
        look = Look(list(plant.values()), parts.systems, now, plan_readings(parts, tx))
        made = effects_of(tx, change, found, sites_of(tx, change), look)
        codes = {key: asset.code for key, asset in plant.items()}
    warnings = [{"code": one.code, "zh": one.text.zh, "en": one.text.en} for one in found.cautions]
    document: dict[str, Any] = {
        "change": _change(change),
        "from": today.isoformat(),
        "to": (today + AHEAD).isoformat(),
        "warnings": warnings,
        "needs_admin": found.leaves_law,
    } | _effects(made, codes)
    lines = [_line(document["change"])]
    lines += [f"! {one['zh']} / {one['en']}" for one in warnings]
    lines += [
        f"{one['plan_row']}: {one['before']} before, {one['after']} after"
        f" ({one['goes']} go, {one['comes']} come, {one['moves']} move)"
        for one in document["rows"]
    ]
    lines.append(f"cost: {document['cost_before']:.2f} before, {document['cost_after']:.2f} after (CNY)")
    emit(document, as_json, lines)


def approve(
    change_id: ChangeId,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    version: Version = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make the row's next version of it, as an administrator. The orders follow at the next tick of the plan."""
    from maintenance.plan_changes.keeping import approve as decide

    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        done = decide(tx, change_id, _decision(parts, tx, tx.plan_changes.get(change_id), reason), version)
    noted = done.decision.removeprefix(reason).strip().splitlines()
    emit(_change(done), as_json, [_line(_change(done)), *(f"! {one}" for one in noted)])


def reject(
    change_id: ChangeId,
    reason: Annotated[str, typer.Option(help="Why.")],
    version: Version = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """It is not to be."""
    from maintenance.plan_changes.keeping import reject as decide
    from plantroom.errors import BadData

    if not reason.strip():
        raise BadData("--reason: 请说明原因 / say why")
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        done = decide(tx, change_id, _decision(parts, tx, tx.plan_changes.get(change_id), reason.strip()), version)
    emit(_change(done), as_json, _line(_change(done)))


def _today(parts: "Parts", tx: "MaintenanceTx", change: "PlanChange") -> "date":
    from zoneinfo import ZoneInfo

    from maintenance.notify.outbox import ZONE
    from maintenance.recurrence import local_day

    zone = ZONE if change.site is None else tx.assets.site(change.site).time_zone
    return local_day(parts.planning_clock.now(), ZoneInfo(zone))


def _decision(parts: "Parts", tx: "MaintenanceTx", change: "PlanChange", reason: str) -> "Decision":
    from maintenance.plan_changes.keeping import Decision

    return Decision(command_author().by, parts.clock.now(), _today(parts, tx, change), reason)


def _change(one: "PlanChange") -> dict[str, Any]:
    return {
        "id": one.id,
        "site": one.site,
        "state": one.state.value,
        "action": None if one.action is None else one.action.value,
        "plan_row": one.code,
        "origin": one.origin.value,
        "reason": one.reason,
        "suggestion": one.suggestion,
        "requested_by": one.requested_by,
        "requested_at": instant_text(one.requested_at),
        "effective_from": None if one.effective_from is None else one.effective_from.isoformat(),
        "decided_by": one.decided_by,
        "decided_at": instant_text(one.decided_at),
        "decision": one.decision,
        "version": one.version,
    }


def _line(item: dict[str, Any]) -> str:
    what = f"{item['action']} {item['plan_row']}" if item["action"] else f"suggestion: {item['suggestion'][:60]}"
    asked = f"{item['requested_by']} {item['requested_at']}"
    return f"{item['id']}  {item['state']:9}  {item['site'] or 'every site'}  {what}  ({item['reason']}; {asked})"


def _effects(made: "Effects", codes: dict[str, str]) -> dict[str, Any]:
    return {
        "cost_before": round(made.before.total, 2),
        "cost_after": round(made.after.total, 2),
        "minutes_before": made.before.minutes,
        "minutes_after": made.after.minutes,
        "rows": [
            {
                "plan_row": one.row.code,
                "before": one.before,
                "after": one.after,
                "goes": one.goes,
                "comes": one.comes,
                "moves": one.moves,
            }
            for one in made.rows
        ],
        "changes": [
            {
                "asset": codes.get(one.asset, one.asset),
                "site": one.site,
                "plan_row": one.row.code,
                "change": one.change,
                "before": None if one.before is None else one.before.isoformat(),
                "after": None if one.after is None else one.after.isoformat(),
            }
            for one in made.changes
        ],
        "orders": [{"work_order": one.order, "becomes": one.becomes} for one in made.orders],
    }
