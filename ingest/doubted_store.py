"""Writing to a readings store that may still have requests under way which nobody waits for any more."""

from plantroom.ports.readings import ReadingBatch, ReadingsStore, WriteResult


class DoubtedStore:
    """A store that has stood still does what it was asked in any order. So after a start (the process before may have
    been killed), and after a request that failed, it is to answer something else before it is asked to write again:
    else an older value of an instant could be stored behind the right one. One thread."""

    def __init__(self, store: ReadingsStore) -> None:
        self._store = store
        self.read = store.read
        self._in_doubt = True

    def write(self, readings: ReadingBatch) -> WriteResult:
        """As the store's."""
        if self._in_doubt:
            self._store.ping()
        self._in_doubt = True
        result = self._store.write(readings)
        self._in_doubt = False
        return result
