"""What every test may ask for, and which tests run side by side."""

from collections.abc import Iterable

import pytest

pytest_plugins = ["tests.servers.fixtures", "tests.ledgers", "tests.web_app"]

DEAR = ("demo", "trial", "rabbit_cluster")
"""Fixtures that take a good part of a core for as long as they are there: one worker has all files that use one."""


def groups(items: Iterable[pytest.Item]) -> dict[str, str]:
    """File -> the tests that run one after another on one worker: a file's, or those of all files with a dear part."""
    found: dict[str, str] = {}
    for item in items:
        file = item.nodeid.partition("::")[0]
        dear = next((name for name in DEAR if name in getattr(item, "fixturenames", ())), None)
        found[file] = dear or found.get(file, file)
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For ``--dist loadgroup``, which reads the marks in the same hook."""
    together = groups(items)
    for item in items:
        item.add_marker(pytest.mark.xdist_group(together[item.nodeid.partition("::")[0]]))
