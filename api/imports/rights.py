"""What a caller may import: supervisors the tables of their sites and departments, administrators people."""

from api.access import RANK, Access
from maintenance.imports.kinds import TableKind
from plantroom.errors import Forbidden
from plantroom.ports.accounts import Grant, Role


class CallersRights:
    """``Rights`` of one caller."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def may_change(self, site: str | None, department: str | None) -> bool:
        """Whether one grant covers the site and the department; what is of every site needs one of every site."""
        for own in self._access.principal.grants:
            # A grant that is limited to a contractor's orders changes nothing else.
            if RANK[own.role] < RANK[self._access.role] or own.contractor is not None:
                continue
            if (own.site is None or own.site == site) and (department is None or own.department in {None, department}):
                return site is not None or own.site is None
        return False

    def may_leave_law(self, site: str | None) -> bool:
        """Whether the caller administers the site (``None``: every one) with all its departments, as who approves such
        a change by hand has to."""
        administers = self._access.raised(Role.ADMIN)
        try:
            if site is None:
                administers.require_everywhere()
            else:
                administers.require_site(site)
        except Forbidden:
            return False
        return True

    def may_grant(self, grant: Grant) -> bool:
        """Nobody gives more than they have."""
        try:
            self._access.require_grant(grant)
        except Forbidden:
            return False
        return True


def access_for(caller: Access, kind: TableKind, site: str | None) -> Access:
    """The caller with the role that the kind needs. ``Forbidden`` without it, or when the table is of every site and
    the caller's grants are not; ``NotFound`` for a site that the caller does not see."""
    access = caller.raised(kind.role)
    if not access.principal.holds(kind.role):
        raise Forbidden(f"needs the role {kind.role.value}")
    if site is not None:
        access.require_sight(site)
        access.require_site(site)
    elif kind.key in EVERY_SITE:
        access.require_everywhere()
    return access


EVERY_SITE = frozenset({"plan_table", "emergency_plans"})
"""Kinds that without a site are the default profile of all sites."""

PEOPLE = frozenset({"users"})
"""Kinds that only administrators see."""


def hidden_kinds(caller: Access) -> tuple[str, ...]:
    """Kinds whose imports the caller does not see."""
    return () if caller.principal.holds(Role.ADMIN) else tuple(sorted(PEOPLE))
