"""The ``json`` dialect on topics of any form, for topic sources."""

from collections.abc import Sequence

from ingest.dialects.decoded import EventObject
from ingest.dialects.dialect import Dialect, Heard, Message, Sample
from ingest.dialects.json.decoder import decode


class JsonDialect(Dialect):
    """As canonical telemetry is read: canonical and flat objects, arrays of them. Remembers nothing."""

    def decode(self, messages: Sequence[Message]) -> Heard:
        """Decode a batch. Never raises."""
        decoded = decode([message.payload for message in messages])
        heard = Heard(rejections=decoded.rejections, events=decoded.events)
        columns = (decoded.message, decoded.ts_ms, decoded.boot, decoded.seq, decoded.digest, decoded.keys)
        values, at = decoded.values.tolist(), 0
        for message, ts_ms, boot, seq, digest, keys in zip(*columns, strict=True):
            first, at = at, at + len(keys)
            of_sample = dict(zip(keys, values[first:at], strict=True))
            heard.samples.append(Sample(message, ts_ms, of_sample, boot=boot, seq=seq, digest=digest))
        return heard

    def events(self, messages: Sequence[Message]) -> Sequence[EventObject]:
        """As ``decode`` finds them."""
        return decode([message.payload for message in messages]).events
