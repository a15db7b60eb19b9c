"""Dead letters: a raw message with the reason why it, or a part of it, could not be stored."""

from collections.abc import Sequence

from ingest.instants import from_ms
from ingest.rejections import Rejection, merged, printable, stable_id
from plantroom.ports.ledger import DeadLetter
from plantroom.ports.spool import Lane, SpoolRecord


def letters_of(
    site: str, lane: Lane, records: Sequence[SpoolRecord], rejections: Sequence[Rejection]
) -> list[DeadLetter]:
    """One for each message and reason; its id depends on the message's place in the spool and the reason alone."""
    letters = []
    for rejection in merged(rejections):
        record = records[rejection.message]
        where = stable_id(site, lane.value, record.position, record.received_ms)
        letters.append(
            DeadLetter(
                id=f"{where}-{stable_id(rejection.reason, rejection.part)[:8]}",
                site=site,
                received_at=from_ms(record.received_ms),
                topic=printable(record.topic),
                reason=rejection.reason,
                payload=record.payload,
                part=rejection.part,
            )
        )
    return letters
