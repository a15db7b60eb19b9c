"""Tickets without asset and episode, so that no event is missing: for safety events of devices that the ledger does
not know (or has scrapped), and for findings that could not be applied.

Events of one device gather on its open ticket, never on one where the work is done; what is news ends a hold of it. A
site has at most ``MAX_TICKETS`` such tickets open, so that a publisher gone wild cannot bury the others; what comes
after them gathers on the newest. Every event is a new version of its ticket, which the live view hears of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from maintenance.alarm_ports import Annunciation
from maintenance.episode_rules import work_is_done
from maintenance.episode_tickets import AGAIN, ANOTHER
from maintenance.floods import tell
from maintenance.heard import Heard, all_known, first_heard, heard, is_news, with_heard, with_known
from maintenance.orders import create_order, keep, pages, take_step, tightened
from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.work_orders import Kind, Origin, State, Transition, WorkOrder
from plantroom.domain.assets import UNCLASSIFIED, AlarmPriority, Asset, AssetStatus, LocalName, Severity
from plantroom.domain.findings import Finding, FindingCleared, FindingRaised
from plantroom.errors import NotFound
from plantroom.ports.paging import EVERYTHING, Scope

UNKNOWN_SITE = "unknown_site"
UNKNOWN_ASSET = "unknown_asset"
SCRAPPED_ASSET = "scrapped_asset"
NOT_APPLIED = "finding_not_applied"
"""Tag of the ticket for findings that could not be applied."""

RANG = "rang"
"""Among what such a ticket gathers: when something last came anew on it (RFC 3339, our clock)."""

_TOLD = "told"
"""Among what such a ticket gathers: when it was told of a safety event last, be that news or not (RFC 3339, our
clock)."""

MAX_TICKETS = 20
_CODE = "code:"
_OF_STRANGERS = (UNKNOWN_ASSET, SCRAPPED_ASSET)
_BY = "system:findings"
_GO = LocalName("到现场确认情况，先处置险情", "Go and look first: whatever the event says may be real")


@dataclass(frozen=True, slots=True)
class _Case:
    """What makes a ticket without asset: its tag, how its title names the device, how its reason begins, what to check
    first."""

    tag: str
    device: LocalName
    intro: LocalName
    checks: tuple[LocalName, ...]


_UNKNOWN = _Case(
    UNKNOWN_ASSET,
    LocalName("未登记设备 {code}", "Unregistered device {code}"),
    LocalName("一台台账中没有的设备上报了安全事件：", "A device that is not in the ledger reported a safety event: "),
    (
        _GO,
        LocalName(
            "查明是哪台设备，按其编号登记，或改正设备上的编号", "Find the device; register its code, or correct it"
        ),
        LocalName("登记后重放该消息（plantroom dead-letter replay）", "Then replay it: plantroom dead-letter replay"),
    ),
)
_OF_UNKNOWN_SITE = _Case(
    UNKNOWN_ASSET,
    LocalName("未知站点 {site} 的设备 {code}", "Device {code} of unknown site {site}"),
    LocalName(
        "一台设备以台账中没有的站点代码上报了安全事件：",
        "A device reported a safety event under a site code that the ledger does not have: ",
    ),
    (
        _GO,
        LocalName(
            "查明是哪台设备，改正其站点代码，或在台账中增加该站点",
            "Find the device; correct the site code that it sends, or enter that site",
        ),
        LocalName("此后重放该消息（plantroom dead-letter replay）", "Then replay it: plantroom dead-letter replay"),
    ),
)
_SCRAPPED = _Case(
    SCRAPPED_ASSET,
    LocalName("已报废设备 {code}", "Scrapped device {code}"),
    LocalName(
        "一台在台账中已报废的设备仍在上报安全事件：",
        "A device that is scrapped in the ledger still sends, and reported a safety event: ",
    ),
    (
        _GO,
        LocalName(
            "在台账中将其恢复为在用，或将其控制器断开网络",
            "Put it back in service in the ledger or take its controller off the network",
        ),
    ),
)
_FAILED = _Case(
    NOT_APPLIED,
    LocalName("一条报警信息未能处理：{code}", "A report could not be processed: {code}"),
    LocalName(
        "程序未能处理以下报警信息，没有为其开单：", "The program failed at these reports, which have no tickets: "
    ),
    (
        _GO,
        LocalName(
            "查看日志中的 finding_not_applied，报告给软件维护人员",
            "Report what the log says under finding_not_applied to whoever maintains the software",
        ),
    ),
)


def is_stranger(finding: FindingRaised) -> bool:
    """Whether the finding is about a device that the ledger does not know."""
    return not finding.asset and finding.safety


def tell_of_stranger(tx: MaintenanceTx, finding: FindingRaised, now: datetime) -> WorkOrder:
    """Make the device's ticket, or name the event on the open one. A device of a site that the ledger does not have is
    none of those of the same code at the finding's own site."""
    code, elsewhere = str(finding.detail.get("code", "?")), "site" in finding.detail
    found = None if elsewhere else tx.assets.find(finding.site, code)
    scrapped = found is not None and found.status is AssetStatus.SCRAPPED
    if elsewhere:
        code = f"{finding.detail['site']}/{code}"
    said = Heard(
        code, _event(finding), _event_name(finding), finding.observed_at, scrapped=scrapped, elsewhere=elsewhere
    )
    case = _OF_UNKNOWN_SITE if elsewhere else _SCRAPPED if scrapped else _UNKNOWN
    open_ones = _open(tx, finding.site, _OF_STRANGERS)
    ticket = _newest(tx, [one for one in open_ones if _tag(code) in one.tags])
    if ticket is None and len(open_ones) >= MAX_TICKETS:
        ticket = _newest(tx, open_ones)
    tags = (UNKNOWN_SITE, _tag(code)) if elsewhere else (_tag(code),)
    if ticket is None or is_news(ticket, said):
        subject = f"{finding.source.value}:{finding.subject}"
        told = Annunciation(
            finding.site, code, UNCLASSIFIED, subject, AlarmPriority.CRITICAL, True, now, finding.observed_at
        )
        tell(tx, told)
    return _told(tx, finding, case, said, ticket, now, *tags)


def now_known(tx: MaintenanceTx, asset: Asset, finding: FindingRaised, ticket: WorkOrder, now: datetime) -> None:
    """Name the ticket of a known asset's event on the open tickets for devices that were not known then, where
    the event waits under the asset's code. Such a ticket is cancelled when nothing waits on it any more, unless
    somebody is working on it."""
    elsewhere = f"{asset.site}/{asset.code}"
    for one in _open(tx, None, _OF_STRANGERS):
        codes = {asset.code, elsewhere} if one.site == asset.site else {elsewhere}
        zone = ZoneInfo(tx.assets.site(one.site).time_zone)
        if one.id == ticket.id or with_known(one, codes, _event(finding), ticket.number, zone) is one:
            continue
        locked = tx.orders.lock(one.id)
        marked = with_known(locked, codes, _event(finding), ticket.number, zone)
        # Its work may have been done between the list and the lock.
        if marked is locked or work_is_done(locked):
            continue
        said = f"已登记为{asset.code}，事件见工单#{ticket.number} / registered as {asset.code}; "
        said += f"its event is on ticket #{ticket.number}"
        if all_known(marked) and locked.state is not State.IN_PROGRESS:
            keep(tx, take_step(tx, marked, State.CANCELLED, now, _BY, said))
        else:
            tx.orders.add_transition(Transition(locked.id, locked.state, now, now, _BY, said))
            keep(tx, marked)


def tell_of_failure(tx: MaintenanceTx, finding: Finding, now: datetime) -> WorkOrder | None:
    """Name a finding that could not be applied on the site's open ticket for such, or make that; ``None`` for a site
    that is not there."""
    if finding.site not in {site.code for site in tx.assets.sites()}:
        return None
    try:
        code = tx.assets.get(finding.asset).asset.code if finding.asset else str(_detail(finding).get("code", "?"))
    except NotFound:
        code = finding.asset
    said = Heard(code, _event(finding), _event_name(finding), finding.observed_at)
    return _told(tx, finding, _FAILED, said, _newest(tx, _open(tx, finding.site, (NOT_APPLIED,))), now)


def _told(
    tx: MaintenanceTx, finding: Finding, case: _Case, said: Heard, ticket: WorkOrder | None, now: datetime, *tags: str
) -> WorkOrder:
    """The event on the locked ticket or, without one, on a new ticket."""
    zone = ZoneInfo(tx.assets.site(finding.site).time_zone)
    severity = finding.severity if isinstance(finding, FindingRaised) else Severity.GENERAL
    safety = isinstance(finding, FindingRaised) and finding.safety
    if ticket is None:
        gathered, reason = first_heard(said, case.intro, zone)
        return create_order(
            tx,
            site=finding.site,
            kind=Kind.CORRECTIVE,
            origin=Origin(finding.source.value),
            title=_title(case, said),
            by=_BY,
            now=now,
            severity=severity,
            safety=safety,
            reason=reason,
            first_checks=case.checks,
            tags=(case.tag, *tags),
            gathered=gathered,
        )
    if safety:
        ticket = _rung(tx, ticket, said, now)
    ticket = tightened(tx, ticket, severity, now, _BY)
    checks = tuple(dict.fromkeys((*ticket.first_checks, *case.checks)))
    changed = replace(ticket, safety=ticket.safety or safety, first_checks=checks)
    return keep(tx, with_heard(changed, said, zone))


def _rung(tx: MaintenanceTx, ticket: WorkOrder, said: Heard, now: datetime) -> WorkOrder:
    """The locked ticket after one more safety event: with news a hold ends, so that it is acknowledged again."""
    gathered = {**(ticket.gathered or {}), _TOLD: now.isoformat()}
    if not is_news(ticket, said):
        return replace(ticket, gathered=gathered)
    rung = replace(ticket, gathered=gathered | {RANG: now.isoformat()})
    if ticket.state is not State.ON_HOLD:
        return rung
    before = any((one.code, one.event) == (said.code, said.event) for one in heard(ticket))
    words = AGAIN if before else ANOTHER
    line = f"{words.zh}：{said.code}：{said.name.zh} / {words.en}: {said.code}: {said.name.en}"
    return take_step(tx, rung, State.OPEN, now, _BY, line, now=now, recurrence=True)


def rang_on(order: WorkOrder) -> datetime | None:
    """When something last came anew on a ticket without asset; ``None``: nothing has since it was made."""
    return _instant(order, RANG)


def strangers_again(tx: MaintenanceTx, order: WorkOrder, done_at: datetime, now: datetime) -> WorkOrder | None:
    """A ticket in place of one without asset on which nobody works any more, when that was told of a safety event after
    ``done_at`` and one waits for its device; ``None``: it was not."""
    told, gathered = _instant(order, _TOLD), order.gathered or {}
    if told is None or told <= done_at or all_known(order):
        return None
    return create_order(
        tx,
        site=order.site,
        kind=order.kind,
        origin=order.origin,
        title=order.title,
        by=_BY,
        now=now,
        severity=order.severity,
        safety=True,
        reason=order.reason,
        first_checks=order.first_checks,
        tags=[tag for tag in order.tags if tag in (*_OF_STRANGERS, NOT_APPLIED, UNKNOWN_SITE) or tag.startswith(_CODE)],
        gathered={**gathered, RANG: told.isoformat()},
    )


def _instant(order: WorkOrder, key: str) -> datetime | None:
    said = (order.gathered or {}).get(key)
    return None if said is None else datetime.fromisoformat(str(said))


def _title(case: _Case, said: Heard) -> LocalName:
    device = _named(case, said.code)
    return LocalName(f"{device.zh}：{said.name.zh}", f"{device.en}: {said.name.en}")


def _named(case: _Case, code: str) -> LocalName:
    """A device that a topic source takes may be called by its topic, which is no site and code."""
    site, _, own = code.rpartition("/") if case is _OF_UNKNOWN_SITE else ("", "", code)
    device = case.device
    return LocalName(device.zh.format(site=site, code=own), device.en.format(site=site, code=own))


def device_of(said: Heard) -> LocalName:
    """What a device that the ledger does not know is called."""
    case = _SCRAPPED if said.scrapped else _OF_UNKNOWN_SITE if said.elsewhere else _UNKNOWN
    return _named(case, said.code)


def strangers_tickets(tx: MaintenanceTx, scope: Scope, site: str | None) -> list[WorkOrder]:
    """The open tickets for devices that the ledger does not know. One query."""
    return _open(tx, site, _OF_STRANGERS, scope)


def is_strangers_ticket(order: WorkOrder) -> bool:
    """Whether a ticket is one for devices that the ledger does not know."""
    return order.asset is None and any(tag in order.tags for tag in _OF_STRANGERS)


def _open(tx: MaintenanceTx, site: str | None, tags: Sequence[str], scope: Scope = EVERYTHING) -> list[WorkOrder]:
    filters = OrderFilter(scope, Kind.CORRECTIVE.value, site=site, open_only=True, without_asset=True)
    return [one for one in pages(tx, filters) if not work_is_done(one) and any(tag in one.tags for tag in tags)]


def _newest(tx: MaintenanceTx, found: Sequence[WorkOrder]) -> WorkOrder | None:
    """The newest of the tickets, locked. Looked at again under the lock: its work may have been done meanwhile."""
    for one in sorted(found, key=lambda order: order.number, reverse=True):
        locked = tx.orders.lock(one.id)
        if not work_is_done(locked):
            return locked
    return None


def _tag(code: str) -> str:
    return f"{_CODE}{code}"


def _detail(finding: Finding) -> Mapping[str, object]:
    return finding.detail if isinstance(finding, FindingRaised) else {}


def _event(finding: Finding) -> str:
    event = _detail(finding).get("event")
    return str(event) if event else f"{finding.failure_mode} {finding.subject}".strip()


def _event_name(finding: Finding) -> LocalName:
    name = _detail(finding).get("name")
    words = name if isinstance(name, dict) else {}
    plain = _event(finding)
    said = LocalName(str(words.get("zh") or plain), str(words.get("en") or plain.replace("_", " ")))
    over = isinstance(finding, FindingCleared)
    return LocalName(f"{said.zh}（解除）", f"{said.en} (over)") if over else said
