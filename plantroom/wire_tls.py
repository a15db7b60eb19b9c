"""TLS towards the broker: the one context that every client of ours uses, and what its failures mean."""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from plantroom.domain.wording import counted
from plantroom.errors import SettingError, Unreachable
from plantroom.settings import EXPECTED, BrokerAddress

TIMEOUT_S = 5.0
SECOND_WORD_S = 0.3
"""With TLS 1.3 a server says only after the handshake what it thinks of our certificate."""
RENEW_DAYS = 21

_EXPIRED, _NOT_YET = 10, 9
_UNKNOWN = {2, 18, 19, 20, 21}
_WRONG_NAME = {62, 64}
_PERHAPS_PLAIN = "; if that port speaks no TLS, the address begins with mqtt:"
_ALERTS = {
    "UNKNOWN_CA": "the broker does not know the authority that signed PLANTROOM_BROKER_CERT",
    "CERTIFICATE_REQUIRED": "the broker asks for a client certificate: set PLANTROOM_BROKER_CERT and _KEY",
    "CERTIFICATE_EXPIRED": "our client certificate (PLANTROOM_BROKER_CERT) has expired: renew it",
    "CERTIFICATE_REVOKED": "our client certificate (PLANTROOM_BROKER_CERT) has been revoked",
    "BAD_CERTIFICATE": "the broker refuses our client certificate (PLANTROOM_BROKER_CERT)",
    "PROTOCOL_VERSION": "the broker speaks no TLS 1.2 or newer",
    "WRONG_VERSION_NUMBER": "that port does not speak TLS: use mqtt:// for it, or the broker's TLS port",
    "HANDSHAKE_FAILURE": "the broker refuses the handshake: it may want a client certificate (PLANTROOM_BROKER_CERT)",
}


def tls_context(address: BrokerAddress) -> ssl.SSLContext:
    """TLS 1.2 or newer, the broker's certificate and name checked, ours shown when there is one.

    Raises ``SettingError`` for files that have become unusable since the settings were read.
    """
    try:
        context = ssl.create_default_context(cafile=address.ca)
    except OSError as error:
        raise _unusable("broker_ca", str(address.ca), error) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if address.cert is not None:
        try:
            context.load_cert_chain(address.cert, address.key)
        except OSError as error:
            raise _unusable("broker_cert", str(address.cert), error) from error
    return context


def _unusable(key: str, path: str, error: OSError) -> SettingError:
    return SettingError(f"PLANTROOM_{key.upper()}", f"{path}: {error.strerror or error}", EXPECTED[key])


def plain_words(error: OSError) -> str:
    """What kept a connection from being made, in words that say what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_certificate(error)
    if isinstance(error, ssl.SSLError):
        name = (error.reason or str(error)).upper()
        return next((words for part, words in _ALERTS.items() if part in name), f"TLS: {error.reason or error}")
    return error.strerror or str(error) or type(error).__name__


def _words(broker: BrokerAddress, error: OSError) -> str:
    """``plain_words``; with TLS a connection that the other end closes at once may be to a port without."""
    closed = isinstance(error, ConnectionResetError | BrokenPipeError | ssl.SSLEOFError)
    return plain_words(error) + (_PERHAPS_PLAIN if broker.tls and closed else "")


def _of_certificate(error: ssl.SSLCertVerificationError) -> str:
    code = error.verify_code
    if code == _EXPIRED:
        return "the broker's certificate has expired: renew it on the broker"
    if code == _NOT_YET:
        return "the broker's certificate is not valid yet: compare the clocks of both machines"
    if code in _UNKNOWN:
        return "the broker's certificate is signed by an unknown authority: set PLANTROOM_BROKER_CA to that authority's"
    if code in _WRONG_NAME:
        return f"the broker's certificate is for another host: {error.verify_message}"
    return f"the broker's certificate is refused: {error.verify_message}"


def first_that_answers(broker: BrokerAddress, connect: Callable[[str, int], object]) -> None:
    """Call ``connect`` with host and port of each node in turn until one does not raise ``OSError``.

    Raises ``Unreachable`` in plain words when none is left.
    """
    told = []
    for host, port in broker.nodes:
        try:
            connect(host, port)
        except OSError as error:
            told.append((f"broker {host}:{port}", _words(broker, error)))
        else:
            return
    where, problem = told[0]
    more = "".join(f"; {other}: {words}" for other, words in told[1:])
    raise Unreachable(where, problem + more)


def examine(address: BrokerAddress) -> str:
    """Shake hands with a TLS broker and say until when its certificate lasts; with a warning when that is soon.

    Raises ``Unreachable`` in plain words, what the broker has against our certificate included.
    """
    where = f"broker {address.host}:{address.port}"
    context = tls_context(address)
    try:
        with (
            socket.create_connection((address.host, address.port), TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=address.host) as secured,
        ):
            ends = _ends(secured)
            secured.settimeout(SECOND_WORD_S)
            with suppress(TimeoutError):  # silence: it waits for our CONNECT, as it should
                secured.recv(1)
    except OSError as error:
        raise Unreachable(where, _words(address, error)) from error
    left = (ends - datetime.now(UTC)).days
    soon = f" (in {counted(left, 'day')}: renew it)" if left < RENEW_DAYS else ""
    return f"its certificate is valid until {ends:%Y-%m-%d}{soon}"


def _ends(secured: ssl.SSLSocket) -> datetime:
    certificate = secured.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
