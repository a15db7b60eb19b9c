"""The web app's generated types and its weight. (Linter and compiler: `make lint`; its own tests: `make test-web`.)"""

import gzip
import subprocess
import sys
from pathlib import Path

from tests.web_app import ROOT, WEB

TECHNICIAN_BUDGET = 200_000


def npm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["npm", "run", "--silent", *arguments], cwd=WEB, capture_output=True, text=True, timeout=300, check=False
    )


def test_the_types_are_those_of_the_api(web_dist: Path, tmp_path: Path) -> None:
    described = subprocess.run(
        [sys.executable, "-m", "api.openapi"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    (tmp_path / "openapi.json").write_text(described.stdout)
    made = npm("types", "--", str(tmp_path / "openapi.json"), "-o", str(tmp_path / "schema.d.ts"))
    assert made.returncode == 0, made.stderr
    fresh = (tmp_path / "schema.d.ts").read_text()
    how = "`npm run types -- OPENAPI.json -o src/api/schema.d.ts` in web/, OPENAPI.json from `python -m api.openapi`"
    assert (WEB / "src/api/schema.d.ts").read_text() == fresh, how


def test_the_technicians_pages_are_light(web_dist: Path) -> None:
    scripts = [p for p in (web_dist / "assets").glob("*.js") if not p.name.startswith("uplot")]
    assert scripts
    assert sum(len(gzip.compress(p.read_bytes())) for p in scripts) <= TECHNICIAN_BUDGET


def test_no_page_needs_what_the_content_policy_forbids(web_dist: Path) -> None:
    page = (web_dist / "index.html").read_text()
    assert "<style" not in page
    assert " style=" not in page
    assert all("src=" in tag for tag in page.split("<script")[1:])


def test_the_lock_file_names_no_registry() -> None:
    text = (WEB / "package-lock.json").read_text()
    assert '"resolved"' not in text
