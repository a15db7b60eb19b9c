"""Writing messages into the outbox, in the transaction that gives the reason for them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from maintenance.notify.audience import Audience
from maintenance.notify.channels import Channel, quiet_until, reaches, severe_enough
from maintenance.notify.messages import LONGEST_TITLE, Message, Notice, body_of, cut, in_language, payload_of
from maintenance.ports import MaintenanceTx
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key

ZONE = "Asia/Shanghai"
"""Of channels for every site, for messages that belong to none."""


def enqueue(tx: MaintenanceTx, notice: Notice, audience: Audience, now: datetime) -> int:
    """One message for each channel, unless it has one of the same ``dedup`` already; gives how many were new. What is
    not urgent waits for the end of a channel's quiet hours."""
    made = [message_for(tx, notice, channel, audience.asked[key], now) for key, channel in audience.channels.items()]
    return tx.notifications.add(made)


def notify_channels(tx: MaintenanceTx, notice: Notice, now: datetime, department: str | None = None) -> int:
    """Tell the channels of a notice's site (and department) that want to hear of its severity: for notices that are of
    no ticket (a certificate expires, a report is there). Gives how many messages were new."""
    return enqueue(tx, notice, groups(tx.channels.list(site=notice.site), notice, department), now)


def groups(channels: Iterable[Channel], notice: Notice, department: str | None, *but: str) -> Audience:
    """The channels for many that want to hear of a notice; of another site's, and of the ids ``but``, none."""
    audience = Audience()
    audience.add(
        one
        for one in channels
        if one.active
        and one.user is None
        and one.id not in but
        and (notice.site is None or reaches(one, notice.site, department))
        and severe_enough(one, notice.severity)
    )
    return audience


def message_for(
    tx: MaintenanceTx, notice: Notice, channel: Channel, asked: Sequence[LocalName], now: datetime
) -> Message:
    """A notice as it goes out by one channel."""
    key, wait = new_key(), None
    if not notice.urgent:
        site = channel.site or notice.site
        zone = ZoneInfo(ZONE if site is None else tx.assets.site(site).time_zone)
        wait = quiet_until(channel, zone, now)
    return Message(
        id=key,
        channel=channel.id,
        dedup=notice.dedup,
        topic=notice.topic,
        site=notice.site,
        work_order=notice.work_order,
        clock=notice.clock,
        severity=notice.severity,
        urgent=notice.urgent,
        title=cut(in_language(notice.title, channel.language), LONGEST_TITLE),
        body=body_of(notice, channel.language, asked),
        payload=payload_of(notice, key, now),
        created_at=now,
        next_try=wait or now,
    )
