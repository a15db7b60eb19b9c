"""The receive path of a session: PUBLISH packets split off the stream in bulk, everything else left to paho.

paho reads a packet in three calls of ``recv`` and makes an object of it, which costs more than all that we do with
a message afterwards. ``PacketSocket`` stands in for paho's socket: it reads 64 KiB at a time, hands over messages of
QoS 0 and 1 as plain tuples, and gives paho the bytes of all other packets when it asks. Acknowledgements go out in
one send. Format: MQTT 3.1.1, sections 2.2 and 3.3.
"""

import ssl
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import paho.mqtt.client as mqtt

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

READ_BYTES = 1 << 16
_PUBLISH = 0x30
_KIND = 0xF0
_QOS = 0x06
_QOS_1 = 0x02
_QOS_2 = 0x04
_RETAIN = 0x01
_DUP = 0x08
_PLAIN = _PUBLISH | _QOS_1
_CONNACK = 0x20
_SESSION_PRESENT = 0x01
_MORE = 0x80
_PUBACK = b"\x40\x02"
_MAX_LENGTH_BYTES = 4


class Message(NamedTuple):
    """A PUBLISH of QoS 0 (``mid`` 0) or 1. ``retained``: the broker had it from before a subscription (MQTT 3.1.1,
    section 3.3.1.3); what is published while a subscription stands is not marked, whatever its publisher asks for.
    ``again``: the broker has sent it before (section 3.3.1.1). RabbitMQ up to 3.11 hands a publisher's own mark on, so
    a mark is believed only at the beginning of a connection: what is sent again comes before all else (sections 4.4
    and 4.6), and where the broker has no session of ours nothing is."""

    topic: bytes
    payload: bytes
    mid: int
    retained: bool = False
    again: bool = False


class PacketSocket:
    """A connection's socket, split into messages for us and all the rest for paho. One thread."""

    def __init__(self, sock: "SocketLike") -> None:
        self._sock = sock
        self._unread = bytearray()
        self._wanted = 0
        """Bytes that ``_unread`` must have before looking at it again makes sense."""
        self._resends = True
        """Whether a mark is the broker's own: until the first message of QoS 1 that is neither marked nor retained."""
        self._for_paho = bytearray()
        self._unsent = b""
        self._midway = False
        """Whether a packet of paho's is out in part, or with TLS: nothing else may come before its rest."""
        self.ended: str | None = None
        """Why nothing more can be read."""

    def receive(self) -> list[Message]:
        """Read once and give the whole messages that are there, in order. When the connection is gone, or what comes
        is no MQTT, paho is told at its next read."""
        try:
            chunk = self._sock.recv(READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return []
        except OSError as error:
            return self._end(str(error))
        if not chunk:
            return self._end("the broker closed the connection")
        self._unread += chunk
        if len(self._unread) < self._wanted:
            return []
        try:
            return self._split()
        except ValueError as error:
            return self._end(f"not MQTT: {error}")

    def _end(self, why: str) -> list[Message]:
        self.ended = why
        return []

    def _split(self) -> list[Message]:
        buffer = bytes(self._unread)
        found: list[Message] = []
        start, size = 0, len(buffer)
        self._wanted = 2
        while size - start >= 2:
            body, length = start + 2, buffer[start + 1]
            if length & _MORE:
                if size - start > 2 and not buffer[start + 2] & _MORE:
                    body, length = start + 3, length & 0x7F | buffer[start + 2] << 7
                else:
                    at = _long_length(buffer, start + 1)
                    if at is None:
                        self._wanted = size - start + 1
                        break
                    body, length = at
            end = body + length
            if end > size:
                self._wanted = end - start
                break
            first = buffer[start]
            if first & _KIND == _PUBLISH and not first & _QOS_2:
                split = body + 2 + (buffer[body] << 8 | buffer[body + 1]) if length >= 2 else end + 1
                payload = split + 2 if first & _QOS else split
                if payload > end:
                    raise ValueError("a PUBLISH packet is shorter than its topic")
                mid = buffer[split] << 8 | buffer[split + 1] if first & _QOS else 0
                if first == _PLAIN:
                    self._resends = False
                retained, again = first & _RETAIN > 0, self._resends and first & _DUP > 0
                found.append(Message(buffer[body + 2 : split], buffer[payload:end], mid, retained, again))
            else:
                if first == _CONNACK and length and not buffer[body] & _SESSION_PRESENT:
                    self._resends = False
                self._for_paho += buffer[start:end]
            start = end
        del self._unread[:start]
        return found

    @property
    def for_paho(self) -> bool:
        """Whether paho should read now: packets that are no messages, or the end of the connection."""
        return bool(self._for_paho) or self.ended is not None

    def acknowledge(self, mids: Iterable[int]) -> None:
        """Send the PUBACKs in this order, behind a packet of paho's that is out in part; what does not go at once goes
        out with ``flush``."""
        self._unsent += b"".join([_PUBACK + mid.to_bytes(2, "big") for mid in mids])
        self.flush()

    def flush(self) -> None:
        """Send what waits to be sent, as far as the socket takes it."""
        while self._unsent and not self._midway:
            try:
                self._unsent = self._unsent[self._sock.send(self._unsent) :]
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                self._unsent = b""
                self._end(str(error))

    @property
    def unsent(self) -> bool:
        """Whether acknowledgements wait for the socket to take them."""
        return bool(self._unsent)

    def pending(self) -> int:
        """Bytes that TLS has read from the network already."""
        return self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0

    # What paho asks of a socket.

    def recv(self, size: int) -> bytes:
        """Bytes of packets that are no messages; ``BlockingIOError`` when there are none, and ``ConnectionError`` at
        the end."""
        if not self._for_paho:
            if self.ended is not None:
                raise ConnectionResetError(self.ended)
            raise BlockingIOError
        found = bytes(self._for_paho[:size])
        del self._for_paho[:size]
        return found

    def send(self, buffer: bytes | bytearray) -> int:
        """As ``socket.send``, of a packet or of what is left of one; never in the middle of an acknowledgement."""
        if not self._midway:
            self.flush()
            if self._unsent:
                raise BlockingIOError
        try:
            sent = self._sock.send(buffer)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            # TLS has made a record of it and wants the same bytes again.
            self._midway = True
            raise
        self._midway = sent < len(buffer)
        return sent

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._sock.fileno()

    def close(self) -> None:
        """Close the connection."""
        self._sock.close()

    def setblocking(self, flag: bool) -> None:
        """As ``socket.setblocking``."""
        self._sock.setblocking(flag)


def _long_length(buffer: bytes, start: int) -> tuple[int, int] | None:
    """Where the body begins and how long it is, of a length of several bytes; ``None`` when it is not all there."""
    length = 0
    for n in range(_MAX_LENGTH_BYTES):
        if start + n >= len(buffer):
            return None
        byte = buffer[start + n]
        length |= (byte & 0x7F) << 7 * n
        if not byte & _MORE:
            return start + n + 1, length
    raise ValueError("a packet's length has more than four bytes")


class PacketClient(mqtt.Client):
    """paho's client on a ``PacketSocket``: CONNECT, SUBSCRIBE, PING and all that stay paho's."""

    packets: PacketSocket | None = None

    def _create_socket(self) -> "SocketLike":
        # The one way to a socket of our own: paho 2.1 has no public one (the tests run it against real brokers).
        self.packets = PacketSocket(super()._create_socket())
        return self.packets
