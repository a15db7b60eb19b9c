"""Messages come out of the stream whole and in order, however the network cuts it."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.packets import Message, PacketSocket

PINGRESP = b"\xd0\x00"
PUBACK = 0x40


def length_of(body: bytes) -> bytes:
    left, out = len(body), bytearray()
    while True:
        left, low = left >> 7, left & 0x7F
        out.append(low | (0x80 if left else 0))
        if not left:
            return bytes(out)


def publish(topic: bytes, payload: bytes, mid: int = 0, retained: bool = False, again: bool = False) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + (mid.to_bytes(2, "big") if mid else b"") + payload
    return bytes([(0x32 if mid else 0x30) | retained | again << 3]) + length_of(body) + body


class Wire:
    """A socket that gives prepared chunks; ``None`` stands for a moment with nothing to read."""

    def __init__(self, chunks: list[bytes | None]) -> None:
        self.chunks = chunks
        self.sent = b""
        self.takes = 1 << 30

    def recv(self, size: int) -> bytes:
        del size
        if not self.chunks:
            return b""
        chunk = self.chunks.pop(0)
        if chunk is None:
            raise BlockingIOError
        return chunk

    def send(self, data: bytes) -> int:
        taken = data[: self.takes]
        if not taken:
            raise BlockingIOError
        self.sent += taken
        return len(taken)


def everything(packets: PacketSocket) -> list[Message]:
    out: list[Message] = []
    while packets.ended is None:
        out += packets.receive()
    return out


def for_paho(packets: PacketSocket) -> bytes:
    out = b""
    while True:
        try:
            out += packets.recv(3)
        except OSError:
            return out


messages = st.lists(
    st.tuples(
        st.sampled_from([b"plantroom/s/a/telemetry", b"x", "泵/遥测".encode()]),
        st.one_of(st.binary(max_size=300), st.integers(16_000, 17_000).map(bytes)),
        st.sampled_from([0, 1, 256, 65_535]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=8,
)


@given(messages, st.lists(st.integers(1, 5_000), min_size=1, max_size=20), st.integers(0, 8))
@settings(deadline=None)
def test_any_cut_of_the_stream_gives_the_same_messages_and_leaves_the_rest_to_paho(
    sent: list[tuple[bytes, bytes, int, bool, bool]], cuts: list[int], ping: int
) -> None:
    packets = [publish(*one) for one in sent]
    packets.insert(min(ping, len(packets)), PINGRESP)
    stream, at = b"".join(packets), 0
    chunks: list[bytes | None] = []
    while at < len(stream):
        size = cuts[len(chunks) % len(cuts)]
        chunks.append(stream[at : at + size])
        at += size
    received = PacketSocket(Wire(chunks))  # type: ignore[arg-type]
    plain = [n for n, (_, _, mid, retained, again) in enumerate(sent) if mid and not (retained or again)]
    believed = plain[0] if plain else len(sent)
    assert everything(received) == [Message(*one, again and n < believed) for n, (*one, again) in enumerate(sent)]
    assert for_paho(received) == PINGRESP


def marks(*stream: bytes) -> list[tuple[bytes, bool]]:
    packets = PacketSocket(Wire([b"".join(stream)]))  # type: ignore[arg-type]
    return [(one.payload, one.again) for one in everything(packets)]


def test_a_mark_is_the_brokers_own_only_in_front_of_all_that_has_none() -> None:
    """What a new subscription brings (retained) and QoS 0 may come in between."""
    assert marks(
        b"\x20\x02\x01\x00",
        publish(b"t", b"a", 1, again=True),
        publish(b"t", b"b", 2, retained=True),
        publish(b"t", b"c"),
        publish(b"t", b"d", 3, again=True),
        publish(b"t", b"e", 4),
        publish(b"t", b"f", 5, again=True),
    ) == [(b"a", True), (b"b", False), (b"c", False), (b"d", True), (b"e", False), (b"f", False)]


def test_of_a_session_that_the_broker_did_not_have_no_mark_is_the_brokers_own() -> None:
    assert marks(b"\x20\x02\x00\x00", publish(b"t", b"a", 1, again=True)) == [(b"a", False)]


@given(st.binary(max_size=200))
@example(b"\x20\x00")
def test_no_bytes_bring_it_down(stream: bytes) -> None:
    everything(PacketSocket(Wire([stream])))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "stream", [b"\x30\xff\xff\xff\xff\x7f", b"\x32\x02\x00\x09", b"\x32\x03\x00\x01a", b"\x30\x00", b"\x30\x01\x00"]
)
def test_what_is_no_mqtt_ends_the_connection(stream: bytes) -> None:
    packets = PacketSocket(Wire([stream, None, None]))  # type: ignore[arg-type]
    assert packets.receive() == []
    assert packets.ended is not None
    with pytest.raises(ConnectionError):
        packets.recv(1)


def test_acknowledgements_that_the_socket_does_not_take_at_once_go_out_whole_and_before_anything_else() -> None:
    wire = Wire([])
    packets = PacketSocket(wire)  # type: ignore[arg-type]
    wire.takes = 3
    packets.acknowledge([1, 258])
    wire.takes = 0
    packets.acknowledge([3])
    assert packets.unsent
    with pytest.raises(BlockingIOError):
        packets.send(b"\xc0\x00")
    wire.takes = 1 << 30
    packets.flush()
    packets.send(b"\xc0\x00")
    assert wire.sent == b"\x40\x02\x00\x01\x40\x02\x01\x02\x40\x02\x00\x03\xc0\x00"


class Narrow:
    """A socket that takes as many bytes of each send as it is told, then all; ``None`` stands for TLS, which has begun
    with what it was given and takes nothing else until that is through."""

    def __init__(self, takes: list[int | None]) -> None:
        self.takes, self.sent, self.kept = takes, b"", b""

    def send(self, data: bytes) -> int:
        assert data[: len(self.kept)] == self.kept, "TLS goes on with the bytes that it has begun with"
        takes = self.takes.pop(0) if self.takes else len(data)
        if takes is None:
            self.kept = data
            raise ssl.SSLWantWriteError
        if not takes:
            raise BlockingIOError
        self.sent, self.kept = self.sent + data[:takes], b""
        return min(takes, len(data))


PIECES = st.lists(st.one_of(st.just(0), st.none(), st.integers(1, 60)), max_size=30)


@given(PIECES, st.lists(st.sampled_from(["paho", "acknowledge", "flush"]), max_size=40))
def test_no_packet_begins_inside_another_however_little_the_socket_takes(
    takes: list[int | None], steps: list[str]
) -> None:
    wire = Narrow(takes)
    packets = PacketSocket(wire)  # type: ignore[arg-type]
    whole, rest, mids = [b"\x82\x32" + bytes([n]) * 50 for n in range(40)], b"", 0
    done = 0
    for step in [*steps, *["paho", "flush"] * 40]:
        if step == "paho" and (rest or done < len(steps)):
            rest = rest or whole[done]
            try:
                rest = rest[packets.send(rest) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                continue
            done += not rest
        elif step == "acknowledge":
            mids += 1
            packets.acknowledge([mids])
        else:
            packets.flush()
    sent, acknowledged, others = wire.sent, list[int](), list[bytes]()
    while sent:
        size = 2 + sent[1]
        if sent[0] == PUBACK:
            acknowledged.append(int.from_bytes(sent[2:4], "big"))
        else:
            others.append(sent[:size])
        sent = sent[size:]
    assert acknowledged == list(range(1, mids + 1))
    assert others == whole[:done]
    assert not packets.unsent


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with closing(ours), closing(theirs):
        yield ours, theirs


def test_a_quiet_socket_is_no_end_and_a_closed_one_is() -> None:
    with pair() as (ours, theirs):
        packets = PacketSocket(ours)
        assert packets.receive() == []
        assert not packets.for_paho
        theirs.close()
        assert packets.receive() == []
        assert packets.for_paho
