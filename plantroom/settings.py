"""Settings: environment ``PLANTROOM_*``, then the TOML file of the same names in lower case, then defaults.

Validated on construction; nothing is connected to.
"""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from plantroom.errors import SettingError, plain_message
from plantroom.public_access import proxies, public_sites
from plantroom.setting_checks import file_place, readable_certificates, require_key, web_address

PREFIX = "PLANTROOM_"
MAX_LETTERS, MAX_LETTERS_MB = 1_000_000_000, 1_000_000
MAX_DAYS = 36_500
MAX_NODES = 32
MIN_LEASE_S, MAX_LEASE_S = 2.0, 300.0
VOUCHED = "quorum"
"""In place of the management's address: the operator says that the queues are quorum queues."""

TEST_ONLY = re.compile(r"^PLANTROOM_TEST_")

EXPECTED: Mapping[str, str] = {
    "data_dir": "a folder that can be written to",
    "http_host": "an address to listen on, such as 127.0.0.1 or 0.0.0.0",
    "http_port": "a whole number from 0 (a free port) to 65535",
    "mqtt_port": "a whole number from 0 (a free port) to 65535",
    "broker_url": "mqtt[s]://[user:password@]host[:port], for a cluster with all its nodes: host1:port1,host2:port2",
    "broker_admin_url": "http[s]://user:password@host:port of RabbitMQ's management, or the word quorum",
    "lease_s": "a number of seconds from 2 to 300",
    "broker_ca": "a file with the certificate (PEM) of the authority that signed the broker's",
    "broker_cert": "a file with our client certificate (PEM), beside PLANTROOM_BROKER_KEY",
    "broker_key": "a file with the private key (PEM, no passphrase) of PLANTROOM_BROKER_CERT",
    "broker_files": "the folder that `plantroom broker config` wrote",
    "mqtt_host": "an address to listen on, such as 127.0.0.1 or 0.0.0.0",
    "mqtts_port": "a whole number from 0 (a free port) to 65535",
    "readings_url": "sqlite:///FILE, influxdb://TOKEN@host:port/ORG/BUCKET or influxdbs://... for TLS",
    "ledger_url": "sqlite:///FILE or postgresql+psycopg://user:password@host:port/database",
    "files_url": "file:///FOLDER",
    "public_reports": "on, off, or codes of sites with commas between",
    "trusted_proxies": "addresses or networks with commas between, such as 127.0.0.1,10.0.0.0/8, or none",
    "models_dir": "a folder that can be written to",
    "now": "an instant in RFC 3339, such as 2026-01-15T00:00:00Z",
    "config": "a TOML file with the settings' names in lower case",
    "log_level": "debug, info, warning or error",
    "secure_cookies": "auto, always or never",
    "retention_raw_days": "a whole number of days from 1 to 36500, or 0 for ever",
    "retention_10m_days": "a whole number of days from 1 to 36500, not fewer than raw readings are kept, or 0 for ever",
    "retention_notices_days": "a whole number of days from 1 to 36500, or 0 for ever",
    "dead_letters_max": "a whole number from 1 to 1000000000",
    "dead_letters_mb": "a whole number from 1 to 1000000",
    "public_url": "http[s]://host[:port][/path], as people type it into their browsers",
    "secrets_key": "a file with the key that Plantroom made, mode 0600, or where it may be made",
}


class BrokerAddress(BaseModel):
    """Where the broker is and who we are there. ``ca``, ``cert`` and ``key`` are PEM files; without ``ca`` the
    machine's own authorities count. ``more`` are the further nodes of a cluster, hosts and ports."""

    model_config = ConfigDict(frozen=True)
    host: str
    port: int
    tls: bool = False
    username: str | None = None
    password: str | None = None
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    more: tuple[tuple[str, int], ...] = ()
    known_as: str | None = None
    """By what it is the same one at the next start, where it is not by its nodes; empty: it forgets sessions."""

    @property
    def nodes(self) -> tuple[tuple[str, int], ...]:
        """Host and port of every node, in the order they were given."""
        return ((self.host, self.port), *self.more)

    def at(self, number: int) -> "BrokerAddress":
        """The same broker by one node alone: the one of that number, counted round and round."""
        host, port = self.nodes[number % len(self.nodes)]
        return self.model_copy(update={"host": host, "port": port, "more": ()})


class Settings(BaseSettings):
    """All settings. Paths are absolute; URLs are left as given (their makers validate them)."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, validate_default=True, env_ignore_empty=True
    )

    toml_file: ClassVar[Path | None] = None

    data_dir: Path = Path("var/plantroom")
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    mqtt_port: int = 1883
    mqtt_host: str = "127.0.0.1"
    mqtts_port: int = 8883
    broker_url: str | None = None
    broker_ca: Path | None = None
    broker_cert: Path | None = None
    broker_key: Path | None = None
    broker_files: Path | None = None
    broker_admin_url: str | None = None
    lease_s: float = 6.0
    readings_url: str | None = None
    ledger_url: str | None = None
    files_url: str | None = None
    public_url: str | None = None
    public_reports: str = "on"
    trusted_proxies: str = "127.0.0.1"
    models_dir: Path | None = None
    now: datetime | None = None
    config: Path | None = None
    log_level: str = "info"
    secure_cookies: str = "auto"
    retention_raw_days: int = 90
    retention_10m_days: int = 1095
    retention_notices_days: int = 90
    dead_letters_max: int = 200_000
    dead_letters_mb: int = 500
    secrets_key: Path | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then environment, then the TOML file; no .env file and no secret folder."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, cls.toml_file)

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("models_dir")
    @classmethod
    def _models_dir(cls, value: Path | None) -> Path | None:
        if value is not None and value.expanduser().exists() and not value.expanduser().is_dir():
            raise ValueError("is a file")
        return None if value is None else value.expanduser().absolute()

    @field_validator("broker_files")
    @classmethod
    def _broker_files(cls, value: Path | None) -> Path | None:
        if value is not None and not value.expanduser().is_dir():
            raise ValueError("there is no such folder")
        return None if value is None else value.expanduser().absolute()

    @field_validator("broker_ca", "broker_cert")
    @classmethod
    def _certificates(cls, value: Path | None) -> Path | None:
        return None if value is None else readable_certificates(value.expanduser().absolute())

    @field_validator("broker_key")
    @classmethod
    def _key(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        certificate = info.data.get("broker_cert")
        if (value is None) != (certificate is None):
            raise ValueError("PLANTROOM_BROKER_CERT and PLANTROOM_BROKER_KEY need each other")
        if value is None or certificate is None:
            return None
        path = value.expanduser().absolute()
        require_key(certificate, path)
        return path

    @field_validator("mqtt_host")
    @classmethod
    def _mqtt_host(cls, value: str) -> str:
        ip_address(value)
        return value

    @field_validator("http_port", "mqtt_port", "mqtts_port")
    @classmethod
    def _port(cls, value: int) -> int:
        if not 0 <= value <= 65535:
            raise ValueError("out of range")
        return value

    @field_validator("now")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("has no time zone")
        return None if value is None else value.astimezone(UTC)

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.lower() not in {"debug", "info", "warning", "error"}:
            raise ValueError("unknown level")
        return value.lower()

    @field_validator("secure_cookies")
    @classmethod
    def _cookies(cls, value: str) -> str:
        if value not in {"auto", "always", "never"}:
            raise ValueError("unknown choice")
        return value

    @field_validator("retention_raw_days", "retention_10m_days", "retention_notices_days")
    @classmethod
    def _days(cls, value: int, info: ValidationInfo) -> int:
        if not 0 <= value <= MAX_DAYS:
            raise ValueError("out of range")
        raw_days = info.data.get("retention_raw_days")
        if info.field_name == "retention_10m_days" and raw_days and 0 < value < raw_days:
            raise ValueError("10-minute aggregates would be gone before the raw readings")
        return value

    @field_validator("dead_letters_max", "dead_letters_mb")
    @classmethod
    def _letters(cls, value: int, info: ValidationInfo) -> int:
        if not 1 <= value <= (MAX_LETTERS if info.field_name == "dead_letters_max" else MAX_LETTERS_MB):
            raise ValueError("out of range")
        return value

    @field_validator("broker_url")
    @classmethod
    def _broker(cls, value: str | None) -> str | None:
        if value is not None:
            parse_broker_url(value)
        return value

    @field_validator("broker_admin_url")
    @classmethod
    def _admin(cls, value: str | None) -> str | None:
        if value is not None and value != VOUCHED:
            parts = urlsplit(value)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError("is neither an address nor the word quorum")
        return value

    @field_validator("lease_s")
    @classmethod
    def _lease(cls, value: float) -> float:
        if not MIN_LEASE_S <= value <= MAX_LEASE_S:
            raise ValueError("out of range")
        return value

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str | None) -> str | None:
        return None if value is None else web_address(value)

    @field_validator("secrets_key")
    @classmethod
    def _secrets_key(cls, value: Path | None) -> Path | None:
        return None if value is None else file_place(value.expanduser().absolute())

    @field_validator("public_reports", "trusted_proxies")
    @classmethod
    def _access(cls, value: str, info: ValidationInfo) -> str:
        (public_sites if info.field_name == "public_reports" else proxies)(value)
        return value

    @field_validator("files_url")
    @classmethod
    def _files(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("file:///"):
            raise ValueError("only folders are supported")
        return value

    @property
    def broker(self) -> BrokerAddress | None:
        """Where the set broker is and who we are there; ``None``: the trial's own."""
        if self.broker_url is None:
            return None
        files = {"ca": self.broker_ca, "cert": self.broker_cert, "key": self.broker_key}
        return parse_broker_url(self.broker_url).model_copy(update=files)

    @property
    def readings(self) -> str:
        """The readings store's URL, the trial's SQLite file when none is set."""
        return self.readings_url or f"sqlite:///{self.data_dir / 'readings.db'}"

    @property
    def ledger(self) -> str:
        """The ledger's URL, the trial's SQLite file when none is set; a relative file lies in the data folder."""
        url = self.ledger_url or "sqlite:///ledger.db"
        path = url.removeprefix("sqlite:///")
        if path == url or path.startswith(("/", ":memory:")):
            return url
        return f"sqlite:///{self.data_dir / path}"

    @property
    def files(self) -> Path:
        """The folder of photos and reports."""
        return Path(unquote(urlsplit(self.files_url).path)) if self.files_url else self.data_dir / "files"

    @property
    def secrets(self) -> Path:
        """The file with the key that the ledger's secrets are encrypted with."""
        return self.secrets_key or self.data_dir / "secrets.key"

    @property
    def models(self) -> Path:
        """The folder of the model registry."""
        return self.models_dir or self.data_dir / "models"


def parse_broker_url(url: str) -> BrokerAddress:
    """Nodes and credentials of ``mqtt[s]://user:password@host:port[,host:port...]``. Raises ``ValueError``."""
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in {"mqtt", "mqtts"}:
        raise ValueError("the scheme must be mqtt or mqtts")
    who, at, hosts = rest.rpartition("@")
    if any(c in who for c in "/?#"):
        raise ValueError(_ODD_PORT)
    hosts = hosts.removesuffix("/")
    nodes = [_node(scheme.lower(), text) for text in hosts.split(",")]
    if len(nodes) > MAX_NODES or len(set(nodes)) != len(nodes):
        raise ValueError(f"names a node twice, or more than {MAX_NODES}")
    user, _, password = who.partition(":")
    return BrokerAddress(
        host=nodes[0][0],
        port=nodes[0][1],
        tls=scheme.lower() == "mqtts",
        username=unquote(user) if at and user else None,
        password=unquote(password) if at and password else None,
        more=tuple(nodes[1:]),
    )


_ODD_PORT = "the port must be a whole number; write # / ? @ in a password as %23 %2F %3F %40"


def _node(scheme: str, text: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"{scheme}://{text}")
        port = parts.port
    except ValueError:
        raise ValueError(_ODD_PORT) from None
    if not parts.hostname or parts.path or parts.query or parts.fragment or any(c.isspace() for c in text):
        raise ValueError("needs a host and nothing behind it")
    return parts.hostname, port or (8883 if scheme == "mqtts" else 1883)


def _refuse_unknown(names: Iterable[str], where: str) -> None:
    for name in names:
        if name.removeprefix(PREFIX).lower() not in Settings.model_fields:
            raise SettingError(name, f"there is no such setting{where}", "one of " + ", ".join(setting_names()))


def _check_file(path: Path) -> None:
    try:
        names = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError("PLANTROOM_CONFIG", f"{path}: {error.strerror}", EXPECTED["config"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError("PLANTROOM_CONFIG", f"{path}: {error}", EXPECTED["config"]) from error
    _refuse_unknown((PREFIX + key.upper() for key in names), f" ({path})")


def setting_names() -> list[str]:
    """Every setting's name in the environment, sorted."""
    return sorted(PREFIX + key.upper() for key in Settings.model_fields)


def load_settings(overrides: Mapping[str, object] | None = None) -> Settings:
    """Settings from flags (``overrides``, those not ``None``), environment and file, in this order.

    Raises ``SettingError`` with the setting's name and what it should be.
    """
    _refuse_unknown((n for n in os.environ if n.startswith(PREFIX) and not TEST_ONLY.match(n)), "")
    flags: dict[str, Any] = {k: v for k, v in (overrides or {}).items() if v is not None}
    config = flags.get("config") or os.environ.get(PREFIX + "CONFIG")
    if config:
        _check_file(Path(str(config)))
    source = type("Settings", (Settings,), {"toml_file": Path(str(config)) if config else None})
    try:
        settings: Settings = source(**flags)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0]).lower()
        shown = "***" if key.endswith("_url") else repr(first["input"])
        raise SettingError(
            PREFIX + key.upper(), f"{shown}: {plain_message(first['msg'])}", EXPECTED.get(key, "see the docs")
        ) from None
    return settings
