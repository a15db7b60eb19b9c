"""Dead letters of a batch of messages."""

from collections.abc import Mapping, Sequence

from ingest.instants import from_ms
from ingest.rejections import Rejection, merged, printable, stable_id
from plantroom.ports.letters import DeadLetter
from plantroom.ports.spool import Lane, SpoolRecord

NOTHING: Mapping[int, int] = {}
NO_NAMES: Mapping[int, str] = {}

RETAINED = "r"
"""Begins the names of messages that the broker had retained; all others are hexadecimal."""


def name_of(site: str, lane: str, record: SpoolRecord) -> str:
    """The name of a message: what all ids that are made of it have in common. Those of one millisecond sort as they
    came. One that the broker had retained is named by what it says, since each new subscription brings it again."""
    if record.retained:
        return RETAINED + stable_id("retained", site, record.topic, record.payload)[:31]
    return f"{record.position:016x}{stable_id(site, lane, record.position, record.received_ms)[:16]}"


def letters_of(
    site: str,
    lane: Lane,
    records: Sequence[SpoolRecord],
    rejections: Sequence[Rejection],
    names: Mapping[int, str] = NO_NAMES,
    instants: Mapping[int, int] = NOTHING,
) -> list[DeadLetter]:
    """A letter for each message and reason. ``names``: of messages that are replayed, by position; ``instants``: that
    stand in for a missing ``ts``, by number of the record."""
    letters = []
    for rejection in merged(rejections):
        record = records[rejection.message]
        where = names.get(record.position) or name_of(site, lane.value, record)
        letter = DeadLetter(
            id=f"{where}-{stable_id(rejection.reason, rejection.part)[:8]}",
            site=site,
            received_at=from_ms(record.received_ms),
            topic=printable(record.topic),
            reason=rejection.reason,
            payload=record.payload,
            part=rejection.part,
        )
        stands_in = instants.get(rejection.message)
        letters.append(letter if stands_in is None else letter.standing_at(from_ms(stands_in)))
    return letters
