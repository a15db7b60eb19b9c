"""Requests that meet other writers, on the database where writers run side by side."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.access import digest
from api.app import API_ROUTERS, create_app
from api.retrying import BeginAgain
from api.services import Services
from plantroom.ports.accounts import Role
from plantroom.ports.ledger import Contended
from plantroom.storage.ledger import SqlLedger
from tests.contract.api.world import HOME, World

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def beside(world: World, postgresql_url: str) -> Iterator[tuple[SqlLedger, TestClient]]:
    """A ledger with the world's asset, and the application upon it."""
    ledger = SqlLedger(postgresql_url)
    ledger.open()
    with world.ledger.read() as tx:
        site, asset = tx.assets.site(HOME), tx.assets.get(world.keys[HOME]).asset
        points = tx.assets.points(asset.key)
    secret = world.token(Role.ADMIN)
    with world.ledger.read() as tx:
        token = tx.accounts.token(digest(secret))
    assert token is not None
    with ledger.begin() as tx:
        tx.assets.add_site(site)
        tx.assets.add(asset, points)
        tx.accounts.add_token(token)
    services: Services = replace(world.services, ledger=ledger)
    yield ledger, TestClient(create_app(services), headers={"Authorization": f"Bearer {secret}"})
    ledger.close()


def test_a_change_over_anything_keeps_what_another_one_has_just_written(world: World, beside: Any) -> None:
    ledger, client = beside
    key = world.keys[HOME]

    def change() -> int:
        path, free = f"/api/v1/assets/{key}", {"If-Match": "*"}
        return client.patch(path, json={"model": "M2"}, headers=free).status_code

    with ThreadPoolExecutor(1) as pool:
        with ledger.begin() as tx:
            tx.assets.update(replace(tx.assets.get(key).asset, manufacturer="Other"), None)
            changed = pool.submit(change)
            with pytest.raises(TimeoutError):
                changed.result(timeout=0.5)
        assert changed.result(timeout=5) == 200
    with ledger.read() as tx:
        asset = tx.assets.get(key).asset
    assert (asset.manufacturer, asset.model, asset.version) == ("Other", "M2", 3)


def contended(times: int, begin: Callable[..., Any]) -> Callable[..., Any]:
    left = threading.Semaphore(times)

    def some_times() -> Any:
        if left.acquire(blocking=False):
            raise Contended("ledger: deadlock detected")
        return begin()

    return some_times


def test_a_request_that_met_another_writer_is_begun_again_once(world: World, monkeypatch) -> None:
    body = {"site": HOME, "code": "P-7", "class": "pump"}
    client, begin = world.admin, world.ledger.begin
    monkeypatch.setattr(world.ledger, "begin", contended(1, begin))
    assert client.post("/api/v1/assets", json=body).status_code == 201
    monkeypatch.setattr(world.ledger, "begin", contended(2, begin))
    answer = client.post("/api/v1/assets", json=body | {"code": "P-8"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["errors"] == []


def test_every_route_that_changes_something_is_begun_again() -> None:
    changing = [r for router in API_ROUTERS for r in router.routes if CHANGING & r.methods]  # type: ignore[attr-defined]
    assert changing
    assert [r for r in changing if not isinstance(r, BeginAgain)] == []


def test_a_tablet_s_operation_that_met_another_writer_is_applied(world: World, monkeypatch) -> None:
    order, client = world.ticket(), world.admin
    op = {
        "op_id": "op-1", "user": "machine", "type": "start", "work_order": order.id,
        "captured_at": "2026-03-02T08:00:00Z", "value": {},
    }  # fmt: skip
    body = {"device": "t", "device_now": "2026-03-02T08:00:00Z", "ops": [op]}
    monkeypatch.setattr(world.ledger, "begin", contended(2, world.ledger.begin))
    (result,) = client.post("/api/v1/sync", json=body).json()["results"]
    assert result["status"] == "applied"
