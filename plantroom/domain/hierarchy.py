"""Which asset may be part of which, and which pairs stand by for each other. Pure."""

from collections.abc import Callable

from plantroom.domain.assets import Asset, AssetStatus, DutyRole
from plantroom.errors import BadData, FieldProblem

Lookup = Callable[[str], Asset | None]
"""An asset by key; ``None``: there is none."""

DEEPEST = 20
"""Assets on the way from the outermost one to the deepest part."""

OTHER = {DutyRole.DUTY: DutyRole.STANDBY, DutyRole.STANDBY: DutyRole.DUTY}


def check_parent(asset: Asset, find: Lookup) -> None:
    """Raise ``BadData`` when the asset's parent is unknown, on another site, or a part of the asset itself."""
    if asset.parent is None:
        return
    if asset.parent == asset.key:
        raise _bad("parent", "cycle", "a machine cannot be a part of itself")
    above: Asset | None = find(asset.parent)
    if above is None:
        raise _bad("parent", "unknown_asset", f"there is no asset {asset.parent!r}")
    if above.site != asset.site:
        raise _bad("parent", "another_site", f"{above.code} belongs to the site {above.site}, not {asset.site}")
    parent = above
    for _ in range(DEEPEST - 1):
        if above is None or above.parent is None:
            return
        if above.parent == asset.key:
            raise _bad("parent", "cycle", f"{parent.code} is a part of {asset.code} itself: that would be a circle")
        above = find(above.parent)
    raise _bad("parent", "too_deep", f"parts may be {DEEPEST} deep at most")


def check_duty(asset: Asset, find: Lookup) -> Asset | None:
    """The asset's partner, as it stands, when the pair is sound; ``None`` without one.

    Raises ``BadData``: a role without a partner or the other way round, an unknown partner, one of another site or
    class, one that is scrapped, or one that stands by with somebody else already."""
    if (asset.duty_partner is None) != (asset.duty_role is None):
        field = "duty_role" if asset.duty_role is None else "duty_partner"
        raise _bad(field, "required", "duty_partner and duty_role (duty, standby) go together")
    if asset.duty_partner is None:
        return None
    if asset.duty_partner == asset.key:
        raise _bad("duty_partner", "itself", "a machine cannot stand by for itself")
    partner = find(asset.duty_partner)
    if partner is None:
        raise _bad("duty_partner", "unknown_asset", f"there is no asset {asset.duty_partner!r}")
    if partner.site != asset.site:
        raise _bad("duty_partner", "another_site", f"{partner.code} belongs to the site {partner.site}")
    if partner.equipment_class != asset.equipment_class:
        words = f"{partner.code} is a {partner.equipment_class}, {asset.code} a {asset.equipment_class}"
        raise _bad("duty_partner", "another_class", words)
    if partner.status is AssetStatus.SCRAPPED:
        raise _bad("duty_partner", "scrapped", f"{partner.code} is scrapped")
    if partner.duty_partner not in (None, asset.key):
        raise _bad("duty_partner", "taken", f"{partner.code} has another partner already: take that pair apart first")
    return partner


def _bad(field: str, code: str, message: str) -> BadData:
    return BadData(f"{field}: {message}", [FieldProblem(field, code, message)])
