from collections.abc import Iterator
from pathlib import Path

import pytest

from api.passwords import hash_password
from tests.contract.api.world import PASSWORD, World, make_template, open_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("ledger"), hash_password(PASSWORD))


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    with open_world(template, tmp_path) as made:
        yield made
