"""Port of the imports: what was imported, how far a running one is, and what undoing it puts back.

Part of the ledger's transaction, with its errors."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from maintenance.imports.outcome import Change
from plantroom.ports.paging import Page, PageRequest, Scope


class Mode(StrEnum):
    """Whether an import only shows what it would do."""

    DRY_RUN = "dry_run"
    COMMIT = "commit"


class ImportState(StrEnum):
    """Where an import stands. ``refused``: with errors, nothing written; ``failed``: ended by something unforeseen,
    nothing written either."""

    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    UNDONE = "undone"


class Phase(StrEnum):
    """What a running import is doing."""

    READING = "reading"
    COMPARING = "comparing"
    WRITING = "writing"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class ImportRun:
    """One import. ``site``: the one that it was for (``None``: named by the rows, or of every site). ``done`` rows of
    ``total`` (0: not known yet) in its ``phase``."""

    id: str
    kind: str
    mode: Mode
    state: ImportState
    file: str
    sha256: str
    by: str
    started_at: datetime
    site: str | None = None
    phase: Phase = Phase.READING
    done: int = 0
    total: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: int = 0
    warnings: int = 0
    finished_at: datetime | None = None
    undone_at: datetime | None = None
    undone_by: str | None = None
    author: str = ""
    """The id of the person or token, which is theirs alone; names are not."""


@dataclass(frozen=True, slots=True)
class ImportFilter:
    """Filters that are given must all hold. A run is seen by those who see its site, and by its ``author``."""

    scope: Scope
    author: str = ""
    kind: str | None = None
    state: str | None = None
    site: str | None = None
    without_kinds: tuple[str, ...] = ()


class ImportRepository(ABC):
    """Imports and their changes."""

    @abstractmethod
    def add(self, run: ImportRun) -> None:
        """``Conflict`` when the id is taken."""

    @abstractmethod
    def find(self, import_id: str) -> ImportRun | None: ...

    @abstractmethod
    def lock(self, import_id: str) -> ImportRun:
        """The run, which nobody else changes until the transaction ends. ``NotFound``."""

    @abstractmethod
    def update(self, run: ImportRun) -> None: ...

    @abstractmethod
    def list(self, filters: ImportFilter, page: PageRequest) -> Page[ImportRun]:
        """Newest first."""

    @abstractmethod
    def put_document(self, import_id: str, document: Mapping[str, object]) -> None:
        """What the import has answered."""

    @abstractmethod
    def document(self, import_id: str) -> Mapping[str, object] | None: ...

    @abstractmethod
    def add_changes(self, import_id: str, changes: Sequence[Change]) -> None:
        """The records as they were before and are after, in the order in which they were written."""

    @abstractmethod
    def changes(self, import_id: str) -> Sequence[Change]:
        """In that order."""

    @abstractmethod
    def forget_dry_runs(self, before: datetime) -> int:
        """Take dry runs away that began before an instant; gives how many."""
