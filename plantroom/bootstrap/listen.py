"""What the web server needs before anything slow: its socket (a port in use is said at once), its files."""

import errno
import socket
from pathlib import Path

from plantroom.errors import SettingError, Unreachable
from plantroom.settings import EXPECTED


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises ``SettingError`` for a host that is none of this machine's, ``Unreachable`` with the way out when the port
    cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named: asyncio switches Nagle's algorithm off only for sockets that say TCP.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(256)
    except OSError as error:
        sock.close()
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            problem = f"{host!r}: {error.strerror}"
            raise SettingError("PLANTROOM_HTTP_HOST", problem, EXPECTED["http_host"]) from error
        words = f"{error.strerror}. Use --http-port with another number (0: a free one) or stop what is running there"
        raise Unreachable(f"HTTP address {host}:{port}", words) from error
    return sock


def web_folder() -> Path | None:
    """The built web app: inside the installed package, or ``web/dist`` of a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "webapp", package.parent / "web" / "dist"):
        if (folder / "index.html").is_file():
            return folder
    return None
