"""``dead-letter list|show|replay|discard``."""

import base64
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from maintenance.ports import MaintenanceTx
from plantroom.cli.common import AsJson, DataDir, emit, opened, require_site, say
from plantroom.errors import BadData
from plantroom.plain import plain
from plantroom.ports.ledger import Ledger
from plantroom.ports.letters import DeadLetter
from plantroom.ports.paging import EVERYTHING, PageRequest

app = typer.Typer(name="dead-letter", help="Messages that could not be stored.", no_args_is_help=True)
Ids = Annotated[list[str], typer.Argument(help="Ids, as `dead-letter list` shows them.")]
CODES_SHOWN = 5
"""Of sites that the ledger does not have."""

LetterId = Annotated[str, typer.Argument(help="Id, as `dead-letter list` shows it.")]


@app.callback()
def _group() -> None:
    """Messages that could not be stored."""


def _document(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "site": letter.site,
        "received_at": letter.received_at.isoformat().replace("+00:00", "Z"),
        "topic": letter.topic,
        "reason": letter.reason,
        "part": letter.part,
        "payload_base64": base64.b64encode(letter.payload).decode(),
    }


def _why(letter: DeadLetter) -> str:
    """The reason, and which point or value it is about."""
    return f"{letter.reason} ({letter.part})" if letter.part else letter.reason


@app.command("list")
def list_letters(
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 100,
    cursor: Annotated[str | None, typer.Option(help="Go on behind these: `next_cursor` of an earlier list.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """The newest dead letters with their reasons, of how many, and where the next ones begin."""
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        page = tx.collect.dead_letters(EVERYTHING, PageRequest(limit, cursor), site=site)
        total = tx.collect.dead_letter_groups(EVERYTHING, 0, site).total
        if not total:  # letters are kept under codes that are no site's, too
            require_site(tx, site)
    documents = [_document(letter) for letter in page.items]
    lines = [
        f"{d['id']}  {d['received_at']}  {d['topic']}  {_why(one)}"
        for d, one in zip(documents, page.items, strict=True)
    ]
    if page.next_cursor is not None:
        lines.append(f"{len(lines)} of {total}; the next ones: --cursor {page.next_cursor}")
    emit({"items": documents, "total": total, "next_cursor": page.next_cursor}, as_json, lines or "no dead letters")


@app.command()
def show(
    letter_id: LetterId,
    raw: Annotated[bool, typer.Option("--raw", help="The payload's very bytes on a terminal, too.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """One dead letter with its payload: into a pipe or file its very bytes, on a terminal with control characters
    written out."""
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        letter = tx.collect.dead_letter(letter_id)
    if as_json:
        emit(_document(letter), as_json)
        return
    say([letter.topic, _why(letter), ""])
    if raw or not sys.stdout.isatty():
        sys.stdout.buffer.write(letter.payload)
    else:
        print(plain(letter.payload.decode(errors="backslashreplace"), keep="\n\t"))


@app.command()
def discard(ids: Ids, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Throw dead letters away for good."""
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        for letter_id in ids:
            tx.collect.dead_letter(letter_id)
        count = tx.collect.discard_dead_letters(ids)
    emit({"discarded": count}, as_json, f"{count} discarded")


@app.command()
def replay(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids, as `dead-letter list` shows them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every dead letter that --site and --reason leave.")] = False,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only this reason, by its code (unknown_point).")] = None,
    wait: Annotated[float, typer.Option(min=0, help="How many seconds to wait for the collectors.")] = 10.0,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Have messages processed again, after their cause is mended. What is stored is off the list, what is not is back
    with what is wrong with it now; each keeps the time at which it first came."""
    if not ids and not (every or site is not None or reason):
        raise BadData("say which: ids, --reason, --site or --all")
    with opened(data_dir) as parts:
        with parts.ledger.begin() as tx:
            sites = [known.code for known in tx.assets.sites()]
            letters = [tx.collect.dead_letter(letter_id) for letter_id in ids or ()]
            named = {letter.site for letter in letters} | ({site} if site is not None else set())
            if unknown := sorted(named - set(sites)):
                raise BadData("; ".join(_hindrances(unknown)))
            _require_reason(tx, reason)
            asked = tx.collect.ask_replay(EVERYTHING, ids or None, site, reason)
            without_site = {} if named else tx.collect.letters_without_site(EVERYTHING, reason)
        waiting = _wait_taken_up(parts.ledger, sites, wait)
    if waiting:
        told = f"{asked} asked for; {waiting} wait for the collector of their site"
    else:
        told = f"{asked} asked for" + (", all taken up" if asked else "")
    document = {"replayed": max(0, asked - waiting), "asked": asked, "waiting": waiting, "left": without_site}
    emit(document, as_json, "; ".join([told, *_left(without_site)]))


def _hindrances(unknown: Sequence[str]) -> list[str]:
    """Why letters of these sites, which the ledger does not have, cannot be replayed."""
    told = []
    if codes := [code for code in unknown if code]:
        missing = f"the ledger still has no site {', '.join(codes)}"
        told.append(f"{missing}: enter it first (POST /api/v1/sites), then replay")
    if "" in unknown:
        told.append("letters whose topics name no site cannot be replayed: correct the topics in the devices")
    return told


def _left(without_site: Mapping[str, int]) -> list[str]:
    codes = [code for code in without_site if code]
    told = []
    if codes:
        more = f" +{len(codes) - CODES_SHOWN}" if len(codes) > CODES_SHOWN else ""
        count = sum(without_site[code] for code in codes)
        told.append(f"{count} left: the ledger has no site {', '.join(codes[:CODES_SHOWN])}{more}")
    if "" in without_site:
        told.append(f"{without_site['']} left: their topics name no site")
    return told


def _require_reason(tx: MaintenanceTx, reason: str | None) -> None:
    """Raises ``BadData`` for a reason that is no code of ours and that no letter has."""
    from ingest.rejections import REASONS

    if reason is None or reason in REASONS:
        return
    if not tx.collect.dead_letters(EVERYTHING, PageRequest(1), reason=reason).items:
        raise BadData(f"--reason {reason!r} is none, and no letter has it; they are {', '.join(sorted(REASONS))}")


def _wait_taken_up(ledger: Ledger[MaintenanceTx], sites: Sequence[str], seconds: float) -> int:
    """How many letters (at most 1,000 a site) still wait when all are taken up or the time is over."""
    end = time.monotonic() + seconds
    while True:
        with ledger.read() as tx:
            left = sum(len(tx.collect.letters_to_replay(site, 1000)) for site in sites)
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.1)
