"""Assets as a kind of table."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from maintenance.by_hand import status_was_set
from maintenance.imports.asset_columns import COLUMN_ORDER, DAYS, CustomColumns
from maintenance.imports.asset_places import Places
from maintenance.imports.asset_records import RECORD, Known
from maintenance.imports.assets import PLACE, AssetsImport
from maintenance.imports.cells import Cell
from maintenance.imports.columns import Column, Headings
from maintenance.imports.fields import cells_of
from maintenance.imports.grids import Book
from maintenance.imports.kinds import Asked, TableKind
from maintenance.imports.outcome import Change, Outcome
from maintenance.imports.problems import Problem, Problems
from maintenance.imports.reading import table_rows
from maintenance.imports.site_departments import departments_in
from maintenance.imports.site_names import SiteNames
from maintenance.imports.undoing import Restored, refused
from maintenance.imports.vocabulary import Departments, class_words
from maintenance.imports.zoned_days import with_local_days, zone_of
from maintenance.plan import OccurrenceState
from maintenance.ports import MaintenanceTx
from maintenance.resting import assets_were_made, status_was_changed
from maintenance.transitions import end_maintenance
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import Asset, AssetStatus, LocalName, Location, Point
from plantroom.errors import Conflict, NotFound
from plantroom.ports.accounts import Role
from plantroom.ports.ledger import AssetFilter
from plantroom.ports.paging import PageRequest

PAGE = 1_000
TOLD_SINGLY = 200
"""Assets of one import that the live view hears of one by one."""

_AT_WORK = (AssetStatus.IN_SERVICE, AssetStatus.STANDBY)


class AssetsKind(TableKind):
    """Assets of one or several sites."""

    key = "assets"
    name = LocalName("设备台账", "Assets")
    role = Role.SUPERVISOR
    columns = COLUMN_ORDER
    headings = Headings(COLUMN_ORDER)

    def columns_now(self, tx: MaintenanceTx) -> Sequence[Column]:
        return CustomColumns(tx.custom_fields.list()).columns

    def compare(self, tx: MaintenanceTx, book: Book, asked: Asked, problems: Problems) -> Outcome:
        custom = CustomColumns(tx.custom_fields.list())
        names = SiteNames(tx.assets.sites())
        sites = names.sites
        read = table_rows(book, custom.headings, problems, asked.sheet)
        rows = asked.counted(with_local_days(read, DAYS, zone_of(names, asked.site), problems))
        known = Known(
            sites=names,
            find=tx.assets.find_many,
            get=tx.assets.several,
            places=lambda site: Places(tx.places.tree(site), sites[site]),
            plan=tx.plan.rows,
            classes=equipment_classes(),
            departments=departments_in(tx),
        )
        return AssetsImport(known, custom, asked, problems).run(rows)

    def write(self, tx: MaintenanceTx, changes: Sequence[Change], asked: Asked) -> None:
        places = [one.after for one in changes if isinstance(one.after, Location)]
        tx.places.add_many(places)
        for place in places:
            tx.live.note("location", place.site, {"key": place.key, "change": "created"})
        created = [one.after for one in changes if one.before is None and isinstance(one.after, Asset)]
        updated = [one for one in changes if one.before is not None]
        classes = equipment_classes()
        points = [Point(a.key, t) for a in created for t in classes[a.equipment_class].points]
        if created:
            tx.assets.add_many(created, points, asked.written)
            assets_were_made(tx, created, asked.now)
        self._update(tx, [(one.before, one.after) for one in updated], asked, len(created))
        self._tell(tx, [one for one in changes if one.record == RECORD])

    def _tell(self, tx: MaintenanceTx, changes: Sequence[Change]) -> None:
        if len(changes) <= TOLD_SINGLY:
            for one in changes:
                tx.live.note("asset", one.site, {"key": one.key, "change": "imported"})
        else:
            for site in {one.site for one in changes}:
                tx.live.note("asset", site, {"change": "imported"})

    def _update(
        self, tx: MaintenanceTx, pairs: Sequence[tuple[object, object]], asked: Asked, before_them: int = 0
    ) -> None:
        records = [after for _, after in pairs if isinstance(after, Asset)]
        if records:
            tx.assets.update_many(records, lambda done: asked.written(before_them + done))
        for before, after in pairs:
            if isinstance(before, Asset) and isinstance(after, Asset) and before.status is not after.status:
                status_was_set(tx, after.key, asked.by, asked.now)
                status_was_changed(tx, after, before.status, asked.now)
                if after.status in _AT_WORK:
                    end_maintenance(tx, after.key, asked.now, after.status)

    def current(self, tx: MaintenanceTx, changes: Sequence[Change]) -> Mapping[str, object]:
        found: dict[str, object] = dict(
            tx.assets.several([one.key for one in changes if one.record == RECORD], lock=True)
        )
        for key in (one.key for one in changes if one.record == PLACE):
            with suppress(NotFound):
                found[key] = tx.places.get(key)
        return found

    def still(self, tx: MaintenanceTx, outcome: Outcome) -> bool:
        if not super().still(tx, outcome):
            return False
        if outcome.based_on:
            tx.places.hold()
        return all(tx.places.tree(site) == tree for site, tree in outcome.based_on.items())

    def revert(self, tx: MaintenanceTx, restored: Sequence[Restored], asked: Asked) -> list[Problem]:
        now = tx.assets.several([change.key for change, record in restored if record is not None])
        self._update(tx, [(now[c.key], record) for c, record in restored if record is not None], asked)
        created = [change for change, record in restored if record is None and change.record == RECORD]
        known = tx.plan.occurrences_of_several([change.key for change in created])
        said = LocalName("该设备登记了上次完成日期", "its last completions were entered")
        entered = [
            refused(change, "in_use", said)
            for change in created
            if any(one.state is OccurrenceState.FORMER for one in known.get(change.key, ()))
        ]
        if entered:
            return entered
        try:
            if created:
                tx.assets.remove_many([change.key for change in created])
        except Conflict as error:
            return [refused(created[0], "in_use", LocalName(str(error), str(error)))]
        return self._without_places(tx, [change for change, _ in reversed(restored) if change.record == PLACE])

    def _without_places(self, tx: MaintenanceTx, made: Sequence[Change]) -> list[Problem]:
        """Take places away that an import made, the innermost first."""
        said = LocalName("该位置已有其他设备或位置", "other assets or places stand in it")
        for one in made:
            try:
                tx.places.remove(one.key)
            except Conflict:
                return [refused(one, "in_use", said)]
        return []

    def export(self, tx: MaintenanceTx, site: str | None, language: str) -> Iterator[Sequence[Cell]]:
        custom, departments = CustomColumns(tx.custom_fields.list()), departments_in(tx)
        places: dict[str, Places] = {}
        cursor: str | None = None
        while True:
            page = tx.assets.list(AssetFilter(site=site), PageRequest(PAGE, cursor))
            assets = [view.asset for view in page.items]
            others = {key for one in assets for key in (one.parent, one.duty_partner) if key is not None}
            codes = {key: asset.code for key, asset in tx.assets.several(others).items()}
            for asset in assets:
                if asset.site not in places:
                    places[asset.site] = Places(tx.places.tree(asset.site))
                yield asset_cells(asset, custom, codes, places[asset.site], language, departments(asset.site))
            cursor = page.next_cursor
            if cursor is None:
                return


def asset_cells(
    asset: Asset,
    custom: CustomColumns,
    codes: Mapping[str, str],
    places: Places,
    language: str,
    departments: Departments,
) -> Sequence[Cell]:
    """The row that an export writes. ``codes``: those of parents and partners by key."""
    own: dict[str, Any] = dict(
        zip((one.key for one in custom.fields), cells_of(asset, custom.fields, language), strict=True)
    )
    words = class_words()
    named = departments.find(asset.department or "")
    own |= {
        "site": asset.site,
        "code": asset.code,
        "class": words.said(asset.equipment_class, language)
        if asset.equipment_class in words.table()
        else asset.equipment_class,
        "location": places.write(asset.location),
        "department": named.en if named is not None and language == "en" else asset.department,
        "parent": codes.get(asset.parent or ""),
        "duty_partner": codes.get(asset.duty_partner or ""),
    }
    return [own.get(column.key) for column in custom.columns]
