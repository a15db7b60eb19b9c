"""Channels that do not work: somebody is told by another way, and there is a ticket for it.

Every function works inside the caller's transaction.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from maintenance.lifecycle import ENDED
from maintenance.notify.channels import Channel
from maintenance.notify.messages import Message, Notice
from maintenance.notify.outbox import enqueue, groups, site_of
from maintenance.orders import create_order
from maintenance.ports import MaintenanceTx
from maintenance.work_orders import Kind, Origin, Transition
from plantroom.domain.assets import LocalName, Severity
from plantroom.errors import NotFound

CHANNEL_BROKEN = "channel_broken"
"""Tag of the ticket for a channel."""

BY = "system:notify"


def broken(tx: MaintenanceTx, channel: Channel, lost: Sequence[Message], now: datetime) -> Channel:
    """The channel after messages were given up: it has a ticket that says so, one as long as that is open."""
    since = channel.broken_since or now
    if channel.ticket is not None and not _is_over(tx, channel.ticket):
        return replace(channel, broken_since=since)
    site = channel.site or next((one.site for one in lost if one.site is not None), None)
    if site is None:
        sites = tx.assets.sites()
        site = sites[0].code if sites else None
    if site is None:
        return replace(channel, broken_since=since)
    titles = "；".join(one.title for one in lost[:5])
    order = create_order(
        tx,
        site=site,
        kind=Kind.CORRECTIVE,
        origin=Origin.RULE,
        title=LocalName(f"通知渠道不通：{channel.name}", f"Notification channel does not work: {channel.name}"),
        by=BY,
        now=now,
        severity=Severity.MAJOR,
        department=channel.department,
        reason=LocalName(
            f"多次发送失败（{channel.last_error}），已放弃：{titles}",
            f"Sending failed again and again ({channel.last_error}); given up: {titles}",
        ),
        first_checks=(
            LocalName("检查地址和密钥是否仍有效", "See whether its address and key still hold"),
            LocalName("在渠道页发送测试消息", "Send a test by it, then send what was given up once more"),
        ),
        tags=(CHANNEL_BROKEN,),
        gathered={"channel": channel.id},
    )
    return replace(channel, broken_since=since, ticket=order.id)


def arrived_again(tx: MaintenanceTx, channel: Channel, now: datetime) -> None:
    """A message got through: the history of the channel's ticket says so. A person closes it."""
    if channel.broken_since is None or channel.ticket is None or _is_over(tx, channel.ticket):
        return
    order = tx.orders.get(channel.ticket)
    line = "渠道已恢复，消息已送达 / the channel works again: a message has arrived"
    tx.orders.add_transition(Transition(order.id, order.state, now, now, BY, line))


def elsewhere(tx: MaintenanceTx, message: Message, channel: Channel, now: datetime) -> int:
    """Tell the site's other channels of an urgent message that does not get through by its own."""
    title = LocalName(message.title, message.title)
    said = LocalName(
        f"（经渠道“{channel.name}”未能送达）\n{message.body}",
        f"(not delivered by channel {channel.name!r})\n{message.body}",
    )
    notice = Notice(
        topic=message.topic,
        site=message.site,
        title=title,
        lines=(said,),
        dedup=f"{message.dedup}:elsewhere",
        severity=message.severity,
        urgent=True,
        work_order=message.work_order,
        clock=message.clock,
        facts={key: message.payload[key] for key in ("work_order", "clock") if key in message.payload},
    )
    site = site_of(tx, notice)
    others = [one for one in tx.channels.list(site=site) if one.failures == 0]
    return enqueue(tx, notice, groups(others, notice, None, channel.id, site=site), now)


def _is_over(tx: MaintenanceTx, order_id: str) -> bool:
    try:
        return tx.orders.get(order_id).state in ENDED
    except NotFound:
        return True
