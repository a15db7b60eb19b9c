"""What owners report without signing in, and what they are told of it. Pure.

Times are aware UTC. The answer times are the user's own (SL-01 30 min where it is urgent, SL-02 24 h, SL-03 3 h, SL-04
7 days; V), as the clocks of the ticket have them: the first two are the limit of ``respond``, the others its ``due``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from maintenance.work_orders import State
from plantroom.domain.assets import LocalName

ANSWERED_WITHIN = timedelta(hours=24)
"""Basis: SL-02, 24小时内响应业主报修请求 (V). Where a policy has no clock for it."""

JOINS_WITHIN = timedelta(minutes=10)
"""Reports about one machine within it are about one thing (D)."""

CONTACT_KEPT = timedelta(days=90)
"""How long a name and a phone number are kept (D): the work, the call back and a complaint about it are over then."""

SATISFIED_FROM = 4
"""Stars from which somebody counts as satisfied (D; the target of 90 % is SL-05)."""

COMPLAINT, CALL_BACK = "complaint", "call_back"
"""Tags of a ticket: it came as a complaint; somebody wants to be called when it is done (requirements.md Part IV)."""

CLOSED = frozenset({State.COMPLETED, State.VERIFIED})
"""States in which the work can be rated."""


@dataclass(frozen=True, slots=True)
class OwnerReport:
    """A report. ``token_sha256`` is the hash of the secret that follows it. ``joined``: it came to a ticket that was
    there. Whoever sent it stands apart (``Contact``)."""

    id: str
    work_order: str
    site: str
    asset: str | None
    place: str
    category: str
    text: str
    token_sha256: str
    at: datetime
    joined: bool = False
    photo: str | None = None
    stars: int | None = None
    remark: str = ""
    rated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Personal data: who wants to hear of a report. Deleted at ``delete_at``."""

    report: str
    name: str
    phone: str
    delete_at: datetime


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Ratings of a period."""

    ratings: int
    satisfied: int
    average: float | None

    @property
    def share(self) -> float | None:
        """Share of the satisfied, 0 to 1; ``None`` without a rating."""
        return self.satisfied / self.ratings if self.ratings else None


_WORDS: Mapping[State, LocalName] = {
    State.SCHEDULED: LocalName("已收到，已安排", "Received and planned"),
    State.OPEN: LocalName("已收到，等待受理", "Received, waiting to be taken up"),
    State.ACKNOWLEDGED: LocalName("已受理", "Taken up"),
    State.IN_PROGRESS: LocalName("正在处理", "Being worked on"),
    State.ON_HOLD: LocalName("处理中，暂时等待", "Begun, waiting for something"),
    State.EVIDENCE_PENDING: LocalName("已处理完毕", "Done"),
    State.COMPLETED: LocalName("已处理完毕", "Done"),
    State.VERIFIED: LocalName("已处理完毕并复核", "Done and checked"),
    State.MISSED: LocalName("未处理", "Not done"),
    State.BYPASSED: LocalName("未处理", "Not done"),
    State.DEFERRED: LocalName("已延期", "Put off"),
    State.CANCELLED: LocalName("已取消", "Cancelled"),
    State.REJECTED: LocalName("已检查，未发现故障", "Looked at, no fault found"),
}


def in_words(state: State) -> LocalName:
    """Where a report stands, for whoever sent it."""
    return _WORDS[state]


def satisfaction(stars: Iterable[int]) -> Satisfaction:
    """Of ratings from 1 to 5."""
    given = list(stars)
    satisfied = sum(one >= SATISFIED_FROM for one in given)
    return Satisfaction(len(given), satisfied, sum(given) / len(given) if given else None)
