"""``bench presence --real``: the same question over Mosquitto and ``plantroom run``, in real time.

Publishers of 1 to 60 s greet, send, lose their connection with and without a word and come back; one in ten is killed
for good half-way. The broker is stopped and started again in between. Presence is read from the API.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from plantroom.cli.bench_figures import percentiles
from plantroom.cli.bench_product import BenchProduct, environment
from plantroom.cli.bench_servers import BenchMosquitto
from plantroom.wire import encode_telemetry, status_topic, telemetry_topic

PERIODS_S = (1, 2, 5, 10, 30, 60)
BROKER_AWAY_S = 5.0
POLL_S = 0.5
SETTLE_S = 5.0
"""How long after a device came or went the API may still say the contrary."""


@dataclass(slots=True)
class Device:
    """A publisher with one client at a time. ``gone``: the spans (monotonic) in which it was cut off."""

    code: str
    period_s: float
    rng: random.Random
    port: int
    client: mqtt.Client | None = None
    gone: list[tuple[float, float]] = field(default_factory=list)
    dead: bool = False

    def open(self) -> None:
        """Connect as a new client, and say so."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"{self.code}-{self.rng.random()}")
        client.will_set(status_topic("demo", self.code), b"offline", qos=1, retain=True)
        client.on_connect = lambda c, *_: c.publish(status_topic("demo", self.code), b"online", qos=1, retain=True)
        client.reconnect_delay_set(1, 4)
        client.connect_async("127.0.0.1", self.port, keepalive=20)
        client.loop_start()
        self.client = client
        if self.gone and self.gone[-1][1] == float("inf"):
            self.gone[-1] = (self.gone[-1][0], time.monotonic())

    def send(self) -> None:
        """One message."""
        if self.client is not None:
            body = encode_telemetry(time.time_ns() // 1_000_000, {"flow": 30 + self.rng.random()})
            self.client.publish(telemetry_topic("demo", self.code), body, qos=1)

    def lose(self, *, dead: bool) -> None:
        """The connection breaks without a goodbye of the device: the broker sends its last will."""
        client, self.client = self.client, None
        self.dead = dead
        self.gone.append((time.monotonic(), float("inf")))
        if client is not None:
            sock = client.socket()
            if sock is not None:
                sock.close()
            client.loop_stop()

    def well(self, since: float, until: float) -> bool:
        """Whether it was there all the time between two moments."""
        return not any(start <= until and since <= end for start, end in self.gone)

    def run(self, stop: threading.Event) -> None:
        """Send until told to stop; one time in forty break and come back."""
        while not stop.wait(self.period_s * (1 + self.rng.uniform(-0.2, 0.2))):
            if self.dead:
                return
            if self.rng.random() < 0.025:
                self.lose(dead=False)
                stop.wait(self.rng.uniform(0.2, 8))
                self.open()
            self.send()


def measure_real_presence(assets: int, seconds: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The document of ``bench presence --real``. Raises ``Unreachable`` without Mosquitto."""
    rng = random.Random(seed)  # noqa: S311 - a simulation
    stop = threading.Event()
    with (
        BenchMosquitto(1000) as broker,
        BenchProduct({"PLANTROOM_BROKER_URL": f"mqtt://127.0.0.1:{broker.port}"}) as product,
    ):
        devices = [
            Device(f"R-{n}", PERIODS_S[n % len(PERIODS_S)], random.Random(seed + n), broker.port)  # noqa: S311
            for n in range(assets)
        ]
        for one in devices:
            product.add_asset(one.code, "pump")
            one.open()
        threads = [threading.Thread(target=one.run, args=(stop,), daemon=True) for one in devices]
        for thread in threads:
            thread.start()
        say(f"{assets} publishers for {seconds} s")
        try:
            figures = _watch(product, devices, rng, seconds, broker, say)
        finally:
            stop.set()
            for thread in threads:
                thread.join(5)
            for one in devices:
                if one.client is not None:
                    one.client.loop_stop()
    settings = {"real": True, "assets": assets, "seconds": seconds, "seed": seed}
    return figures | {"settings": settings, "environment": environment()}


def _watch(
    product: BenchProduct,
    devices: list[Device],
    rng: random.Random,
    seconds: int,
    broker: BenchMosquitto,
    say: Callable[[str], None],
) -> dict[str, Any]:
    by_code, words = {one.code: one for one in devices}, dict.fromkeys((one.code for one in devices), "unknown")
    false = {"offline": 0, "late": 0}
    seen_gone: dict[str, float] = {}
    begun = time.monotonic()
    doomed = rng.sample(devices, max(1, len(devices) // 10))
    steps: list[tuple[float, Callable[[], None]]] = [
        (0.4 * seconds, lambda: _kill(doomed)),
        (0.7 * seconds, lambda: _restart(broker, say)),
    ]
    while (now := time.monotonic()) - begun < seconds:
        if steps and now - begun >= steps[0][0]:
            steps.pop(0)[1]()
        for item in product.client.get("/api/v1/assets", params={"limit": 1000}).raise_for_status().json()["items"]:
            code, word = item["code"], item["presence"]
            if code not in by_code or words[code] == word:
                continue
            words[code] = word
            if word in false and by_code[code].well(now - SETTLE_S, now):
                false[word] += 1
            if word == "offline" and by_code[code].dead:
                seen_gone.setdefault(code, 1000 * (now - by_code[code].gone[-1][0]))
        time.sleep(POLL_S)
    return {
        "false_offline": false["offline"],
        "false_late": false["late"],
        "missed_offline": len(doomed) - len(seen_gone),
        "delay_to_offline_ms": percentiles(list(seen_gone.values())),
        "connections_broken": sum(len(one.gone) for one in devices),
        "online_at_end": sum(word == "online" for word in words.values()),
    }


def _kill(devices: list[Device]) -> None:
    for one in devices:
        one.lose(dead=True)


def _restart(broker: BenchMosquitto, say: Callable[[str], None]) -> None:
    say(f"the broker is away for {BROKER_AWAY_S:.0f} s")
    broker.stop()
    time.sleep(BROKER_AWAY_S)
    broker.__enter__()
