"""Maintenance by hand: somebody takes a machine out of monitoring for a while, with a reason and an end.

While it lasts limits and models make no tickets, as during an isolating order; safety always does. It ends at its time
or when somebody ends it; then what still holds becomes tickets. It and isolating orders leave each other alone: the
machine is back in monitoring when the last of them has ended. Every function works inside the caller's transaction;
instants are aware UTC.
"""

from datetime import datetime, timedelta

from maintenance.isolation import RESTING, found_by_all, isolating_orders
from maintenance.ports import MaintenanceTx
from maintenance.spells import Spell
from maintenance.transitions import end_maintenance
from plantroom.domain.assets import AssetStatus
from plantroom.domain.authorship import explained
from plantroom.domain.keys import new_key
from plantroom.errors import BadData, Conflict, FieldProblem, NotFound

LONGEST = timedelta(days=7)
"""What takes longer is out of service, or gets a new end by somebody who looks at it again."""

EXPIRED = "system:expired"
"""Who ends a spell whose time is over."""


def begin_by_hand(tx: MaintenanceTx, asset_key: str, until: datetime, reason: str, by: str, now: datetime) -> Spell:
    """Take a machine out of monitoring until ``until``; one that is so by hand already gets this end instead.

    Raises ``NotFound``, ``Conflict`` for a machine that is out of service or scrapped, and ``BadData`` for a missing
    reason and for an end that is not after ``now`` or further away than ``LONGEST``.
    """
    asset = tx.assets.lock(asset_key).asset
    _check(until, reason, now)
    explained(reason)
    if asset.status not in (*RESTING, AssetStatus.UNDER_MAINTENANCE):
        raise Conflict(f"{asset.code} is {asset.status.value}: nothing is expected of it")
    # Under maintenance by a status that somebody has set without an end: from now on it has one.
    before = asset.status if asset.status in RESTING else found_by_all(tx, asset_key) or AssetStatus.IN_SERVICE
    earlier = tx.spells.standing(asset_key)
    if earlier is not None:
        tx.spells.end(earlier.id, now, by)
    spell = Spell(new_key(), asset.site, asset_key, reason.strip(), by, now, until, before)
    tx.spells.add(spell)
    if asset.status is not AssetStatus.UNDER_MAINTENANCE:
        tx.assets.set_status(asset_key, AssetStatus.UNDER_MAINTENANCE)
    _note(tx, spell)
    return spell


def end_by_hand(tx: MaintenanceTx, asset_key: str, by: str, now: datetime) -> Spell:
    """End it before its time. ``NotFound`` when none stands."""
    tx.assets.lock(asset_key)
    spell = tx.spells.standing(asset_key)
    if spell is None:
        raise NotFound("this machine is not under maintenance by hand")
    return _ended(tx, spell, by, now)


def expire_by_hand(tx: MaintenanceTx, asset_key: str, now: datetime) -> bool:
    """End it if its time is over; gives whether it ended now (somebody else may have been there first)."""
    tx.assets.lock(asset_key)
    spell = tx.spells.standing(asset_key)
    if spell is None or now < spell.until:
        return False
    _ended(tx, spell, EXPIRED, now)
    return True


def status_was_set(tx: MaintenanceTx, asset_key: str, by: str, now: datetime) -> None:
    """Somebody has set the status of a locked machine themselves: that ends what was declared before."""
    spell = tx.spells.standing(asset_key)
    if spell is not None:
        tx.spells.end(spell.id, now, by)


def _ended(tx: MaintenanceTx, spell: Spell, by: str, now: datetime) -> Spell:
    ended = tx.spells.end(spell.id, now, by) or spell
    maintained = tx.assets.get(spell.asset).asset.status is AssetStatus.UNDER_MAINTENANCE
    if maintained and not isolating_orders(tx, spell.asset):
        end_maintenance(tx, spell.asset, now, spell.found)
    _note(tx, ended)
    return ended


def _note(tx: MaintenanceTx, spell: Spell) -> None:
    tx.live.note("asset", spell.site, {"key": spell.asset, "change": "changed", "fields": ["status"]})


def _check(until: datetime, reason: str, now: datetime) -> None:
    found = []
    if not reason.strip():
        found.append(FieldProblem("reason", "required", "说明原因 / say why"))
    if until <= now:
        found.append(FieldProblem("until", "in_the_past", "应晚于现在 / should lie ahead"))
    elif until - now > LONGEST:
        found.append(FieldProblem("until", "too_long", f"最长{LONGEST.days}天 / at most {LONGEST.days} days"))
    if found:
        raise BadData("; ".join(f"{one.field}: {one.message}" for one in found), found)
