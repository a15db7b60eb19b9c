"""``risk list``: machines by their risk."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, every, instant_text, opened, require_site

if TYPE_CHECKING:
    from maintenance.risk.model import Standing
    from maintenance.seed.codes import RiskMatrix

app = typer.Typer(name="risk", help="Machines by their risk.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Machines by their risk."""


@app.command("list")
def list_risks(
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    warned: Annotated[bool, typer.Option("--warned", help="Only those of which a warning stands.")] = False,
    min_score: Annotated[int | None, typer.Option("--min-score", help="Only from this score.", min=1, max=25)] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Machines by likelihood x consequence (1 to 25), the highest first. One out of service is not assessed."""
    from maintenance.risk.ports import StandingFilter
    from maintenance.seed.codes import risk_matrix

    wanted = StandingFilter(site=site, min_score=min_score, above=True if warned else None)
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        require_site(tx, site)
        found = every(lambda page: tx.risk.list(wanted, page))
        codes = {key: asset.code for key, asset in tx.assets.plant().assets.items()}
    items = [_risk(one, codes, risk_matrix()) for one in found]
    emit({"items": items}, as_json, [_text(one) for one in items] or "nothing has been assessed")


def _risk(one: "Standing", codes: dict[str, str], matrix: "RiskMatrix") -> dict[str, Any]:
    return {
        "site": one.site,
        "asset": codes.get(one.asset, one.asset),
        "score": one.score,
        "band": matrix.band(one.score).key,
        "likelihood": one.likelihood,
        "consequence": one.consequence,
        "warned": one.above,
        "since": instant_text(one.since),
        "reasons": [{"zh": part.text.zh, "en": part.text.en} for part in one.parts if part.points],
    }


def _text(item: dict[str, Any]) -> str:
    why = "; ".join(f"{one['zh']} / {one['en']}" for one in item["reasons"][:3])
    mark = "  !" if item["warned"] else ""
    return (
        f"{item['site']}  {item['asset']}  {item['score']:2} ({item['likelihood']} x {item['consequence']},"
        f" {item['band']}){mark}  {why}"
    )
