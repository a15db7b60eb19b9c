"""``seed``: the plan rows, checklists and seasons of a sort of building in a jurisdiction."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maintenance.ports import MaintenanceTx
    from maintenance.seed_ports import SeedChoice
    from plantroom.bootstrap.parts import Parts

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
    switch: Annotated[
        bool, typer.Option("--switch", help="Change to another profile or jurisdiction than was chosen before.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing.")] = False,
    list_names: Annotated[bool, typer.Option("--list", help="List profiles, jurisdictions and options.")] = False,
    list_unverified: Annotated[
        bool, typer.Option("--list-unverified", help="List what is from memory and has to be verified.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take plan rows, checklists, seasons and new points of the equipment classes from the seed. What a site has
    changed is never overwritten; a second run changes nothing, another jurisdiction ends what it does not ask for. What
    was chosen is remembered: without a profile and jurisdiction it is that."""
    from maintenance.seed import document as shown

    if list_names:
        emit(shown.names_document(), as_json, shown.names_lines())
        return
    if list_unverified:
        emit(shown.unverified_document(), as_json, shown.unverified_lines())
        return
    from maintenance.seed.options import options
    from maintenance.seed.profiles import jurisdictions, profiles

    said = _Said(
        None if profile is None else _known(profile, profiles(), "--profile"),
        None if jurisdiction is None else _known(jurisdiction, jurisdictions(), "--jurisdiction"),
        site,
        tuple(_known(one, options(), "--with") for one in having or ()),
        switch,
        propose,
    )
    with opened(data_dir, begins=not dry_run) as parts:
        documents = _run(parts, said, dry_run)
    if len(documents) == 1:
        emit(documents[0], as_json, shown.run_lines(documents[0]))
        return
    done: dict[str, Any] = {"dry_run": dry_run, "changed": any(one["changed"] for one in documents), "runs": documents}
    emit(done, as_json, [line for one in documents for line in shown.run_lines(one)])


@dataclass(frozen=True, slots=True)
class _Said:
    """What the command line says."""

    profile: str | None
    jurisdiction: str | None
    site: str | None
    options: tuple[str, ...]
    switch: bool
    propose: bool

    @property
    def is_all_of_it(self) -> bool:
        """Whether everything is brought up to date that was asked for before."""
        return self.profile is None and self.jurisdiction is None and self.site is None and not self.options


class _OnlyLooked(Exception):
    """Ends a dry run with nothing written."""


def _run(parts: "Parts", said: _Said, dry_run: bool) -> list[dict[str, Any]]:
    """What was done, a document for each scope. Each run goes on from those before it, in a dry run too."""
    documents: list[dict[str, Any]] = []
    now = parts.planning_clock.now()
    with suppress(_OnlyLooked), parts.ledger.begin() as tx:
        documents += [_seeded(tx, choice, said, now, dry_run) for choice in _choices(tx, said)]
        if dry_run:
            raise _OnlyLooked
    return documents


def _choices(tx: "MaintenanceTx", said: _Said) -> "Sequence[SeedChoice]":
    from maintenance.seed.choices import NothingChosen, chosen, remembered
    from maintenance.seed.profiles import jurisdictions, profiles

    everything = remembered(tx)
    if said.is_all_of_it and everything:
        return everything
    try:
        return [chosen(tx, said.site, said.profile, said.jurisdiction, said.options, switch=said.switch)]
    except NothingChosen:
        _known(said.profile, profiles(), "--profile")
        _known(said.jurisdiction, jurisdictions(), "--jurisdiction")
        raise


def _seeded(tx: "MaintenanceTx", choice: "SeedChoice", said: _Said, now: datetime, dry_run: bool) -> dict[str, Any]:
    from maintenance.seed import document as shown
    from maintenance.seed.applying import apply_seed, plan_seed
    from maintenance.seed.compose import compose
    from maintenance.seed.profiles import jurisdictions, profiles

    wanted = compose(profiles()[choice.profile], jurisdictions()[choice.jurisdiction], choice.options)
    site = choice.scope or None
    plan = plan_seed(tx, wanted, site, now, with_proposals=said.propose)
    apply_seed(tx, plan)
    return shown.run_document(plan, wanted, site, dry_run)


def _known(name: str | None, names: Collection[str], option: str) -> str:
    """The name, when there is such a one; else a usage error that lists them."""
    if name is None:
        raise typer.BadParameter(f"is missing; there are: {', '.join(names)}", param_hint=option)
    if name not in names:
        raise typer.BadParameter(f"there is no {name!r}; there are: {', '.join(names)}", param_hint=option)
    return name
