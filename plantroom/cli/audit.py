"""``audit verify|heads|list``: the history of changes and the chain over it."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened, parse_instant, settings_for
from plantroom.domain.audit import Entry, Head
from plantroom.ports.audit import AuditFilter
from plantroom.ports.paging import PageRequest

if TYPE_CHECKING:
    from maintenance.records.verifying import Verdict
    from plantroom.domain.audit_verify import Examined

app = typer.Typer(name="audit", help="The history of changes and the chain over it.", no_args_is_help=True)

EXIT_BROKEN = 4


@app.callback()
def _group() -> None:
    """The history of changes and the chain over it."""


@app.command()
def verify(
    heads: Annotated[
        Path | None,
        typer.Option(
            help="Published heads kept elsewhere: a file, or a folder (default: DIR/audit/heads, when there)."
        ),
    ] = None,
    without_files: Annotated[
        bool,
        typer.Option("--without-files", help="Do not read the bytes of photos, signatures, documents, reports."),
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Look whether history, records, rows and files are as they were; exit 4 and the first place, if not."""
    from maintenance.records.heads import read_heads
    from maintenance.records.verifying import verify as look
    from plantroom.storage.files import FolderFiles

    own = _folder(data_dir)
    given = heads if heads is not None else own if any(own.glob("*.txt")) else None
    outside = read_heads(given) if given is not None else []
    with opened(data_dir) as parts:
        verdict = look(parts.ledger, outside, None if without_files else FolderFiles(parts.settings.files))
    emit(_verdict_document(verdict, given), as_json, _verdict_text(verdict, given))
    if verdict.broken is not None:
        raise typer.Exit(EXIT_BROKEN)


def _folder(data_dir: Path | None) -> Path:
    return settings_for(data_dir).data_dir / "audit" / "heads"


def _text_of(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _verdict_document(verdict: "Verdict", heads: Path | None) -> dict[str, Any]:
    place, seen = verdict.broken, verdict.seen
    document: dict[str, Any] = {"intact": place is None, "heads": None if heads is None else str(heads)}
    if place is not None:
        broken = {"what": place.what.value, "position": place.position, "seal": place.seal, "at": _text_of(place.at)}
        return document | {"broken": broken | {"detail": place.detail}}
    assert seen is not None
    last = None if seen.last is None else {"seal": seen.last.number, "position": seen.last.last}
    return document | {
        "broken": None,
        "entries": seen.entries,
        "seals": seen.seals,
        "last": last,
        "unsealed": seen.unsealed,
        "unsealed_since": _text_of(seen.unsealed_since),
        "heads_compared": verdict.heads,
        "records": seen.records,
        "addenda": seen.addenda,
        "occurrences": seen.occurrences,
        "occurrences_due": seen.due,
        "files": seen.files,
        "file_bytes": seen.file_bytes,
        "rows": dict(seen.rows),
        "rows_not_compared": dict(seen.not_compared),
    }


def _verdict_text(verdict: "Verdict", heads: Path | None) -> list[str]:
    place, seen = verdict.broken, verdict.seen
    if place is not None:
        where = [f"entry {place.position}"] if place.position is not None else []
        where += [f"seal {place.seal}"] if place.seal is not None else []
        where += [_text_of(place.at) or ""] if place.at is not None else []
        return [f"CHANGED / 已被改动: {place.what.value} ({', '.join(where)})", place.detail]
    assert seen is not None
    lines = [
        f"intact / 完好: {seen.entries} entries, {seen.seals} seals, {seen.records} records, {seen.addenda} addenda",
        f"closed occurrences of the plan as they were closed / 计划执行结果与记入时一致: {seen.occurrences}",
        f"rows of {len(seen.rows)} tables as the history has them / 各表与历史一致: {sum(seen.rows.values())} rows",
        f"due occurrences as their orders have them / 未完成的计划项与工单一致: {seen.due}",
        _files_text(seen),
        *_not_compared(seen.not_compared),
        f"compared with {verdict.heads} published heads of {heads}" if heads else "compared with no head from outside",
    ]
    if seen.unsealed:
        lines.append(f"not sealed yet: {seen.unsealed} entries since {_text_of(seen.unsealed_since)}")
    return lines


def _files_text(seen: "Examined") -> str:
    if seen.files is None:
        return "files not looked at (--without-files) / 未核对文件"
    return f"files by their SHA-256 / 文件与SHA-256一致: {seen.files} files, {seen.file_bytes / 1e6:.1f} MB"


def _not_compared(tables: Mapping[str, str]) -> list[str]:
    """One line for each reason."""
    by_reason: dict[str, list[str]] = {}
    for name, why in sorted(tables.items()):
        by_reason.setdefault(why, []).append(name)
    lines = [f"  {', '.join(names)}: {why}" for why, names in sorted(by_reason.items(), key=lambda one: one[1])]
    return ["not compared (docs/audit.md) / 未核对:", *lines]


@app.command("heads")
def list_heads(
    publish: Annotated[
        bool, typer.Option("--publish", help="Seal what has come and publish one more head now.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """The published ends of the chain, oldest first; they are files in DIR/audit/heads, too."""
    from maintenance.records.heads import HeadFolder, line_of
    from maintenance.records.sealing import publish as publish_now
    from maintenance.records.sealing import seal_all

    with opened(data_dir) as parts:
        if publish:
            seal_all(parts.ledger)
            publish_now(parts.ledger, parts.clock.now(), again=True)
        with parts.ledger.read() as tx:
            heads = tx.audit.heads()
        if publish:
            HeadFolder(_folder(data_dir)).keep(heads)
    emit(
        {"items": [head_document(head) for head in heads]}, as_json, [line_of(head) for head in heads] or "no heads yet"
    )


def head_document(head: Head) -> dict[str, Any]:
    """A head as JSON."""
    return {
        "date": head.date.isoformat(),
        "ledger": head.ledger,
        "seal": head.seal,
        "position": head.position,
        "sealed_at": _text_of(head.sealed_at),
        "sha256": head.digest,
    }


@app.command("list")
def list_entries(
    entity: Annotated[str | None, typer.Option(help="Only this kind of thing: asset, point, user, ...")] = None,
    key: Annotated[str | None, typer.Option(help="Only the thing of this key.")] = None,
    by: Annotated[str | None, typer.Option(help="Only changes by this author.")] = None,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="Not before this instant.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Before this instant.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 50,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """What was changed, by whom, when and why, newest first."""
    filters = AuditFilter(
        entity=entity,
        key=key,
        by=by,
        site=site,
        start=None if start is None else parse_instant(start, "--from"),
        end=None if end is None else parse_instant(end, "--to"),
    )
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        found = tx.audit.list(filters, PageRequest(limit)).items
    emit({"items": [_entry_document(one) for one in found]}, as_json, _lines(found) or "no entries")


def _entry_document(entry: Entry) -> dict[str, Any]:
    plain = {name: getattr(entry, name) for name in Entry.__dataclass_fields__ if name not in {"before", "after"}}
    return plain | {
        "at": _text_of(entry.at),
        "before": None if entry.before is None else json.loads(entry.before),
        "after": None if entry.after is None else json.loads(entry.after),
    }


def _lines(entries: Sequence[Entry]) -> list[str]:
    return [
        f"{one.position}  {one.at:%Y-%m-%d %H:%M:%S}Z  {one.by}  {one.action} {one.entity} {one.label}"
        + (f"  ({one.reason})" if one.reason else "")
        for one in entries
    ]
