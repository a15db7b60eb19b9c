"""Parents and partners of the assets of a table, some of which come later in it, or are in the ledger. Pure but for the
look-ups."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from maintenance.imports.asset_records import Code, Known, Made
from maintenance.imports.fields import with_values
from maintenance.imports.problems import Problems, in_words
from maintenance.imports.values import clears
from plantroom.domain.assets import Asset, DutyRole, LocalName
from plantroom.domain.hierarchy import DEEPEST, OTHER, check_duty
from plantroom.errors import BadData


class Relations:
    """One table's. ``made`` by key, ``codes`` the keys of its assets by (site, code)."""

    def __init__(self, known: Known, made: Mapping[str, Made], codes: Mapping[Code, str], problems: Problems) -> None:
        self._known, self._made, self._codes, self._problems = known, made, codes, problems

    def relate(self) -> None:
        """Parents and partners, when every asset of the file is known."""
        wanted = {
            (made.wanted.site, str(made.wanted.said[key]).strip())
            for made in self._made.values()
            for key in ("parent", "duty_partner")
            if key in made.wanted.said and not clears(made.wanted.said[key])
        }
        outside = dict(self._known.find(wanted - self._codes.keys()))
        keys = dict(self._codes)
        keys.update((code, asset.key) for code, asset in outside.items())
        for made in self._made.values():
            for key in ("parent", "duty_partner"):
                self._reference(made, key, keys)
        self._check_parents(outside)
        self._check_pairs(outside)

    def _reference(self, made: Made, name: str, keys: Mapping[Code, str]) -> None:
        if name not in made.wanted.said:
            return
        cell = made.wanted.said[name]
        code = "" if clears(cell) else str(cell).strip()
        key = keys.get((made.wanted.site, code)) if code else None
        if code and key is None:
            problem = "unknown_parent" if name == "parent" else "unknown_asset"
            self._problems.error(made.wanted.row.problem(name, problem))
            return
        old = getattr(made.after, name)
        if key != old:
            made.changes[name] = [self._code_of(old), code or None]
            made.after = with_values(made.after, {name: key})
            if name == "duty_partner" and key is None:
                made.after = replace(made.after, duty_role=None)

    def _code_of(self, key: str | None) -> str | None:
        if key is None:
            return None
        if key in self._made:
            return self._made[key].after.code
        found = self._known.get([key]).get(key)
        return key if found is None else found.code

    def _lookup(self, outside: Mapping[Code, Asset]) -> Callable[[str], Asset | None]:
        seen: dict[str, Asset | None] = {asset.key: asset for asset in outside.values()}

        def find(key: str) -> Asset | None:
            if key in self._made:
                return self._made[key].after
            if key not in seen:
                seen[key] = self._known.get([key]).get(key)
            return seen[key]

        return find

    def _check_parents(self, outside: Mapping[Code, Asset]) -> None:
        find = self._lookup(outside)
        sound: set[str] = set()
        for made in self._made.values():
            if "parent" not in made.changes and not (made.before is None and made.after.parent):
                continue
            way: list[Asset] = [made.after]
            above = made.after.parent
            while above is not None and above not in sound and len(way) <= DEEPEST:
                asset = find(above)
                if asset is None:
                    break
                way.append(asset)
                if asset.key == made.after.key:
                    self._circle(made, way)
                    break
                above = asset.parent
            else:
                if len(way) > DEEPEST:
                    self._problems.error(made.wanted.row.problem("parent", "too_deep"))
                elif above is None:
                    sound.update(asset.key for asset in way)

    def _circle(self, made: Made, way: Sequence[Asset]) -> None:
        codes = " > ".join(asset.code for asset in way)
        said = LocalName(f"上级关系成环：{codes}", f"the parents form a circle: {codes}")
        problem = made.wanted.row.problem("parent", "cycle", in_words("cycle", said))
        self._problems.error(problem)

    def _check_pairs(self, outside: Mapping[Code, Asset]) -> None:
        """Partners name each other; of a pair in the file both rows have it."""
        find = self._lookup(outside)
        for made in list(self._made.values()):
            asset = made.after
            other = self._made.get(asset.duty_partner or "")
            if other is None or not {"duty_partner", "duty_role"} & made.changes.keys():
                continue
            role = None if asset.duty_role is None else OTHER[asset.duty_role]
            if other.after.duty_partner is None and role is not None:
                other.changes["duty_partner"] = [None, asset.code]
                other.after = replace(other.after, duty_partner=asset.key, duty_role=role)
        for made in self._made.values():
            if not {"duty_partner", "duty_role"} & made.changes.keys():
                continue
            try:
                check_duty(made.after, find)
                self._check_roles(made.after, find)
            except BadData as error:
                said = LocalName(f"主备关系不成立（{error}）", str(error))
                key = "duty_partner" if "duty_partner" in made.wanted.row.headings else "duty_role"
                self._problems.error(made.wanted.row.problem(key, "bad_pair", in_words("bad_pair", said)))

    def _check_roles(self, asset: Asset, find: Callable[[str], Asset | None]) -> None:
        partner = find(asset.duty_partner) if asset.duty_partner is not None else None
        if partner is None or partner.key not in self._made or partner.duty_partner is None:
            return
        if partner.duty_partner != asset.key or DutyRole(asset.duty_role or "") is DutyRole(partner.duty_role or ""):
            raise BadData(f"{partner.code} says otherwise")
