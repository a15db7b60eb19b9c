"""Instants in memory, which outlive whoever uses them as a file does; ``away`` they cannot be kept."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from plantroom.errors import Unreachable
from plantroom.ports.instants import GivenInstant, InstantLog, InstantTx


class MemoryInstants(InstantLog, InstantTx):
    away = False

    def __init__(self, kept: int = 1 << 20) -> None:
        self._kept = kept
        self._given: dict[tuple[str, int], GivenInstant] = {}
        self._taken: set[tuple[str, int]] = set()
        self._assets: dict[str, None] = {}

    @contextmanager
    def begin(self) -> Iterator[InstantTx]:
        before = dict(self._given), set(self._taken), dict(self._assets)
        try:
            yield self
            self._check()
        except BaseException:
            self._given, self._taken, self._assets = before
            raise
        while len(self._given) > self._kept:
            asset, said = next(iter(self._given))
            self._taken.discard((asset, self._given.pop((asset, said)).ts_ms))

    def _check(self) -> None:
        if self.away:
            raise Unreachable("instants", "database or disk is full")

    def find(self, asset: str, said: int) -> GivenInstant | None:
        return self._given.get((asset, said))

    def is_taken(self, asset: str, ts_ms: int) -> bool:
        return (asset, ts_ms) in self._taken

    def put(self, asset: str, said: int, given: GivenInstant) -> None:
        self._assets[asset] = None
        before = self._given.get((asset, said))
        if before is not None:
            self._given[asset, said] = before._replace(other=given.other)
        elif (asset, given.ts_ms) not in self._taken:
            self._given[asset, said] = given
            self._taken.add((asset, given.ts_ms))

    def assets(self) -> Sequence[str]:
        return list(self._assets)

    def add_assets(self, assets: Collection[str]) -> None:
        self._check()
        self._assets |= dict.fromkeys(assets)

    def close(self) -> None:
        pass
