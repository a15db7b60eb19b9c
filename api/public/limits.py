"""How often anybody may ask without signing in: by address, by machine, and altogether.

Kept in memory, by each process for itself, in tables of a fixed size: whoever comes from ever new addresses fills no
memory, and meets the limit on all of them together.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

from plantroom.errors import Throttled

MOST_KEYS = 10_000


class Limiter:
    """At most ``most`` in ``span`` for each key, given back evenly. Safe from several threads."""

    def __init__(self, most: int, span: timedelta, keys: int = MOST_KEYS) -> None:
        self.most, self._span, self._keys = most, span.total_seconds(), keys
        self._left: OrderedDict[str, tuple[float, datetime]] = OrderedDict()
        self._lock = Lock()

    def take(self, key: str, now: datetime) -> None:
        """Count one. ``Throttled`` with the time until the next is allowed."""
        with self._lock:
            left, at = self._left.pop(key, (float(self.most), now))
            passed = max(0.0, (now - at).total_seconds())
            left = min(float(self.most), left + passed * self.most / self._span)
            allowed = left >= 1.0
            self._left[key] = (left - 1.0 if allowed else left, now)
            if len(self._left) > self._keys:
                self._left.popitem(last=False)
        if not allowed:
            wait = (1.0 - left) * self._span / self.most
            raise Throttled("请求过于频繁，请稍后再试 / too many requests: try again later", wait)

    def __len__(self) -> int:
        return len(self._left)


@dataclass(frozen=True)
class PublicLimits:
    """Limits of the public resource. All figures are project defaults (D): nobody reports five faults in ten minutes by
    hand, and one machine has no more than ten that differ in an hour."""

    reports_of_address: Limiter = field(default_factory=lambda: Limiter(5, timedelta(minutes=10)))
    reports_of_asset: Limiter = field(default_factory=lambda: Limiter(10, timedelta(hours=1)))
    reports: Limiter = field(default_factory=lambda: Limiter(200, timedelta(hours=1), 1))
    urgent_reports: Limiter = field(default_factory=lambda: Limiter(200, timedelta(hours=1), 1))
    looks_of_address: Limiter = field(default_factory=lambda: Limiter(60, timedelta(minutes=1)))
    looks: Limiter = field(default_factory=lambda: Limiter(3_000, timedelta(minutes=1), 1))

    def look(self, address: str, now: datetime) -> None:
        """Somebody asks for something."""
        self.looks_of_address.take(network_of(address), now)
        self.looks.take("", now)

    def report(self, address: str, about: str, now: datetime, *, urgent: bool = False) -> None:
        """Somebody reports something about a machine or place. What is ``urgent`` is not kept out by what others have
        reported there before: somebody may be trapped."""
        self.reports_of_address.take(network_of(address), now)
        if urgent:
            self.urgent_reports.take("", now)
            return
        self.reports_of_asset.take(about, now)
        self.reports.take("", now)


def network_of(address: str) -> str:
    """What counts as one sender: an IPv4 address; of IPv6 the /64 that one connection is given."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(ip_network((int(found), 64), strict=False))
    return str(found if not isinstance(found, IPv6Address) else found.ipv4_mapped)
