"""``points limits show|set``."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.alarms import By, who
from plantroom.cli.common import AsJson, DataDir, asset_by_code, by_flags, emit, instant_text, opened
from plantroom.errors import BadData, FieldProblem

if TYPE_CHECKING:
    from maintenance.alarm_ports import LimitChange
    from plantroom.domain.assets import Point

app = typer.Typer(name="points", help="What machines measure.", no_args_is_help=True)
limits_app = typer.Typer(name="limits", help="Limits of points, by which alarms are raised.", no_args_is_help=True)
app.add_typer(limits_app)

Code = Annotated[str, typer.Argument(help="The asset's code.")]
AtSite = Annotated[str | None, typer.Option("--site", help="Its site, when several have such a code.")]
Limit = Annotated[str | None, typer.Option(help="A number in the point's unit; none: no such limit.")]
Delay = Annotated[str | None, typer.Option(help="Seconds of the readings' own time, at most a day.")]
Ranked = Annotated[str | None, typer.Option(help="critical, high, medium or low; none: by the failure mode.")]

NONE = "none"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
ALWAYS_A_NUMBER = frozenset({"deadband", "warning_delay_s", "alarm_delay_s", "off_delay_s"})


@app.callback()
def _group() -> None:
    """What machines measure."""


@limits_app.callback()
def _limits_group() -> None:
    """Limits of points, by which alarms are raised."""


@limits_app.command("show")
def show_limits(
    code: Code,
    point: Annotated[str | None, typer.Argument(help="Only this point, with who changed its limits and why.")] = None,
    site: AtSite = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """The limits of a machine's points, in each point's unit."""
    from maintenance.point_limits import point_of

    with opened(data_dir) as parts, parts.ledger.read() as tx:
        asset = asset_by_code(tx, code, site)
        points = tx.assets.points(asset.key) if point is None else [point_of(tx, asset.key, point)]
        known = [(one, tx.alarms.limit_changes(asset.key, one.key)) for one in points]
    items = [_document(one, history) for one, history in known]
    lines = [_line(item) for item in items]
    if point is not None:
        lines += [_past(change) for change in items[0]["history"]]
    emit({"site": asset.site, "asset": asset.code, "points": items}, as_json, lines or f"{asset.code} has no points")


@limits_app.command("set")
def set_point_limits(
    code: Code,
    point: Annotated[str, typer.Argument(help="The point's key, as `points limits show` says.")],
    reason: Annotated[str, typer.Option(help="Why; it stays with who and when.")],
    alarm_low: Limit = None,
    warning_low: Limit = None,
    normal_low: Limit = None,
    normal_high: Limit = None,
    warning_high: Limit = None,
    alarm_high: Limit = None,
    deadband: Annotated[str | None, typer.Option(help="How far inside a value must be again, in the unit.")] = None,
    warning_delay_s: Delay = None,
    alarm_delay_s: Delay = None,
    off_delay_s: Delay = None,
    warning_priority: Ranked = None,
    alarm_priority: Ranked = None,
    site: AtSite = None,
    by: By = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Change limits, deadband, delays or priorities of a point; what is not named stays. Holds within two seconds."""
    from maintenance.point_limits import point_of, set_limits

    texts = {
        "alarm_low": alarm_low, "warning_low": warning_low, "normal_low": normal_low, "normal_high": normal_high,
        "warning_high": warning_high, "alarm_high": alarm_high, "deadband": deadband,
        "warning_delay_s": warning_delay_s, "alarm_delay_s": alarm_delay_s, "off_delay_s": off_delay_s,
        "warning_priority": warning_priority, "alarm_priority": alarm_priority,
    }  # fmt: skip
    with by_flags(), opened(data_dir) as parts, parts.ledger.begin() as tx:
        given = _given({name: text for name, text in texts.items() if text is not None})
        asset = tx.assets.lock(asset_by_code(tx, code, site).key).asset
        found = point_of(tx, asset.key, point)
        changed = set_limits(tx, asset.site, found, given, reason, who(by), parts.clock.now())
        item = _document(changed, tx.alarms.limit_changes(asset.key, point))
    unchanged = " (as it was)" if changed == found else ""
    emit({"site": asset.site, "asset": asset.code, **item}, as_json, [_line(item) + unchanged])


def _given(texts: Mapping[str, str]) -> dict[str, Any]:
    """The values that the flags mean. Raises ``BadData`` with every one that means none."""
    if not texts:
        raise BadData("say what to change, such as --alarm-high 7.1; --help lists what there is")
    found: dict[str, Any] = {}
    problems = []
    for name, text in texts.items():
        try:
            found[name] = _value(name, text.strip())
        except ValueError as error:
            problems.append(FieldProblem(name, "unreadable", f"{text!r} {error}"))
    if problems:
        raise BadData("; ".join(f"{one.field} {one.message}" for one in problems), problems)
    return found


def _value(name: str, text: str) -> Any:
    from plantroom.domain.assets import AlarmPriority

    may_be_none = name not in ALWAYS_A_NUMBER
    if may_be_none and text.lower() == NONE:
        return None
    if name.endswith("_priority"):
        if text.lower() not in set(AlarmPriority):
            raise ValueError(f"should be {', '.join(AlarmPriority)} or {NONE}")
        return AlarmPriority(text.lower())
    if NUMBER.fullmatch(text) is None:
        raise ValueError(f"should be a number{f' or {NONE}' if may_be_none else ''}")
    return float(text)


def _document(point: "Point", history: Sequence["LimitChange"]) -> dict[str, Any]:
    return {
        "point": point.key,
        "unit": point.template.unit,
        "version": len(history) + 1,
        "limits": asdict(point.template.limits),
        "history": [
            {
                "at": instant_text(one.at),
                "by": one.by,
                "reason": one.reason,
                "before": asdict(one.before),
                "after": asdict(one.after),
            }
            for one in history
        ],
    }


def _line(item: Mapping[str, Any]) -> str:
    told = [
        f"{name} {value:g}" if isinstance(value, float | int) else f"{name} {value}"
        for name, value in item["limits"].items()
        if value not in {None, ""} and name not in {"source", "status"}
    ]
    return f"{item['point']}  [{item['unit'] or '?'}]  {', '.join(told)}"


def _past(change: Mapping[str, Any]) -> str:
    before, after = change["before"], change["after"]
    moved = [f"{name} {before[name]} -> {after[name]}" for name in after if before[name] != after[name]]
    told = ", ".join(one for one in moved if not one.startswith(("source ", "status ")))
    return f"  {change['at']}  {change['by']}: {change['reason']}  ({told})"
