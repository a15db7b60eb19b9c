"""The way to a broker, on which connections are ended at what goes over it."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

PUBLISH = 0x30


def is_message(data: bytes) -> bool:
    """Whether it begins with an MQTT PUBLISH packet."""
    return data[0] & 0xF0 == PUBLISH


class Wire:
    """Listens on ``port`` and passes on to a broker's; ends the connection at what it says it ``ends`` at, which can be
    changed. While ``answers`` is not set it holds back what the broker says."""

    def __init__(self, broker_port: int, ends: Callable[[bytes], bool]) -> None:
        self._broker_port = broker_port
        self.ends = ends
        self.ended = self.begun = 0
        self.answers = threading.Event()
        self.answers.set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                self.begun += 1
                far = socket.create_connection(("127.0.0.1", self._broker_port))
                for one, other, up in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._pass_on, args=(one, other, up), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket, up: bool) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if up and self.ends(data):
                    self.ended += 1
                    break
                if not up:
                    self.answers.wait()
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.answers.set()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
