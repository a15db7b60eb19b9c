"""A broker of a few lines, that does what some real ones do at a SUBSCRIBE they do not like."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum, auto
from typing import BinaryIO

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ = 1, 3, 8, 12
CONNACK, PINGRESP = b"\x20\x02\x00\x00", b"\xd0\x00"


class AtSubscribe(Enum):
    """What the broker does then."""

    GRANTS = auto()
    REFUSES_THE_FIRST = auto()
    IS_SILENT = auto()
    ENDS = auto()


class PlainBroker:
    """Takes connections and acknowledges what is published. ``connections``: what came over each, topic and payload.
    ``subscribed``: the topics of each SUBSCRIBE. ``ends_at``: a word at which it ends the connection.
    While ``reads`` is not set it takes nothing more from its connections."""

    def __init__(self, at_subscribe: AtSubscribe) -> None:
        self.at_subscribe = at_subscribe
        self.connections: list[list[tuple[str, bytes]]] = []
        self.subscribed: list[list[str]] = []
        self.ends_at = b""
        self.acknowledges = True
        self.reads = threading.Event()
        self.reads.set()
        self._open: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"mqtt://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def numbers(self, connection: list[tuple[str, bytes]] | None = None) -> list[int]:
        """Of the telemetry of a connection, or of all: as it came, each at its first time."""
        came = connection if connection is not None else [one for each in list(self.connections) for one in each]
        return list(
            dict.fromkeys(json.loads(payload)["seq"] for topic, payload in came if topic.endswith("/telemetry"))
        )

    def words(self) -> list[bytes]:
        """What came on status topics."""
        return [payload for each in list(self.connections) for topic, payload in each if topic.endswith("/status")]

    def tell(self, topic: str, payload: bytes) -> None:
        """To the newest connection."""
        body = len(topic.encode()).to_bytes(2, "big") + topic.encode() + payload
        assert len(body) < 128
        self._open[-1].sendall(bytes([PUBLISH << 4, len(body)]) + body)

    def end_connection(self) -> None:
        """The newest one."""
        _end(self._open[-1])

    def close(self) -> None:
        self.reads.set()
        _end(self._server)
        for one in self._open:
            _end(one)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                one, _ = self._server.accept()
                threading.Thread(target=self._talk, args=(one,), daemon=True).start()

    def _talk(self, one: socket.socket) -> None:
        came: list[tuple[str, bytes]] = []
        with suppress(OSError), one.makefile("rb") as stream:
            for head, body in _packets(stream):
                self.reads.wait()
                kind = head >> 4
                if kind == CONNECT:
                    self._open.append(one)
                    self.connections.append(came)
                    one.sendall(CONNACK)
                elif kind == PINGREQ:
                    one.sendall(PINGRESP)
                elif (kind == SUBSCRIBE and not self._answer(one, body)) or (
                    kind == PUBLISH and not self._take(one, came, body)
                ):
                    break
        _end(one)

    def _answer(self, one: socket.socket, body: bytes) -> bool:
        topics, rest = [], body[2:]
        while rest:
            end = 2 + int.from_bytes(rest[:2], "big")
            topics.append(rest[2:end].decode())
            rest = rest[end + 1 :]
        self.subscribed.append(topics)
        first = b"\x80" if self.at_subscribe is AtSubscribe.REFUSES_THE_FIRST else b"\x01"
        if self.at_subscribe not in (AtSubscribe.IS_SILENT, AtSubscribe.ENDS):
            one.sendall(bytes([0x90, 2 + len(topics)]) + body[:2] + first + b"\x01" * (len(topics) - 1))
        return self.at_subscribe is not AtSubscribe.ENDS

    def _take(self, one: socket.socket, came: list[tuple[str, bytes]], body: bytes) -> bool:
        if self.ends_at and self.ends_at in body:
            return False
        end = 2 + int.from_bytes(body[:2], "big")
        came.append((body[2:end].decode(), body[end + 2 :]))
        if self.acknowledges:
            one.sendall(b"\x40\x02" + body[end : end + 2])
        return True


def _packets(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    while head := stream.read(1):
        length = shift = 0
        while True:
            (byte,) = stream.read(1) or b"\x00"
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        yield head[0], stream.read(length)


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
