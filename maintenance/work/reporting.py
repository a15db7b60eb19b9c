"""Owners' reports into tickets and back. Inside the caller's transaction, but for ``contacts_job``."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from maintenance.orders import create_order, keep, tightened
from maintenance.people.departments import FALLBACK
from maintenance.people.owners import departments_of
from maintenance.ports import MaintenanceTx
from maintenance.scheduler import Job
from maintenance.seed.codes import OwnerFault
from maintenance.sla.policy import ClockKind
from maintenance.ticket_lock import lock_ticket
from maintenance.work.bookkeeping import Books
from maintenance.work.found import CLEANERS
from maintenance.work.owner_reports import ANSWERED_WITHIN, CLOSED, CONTACT_KEPT, JOINS_WITHIN, Contact, OwnerReport
from maintenance.work.records import CommentKind
from maintenance.work_orders import Kind, Origin, WorkOrder
from plantroom.domain.assets import Asset, LocalName, Severity
from plantroom.domain.keys import new_key
from plantroom.errors import Conflict
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import Ledger

OWNER = "public:owner"
"""Who an owner's report is by: nobody has signed in."""

EVERY = timedelta(hours=1)
"""How often what is kept for a time is looked through."""

ANYTHING = "other"
"""Key of a category. What is broken is for the engineers, also where the cleaners are named first (requirements.md
III.8)."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody reports."""

    site: str
    asset: Asset | None
    place: str
    category: OwnerFault
    text: str
    name: str = ""
    phone: str = ""


def take_report(tx: MaintenanceTx, said: Said, token_sha256: str, now: datetime) -> tuple[OwnerReport, WorkOrder]:
    """Make a ticket of a report, unless it is there already (by its token). About the same machine (without one:
    category and place) within 10 minutes it joins the one that is open, as a comment, and may make it more severe: then
    the ticket is called by what is worse."""
    key = None if said.asset is None else said.asset.key
    since = now - JOINS_WITHIN
    open_one = tx.owner_reports.recent(said.site, since, asset=key, category=said.category.key, place=said.place)
    # Asking for a recent one keeps others of the site out, so that nobody adds this one meanwhile.
    there = tx.owner_reports.by_token(token_sha256)
    if there is not None:
        return there, tx.orders.get(there.work_order)
    order = _new(tx, said, now) if open_one is None else _joined(tx, open_one, said, now)
    report = OwnerReport(
        id=new_key(),
        work_order=order.id,
        site=said.site,
        asset=key,
        place=said.place,
        category=said.category.key,
        text=said.text,
        token_sha256=token_sha256,
        at=now,
        joined=open_one is not None,
    )
    told = bool(said.name or said.phone)
    contact = Contact(report.id, said.name, said.phone, now + CONTACT_KEPT) if told else None
    tx.owner_reports.add(report, contact)
    return report, order


def answer_by(tx: MaintenanceTx, report: OwnerReport, order: WorkOrder) -> datetime:
    """When a report has to be answered at the latest: what the clock of its ticket says, else what was promised when it
    came."""
    known = _clock_limit(tx, order, ClockKind.RESPOND)
    return known or report.at + answered_within(tx, report.site, order.severity, report.at)


def answered_within(tx: MaintenanceTx, site: str, severity: Severity, at: datetime) -> timedelta:
    """How long an owner may wait for an answer on a site, by what held then."""
    rule = tx.sla.policies(site).at(at).rule(ClockKind.RESPOND, severity, Origin.OWNER)
    return ANSWERED_WITHIN if rule is None else rule.limit


def arrive_by(tx: MaintenanceTx, order: WorkOrder) -> datetime | None:
    """When somebody has to be there at the latest, as the clock of the ticket says."""
    return _clock_limit(tx, order, ClockKind.ARRIVE)


def _clock_limit(tx: MaintenanceTx, order: WorkOrder, kind: ClockKind) -> datetime | None:
    found = tx.sla.clocks_of([order.id]).get(order.id, ())
    return next((one.limit_at for one in found if one.kind is kind), None)


def rate(tx: MaintenanceTx, report: OwnerReport, stars: int, remark: str, now: datetime) -> OwnerReport:
    """Keep what the owner says of the work. ``Conflict`` before it is closed, and a second time."""
    order = lock_ticket(tx, report.work_order)
    if report.stars is not None:
        raise Conflict("已评价 / has been rated already")
    if order.state not in CLOSED:
        raise Conflict("处理完毕后才能评价 / can be rated once it is done")
    rated = replace(report, stars=stars, remark=remark, rated_at=now)
    tx.owner_reports.update(rated)
    Books(tx, order, OWNER, now).comment(f"{stars}/5 {remark}".strip(), kind=CommentKind.OWNER)
    return rated


def _title(said: Said) -> LocalName:
    what, where = said.category.name, LocalName(said.place, said.place)
    if said.asset is not None:
        where = said.asset.name
    return LocalName(f"{where.zh}：{what.zh}", f"{where.en}: {what.en}")


def _new(tx: MaintenanceTx, said: Said, now: datetime) -> WorkOrder:
    where = said.place
    text = f"{said.text}（{where}）" if where and said.asset is not None else said.text
    return create_order(
        tx,
        site=said.site,
        kind=Kind.CORRECTIVE,
        origin=Origin.OWNER,
        title=_title(said),
        by=OWNER,
        now=now,
        asset=None if said.asset is None else said.asset.key,
        severity=said.category.severity,
        safety=said.category.safety,
        department=_department(tx, said),
        reason=LocalName(f"业主报修：{text}", f"Reported by an owner: {text}"),
    )


def _department(tx: MaintenanceTx, said: Said) -> str | None:
    """The category's department; on a machine of the category's classes, or of no category, the machine's own."""
    category = said.category
    if said.asset is not None and (category.key == ANYTHING or said.asset.equipment_class in category.classes):
        own = said.asset.department
        there = {d.name.zh: d.key for d in departments_of(tx, said.site)}
        if own is not None and there.get(own) != CLEANERS:
            return own
    wanted = FALLBACK if category.department == CLEANERS else category.department
    if said.asset is not None and category.key == ANYTHING:
        return None
    return next((d.name.zh for d in departments_of(tx, said.site) if d.key == wanted), None)


def _joined(tx: MaintenanceTx, order_id: str, said: Said, now: datetime) -> WorkOrder:
    order = lock_ticket(tx, order_id)
    worse = tightened(tx, order, said.category.severity, now, OWNER)
    if said.category.safety and not order.safety:
        worse = replace(worse, safety=True)
    if worse is not order:
        # Whoever comes has to know of the worst: the ticket is called by it, and is for whose that is.
        free = order.assignee is None and order.contractor is None
        theirs = _department(tx, said) if free else None
        order = keep(tx, replace(worse, title=_title(said), department=theirs or order.department))
    name = said.category.name
    Books(tx, order, OWNER, now).comment(f"{name.zh} / {name.en}: {said.text}", kind=CommentKind.OWNER)
    return order


def contacts_job(ledger: Ledger[MaintenanceTx], clock: Clock) -> Job:
    """Deletes what is kept for a time: names and phone numbers of owners, answers to requests that have a key. By the
    real clock: a planning clock that was set deletes nothing."""

    def run(_planned: datetime) -> None:
        with ledger.begin() as tx:
            tx.owner_reports.forget_contacts(clock.now())
            tx.accounts.forget_answers(clock.now())

    return Job("contacts", EVERY, run)
