"""What keeps assignments true: certificates that run out, people who leave, work that waits for somebody.

``Dispatch`` is the worker that gives out what waits and takes back what may not stay where it is. Idempotent, and safe
with several of them: each order is locked and looked at again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

import structlog

from maintenance.lifecycle import ENDED
from maintenance.orders import pages
from maintenance.people.assigning import DISPATCHER, dispatch, release
from maintenance.people.assignment import contractor_lacks
from maintenance.people.desk import Desk
from maintenance.people.staff import Certificate, Contractor, ContractorLicence, Person
from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.ticket_lock import lock_ticket
from maintenance.work_orders import WorkOrder
from plantroom.errors import Conflict, NotFound
from plantroom.ports.accounts import Grant, Role
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import Ledger
from plantroom.ports.paging import Scope

C = TypeVar("C", Certificate, ContractorLicence)

NOTICE_DAYS = (30, 7)
"""Days before a certificate's last day at which it is listed. Project default."""

PLANNED_AHEAD = timedelta(days=7)
"""How long before it begins planned work is given to a person; until then it is its department's. Project default."""

AGAIN_AFTER = timedelta(minutes=5)
"""How long an order that nobody fits is left alone before it is looked at again."""

REVIEW_EVERY = timedelta(minutes=15)
"""How often it is seen to that whoever has work may still do it."""

LOOKED_AT = 200
"""Orders looked at in one go at most; looking only reads."""

AT_ONCE = 20
"""Orders given out or taken back in one transaction at most: others wait to write meanwhile."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """A certificate that runs out soon or has run out and was not renewed. ``holder`` is a user name or a contractor's
    id; ``days_left`` counts from today to its last day (negative: run out)."""

    holder: str
    name: str
    is_person: bool
    kind: str
    number: str
    expires_on: date
    days_left: int
    certificate: str | None


def expiries(
    people: Sequence[Person],
    certificates: Sequence[Certificate],
    contractors: Sequence[Contractor],
    today: date,
    within_days: int,
) -> list[Expiry]:
    """Certificates of active people and licences of active contractors whose last day is at most so many days away,
    the soonest first. One that a later one of the same kind has replaced is left out. Pure."""
    active = {person.username: person for person in people if person.active}
    found: list[Expiry] = []
    by_person: dict[str, list[Certificate]] = {}
    for certificate in certificates:
        by_person.setdefault(certificate.username, []).append(certificate)
    for username, held in by_person.items():
        if username in active:
            name = active[username].shown
            found += [_expiry(username, name, c, today, c.id) for c in _ending(held, today, within_days)]
    for contractor in contractors:
        if contractor.active:
            ending = _ending(contractor.licences, today, within_days)
            found += [_expiry(contractor.id, contractor.name.zh, one, today, None) for one in ending]
    return sorted(found, key=lambda e: (e.expires_on, e.name, e.kind, e.number))


def _ending(held: Sequence[C], today: date, within_days: int) -> list[C]:
    last = today + timedelta(days=within_days)
    return [
        one
        for one in held
        if one.expires_on is not None
        and one.expires_on <= last
        and not any(_renews(other, one, one.expires_on) for other in held)
    ]


def _renews(other: Certificate | ContractorLicence, one: Certificate | ContractorLicence, last: date) -> bool:
    return other.kind == one.kind and other is not one and (other.expires_on is None or other.expires_on > last)


def _expiry(
    holder: str, name: str, one: Certificate | ContractorLicence, today: date, certificate: str | None
) -> Expiry:
    assert one.expires_on is not None
    return Expiry(
        holder=holder,
        name=name,
        is_person=certificate is not None,
        kind=one.kind,
        number=one.number,
        expires_on=one.expires_on,
        days_left=(one.expires_on - today).days,
        certificate=certificate,
    )


def expiring(tx: MaintenanceTx, scope: Scope, today: date, within_days: int, site: str | None = None) -> list[Expiry]:
    """``expiries`` of the people and contractors of the sites in scope."""
    people = [p for p in tx.people.people(site) if scope.sites is None or any(p.is_on(s) for s in scope.sites)]
    certificates = tx.people.certificates([p.username for p in people])
    return expiries(people, certificates, tx.people.contractors(scope, site), today, within_days)


def switch_off(tx: MaintenanceTx, username: str, by: str, why: str, now: datetime) -> list[str]:
    """Switch a person off: they cannot sign in, their telephone number is forgotten, and their open orders go back to
    their departments. Gives the ids of those orders. ``NotFound`` for an unknown user, ``Conflict`` for the last
    administrator of everything."""
    tx.accounts.lock_users()
    user = tx.accounts.user_by_name(username)
    if user is None:
        raise NotFound(f"there is no user {username!r}")
    if _runs_everything(user.grants) and not any(
        other.active and other.id != user.id and _runs_everything(other.grants) for other in tx.accounts.users()
    ):
        raise Conflict(f"{username}是最后一名管理员 / {username} is the last administrator: make another one first")
    tx.accounts.put_user(replace(user, active=False))
    person = tx.people.person(username)
    if person.phone:
        tx.people.put_person(replace(person, phone=""))
    returned = []
    desks: dict[str, Desk] = {}
    for order_id in tx.people.given(username):
        order = lock_ticket(tx, order_id)
        if order.state in ENDED or order.assignee != username:
            continue
        desk = desks.setdefault(order.site, Desk(tx, order.site, now))
        words = f"{person.shown}已停用：{why} / {username} is switched off: {why}"
        release(tx, order, desk, how="switched_off", why=words, by=by)
        returned.append(order_id)
    return returned


def _runs_everything(grants: Sequence[Grant]) -> bool:
    return Grant(Role.ADMIN) in grants


def review(tx: MaintenanceTx, site: str, now: datetime) -> list[str]:
    """Take back the open orders of a site whose holder may not do them any more: a certificate has run out, a grant is
    gone, they are switched off. Gives their ids."""
    return take_back(tx, site, now, doubtful(tx, site, now))


def doubtful(tx: MaintenanceTx, site: str, now: datetime) -> list[str]:
    """The orders that ``review`` would take back; only reads. O(orders that somebody has)."""
    desk = Desk(tx, site, now)
    given = pages(tx, OrderFilter(site=site, open_only=True, given=True))
    return [order.id for order in given if _why_not(desk, order) is not None]


def review_contractor(tx: MaintenanceTx, contractor_id: str, now: datetime) -> list[str]:
    """As ``review`` for the orders of one contractor, on whatever site."""
    theirs = pages(tx, OrderFilter(contractor=contractor_id, open_only=True))
    sites = dict.fromkeys(order.site for order in theirs)
    return [
        order_id
        for site in sites
        for order_id in take_back(tx, site, now, [order.id for order in theirs if order.site == site])
    ]


def take_back(tx: MaintenanceTx, site: str, now: datetime, order_ids: Sequence[str]) -> list[str]:
    """Take back those of the orders that may not stay where they are; gives their ids."""
    desk, taken = Desk(tx, site, now), []
    for order_id in order_ids:
        order = lock_ticket(tx, order_id)
        found = None if order.state in ENDED else _why_not(desk, order)
        if found is not None:
            release(tx, order, desk, how=found[0], why=found[1], by=DISPATCHER)
            taken.append(order_id)
    return taken


_LEFT = {
    "inactive": "switched_off",
    "no_grant": "no_grant",
    "contractor_inactive": "no_grant",
    "other_contractor": "no_grant",
}


def _why_not(desk: Desk, order: WorkOrder) -> tuple[str, str] | None:
    """How and why an order cannot stay where it is; ``None``: it can."""
    if order.assignee is not None:
        try:
            judged = desk.judged(order, desk.person(order.assignee))
        except NotFound:
            return "switched_off", f"没有用户{order.assignee} / there is no user {order.assignee}"
        refusing = [reason for reason in judged.reasons if reason.refuses]
        if not refusing:
            return None
        how = _LEFT.get(refusing[0].code, "expired")
        return how, "; ".join(f"{reason.text.zh} / {reason.text.en}" for reason in refusing)
    contractor = desk.contractors.get(order.contractor or "")
    if contractor is None:
        return None
    if not contractor.active:
        return "switched_off", f"{contractor.name.zh}已停用 / {contractor.name.en} is switched off"
    job = desk.job(order)
    lacks = [lack for lack in contractor_lacks(job, contractor, desk.facts(job, only="")) if lack.strict]
    return ("expired", "; ".join(f"{lack.text.zh} / {lack.text.en}" for lack in lacks)) if lacks else None


class Dispatch:
    """Gives out what waits and reviews what was given; a ``maintenance.worker.Consumer``.

    It remembers which orders nobody fitted, so that each is looked at again after ``AGAIN_AFTER`` only."""

    def __init__(self, ledger: Ledger[MaintenanceTx], clock: Clock) -> None:
        self._ledger, self._clock = ledger, clock
        self._tried: dict[str, datetime] = {}
        self._reviewed: dict[str, datetime] = {}

    def run_once(self) -> int:
        """One look at every site; gives how many orders were given out or taken back, 1 when more wait to be seen."""
        now = self._clock.now()
        self._tried = {key: at for key, at in self._tried.items() if now - at < AGAIN_AFTER}
        with self._ledger.read() as tx:
            sites = [site.code for site in tx.assets.sites()]
        return sum(self._review(site, now) + self._give_out(site, now) for site in sites)

    def _review(self, site: str, now: datetime) -> int:
        last = self._reviewed.get(site)
        if last is not None and now - last < REVIEW_EVERY:
            return 0
        with self._ledger.read() as tx:
            wrong = doubtful(tx, site, now)
        taken: list[str] = []
        for start in range(0, len(wrong), AT_ONCE):
            with self._ledger.begin() as tx:
                taken += take_back(tx, site, now, wrong[start : start + AT_ONCE])
        self._reviewed[site] = now
        if taken:
            structlog.get_logger().warning("assignments_ended", site=site, orders=len(taken))
        return len(taken)

    def _give_out(self, site: str, now: datetime) -> int:
        before = (now + PLANNED_AHEAD).date()
        with self._ledger.read() as tx:
            waiting = [i for i in tx.people.ownerless(before, site) if i not in self._tried]
            fitting, others = _fitting(tx, site, now, waiting[:LOOKED_AT])
        self._tried |= dict.fromkeys(others, now)
        given: list[str] = []
        if fitting:
            with self._ledger.begin() as tx:
                desk = Desk(tx, site, now)
                given = [order_id for order_id in fitting if _given(tx, desk, order_id) is not None]
            self._tried |= {order_id: now for order_id in fitting if order_id not in given}
        return len(given) or (1 if len(waiting) > len(fitting) + len(others) else 0)


def _fitting(tx: MaintenanceTx, site: str, now: datetime, order_ids: Sequence[str]) -> tuple[list[str], list[str]]:
    """Of the orders those that somebody fits or that have no owner yet, ``AT_ONCE`` at most, and those looked at for
    which there is nobody; only reads."""
    fitting: list[str] = []
    others: list[str] = []
    desk = Desk(tx, site, now)
    for order_id in order_ids:
        order = tx.orders.get(order_id)
        (fitting if order.department is None or desk.anybody(order) else others).append(order_id)
        if len(fitting) == AT_ONCE:
            break
    return fitting, others


def _given(tx: MaintenanceTx, desk: Desk, order_id: str) -> WorkOrder | None:
    """Give one order out; ``None``: somebody has it by now, it has ended, or nobody fits."""
    order = lock_ticket(tx, order_id)
    if order.state in ENDED or order.assignee is not None or order.contractor is not None:
        return None
    done = dispatch(tx, order, desk)
    return None if done is None or (done.assignee is None and done.contractor is None) else done


def give_out(tx: MaintenanceTx, site: str, now: datetime) -> list[WorkOrder]:
    """Give out what waits on a site, now and in one go; gives the orders that somebody got."""
    desk = Desk(tx, site, now)
    waiting = tx.people.ownerless((now + PLANNED_AHEAD).date(), site)
    return [done for order_id in waiting if (done := _given(tx, desk, order_id)) is not None]
