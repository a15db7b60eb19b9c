"""How long a store that is back takes to be caught up with: from its being back on."""

import pytest

from plantroom.cli import bench_outage


class Clock:
    """Time goes on only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Site:
    """Finds the store after 10 s, and then deals with 1,000 of 10,000 messages a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._back = clock, clock.now

    def stats(self) -> dict[str, float]:
        done = max(0.0, self._clock.now - self._back - 10.0) * 1000
        return {"received": 500 + done}

    def require_alive(self) -> None:
        pass


class Sending:
    """Has sent 500 messages that were dealt with, and the 10,000 that wait."""

    sent = 10_500

    def require_well(self) -> None:
        pass


def test_the_time_until_the_store_is_noticed_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(bench_outage, "time", clock)
    site, sending = Site(clock), (Sending(),)
    noticed_s, drained_s, taken = bench_outage._drain(site, sending, 100)  # type: ignore[arg-type]
    assert noticed_s == pytest.approx(10.1, abs=0.11)
    assert drained_s == pytest.approx(19.9, abs=0.11)
    assert taken == pytest.approx(9900, abs=110)
