"""What a device calls an event, and which event of the catalogue that is.

``FIRE_ALARM``, ``fire-alarm``, ``FireAlarm`` and, on a panel, ``火警`` are the ``fire_alarm`` of the catalogue. A word
that a class knows to the letter is what it says, always; only another one is compared without case, width and all that
is no letter or digit.
"""

import unicodedata
from collections.abc import Iterable, Mapping

from ingest.class_events import of_another_class, safety_events
from plantroom.domain.assets import EquipmentClass, EventTemplate

AS_SENT = "as_sent"
"""Key in an event's data: the word by which its device called it, where that is not the catalogue's."""

_UNREAD = "\ufffd"


class EventNames:
    """Events by class and name. Cost of a look: linear in the length of the word."""

    def __init__(self, classes: Mapping[str, EquipmentClass]) -> None:
        self._own = {key: {event.key: event for event in one.events} for key, one in classes.items()}
        self._safety = safety_events(classes)
        self._others = {key: of_another_class(event) for key, event in self._safety.items()}
        """Safety events by name, for assets whose class does not know them: entering a device silences none."""
        self._alike = {key: _alike(one.events) for key, one in classes.items()}
        self._ordinary = {e.key for one in classes.values() for e in one.events} - self._safety.keys()
        self._ends = {e.key for one in classes.values() for e in one.events if e.clears is not None}
        # The names of other classes are plain words (a warning, a stop), which mean something else elsewhere.
        self._others_alike = {folded(key): key for key in (*self._ordinary, *self._safety)}

    def key_of(self, equipment_class: str, word: str) -> str:
        """The catalogue's key of the event that a device of that class calls so: of its own class by key or name in
        either language, of any other by key. The word itself when none is meant."""
        if word in self._own.get(equipment_class, {}) or word in self._others or word in self._ordinary:
            return word
        alike = folded(word)
        return self._alike.get(equipment_class, {}).get(alike) or self._others_alike.get(alike, word)

    def template(self, equipment_class: str, key: str) -> EventTemplate | None:
        """The event of that key, of the class itself before those of others."""
        return self._own.get(equipment_class, {}).get(key) or self._others.get(key)

    def is_of_others(self, equipment_class: str, key: str) -> bool:
        """Whether only other classes know it."""
        return key in self._others and key not in self._own.get(equipment_class, {})

    def is_good_news(self, key: str) -> bool:
        """Whether a class knows it as the end of something."""
        return key in self._ends

    def safety(self, word: str) -> EventTemplate | None:
        """The safety event of any class that is called so."""
        return self._safety.get(word) or self._safety.get(self._others_alike.get(folded(word), ""))


def folded(word: str) -> str:
    """A word without case, width (NFKC) and whatever is no letter or digit; empty when nothing is left of it, and when
    not all of it could be read."""
    if _UNREAD in word:
        return ""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", word).casefold()))


def _alike(events: Iterable[EventTemplate]) -> dict[str, str]:
    """Keys by their folded words. A word of two events is the safety event's, and that of a key no other's name."""
    worst_last = sorted(events, key=lambda event: event.safety)
    names = {folded(name): event.key for event in worst_last for name in (event.name.zh, event.name.en)}
    found = names | {folded(event.key): event.key for event in worst_last}
    found.pop("", None)
    return found
