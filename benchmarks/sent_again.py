"""How much a broker sends again of what it was acknowledged: a consumer that is cut off at random moments.

    python -m benchmarks.sent_again [--rate 12000] [--seconds 30] [--seed 2]

A publisher sends numbers at a rate; the consumer has a persistent session, acknowledges whatever it has read at once,
and after a while cuts the connection as a kill would (RST), stays away and comes again. One JSON document on stdout:
how many messages came that an earlier connection had brought and acknowledged, in all and on one connection at most,
how many of these without a mark of a repetition (DUP) that is believed (one in front of all messages without it), how
many out of order, and how many numbers never came.
"""

import argparse
import json
import random
import socket
import struct
import threading
import time

from gateway.packets import PacketSocket
from plantroom.cli.bench_product import environment
from plantroom.cli.bench_servers import BenchMosquitto
from plantroom.cli.bench_wire import RawPublisher, connect, hold_session

WINDOW = 1_000
BATCH = 20
STAY_S, AWAY_S = (0.02, 0.3), (0.05, 2.0)
QUIET_S = 2.0
CLIENT, TOPIC = "sent-again", b"t/x"


class Numbers(threading.Thread):
    """Publishes 0, 1, 2 ... at a rate, until ``finish``."""

    def __init__(self, port: int, rate: int) -> None:
        super().__init__(daemon=True)
        self._publisher = RawPublisher(port, "numbers")
        self._rate = rate
        self._over = threading.Event()
        self.sent = 0

    def run(self) -> None:
        """The thread's work."""
        begun = time.monotonic()
        while not self._over.is_set():
            time.sleep(max(0.0, begun + self.sent / self._rate - time.monotonic()))
            self._publisher.send([(TOPIC, b"%d" % n) for n in range(self.sent, self.sent + BATCH)])
            self.sent += BATCH
        self._publisher.settle()

    def finish(self) -> int:
        """How many were sent; all of them are acknowledged."""
        self._over.set()
        self.join()
        return self.sent


class Consumer:
    """What came so far, over all its connections."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.seen: set[int] = set()
        self.again: list[int] = []
        self.unmarked = self.disordered = 0

    def live(self, seconds: float) -> None:
        """One connection. With ``seconds`` 0 it lasts until nothing more comes."""
        sock = connect(self._port, CLIENT, clean=False)
        sock.settimeout(0.02)
        packets, again, highest = PacketSocket(sock), 0, -1
        begun = last = time.monotonic()
        while time.monotonic() - (begun if seconds else last) < (seconds or QUIET_S):
            try:
                messages = packets.receive()
            except TimeoutError:
                continue
            for message in messages:
                number = int(message.payload)
                known = number in self.seen
                again += known
                self.unmarked += known and not message.again
                self.disordered += number < highest
                highest = max(highest, number)
                self.seen.add(number)
            if messages:
                packets.acknowledge(message.mid for message in messages)
                last = time.monotonic()
        # As when the process is killed while there is something to read.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        self.again.append(again)


def measure(rate: int, seconds: int, seed: int) -> dict[str, object]:
    """The document. Raises ``Unreachable`` without a broker."""
    rng = random.Random(seed)
    with BenchMosquitto(WINDOW) as broker:
        hold_session(broker.port, CLIENT, "t/#")
        numbers, consumer = Numbers(broker.port, rate), Consumer(broker.port)
        numbers.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            consumer.live(rng.uniform(*STAY_S))
            time.sleep(rng.uniform(*AWAY_S))
        sent = numbers.finish()
        consumer.live(0)
    return {
        "sent": sent,
        "never_came": sent - len(consumer.seen),
        "connections": len(consumer.again),
        "sent_again": sum(consumer.again),
        "sent_again_at_most": max(consumer.again),
        "without_mark": consumer.unmarked,
        "out_of_order": consumer.disordered,
        "settings": {
            "rate": rate,
            "seconds": seconds,
            "seed": seed,
            "window": WINDOW,
            "stay_s": STAY_S,
            "away_s": AWAY_S,
        },
        "environment": environment(),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=12_000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=2)
    chosen = parser.parse_args()
    print(json.dumps(measure(chosen.rate, chosen.seconds, chosen.seed)))
