"""``import`` and ``export``: tables of the user's own."""

import getpass
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened, require_site, say
from plantroom.domain.wording import counted
from plantroom.errors import BadData, Conflict

if TYPE_CHECKING:
    from maintenance.imports.running import Progress
    from plantroom.bootstrap.parts import Parts

EXIT_DATA = 4
SHOWN = 200
"""Rows, errors and warnings that are listed without ``--json``."""

KINDS = "plan_table, last_completions, emergency_plans, assets, points or users"
Site = Annotated[str | None, typer.Option(help="For this site; without it for every site, or the one a row names.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(import_table)
    app.command("export")(export_table)


def import_table(
    kind: Annotated[str, typer.Argument(help=f"{KINDS}; or `undo` to put back what an import changed.")],
    file: Annotated[str, typer.Argument(help="The table: .xlsx, .xls, .ods or CSV; for `undo` the import's id.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing.")] = False,
    site: Site = None,
    sheet: Annotated[str | None, typer.Option(help="Read only this sheet of the workbook.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take a table in, all of it or nothing; errors name sheet, row, column, value and remedy (docs/imports.md)."""
    if kind == "undo":
        _undo(file, data_dir, as_json)
        return
    from maintenance.imports.grids import MAX_BYTES
    from maintenance.imports.kinds import Asked
    from maintenance.imports.ports import Mode
    from maintenance.imports.registry import kind_named
    from maintenance.imports.running import Wanted, refuse_size, run_import

    kind_named(kind)
    path = Path(file)
    try:
        size = path.stat().st_size
        source = path.open("rb")
    except OSError as error:
        raise BadData(f"{path}: {error.strerror}") from error
    with source, opened(data_dir, begins=not dry_run) as parts:
        now = parts.clock.now()
        asked = Asked(f"cli:{getpass.getuser()}", now, site, sheet)
        wanted = Wanted(kind, path.name, Mode.DRY_RUN if dry_run else Mode.COMMIT, asked)
        if size > MAX_BYTES:
            document = refuse_size(wanted, size)
        else:
            _need_site(parts, site)
            document = run_import(parts.ledger, wanted, source, parts.clock, _progress())
    emit(document, as_json, lines_of(document))
    if document["errors"]:
        raise typer.Exit(EXIT_DATA)


def _need_site(parts: "Parts", site: str | None) -> None:
    with parts.ledger.read() as tx:
        require_site(tx, site)


def _progress() -> "Progress":
    told = -1

    def hear(phase: str, done: int, total: int) -> None:
        nonlocal told
        step = done // 5_000
        if phase != "finished" and step != told and (done or total >= 5_000):
            told = step
            say(f"{phase}: {done}{f' of {total}' if total else ''} rows")

    return hear


def _undo(import_id: str, data_dir: Path | None, as_json: bool) -> None:
    from maintenance.imports.kinds import Asked
    from maintenance.imports.running import undo_import

    with opened(data_dir) as parts:
        document = undo_import(parts.ledger, import_id, Asked(f"cli:{getpass.getuser()}", parts.clock.now()))
    lines = [_problem(one) for one in _list(document, "errors")]
    emit(document, as_json, [*lines, f"{document['undone']} changes put back"])
    if document["errors"]:
        raise typer.Exit(EXIT_DATA)


def export_table(
    kind: Annotated[str, typer.Argument(help=KINDS)],
    file: Annotated[Path, typer.Argument(help="Where to write: a name that ends in .xlsx or .csv.")],
    site: Site = None,
    language: Annotated[str, typer.Option(help="Headings and words: zh, zh-hant or en.")] = "zh",
    empty: Annotated[bool, typer.Option("--empty", help="An empty table to fill in, with notes and lists.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write a table that `plantroom import` reads back without a difference."""
    from maintenance.imports.columns import LANGUAGES
    from maintenance.imports.exporting import FORMATS, export
    from maintenance.imports.registry import kind_named

    wanted = kind_named(kind)
    form = file.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise BadData(f"{file}: the name should end in .xlsx or .csv")
    if language not in LANGUAGES:
        raise BadData(f"--language {language!r}: should be one of {', '.join(LANGUAGES)}")
    if file.exists() and not force:
        raise Conflict(f"{file} is there already; --force writes over it")
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        require_site(tx, site)
        made = export(tx, wanted, form, language, site, empty=empty)
    try:
        file.write_bytes(made.content)
    except OSError as error:
        raise BadData(f"{file}: {error.strerror}") from error
    emit({"file": str(file), "kind": kind, "rows": made.rows}, as_json, f"{file}: {counted(made.rows, 'row')}")


def lines_of(document: Mapping[str, Any]) -> list[str]:
    """An import as lines of text: errors, warnings, what would be or was changed, and how many rows in all."""
    errors, warnings, rows = (_list(document, key) for key in ("errors", "warnings", "rows"))
    changed = [row for row in rows if row["action"] != "unchanged"]
    lines = [_problem(one) for one in errors[:SHOWN]]
    lines += [f"warning: {_problem(one)}" for one in warnings[:SHOWN]]
    lines += [_row(row) for row in changed[:SHOWN]]
    left = sum(max(0, len(some) - SHOWN) for some in (errors, warnings, changed))
    lines += [f"... and {left} more; --json has all of them"] if left else []
    counts = f"created {document['created']}, updated {document['updated']}, unchanged {document['unchanged']}"
    return [*lines, f"{counts} (import {document['import_id']})"]


def _problem(one: Mapping[str, Any]) -> str:
    value = f" {one['value']!r}" if one["value"] else ""
    return f"{one['sheet']}, row {one['row']}, {one['column'] or '-'}{value}: {one['message']} [{one['code']}]"


def _row(row: Mapping[str, Any]) -> str:
    is_new = row["action"] == "created"
    told = "; ".join(
        f"{key}: {_shown(new)}" if is_new and old is None else f"{key}: {_shown(old)} -> {_shown(new)}"
        for key, (old, new) in row["changes"].items()
    )
    return f"row {row['row']}: {row['action']} {row['code']}{f' ({told})' if told else ''}"


def _shown(value: object) -> str:
    return "-" if value in (None, "") else str(value)


def _list(document: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    found: Iterable[Mapping[str, Any]] = document[key]
    return list(found)
