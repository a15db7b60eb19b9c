"""Port of the topic sources: how messages of foreign devices are found and mapped."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from plantroom.domain.sources import TopicSource


class SourceRepository(ABC):
    """Topic sources of all sites. Every change raises the plant's revision.

    A topic of one site is never taken by another's source: filters of two sites that have a topic in common, and
    equal ones of one site, are a ``Conflict``.
    """

    @abstractmethod
    def list(self, site: str | None = None) -> Sequence[TopicSource]:
        """By site, name and key."""

    @abstractmethod
    def get(self, key: str) -> TopicSource:
        """``NotFound`` for an unknown key."""

    @abstractmethod
    def add(self, source: TopicSource) -> None:
        """``NotFound`` for an unknown site, ``Conflict`` for a key or filter that is taken."""

    @abstractmethod
    def update(self, source: TopicSource, expected_version: int | None) -> TopicSource:
        """Write all fields but key and site. Gives the source with its new version; ``VersionConflict`` when
        ``expected_version`` is not the stored one, ``Conflict`` for a filter that is taken."""

    @abstractmethod
    def remove(self, key: str) -> None:
        """``NotFound`` for an unknown key."""
