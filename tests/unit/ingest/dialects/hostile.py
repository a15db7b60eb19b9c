"""Messages that nobody sends by mistake: as large as the broker lets through, and made to cost as much as they can.

As a program it gives them to a pipeline of its own and says what each took, one JSON document a line:

    python -m tests.unit.ingest.dialects.hostile senml
"""

import ctypes
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from ingest.dialects.sparkplug_b.wire import Payload
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from ingest.rejections import code_of
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.plants import CLASSES, NOON_MS, plant_of

LIMIT = 1 << 20
"""Bytes of a packet (``gateway.broker.files.PACKET_LIMIT_BYTES``)."""

SHORTER = LIMIT // 6
"""Enough for what costs the square of its length: minutes. Of the rest only what is worst for its size is whole."""

COSTLY = (b"{},", b'{"event":"a"},')
"""What takes most time and memory for its size."""

Messages = Sequence[tuple[str, bytes]]
TELEMETRY = "plantroom/demo/P-1/telemetry"
EVENT = "plantroom/demo/P-1/event"
STRANGER = "plantroom/demo/nobody/event"
SOURCES = (
    TopicSource("senml", "demo", "senml", "senml/#", "senml", asset="P-1"),
    TopicSource("zigbee", "demo", "zigbee", "zigbee/#", "zigbee2mqtt", asset="P-1"),
    TopicSource("tasmota", "demo", "tasmota", "tele/#", "tasmota", asset="P-1"),
    TopicSource("sparkplug", "demo", "sparkplug", "spBv1.0/#", "sparkplug_b", asset="P-1"),
    TopicSource("json", "demo", "json", "json/all", "json", asset="P-1"),
    TopicSource("one", "demo", "one", "json/one", "json", fields=(FieldMapping("a", "vibration", "P-1"),)),
)


def filled(head: bytes, piece: bytes, tail: bytes = b"", limit: int = LIMIT) -> bytes:
    """``head``, as many pieces as fit, ``tail``."""
    return head + piece * ((limit - len(head) - len(tail)) // len(piece)) + tail


def counted(head: bytes, piece: str, tail: bytes, most: int = 1 << 30) -> bytes:
    """The same where each piece has a number of its own in place of ``%d``."""
    pieces, left = [], LIMIT - len(head) - len(tail)
    while left > 0 and len(pieces) < most:
        pieces.append((piece % len(pieces)).encode())
        left -= len(pieces[-1])
    return head + b"".join(pieces[: -1 if left < 0 else None]) + tail


def texts() -> Iterator[tuple[str, bytes]]:
    """What stands for JSON and is none, or hardly."""
    pieces = (
        b'\\"', b'"', b"\\", b"[", b"{", b"]", b"[]", b"[],", b"{},", b'{"a":', b'[{"a":', b":", b",", b" ", b"\n",
        b'"event"', b'"event":', b'{"event":', b'{"event":"a"},', b'{"event":"a","values":{"a":1}},', b"1,", b"9", b".",
        b"1e9,", b"-", b"NaN,", b"\xff", b"\xf0\x9f\x98\x80", b'"\\ud800",', b'"a":1,', b"/*", b"\x00", b'"",', b"0.5,",
    )  # fmt: skip
    for piece in pieces:
        for head in (b'{"event":"x', b'{"event":"x","severity":"safety","data":'):
            yield f"{head[-9:]!r} {piece!r}", filled(head, piece, limit=SHORTER)
        yield f"closed {piece!r}", filled(b"[", piece, b"null]", LIMIT if piece in COSTLY else SHORTER)
    deep = b"[" * 300 + b"]" * 300
    yield "deep events", filled(b"[", b'{"event":"x","data":' + deep + b"},", b"{}]", SHORTER)
    yield "deep values", filled(b"[", b'{"event":"x","values":{"a":' + deep + b"}},", b"{}]", SHORTER)
    yield "deep numbered", filled(b"[", b'{"boot":"b","seq":1,"a":' + deep + b"},", b"{}]", SHORTER)
    yield (
        "deeper than anything",
        filled(b"[", b'{"event":"x","data":' + b"[" * 3000 + b"]" * 3000 + b"},", b"{}]", SHORTER),
    )


def documents() -> Iterator[tuple[str, bytes]]:
    """Sound JSON that unfolds."""
    key = b"k" * (LIMIT // 2)
    yield "long key over numbers", filled(b'{"' + key + b'":[', b"0,", b"0]}")
    yield "long key over texts", filled(b'{"' + key + b'":[', b'"x",', b"0]}")
    yield "long key over empty ones", filled(b'{"' + key + b'":[', b"[],", b"0]}")
    yield "long key over one-element ones", filled(b'{"' + key + b'":[', b"[0],", b"0]}")
    yield (
        "keys one in another",
        b'{"' + b'":{"'.join([b"k" * 60_000] * 15) + b'":[' + b"0," * 50_000 + b"0]" + b"}" * 15,
    )
    name = b"k" * 490
    yield "names as long as they may be", filled(b'{"' + name + b'":[', b'"",', b"0]}")[: LIMIT // 40] + b'""]}'
    yield "many texts", counted(b"{", '"k%d":"x",', b'"z":0}', 9_990)
    yield "many unknown points", counted(b"{", '"k%d":1,', b'"z":0}', 9_990)
    yield "one text", filled(b'{"a":"', b"9", b'"}')
    yield "one number", filled(b'{"a":', b"9", b"}")
    yield "one time", filled(b'{"ts":"2026-11-21T08:00:00.', b"0", b'","a":1}')
    yield "one boot", filled(b'{"seq":1,"boot":"', b"0", b'","a":1}')
    yield "array of wrong ones", filled(b"[", b"0,", b"0]")[:50_000] + b"0]"
    yield "array of bad clocks", counted(b"[", '{"ts":5,"a%d":1},', b"{}]", 4_990)
    yield "array of numbered ones", counted(b"[", '{"seq":%d,"boot":"b","a":"x"},', b"{}]", 3_000)
    yield "array of too many", counted(b"[", '{"seq":%d,"boot":"b","event":"flooded","a":"x"},', b"{}]")


def packs() -> Iterator[tuple[str, bytes]]:
    """SenML in JSON and CBOR."""
    base = b'[{"bn":"' + b"k" * 400_000 + b'"},'
    yield "long base name", filled(base, b'{"n":"a","vs":"x"},', b'{"n":"a","v":1}]')
    yield "long base name and numbers", filled(base, b'{"n":"a","v":1},', b'{"n":"a","v":1}]')[:500_000] + b"0]"
    yield (
        "base name as long as it may be",
        counted(b'[{"bn":"' + b"k" * 480 + b'"},', '{"n":"%d","vs":"x"},', b"{}]", 9_990),
    )
    unit = b'[{"bn":"a","bu":"' + b"m" * 400_000 + b'"},'
    yield "long unit of sums", filled(unit, b'{"s":1},', b"{}]")[:479_000] + b"0]"
    yield "different units", counted(b"[", '{"n":"vibration","v":1,"u":"foo%d"},', b"{}]", 9_990)
    yield "different valid units", counted(b"[", '{"n":"vibration","v":1,"u":"m.s/(kg.K)%d"},', b"{}]", 9_990)
    for bad in (b"{}", b"0", b'{"n":"a"}', b'{"v":"1"}', b'{"n":"a","v":1,"t":1e99}', b'{"n":"a","v":1,"u":"foo"}'):
        yield f"bad records {bad!r}", b"[" + b",".join([bad] * 9_990) + b"]"
    yield "labels that have to be understood", counted(b"[", '{"x%d_":1},', b"{}]", 9_990)
    yield "endless units", b'[{"n":"vibration","v":1,"u":"10*99999999"},{"n":"a","v":1,"u":"' + b"(" * 400 + b'"}]'
    record = b"\xa2\x00\x61a\x02\x01"
    head = b"\x99\x27\x06"
    yield "CBOR of empty arrays", filled(b"\x9f\xa1\x61x\x9f", b"\x80", b"\xff\xff")
    yield "CBOR of empty maps", filled(b"\x9f", b"\xa0", b"\xff")
    yield "CBOR of numbers", filled(b"\x9f\xa1\x61x\x9f", b"\x19\xff\xff", b"\xff\xff")
    yield "CBOR that claims much", b"\x9b\x00\x00\x00\x00\x7f\xff\xff\xff" + record * 10
    yield "CBOR one in another", filled(b"", b"\x81")
    yield "CBOR of tags", filled(b"\x81", b"\xc4", b"\x00")
    yield (
        "CBOR that points at one",
        head + b"\xd8\x1c\xa1\x61x\x99\x27\x10" + b"\x00" * 10_000 + b"\xd8\x1d\x00" * 9_989,
    )
    yield (
        "CBOR with one text of many",
        b"\xd9\x01\x00"
        + head
        + (b"\xa1\x7a\x00\x06\x1a\x80" + b"_" * 400_000 + b"\x00")
        + (b"\xa1\xd8\x19\x00\x00" * 9_989),
    )
    yield (
        "CBOR with keys of one hash",
        b"\x81\xbf"
        + b"".join(b"\x91" + bytes(0x20 + (n >> bit & 1) for bit in range(17)) + b"\x00" for n in range(50_000))
        + b"\xff",
    )
    yield "CBOR with long numbers", b"\x81\xa1\x02\xd8\x1e\x82" + (b"\xc2\x5a\x00\x07\x00\x00" + b"\x7f" * 0x70000) * 2


def birth(count: int, name: str = "m%d", **more: object) -> bytes:
    """Metrics of a birth."""
    made = Payload(timestamp=NOON_MS, seq=1)
    for n in range(count):
        made.metrics.add(name=(name % n).encode(), alias=n, datatype=10, timestamp=NOON_MS + n, double_value=n, **more)
    return bytes(made.SerializeToString())


def texts_of(count: int) -> bytes:
    made = Payload(timestamp=NOON_MS, seq=2)
    for n in range(count):
        made.metrics.add(alias=n, string_value=b"x")
    return bytes(made.SerializeToString())


def nodes() -> Iterator[tuple[str, Messages]]:
    """Sparkplug."""
    long, group = "d" * 60_000, "spBv1.0/g"
    device = "d" * 480
    born = ("spBv1.0/g/NBIRTH/n", birth(1))
    yield "long device", [(f"{group}/DBIRTH/n/{long}", birth(20_000)), (f"{group}/DDATA/n/{long}", texts_of(20_000))]
    yield "device as long as it may be", [
        (f"{group}/DBIRTH/n/{device}", birth(25_000)), (f"{group}/DDATA/n/{device}", texts_of(25_000)),
        (f"{group}/DDEATH/n/{device}", b""), (f"{group}/NDEATH/n", b""),
    ]  # fmt: skip
    yield "long node", [(f"{group}/NBIRTH/{long}", birth(100)), (f"{group}/NDEATH/{long}", birth(1))]
    yield "as many metrics as fit", [(f"{group}/NBIRTH/n", birth(35_000))]
    yield "empty metrics", [born, (f"{group}/NDATA/n", filled(b"", b"\x12\x00"))]
    yield "unknown metrics", [born, (f"{group}/NDATA/n", b"\x12\x02\x10\x05" * 50_000)]
    yield "one name, many aliases", [(f"{group}/NBIRTH/n", birth(30_000, "m%.0d"))]
    yield (
        "many devices",
        [born, *((f"{group}/DBIRTH/n/{n}", birth(1)) for n in range(1_500)), (f"{group}/NDEATH/n", b"")],
    )
    yield "many nodes", [(f"{group}/NBIRTH/{n}", birth(400)) for n in range(250)]
    yield "large nodes", [(f"{group}/NBIRTH/{n}", birth(30_000)) for n in range(3)]
    yield "garbage", [(f"{group}/NBIRTH/n", filled(b"", bytes([n]))) for n in range(256)][::16]


def everywhere(
    topics: Sequence[str], *makers: Callable[[], Iterator[tuple[str, bytes]]]
) -> Iterator[tuple[str, Messages]]:
    for make in makers:
        for name, payload in make():
            for topic in topics:
                yield f"{name} on {topic[:40]}", [(topic, payload)]


LONG = "t" * 60_000
CASES: Mapping[str, Callable[[], Iterator[tuple[str, Messages]]]] = {
    "json": lambda: chain(everywhere((TELEMETRY,), texts), everywhere((TELEMETRY, "json/one"), documents)),
    "events": lambda: chain(everywhere((EVENT,), texts), everywhere((EVENT, STRANGER), documents)),
    "senml": lambda: everywhere(("senml/a",), documents, packs),
    "tasmota": lambda: everywhere(("tele/plug/SENSOR", f"tele/{LONG}/SENSOR"), documents),
    "zigbee2mqtt": lambda: everywhere(("zigbee/a", f"zigbee/{LONG}"), documents),
    "sparkplug_b": nodes,
}


def pipeline() -> Pipeline:
    """With a source for each dialect."""
    presence = PresenceTracker(CLASSES)
    presence.begin({}, NOON_MS)
    made = Pipeline("demo", Lane.NORMAL, (), CLASSES, presence)
    made.follow(replace(plant_of(), topic_sources=SOURCES))
    return made


def memory_mb(field: str) -> float:
    """A figure of ``/proc/self/status``."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{field}:")[2].split()[0]) / 1024


def measure(messages: Messages) -> dict[str, float]:
    """CPU seconds, and by how many the letters of a message exceed one for each code."""
    mine, surplus, begun = pipeline(), 0, time.process_time()
    for position, (topic, payload) in enumerate(messages, 1):
        batch = mine.sort([SpoolRecord(position, NOON_MS + position, topic, payload)])
        letters = list(mine.tell_events(batch).letters)
        read = mine.read(batch)
        letters += mine.conclude(batch, read, [()] * len(read.columns)).letters
        surplus = max(surplus, len(letters) - len({code_of(letter.reason) for letter in letters}))
    return {"cpu_s": time.process_time() - begun, "surplus_letters": surplus}


def main(dialect: str) -> None:
    """Each case, its size, what it took, and its peak of memory on top of what there was before it."""
    measure([(TELEMETRY, b"{}"), ("senml/a", b'[{"n":"vibration","v":1,"u":"m/s"}]')])
    gc.freeze()  # the program itself is no garbage: looking through it before each case took half the time
    for name, messages in CASES[dialect]():
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
        before = memory_mb("VmRSS")
        took = measure(messages)
        size_mb = sum(len(payload) for _, payload in messages) / LIMIT
        said = {"case": name, "mb": size_mb, **took, "peak_mb": memory_mb("VmHWM") - before}
        sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
