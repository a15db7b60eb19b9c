"""``seed``: the plan rows, checklists and seasons of a sort of building in a jurisdiction."""

from collections.abc import Collection
from typing import Annotated

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened

Names = Annotated[str | None, typer.Option("--profile", help="What sort of building: residential or commercial.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("seed")(seed)


def seed(
    profile: Names = None,
    jurisdiction: Annotated[str | None, typer.Option(help="Whose law holds, such as cn or cn-beijing.")] = None,
    site: Annotated[str | None, typer.Option(help="For one site only; without it for every site.")] = None,
    having: Annotated[list[str] | None, typer.Option("--with", help="What the site has, such as diesel_pump.")] = None,
    propose: Annotated[
        bool, typer.Option("--propose", help="Also rows for equipment without a plan: monthly look, yearly test.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing.")] = False,
    list_names: Annotated[bool, typer.Option("--list", help="List profiles, jurisdictions and options.")] = False,
    list_unverified: Annotated[
        bool, typer.Option("--list-unverified", help="List what is from memory and has to be verified.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take plan rows, checklists and seasons from the seed. What a site has changed is never overwritten; a second run
    changes nothing, another jurisdiction ends what it does not ask for."""
    from maintenance.seed import document as shown

    if list_names:
        emit(shown.names_document(), as_json, shown.names_lines())
        return
    if list_unverified:
        emit(shown.unverified_document(), as_json, shown.unverified_lines())
        return
    from maintenance.seed.applying import apply_seed, plan_seed
    from maintenance.seed.compose import compose
    from maintenance.seed.options import options
    from maintenance.seed.profiles import jurisdictions, profiles

    wanted = compose(
        profiles()[_known(profile, profiles(), "--profile")],
        jurisdictions()[_known(jurisdiction, jurisdictions(), "--jurisdiction")],
        [_known(one, options(), "--with") for one in having or ()],
    )
    with opened(data_dir, begins=not dry_run) as parts:
        now = parts.planning_clock.now()
        with parts.ledger.read() if dry_run else parts.ledger.begin() as tx:
            plan = plan_seed(tx, wanted, site, now, with_proposals=propose)
            if not dry_run:
                apply_seed(tx, plan)
    done = shown.run_document(plan, wanted, site, dry_run)
    emit(done, as_json, shown.run_lines(done))


def _known(name: str | None, names: Collection[str], option: str) -> str:
    """The name, when there is such a one; else a usage error that lists them."""
    if name is None:
        raise typer.BadParameter(f"is missing; there are: {', '.join(names)}", param_hint=option)
    if name not in names:
        raise typer.BadParameter(f"there is no {name!r}; there are: {', '.join(names)}", param_hint=option)
    return name
