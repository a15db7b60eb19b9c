"""Secrets in the ledger, encrypted with a key that is not in it.

Fernet (AES-128-CBC with HMAC-SHA256) with one key in a file that only its owner reads. A copy of the ledger alone tells
nobody the addresses of channels; every process that serves one ledger needs the same file.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from plantroom.errors import SettingError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

SETTING = "PLANTROOM_SECRETS_KEY"
EXPECTED = "a file with the key that `plantroom channel add` made, the same for all processes of a ledger, mode 0600"
PRIVATE = 0o600


class FileVault:
    """``maintenance.notify.ports.Vault`` with the key in a file, which is made by the first ``seal``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def seal(self, text: str) -> str:
        """Encrypt. Raises ``SettingError`` when there is no key and none can be written."""
        from cryptography.fernet import Fernet

        if not self._path.exists():
            self._make(Fernet.generate_key())
        return self._fernet().encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Decrypt. Raises ``SettingError`` when the key is missing or another one."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet().decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SettingError(SETTING, f"{self._path}: is not the key of what is stored", EXPECTED) from None

    def _fernet(self) -> "Fernet":
        from cryptography.fernet import Fernet

        try:
            return Fernet(self._path.read_bytes().strip())
        except FileNotFoundError:
            raise SettingError(SETTING, f"{self._path}: there is no such file", EXPECTED) from None
        except OSError as error:
            raise SettingError(SETTING, f"{self._path}: {error.strerror}", EXPECTED) from error
        except ValueError:
            raise SettingError(SETTING, f"{self._path}: holds no key", EXPECTED) from None

    def _make(self, key: bytes) -> None:
        """Write the key; of several processes that do so at once the first one's stands."""
        part = self._path.with_name(f".{self._path.name}.{os.getpid()}.{time.monotonic_ns()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
                file.write(key)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(part, self._path)
        except OSError as error:
            raise SettingError(SETTING, f"{self._path}: {error.strerror}", EXPECTED) from error
        finally:
            part.unlink(missing_ok=True)
