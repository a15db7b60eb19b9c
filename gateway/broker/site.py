"""Writing everything that the broker of a site reads, and what Plantroom needs to reach it."""

import os
import pwd
import re
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from gateway.broker.certificates import self_signed
from gateway.broker.credentials import mosquitto_hash
from gateway.broker.files import (
    COLLECTOR_PASSWORDS,
    COLLECTOR_RULES,
    CONFIGURATION,
    Address,
    Certificates,
    Wire,
    collector_rules,
    configuration,
)
from gateway.broker.writing import PRIVATE, PUBLIC, SHARED, held, owner_of, write_devices, write_file
from plantroom.errors import BadData, Unreachable
from plantroom.ports.devices import Device
from plantroom.setting_checks import readable_certificates, require_key
from plantroom.settings import BrokerAddress, parse_broker_url

ENVIRONMENT = "plantroom.env"
COLLECTOR = "plantroom"
LOOPBACK = "127.0.0.1"
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104
SOMEWHERE = "192.0.2.1"
"""An address that belongs to nobody (RFC 5737)."""


@dataclass(frozen=True, slots=True)
class SiteBroker:
    """What an operator chooses. ``certificates`` given: those; else an authority of the site's own is made.

    ``hosts`` are the names that publishers reach the broker by, ``collector_tls`` ``None``: unless it is loopback.
    """

    folder: Path
    publishers: Address
    collector: Address
    hosts: Sequence[str] = ()
    certificates: Certificates | None = None
    client_certificates: bool = False
    collector_tls: bool | None = None
    data: Path | None = None
    user: str | None = None

    def names(self) -> list[str]:
        """Every name and address that the broker's certificate is for; the first is what we call it ourselves."""
        found = [*self.hosts, socket.gethostname(), "localhost", LOOPBACK]
        for listening in (self.publishers.host, self.collector.host):
            found += own_addresses() if listening in EVERYWHERE else [listening]
        return list(dict.fromkeys(found))


def own_addresses() -> list[str]:
    """The address by which this machine reaches others, if it has one. Sends nothing: a UDP socket is only bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((SOMEWHERE, 9))
        except OSError:
            return []
        return [str(probe.getsockname()[0])]


def write_site(
    wanted: SiteBroker,
    devices: Sequence[Device],
    ours: BrokerAddress | None,
    now: datetime,
    first: Callable[[Path], object] | None = None,
) -> BrokerAddress:
    """Write the folder; gives the address for our own sessions. ``ours`` is what is set for them already. ``first``
    is called with the folder before anything is written there, and raises where nothing must be.

    Writing again keeps the authority, a certificate that is good for a month and our password. Raises ``BadData`` for
    certificates that do not fit, ``Unreachable`` when something cannot be written.
    """
    user = wanted.user or default_user()
    owner = owner_of(user)
    wire_data = wanted.data or wanted.folder / "data"
    try:
        for folder in (wanted.folder, *([wire_data] if wanted.data is None else [])):
            if not folder.is_dir():
                folder.mkdir(parents=True, mode=0o750)
                if owner is not None:
                    os.chown(folder, *owner)
        with held(wanted.folder):
            if first is not None:
                first(wanted.folder)
            certificates = wanted.certificates or self_signed(wanted.folder, wanted.names(), owner, now)
            _check(certificates, client_certificates=wanted.client_certificates)
            tls = not wanted.collector.is_loopback if wanted.collector_tls is None else wanted.collector_tls
            wire = Wire(
                wanted.folder,
                wire_data,
                user,
                certificates,
                wanted.publishers,
                wanted.collector,
                tls,
                wanted.client_certificates,
            )
            address = ours if ours is not None and _chosen(ours, wanted.folder) else _address(wire, wanted)
            username, password = str(address.username), str(address.password)
            line = f"{username}:{mosquitto_hash(password)}\n"
            write_file(wanted.folder / COLLECTOR_PASSWORDS, line, SHARED, owner)
            write_file(wanted.folder / COLLECTOR_RULES, collector_rules(username), SHARED, owner)
            write_devices(wanted.folder, devices, owner)
            write_file(wanted.folder / CONFIGURATION, configuration(wire), PUBLIC, owner)
            write_file(wanted.folder / ENVIRONMENT, _environment(address, wanted.folder), PRIVATE)
    except OSError as error:
        where = f"broker files in {wanted.folder}"
        raise Unreachable(where, f"{error.filename or ''}: {error.strerror or error}".strip(": ")) from error
    return address


def default_user() -> str:
    """Who the broker runs as: Debian's ``mosquitto`` when root starts it, else whoever we are."""
    if os.geteuid() == 0:
        try:
            return pwd.getpwnam("mosquitto").pw_name
        except KeyError:
            return "root"
    return pwd.getpwuid(os.geteuid()).pw_name


def _check(certificates: Certificates, *, client_certificates: bool) -> None:
    if client_certificates and certificates.ca is None:
        raise BadData("client certificates need --ca: the authority that signs them")
    try:
        readable_certificates(certificates.certificate)
        require_key(certificates.certificate, certificates.key)
        if certificates.ca is not None:
            readable_certificates(certificates.ca)
    except ValueError as error:
        raise BadData(f"certificate {certificates.certificate}, key {certificates.key}: {error}") from error


def _address(wire: Wire, wanted: SiteBroker) -> BrokerAddress:
    host = LOOPBACK if wire.collector.is_loopback else wanted.names()[0]
    ca = wire.certificates.ca if wire.collector_tls else None
    return BrokerAddress(
        host=host,
        port=wire.collector.port,
        tls=wire.collector_tls,
        username=COLLECTOR,
        password=_password_there(wire.folder) or secrets.token_urlsafe(32),
        ca=ca,
    )


def _chosen(ours: BrokerAddress, folder: Path) -> bool:
    """Whether the operator has set the credential; one that was read from ``plantroom.env`` is ours to write."""
    known = ours.username == COLLECTOR and ours.password == _password_there(folder)
    return bool(ours.username and ours.password) and not known


def _password_there(folder: Path) -> str | None:
    """Our password as the folder was written before."""
    path = folder / ENVIRONMENT
    if not path.exists():
        return None
    found = re.search(r"(?m)^PLANTROOM_BROKER_URL=(\S+)$", path.read_text(encoding="utf-8"))
    return parse_broker_url(found[1]).password if found else None


def _environment(address: BrokerAddress, folder: Path) -> str:
    scheme = "mqtts" if address.tls else "mqtt"
    who = f"{quote(str(address.username), safe='')}:{quote(str(address.password), safe='')}"
    host = f"[{address.host}]" if ":" in address.host else address.host
    lines = [f"PLANTROOM_BROKER_URL={scheme}://{who}@{host}:{address.port}", f"PLANTROOM_BROKER_FILES={folder}"]
    files = (("CA", address.ca), ("CERT", address.cert), ("KEY", address.key))
    lines += [f"PLANTROOM_BROKER_{name}={path}" for name, path in files if path is not None]
    return "\n".join([*lines, ""])
