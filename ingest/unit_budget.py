"""How many units that it never named before a source may have looked up.

What nobody has asked for yet costs milliseconds (``plantroom.units``), and a message may state any number of units that
nobody uses: two small ones a second would be all that a lane gets done.
"""

import orjson

MINUTE_MS = 60_000
NEW_A_MINUTE = 60
"""More than one message may state (50), so that a device that begins is taken as it is."""

KNOWN = 200
"""Units that are remembered of a source, those that were used last."""

MAX_SOURCES = 1_000


class UnitBudget:
    """Units, each with the one that it is to be converted into, by source. The same messages give the same answers,
    whatever any cache holds. One thread."""

    def __init__(self) -> None:
        self._known: dict[str, dict[tuple[str, str], None]] = {}
        self._spent: dict[str, tuple[int, int]] = {}
        """By source: the minute of receipt, and how many new ones there were in it."""

    def allows(self, source: str, sent: str, wanted: str, received_ms: int, *, again: bool = False) -> bool:
        """Whether the conversion may be looked up, and note that it is. ``again``: the message came before, and is
        counted with those of now."""
        known = self._known.get(source)
        if known is None:
            known = self._of_new_source(source)
        pair = sent, wanted
        if pair in known:
            del known[pair]
        elif not self._spends(source, received_ms // MINUTE_MS, again):
            return False
        elif len(known) >= KNOWN:
            del known[next(iter(known))]
        known[pair] = None
        return True

    def _of_new_source(self, source: str) -> dict[tuple[str, str], None]:
        if len(self._known) >= MAX_SOURCES:
            gone = next(iter(self._known))
            del self._known[gone]
            self._spent.pop(gone, None)
        return self._known.setdefault(source, {})

    def _spends(self, source: str, minute: int, again: bool) -> bool:
        of, count = self._spent.get(source, (minute, 0))
        if minute != of and not again:
            of, count = minute, 0
        if count >= NEW_A_MINUTE:
            return False
        self._spent[source] = of, count + 1
        return True

    def snapshot(self) -> bytes:
        """The whole state."""
        if not self._known:
            return b""
        known = {source: list(pairs) for source, pairs in self._known.items()}
        return orjson.dumps({"known": known, "spent": self._spent})

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        try:
            saved = orjson.loads(state) if state else {"known": {}, "spent": {}}
            self._known = {
                source: dict.fromkeys((str(sent), str(wanted)) for sent, wanted in pairs)
                for source, pairs in saved["known"].items()
            }
            self._spent = {source: (int(of), int(count)) for source, (of, count) in saved["spent"].items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a snapshot of units") from error
