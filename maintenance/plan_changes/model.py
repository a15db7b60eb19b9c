"""A change of the plan table that somebody asks for, and what becomes of it. Pure."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum

from maintenance.plan import PlanRow
from plantroom.domain.assets import LocalName


class Action(StrEnum):
    """What a change does to the plan table."""

    CREATE = "create"
    CHANGE = "change"
    RETIRE = "retire"


class ChangeState(StrEnum):
    """``requested`` leads to each of the others; these are for good."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ChangeOrigin(StrEnum):
    """Who wants it: the staff, or an owner who suggested it."""

    STAFF = "staff"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class PlanChange:
    """One change. ``site`` is whose rows it is about (``None``: those of every site).

    ``before`` is the row as whoever asked saw it, ``after`` as it is to be. Where ``before`` is a row of every site and
    ``site`` is given, the site gets a row of its own in its place. An owner's suggestion may come without an
    ``action``: a supervisor makes a change of it. ``lineage`` and ``applied_version`` are the row's version that the
    approval made.
    """

    id: str
    site: str | None
    origin: ChangeOrigin
    reason: str
    requested_by: str
    requested_at: datetime
    state: ChangeState = ChangeState.REQUESTED
    action: Action | None = None
    code: str | None = None
    before: PlanRow | None = None
    after: PlanRow | None = None
    effective_from: date | None = None
    suggestion: str = ""
    asset: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision: str = ""
    lineage: str | None = None
    applied_version: int | None = None
    version: int = 1

    @property
    def sets_apart(self) -> bool:
        """Whether the site gets a row of its own in place of every site's."""
        return self.site is not None and self.before is not None and self.before.site is None


@dataclass(frozen=True, slots=True)
class Caution:
    """Something that whoever approves is told."""

    code: str
    text: LocalName


UNTOLD = frozenset({"lineage", "version", "site", "effective_from", "since", "custom", "status", "fulfils_since"})
"""Fields of a row whose difference nobody asked for."""


def differing(one: PlanRow, other: PlanRow) -> list[str]:
    """Names of the fields in which two versions of a row differ."""
    return [f.name for f in fields(one) if f.name not in UNTOLD and getattr(one, f.name) != getattr(other, f.name)]
