"""Users as a kind of table: a row for each grant of a person. Passwords are never read nor written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from maintenance.imports.cells import Cell, fold
from maintenance.imports.columns import Headings, columns_of
from maintenance.imports.fields import Field, as_text, by_key, changed, text_field, values_of, word_field, yes_no_field
from maintenance.imports.grids import Book
from maintenance.imports.kinds import Asked, TableKind
from maintenance.imports.outcome import Change, Outcome
from maintenance.imports.problems import CellProblem, Problem, Problems, in_words, there_are
from maintenance.imports.site_departments import departments_in
from maintenance.imports.site_names import SiteNames
from maintenance.imports.tables import Row
from maintenance.imports.undoing import Restored, refused
from maintenance.imports.values import normal_code, read_code, read_text, yes_no
from maintenance.imports.vocabulary import DepartmentsOf, seed_departments
from maintenance.imports.words import ROLES, USER_LANGUAGES
from maintenance.people.staff import Contractor
from maintenance.people.upkeep import switch_off
from maintenance.ports import MaintenanceTx
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key
from plantroom.ports.accounts import Grant, Role, User
from plantroom.ports.paging import EVERYTHING

RECORD = "user"
BY_IMPORT, BY_UNDOING = "表格导入 / table import", "撤销导入 / import undone"
"""Why people are switched off, in the history of the orders that they give back."""

COLUMNS = columns_of("users")
FIELDS: tuple[Field[User], ...] = (
    text_field(COLUMNS["name"], "name", 200),
    word_field(COLUMNS["language"], "language", USER_LANGUAGES),
    yes_no_field(COLUMNS["active"], "active"),
)
_BY_KEY = by_key(FIELDS)
_CHOICES = {
    "role": ROLES.choices,
    "language": USER_LANGUAGES.choices,
    "department": lambda language: seed_departments().choices(language),
    "active": lambda language: [yes_no(True, language), yes_no(False, language)],
}
COLUMN_ORDER = tuple(replace(column, choices=_CHOICES.get(key)) for key, column in COLUMNS.items())
HEADINGS = Headings(COLUMN_ORDER)


@dataclass(slots=True)
class _Person:
    """What the rows of one person say."""

    first: Row
    values: dict[str, Any] = field(default_factory=dict)
    grants: dict[tuple[str | None, ...], tuple[Grant, Row]] = field(default_factory=dict)


class Contractors:
    """The contractors that grants may be limited to, by id and by name."""

    def __init__(self, known: Iterable[Contractor] = ()) -> None:
        self._named: dict[str, set[str]] = {}
        self._shown: dict[str, str] = {}
        for one in known:
            self._shown[one.id] = one.name.zh
            for text in {one.id, fold(one.name.zh), fold(one.name.en)} - {""}:
                self._named.setdefault(text, set()).add(one.id)

    def read(self, text: str) -> str:
        """The id that a text means. Raises ``CellProblem`` for none and for several."""
        found = self._named.get(text) or self._named.get(fold(text), set())
        if len(found) == 1:
            return next(iter(found))
        wrong = LocalName("没有这个外包单位，或有几个同名", "none or several of that name")
        raise CellProblem("unknown_contractor", there_are(wrong, sorted(set(self._shown.values()))[:20]))

    def write(self, contractor: str | None) -> str | None:
        """A contractor's name; the id where others have that name, or nobody knows it."""
        name = self._shown.get(contractor or "", "")
        return name if name and self._named[fold(name)] == {contractor} else contractor


class UsersImport:
    """One comparison of a table with the people that there are."""

    def __init__(
        self,
        users: Sequence[User],
        sites: SiteNames,
        asked: Asked,
        problems: Problems,
        departments: DepartmentsOf = lambda _: seed_departments(),
        contractors: Contractors | None = None,
    ) -> None:
        self._users = {user.username: user for user in users}
        self._ran_everything = {name for name, user in self._users.items() if runs_everything([user])}
        self._sites = sites
        self._asked = asked
        self._departments = departments
        self._contractors = contractors or Contractors()
        self._people: dict[str, _Person] = {}
        self.outcome = Outcome(problems)

    def run(self, rows: Iterable[Row]) -> Outcome:
        """Compare every row; the rows of one person count together."""
        for row in rows:
            self._row(row)
        for username, person in self._people.items():
            self._person(username, person)
        self._keep_an_admin()
        return self.outcome

    def _row(self, row: Row) -> None:
        problems = self.outcome.problems
        before = len(problems.errors)
        username = self._username(row)
        values = values_of(row, _BY_KEY, problems)
        grant = self._grant(row)
        if len(problems.errors) > before or row.refused or grant is None:
            return
        person = self._people.setdefault(username, _Person(row))
        for key, value in values.items():
            if person.values.setdefault(key, value) != value:
                said = LocalName(f"与第{person.first.number}行不一致", f"differs from line {person.first.number}")
                problems.error(row.problem(key, "duplicate_row", in_words("duplicate_row", said)))
        place = (grant.site, grant.department, grant.contractor)
        if place in person.grants:
            first = person.grants[place][1].number
            said = LocalName(
                f"与第{first}行重复（同一站点和部门）", f"line {first} has this site and department already"
            )
            problems.error(row.problem("username", "duplicate_row", in_words("duplicate_row", said)))
            return
        person.grants[place] = (grant, row)

    def _username(self, row: Row) -> str:
        cell = row.cells.get("username")
        if isinstance(cell, str) and cell in self._users:
            return cell
        try:
            name = read_text(read_code(cell), 200)
        except CellProblem as problem:
            self.outcome.problems.error(row.problem("username", problem.code, in_words(problem.code, problem.said)))
            return ""
        if not name and "username" not in row.refused:
            self.outcome.problems.error(row.problem("username", "missing_value"))
        normal = normal_code(name)
        if normal != name and name not in self._users:
            said = LocalName(
                f"用户名中的全角或不可见字符已换成普通字符：{normal}", f"the user name was read as {normal}"
            )
            self.outcome.problems.warn(row.problem("username", "code_normalised", in_words("code_normalised", said)))
            return normal
        return name

    def _grant(self, row: Row) -> Grant | None:
        problems = self.outcome.problems
        given = row.text("site")
        site = (self._sites.find(given, self._asked.site) or given) if given else self._asked.site
        if "role" not in row.cells:
            if "role" not in row.refused:
                problems.error(row.problem("role", "missing_value"))
            return None
        try:
            role = ROLES.read(row.cells["role"])
            text = row.text("department")
            known = self._departments(site if site in self._sites.sites else None)
            department = known.read(text).zh if text and not self._is_known(row, text) else text or None
            grant = Grant(role, site or None, department, self._contractor(row, site or None, department))
        except CellProblem as problem:
            key = {"unknown_role": "role", "unknown_contractor": "contractor"}.get(problem.code, "department")
            problems.error(row.problem(key, problem.code, in_words(problem.code, problem.said)))
            return None
        elsewhere = self._asked.site is not None and grant.site != self._asked.site
        unknown = grant.site is not None and grant.site not in self._sites.sites
        if elsewhere or unknown or not self._asked.rights.may_grant(grant):
            problems.error(row.problem("site" if grant.site else "role", "site_not_yours"))
            return None
        return grant

    def _contractor(self, row: Row, site: str | None, department: str | None) -> str | None:
        """The contractor to whose orders a grant is limited; a table without the column takes no such bound away."""
        text, had = row.text("contractor"), self._had(row)
        if "contractor" in row.headings:
            known = any(one.contractor == text for one in had)
            return text if known and text else self._contractors.read(text) if text else None
        here = [one for one in had if (one.site, one.department) == (site, department)]
        bounds = {one.contractor for one in here or had}
        if None in bounds or not bounds:
            return None
        if len(bounds) > 1:
            said = LocalName(
                "此人限于几个外包单位，请加“外包单位”列", "limited to several contractors: add that column"
            )
            raise CellProblem("unknown_contractor", said)
        return bounds.pop()

    def _had(self, row: Row) -> Sequence[Grant]:
        user = self._users.get(str(row.cells.get("username", "")))
        return () if user is None else user.grants

    def _is_known(self, row: Row, department: str) -> bool:
        """Whether the person has a grant for just that department: then nobody has to know it."""
        return any(one.department == department for one in self._had(row))

    def _person(self, username: str, person: _Person) -> None:
        known = self._users.get(username)
        grants = tuple(grant for grant, _ in person.grants.values())
        rows = [row for _, row in person.grants.values()]
        if known is None:
            made = User(new_key(), username, "", grants, name=username)
            user, _ = changed(made, _BY_KEY, {key: value for key, value in person.values.items() if value != ""})
            self._take(None, user, person.first)
            self.outcome.problems.warn(person.first.problem("username", "cannot_sign_in"))
            made_of: dict[str, list[object]] = {"name": [None, user.name], "grants": [None, self._said(grants)]}
            for row in rows:
                self.outcome.note(row, "created", username, made_of)
            return
        user, changes = changed(known, _BY_KEY, person.values)
        if self._asked.site is not None:
            # The table of one site says nothing of the others.
            grants = (*(one for one in known.grants if one.site != self._asked.site), *grants)
        if set(grants) != set(known.grants):
            changes["grants"] = [self._said(known.grants), self._said(grants)]
            user = replace(user, grants=grants)
        if changes and not all(self._asked.rights.may_grant(one) for one in known.grants):
            self.outcome.problems.error(person.first.problem("username", "not_yours"))
            return
        if changes:
            self._take(known, user, person.first)
        for row in rows:
            self.outcome.note(row, "updated" if changes else "unchanged", username, changes)

    def _take(self, before: User | None, after: User, row: Row) -> None:
        self._users[after.username] = after
        was = None if before is None else replace(before, password_hash="")
        after = replace(after, password_hash="")
        change = Change(RECORD, after.id, after.username, self._asked.site, was, after, row.sheet, row.number)
        self.outcome.changes.append(change)

    def _said(self, grants: Iterable[Grant]) -> str:
        return "；".join(_grant_said(one, self._contractors.write(one.contractor)) for one in grants)

    def _keep_an_admin(self) -> None:
        """Somebody has to be able to change everything afterwards."""
        if self.outcome.changes and not runs_everything(self._users.values()):
            gone = [name for name in self._people if name in self._ran_everything]
            for name in gone or list(self._people)[:1]:
                self._say_last_admin(name)

    def _say_last_admin(self, name: str) -> None:
        """At the row, and the column, by which somebody stops to be an administrator."""
        person, user = self._people[name], self._users[name]
        row = next((row for grant, row in person.grants.values() if grant != Grant(Role.ADMIN)), person.first)
        off = not user.active
        key = "active" if off and "active" in person.first.cells else "role"
        said = LocalName(
            f"{name}是最后的管理员，至少要有一名管理员", f"{name} is the last administrator, one has to stay"
        )
        where = person.first if off else row
        self.outcome.problems.error(where.problem(key, "last_admin", in_words("last_admin", said)))


def runs_everything(users: Iterable[User]) -> bool:
    """Whether one of them may change everything."""
    return any(user.active and Grant(Role.ADMIN) in user.grants for user in users)


def _grant_said(one: Grant, contractor: str | None) -> str:
    parts = (f"@{one.site}" * bool(one.site), f"/{one.department}" * bool(one.department))
    return ROLES.said(one.role, "zh") + "".join(parts) + f"（仅{contractor}）" * bool(contractor)


class UsersKind(TableKind):
    """People who sign in."""

    key = "users"
    name = LocalName("用户", "Users")
    role = Role.ADMIN
    columns = COLUMN_ORDER
    headings = HEADINGS

    def compare(self, tx: MaintenanceTx, book: Book, asked: Asked, problems: Problems) -> Outcome:
        sites = SiteNames(tx.assets.sites())
        known = Contractors(tx.people.contractors(EVERYTHING))
        done = UsersImport(tx.accounts.users(), sites, asked, problems, departments_in(tx), known)
        return done.run(self.rows(book, asked, problems))

    def write(self, tx: MaintenanceTx, changes: Sequence[Change], asked: Asked) -> None:
        self._put(tx, [one.after for one in changes if isinstance(one.after, User)], asked, BY_IMPORT)

    def _put(self, tx: MaintenanceTx, users: Sequence[User], asked: Asked, why: str) -> None:
        """Write people as they are to be, with the passwords that they have. Who is switched off goes the same way as
        by hand, and last: the administrator who takes their place may come later in the table."""
        known = {user.id: user for user in tx.accounts.users()}
        leaving: list[str] = []
        for user in users:
            before = known.get(user.id)
            leaves = before is not None and before.active and not user.active
            hashed = "" if before is None else before.password_hash
            tx.accounts.put_user(replace(user, password_hash=hashed, active=user.active or leaves))
            if leaves:
                leaving.append(user.username)
        for username in leaving:
            switch_off(tx, username, asked.by, why, asked.now)

    def current(self, tx: MaintenanceTx, changes: Sequence[Change]) -> Mapping[str, object]:
        if changes:
            tx.accounts.lock_users()
        wanted = {one.key for one in changes}
        return {user.id: replace(user, password_hash="") for user in tx.accounts.users() if user.id in wanted}

    def still(self, tx: MaintenanceTx, outcome: Outcome) -> bool:
        """Somebody else may have entered a person of the same name meanwhile."""
        created = [one.code for one in outcome.changes if one.before is None]
        return super().still(tx, outcome) and all(tx.accounts.user_by_name(name) is None for name in created)

    def revert(self, tx: MaintenanceTx, restored: Sequence[Restored], asked: Asked) -> list[Problem]:
        problems = []
        for change, record in restored:
            if record is None and tx.people.given(change.code):
                said = LocalName(f"{change.code} 名下有工单", f"{change.code} has been given work")
                problems.append(refused(change, "in_use", said))
        if problems:
            return problems
        back = [record for _, record in restored if isinstance(record, User)]
        kept = {user.id: user for user in tx.accounts.users()} | {user.id: user for user in back}
        for change, record in restored:
            if record is None:
                del kept[change.key]
        if not runs_everything(kept.values()):
            gone = [
                change for change, _ in restored if isinstance(change.after, User) and runs_everything([change.after])
            ]
            return [refused(next(iter(gone), restored[0][0]), "last_admin")]
        self._put(tx, back, asked, BY_UNDOING)
        for change, record in restored:
            if record is None:
                tx.accounts.remove_user(change.key)
        return []

    def export(self, tx: MaintenanceTx, site: str | None, language: str) -> Iterator[Sequence[Cell]]:
        known = Contractors(tx.people.contractors(EVERYTHING))
        for user in tx.accounts.users():
            grants = [one for one in user.grants if site is None or one.site == site]
            yield from user_cells(user, grants, language, known)


def user_cells(
    user: User, grants: Sequence[Grant], language: str, contractors: Contractors | None = None
) -> Iterator[list[Cell]]:
    """The rows that an export writes: one for each grant."""
    known = contractors or Contractors()
    for grant in grants:
        yield [
            user.username,
            as_text(user.name, language),
            ROLES.said(grant.role, language),
            grant.site,
            grant.department,
            known.write(grant.contractor),
            USER_LANGUAGES.said(user.language, language) if user.language in USER_LANGUAGES.table() else None,
            yes_no(user.active, language),
        ]
