"""Who is told: from the words of a step (``maintenance.sla.policy.Step.to``) to channels.

Nobody is left out for want of a channel: a person without one of their own is named in the channels of the department,
and where the department has none, in those of the site. Nobody is told of a ticket that they cannot open, by the same
rule as in the API (``Grant.opens``): a grant that is limited to a contractor's orders brings news of those alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from maintenance.notify.channels import Channel, reaches, severe_enough
from maintenance.ports import MaintenanceTx
from maintenance.work_orders import WorkOrder
from plantroom.domain.assets import LocalName
from plantroom.ports.accounts import Role, User


class OnCall(Protocol):
    """The roster: user names of who is on call at that moment, at level 1 (primary), 2 (secondary) or 3."""

    def __call__(self, tx: MaintenanceTx, at: datetime, site: str, department: str | None, level: int) -> Sequence[str]:
        """Empty: nobody is."""
        ...


def nobody_on_call(tx: MaintenanceTx, at: datetime, site: str, department: str | None, level: int) -> Sequence[str]:
    """Where there is no roster."""
    del tx, at, site, department, level
    return ()


@dataclass(slots=True)
class Audience:
    """Channels by id, each with the names of those who are asked through it."""

    channels: dict[str, Channel] = field(default_factory=dict)
    asked: dict[str, list[LocalName]] = field(default_factory=dict)

    def add(self, channels: Iterable[Channel], name: LocalName | None = None) -> bool:
        """Whether there was any."""
        found = list(channels)
        for one in found:
            self.channels[one.id] = one
            names = self.asked.setdefault(one.id, [])
            if name is not None and name not in names:
                names.append(name)
        return bool(found)


_ON_CALL = {
    1: LocalName("值班人员", "whoever is on call"),
    2: LocalName("第二值班人员", "the second on call"),
    3: LocalName("第三值班人员", "the third on call"),
}
_SUPERVISORS = LocalName("主管", "the supervisors")
_ADMINS = LocalName("管理员", "the administrators")
_ASSIGNEE = LocalName("承办人", "whoever takes it")


def audience_of(tx: MaintenanceTx, to: Sequence[str], order: WorkOrder, on_call: OnCall, now: datetime) -> Audience:
    """The channels that the recipients of a ticket are reached by."""
    found = _Finder(tx, order, on_call, now)
    for one in to:
        found.add(one)
    return found.audience


class _Finder:
    def __init__(self, tx: MaintenanceTx, order: WorkOrder, on_call: OnCall, now: datetime) -> None:
        self._tx, self._order, self._on_call, self._now = tx, order, on_call, now
        self._all = [one for one in tx.channels.list(site=order.site) if one.active]
        self._groups = [one for one in self._all if one.user is None]
        self.audience = Audience()

    def add(self, to: str) -> None:
        head, _, rest = to.partition(":")
        if head == "channels":
            found = [one for one in self._of_department() if severe_enough(one, self._order.severity)]
            self.audience.add(found)
        elif head == "channel":
            self.audience.add(one for one in self._all if one.name == rest)
        elif head == "on_call":
            self._people(self._rostered(int(rest)), _ON_CALL[int(rest)])
        elif head == "supervisors":
            self._people(self._holding(Role.SUPERVISOR, department=True), _SUPERVISORS)
        elif head == "admins":
            self._people(self._holding(Role.ADMIN, department=False), _ADMINS)
        else:
            self._people(self._named([self._order.assignee] if self._order.assignee else ()), _ASSIGNEE)

    def _people(self, users: Sequence[User], role: LocalName) -> None:
        """Each by their own channel; those without one, or nobody, are named where many read."""
        nameless = not users
        for user in users:
            name = LocalName(user.name or user.username, user.name or user.username)
            if not self.audience.add((one for one in self._all if one.user == user.username), name):
                self.audience.add(self._many(), LocalName(f"{role.zh} {name.zh}", f"{role.en} {name.en}"))
        if nameless:
            self.audience.add(self._many(), role)

    def _many(self) -> list[Channel]:
        return self._of_department() or self._groups

    def _of_department(self) -> list[Channel]:
        return [one for one in self._groups if reaches(one, self._order.site, self._order.department)]

    def _rostered(self, level: int) -> list[User]:
        """Who is on call at the level, or at the next one at which anybody is."""
        order = self._order
        for one in range(level, max(_ON_CALL) + 1):
            found = self._named(self._on_call(self._tx, self._now, order.site, order.department, one))
            if found:
                return found
        return []

    def _named(self, names: Sequence[str]) -> list[User]:
        found = (self._tx.accounts.user_by_name(name) for name in names)
        return [user for user in found if user is not None and user.active and self._sees(user)]

    def _sees(self, user: User) -> bool:
        """Whether they can open the order in the API: nobody is told of what they may not see."""
        return any(grant.opens(self._order.site, self._order.contractor) for grant in user.grants)

    def _holding(self, role: Role, *, department: bool) -> list[User]:
        """Active users with that very role on the site, and with ``department`` in its department."""
        ours = self._order.department
        return [
            user
            for user in self._tx.accounts.users()
            if user.active
            and any(
                grant.role is role
                and grant.opens(self._order.site, self._order.contractor)
                and (not department or ours is None or grant.department in (None, ours))
                for grant in user.grants
            )
        ]
