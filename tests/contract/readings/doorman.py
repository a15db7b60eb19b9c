"""A reverse proxy as sites put one before InfluxDB: forwards to the real server, or refuses as such proxies do."""

import http.client
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Doorman(ThreadingHTTPServer):
    """``max_body`` bytes are let through (else 413); while ``refusal`` is set every write gets it (status 0: the
    connection is closed without a word); while ``instead`` is set, everything but a write gets that. A body with
    ``poison`` in it is refused as malformed (400), as the real server refuses a batch with one bad line. The next
    ``swallows`` writes are confirmed and go no further."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = port
        self.max_body = 1 << 30
        self.refusal: tuple[int, dict[str, str], bytes] | None = None
        self.instead: tuple[int, dict[str, str], bytes] | None = None
        self.poison: bytes | None = None
        self.swallows = 0
        self.writes = self.queries = self.connections = 0
        self.times: list[float] = []
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Doorman

    def setup(self) -> None:
        self.server.connections += 1
        super().setup()

    def do_GET(self) -> None:
        self._forward(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "/write" in self.path:
            self.server.writes += 1
            self.server.times.append(time.monotonic())
            if self.server.refusal is not None and not self.server.refusal[0]:
                self.close_connection = True
                return None
            if self.server.refusal is not None:
                return self._answer(*self.server.refusal)
            if len(body) > self.server.max_body:
                return self._answer(413, {}, b"<html>413 Request Entity Too Large</html>")
            if self.server.poison is not None and self.server.poison in body:
                return self._answer(400, {}, b'{"code":"invalid","message":"unable to parse a line"}')
            if self.server.swallows > 0:
                self.server.swallows -= 1
                return self._answer(204, {}, b"")
        self.server.queries += self.path.startswith("/query")
        return self._forward(body)

    def _forward(self, body: bytes) -> None:
        if self.server.instead is not None and "/write" not in self.path:
            return self._answer(*self.server.instead)
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=10)
        wanted = {k: v for k, v in self.headers.items() if k in {"Authorization", "Content-Type"}}
        upstream.request(self.command, self.path, body, wanted)
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        return self._answer(answer.status, {"Content-Type": answer.headers.get("Content-Type", "")}, content)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204 and "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
