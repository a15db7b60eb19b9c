"""What is promised: clocks by severity, coded pauses and steps of escalation, as data. Pure.

The built-in policy is ``maintenance/seed/sla.toml``; an own one for every site, and one for a single site, each stand
over it clock by clock. All spans are elapsed time in seconds: neither opening hours nor DST matter.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from maintenance.work_orders import Origin
from plantroom.domain.assets import LocalName, Severity, Status

NEAR = 0.75
"""From what share of its limit a clock that still runs is at risk (D: ours)."""


class ClockKind(StrEnum):
    """What a clock waits for. ``respond``: that somebody has answered an owner."""

    ACKNOWLEDGE = "acknowledge"
    RESPOND = "respond"
    ARRIVE = "arrive"
    INTERIM = "interim"
    RESOLVE = "resolve"


class CountsFrom(StrEnum):
    """Where a clock begins: with the ticket, or when somebody has accepted it."""

    OPENED = "opened"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class ClockRule:
    """How long a clock may take on tickets of one severity, and by whose word. ``origins``: only on tickets of those
    origins (empty: on all)."""

    clock: ClockKind
    severity: Severity
    target_s: int
    limit_s: int
    counts_from: CountsFrom = CountsFrom.OPENED
    origins: tuple[Origin, ...] = ()
    basis: str = ""
    status: Status = Status.DEFAULT

    @property
    def target(self) -> timedelta:
        """What is aimed at."""
        return timedelta(seconds=self.target_s)

    @property
    def limit(self) -> timedelta:
        """What is promised."""
        return timedelta(seconds=self.limit_s)


@dataclass(frozen=True, slots=True)
class PauseCode:
    """A reason for which work waits; it stops the resolve clock."""

    code: str
    name: LocalName


OTHER = "other"
"""The pause whose reason is its text: what tablets send that know of no codes."""

AWAITING_VERIFICATION = "awaiting_verification"
"""Not for people to choose: the time between work that was told done and its being sent back."""


@dataclass(frozen=True, slots=True)
class Step:
    """Whom to tell when a clock has used ``percent`` of its limit and ``after_s`` seconds more, and still runs.

    ``to``: ``assignee``, ``on_call:LEVEL``, ``supervisors``, ``admins``, ``channels`` or ``channel:NAME``. An
    ``urgent`` message knows no quiet hours. ``repeat_s``: again and again until the clock stops."""

    step: str
    clock: ClockKind
    severity: Severity
    percent: float
    to: tuple[str, ...]
    after_s: int = 0
    urgent: bool = False
    repeat_s: int | None = None


@dataclass(frozen=True)
class SlaPolicy:
    """Everything that holds on a site. Rules are one for each clock, severity and origin."""

    clocks: tuple[ClockRule, ...]
    pauses: tuple[PauseCode, ...] = ()
    steps: tuple[Step, ...] = ()

    def rule(self, kind: ClockKind, severity: Severity, origin: Origin) -> ClockRule | None:
        """The rule of a clock; ``None``: such tickets have no such clock."""
        found = [one for one in self._rules.get((kind, severity), ()) if not one.origins or origin in one.origins]
        return next((one for one in found if one.origins), found[0] if found else None)

    @cached_property
    def _rules(self) -> Mapping[tuple[ClockKind, Severity], Sequence[ClockRule]]:
        found: dict[tuple[ClockKind, Severity], list[ClockRule]] = {}
        for one in self.clocks:
            found.setdefault((one.clock, one.severity), []).append(one)
        return found

    def steps_of(self, kind: ClockKind, severity: Severity) -> list[Step]:
        """The steps of a clock, in the order in which they come."""
        found = (one for one in self.steps if one.clock is kind and one.severity is severity)
        return sorted(found, key=lambda one: (one.percent, one.after_s))

    def pause(self, code: str) -> PauseCode | None:
        """A pause by its code."""
        return next((one for one in self.pauses if one.code == code), None)

    def over(self, base: "SlaPolicy") -> "SlaPolicy":
        """This policy, and where it says nothing, ``base``. Steps are replaced clock by clock, pauses are added."""
        own = {(one.clock, one.severity, one.origins) for one in self.clocks}
        stepped, paused = {one.clock for one in self.steps}, {one.code for one in self.pauses}
        return SlaPolicy(
            (*self.clocks, *(one for one in base.clocks if (one.clock, one.severity, one.origins) not in own)),
            (*(one for one in base.pauses if one.code not in paused), *self.pauses),
            (*(one for one in base.steps if one.clock not in stepped), *self.steps),
        )


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """What somebody set, from ``effective_at`` on: for one site, or for all (``site`` is ``None``). ``version`` counts
    the changes of that site."""

    site: str | None
    version: int
    effective_at: datetime
    policy: SlaPolicy
    by: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Policies:
    """The policies of one site through time. A clock keeps the one that was in effect when it began: a change promises
    nothing anew for tickets that are open already."""

    built_in: SlaPolicy
    everywhere: Sequence[PolicyVersion] = ()
    own: Sequence[PolicyVersion] = ()
    _known: dict[tuple[int, int], SlaPolicy] = field(default_factory=dict, compare=False, repr=False)

    def at(self, instant: datetime) -> SlaPolicy:
        """What was in effect at an instant: the site's own over that for every site over the built-in one."""
        place = (_place(self.everywhere, instant), _place(self.own, instant))
        if place not in self._known:
            policy = self.built_in
            for versions, n in ((self.everywhere, place[0]), (self.own, place[1])):
                policy = versions[n - 1].policy.over(policy) if n else policy
            self._known[place] = policy
        return self._known[place]


def _place(versions: Sequence[PolicyVersion], instant: datetime) -> int:
    return bisect_right([one.effective_at for one in versions], instant)
