"""From ``PLANTROOM_READINGS_URL`` to a readings store."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from plantroom.errors import SettingError
from plantroom.ports.clock import Clock, SystemClock
from plantroom.ports.readings import SLACK_DAYS, ReadingsStore, Retention
from plantroom.settings import EXPECTED as SETTINGS_EXPECTED

SETTING = "PLANTROOM_READINGS_URL"
EXPECTED = SETTINGS_EXPECTED["readings_url"]
DEFAULT_PORT = 8086


def open_readings(
    url: str, data_dir: Path, retention: Retention | None = None, clock: Clock | None = None
) -> ReadingsStore:
    """The store that ``url`` names, not yet opened; a relative SQLite file lies in ``data_dir``. Without ``retention``
    everything is kept for ever.

    Raises ``SettingError``. Messages never repeat the token.
    """
    kept, clock = retention or Retention(), clock or SystemClock()
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise SettingError(SETTING, "has no scheme" if url else "is empty", EXPECTED)
    if scheme == "sqlite":
        return _sqlite(rest, data_dir, kept, clock)
    if scheme in {"influxdb", "influxdbs"}:
        return _influx(url, kept, clock, tls=scheme == "influxdbs")
    raise SettingError(SETTING, f"scheme {scheme!r} is not known", EXPECTED)


def _sqlite(rest: str, data_dir: Path, retention: Retention, clock: Clock) -> ReadingsStore:
    from plantroom.storage.readings.kept import KeptReadings
    from plantroom.storage.readings.sqlite import SqliteReadings

    file = unquote(rest.removeprefix("/"))
    if not rest.startswith("/"):
        raise SettingError(
            SETTING, "an SQLite address has three slashes before the file (four for a full path)", EXPECTED
        )
    if not file or file.endswith("/") or "\x00" in file:
        raise SettingError(SETTING, "names no file", EXPECTED)
    path = data_dir / file
    if path.is_dir():
        raise SettingError(SETTING, f"{path} is a folder", EXPECTED)
    ten, hours = (SqliteReadings(path.with_name(f"{path.stem}_{name}{path.suffix}")) for name in ("10m", "1h"))
    return KeptReadings(SqliteReadings(path), ten, hours, retention, clock)


def _influx(url: str, retention: Retention, clock: Clock, *, tls: bool) -> ReadingsStore:
    from plantroom.storage.readings.influx import InfluxReadings
    from plantroom.storage.readings.influx_http import InfluxTarget
    from plantroom.storage.readings.kept import KeptReadings

    try:
        parts = urlsplit(url)
        port = parts.port if parts.port is not None else DEFAULT_PORT
    except ValueError as error:
        raise SettingError(
            SETTING, "the port is not a number from 1 to 65535 or the host is malformed", EXPECTED
        ) from error
    names = [unquote(one) for one in parts.path.strip("/").split("/")]
    if not parts.hostname or port == 0:
        raise SettingError(SETTING, "names no host or port", EXPECTED)
    token = _token(parts)
    if not token:
        raise SettingError(SETTING, "has no token before the @", EXPECTED)
    if len(names) != 2 or not all(names):
        raise SettingError(SETTING, "the path is not an organisation and a bucket", EXPECTED)
    target = InfluxTarget(parts.hostname, port, token, names[0], names[1], tls)
    days = retention.raw_days, retention.ten_minute_days, 0
    raw, ten, hours = (
        InfluxReadings(replace(target, bucket=f"{target.bucket}{ending}"), kept + SLACK_DAYS if kept else 0)
        for ending, kept in zip(("", "_10m", "_1h"), days, strict=True)
    )
    return KeptReadings(raw, ten, hours, retention, clock)


def _token(parts: SplitResult) -> str:
    user, separator, _ = parts.netloc.rpartition("@")
    return unquote(user) if separator else ""
