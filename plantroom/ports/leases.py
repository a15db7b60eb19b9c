"""Port of the leases by which collectors share the sites.

Every instant is the database's: clocks of collectors play no part. What a collector knows of its own lease it measures
from the moment before it asked, on its own monotonic clock.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from plantroom.domain.leases import LeaseView


@dataclass(frozen=True, slots=True)
class Taken:
    """A lease that was taken: its epoch, and who held the partition last (``None``: nobody ever; empty: it was given
    back)."""

    epoch: int
    previous: str | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A lane's state that was claimed: under which epoch it was claimed or written last before (0: never), and what it
    is (empty: none was ever kept)."""

    before: int
    state: bytes


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as people see it; ``holder`` is ``None`` for a partition that nobody holds now."""

    partition: str
    holder: str | None
    epoch: int
    renewed_at: datetime
    expires_at: datetime
    left_s: float


class LeaseRepository(ABC):
    """Leases, the collectors that share them, and the state that goes from holder to holder."""

    @abstractmethod
    def beat(
        self, holder: str, held: Mapping[str, int], ready: Collection[str], lease_ms: int, *, member: bool = True
    ) -> LeaseView:
        """A sign of life: renew those of the holder's leases whose epoch is still the one in ``held`` (an expired one
        too, unless somebody took it), note which are ``ready``, and show what there is then. What another transaction
        is just changing is left as it is and not waited for. ``member``: whether the holder wants a share; one that
        cannot use its disk keeps what it holds and is none."""

    @abstractmethod
    def enter(self, partitions: Collection[str]) -> None:
        """Have a free row for each partition that has none. Raises ``Occupied`` when another transaction that does so
        does not end."""

    @abstractmethod
    def take(self, partition: str, holder: str, lease_ms: int, *, mine: bool = False) -> Taken | None:
        """Take a partition that is free or whose lease has expired (or runs for so long that the database's clock must
        have been set back), with a higher epoch; ``None``: somebody else has it, or is just changing it. ``mine``: one
        that the same holder has by an earlier process of its own too."""

    @abstractmethod
    def release(self, partition: str, holder: str, epoch: int) -> bool:
        """Give it back at once; ``False`` when it was not the holder's any more."""

    @abstractmethod
    def leave(self, holder: str, held: Mapping[str, int]) -> None:
        """The collector ends: those of its leases whose epoch is still the one in ``held`` are free, and it gets no
        share, unless another process of the same holder goes on with others."""

    @abstractmethod
    def list(self) -> Sequence[Lease]:
        """Every partition, by name."""

    @abstractmethod
    def members(self) -> Mapping[str, float]:
        """Collectors that ever gave a sign of life and did not leave, with the seconds since the last one."""

    @abstractmethod
    def claim_state(self, partition: str, lane: str, epoch: int) -> Claimed | None:
        """From now on nobody of a lower epoch keeps a state. Gives the one last kept, or ``None`` when a holder of a
        higher epoch has claimed or written already. Until the transaction ends nobody else claims or writes."""

    @abstractmethod
    def may_write(self, partition: str, lane: str, epoch: int) -> bool:
        """Whether no holder of a higher epoch has claimed or written; none does before the transaction ends."""

    @abstractmethod
    def put_state(self, partition: str, lane: str, epoch: int, state: bytes) -> bool:
        """Keep the state of a partition's lane for whoever holds it next; ``False`` when a holder of a higher epoch has
        claimed or written already."""

    @abstractmethod
    def state(self, partition: str, lane: str) -> bytes:
        """The state last kept, empty when there is none."""
