"""MQTT 3.1.1 by hand for the benchmarks: a publisher that is not itself the bottleneck, and a plain consumer.

A paho publisher ends at some 15,000 messages/s; the raw one here builds its packets beforehand and keeps a window of
unacknowledged ones, so that it is the broker that sets the pace. Format: MQTT 3.1.1, sections 2.2, 3.1, 3.3, 3.8.
"""

import os
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from gateway.packets import PacketSocket
from plantroom.errors import Unreachable

LOOPBACK = "127.0.0.1"
WINDOW = 2_000
PACKETS_A_SEND = 500
PUBACK_BYTES = 4
MAX_MID = 65_000
SYNC_MESSAGES = 1_000


def _text(raw: bytes) -> bytes:
    return struct.pack(">H", len(raw)) + raw


def _packet(first: int, body: bytes) -> bytes:
    length, head = len(body), bytearray([first])
    while True:
        length, low = length >> 7, length & 0x7F
        head.append(low | (0x80 if length else 0))
        if not length:
            return bytes(head) + body


_DISCONNECT = _packet(0xE0, b"")


def publish_packet(first: int, topic: bytes, mid: int, payload: bytes) -> bytes:
    """A PUBLISH packet of QoS 1; ``first`` is its first byte (0x32, retained 0x33)."""
    return _packet(first, _text(topic) + mid.to_bytes(2, "big") + payload)


def connect(port: int, client_id: str, *, clean: bool = True) -> socket.socket:
    """A connected client's socket."""
    sock = socket.create_connection((LOOPBACK, port), 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(_packet(0x10, _text(b"MQTT") + bytes([4, 2 * clean]) + b"\x02\x58" + _text(client_id.encode())))
    answer = sock.recv(4)
    if len(answer) != 4 or answer[3]:
        raise Unreachable(f"broker {LOOPBACK}:{port}", f"refuses the connection ({answer.hex()})")
    sock.settimeout(None)
    return sock


def hold_session(port: int, client_id: str, topic_filter: str, qos: int = 1) -> None:
    """Make a persistent session with a subscription and leave: from now on the broker queues for it (QoS 1)."""
    sock = connect(port, client_id, clean=False)
    sock.sendall(_packet(0x82, b"\x00\x01" + _text(topic_filter.encode()) + bytes([qos])))
    sock.recv(16)
    sock.sendall(_DISCONNECT)
    sock.close()


def break_connection(port: int, client_id: str) -> None:
    """Have the broker end the connection of whoever uses this client id; the session stays."""
    sock = connect(port, client_id, clean=False)
    sock.sendall(_DISCONNECT)
    sock.close()


def forget_session(port: int, client_id: str) -> None:
    """Take a session and its queue away."""
    sock = connect(port, client_id, clean=True)
    sock.sendall(_DISCONNECT)
    sock.close()


class RawPublisher:
    """Publishes prepared messages at QoS 1, as fast as the broker acknowledges them or at a rate."""

    def __init__(self, port: int, client_id: str) -> None:
        self._sock = connect(port, client_id)
        self._acked = 0
        self._sent = 0
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def publish(self, messages: Sequence[tuple[bytes, bytes]]) -> None:
        """Send (topic, payload) messages and return once the last one is acknowledged."""
        for start in range(0, len(messages), PACKETS_A_SEND):
            self.send(messages[start : start + PACKETS_A_SEND])
        self.settle()

    def send(self, messages: Sequence[tuple[bytes, bytes]]) -> None:
        """Send some, when the window has room, and do not wait for their acknowledgement."""
        with self._more:
            self._more.wait_for(lambda: self._sent - self._acked <= WINDOW or not self._reader.is_alive())
        if not self._reader.is_alive():
            raise Unreachable("broker", "closed the connection of the publisher")
        packets = []
        for number, (topic, payload) in enumerate(messages, self._sent):
            mid = number % MAX_MID + 1
            packets.append(publish_packet(0x32, topic, mid, payload))
        self._sent += len(messages)
        self._sock.sendall(b"".join(packets))

    def settle(self) -> None:
        """Wait until everything is acknowledged. Raises ``Unreachable`` when the broker is gone."""
        with self._more:
            self._more.wait_for(lambda: self._acked >= self._sent or not self._reader.is_alive())
        if self._acked < self._sent:
            raise Unreachable("broker", "closed the connection of the publisher")

    def close(self) -> None:
        """Leave."""
        self._sock.close()

    def _read(self) -> None:
        got = 0
        while True:
            try:
                chunk = self._sock.recv(1 << 16)
            except OSError:
                chunk = b""
            if not chunk:
                break
            got += len(chunk)
            with self._more:
                self._acked = got // PUBACK_BYTES
                self._more.notify_all()
        with self._more:
            self._more.notify_all()


@dataclass(frozen=True, slots=True)
class Drained:
    """What a consumer took: messages, seconds from the first to the last, CPU seconds."""

    messages: int
    seconds: float
    cpu_s: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds


def drain_bare(port: int, client_id: str, expected: int, folder: Path) -> Drained:
    """The bare consumer: plain paho, QoS 1, manual acknowledgement after an fsync for at most 1,000 messages, and
    nothing done with the payload."""
    handle = os.open(folder / "bare", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id, clean_session=False, protocol=mqtt.MQTTv311, manual_ack=True
    )
    pending: list[int] = []
    got, first = 0, 0.0

    def on_message(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        nonlocal got, first
        first = first or time.monotonic()
        got += 1
        pending.append(message.mid)
        if len(pending) >= SYNC_MESSAGES:
            flush()

    def flush() -> None:
        if pending:
            os.write(handle, b"x" * len(pending))
            os.fdatasync(handle)
            for mid in pending:
                client.ack(mid, 1)
            pending.clear()

    client.on_message = on_message
    before = time.process_time()
    client.connect(LOOPBACK, port)
    while got < expected or pending:
        _turn(client, flush)
    seconds = time.monotonic() - first
    client.disconnect()
    os.close(handle)
    return Drained(got, seconds, time.process_time() - before)


def _turn(client: mqtt.Client, flush: Callable[[], None]) -> None:
    sock = client.socket()
    if sock is None:
        raise Unreachable("broker", "closed the connection of the bare consumer")
    readable, writable, _ = select.select([sock], [sock] if client.want_write() else [], [], 0.02)
    if readable:
        client.loop_read()
    else:
        flush()
    if writable:
        client.loop_write()
    client.loop_misc()


def drain_prompt(port: int, client_id: str, expected: int, file: Path | None = None) -> Drained:
    """The promptest consumer: it acknowledges what each read of the socket brought and looks at nothing, so that where
    a window is strictly kept the broker's own round trip sets the pace. ``file``: the payloads are appended to it, with
    an fsync before every acknowledgement. Raises ``Unreachable``."""
    before = time.process_time()
    sock = connect(port, client_id, clean=False)
    packets = PacketSocket(sock)
    handle = None if file is None else os.open(file, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o640)
    got, first = 0, 0.0
    try:
        while got < expected:
            messages = packets.receive()
            if packets.ended is not None:
                raise Unreachable("broker", packets.ended)
            first = first or time.monotonic()
            if handle is not None and messages:
                os.write(handle, b"".join(message.payload for message in messages))
                os.fdatasync(handle)
            packets.acknowledge(message.mid for message in messages)
            got += len(messages)
        seconds = time.monotonic() - first
        sock.sendall(_DISCONNECT)
        # The broker closes once it has read all of it: nothing is acknowledged to a connection that is gone.
        while packets.ended is None:
            packets.receive()
    finally:
        packets.close()
        if handle is not None:
            os.close(handle)
    return Drained(got, seconds, time.process_time() - before)
