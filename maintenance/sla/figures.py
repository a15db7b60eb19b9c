"""How well the clocks were kept: by severity and kind, target and limit apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from maintenance.ports import MaintenanceTx
from maintenance.sla.policy import ClockKind
from plantroom.domain.assets import Severity
from plantroom.errors import BadData, FieldProblem
from plantroom.ports.paging import EVERYTHING, Scope


@dataclass(frozen=True, slots=True)
class Compliance:
    """Of the clocks that were decided in a period. ``judged`` are those that were kept or not: void ones (their ticket
    ended without work) are in ``void`` alone. ``mean_s``: how long those that stopped ran, pauses taken off."""

    severity: Severity
    clock: ClockKind
    judged: int
    target_met: int
    limit_met: int
    breached: int
    void: int
    target_share: float | None
    limit_share: float | None
    paused_share: float | None
    mean_s: float | None


def compliance(
    tx: MaintenanceTx,
    begins: datetime,
    ends: datetime,
    now: datetime,
    site: str | None = None,
    scope: Scope = EVERYTHING,
) -> Sequence[Compliance]:
    """The clocks that were decided from ``begins`` to before ``ends`` (not after ``now``), by severity and kind.

    A clock is decided once: when it stops, or when its limit passes before that; so a month's figures change only when
    a word that comes late corrects them. One query over the stored clocks. Raises ``BadData`` for a period that ends
    before it begins."""
    if ends <= begins:
        problem = FieldProblem("to", "before_from", "应晚于开始时间 / should lie after from")
        raise BadData("to: should lie after from", [problem])
    found = []
    for one in tx.sla.kept(scope, site, begins, min(ends, now)):
        judged = one.total - one.void
        stopped = one.seconds > 0
        found.append(
            Compliance(
                Severity(one.severity),
                ClockKind(one.kind),
                judged,
                one.target_met,
                one.limit_met,
                one.breached,
                one.void,
                one.target_met / judged if judged else None,
                one.limit_met / judged if judged else None,
                one.paused_s / one.seconds if stopped else None,
                (one.seconds - one.paused_s) / one.stopped if one.stopped else None,
            )
        )
    return found
