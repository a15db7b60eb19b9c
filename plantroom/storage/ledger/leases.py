"""Leases of partitions, by the database's clock."""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from plantroom.domain.leases import FAR, LeaseState, LeaseView, Member
from plantroom.ports.leases import Claimed, Lease, LeaseRepository, Taken
from plantroom.storage.ledger import tables_leases as t
from plantroom.storage.ledger.columns import from_microseconds
from plantroom.storage.ledger.work import Work, chunks

FORGET_MS = 24 * 3600 * 1000
"""A collector that has been silent for so long is no member any more."""

WAIT_S = 0.3
"""How long a sign of life or a take-over waits for others: less than a lease lasts without the former."""

NOBODY = ""
"""Who gave a partition back is not taken for its last holder, in order that whoever takes it goes on from the state
that was handed over."""


class SqlLeases(LeaseRepository):
    """``LeaseRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection
        self._now = work.backend.now_ms()

    def beat(
        self, holder: str, held: Mapping[str, int], ready: Collection[str], lease_ms: int, *, member: bool = True
    ) -> LeaseView:
        members = t.lease_members
        self._hurry()
        old = sa.select(members.c.holder).where(members.c.seen_ms < self._now - FORGET_MS)
        if forgotten := self._not_kept_by_others(old):
            self._connection.execute(members.delete().where(members.c.holder.in_(forgotten)))
        if member:
            self._enter_member(holder, lease_ms)
        else:
            self._connection.execute(members.delete().where(members.c.holder == holder))
        c = t.leases.c
        for some in chunks(sorted(held.items())):
            mine = sa.select(c.partition).where(
                c.holder == holder, self._work.backend.among([c.partition, c.epoch], some)
            )
            renewed = t.leases.update().where(c.partition.in_(self._not_kept_by_others(mine)))
            self._connection.execute(renewed.values(renewed_ms=self._now, expires_ms=self._now + lease_ms))
        for names in chunks(sorted(ready)):
            new = sa.select(c.partition).where(c.partition.in_(names), c.ready.is_(False))
            if found := self._not_kept_by_others(new):
                self._connection.execute(t.leases.update().where(c.partition.in_(found)).values(ready=True))
        return self._view()

    def _hurry(self) -> None:
        self._work.backend.hurry(self._connection, WAIT_S)

    def _not_kept_by_others(self, names: sa.Select[tuple[str]]) -> Sequence[str]:
        """Those rows' names, and the rows kept from others, without waiting for anybody: a collector that vanished in
        the middle of a transaction must not take others along."""
        return self._connection.execute(self._work.locking(names, waiting=False)).scalars().all()

    def _enter_member(self, holder: str, lease_ms: int) -> None:
        members = t.lease_members
        row = self._work.backend.insert(members).values(holder=holder, since_ms=self._now, seen_ms=self._now)
        back = sa.case((members.c.seen_ms < self._now - lease_ms, self._now), else_=members.c.since_ms)
        self._connection.execute(
            row.on_conflict_do_update(index_elements=["holder"], set_={"since_ms": back, "seen_ms": self._now})
        )

    def _view(self) -> LeaseView:
        leases, members = t.leases.c, t.lease_members.c
        left = (leases.expires_ms - self._now).label("left_ms")
        columns = leases.partition, leases.holder, leases.epoch, left, leases.ready
        rows = self._connection.execute(sa.select(*columns).order_by(leases.partition))
        shown = {row.partition: LeaseState(*row) for row in rows}
        ages = members.holder, self._now - members.since_ms, self._now - members.seen_ms
        found = self._connection.execute(sa.select(*ages).order_by(members.holder))
        return LeaseView(shown, [Member(*row) for row in found])

    def enter(self, partitions: Collection[str]) -> None:
        if not partitions:
            return
        self._hurry()
        insert = self._work.backend.insert(t.leases).values(
            partition=sa.bindparam("p"), epoch=0, renewed_ms=self._now, expires_ms=self._now, ready=False
        )
        statement = insert.on_conflict_do_nothing(index_elements=["partition"])
        self._connection.execute(statement, [{"p": name} for name in sorted(partitions)])

    def take(self, partition: str, holder: str, lease_ms: int, *, mine: bool = False) -> Taken | None:
        self.enter([partition])
        c = t.leases.c
        left = (c.expires_ms - self._now).label("left_ms")
        statement = sa.select(c.holder, c.last_holder, c.epoch, left).where(c.partition == partition)
        row = self._connection.execute(self._work.locking(statement, waiting=False)).one_or_none()
        if row is None:
            return None
        if row.holder is not None and 0 < row.left_ms <= FAR * lease_ms and not (mine and row.holder == holder):
            return None
        taken = t.leases.update().where(c.partition == partition)
        self._connection.execute(
            taken.values(
                holder=holder,
                last_holder=holder,
                epoch=row.epoch + 1,
                renewed_ms=self._now,
                expires_ms=self._now + lease_ms,
            )
        )
        return Taken(row.epoch + 1, row.last_holder)

    def release(self, partition: str, holder: str, epoch: int) -> bool:
        c = t.leases.c
        own = c.partition == partition, c.holder == holder, c.epoch == epoch
        statement = t.leases.update().where(*own).values(holder=None, last_holder=NOBODY, expires_ms=self._now)
        return self._connection.execute(statement).rowcount > 0

    def leave(self, holder: str, held: Mapping[str, int]) -> None:
        c, members = t.leases.c, t.lease_members
        for some in chunks(sorted(held.items())):
            own = c.holder == holder, self._work.backend.among([c.partition, c.epoch], some)
            self._connection.execute(t.leases.update().where(*own).values(holder=None, expires_ms=self._now))
        left = sa.exists().where(c.holder == holder, c.expires_ms > self._now)
        self._connection.execute(members.delete().where(members.c.holder == holder, ~left))

    def list(self) -> Sequence[Lease]:
        c = t.leases.c
        left = (c.expires_ms - self._now).label("left_ms")
        columns = c.partition, c.holder, c.epoch, c.renewed_ms, c.expires_ms, left
        return [
            Lease(
                partition=row.partition,
                holder=row.holder if row.left_ms > 0 else None,
                epoch=row.epoch,
                renewed_at=from_microseconds(row.renewed_ms * 1000),
                expires_at=from_microseconds(row.expires_ms * 1000),
                left_s=row.left_ms / 1000,
            )
            for row in self._connection.execute(sa.select(*columns).order_by(c.partition))
        ]

    def members(self) -> Mapping[str, float]:
        c = t.lease_members.c
        rows = self._connection.execute(sa.select(c.holder, self._now - c.seen_ms).order_by(c.holder))
        return {holder: silent_ms / 1000 for holder, silent_ms in rows}

    def claim_state(self, partition: str, lane: str, epoch: int) -> Claimed | None:
        self._work.backend.hurry(self._connection)
        states, c = t.lease_states, t.lease_states.c
        none = self._work.backend.insert(states).values(partition=partition, lane=lane, epoch=0, state=b"")
        self._connection.execute(none.on_conflict_do_nothing(index_elements=["partition", "lane"]))
        own = c.partition == partition, c.lane == lane
        row = self._connection.execute(self._work.locking(sa.select(c.epoch, c.state).where(*own))).one()
        if row.epoch > epoch:
            return None
        self._connection.execute(states.update().where(*own).values(epoch=epoch))
        return Claimed(row.epoch, bytes(row.state))

    def may_write(self, partition: str, lane: str, epoch: int) -> bool:
        self._work.backend.hurry(self._connection)
        c = t.lease_states.c
        found = sa.select(c.epoch).where(c.partition == partition, c.lane == lane)
        newest = self._connection.execute(self._work.locking(found)).scalar_one_or_none()
        return newest is None or newest <= epoch

    def put_state(self, partition: str, lane: str, epoch: int, state: bytes) -> bool:
        self._work.backend.hurry(self._connection)
        states = t.lease_states
        insert = self._work.backend.insert(states).values(partition=partition, lane=lane, epoch=epoch, state=state)
        statement = insert.on_conflict_do_update(
            index_elements=["partition", "lane"],
            set_={"epoch": insert.excluded.epoch, "state": insert.excluded.state},
            where=states.c.epoch <= insert.excluded.epoch,
        )
        counted = statement.execution_options(preserve_rowcount=True)
        return self._connection.execute(counted).rowcount > 0

    def state(self, partition: str, lane: str) -> bytes:
        c = t.lease_states.c
        found = self._connection.execute(
            sa.select(c.state).where(c.partition == partition, c.lane == lane)
        ).scalar_one_or_none()
        return b"" if found is None else bytes(found)
