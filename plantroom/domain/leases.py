"""Which collector holds which partition: the decision alone, over what all collectors see in the ledger.

A partition is a site (or all unknown sites together). Every collector runs the same rules on the same view, so nobody
is in charge: who has fewer than its share takes what is free, who has more than its share gives some back while
somebody else is short. Shares differ by one at most, hence nothing is handed to and fro.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

SETTLE_MS = 5_000
"""How long a collector must have been there before others give up partitions for it: one that keeps failing at its
start gets none."""

GRACE_MS = 3_000
"""How long a free partition waits for a collector that is short of its share; then anybody takes it."""


FAR = 3
"""A lease that counts for more than so many of its lengths dates from before the database's clock was set back."""

AT_ONCE = 4
"""So many partitions a collector gives back at a time: they stand still while they change hands."""


@dataclass(frozen=True, slots=True)
class LeaseState:
    """A partition as the ledger shows it. ``left_ms``: how long the lease still counts, by the database's clock;
    negative: for how long the partition has been free. ``epoch`` rises with every take-over. ``ready``: a holder's
    sessions have been confirmed by the broker at least once."""

    partition: str
    holder: str | None
    epoch: int
    left_ms: int
    ready: bool = False

    def free(self, lease_ms: int) -> bool:
        """Whether anybody may take it, where leases are so long."""
        return self.holder is None or not 0 < self.left_ms <= FAR * lease_ms


@dataclass(frozen=True, slots=True)
class Member:
    """A collector: for how long it has been there, and since when it has said nothing."""

    holder: str
    age_ms: int
    silent_ms: int


@dataclass(frozen=True, slots=True)
class LeaseView:
    """All leases and collectors at one moment of the database's clock."""

    leases: Mapping[str, LeaseState] = field(default_factory=dict)
    members: Sequence[Member] = ()

    def others(self, me: str, lease_ms: int) -> frozenset[str]:
        """Collectors beside ``me`` that gave a sign of life within a lease's length."""
        said = -FAR * lease_ms, lease_ms
        return frozenset(m.holder for m in self.members if m.holder != me and said[0] < m.silent_ms < said[1])

    def holders(self, lease_ms: int) -> frozenset[str]:
        """Who holds something now, whether or not it wants a share."""
        return frozenset(one.holder for one in self.leases.values() if one.holder and not one.free(lease_ms))


@dataclass(frozen=True, slots=True)
class Moves:
    """What one collector does next."""

    take: tuple[str, ...] = ()
    release: tuple[str, ...] = ()


def liking(holder: str, partition: str) -> int:
    """How much a collector is drawn to a partition (highest random weight): the same everywhere, different for all."""
    digest = hashlib.blake2b(f"{holder}\0{partition}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def decide(view: LeaseView, me: str, partitions: Collection[str], held: Collection[str], lease_ms: int) -> Moves:
    """Partitions that ``me`` takes now and those that it gives back. O(partitions log partitions)."""
    live = view.others(me, lease_ms) | {me}
    free = [p for p in partitions if p not in held and _is_free(view, p, lease_ms)]
    release = () if free else _to_release(view, me, held, live, lease_ms)  # those who are short take what is free first
    return Moves(_to_take(view, me, partitions, held, free, len(live)), release)


def _to_take(
    view: LeaseView, me: str, partitions: Collection[str], held: Collection[str], free: Sequence[str], live: int
) -> tuple[str, ...]:
    share = -(-len(partitions) // live)
    wanted = sorted(free, key=lambda p: liking(me, p), reverse=True)[: max(0, share - len(held))]
    left_over = [p for p in free if p not in wanted and p in view.leases and view.leases[p].left_ms < -GRACE_MS]
    return tuple(sorted([*wanted, *left_over]))


def _to_release(
    view: LeaseView, me: str, held: Collection[str], live: Collection[str], lease_ms: int
) -> tuple[str, ...]:
    settled = [m.holder for m in view.members if m.holder in live and m.holder != me and m.age_ms >= SETTLE_MS]
    if not settled:
        return ()
    counts = dict.fromkeys(settled, 0)
    for lease in view.leases.values():
        if lease.holder in counts and not lease.free(lease_ms):
            counts[lease.holder] += 1
    mine, number = len(held), 0
    while number < AT_ONCE and mine - min(counts.values()) > 1:
        counts[min(counts, key=counts.__getitem__)] += 1
        mine, number = mine - 1, number + 1
    return tuple(sorted(held, key=lambda p: liking(me, p))[:number])


def _is_free(view: LeaseView, partition: str, lease_ms: int) -> bool:
    lease = view.leases.get(partition)
    return lease is None or lease.free(lease_ms)
