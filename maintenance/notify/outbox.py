"""Writing messages into the outbox, in the transaction that gives the reason for them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from maintenance.notify.audience import Audience
from maintenance.notify.channels import Channel, quiet_until, reaches, severe_enough
from maintenance.notify.messages import LONGEST_TITLE, Message, Notice, body_of, cut, in_language, payload_of
from maintenance.ports import MaintenanceTx
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key
from plantroom.ports.accounts import Grant, Role

ZONE = "Asia/Shanghai"
"""Of channels for every site, for messages that belong to none."""


def enqueue(tx: MaintenanceTx, notice: Notice, audience: Audience, now: datetime) -> int:
    """One message for each channel, unless it has one of the same ``dedup`` already; gives how many were new. What is
    not urgent waits for the end of a channel's quiet hours."""
    made = [message_for(tx, notice, channel, audience.asked[key], now) for key, channel in audience.channels.items()]
    return tx.notifications.add(made)


def notify_channels(tx: MaintenanceTx, notice: Notice, now: datetime, department: str | None = None) -> int:
    """Tell the channels of a notice's site (and department) that want to hear of its severity: for notices that are of
    no ticket (a certificate expires, a report is there). Gives how many messages were new.

    What is of no site is told in the channels for every site, else by those of the administrators of every site; a
    site's channels hear of it only where that is the only site."""
    where = site_of(tx, notice)
    channels = tx.channels.list(site=where)
    audience = groups(channels, notice, department, site=where)
    if where is None and not audience.channels:
        admins = _administrators(tx)
        own = [one for one in channels if one.active and one.user in admins and severe_enough(one, notice.severity)]
        audience.add(own)
        if not own:
            structlog.get_logger().warning("nobody_to_tell", topic=notice.topic, dedup=notice.dedup)
    return enqueue(tx, notice, audience, now)


def site_of(tx: MaintenanceTx, notice: Notice) -> str | None:
    """The site whose channels may hear of a notice: its own; of one that is of none, the only site there is."""
    if notice.site is not None:
        return notice.site
    sites = tx.assets.sites()
    return sites[0].code if len(sites) == 1 else None


def groups(
    channels: Iterable[Channel], notice: Notice, department: str | None, *but: str, site: str | None
) -> Audience:
    """The channels for many that want to hear of a notice of a site (``None``: those for every site alone); of another
    site's, and of the ids ``but``, none."""
    audience = Audience()
    audience.add(
        one
        for one in channels
        if one.active
        and one.user is None
        and one.id not in but
        and (one.site is None if site is None else reaches(one, site, department))
        and severe_enough(one, notice.severity)
    )
    return audience


def _administrators(tx: MaintenanceTx) -> set[str]:
    """User names of those who administer every site."""
    everything = Grant(Role.ADMIN)
    return {user.username for user in tx.accounts.users() if user.active and everything in user.grants}


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
