"""Port of the scheduler's jobs; part of the ledger's transaction, with its errors."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from maintenance.scheduled import JobRun


class JobRepository(ABC):
    """When the scheduler's jobs last ran, on whatever host."""

    @abstractmethod
    def runs(self) -> Mapping[str, JobRun]:
        """By name."""

    @abstractmethod
    def put(self, run: JobRun) -> None:
        """Add or replace the word on a job."""
