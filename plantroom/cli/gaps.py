"""``gaps list|ask|give-up``."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from ingest.node_holes import NodeGap, nodes_missing
from ingest.picture import by_site, fresh
from plantroom.cli.common import AsJson, DataDir, asset_by_code, emit, opened, require_site
from plantroom.domain.wording import counted
from plantroom.errors import BadData
from plantroom.ports.gaps import Gap, GapFilter, GapState, GiveUp
from plantroom.ports.paging import PageRequest

app = typer.Typer(name="gaps", help="Numbered messages that have not come.", no_args_is_help=True)
SomeIds = Annotated[list[str] | None, typer.Argument(help="Ids, as `gaps list` shows them.")]
PAGE = 1000


@app.callback()
def _group() -> None:
    """Numbered messages that have not come."""


def _text_of(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _document(gap: Gap) -> dict[str, Any]:
    instants = {name: _text_of(getattr(gap, name)) for name in ("found_at", "ended_at", "asked_at", "ask_at")}
    return asdict(gap) | {"state": gap.state.value} | instants


def _line(gap: Gap) -> str:
    numbers = str(gap.first) if gap.first == gap.last else f"{gap.first}-{gap.last}"
    state = f"{gap.state.value} ({gap.reason})" if gap.reason else gap.state.value
    asked = f"asked {counted(gap.asks, 'time')}" if gap.asks else "not asked for yet"
    where = f"{gap.site}/{gap.code or gap.asset}/{gap.channel}"
    return f"{gap.id}  {gap.found_at:%Y-%m-%d %H:%M:%S}Z  {where}  boot {gap.boot!r}  {numbers}  {state}, {asked}"


@app.command("list")
def list_gaps(
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    asset: Annotated[str | None, typer.Option(help="Only this asset (its code).")] = None,
    state: Annotated[GapState | None, typer.Option(help="Only gaps of this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, those found last first.")] = 100,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """What is missing, what has come after all, and what was given up; before them, Sparkplug nodes that miss
    messages."""
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        require_site(tx, site)
        key = None if asset is None else asset_by_code(tx, asset, site).key
        found = tx.gaps.list(GapFilter(site=site, asset=key, state=state), PageRequest(limit)).items
        nodes = _nodes(tx, site) if asset is None and state in (None, GapState.OPEN) else []
    lines = [*map(_node_line, nodes), *map(_line, found)]
    document = {"items": [_document(gap) for gap in found], "nodes": [_node_document(one) for one in nodes]}
    emit(document, as_json, lines or "no gaps")


def _nodes(tx: Any, site: str | None) -> list[NodeGap]:
    """Edge nodes that miss messages, as the collectors that are not silent said last."""
    told = nodes_missing(by_site(fresh(tx.collect.collectors(), tx.collect.now())))
    return [one for one in told if site in (None, one.site)]


def _node_document(one: NodeGap) -> dict[str, Any]:
    return asdict(one) | {"found_at": _text_of(one.found_at), "asked_at": _text_of(one.asked_at)}


def _node_line(one: NodeGap) -> str:
    since = "" if one.found_at is None else f" since {one.found_at:%Y-%m-%d %H:%M:%S}Z"
    asked = "not asked yet" if one.asked_at is None else f"asked for a rebirth {one.asked_at:%Y-%m-%d %H:%M:%S}Z"
    return f"Sparkplug node  {one.site}/{one.node}  {one.missing} missing{since}, {asked}; a rebirth ends it, or a day"


@app.command()
def ask(
    ids: SomeIds = None,
    asset: Annotated[str | None, typer.Option(help="All gaps of this asset (its code) that have not healed.")] = None,
    site: Annotated[str | None, typer.Option(help="The asset's site, where several have its code.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Ask the publishers at once, as if it were for the first time; the running collector does it within seconds."""
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        count = tx.gaps.ask_again(_chosen(tx, ids, asset, site), parts.clock.now())
    emit({"asked": count}, as_json, f"{count} will be asked for")


def _chosen(tx: Any, ids: list[str] | None, asset: str | None, site: str | None) -> list[str]:
    """Ids of the gaps that are named, one by one or by their asset. Raises ``BadData`` and ``NotFound``."""
    if bool(ids) == (asset is not None):
        raise BadData("say which gaps: ids, or --asset CODE")
    if asset is not None:
        return _of_asset(tx, asset_by_code(tx, asset, site).key)
    return [tx.gaps.get(gap_id).id for gap_id in ids or ()]


def _of_asset(tx: Any, key: str) -> list[str]:
    found: list[str] = []
    for state in (GapState.OPEN, GapState.GIVEN_UP):
        cursor = None
        while True:
            page = tx.gaps.list(GapFilter(asset=key, state=state), PageRequest(PAGE, cursor))
            found += [gap.id for gap in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
    return found


@app.command("give-up")
def give_up(
    ids: SomeIds = None,
    asset: Annotated[str | None, typer.Option(help="All open gaps of this asset (its code).")] = None,
    site: Annotated[str | None, typer.Option(help="The asset's site, where several have its code.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Count these as lost: they are asked for no more and stay on the list; should they come, they are stored."""
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        count = tx.gaps.give_up(_chosen(tx, ids, asset, site), GiveUp.BY_HAND, parts.clock.now())
    emit({"given_up": count}, as_json, f"{count} given up")
