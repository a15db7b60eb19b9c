"""Tickets for safety events of devices that the ledger does not know: without asset and episode, but never missing.

Events of one device gather on its open ticket, never on one where the work is done. A site has at most
``MAX_TICKETS`` such tickets open, so that a publisher gone wild cannot bury the others; what comes after them
gathers on the newest.
"""

from dataclasses import replace
from datetime import datetime

from maintenance.episode_rules import work_is_done
from maintenance.orders import create_order, pages
from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.views import note_order
from maintenance.work_orders import Kind, Origin, WorkOrder
from plantroom.domain.assets import LocalName
from plantroom.domain.findings import FindingRaised

UNKNOWN_ASSET = "unknown_asset"
MAX_TICKETS = 20
MAX_EVENTS = 20
_BY = "system:findings"
_CHECKS = (
    LocalName("到现场确认情况，先处置险情", "Go and look first: whatever the event says may be real"),
    LocalName("查明是哪台设备，按其编号登记，或改正设备上的编号", "Find the device; register its code, or correct it"),
    LocalName("登记后重放该消息（plantroom dead-letter replay）", "Then replay it: plantroom dead-letter replay"),
)


def is_stranger(finding: FindingRaised) -> bool:
    """Whether the finding is about a device that the ledger does not know."""
    return not finding.asset and finding.safety


def tell_of_stranger(tx: MaintenanceTx, finding: FindingRaised, now: datetime) -> WorkOrder:
    """Make the device's ticket, or name the event on the open one."""
    code, event = str(finding.detail.get("code", "?")), _event_name(finding)
    open_ones = _open(tx, finding.site)
    mine = [one for one in open_ones if _tag(code) in one.tags]
    if mine or len(open_ones) >= MAX_TICKETS:
        newest = max(mine or open_ones, key=lambda one: one.number)
        return _named(tx, tx.orders.lock(newest.id), code, event)
    return create_order(
        tx,
        site=finding.site,
        kind=Kind.CORRECTIVE,
        origin=Origin.RULE,
        title=LocalName(f"未登记设备 {code}：{event.zh}", f"Unregistered device {code}: {event.en}"),
        by=_BY,
        now=now,
        severity=finding.severity,
        safety=True,
        reason=LocalName(
            f"一台台账中没有的设备上报了安全事件：{code}：{event.zh}。",
            f"A device that is not in the ledger reported a safety event: {code}: {event.en}.",
        ),
        first_checks=_CHECKS,
        tags=(UNKNOWN_ASSET, _tag(code)),
    )


def _open(tx: MaintenanceTx, site: str) -> list[WorkOrder]:
    filters = OrderFilter(site=site, kind=Kind.CORRECTIVE.value, origin=Origin.RULE.value, open_only=True)
    return [
        one for one in pages(tx, filters) if one.asset is None and UNKNOWN_ASSET in one.tags and not work_is_done(one)
    ]


def _named(tx: MaintenanceTx, order: WorkOrder, code: str, event: LocalName) -> WorkOrder:
    """The ticket with the event among its reasons; unchanged when it stands there already."""
    zh, en = f"{code}：{event.zh}。", f"{code}: {event.en}."
    if zh in order.reason.zh or order.reason.zh.count("；") >= MAX_EVENTS:
        return order
    reason = LocalName(f"{order.reason.zh.rstrip('。')}；{zh}", f"{order.reason.en.rstrip('.')}; {en}")
    stored = tx.orders.update(replace(order, reason=reason), order.version)
    note_order(tx, stored)
    return stored


def _tag(code: str) -> str:
    return f"code:{code}"


def _event_name(finding: FindingRaised) -> LocalName:
    name = finding.detail.get("name")
    words = name if isinstance(name, dict) else {}
    plain = str(finding.detail.get("event", finding.subject))
    return LocalName(str(words.get("zh") or plain), str(words.get("en") or plain.replace("_", " ")))
