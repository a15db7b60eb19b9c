"""What Mosquitto reads: configuration, password file, access rules. Text only; ``writing`` puts it on the disk.

Publishers and our own sessions come in by listeners of their own. On the publishers' the client id is the user name,
so that nobody takes over another's session, and ours are not even known there.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.broker.credentials import certificate_name
from gateway.broker.foreign import reach_of
from plantroom.ports.devices import Device
from plantroom.wire import REPLAY, ROOT, Channel

MEMORY_LIMIT_BYTES = 512 << 20
PACKET_LIMIT_BYTES = 1 << 20
PASSWORDS, RULES, CERTIFICATE_RULES = "passwords", "acl", "certificate-acl"
COLLECTOR_PASSWORDS, COLLECTOR_RULES = "collector-passwords", "collector-acl"
CONFIGURATION, PID = "mosquitto.conf", "mosquitto.pid"
CA, CA_KEY, CERTIFICATE, KEY = "ca.crt", "ca.key", "server.crt", "server.key"

MADE_BY = "# Written by plantroom, which writes it again with every change. Do not edit."

GENERAL = """\
{made_by}
user {user}
pid_file {folder}/mosquitto.pid
per_listener_settings true
# The default of 1,000 drops silently beyond it; the memory limit bounds the queues instead.
max_queued_messages 0
max_inflight_messages 1000
memory_limit {memory}
# Ends the connection of who sends more. (message_size_limit would acknowledge such a message and throw it away.)
max_packet_size {packet}
persistence true
persistence_location {data}/
autosave_interval 5
log_dest stderr
log_type error
log_type warning
log_type notice
"""


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files of the broker: ``ca`` signed its certificate and, where they are asked for, the publishers' (``None``:
    an authority that every machine knows)."""

    certificate: Path
    key: Path
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a listener listens."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine gets there."""
        return ipaddress.ip_address(self.host).is_loopback


@dataclass(frozen=True, slots=True)
class Wire:
    """How the broker of a site is reached.

    ``folder`` holds the files, ``data`` the broker's queues. ``client_certificates``: publishers show a certificate
    (``certificate_rules`` says of which common name), and need no password. ``collector_tls``: our own listener, too,
    speaks TLS.
    """

    folder: Path
    data: Path
    user: str
    certificates: Certificates
    publishers: Address
    collector: Address
    collector_tls: bool
    client_certificates: bool = False


def configuration(wire: Wire) -> str:
    """``mosquitto.conf`` of a site."""
    general = GENERAL.format(
        made_by=MADE_BY,
        user=wire.user,
        folder=wire.folder,
        memory=MEMORY_LIMIT_BYTES,
        packet=PACKET_LIMIT_BYTES,
        data=wire.data,
    )
    publishers = publishers_listener(
        wire.publishers, wire.folder, wire.certificates, client_certificates=wire.client_certificates
    )
    return f"{general}\n{publishers}\n{_collector_listener(wire)}"


def publishers_listener(
    address: Address, folder: Path, certificates: Certificates, *, client_certificates: bool = False
) -> str:
    """The part of the configuration that publishers come in by."""
    lines = [
        f"listener {address.port} {address.host}",
        *_tls(certificates),
        "allow_anonymous false",
        f"acl_file {folder}/{CERTIFICATE_RULES if client_certificates else RULES}",
        "# One name, one session: nobody takes over another publisher's, or one of ours.",
        "use_username_as_clientid true",
    ]
    if client_certificates:
        lines += [f"cafile {certificates.ca}", "require_certificate true", "use_identity_as_username true"]
    else:
        lines.append(f"password_file {folder}/{PASSWORDS}")
    return "\n".join(["# Publishers.", *lines, ""])


def takes_certificates(folder: Path) -> bool:
    """Whether the configuration in ``folder`` has publishers admitted by ``certificate_rules``; not when it cannot be
    read."""
    try:
        return f"/{CERTIFICATE_RULES}\n" in (folder / CONFIGURATION).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False


def _collector_listener(wire: Wire) -> str:
    lines = [
        f"listener {wire.collector.port} {wire.collector.host}",
        *(_tls(wire.certificates) if wire.collector_tls else ()),
        "allow_anonymous false",
        f"password_file {wire.folder}/{COLLECTOR_PASSWORDS}",
        f"acl_file {wire.folder}/{COLLECTOR_RULES}",
    ]
    return "\n".join(["# Plantroom's own sessions, which no publisher's name opens.", *lines, ""])


def _tls(certificates: Certificates) -> Sequence[str]:
    return f"certfile {certificates.certificate}", f"keyfile {certificates.key}", "tls_version tlsv1.2"


def password_file(devices: Iterable[Device]) -> str:
    """A line for every credential in force."""
    return "".join(f"{d.username}:{d.password_hash}\n" for d in _in_force(devices))


def rules(devices: Iterable[Device]) -> str:
    """What every credential in force may write and read; everything else is refused."""
    return _page(_rules_of(device, device.username) for device in _in_force(devices))


def certificate_rules(devices: Iterable[Device]) -> str:
    """The same by the common names of client certificates: ``certificate_name``, and the user name alone as long as
    no credential of that name was ever revoked. Whose certificate it is could not be told after that."""
    known = list(devices)
    ended = {device.username for device in known if device.revoked_at is not None}
    return _page(
        _rules_of(device, name)
        for device in _in_force(known)
        for name in (device.username, certificate_name(device))
        if name not in ended
    )


def _page(parts: Iterable[str]) -> str:
    return "\n".join([MADE_BY, "", *parts])


def _rules_of(device: Device, name: str) -> str:
    lines = [f"user {name}"]
    for asset in device.assets or ("+",):
        lines += [f"topic write {ROOT}/{device.site}/{asset}/{channel}" for channel in Channel]
        lines.append(f"topic read {ROOT}/{device.site}/{asset}/{REPLAY}")
    for reach in map(reach_of, device.topics):
        lines += [f"topic write {topic}" for topic in reach.write]
        lines += [f"topic read {topic}" for topic in reach.read]
    return "\n".join(lines) + "\n"


def _in_force(devices: Iterable[Device]) -> list[Device]:
    return sorted((d for d in devices if d.revoked_at is None), key=lambda d: d.username)


def collector_rules(username: str) -> str:
    """Ours: read everything a source may name, write our topics (replays, dead letters, simulators) and commands."""
    lines = (
        MADE_BY,
        f"user {username}",
        f"topic readwrite {ROOT}/#",
        "topic read #",
        "topic read $SYS/#",
        "# Sparkplug: requests for a new birth.",
        "topic write spBv1.0/+/NCMD/#",
        "topic write spBv1.0/+/DCMD/#",
    )
    return "\n".join(lines) + "\n"
