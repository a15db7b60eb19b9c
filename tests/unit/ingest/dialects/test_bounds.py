"""No message takes more time or memory than its size is worth, or leaves more than a letter for each code."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.unit.ingest.dialects.hostile import CASES

CPU_S_PER_MB = 10
"""Garbage takes a second or two at most; the next worse thing that there was took an hour."""

PEAK_MB = {"json": 100, "events": 100, "sparkplug_b": 100}
"""A mebibyte may tell of 75,000 events, and all have to be told; what nodes told is kept, up to 64 MiB of it."""

OTHERS_PEAK_MB = 60
TIMEOUT_S = 170


@pytest.mark.parametrize("dialect", CASES)
def test_the_worst_messages_of_the_largest_size_are_dealt_with_in_their_stride(dialect: str) -> None:
    command = [sys.executable, "-m", "tests.unit.ingest.dialects.hostile", dialect]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)

    assert done.returncode == 0, done.stderr[-2_000:]
    cases: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert cases
    assert [one for one in cases if one["cpu_s"] > CPU_S_PER_MB * max(1.0, one["mb"])] == []
    assert [one for one in cases if one["peak_mb"] > PEAK_MB.get(dialect, OTHERS_PEAK_MB)] == []
    assert [one for one in cases if one["surplus_letters"]] == []
