"""The examples in the docstrings hold."""

import doctest
from types import ModuleType

import pytest

from models import quantities, watcher


@pytest.mark.parametrize("module", [quantities, watcher])
def test_the_examples_hold(module: ModuleType) -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0
