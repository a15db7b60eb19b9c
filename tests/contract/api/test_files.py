"""Files: kept by their hash, read by those who see their site, evidence that arrives."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from maintenance.work_orders import ChecklistItem
from plantroom.domain.assets import LocalName
from plantroom.errors import BadData
from plantroom.ports.accounts import Role
from plantroom.ports.files import TooLarge
from plantroom.storage.files import FolderFiles
from tests.contract.api.test_completing import complete
from tests.contract.api.test_sync import op
from tests.contract.api.test_sync import send as sync
from tests.contract.api.world import AWAY, HOME, PASSWORD, World

PHOTO = b"\xff\xd8\xff a photo"


def send(world: World, content: bytes = PHOTO, site: str = HOME, role: Role = Role.TECHNICIAN, **form: str) -> Any:
    name, mime = form.pop("name", "p.jpg"), form.pop("mime", "image/jpeg")
    client = world.as_(role, HOME)
    return client.post("/api/v1/files", data={"site": site, **form}, files={"file": (name, content, mime)})


def test_a_file_comes_back_byte_by_byte_and_is_kept_once(world: World) -> None:
    answer = send(world)
    assert answer.status_code == 201
    digest = hashlib.sha256(PHOTO).hexdigest()
    assert (answer.json()["sha256"], answer.json()["size"], answer.json()["name"]) == (digest, len(PHOTO), "p.jpg")
    assert send(world, name="other.jpg").json()["name"] == "p.jpg"
    got = world.as_(Role.VIEWER, HOME).get(f"/api/v1/files/{digest}")
    assert (got.content, got.headers["content-type"]) == (PHOTO, "image/jpeg")
    assert "sandbox" in got.headers["content-security-policy"]
    kept = world.services.files.path(digest)
    assert kept is not None
    folder = kept.parents[1]
    assert [path.name for path in folder.rglob("*") if path.is_file()] == [digest]


def test_a_file_is_read_by_those_who_see_its_site_only(world: World) -> None:
    digest = send(world).json()["sha256"]
    assert world.as_(Role.ADMIN, AWAY).get(f"/api/v1/files/{digest}").status_code == 404
    assert send(world, site=AWAY).status_code == 403
    assert world.as_(Role.VIEWER, HOME).post("/api/v1/files").status_code == 403


@pytest.mark.parametrize("sha256", ["nope", "../../etc/passwd", "%2e%2e%2fledger.db", "AB" * 32, "ab" * 32])
def test_no_other_path_leads_to_a_file(world: World, sha256: str) -> None:
    assert world.admin.get(f"/api/v1/files/{sha256}").status_code == 404
    assert not world.services.files.has(sha256)


def test_what_could_run_in_a_browser_is_saved_instead(world: World) -> None:
    digest = send(world, b"<script>", name="../x.svg", mime="image/svg+xml").json()["sha256"]
    got = world.admin.get(f"/api/v1/files/{digest}")
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment")
    assert '"x.svg"' in got.headers["content-disposition"]


def test_a_damaged_an_empty_and_a_lost_file_are_refused(world: World) -> None:
    assert "damaged" in send(world, sha256="ab" * 32).json()["detail"]
    assert send(world, b"").status_code == 422
    assert send(world, sha256="short").status_code == 422
    assert send(world, site="nowhere", role=Role.ADMIN).status_code == 403
    assert world.admin.post("/api/v1/files", data={"site": HOME}).status_code == 422
    unknown = world.admin.post("/api/v1/files", data={"site": "nowhere"}, files={"file": ("p", PHOTO, "image/jpeg")})
    assert [one["field"] for one in unknown.json()["errors"]] == ["site"]


def test_a_file_that_is_too_large_leaves_nothing_behind(tmp_path: Path) -> None:
    store = FolderFiles(tmp_path, max_bytes=10)
    with pytest.raises(TooLarge):
        store.put([b"12345", b"678901"], "text/plain")
    with pytest.raises(BadData):
        store.put([b"1"], "text/plain", "ab" * 32)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert store.put([b"12345", b"67890"], "text/plain").size == 10


def test_a_document_of_a_machine_is_a_file_of_its_site(world: World) -> None:
    digest = send(world).json()["sha256"]
    body = {"documents": [{"name": "铭牌", "kind": "photo", "sha256": digest}]}
    for site, status in ((HOME, 200), (AWAY, 422)):
        path = f"/api/v1/assets/{world.keys[site]}"
        assert world.admin.patch(path, json=body, headers={"If-Match": "*"}).status_code == status


def test_work_that_waits_for_a_photo_is_completed_when_it_arrives(world: World) -> None:
    order = world.ticket(template=[ChecklistItem("1", "ok", LocalName("外观", "Looks"), evidence=("photo",))])
    tablet = world.client()
    session = tablet.post("/api/v1/session", json={"username": "li", "password": PASSWORD}).json()
    tablet.headers["X-CSRF-Token"] = session["csrf_token"]
    digest = hashlib.sha256(PHOTO).hexdigest()
    photo = op("photo", order.id, "1", sha256=digest, bytes=len(PHOTO), mime="image/jpeg")
    sync(tablet, op("start", order.id), op("answer", order.id, "1", outcome="ok"), photo)
    assert complete(world, order)["state"] == "evidence_pending"
    assert send(world).json()["completed"] == 1
    assert world.admin.get(f"/api/v1/work-orders/{order.id}").json()["state"] == "completed"
