"""Channels of a test's own, and their clock."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from maintenance.notify.channels import Channel
from maintenance.notify.delivery import Delivered, deliver
from maintenance.notify.messages import Message, Notice
from maintenance.notify.outbox import notify_channels
from maintenance.notify.ports import MessageFilter, Post, Vault
from maintenance.notify.senders import Sender, check_address, sealed_address
from maintenance.ports import MaintenanceTx
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import Ledger
from plantroom.ports.paging import PageRequest
from plantroom.storage.vault import FileVault
from tests.contract.maintenance.conftest import NOW

Store = Ledger[MaintenanceTx]
SECRET = "a secret of sixteen"


class Moved(Clock):
    def __init__(self, instant: datetime = NOW) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant

    def forward(self, **span: float) -> None:
        self.instant += timedelta(**span)


class Office:
    """A ledger's channels, the vault with their addresses, and deliveries at a clock of the test's own."""

    def __init__(self, ledger: Store, folder: Path) -> None:
        self.ledger, self.clock = ledger, Moved()
        self.vault: Vault = FileVault(folder / "secrets.key")
        self.post: Post = Sender(self.vault)

    def channel(self, url: str, **more: Any) -> Channel:
        secret = SECRET if url.startswith("http://127") else None
        kind, shown = check_address(url, secret, None)
        sealed = sealed_address(self.vault, url, secret)
        name = more.pop("name", f"c{new_key()}")
        made = Channel(new_key(), name, kind, sealed, shown, self.clock.now(), "wang", **more)
        with self.ledger.begin() as tx:
            tx.channels.add(made)
        return made

    def deliver(self) -> Delivered:
        return deliver(self.ledger, self.post, self.clock, "https://plant.example", lambda: 0.5)

    def messages(self, **filters: Any) -> list[Message]:
        """The oldest first."""
        with self.ledger.read() as tx:
            return list(tx.notifications.list(MessageFilter(**filters), PageRequest(1000, sort="created_at")).items)

    def stored(self, channel: Channel) -> Channel:
        with self.ledger.read() as tx:
            return tx.channels.get(channel.id)


def tell(office: Office, count: int = 1, **more: Any) -> None:
    for n in range(count):
        words = LocalName(f"通知{n}", f"Notice {n}")
        given: dict[str, Any] = {
            "topic": "ticket",
            "site": "demo",
            "title": words,
            "lines": (words,),
            "dedup": new_key(),
        }
        with office.ledger.begin() as tx:
            notify_channels(tx, Notice(**(given | more)), office.clock.now())
