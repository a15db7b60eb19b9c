"""Where the broker is, and the TLS towards it."""

import ssl
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import unquote, urlsplit

from plantroom.errors import BadData


class Broker(NamedTuple):
    """Where the broker is. ``parse`` reads ``mqtt://user:password@host:port`` or ``mqtts://...``."""

    host: str
    port: int
    tls: bool = False
    username: str | None = None
    password: str | None = None

    @classmethod
    def parse(cls, url: str) -> Self:
        """From an address; raises ``BadData``."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or port in (-1, 0):
            raise BadData("a broker's address is mqtt://host:port or mqtts://user:password@host:port")
        secured = parts.scheme == "mqtts"
        name, word = parts.username, parts.password
        return cls(
            parts.hostname,
            port or (8883 if secured else 1883),
            secured,
            None if name is None else unquote(name),
            None if word is None else unquote(word),
        )


def checked(broker: Broker) -> Broker:
    """As it is; raises ``BadData`` for a host or a port that nobody can connect to."""
    try:
        broker.host.encode("idna")
    except UnicodeError as error:
        raise BadData(f"a broker's host is a name or an address, not {broker.host!r}") from error
    if not broker.host or not 1 <= broker.port <= 65_535:
        raise BadData("a broker has a host and a port from 1 to 65535")
    return broker


def tls_context(ca: Path | str | None, cert: Path | str | None, key: Path | str | None) -> ssl.SSLContext:
    """TLS 1.2 or newer, the broker's certificate and name checked. Raises ``BadData`` for a file that is none."""
    if key is not None and cert is None:
        raise BadData(f"key={str(key)!r} belongs to a client certificate: give cert=, too")
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise BadData(f"ca={str(ca)!r} is no file with a certificate (PEM): {error.strerror or error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if cert is not None:
        try:
            context.load_cert_chain(cert, key)
        except OSError as error:
            files = f"cert={str(cert)!r}, key={str(key)!r}" if key is not None else f"cert={str(cert)!r}"
            words = (
                "are no certificate and its key (PEM)" if key is not None else "is no certificate with its key (PEM)"
            )
            raise BadData(f"{files} {words}: {error.strerror or error}") from error
    return context
