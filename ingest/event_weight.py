"""How much an event weighs: by its class, by its own word, and by what is expected of the asset where neither says."""

from collections.abc import Mapping
from enum import IntEnum

from ingest.dialects.json.decoder import SAFETY
from ingest.matching import AssetRoute
from plantroom.domain.assets import EquipmentClass, EventTemplate, Severity

UNKNOWN_EVENT = "unknown_event"
UNKNOWN_SEVERITY = "unknown_severity"

FIRE = "fire"
"""The system whose machines send events to alarm people; others with events tell of every door and every start, too."""

Weight = tuple[Severity | None, bool, tuple[str, ...]]
"""Severity (``None``: history only), safety and tags."""

_SEVERITIES = {severity.value: severity for severity in Severity}


class Expects(IntEnum):
    """What may be behind an event of an asset of which too little is known."""

    NOTHING = 0
    SAFETY = 1
    """A safety event, among much that nobody needs to hear: its class knows such, or one of its sources is
    marked safety."""
    ALARMS = 2
    """Most likely one: it is a machine of the fire system whose class knows such, or one of its sources is marked
    safety and its class knows no events at all, so that the word is all there is."""


class Expectations:
    """What is expected of assets."""

    def __init__(self, classes: Mapping[str, EquipmentClass]) -> None:
        self._of = {
            key: Expects.ALARMS if FIRE in one.systems else Expects.SAFETY
            for key, one in classes.items()
            if any(event.safety for event in one.events)
        }
        self._telling = {key for key, one in classes.items() if one.events}

    def of(self, route: AssetRoute, *, by_safety: bool = False) -> Expects:
        """That of one asset. ``by_safety``: the message came by a source marked safety, so that the asset has one
        whatever the ledger names."""
        known = route.asset.equipment_class
        found = self._of.get(known, Expects.NOTHING)
        if not (route.safety or by_safety):
            return found
        return max(found, Expects.SAFETY) if known in self._telling else Expects.ALARMS


def weight(
    template: EventTemplate | None, said: object, expects: Expects, *, damaged: bool, unread: bool, harmless: bool
) -> Weight:
    """The weight of an event that says ``said`` of its severity. ``unread``: it stands for what nobody has read.
    ``harmless``: its name alone is no reason to call anybody: a class knows it as the end of something, or it
    came with readings and may be no more than the kind of their message."""
    word = said.strip().lower() if isinstance(said, str) else "" if said is None else "?"
    safety = word == SAFETY
    if template is not None:
        return template.severity, template.safety or safety, ()
    if safety:
        return Severity.CRITICAL, True, () if unread else (UNKNOWN_EVENT,)
    if not word:
        severity, safety = _unsaid(expects, damaged=damaged, harmless=harmless)
        tags = (UNKNOWN_EVENT,) if severity is None else (UNKNOWN_EVENT, UNKNOWN_SEVERITY)
        return severity, safety, () if unread else tags
    if word == Severity.INFO.value:
        return None, False, (UNKNOWN_EVENT,)
    severity = _SEVERITIES.get(word)
    if severity is None:
        return Severity.GENERAL, False, (UNKNOWN_EVENT, UNKNOWN_SEVERITY)
    return severity, False, (UNKNOWN_EVENT,)


def _unsaid(expects: Expects, *, damaged: bool, harmless: bool) -> tuple[Severity | None, bool]:
    """Severity and safety of an unknown event that says nothing of them. Of a damaged one more may have been said."""
    if damaged:
        return (Severity.CRITICAL, True) if expects else (Severity.GENERAL, False)
    return (Severity.CRITICAL, True) if expects is Expects.ALARMS and not harmless else (None, False)
