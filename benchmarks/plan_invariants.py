"""What must hold of the plan over generated schedules and histories: no drift, no skip, no date outside its window, no
key twice, the law's floor kept, nothing made by a second look.

    python -m benchmarks.plan_invariants [--examples 100000] [--seed 1]

Each example is a life of one to four rows on one asset (every kind of row that has dates; nested or not), played over
up to ten looks of the scheduler with work done early, late, out of turn, credited, missed and deferred, and outages.
One JSON document on stdout; exit code 1 with the first example that broke a rule.
"""

import argparse
import json
import time

from hypothesis import HealthCheck, Phase, given, seed, settings

from plantroom.cli.bench_product import environment
from tests.unit.maintenance.histories import Life, lives
from tests.unit.maintenance.living import live


def run(examples: int, number: int) -> dict[str, object]:
    """Play the lives. Raises ``AssertionError`` where a rule does not hold."""
    counts = {"lives": 0, "occurrences": 0, "looks": 0}

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(lives)
    def play(life: Life) -> None:
        counts["lives"] += 1
        counts["looks"] += len(life.steps) + 2
        counts["occurrences"] += len(live(life).occurrences)

    begun = time.perf_counter()
    play()
    return counts | {"seconds": round(time.perf_counter() - begun, 1), "violations": 0}


def main() -> None:
    """Parse, play, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--examples", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given_args = parser.parse_args()
    found = run(given_args.examples, given_args.seed)
    document = {"settings": vars(given_args), "environment": environment()} | found
    print(json.dumps(document, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
