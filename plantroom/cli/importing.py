"""``import``: tables of the user's own."""

from pathlib import Path
from typing import Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened
from plantroom.errors import BadData

EXIT_DATA = 4


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_table)


def import_table(
    kind: Annotated[str, typer.Argument(help="plan_table")],
    file: Annotated[Path, typer.Argument(help="A CSV file (UTF-8 or GB 18030).")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take a table in, all of it or nothing; errors name row and column."""
    from maintenance.plan_import import import_plan_table

    if kind != "plan_table":
        raise BadData(f"there is no import of kind {kind!r}; there is: plan_table")
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise BadData(f"{file}: {error.strerror}") from error
    with opened(data_dir, begins=not dry_run) as parts:
        document: dict[str, Any] = import_plan_table(parts.ledger, raw, file.name, dry_run=dry_run)
    lines = [f"row {e['row']}, {e['column']}: {e['message']}" for e in document["errors"]]
    counts = f"created {document['created']}, updated {document['updated']}, unchanged {document['unchanged']}"
    emit(document, as_json, [*lines, counts])
    if document["errors"]:
        raise typer.Exit(EXIT_DATA)
