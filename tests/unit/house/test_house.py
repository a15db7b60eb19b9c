"""House rules that no linter knows."""

import ast
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("plantroom", "gateway", "ingest", "maintenance", "models", "api", "simulators")
MODULE_LINES = 400
FUNCTION_LINES = 60


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (p for p in (ROOT / package).rglob("*.py") if "migrations/versions" not in p.as_posix())


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_module_is_longer_than_400_lines() -> None:
    long = {str(p.relative_to(ROOT)): n for p in modules() if (n := len(p.read_text().splitlines())) > MODULE_LINES}
    assert not long


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.name} {length(node)}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > FUNCTION_LINES
    ]
    assert not long


def test_the_domain_imports_only_the_standard_library() -> None:
    foreign = []
    for path in (ROOT / "plantroom" / "domain").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                top = name.split(".")[0]
                if top not in sys.stdlib_module_names and not name.startswith(("plantroom.domain", "plantroom.errors")):
                    foreign.append(f"{path.name}: {name}")
    assert not foreign


FENCES = {
    "api/events/hub.py": 1,
    "api/ingest/sampler.py": 1,
    "api/middleware.py": 1,
    "gateway/broker/embedded.py": 1,
    "gateway/collector.py": 1,
    "gateway/session.py": 1,
    "ingest/asking.py": 1,
    "ingest/look_ahead.py": 1,
    "ingest/replays.py": 1,
    "ingest/rollup_worker.py": 1,
    "ingest/stages.py": 3,
    "ingest/strays.py": 1,
    "ingest/worker.py": 2,
    "maintenance/findings_consumer.py": 1,
    "maintenance/notify/delivery.py": 1,
    "maintenance/one_by_one.py": 1,
    "maintenance/scheduler.py": 1,
    "maintenance/records/sealer.py": 1,
    "maintenance/worker.py": 1,
    "models/fitting_apart.py": 1,
    "plantroom/bootstrap/broker_keeper.py": 1,
    "plantroom/bootstrap/collect.py": 1,
    "plantroom/bootstrap/demo.py": 1,
    "plantroom/bootstrap/leasing.py": 1,
    "plantroom/bootstrap/jobs_apart.py": 1,
    "plantroom/bootstrap/serve.py": 1,
    "plantroom/publisher/sender.py": 1,
    "plantroom/storage/ledger/asset_index.py": 1,
    "plantroom/storage/ledger/changes.py": 1,
    "plantroom/storage/readings/senders.py": 1,
    "simulators/live.py": 1,
}
"""Where everything may be caught: outermost loops of threads and processes, and the fences of docs/decisions/0006."""


def catches_everything(handler: ast.ExceptHandler) -> bool:
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(name is None or (isinstance(name, ast.Name) and name.id in BLANKET) for name in names)


BLANKET = {"Exception", "BaseException"}


def test_everything_is_caught_only_at_an_outermost_loop_or_a_recorded_fence() -> None:
    found = {}
    for path in modules():
        handlers = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ExceptHandler)]
        # One that raises again whatever came (to clean up first) catches nothing.
        last = [h for h in handlers if catches_everything(h) and not _passes_on(h)]
        if last:
            found[path.relative_to(ROOT).as_posix()] = len(last)
    assert found == FENCES


def _passes_on(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_the_lock_files_pin_with_hashes_and_without_any_registry() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        pinned = [line for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))]
        assert pinned, path
        assert text.count("--hash=sha256:") >= len(pinned), path
        assert "://" not in text, path
    assert '"resolved"' not in (ROOT / "web" / "package-lock.json").read_text()


def test_no_test_file_lies_where_pytest_does_not_look() -> None:
    looked_at = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["testpaths"]
    folders = [ROOT / folder for folder in looked_at]
    strays = [p for p in (ROOT / "tests").rglob("test_*.py") if not any(f in p.parents for f in folders)]
    assert not strays


def test_the_wheel_holds_every_package_its_data_and_the_web_app(web_dist: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    for name in (
        "models/stage.py",
        "plantroom/catalogue/classes/pump.toml",
        "plantroom/catalogue/systems.toml",
        "plantroom/webapp/index.html",
        "simulators/scenarios/demo.toml",
        "maintenance/seed/plan_rows.csv",
    ):
        assert name in names, name
    assert any(name.startswith("plantroom/migrations/versions/") for name in names)
    assert not any(name.startswith(("tests/", "web/", "var/")) for name in names)
