"""Making and changing assets."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime

from api.assets.schemas import Asset as AssetShape
from api.assets.schemas import AssetChange, AssetCreate, AssetFields
from api.paging import bad_field
from api.problems import StaleVersion
from maintenance.by_hand import status_was_set
from maintenance.ports import MaintenanceTx
from maintenance.resting import assets_were_made, status_was_changed
from maintenance.transitions import end_maintenance
from plantroom.domain.assets import Asset, AssetStatus, EquipmentClass, LocalName, Point
from plantroom.domain.custom import checked_values
from plantroom.domain.keys import new_key
from plantroom.domain.papers import Document
from plantroom.errors import BadData, NotFound, VersionConflict
from plantroom.ports.ledger import AssetView, LedgerTx
from plantroom.ports.readings import Retention
from plantroom.wire import check_new_code

_AT_WORK = (AssetStatus.IN_SERVICE, AssetStatus.STANDBY)


def _check_code(code: str) -> str:
    try:
        return check_new_code(code, "asset code")
    except BadData as error:
        if error.problems:
            raise
        raise bad_field("code", "not_a_topic_level", str(error)) from None


def _check_location(tx: LedgerTx, site: str, location: str | None) -> None:
    if location is not None and location not in {node.key for node in tx.assets.locations(site)}:
        raise bad_field("location", "unknown_location", f"site {site} has no location {location!r}")


def _check_documents(tx: LedgerTx, site: str, documents: Sequence[Document]) -> None:
    for number, document in enumerate(documents):
        if document.sha256 is not None and site not in {entry.site for entry in tx.files.of(document.sha256)}:
            words = f"the site {site} has no such file: upload it first (POST /api/v1/files)"
            raise bad_field(f"documents.{number}.sha256", "unknown_file", words)


def make_asset(tx: MaintenanceTx, classes: Mapping[str, EquipmentClass], form: AssetCreate, now: datetime) -> AssetView:
    """Add an asset and its class's points.

    ``BadData`` naming the field for an unknown class, site or location and for a code that cannot stand in a
    topic; ``Conflict`` when the code is taken in the site.
    """
    made = classes.get(form.equipment_class)
    if made is None:
        raise bad_field("class", "unknown_class", f"should be one of {', '.join(sorted(classes))}")
    try:
        tx.assets.site(form.site)
    except NotFound:
        raise bad_field("site", "unknown_site", f"there is no site {form.site!r}") from None
    _check_location(tx, form.site, form.location)
    name = form.name.to_domain()
    given = form.to_domain(set(AssetFields.model_fields))
    given["custom"] = checked_values(form.custom, form.equipment_class, tx.custom_fields.list(), {})
    _check_documents(tx, form.site, given["documents"])
    asset = Asset(
        key=new_key(),
        site=form.site,
        code=_check_code(form.code),
        equipment_class=form.equipment_class,
        name=name if name.zh else LocalName(form.code, form.code),
        **given,
    )
    tx.assets.add(asset, [Point(asset.key, template) for template in made.points])
    assets_were_made(tx, [asset], now)
    tx.live.note("asset", asset.site, {"key": asset.key, "change": "created"})
    return tx.assets.get(asset.key)


def change_asset(
    tx: MaintenanceTx,
    before: AssetView,
    form: AssetChange,
    expected: int | None,
    by: str,
    now: datetime,
    retention: Retention,
) -> AssetView:
    """Write the fields that ``form`` names; ``before`` is the locked asset. ``StaleVersion`` when ``expected`` is not
    the stored version.

    When it comes into service or on standby, from maintenance by whatever way, what was noticed meanwhile and still
    holds becomes tickets.
    """
    asset = before.asset
    given = form.to_domain(form.model_fields_set)
    if "duty_partner" in given and form.duty_partner is None:
        given.setdefault("duty_role", None)
    if given.get("code", asset.code) != asset.code:
        _check_code(form.code)
    if "name" in given:
        given["name"] = form.name.to_domain()
    if "location" in given:
        _check_location(tx, asset.site, form.location)
    if "custom" in given:
        fields_known = tx.custom_fields.list()
        given["custom"] = checked_values(form.custom, asset.equipment_class, fields_known, asset.custom)
    _check_documents(tx, asset.site, given.get("documents", ()))
    changed = replace(asset, **given)
    try:
        tx.assets.update(changed, expected)
    except VersionConflict as error:
        current = AssetShape.of(before, retention).model_dump(mode="json", by_alias=True)
        differing = [f.name for f in fields(asset) if f.name in given and getattr(asset, f.name) != given[f.name]]
        raise StaleVersion(str(error), current, asset.version, differing) from error
    if asset.status is not changed.status:
        status_was_set(tx, asset.key, by, now)
        status_was_changed(tx, changed, asset.status, now)
    if asset.status is not changed.status and changed.status in _AT_WORK:
        end_maintenance(tx, asset.key, now, changed.status)
    tx.live.note("asset", asset.site, {"key": asset.key, "change": "changed", "fields": sorted(given)})
    return tx.assets.get(asset.key)
