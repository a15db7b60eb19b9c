"""A command whose jobs are a process of their own: what has become of them, a line each time that it is asked, until
nobody asks any more."""

import json
import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from plantroom.bootstrap.jobs_apart import JobsApart
from plantroom.bootstrap.logs import configure_logs
from plantroom.bootstrap.parts import open_parts
from plantroom.settings import Settings


def main() -> None:
    settings = Settings(data_dir=Path(sys.argv[1]))
    configure_logs(settings.log_level)
    away_s, grace_s = (float(one) for one in sys.argv[2:])
    jobs = JobsApart(settings, away_s, timedelta(seconds=grace_s))
    parts = open_parts(settings)
    jobs.start()
    for _ in sys.stdin:
        said = {name: asdict(one) for name, one in jobs.figures().items()}
        line = json.dumps({"jobs": said, "problems": jobs.problems(parts.ledger)})
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    jobs.stop()
    parts.close()


if __name__ == "__main__":
    main()
