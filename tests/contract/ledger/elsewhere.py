# ruff: noqa: T201 (its answers are what it prints)
"""What the tests let another process do: ``python -m tests.contract.ledger.elsewhere WHAT URL MOMENT``."""

import sys
import time

from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import finding, occurrence


def open_at(ledger: SqlLedger, moment: str) -> None:
    """Open at a moment that several processes share; says which modules that took."""
    time.sleep(max(0.0, float(moment) - time.time()))
    ledger.open()
    with ledger.read() as tx:
        print("revision", tx.assets.revision(), "alembic" in sys.modules)


def schedule(ledger: SqlLedger, moment: str) -> None:
    """Add the same occurrences as everybody else at a shared moment; says how many were new."""
    ledger.open()
    time.sleep(max(0.0, float(moment) - time.time()))
    new = 0
    for start in range(0, 200, 50):
        with ledger.begin() as tx:
            new += len(tx.plan.add_occurrences([occurrence(n) for n in range(start, start + 50)]))
    print(new)


def speak(ledger: SqlLedger, _: str) -> None:
    """For every line on standard input: commit what it names, and say when (seconds of the wall clock)."""
    ledger.open()
    print("ready", flush=True)
    for number, line in enumerate(sys.stdin):
        with ledger.begin() as tx:
            if line.strip() == "finding":
                tx.collect.append_findings([finding(number)])
            elif line.strip() == "live":
                tx.live.note("asset", "demo", {"n": number})
            else:
                tx.accounts.note_failed_sign_in("a", "b", finding().observed_at)
        print(time.time(), flush=True)


if __name__ == "__main__":
    opened = SqlLedger(sys.argv[2])
    {"open_at": open_at, "schedule": schedule, "speak": speak}[sys.argv[1]](opened, sys.argv[3])
    opened.close()
