"""The document that the web client's types are generated from."""

import subprocess
import sys
from typing import Any

import pytest

from api.openapi import document


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return document()


def test_operation_ids_are_unique_and_given_by_hand(made: dict[str, Any]) -> None:
    ids = [op["operationId"] for path in made["paths"].values() for op in path.values()]
    assert len(ids) == len(set(ids))
    assert all("_" not in i for i in ids), "made up by the framework"


FILES = {"text/csv", "text/html", "application/pdf", "application/octet-stream"}


def test_every_answer_with_a_body_has_a_shape(made: dict[str, Any]) -> None:
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if status in {"204", "default"}:
                    continue
                if FILES >= set(answer.get("content", {})) > set():
                    continue  # a file, not a document
                shapes = [c.get("schema", {}) for c in answer.get("content", {}).values()]
                assert shapes, (method, path, status)
                assert all("$ref" in s for s in shapes), (method, path, status)


def test_errors_are_problems_and_nothing_of_the_framework_s(made: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in str(made)
    for operations in made["paths"].values():
        for operation in operations.values():
            assert list(operation["responses"]["default"]["content"]) == ["application/problem+json"]


def test_references_lead_somewhere(made: dict[str, Any]) -> None:
    text = str(made)
    names = {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(made["components"]["schemas"])


def test_every_list_has_items_and_a_cursor(made: dict[str, Any]) -> None:
    for path, operations in made["paths"].items():
        operation = operations.get("get")
        if operation is None or not operation["operationId"].startswith("list"):
            continue
        ref = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        shape = made["components"]["schemas"][ref.rsplit("/", 1)[1]]
        assert set(shape["properties"]) >= {"items", "next_cursor"}, path
        assert "limit" in {p["name"] for p in operation["parameters"]}, path


def test_every_body_with_a_file_has_an_example(made: dict[str, Any]) -> None:
    found = {}
    for operations in made["paths"].values():
        for operation in operations.values():
            form = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data")
            if form is not None:
                shape = made["components"]["schemas"][form["schema"]["$ref"].rsplit("/", 1)[1]]
                found[operation["operationId"]] = [
                    shape["properties"][one].get("examples") for one in shape["required"]
                ]
    assert {"addReportPhoto", "uploadFile", "importTable"} <= set(found)
    assert all(all(examples) for examples in found.values()), found


def test_the_command_prints_the_same_every_time_and_connects_to_nothing() -> None:
    code = (
        "import sys; from api.openapi import main; main(); "
        "heavy = {'sqlalchemy', 'influxdb_client', 'sklearn', 'scipy', 'argon2', 'apscheduler', 'alembic'}; "
        "sys.exit(repr(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    first, second = (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False) for _ in range(2)
    )
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert '"openapi"' in first.stdout
