"""``classes``: the equipment classes with their points and failure modes."""

from collections.abc import Mapping
from typing import Any

import typer

from plantroom.catalogue import classes_document
from plantroom.cli.common import AsJson, DataDir, emit


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("classes")(classes)


def classes(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the equipment classes and the keys of their points, with the units (UCUM) in which they are."""
    del data_dir
    found = classes_document()
    lines = [f"{c['class']:<20} {c['name']['zh']}  {', '.join(map(_point, c['points']))}" for c in found]
    emit(found, as_json, lines)


def _point(point: Mapping[str, Any]) -> str:
    """A state is a number without a unit (``1``)."""
    return point["key"] if point["unit"] in {"", "1"} else f"{point['key']} ({point['unit']})"
