"""What is told: notices in two languages, and the messages that go out by one channel. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from maintenance.sla.clocks import Clock
from maintenance.sla.policy import ClockKind
from maintenance.work_orders import WorkOrder
from plantroom.domain.assets import LocalName, Severity

LONGEST_TITLE, LONGEST_BODY = 100, 450
"""Characters of a message: WeCom's bots take 2,048 bytes (M), and a Chinese character is three."""

IN_DIGEST = 10
"""How many notices a digest names; the others are counted."""

SEVERITIES = {
    Severity.CRITICAL: LocalName("紧急", "CRITICAL"),
    Severity.MAJOR: LocalName("重大", "MAJOR"),
    Severity.GENERAL: LocalName("一般", "general"),
    Severity.INFO: LocalName("提示", "info"),
}
_SAFETY = LocalName("·安全", ", safety")


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that people are told of. ``dedup``: no channel is told twice of the same. ``clock``: the message is
    taken back when that clock of its order has stopped (``kind:cycle``; empty: it stays). ``facts`` go to other
    programs as they are."""

    topic: str
    site: str | None
    title: LocalName
    lines: tuple[LocalName, ...]
    dedup: str
    severity: Severity = Severity.GENERAL
    urgent: bool = False
    work_order: str | None = None
    clock: str = ""
    link: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """A notice on its way by one channel, in that channel's language. ``next_try`` of ``None``: nothing is left to do.
    ``digest``: what it went out in together with others."""

    id: str
    channel: str
    dedup: str
    topic: str
    site: str | None
    work_order: str | None
    clock: str
    severity: Severity
    urgent: bool
    title: str
    body: str
    payload: Mapping[str, object]
    created_at: datetime
    attempts: int = 0
    next_try: datetime | None = None
    delivered_at: datetime | None = None
    given_up_at: datetime | None = None
    withdrawn_at: datetime | None = None
    error: str | None = None
    digest: str | None = None
    replays: int = 0

    @property
    def state(self) -> str:
        """``waiting``, ``delivered``, ``failed`` (given up) or ``withdrawn``."""
        if self.next_try is not None:
            return "waiting"
        if self.delivered_at is not None:
            return "delivered"
        return "withdrawn" if self.withdrawn_at is not None else "failed"


def in_language(name: LocalName, language: str) -> str:
    """A text in one of the two languages."""
    return name.en if language == "en" else name.zh


def body_of(notice: Notice, language: str, asked: Sequence[LocalName] = ()) -> str:
    """The lines of a message, whom it asks (names), and where to read more."""
    lines = [in_language(line, language) for line in notice.lines if line.zh or line.en]
    if asked:
        names = ("、" if language == "zh" else ", ").join(dict.fromkeys(in_language(one, language) for one in asked))
        lines.append(f"请求：{names}" if language == "zh" else f"For: {names}")
    text = cut("\n".join(lines), LONGEST_BODY)
    if not notice.link:
        return text
    return f"{text}\n{'链接：' if language == 'zh' else 'Link: '}{notice.link}"


def payload_of(notice: Notice, key: str, at: datetime) -> dict[str, object]:
    """A notice as other programs get it: version 1 of the webhook's document (docs/notifications.md)."""
    return {
        "version": 1,
        "id": key,
        "topic": notice.topic,
        "at": at.isoformat().replace("+00:00", "Z"),
        "site": notice.site,
        "severity": notice.severity.value,
        "urgent": notice.urgent,
        "title": {"zh": notice.title.zh, "en": notice.title.en},
        "text": {
            language: "\n".join(in_language(line, language) for line in notice.lines) for language in ("zh", "en")
        },
        "link": notice.link,
        **notice.facts,
    }


def digest_of(messages: Sequence[Message], language: str, link: str) -> tuple[str, str]:
    """Title and body of many messages told as one, the most severe first."""
    order = list(Severity)
    listed = sorted(messages, key=lambda one: (not one.urgent, order.index(one.severity), one.created_at))
    count = len(messages)
    title = f"{count}条通知合并发送" if language == "zh" else f"{count} notices in one message"
    lines = [f"• {cut(one.title, 50)}" for one in listed[:IN_DIGEST]]
    if count > IN_DIGEST:
        rest = count - IN_DIGEST
        lines.append(f"……另有{rest}条" if language == "zh" else f"... and {rest} more")
    return title, "\n".join([*lines, *([link] if link else [])])


def cut(text: str, longest: int) -> str:
    """The text, or its beginning and a dot-dot-dot."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ticket is, in words: site, location and machine; and by which clock people live there."""

    site: LocalName
    where: LocalName
    zone: ZoneInfo


_WAITS = {
    ClockKind.ACKNOWLEDGE: LocalName("接单", "acknowledge it"),
    ClockKind.RESPOND: LocalName("答复业主", "answer the owner"),
    ClockKind.ARRIVE: LocalName("到场", "be on the spot"),
    ClockKind.INTERIM: LocalName("采取临时措施", "take an interim measure"),
    ClockKind.RESOLVE: LocalName("修复", "resolve it"),
}


def headline(order: WorkOrder) -> LocalName:
    """Number, severity and title of a ticket."""
    severity, safety = SEVERITIES[order.severity], _SAFETY if order.safety else LocalName("", "")
    return LocalName(
        f"【{severity.zh}{safety.zh}】#{order.number} {order.title.zh}",
        f"[{severity.en}{safety.en}] #{order.number} {order.title.en}",
    )


def asks_for(clock: Clock, now: datetime, zone: ZoneInfo) -> LocalName:
    """What a clock asks for, and by when."""
    waits, by = _WAITS[clock.kind], local(clock.limit_at, zone, now)
    if now > clock.limit_at:
        return LocalName(f"已超时：应于{by}前{waits.zh}", f"overdue: somebody should {waits.en} by {by}")
    return LocalName(f"请于{by}前{waits.zh}", f"please {waits.en} by {by}")


def order_notice(
    order: WorkOrder, place: Place, clock: Clock, *, topic: str, dedup: str, urgent: bool, now: datetime, link: str
) -> Notice:
    """What people are told of a ticket whose clock runs: what, where, since when, what to do first. ``clock`` is as of
    ``now``. A ``topic`` of ``ticket`` (it is new) is not taken back."""
    asks = asks_for(clock, now, place.zone)
    said, since = headline(order), local(order.opened_at or now, place.zone, now)
    first = [check for check in order.first_checks if check.zh or check.en][:3]
    lines = [
        LocalName(f"{asks.zh}。", f"{asks.en[:1].upper()}{asks.en[1:]}."),
        LocalName(f"情况：{order.reason.zh}", f"What: {order.reason.en}") if order.reason.zh else LocalName("", ""),
        LocalName(
            f"地点：{place.site.zh} {place.where.zh}".strip(), f"Where: {place.site.en} {place.where.en}".strip()
        ),
        LocalName(f"自：{since}", f"Since: {since}"),
    ]
    if first:
        lines.append(
            LocalName(
                "先做：" + "；".join(f"{n}）{check.zh}" for n, check in enumerate(first, 1)),
                "First: " + "; ".join(f"{n}) {check.en}" for n, check in enumerate(first, 1)),
            )
        )
    facts: dict[str, object] = {
        "work_order": {
            "id": order.id,
            "number": order.number,
            "state": order.state.value,
            "severity": order.severity.value,
            "safety": order.safety,
            "asset": order.asset,
            "department": order.department,
            "assignee": order.assignee,
        },
        "clock": {
            "kind": clock.kind.value,
            "cycle": clock.cycle,
            "target_at": clock.target_at.isoformat().replace("+00:00", "Z"),
            "limit_at": clock.limit_at.isoformat().replace("+00:00", "Z"),
            "state": clock.state.value,
        },
    }
    return Notice(
        topic=topic,
        site=order.site,
        title=LocalName(f"{said.zh}：{asks.zh}", f"{said.en}: {asks.en}"),
        lines=tuple(lines),
        dedup=dedup,
        severity=order.severity,
        urgent=urgent,
        work_order=order.id,
        clock="" if topic == "ticket" else f"{clock.kind.value}:{clock.cycle}",
        link=link,
        facts=facts,
    )


def local(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """An instant by the site's clock: the time alone on the same day, else with its date."""
    there = at.astimezone(zone)
    return there.strftime("%H:%M" if there.date() == now.astimezone(zone).date() else "%m-%d %H:%M")
