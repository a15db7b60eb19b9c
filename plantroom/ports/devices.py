"""Port of the ledger's publisher credentials."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Device:
    """What one publisher shows the broker, and what it may write there.

    ``password_hash`` is Mosquitto's own form (``$7$iterations$salt$hash``, PBKDF2-HMAC-SHA512). ``assets`` are the
    codes of the assets it speaks for (empty: every asset of its site), ``topics`` further topic filters of a foreign
    dialect. A credential ends with ``revoked_at`` and stays on the list.
    """

    id: str
    site: str
    client: str
    username: str
    password_hash: str
    created_at: datetime
    created_by: str
    assets: Sequence[str] = ()
    topics: Sequence[str] = ()
    revoked_at: datetime | None = None
    revoked_by: str | None = None


@dataclass(frozen=True, slots=True)
class BrokerFiles:
    """Files of a broker that are known to be written from this ledger.

    ``id`` is the folder's own, ``folder`` and ``host`` where whoever wrote last has it, ``changes`` what it knew then
    (``DeviceRepository.changes``), ``told`` what came of telling the broker, in a sentence.
    """

    id: str
    folder: str
    host: str
    changes: int
    told: str
    written_at: datetime


class DeviceRepository(ABC):
    """Publisher credentials, those that have ended included, and the broker's files that are written from them."""

    @abstractmethod
    def add(self, device: Device) -> None:
        """``Conflict`` when a credential of that user name is in force, ``NotFound`` for an unknown site."""

    @abstractmethod
    def get(self, device_id: str) -> Device: ...

    @abstractmethod
    def in_force(self, username: str) -> Device | None:
        """The credential of that user name that has not been revoked."""

    @abstractmethod
    def list(self) -> Sequence[Device]:
        """Every credential, by user name and age."""

    @abstractmethod
    def revoke(self, device_id: str, at: datetime, by: str) -> Device:
        """End a credential for good; one that has ended stays as it is. Gives it as it now is."""

    @abstractmethod
    def changes(self) -> int:
        """Rises with every credential that is added or ends. One cheap query."""

    @abstractmethod
    def put_files(self, files: BrokerFiles) -> None:
        """In the place of what was known of them, and of other files in that folder of that host."""

    @abstractmethod
    def files(self) -> Sequence[BrokerFiles]:
        """Every broker's, by folder and host."""

    @abstractmethod
    def forget_files(self, folder: str) -> int:
        """Those in the folder, on whatever host; gives how many there were. Whoever keeps them notes them again."""
