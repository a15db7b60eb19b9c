"""Notification channels, and the outbox of what goes out by them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from maintenance.notify.channels import Channel
from maintenance.notify.messages import Message
from maintenance.notify.ports import ChannelRepository, Forgotten, MessageFilter, NotificationRepository
from plantroom.errors import BadData, Conflict, FieldProblem, NotFound, VersionConflict
from plantroom.ports.paging import EVERYTHING, Page, PageRequest, Scope
from plantroom.storage.ledger import tables_notify as t
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_plant import sites
from plantroom.storage.ledger.work import Work, chunks, in_scope

CHANNELS = Record(Channel, t.channels)
MESSAGES = Record(Message, t.notifications)
_c = t.channels.c
_n = t.notifications.c
_SORTS: Mapping[str, Keys] = {"created_at": (_n.created_at, _n.id)}
_HOW_IT_GOES = (
    "failures", "last_ok_at", "last_failed_at", "last_error", "broken_since", "ticket", "digest_at", "resting_until",
)  # fmt: skip
_BECAME = ("attempts", "next_try", "delivered_at", "given_up_at", "withdrawn_at", "error", "digest", "replays")
_STATES: Mapping[str, sa.ColumnElement[bool]] = {
    "waiting": _n.next_try.is_not(None),
    "delivered": sa.and_(_n.next_try.is_(None), _n.delivered_at.is_not(None)),
    "withdrawn": sa.and_(_n.next_try.is_(None), _n.delivered_at.is_(None), _n.withdrawn_at.is_not(None)),
    "failed": sa.and_(_n.next_try.is_(None), _n.delivered_at.is_(None), _n.withdrawn_at.is_(None)),
}


class SqlChannels(ChannelRepository):
    """``ChannelRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def add(self, channel: Channel) -> None:
        self._check(channel)
        self._connection.execute(t.channels.insert(), CHANNELS.row(channel))

    def get(self, channel_id: str) -> Channel:
        row = self._connection.execute(CHANNELS.select().where(_c.id == channel_id)).first()
        if row is None:
            raise NotFound(f"there is no channel {channel_id!r}")
        return CHANNELS.item(row)

    def named(self, name: str) -> Channel | None:
        row = self._connection.execute(CHANNELS.select().where(_c.name == name)).first()
        return None if row is None else CHANNELS.item(row)

    def list(self, scope: Scope = EVERYTHING, site: str | None = None) -> Sequence[Channel]:
        statement = CHANNELS.select().order_by(_c.name)
        if scope.sites is not None:
            statement = statement.where(_c.site.in_(sorted(scope.sites)))
        if site is not None:
            statement = statement.where(sa.or_(_c.site == site, _c.site.is_(None)))
        return [CHANNELS.item(row) for row in self._connection.execute(statement)]

    def update(self, channel: Channel, expected_version: int) -> Channel:
        self._check(channel)
        changed = replace(channel, version=expected_version + 1)
        values = {name: value for name, value in CHANNELS.row(changed).items() if name not in _HOW_IT_GOES}
        this = t.channels.update().where(_c.id == channel.id, _c.version == expected_version)
        if self._connection.execute(this, values).rowcount != 1:
            stored = self.get(channel.id)
            raise VersionConflict(f"the channel is at version {stored.version} by now, not {expected_version}")
        return changed

    def note(self, channel: Channel) -> None:
        row = CHANNELS.row(channel)
        values = {name: row[name] for name in _HOW_IT_GOES}
        self._connection.execute(t.channels.update().where(_c.id == channel.id), values)

    def remove(self, channel_id: str) -> None:
        if self._connection.execute(t.channels.delete().where(_c.id == channel_id)).rowcount != 1:
            raise NotFound(f"there is no channel {channel_id!r}")

    def claim(self, holder: str, now: datetime, until: datetime, limit: int) -> Sequence[Channel]:
        due = sa.select(_n.channel).where(_n.next_try <= now)
        free = (
            CHANNELS.select()
            .where(
                _c.id.in_(due),
                _c.active.is_(True),
                sa.or_(_c.claimed_until.is_(None), _c.claimed_until <= now),
                sa.or_(_c.resting_until.is_(None), _c.resting_until <= now),
            )
            .order_by(_c.id)
            .limit(limit)
        )
        found = [CHANNELS.item(row) for row in self._connection.execute(self._work.locking(free, waiting=False))]
        if found:
            these = t.channels.update().where(_c.id.in_([one.id for one in found]))
            self._connection.execute(these, {"claimed_by": holder, "claimed_until": until})
        return found

    def release(self, channel_id: str, holder: str) -> None:
        this = t.channels.update().where(_c.id == channel_id, _c.claimed_by == holder)
        self._connection.execute(this, {"claimed_by": None, "claimed_until": None})

    def _check(self, channel: Channel) -> None:
        if channel.site is not None:
            known = sa.select(sites.c.code).where(sites.c.code == channel.site)
            if self._connection.execute(known).first() is None:
                raise NotFound(f"there is no site {channel.site!r}")
        other = self.named(channel.name)
        if other is not None and other.id != channel.id:
            raise Conflict(f"there is a channel {channel.name!r} already")


class SqlNotifications(NotificationRepository):
    """``NotificationRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def add(self, messages: Sequence[Message]) -> int:
        insert = self._work.backend.insert(t.notifications).on_conflict_do_nothing(index_elements=["channel", "dedup"])
        new = insert.returning(_n.id)
        added = sum(self._connection.execute(new, MESSAGES.row(one)).first() is not None for one in messages)
        self._work.wakes = self._work.wakes or added > 0
        return added

    def anything_due(self, now: datetime) -> bool:
        statement = sa.select(_n.id).where(_n.next_try <= now).limit(1)
        return self._connection.execute(statement).first() is not None

    def due(self, channel_id: str, now: datetime, limit: int) -> Sequence[Message]:
        statement = MESSAGES.select().where(_n.channel == channel_id, _n.next_try <= now)
        ordered = statement.order_by(_n.attempts, _n.urgent.desc(), _n.created_at, _n.id).limit(limit)
        return [MESSAGES.item(row) for row in self._connection.execute(ordered)]

    def sent_alone(self, channel_id: str, since: datetime) -> int:
        statement = sa.select(sa.func.count()).where(
            _n.channel == channel_id, _n.delivered_at > since, _n.digest.is_(None)
        )
        return int(self._connection.execute(statement).scalar_one())

    def get(self, message_id: str) -> Message:
        row = self._connection.execute(MESSAGES.select().where(_n.id == message_id)).first()
        if row is None:
            raise NotFound(f"there is no notification {message_id!r}")
        return MESSAGES.item(row)

    def note(self, messages: Sequence[Message]) -> None:
        for one in messages:
            row = MESSAGES.row(one)
            values = {name: row[name] for name in _BECAME}
            this = t.notifications.update().where(_n.id == one.id)
            # What failed and was taken back meanwhile is not tried again.
            if one.delivered_at is None and one.attempts > 0:
                this = this.where(_n.withdrawn_at.is_(None))
            self._connection.execute(this, values)

    def postpone(self, channel_id: str, until: datetime, *, urgent: bool) -> None:
        these = t.notifications.update().where(_n.channel == channel_id, _n.next_try < until)
        if not urgent:
            these = these.where(_n.urgent.is_(False))
        self._connection.execute(these, {"next_try": until})

    def withdraw(self, order_id: str, clocks: Sequence[str], now: datetime) -> int:
        these = t.notifications.update().where(
            _n.work_order == order_id, _n.next_try.is_not(None), _n.clock.in_(clocks)
        )
        return self._connection.execute(these, {"next_try": None, "withdrawn_at": now}).rowcount

    def withdraw_of(self, channel_id: str, now: datetime) -> int:
        these = t.notifications.update().where(_n.channel == channel_id, _n.next_try.is_not(None))
        return self._connection.execute(these, {"next_try": None, "withdrawn_at": now}).rowcount

    def list(self, filters: MessageFilter, page: PageRequest) -> Page[Message]:
        conditions = in_scope(_n.site, filters.scope, filters.site)
        for column, value in ((_n.channel, filters.channel), (_n.work_order, filters.work_order)):
            if value is not None:
                conditions.append(column == value)
        if filters.state is not None:
            if filters.state not in _STATES:
                words = f"should be one of {', '.join(_STATES)}"
                raise BadData(f"state: {words}", [FieldProblem("state", "unknown", words)])
            conditions.append(_STATES[filters.state])
        statement = MESSAGES.select().where(*conditions)
        return fetch_page(self._connection, statement, _SORTS, "-created_at", page, MESSAGES.item)

    def forget(self, before: datetime, limit: int) -> Forgotten:
        over = (
            sa.select(_n.id, _n.work_order, _n.delivered_at)
            .where(
                _n.created_at < before,
                _n.next_try.is_(None),
                sa.func.coalesce(_n.delivered_at, _n.withdrawn_at) < before,
                sa.or_(_n.work_order.is_not(None), _n.body != ""),
            )
            .order_by(_n.created_at, _n.id)
            .limit(limit)
        )
        rows = self._connection.execute(self._work.locking(over, waiting=False)).all()
        cut = [one.id for one in rows if one.work_order is None]
        gone = [one.id for one in rows if one.work_order is not None]
        for some in chunks(cut):
            self._connection.execute(t.notifications.update().where(_n.id.in_(some)), {"body": "", "payload": {}})
        for some in chunks(gone):
            self._connection.execute(t.notifications.delete().where(_n.id.in_(some)))
        delivered = sum(one.work_order is not None and one.delivered_at is not None for one in rows)
        return Forgotten(delivered, len(gone) - delivered, len(cut))

    def waiting(self) -> int:
        statement = sa.select(sa.func.count()).where(_n.next_try.is_not(None))
        return int(self._connection.execute(statement).scalar_one())
