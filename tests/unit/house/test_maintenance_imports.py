"""Maintenance has layers: its modules import each other at their tops, and never in a circle."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter

from tests.unit.house.test_house import ROOT

PACKAGE = "maintenance"
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / PACKAGE).rglob("*.py"))
}
TREES = {module: ast.parse(path.read_text()) for module, path in FILES.items()}


def imported(tree: ast.AST, module: str = PACKAGE) -> Iterator[str]:
    """Modules of the package that are imported anywhere in a tree of ``module``."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = module if FILES[module].name == "__init__.py" else module.rpartition(".")[0]
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            names = [origin, *(f"{origin}.{alias.name}" for alias in node.names)]
        yield from (name for name in names if name in FILES and name != PACKAGE)


def lazy(tree: ast.AST, module: str = PACKAGE) -> list[str]:
    """Modules of the package that functions import."""
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)]
    return sorted({name for function in functions for name in imported(function, module)})


def test_no_function_imports_a_module_of_maintenance() -> None:
    assert {module: found for module, tree in TREES.items() if (found := lazy(tree, module))} == {}


def test_the_modules_of_maintenance_import_each_other_in_no_circle() -> None:
    below = {module: set(imported(tree, module)) - {module} for module, tree in TREES.items()}
    assert below["maintenance.transitions"] >= {"maintenance.findings", "maintenance.isolation", "maintenance.orders"}
    TopologicalSorter(below).prepare()  # raises CycleError, which names the modules of a circle


def test_an_import_inside_a_function_is_seen_in_every_form() -> None:
    for line in (
        "from maintenance.findings import FindingApplier",
        "from maintenance import findings",
        "import maintenance.findings",
        "from .findings import FindingApplier",
        "from . import findings",
    ):
        method = ast.parse(f"class A:\n    def b(self):\n        if True:\n            {line}")
        assert lazy(method, "maintenance.isolation") == ["maintenance.findings"], line
        assert lazy(ast.parse(line), "maintenance.isolation") == []
