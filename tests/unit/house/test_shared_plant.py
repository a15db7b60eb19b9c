"""The end-to-end tests that share one plant leave each other's machines alone."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

E2E = Path(__file__).resolve().parents[2] / "e2e"
TOPIC = re.compile(r"^plantroom/[\w-]+/([\w-]+)/")
ENTERS = {"add_asset": 0, "replay": 1}


def cases_and_fixtures(tree: ast.Module) -> list[ast.FunctionDef]:
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [
        node
        for node in found
        if node.name.startswith("test_") or "fixture" in "".join(map(ast.dump, node.decorator_list))
    ]


def codes(function: ast.FunctionDef) -> Iterator[str]:
    """Codes that are entered on ``plant``, and those that are published under."""
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="plant"), attr=name), args=given) if name in ENTERS:
                code = given[ENTERS[name]]
                if isinstance(code, ast.Constant):
                    yield str(code.value)
            case ast.Constant(value=str(text)) if found := TOPIC.match(text):
                yield found[1]


def test_no_two_files_use_the_same_code_on_the_plant_that_they_share() -> None:
    used: dict[str, set[str]] = defaultdict(set)
    for path in (E2E / "conftest.py", *E2E.glob("test_*.py")):
        functions = cases_and_fixtures(ast.parse(path.read_text(encoding="utf-8")))
        if path.name.startswith("test_") and "plant" in {one.name for one in functions}:
            continue  # it has a plant of its own
        for one in functions:
            if "plant" in {argument.arg for argument in one.args.args}:
                for code in codes(one):
                    used[code].add(path.name)
    assert len(used) > 10
    assert {code: files for code, files in used.items() if len(files) > 1} == {}
