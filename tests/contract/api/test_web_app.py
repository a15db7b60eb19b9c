"""The web app's files, and the page when there are none."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import OPENAPI_URL
from api.openapi import document
from tests.contract.api.world import World, open_world


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Iterator[TestClient]:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><html><body>app</body></html>")
    (dist / "assets" / "index-abc123.js").write_text("export {}")
    (dist / "sw.js").write_text("// worker")
    (dist / "manifest.webmanifest").write_text("{}")
    (tmp_path / "secret.txt").write_text("secret")
    (dist / "out").symlink_to(tmp_path)
    with open_world(template, tmp_path, static_dir=dist) as world:
        yield world.client()


def test_pages_of_the_app_are_answered_with_its_first_page(site: TestClient) -> None:
    for path in ("/", "/today", "/orders/42", "/assets/P-101", "/assets/P.101", "/assets", "/apiary"):
        answer = site.get(path)
        assert answer.status_code == 200, path
        assert "<html" in answer.text
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["cache-control"] == "no-cache"


def test_the_document_of_the_api_is_no_page_of_the_app(site: TestClient) -> None:
    answer = site.get(OPENAPI_URL)
    assert (answer.status_code, answer.json()) == (200, document())


def test_hashed_files_are_cached_for_ever_and_others_never(site: TestClient) -> None:
    script = site.get("/assets/index-abc123.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "javascript" in script.headers["content-type"]
    for path in ("/sw.js", "/manifest.webmanifest", "/index.html"):
        assert site.get(path).headers["cache-control"] == "no-cache"
    assert site.get("/manifest.webmanifest").headers["content-type"].startswith("application/manifest+json")
    again = site.get("/", headers={"If-None-Match": site.get("/today").headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_missing_file_is_not_a_page(site: TestClient) -> None:
    for path in ("/assets/index-old.js", "/assets/gone.css", "/favicon.ico"):
        assert site.get(path).status_code == 404, path


def test_nothing_outside_the_folder_is_served(site: TestClient) -> None:
    for path in ("/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/out/secret.txt", "//etc/passwd"):
        assert "secret" not in site.get(path).text, path


def test_without_a_build_the_page_says_how_to_make_one(world: World) -> None:
    for path in ("/", "/today"):
        answer = world.client().get(path)
        assert answer.status_code == 200
        assert "<html" in answer.text
        assert "make setup" in answer.text
    assert world.client().head("/").status_code == 200


def test_changes_to_pages_are_not_possible(world: World) -> None:
    assert world.client().post("/today", json={}).status_code == 405
