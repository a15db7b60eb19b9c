"""What measures finds what it measures: nothing else looks at those modules."""

from importlib import import_module
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "benchmarks"


@pytest.mark.parametrize("module", sorted(path.stem for path in FOLDER.glob("*.py")))
def test_a_benchmark_loads(module: str) -> None:
    assert import_module(f"benchmarks.{module}").__doc__
