"""Port of loop tests."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from maintenance.loop_tests import LoopCheck, LoopTest
from plantroom.ports.paging import Page, PageRequest, Scope


class LoopTestRepository(ABC):
    """Loop tests and their checks."""

    @abstractmethod
    def add(self, test: LoopTest, checks: Sequence[LoopCheck]) -> None:
        """Checks are numbered by the caller. ``Conflict`` when one of their assets is in a test that is going on, also
        against another writer at the same moment."""

    @abstractmethod
    def get(self, test_id: str) -> LoopTest:
        """``NotFound``."""

    @abstractmethod
    def lock(self, test_id: str) -> LoopTest:
        """As ``get``, and nobody else changes the test or its checks until the transaction ends."""

    @abstractmethod
    def update(self, test: LoopTest) -> None:
        """Write one that is there."""

    @abstractmethod
    def checks(self, test_id: str) -> Sequence[LoopCheck]:
        """By number."""

    @abstractmethod
    def active(self, test_id: str) -> Sequence[LoopCheck]:
        """Those of its checks that something can become of by itself, by number: what is asked for, what waits for a
        person or for its ticket, and the first one that waits for its turn."""

    @abstractmethod
    def any_failed(self, test_id: str) -> bool:
        """Whether one of its checks has failed."""

    @abstractmethod
    def put_checks(self, checks: Sequence[LoopCheck]) -> None:
        """Write checks that are there."""

    @abstractmethod
    def asked(self, asset: str) -> LoopCheck | None:
        """The check of the asset that is being asked for now, in a test that is going on."""

    @abstractmethod
    def running(self) -> Sequence[str]:
        """Ids of the tests that are going on, the oldest first."""

    @abstractmethod
    def list(
        self, scope: Scope, page: PageRequest, site: str | None = None, state: str | None = None
    ) -> Page[LoopTest]:
        """Newest first."""
