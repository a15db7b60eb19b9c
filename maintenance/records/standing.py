"""Rows of the ledger beside what the history says of them. Pure.

Every change to a table that is kept is an entry; so the entries of a row, one after the other, say what stands in the
table, or that nothing does. Each begins with what the one before it left: else the row was changed past the history in
between, and what the program went on from is no less wrong. ``maintenance.records.closed`` does the same for closed
occurrences.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from maintenance.records.folding import Document, changed, document, told, value
from plantroom.domain.audit import Action
from plantroom.domain.audit_verify import Broken, Place, Tampering
from plantroom.ports.audit import Change, KeptTable


def rows_as_entered(table: KeptTable, entered: Iterator[Change], stored: Iterator[tuple[str, str]]) -> int:
    """How many rows the table has, all of them as the history has them; else ``Broken`` at the first that is not. Both
    come by key, byte by byte; ``stored`` with the canonical JSON of the row. One pass, constant memory."""
    look = _Looking(table)
    count, held = 0, next(stored, None)
    for key, changes in groupby(entered, lambda one: one.key):
        said = list(changes)
        look.nothing_before(key, held)
        now = held[1] if held is not None and held[0] == key else None
        look.same(key, said, now)
        if now is not None:
            count, held = count + 1, next(stored, None)
    look.nothing_before(None, held)
    return count


class _Looking:
    """The rows of one table."""

    def __init__(self, table: KeptTable) -> None:
        self._table = table

    def nothing_before(self, key: str | None, held: tuple[str, str] | None) -> None:
        """What comes before the history's next one is in no entry."""
        if held is not None and (key is None or held[0] < key):
            named = self._named(held[0], document(held[1]))
            self._wrong(Tampering.ROW_INSERTED, None, f"{named} is in no entry of the history: it was put in past it")

    def same(self, key: str, said: Sequence[Change], now: str | None) -> None:
        """Whether a row is what its entries say."""
        last = said[-1]
        if len(said) == 1 and now is not None and last.action == Action.CREATED.value and last.after == now:
            return
        then = self._folded(key, said)
        if then is None and now is None:
            return
        is_ = document(now)
        if then is None:
            words = f"{self._named(key, is_)} stands in the table, and entry {last.position} says that it was removed"
            self._wrong(Tampering.ROW_INSERTED, last.position, words)
        elif now is None:
            words = f"{self._named(key, then)} is not there any more, and no entry of the history says so"
            self._wrong(Tampering.ROW_REMOVED, last.position, words)
        else:
            words = f"is not as the history has it up to entry {last.position}"
            self._compare(key, then, is_, last.position, words)

    def _folded(self, key: str, said: Sequence[Change]) -> Document | None:
        """What came of all changes; ``None``: nothing stands."""
        found: Document | None = None
        for one in said:
            before, after = document(one.before), document(one.after)
            if one.action == Action.STANDS.value:
                found = after
            elif one.action == Action.CREATED.value:
                if found is not None:
                    words = f"{self._named(key, found)} was taken away past the history before entry {one.position}"
                    self._wrong(Tampering.ROW_REMOVED, one.position, f"{words} made it again")
                found = after
            elif found is None:
                words = f"{self._named(key, before | after)} was put in past the history before entry {one.position}"
                self._wrong(Tampering.ROW_INSERTED, one.position, words)
            else:
                is_whole = one.action == Action.REMOVED.value
                then = found if is_whole else {name: value(found, name) for name in before.keys() | after.keys()}
                words = f"was not as the history had it when entry {one.position} came"
                self._compare(key, then, before, one.position, words)
                found = None if is_whole else changed(found, after)
        return found

    def _compare(self, key: str, then: Document, is_: Document, position: int, words: str) -> None:
        differs = told(then, is_, self._table.ignored)
        if differs:
            self._wrong(Tampering.ROW_CHANGED, position, f"{self._named(key, then | is_)} {words}: {differs}")

    def _named(self, key: str, said: Document) -> str:
        label = said.get(self._table.label or "")
        return f"{self._table.name} {key}" + (f" ({label})" if label not in {None, key} else "")

    def _wrong(self, what: Tampering, position: int | None, detail: str) -> None:
        raise Broken(Place(what, position, detail=detail))
