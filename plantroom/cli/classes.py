"""``classes``: the equipment classes with their points and failure modes."""

import typer

from plantroom.catalogue import classes_document
from plantroom.cli.common import AsJson, DataDir, emit


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("classes")(classes)


def classes(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the equipment classes and the keys of their points."""
    del data_dir
    found = classes_document()
    lines = [f"{c['class']:<20} {c['name']['zh']}  {', '.join(p['key'] for p in c['points'])}" for c in found]
    emit(found, as_json, lines)
