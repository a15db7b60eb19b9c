"""An import from its file to its answer, and undoing one.

Reading and comparing happen in a reading transaction, which keeps nobody waiting; what has been found is written in one
transaction, if the ledger is still as it was, else it is found again. A run is on record from its beginning, so that
its progress can be looked up; with errors, or when it ends in the middle, nothing of the table is written.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import BinaryIO

from maintenance.imports.files import open_book, too_large
from maintenance.imports.grids import MAX_BYTES, Book
from maintenance.imports.kinds import Asked, TableKind
from maintenance.imports.outcome import Change, Outcome
from maintenance.imports.ports import ImportRun, ImportState, Mode, Phase
from maintenance.imports.problems import Problem, Problems, Unreadable, in_words
from maintenance.imports.registry import KINDS, kind_named
from maintenance.imports.tables import count_known
from maintenance.imports.undoing import conflicts, restored
from maintenance.ports import MaintenanceTx
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key
from plantroom.errors import Conflict, NotFound, PlantroomError
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import Contended, Ledger

DRY_RUNS_KEPT = timedelta(days=7)
TELLS_EVERY = 2_000
"""Rows after which a run's progress is written down."""

Progress = Callable[[Phase, int, int], None]
"""Hears the phase, how many rows are done, and of how many (0: not known)."""


def unheard(_phase: Phase, _done: int, _total: int) -> None:
    """Progress that nobody asks for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be imported: the kind, the file's name, and who asks. ``id`` may be chosen by the caller, to look the
    progress up by; a second import of the same id and file gives the first one's answer."""

    kind: str
    file: str
    mode: Mode
    asked: Asked
    id: str | None = None


def run_import(
    ledger: Ledger[MaintenanceTx], wanted: Wanted, file: BinaryIO, clock: Clock, progress: Progress = unheard
) -> dict[str, object]:
    """Import a file that can be read from any place in it. Gives the document of CONTRACTS' ``/imports``.

    Raises ``BadData`` for an unknown kind, ``Conflict`` for an id that stands for something else, ``Unreachable`` when
    the ledger is away."""
    kind = kind_named(wanted.kind)
    run = ImportRun(
        wanted.id or new_key(), kind.key, wanted.mode, ImportState.RUNNING, wanted.file, _digest(file), wanted.asked.by,
        wanted.asked.now, wanted.asked.site, author=wanted.asked.author,
    )  # fmt: skip
    known = _begin(ledger, run)
    if known is not None:
        return known
    job = _Job(ledger, kind, wanted, run, clock, progress)
    try:
        return job.done(file)
    finally:
        job.give_up()


def _digest(file: BinaryIO) -> str:
    """SHA-256 of the file; of one that is too large to be read only what stands for it."""
    size = file.seek(0, 2)
    file.seek(0)
    if size > MAX_BYTES:
        return f"{size} bytes"
    made = hashlib.sha256()
    while block := file.read(1 << 20):
        made.update(block)
    file.seek(0)
    return made.hexdigest()


def _begin(ledger: Ledger[MaintenanceTx], run: ImportRun) -> dict[str, object] | None:
    with ledger.begin() as tx:
        known = tx.imports.find(run.id)
        if known is not None:
            document = tx.imports.document(run.id)
            same = (known.kind, known.mode, known.sha256, known.site, known.author)
            if document is None or same != (run.kind, run.mode, run.sha256, run.site, run.author):
                raise Conflict(f"there is an import {run.id!r} already")
            return dict(document)
        tx.imports.forget_dry_runs(run.started_at - DRY_RUNS_KEPT)
        tx.imports.add(run)
    return None


class _Job:
    """One run."""

    def __init__(
        self,
        ledger: Ledger[MaintenanceTx],
        kind: TableKind,
        wanted: Wanted,
        run: ImportRun,
        clock: Clock,
        progress: Progress,
    ) -> None:
        self._ledger, self._kind, self._wanted = ledger, kind, wanted
        self._run, self._clock, self._progress = run, clock, progress
        self._changes = 0
        self._told = {Phase.READING: 0, Phase.COMPARING: -TELLS_EVERY}
        self._asked = replace(wanted.asked, told=self._tell, compared=self._compared, written=self._written)

    def done(self, file: BinaryIO) -> dict[str, object]:
        """Read, compare, write; the answer."""
        book: Book | None = None
        try:
            book = open_book(file, self._wanted.file)
            with self._ledger.read() as tx:
                outcome = self._kind.compare(tx, book, self._asked, Problems())
        except Unreadable as error:
            outcome = Outcome()
            outcome.problems.error(error.problem)
            if book is not None and error.problem.code == "missing_column":
                self._say_other_kind(book, error.problem, outcome)
            return self._finish(outcome, ImportState.REFUSED)
        if outcome.problems.wrong:
            return self._finish(outcome, ImportState.REFUSED)
        if self._wanted.mode is Mode.DRY_RUN:
            return self._finish(outcome, ImportState.DONE)
        return self._commit(outcome, book)

    def _say_other_kind(self, book: Book, problem: Problem, outcome: Outcome) -> None:
        """Whoever has chosen the wrong kind is told the right one."""
        fitting = {key: count_known(book, kind.headings, self._asked.sheet) for key, kind in KINDS.items()}
        likely = max(fitting, key=lambda key: fitting[key])
        if not fitting[likely]:
            return
        name = KINDS[likely].name
        said = LocalName(f"表头是“{name.zh}”表的", f"the headings are those of {name.en.lower()}")
        message = in_words("other_kind", said)
        outcome.problems.error(replace(problem, column="", code="other_kind", message=message))

    def _commit(self, outcome: Outcome, book: Book) -> dict[str, object]:
        total = len(outcome.changes)
        self._progress(Phase.WRITING, 0, total)
        self._note(Phase.WRITING, 0, total)
        self._changes = total
        with self._ledger.begin() as tx:
            if not self._kind.still(tx, outcome):
                outcome = self._kind.compare(tx, book, self._asked, Problems())
                if not self._kind.still(tx, outcome):
                    raise Contended("somebody else changes the same records at this moment: import the file again")
            if not outcome.problems.wrong:
                self._kind.write(tx, outcome.changes, self._asked)
                tx.imports.add_changes(self._run.id, outcome.changes)
            return self._close(tx, outcome, ImportState.REFUSED if outcome.problems.wrong else ImportState.DONE)

    def _finish(self, outcome: Outcome, state: ImportState) -> dict[str, object]:
        with self._ledger.begin() as tx:
            return self._close(tx, outcome, state)

    def _close(self, tx: MaintenanceTx, outcome: Outcome, state: ImportState) -> dict[str, object]:
        document = _document(self._wanted, self._run.id, state, outcome)
        problems = outcome.problems
        counts = {} if problems.wrong else outcome.counts
        self._run = replace(
            self._run,
            state=state,
            phase=Phase.FINISHED,
            total=sum(counts.values()) or self._run.total,
            done=sum(counts.values()),
            errors=len(problems.errors) + problems.errors_left_off,
            warnings=len(problems.warnings) + problems.warnings_left_off,
            finished_at=self._clock.now(),
            created=counts.get("created", 0),
            updated=counts.get("updated", 0),
            unchanged=counts.get("unchanged", 0),
        )
        tx.imports.update(self._run)
        tx.imports.put_document(self._run.id, document)
        self._progress(Phase.FINISHED, self._run.done, self._run.total)
        return document

    def _tell(self, rows: int) -> None:
        self._heard(Phase.READING, rows, 0)

    def _compared(self, rows: int, total: int) -> None:
        self._heard(Phase.COMPARING, rows, total)

    def _written(self, changes: int) -> None:
        """Told and not written down: that would wait for the transaction that writes."""
        self._progress(Phase.WRITING, min(changes, self._changes), self._changes)

    def _heard(self, phase: Phase, rows: int, total: int) -> None:
        """What is done again while the import is written is not written down: that would wait for itself."""
        self._progress(phase, rows, total)
        if rows - self._told[phase] >= TELLS_EVERY:
            self._told[phase] = rows
            self._note(phase, rows, total)

    def _note(self, phase: Phase, done: int, total: int) -> None:
        """Write the progress down; that it cannot be is no reason to stop."""
        self._run = replace(self._run, phase=phase, done=done, total=total)
        with suppress(PlantroomError), self._ledger.begin() as tx:
            tx.imports.update(self._run)

    def give_up(self) -> None:
        """A run that has not ended by itself has failed; who cannot write that down now says so by its age."""
        if self._run.state is ImportState.RUNNING:
            ended = replace(self._run, state=ImportState.FAILED, finished_at=self._clock.now())
            with suppress(PlantroomError), self._ledger.begin() as tx:
                tx.imports.update(ended)


def _document(wanted: Wanted, import_id: str, state: ImportState, outcome: Outcome) -> dict[str, object]:
    """The answer, of every import the same fields."""
    return {
        "kind": wanted.kind,
        "mode": wanted.mode.value,
        "state": state.value,
        "file": wanted.file,
        "site": wanted.asked.site,
    } | outcome.document(import_id)


def refuse_size(wanted: Wanted, size: int) -> dict[str, object]:
    """The answer to a file that is too large to be looked at; it is not on record."""
    outcome = Outcome()
    outcome.problems.error(too_large(wanted.file, size).problem)
    return _document(wanted, wanted.id or new_key(), ImportState.REFUSED, outcome)


def undo_import(ledger: Ledger[MaintenanceTx], import_id: str, asked: Asked) -> dict[str, object]:
    """Put back what an import has changed, all of it or nothing.

    Gives ``{"import_id", "undone", "errors": [...]}``; with errors, which name what has been changed or used since,
    nothing is put back. Raises ``NotFound``, ``Conflict`` for one that wrote nothing or is undone already."""
    with ledger.read() as tx:
        run = tx.imports.find(import_id)
        if run is None:
            raise NotFound(f"there is no import {import_id!r}")
        _require_undoable(run)
        changes = tx.imports.changes(import_id)
    try:
        with ledger.begin() as tx:
            _put_back(tx, import_id, changes, asked)
    except _InTheWay as error:
        return {"import_id": import_id, "undone": 0, "errors": [one.as_json() for one in error.problems]}
    return {"import_id": import_id, "undone": len(changes), "errors": []}


def _put_back(tx: MaintenanceTx, import_id: str, changes: Sequence[Change], asked: Asked) -> None:
    run = tx.imports.lock(import_id)
    _require_undoable(run)
    kind = kind_named(run.kind)
    now = kind.current(tx, changes)
    problems = conflicts(changes, now) or kind.revert(tx, restored(changes, now), asked)
    if problems:
        raise _InTheWay(problems)
    tx.imports.update(replace(run, state=ImportState.UNDONE, undone_at=asked.now, undone_by=asked.by))


class _InTheWay(Exception):
    """Ends the transaction with nothing written."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(len(problems))
        self.problems = problems


def _require_undoable(run: ImportRun) -> None:
    if run.state is ImportState.UNDONE:
        raise Conflict(f"该导入已于{_day(run.undone_at)}撤销 / this import was undone on {_day(run.undone_at)}")
    if run.mode is not Mode.COMMIT or run.state is not ImportState.DONE:
        raise Conflict("该导入没有写入任何内容 / this import has written nothing")


def _day(at: datetime | None) -> str:
    return "" if at is None else at.date().isoformat()
