"""``budget show``: a site's budget lines as they stand."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened

if TYPE_CHECKING:
    from maintenance.budget.measuring import Line
    from plantroom.domain.assets import LocalName

app = typer.Typer(name="budget", help="What is approved for the year, spent and to come.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What is approved for the year, spent and to come."""


@app.command()
def show(
    site: Annotated[str, typer.Option(help="Site code.")] = "demo",
    year: Annotated[int | None, typer.Option(help="The year. Default: the present one.", min=1970, max=2200)] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Every line of a site's year: approved, spent, ordered, and what it will have been at its end (CNY)."""
    from zoneinfo import ZoneInfo

    from maintenance.budget.measuring import measure
    from maintenance.recurrence import local_day
    from maintenance.seed.budgets import budget_lines

    with opened(data_dir) as parts, parts.ledger.read() as tx:
        place, now = tx.assets.site(site), parts.planning_clock.now()
        wanted = year or local_day(now, ZoneInfo(place.time_zone)).year
        found = measure(tx, place, wanted, now, parts.systems)
    names = {key: one.name for key, one in budget_lines().items()}
    lines = [_line(one, names.get(one.line)) for one in found.lines]
    document = {"site": site, "year": wanted, "foreseen": found.forecast is not None, "lines": lines}
    emit(document, as_json, [_text(one) for one in lines])


def _line(one: "Line", name: "LocalName | None") -> dict[str, Any]:
    figures = one.figures
    return {
        "line": one.line,
        "name": None if name is None else {"zh": name.zh, "en": name.en},
        "system": one.system or None,
        "approved": None if one.budget is None else one.budget.approved,
        "planned": one.planned,
        "actual": round(figures.actual, 2),
        "committed": round(figures.committed, 2),
        "forecast": round(figures.forecast, 2),
        "outlook": round(figures.outlook, 2),
        "warnings": [warning.level.value for warning in one.warnings],
    }


def _text(item: dict[str, Any]) -> str:
    name = item["line"] if item["name"] is None else f"{item['name']['zh']} / {item['name']['en']}"
    approved = "-" if item["approved"] is None else f"{item['approved']:.2f}"
    system = f" ({item['system']})" if item["system"] else ""
    warned = f"  ! {', '.join(item['warnings'])}" if item["warnings"] else ""
    return (
        f"{name}{system}: approved {approved}, spent {item['actual']:.2f}, ordered {item['committed']:.2f},"
        f" at the year's end {item['outlook']:.2f}{warned}"
    )
