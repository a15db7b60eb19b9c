"""What the seed was asked for, by site: so that it is asked the same again, and another jurisdiction is no accident."""

from collections.abc import Collection, Sequence

from maintenance.ports import MaintenanceTx
from maintenance.seed_ports import EVERY_SITE, SeedChoice
from plantroom.domain.assets import Site
from plantroom.errors import BadData


class NothingChosen(Exception):
    """The seed has never been asked for anything there, so it has to be told all."""


def chosen(
    tx: MaintenanceTx,
    site: str | None,
    profile: str | None,
    jurisdiction: str | None,
    options: Collection[str] = (),
    *,
    switch: bool = False,
) -> SeedChoice:
    """What a run is for: what is said, else what was asked for last. Options stay. ``NothingChosen`` where neither says
    it; ``BadData`` where another profile or jurisdiction is said than last time, without ``switch``."""
    scope = site or EVERY_SITE
    known = tx.seeding.choices().get(scope)
    if known is None:
        if profile is None or jurisdiction is None:
            raise NothingChosen
        return SeedChoice(scope, profile, jurisdiction, tuple(sorted(options)))
    wanted = SeedChoice(
        scope,
        profile or known.profile,
        jurisdiction or known.jurisdiction,
        tuple(sorted({*known.options, *options})),
    )
    if (wanted.profile, wanted.jurisdiction) != (known.profile, known.jurisdiction) and not switch:
        was, now = f"{known.profile}、{known.jurisdiction}", f"{wanted.profile}、{wanted.jurisdiction}"
        zh = f"{site or '各站点'}已按{was}设置，改用{now}请加 --switch"
        was, now = was.replace("、", ", "), now.replace("、", ", ")
        raise BadData(f"{zh} / {site or 'every site'} was seeded for {was}: add --switch to change it to {now}")
    return wanted


def remembered(tx: MaintenanceTx) -> Sequence[SeedChoice]:
    """All that it was asked for, every site's first."""
    return list(tx.seeding.choices().values())


def sites_of(tx: MaintenanceTx, site: str | None) -> Sequence[Site]:
    """The sites that a run is for: one, or every one without a choice of its own. ``NotFound``."""
    if site is not None:
        return [tx.assets.site(site)]
    own = tx.seeding.choices()
    return [one for one in tx.assets.sites() if one.code not in own]
