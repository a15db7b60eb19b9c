"""A Mosquitto that runs on what ``write_site`` has written."""

import os
import pwd
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.broker.credentials import new_device
from gateway.broker.files import Address
from gateway.broker.site import SiteBroker, write_site
from gateway.broker.writing import held, reload_broker, write_devices
from plantroom.ports.devices import Device
from plantroom.settings import BrokerAddress
from tests.contract.wire.stranger import Stranger
from tests.servers.mosquitto import mosquitto_binary
from tests.servers.process import ServerProcess, answers, free_port


def now() -> datetime:
    return datetime.now(UTC)


class WireSite(ServerProcess):
    """The broker of a site with the devices given to ``add``; ``port`` is the publishers'."""

    name = "wire"

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.collector_port = free_port()
        self.devices: list[Device] = []
        self.passwords: dict[str, str] = {}
        self._options = {"user": pwd.getpwuid(os.geteuid()).pw_name, "hosts": ["127.0.0.1"]} | options
        self.ours: BrokerAddress | None = None

    def prepare(self) -> None:
        self.write()

    def write(self) -> BrokerAddress:
        wanted = SiteBroker(
            folder=self.folder / "wire",
            publishers=Address("127.0.0.1", self.port),
            collector=Address("127.0.0.1", self.collector_port),
            **self._options,
        )
        self.ours = write_site(wanted, self.devices, None, now())
        return self.ours

    def is_ready(self) -> bool:
        return answers(self.port) and answers(self.collector_port)

    def command(self) -> list[str]:
        return [str(mosquitto_binary()), "-c", str(self.folder / "wire" / "mosquitto.conf")]

    @property
    def ca(self) -> Any:
        return self.folder / "wire" / "ca.crt"

    def give(self, site: str, client: str, assets: Sequence[str] = (), topics: Sequence[str] = ()) -> str:
        """A device in the ledger; gives its user name."""
        device, password = new_device(site, client, now(), "test", assets, topics)
        self.devices.append(device)
        self.passwords[device.username] = password
        return device.username

    def tell(self) -> str:
        """Write the devices as they are now and have the broker read them."""
        with held(self.folder / "wire"):
            write_devices(self.folder / "wire", self.devices)
        return reload_broker(self.folder / "wire")

    def publisher(self, username: str, **changes: Any) -> Stranger:
        given: dict[str, Any] = {"port": self.port, "username": username, "ca": self.ca}
        return Stranger(**(given | {"password": self.passwords.get(username)} | changes))

    def collector(self, client_id: str = "plantroom-demo", clean: bool = False, **changes: Any) -> Stranger:
        assert self.ours is not None
        given: dict[str, Any] = {
            "port": self.collector_port,
            "username": self.ours.username,
            "password": self.ours.password,
            "ca": self.ca if self.ours.tls else None,
        }
        return Stranger(**(given | {"client_id": client_id, "clean": clean} | changes))
