"""The ``json`` dialect on topics of any form, for topic sources."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ingest.dialects.decoded import EventObject
from ingest.dialects.dialect import Dialect, Heard, Message, Sample
from ingest.dialects.json.decoder import decode
from ingest.instants import with_zone


class JsonDialect(Dialect):
    """As canonical telemetry is read: canonical and flat objects, arrays of them. Times without a zone are of the zone
    that the source gives. Remembers nothing."""

    def decode(self, messages: Sequence[Message]) -> Heard:
        """Decode a batch. Never raises."""
        decoded = decode([message.payload for message in messages], _stamp(messages), truths=True)
        heard = Heard(rejections=decoded.rejections, events=decoded.events, unused=decoded.unused)
        columns = (decoded.message, decoded.ts_ms, decoded.boot, decoded.seq, decoded.digest, decoded.keys)
        values, true_or_false, at = decoded.values.tolist(), set(decoded.truths), 0
        for message, ts_ms, boot, seq, digest, keys in zip(*columns, strict=True):
            first, at = at, at + len(keys)
            of_sample = dict(zip(keys, values[first:at], strict=True))
            truths = [key for n, key in enumerate(keys, first) if n in true_or_false] if true_or_false else ()
            sample = Sample(message, ts_ms, of_sample, truths=truths, boot=boot, seq=seq, digest=digest)
            heard.samples.append(sample)
        return heard

    def events(self, messages: Sequence[Message]) -> Sequence[EventObject]:
        """As ``decode`` finds them, with instants in place of times without a zone."""
        found = decode([message.payload for message in messages]).events
        stamp = _stamp(messages)
        if stamp is None:
            return found
        dated = ((one, {"ts": stamp(one.message, one.fields["ts"])} if "ts" in one.fields else {}) for one in found)
        return [replace(one, fields={**one.fields, **ts}) for one, ts in dated]


def _stamp(messages: Sequence[Message]) -> Callable[[int, object], object] | None:
    """See ``decode``; ``None`` where no source gives a zone, as nearly always."""
    if not any(message.time_zone for message in messages):
        return None

    def stamp(number: int, raw: object) -> object:
        return with_zone(raw, messages[number].time_zone, messages[number].received_ms)

    return stamp
