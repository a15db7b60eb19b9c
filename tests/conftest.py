"""What every test may ask for, and which tests run side by side."""

import gc
import os
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import pytest
import structlog
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from tests.databases import is_left_out, share_statements
from tests.examples import SAME_EACH_TIME, examples
from tests.servers.rabbitmq import CLUSTER

pytest_plugins = ["tests.servers.fixtures", "tests.ledgers", "tests.web_app"]

# What takes too long is ended by pytest-timeout; how long one example takes says how busy the machine is.
settings.register_profile(
    "plantroom", deadline=None, max_examples=examples(100), derandomize=SAME_EACH_TIME, print_blob=True
)
settings.load_profile("plantroom")

TOGETHER: Mapping[str, tuple[str, ...]] = {
    "demo_plant": tuple(
        f"tests/e2e_web/test_{name}.py"
        for name in ("assets", "checklist_offline", "conflict", "morning", "screens", "sign_in", "ticket")
    ),
    "trial": tuple(
        f"tests/e2e/test_{name}.py"
        for name in (
            "alarms", "backends", "bad_payloads", "commands", "compose", "dead_letters", "foreign_devices", "spine",
        )
    ),
    "rabbit_cluster": (
        "tests/e2e/test_failover.py", "tests/contract/broker/test_keeping.py",
        "tests/contract/broker/test_rabbitmq_rights.py", "tests/contract/gateway/test_retained.py",
        "tests/contract/gateway/test_sent_again.py",
    ),
}  # fmt: skip
"""Fixtures that take a good part of a core for as long as they are there, and the files that use them: these run one
after another on one worker, the others each on whichever is free."""

GROUPS = {file: fixture for fixture, files in TOGETHER.items() for file in files}

LONGEST = ("rabbit_cluster", "demo_plant", "tests/e2e/test_bench.py", "trial")
"""Groups and files that take minutes: one that began late would keep one worker busy alone at the end."""

COMPUTES = "gw0"
"""The worker that begins at the end of the tests and lets the others go first: they measure time."""


def file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def unit_of(nodeid: str) -> str:
    """The group of a test, or its file."""
    file = file_of(nodeid)
    return GROUPS.get(file, file)


class Groups(LoadFileScheduling):  # type: ignore[misc]
    """As ``--dist loadfile``, but that the files of a group are one, and that one worker begins at the end.

    What comes first waits more than it computes, what comes last computes: side by side they take what the machine has
    from the first minute to the last. The workers meet in the middle, where files are short.
    """

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        if node.gateway.id == COMPUTES:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


def pytest_configure() -> None:
    """The worker that computes, and what it starts, takes what the others leave. Loggers are made anew at each use: one
    that was kept by a test that ran before in the same process would not be heard by ``capture_logs``."""
    if os.environ.get("PYTEST_XDIST_WORKER") == COMPUTES:
        os.nice(5)
    share_statements()
    configure = structlog.configure

    def never_kept(**settings: Any) -> None:
        configure(**{**settings, "cache_logger_on_first_use": False})

    structlog.configure = never_kept


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    """xdist's hook."""
    return Groups(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whether ``TOGETHER`` is true; one database for most; the longest first."""
    left_out = [item for item in items if is_left_out(item)]
    config.hook.pytest_deselected(items=left_out)
    others = set(left_out)
    items[:] = [item for item in items if item not in others]
    for item in items:
        used = TOGETHER.keys() & set(getattr(item, "fixturenames", ()))
        file = file_of(item.nodeid)
        if used - {GROUPS.get(file)}:
            raise pytest.UsageError(f"{file} uses {', '.join(used)}: see TOGETHER in tests/conftest.py")
    rank = {unit: number for number, unit in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(unit_of(item.nodeid), len(LONGEST)))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """The cluster ends with the last test of its group, not with the session; what a command made of the logs ends with
    its test."""
    structlog.reset_defaults()
    used = unit_of(item.nodeid) == "rabbit_cluster"
    if used and nextitem is not None and unit_of(nextitem.nodeid) != "rabbit_cluster":
        item.config.stash.get(CLUSTER, ExitStack()).close()


def pytest_collection_finish() -> None:
    """Every module of the tests is loaded now and stays: looking through all of it for garbage, again and again, took a
    third of the processor."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
