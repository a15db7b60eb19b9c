"""``report monthly|pack``: reports for the owners and for inspectors, kept as those of the service are."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plantroom.cli.common import AsJson, DataDir, asset_by_code, by_flags, command_author, emit, opened
from plantroom.errors import BadData

if TYPE_CHECKING:
    from maintenance.reports.asking import Wanted

app = typer.Typer(name="report", help="Reports: the month for the owners, the pack for an inspector.")

Out = Annotated[Path, typer.Option("-o", "--out", help="The file: .html or .pdf.", dir_okay=False)]
Site = Annotated[str, typer.Option(help="Site code.")]
Language = Annotated[str, typer.Option(help="zh or en.")]
SUFFIXES = (".html", ".pdf")


@app.callback()
def _group() -> None:
    """Reports: the month for the owners, the pack for an inspector."""


@app.command()
def monthly(
    out: Out,
    site: Site = "demo",
    month: Annotated[str | None, typer.Option(help="YYYY-MM. Default: last month.")] = None,
    language: Language = "zh",
    costs: Annotated[bool, typer.Option("--costs", help="With the money: for supervisors alone to read.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """What was done in a month, for the owners: statutory work, tickets, answer times, satisfaction, the next month."""
    from maintenance.reports.asking import Wanted
    from maintenance.reports.model import ReportKind

    day = None if month is None else _day(f"{month}-01", "--month")
    wanted = Wanted(site, ReportKind.MONTHLY, language, day, costs=costs, pdf=_as_pdf(out))
    _make(wanted, None, out, data_dir, as_json=as_json)


@app.command()
def pack(
    out: Out,
    site: Site = "demo",
    asset: Annotated[str | None, typer.Option(help="Code of one machine.")] = None,
    system: Annotated[str | None, typer.Option(help="A system, such as elevator or fire.")] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="First day. Default: as long as records are kept.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day. Default: today.")] = None,
    language: Language = "zh",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """All that an inspector asks for about a machine or a system: cards, licences, plan, records with who signed,
    evidence, what was missed or late, and whether the history is as it was."""
    from maintenance.reports.asking import Wanted
    from maintenance.reports.model import ReportKind

    wanted = Wanted(
        site,
        ReportKind.PACK,
        language,
        first=None if start is None else _day(start, "--from"),
        last=None if end is None else _day(end, "--to"),
        system=system,
        pdf=_as_pdf(out),
    )
    _make(wanted, asset, out, data_dir, as_json=as_json)


def _make(wanted: "Wanted", asset: str | None, out: Path, data_dir: Path | None, *, as_json: bool) -> None:
    """Make it, keep it, and copy its bytes to where they are wanted. ``BadData`` says why it could not be made."""
    from dataclasses import replace

    from maintenance.reports.asking import ask
    from maintenance.reports.model import ReportState
    from plantroom.bootstrap.reports import report_maker
    from plantroom.storage.files import FolderFiles

    with opened(data_dir) as parts:
        files = FolderFiles(parts.settings.files)
        with by_flags(first="--from", last="--to"), parts.ledger.begin() as tx:
            if asset is not None:
                wanted = replace(wanted, asset=asset_by_code(tx, asset, wanted.site).key)
            report = ask(tx, wanted, command_author().by, parts.planning_clock.now(), parts.systems)
        assert report is not None
        made = report_maker(parts, files).make(report.id)
        if made is None or made.state is not ReportState.READY:
            raise BadData("another process makes it already" if made is None else made.problem)
        sha256 = made.pdf_sha256 if wanted.pdf else made.html_sha256
        path = files.path(sha256 or "")
        assert path is not None
        size = out.write_bytes(path.read_bytes())
    document = {"id": made.id, "file": str(out), "sha256": sha256, "bytes": size}
    emit(document, as_json, f"{out}: {size} bytes, SHA-256 {sha256}")


def _as_pdf(out: Path) -> bool:
    if out.suffix.lower() not in SUFFIXES:
        raise BadData(f"-o: {out.name} should end in {' or '.join(SUFFIXES)}")
    return out.suffix.lower() == ".pdf"


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadData(f"{option}: {text!r} is no date such as 2026-03-01") from None
