"""What an import would do, or has done: changes, the differences row by row, the document that says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from maintenance.imports.problems import Problems
from maintenance.imports.tables import Row
from plantroom.ports.accounts import Grant

ACTIONS = ("created", "updated", "unchanged")


@dataclass(frozen=True, slots=True)
class Change:
    """One record that an import creates (``before`` is ``None``) or updates, and the row that says so. ``record`` names
    its kind (``plan_row``, ``asset`` ...), ``key`` finds it, ``code`` is what people call it."""

    record: str
    key: str
    code: str
    site: str | None
    before: object | None
    after: object
    sheet: str = ""
    row: int = 0


@dataclass(slots=True)
class Outcome:
    """Everything that one file would do."""

    problems: Problems = field(default_factory=Problems)
    changes: list[Change] = field(default_factory=list)
    rows: list[dict[str, object]] = field(default_factory=list)
    based_on: dict[str, object] = field(default_factory=dict)
    """Records that changes were made of and that stay as they are, by key: the changes hold as long as these do."""
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ACTIONS, 0))

    def note(self, row: Row, action: str, code: str, changes: Mapping[str, Sequence[object]] | None = None) -> None:
        """A line of the differences."""
        self.counts[action] += 1
        self.rows.append(
            {"sheet": row.sheet, "row": row.number, "action": action, "code": code, "changes": dict(changes or {})}
        )

    def document(self, import_id: str) -> dict[str, object]:
        """The import as CONTRACTS' ``/imports`` shows it; with errors nothing counts as done."""
        wrong = self.problems.wrong
        found: dict[str, object] = {
            "import_id": import_id,
            **(dict.fromkeys(ACTIONS, 0) if wrong else self.counts),
            "warnings": [one.as_json() for one in self.problems.warnings],
            "errors": [one.as_json() for one in self.problems.errors],
            "rows": [] if wrong else self.rows,
        }
        if self.problems.errors_left_off or self.problems.warnings_left_off:
            found["left_off"] = {
                "errors": self.problems.errors_left_off,
                "warnings": self.problems.warnings_left_off,
            }
        return found


class Rights(Protocol):
    """What whoever imports may change."""

    def may_change(self, site: str | None, department: str | None) -> bool:
        """Whether records of a site (``None``: of every one) and department (``None``: of none) may be changed."""
        ...

    def may_leave_law(self, site: str | None) -> bool:
        """Whether rows that the law asks for may be given to other machines of a site (``None``: of every one)."""
        ...

    def may_grant(self, grant: Grant) -> bool:
        """Whether people with that grant may be entered and changed."""
        ...


class AllRights:
    """The command line's: whoever can open the ledger may change it."""

    def may_change(self, site: str | None, department: str | None) -> bool:
        """Always."""
        return (site, department) is not None

    def may_leave_law(self, site: str | None) -> bool:  # noqa: ARG002 - whatever it is
        """Always."""
        return True

    def may_grant(self, grant: Grant) -> bool:
        """Always."""
        return grant is not None
