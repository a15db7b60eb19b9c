"""Assets of a table compared with those of the ledger. Pure but for the look-ups that it is given.

Rows are read once and kept small; then the assets that they name are looked up by the thousand, and parents and
partners, which may come later in the file, last.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from maintenance.imports.asset_columns import CustomColumns
from maintenance.imports.asset_places import Places
from maintenance.imports.asset_records import RECORD, Code, Known, Made, Wanted
from maintenance.imports.asset_relations import Relations
from maintenance.imports.fields import changed, values_of, with_values
from maintenance.imports.kinds import Asked
from maintenance.imports.naming import code_of, site_of
from maintenance.imports.outcome import Change, Outcome
from maintenance.imports.plan_words import classes_of
from maintenance.imports.problems import CellProblem, Problems, count, in_words
from maintenance.imports.tables import Row
from maintenance.imports.values import clears, normal_code, says_nothing
from maintenance.imports.vocabulary import class_words
from plantroom.domain.assets import Asset, LocalName
from plantroom.domain.keys import new_key
from plantroom.domain.wording import counted
from plantroom.errors import BadData
from plantroom.wire import check_new_code

PLACE = "location"
"""What a change calls a place."""

AT_ONCE = 2_000
"""Codes that are looked up together."""

_KEPT = ("code", "former_code", "class", "location", "department", "parent", "duty_partner", "duty_role")


class AssetsImport:
    """One comparison of a table with the assets that there are."""

    def __init__(self, known: Known, custom: CustomColumns, asked: Asked, problems: Problems) -> None:
        self._known, self._custom, self._asked = known, custom, asked
        self._places: dict[str, Places] = {}
        self._made: dict[str, Made] = {}
        self._codes: dict[Code, str] = {}
        self.outcome = Outcome(problems)

    def run(self, rows: Iterable[Row]) -> Outcome:
        """Compare every row."""
        wanted: list[Wanted] = []
        for row in rows:
            one = self._understood(row)
            if one is not None:
                wanted.append(one)
        for start in range(0, len(wanted), AT_ONCE):
            self._asked.compared(start, len(wanted))
            self._batch(wanted[start : start + AT_ONCE])
        Relations(self._known, self._made, self._codes, problems=self.outcome.problems).relate()
        for made in self._made.values():
            self._note(made)
        self._without_plan()
        return self.outcome

    # Rows

    def _understood(self, row: Row) -> Wanted | None:
        problems = self.outcome.problems
        before = count(problems)
        if says_nothing(row.text("location")) and not clears(row.cells.get("location")):
            row.cells = {key: cell for key, cell in row.cells.items() if key != "location"}
        site = site_of(row, self._asked, self._known.sites, problems)
        code = code_of(row, "code", problems)
        former = code_of(row, "former_code", problems) if "former_code" in row.cells else None
        made = self._class(row)
        values = values_of(row, self._custom.by_key, problems)
        if count(problems) > before or row.refused or site is None:
            self._other_errors(row, site)
            return None
        # A table of many rows is held whole: of their cells those that are still to be read, or named by a problem.
        row.cells = {key: row.cells[key] for key in _KEPT if key in row.cells}
        return Wanted(row, site, code, former, made, values, row.cells)

    def _other_errors(self, row: Row, site: str | None) -> None:
        """What else is wrong with a row that cannot be taken: people mend a row in one go."""
        for key, read in (("department", self._known.departments(site).read), ("location", self._place_of(site))):
            cell = row.cells.get(key)
            if cell is None or clears(cell) or read is None:
                continue
            try:
                read(str(cell).strip())
            except CellProblem as problem:
                self.outcome.problems.error(row.problem(key, problem.code, in_words(problem.code, problem.said)))

    def _place_of(self, site: str | None) -> Callable[[str], object] | None:
        return None if site is None else self._of_site(site).read_or_make

    def _class(self, row: Row) -> str | None:
        cell = row.cells.get("class")
        if cell is None or "class" in row.refused:
            return None
        try:
            return class_words().read(cell)
        except CellProblem as problem:
            self.outcome.problems.error(row.problem("class", problem.code, in_words(problem.code, problem.said)))
            return None

    # Records

    def _batch(self, some: Sequence[Wanted]) -> None:
        codes = {(one.site, code) for one in some for code in (one.code, one.former, normal_code(one.code)) if code}
        found = self._known.find(codes)
        for one in some:
            self._take(one, found)

    def _take(self, one: Wanted, found: Mapping[Code, Asset]) -> None:
        problems = self.outcome.problems
        match = self._match(one, found)
        if match is None and not self._is_new(one):
            return
        if match is not None and one.equipment_class not in (None, match.equipment_class):
            has = class_words().said(match.equipment_class, "zh")
            said = LocalName(
                f"设备类别不能更改（现为 {has}）", f"the class cannot be changed (it is {match.equipment_class})"
            )
            problems.error(one.row.problem("class", "class_fixed", in_words("class_fixed", said)))
            return
        made = Made(one, match, self._new(one) if match is None else match)
        if made.after.key in self._made:
            first = self._made[made.after.key].wanted.row.number
            self._twice(one, first)
            return
        if match is None and (one.site, one.code) in self._codes:
            self._twice(one, self._made[self._codes[one.site, one.code]].wanted.row.number)
            return
        if self._apply(made):
            self._made[made.after.key] = made
            self._codes[one.site, made.after.code] = made.after.key

    def _twice(self, one: Wanted, first: int) -> None:
        said = LocalName(f"编号与第{first}行相同", f"line {first} has the same code")
        problem = one.row.problem("code", "duplicate_row", in_words("duplicate_row", said))
        self.outcome.problems.error(problem)

    def _match(self, one: Wanted, found: Mapping[Code, Asset]) -> Asset | None:
        match = found.get((one.site, one.code))
        normal = normal_code(one.code)
        if match is None and normal != one.code:
            said = LocalName(f"编号中的全角或不可见字符已换成普通字符：{normal}", f"the code was read as {normal}")
            message = in_words("code_normalised", said)
            self.outcome.problems.warn(one.row.problem("code", "code_normalised", message))
            one.code = normal
            match = found.get((one.site, normal))
        if match is not None and match.code != one.code and one.former is None:
            said = LocalName(f"{one.code} 是 {match.code} 的旧编号", f"{one.code} is a former code of {match.code}")
            message = in_words("former_code", said)
            self.outcome.problems.warn(one.row.problem("code", "former_code", message))
            one.code = match.code
        if match is None and one.former is not None:
            match = found.get((one.site, one.former))
            if match is None:
                self.outcome.problems.error(one.row.problem("former_code", "unknown_asset"))
        return match

    def _is_new(self, one: Wanted) -> bool:
        """Whether a row can become a new asset."""
        problems = self.outcome.problems
        before = count(problems)
        if one.former is not None:
            return False
        if one.equipment_class is None:
            problems.error(one.row.problem("class", "missing_value"))
        try:
            check_new_code(one.code, "asset code")
        except BadData as error:
            said = LocalName("编号不可用：不能含 / + # 和不可见字符，不能以 $ 开头，最多 200 字节", str(error))
            problems.error(one.row.problem("code", "bad_code", in_words("bad_code", said)))
        return count(problems) == before

    def _new(self, one: Wanted) -> Asset:
        name = str(one.values.get("name") or one.values.get("name_en") or one.code)
        english = str(one.values.get("name_en") or name)
        return Asset(new_key(), one.site, one.code, one.equipment_class or "", LocalName(name, english))

    def _apply(self, made: Made) -> bool:
        one, problems = made.wanted, self.outcome.problems
        before = count(problems)
        asset, changes = changed(made.after, self._custom.by_key, one.values, is_new=made.before is None)
        if made.before is not None and one.code != asset.code:
            changes["code"] = [asset.code, one.code]
            asset = replace(asset, code=one.code)
        others: dict[str, str | None] = {}
        for key, read in (("department", self._department), ("location", self._location)):
            if key not in one.said:
                continue
            try:
                value = None if clears(one.said[key]) else read(one, asset)
            except CellProblem as problem:
                message = in_words(problem.code, problem.said)
                problems.error(one.row.problem(key, problem.code, message))
                continue
            old = getattr(asset, key)
            if value != old:
                others[key] = value
                if made.before is not None:
                    changes[key] = [self._told(asset.site, key, old), self._told(asset.site, key, value)]
        if others:
            asset = with_values(asset, others)
        for department in {asset.department, made.before.department if made.before is not None else None}:
            if not self._asked.rights.may_change(one.site, department):
                problems.error(one.row.problem("department", "not_yours"))
                break
        made.after, made.changes = asset, changes
        return count(problems) == before

    def _department(self, one: Wanted, asset: Asset) -> str | None:
        text = str(one.said["department"]).strip()
        return text if text == asset.department else self._known.departments(asset.site).read(text).zh

    def _location(self, one: Wanted, asset: Asset) -> str | None:
        places = self._of_site(asset.site)
        key, made = places.read_or_make(str(one.said["location"]).strip())
        if made:
            # Its path holds where the tree is still the one that it was found in.
            self.outcome.based_on[asset.site] = places.before
        for place in made:
            path = str(places.write(place.key))
            change = Change(PLACE, place.key, path, asset.site, None, place, one.row.sheet, one.row.number)
            self.outcome.changes.append(change)
            message = in_words("location_created", places.told(place))
            self.outcome.problems.warn(one.row.problem("location", "location_created", message))
        return key

    def _told(self, site: str, key: str, value: str | None) -> str | None:
        return self._of_site(site).write(value) if key == "location" else value

    def _of_site(self, site: str) -> Places:
        if site not in self._places:
            self._places[site] = self._known.places(site)
        return self._places[site]

    # The answer

    def _note(self, made: Made) -> None:
        one = made.wanted
        is_new = made.before is None
        action = "created" if is_new else ("updated" if made.changes else "unchanged")
        if action != "unchanged":
            change = Change(
                RECORD,
                made.after.key,
                made.after.code,
                one.site,
                made.before,
                made.after,
                one.row.sheet,
                one.row.number,
            )
            self.outcome.changes.append(change)
        self.outcome.note(one.row, action, made.after.code, {} if is_new else made.changes)

    def _without_plan(self) -> None:
        """One warning for each class of new assets that no plan row is for (requirements.md III.9)."""
        created = [made for made in self._made.values() if made.before is None]
        if not created:
            return
        planned = {one for row in self._known.plan() for one in classes_of(row)}
        counts = Counter(made.after.equipment_class for made in created)
        told: set[str] = set()
        for made in created:
            key = made.after.equipment_class
            if key in planned or key in told:
                continue
            told.add(key)
            words, count = class_words(), counts[key]
            said = LocalName(
                f"没有适用于“{words.said(key, 'zh')}”的维护计划（{count}台）",
                f"no plan row applies to {key} ({counted(count, 'asset')})",
            )
            self.outcome.problems.warn(made.wanted.row.problem("class", "without_plan", in_words("without_plan", said)))
