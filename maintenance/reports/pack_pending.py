"""Statutory work of an inspection pack that is done and that nobody has verified yet: what its record would say if it
were frozen now. It may still change."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from maintenance.plan import PlanRow
from maintenance.ports import MaintenanceTx
from maintenance.records.document import Sources, Work, people_in, record_document
from maintenance.records.model import RECORD_KINDS
from maintenance.recurrence import local_day
from maintenance.reports.pack_lines import Of, RecordLine, document_line
from maintenance.reports.ports import Commented, OrderLine
from maintenance.work.records import Comment, CommentKind
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.assets import Asset, Site
from plantroom.domain.audit import canonical


def is_pending(order: OrderLine) -> bool:
    """Whether an order without a record gets one as soon as somebody verifies it."""
    return order.state == State.COMPLETED.value and order.kind in RECORD_KINDS


def pending_lines(
    tx: MaintenanceTx,
    site: Site,
    orders: Sequence[str],
    assets: Mapping[str, Asset],
    rows: Mapping[str, PlanRow],
    now: datetime,
    there: Callable[[str], bool],
) -> list[RecordLine]:
    """Their lines, by number. One statement of each kind for a thousand orders, and one for every order with an item
    that has opened a ticket."""
    store, zone = tx.report_store, ZoneInfo(site.time_zone)
    whole, steps = store.whole(orders), tx.orders.transitions_of(orders)
    signed, attached, comments = store.signed(orders), store.attached(orders), store.commented(orders)
    names = {name for key, order in whole.items() for name in people_in(order, steps.get(key, ()))}
    people = tx.accounts.users_by_name(names)
    lines = []
    for order in sorted(whole.values(), key=lambda one: one.number):
        sources = Sources(
            order=order,
            site=site,
            asset=assets.get(order.asset or ""),
            place="",
            rows={one.key.lineage: rows[one.key.lineage] for one in order.occurrences if one.key.lineage in rows},
            steps=steps.get(order.id, ()),
            people=people,
            work=Work(
                comments=[_comment(one, site) for one in comments.get(order.id, ())],
                found=tx.work_records.found_by(order.id) if _has_ticket(order) else (),
            ),
        )
        said = json.loads(canonical(record_document(sources, now, "", "")))
        day = local_day(order.completed_at or now, zone)
        of = Of(order.number, day, order.asset, order.title.zh, order.title.en, order.id)
        lines.append(document_line(said, of, signed.get(order.id, ()), attached.get(order.id, ()), there))
    return lines


def _comment(said: Commented, site: Site) -> Comment:
    return Comment("", said.order, site.code, CommentKind(said.kind), said.text, said.by, said.at, said.at)


def _has_ticket(order: WorkOrder) -> bool:
    return any("ticket" in answer for answer in order.answers.values())
