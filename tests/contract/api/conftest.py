from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from plantroom.ports.accounts import Role
from tests.contract.api.world import HOME, PASSWORD, World, make_template, open_world

QUICK = PasswordHasher(time_cost=1, memory_cost=1024)
"""A hash says itself what it costs to try a password against it."""


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("ledger"), QUICK.hash(PASSWORD))


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    with open_world(template, tmp_path) as made:
        yield made


@pytest.fixture
def li(world: World) -> TestClient:
    return world.as_(Role.TECHNICIAN, HOME)
