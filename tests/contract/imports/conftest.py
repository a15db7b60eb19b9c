"""A ledger of each kind with a site, the default profile, an administrator and a pump."""

from collections.abc import Iterator

import pytest

from maintenance.seed import seed_default_profile
from plantroom.domain.assets import LocalName, Site
from plantroom.ports.accounts import Grant, Role, User
from plantroom.storage.ledger import SqlLedger
from tests.contract.imports.importing import Store, take


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest) -> Iterator[Store]:
    made = SqlLedger(request.getfixturevalue(f"{request.param}_url"))
    made.open()
    with made.begin() as tx:
        if not tx.assets.sites():
            tx.assets.add_site(Site("demo", LocalName("示范", "Demo")))
        seed_default_profile(tx)
        tx.accounts.put_user(User("u-1", "admin", "hash", [Grant(Role.ADMIN)], "管理员"))
    take(made, "assets", "设备编号,设备类别\nX-1,水泵\n")
    yield made
    made.close()
