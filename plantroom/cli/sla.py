"""``sla show``: what is promised on a site, and how it is kept."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened, require_site
from plantroom.domain.wording import counted

if TYPE_CHECKING:
    from maintenance.sla.figures import Compliance
    from maintenance.sla.policy import ClockRule

app = typer.Typer(name="sla", help="SLA clocks: what is promised, and how it is kept.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """SLA clocks: what is promised, and how it is kept."""


@app.command()
def show(
    site: Annotated[
        str | None, typer.Option(help="Site code. Default: what holds where no site says otherwise.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How far back the figures go.")] = 30,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """The policy in effect, each figure with its basis, and the figures of the last days."""
    from maintenance.sla.documents import built_in, policy_json
    from maintenance.sla.figures import compliance

    with opened(data_dir) as parts, parts.ledger.read() as tx:
        require_site(tx, site)
        now = parts.clock.now()
        everywhere = tx.sla.policy_versions(None)
        base = everywhere[-1].policy.over(built_in()) if everywhere else built_in()
        policy = base if site is None else tx.sla.policies(site).at(now)
        figures = compliance(tx, now - timedelta(days=days), now, now, site)
    document = {"site": site, **policy_json(policy), "compliance": [_figure(one) for one in figures]}
    lines = [_rule(one) for one in policy.clocks]
    lines += [f"pauses: {', '.join(one.code for one in policy.pauses)}", f"last {counted(days, 'day')}:"]
    lines += [_kept(one) for one in figures] or ["  no clock was decided"]
    emit(document, as_json, lines)


def _rule(one: "ClockRule") -> str:
    only = f" ({', '.join(one.origins)} only)" if one.origins else ""
    span = f"target {_span(one.target_s)}, limit {_span(one.limit_s)} from {one.counts_from.value}"
    return f"{one.severity.value:<8}  {one.clock.value:<11}  {span}{only}  [{one.status.value}: {one.basis}]"


def _span(seconds: int) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds % length == 0 and seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _figure(one: "Compliance") -> dict[str, Any]:
    return {
        "severity": one.severity.value,
        "clock": one.clock.value,
        "judged": one.judged,
        "target_met": one.target_met,
        "limit_met": one.limit_met,
        "breached": one.breached,
        "void": one.void,
        "target_share": one.target_share,
        "limit_share": one.limit_share,
        "paused_share": one.paused_share,
        "mean_s": one.mean_s,
    }


def _kept(one: "Compliance") -> str:
    if not one.judged:
        return f"  {one.severity.value:<8}  {one.clock.value:<11}  insufficient data"
    shares = f"target {one.target_met}/{one.judged}, limit {one.limit_met}/{one.judged}"
    paused = "" if not one.paused_share else f", paused {one.paused_share:.0%} of the time"
    return f"  {one.severity.value:<8}  {one.clock.value:<11}  {shares}{paused}"
