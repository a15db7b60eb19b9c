"""How old a machine is against how long such machines are kept: what a renewal list is made of. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from plantroom.domain.assets import Asset, AssetStatus, EquipmentClass, Status

YEAR_DAYS = 365.2425
NEAR_END = 0.9
"""Share of the design life from which a machine is looked at."""


@dataclass(frozen=True, slots=True)
class Ageing:
    """One machine's age. ``life_years`` is its own, else its class's (with ``basis`` and ``status``); ``share`` of it
    that is over; ``ends_on``: the last day of it."""

    asset: Asset
    since: date
    age_years: float
    life_years: float
    share: float
    ends_on: date
    basis: str
    status: Status


def ageing(asset: Asset, made: EquipmentClass | None, on: date) -> Ageing | None:
    """The age of a machine on a day, counted from its installation, else from when it went into service. ``None``: it
    is scrapped, not there yet, or nothing says when it came or how long it is to last."""
    since = asset.installed_on or asset.in_service_on
    if since is None or since > on or asset.status is AssetStatus.SCRAPPED:
        return None
    life, basis, status = asset.design_life_years, "own", Status.VERIFIED
    if life is None:
        if made is None or made.life is None:
            return None
        life, basis, status = made.life.years, made.life.basis, made.life.status
    age = (on - since).days / YEAR_DAYS
    return Ageing(asset, since, age, life, age / life, _after(since, life), basis, status)


def renewal_list(
    assets: Iterable[Asset], classes: Mapping[str, EquipmentClass], on: date, from_share: float = NEAR_END
) -> list[Ageing]:
    """Machines that have at least that share of their life behind them, the oldest by their life first."""
    found = (ageing(asset, classes.get(asset.equipment_class), on) for asset in assets)
    due = [one for one in found if one is not None and one.share >= from_share]
    return sorted(due, key=lambda one: (-one.share, one.asset.site, one.asset.code))


def _after(day: date, years: float) -> date:
    """The day so many years later; 29 February counts as the 28th where there is none."""
    whole, rest = int(years), years - int(years)
    try:
        same = day.replace(year=day.year + whole)
    except ValueError:
        if day.year + whole > date.max.year:
            return date.max
        same = day.replace(year=day.year + whole, day=28)
    left = same.toordinal() + round(rest * YEAR_DAYS)
    return date.fromordinal(min(left, date.max.toordinal()))
