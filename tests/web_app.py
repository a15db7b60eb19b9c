"""The built web app, for all who serve, look at or pack it."""

import fcntl
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "web"


def _newest(folder: Path) -> float:
    return max((p.stat().st_mtime for p in folder.rglob("*") if p.is_file()), default=0.0)


@pytest.fixture(scope="session")
def web_dist() -> Path:
    """The built web app, built now when its sources are newer; by one at a time, where tests run side by side."""
    dist = WEB / "dist"
    with (WEB / "package.json").open() as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not (WEB / "node_modules").is_dir():
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=WEB, check=True, capture_output=True)
        if not (dist / "index.html").is_file() or (dist / "sw.js").stat().st_mtime < _newest(WEB / "src"):
            subprocess.run(["npm", "run", "build"], cwd=WEB, check=True, capture_output=True)
    return dist
