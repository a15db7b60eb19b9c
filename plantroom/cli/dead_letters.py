"""``dead-letter list|show|replay|discard``."""

import base64
import sys
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from maintenance.ports import MaintenanceTx
from plantroom.cli.common import AsJson, DataDir, emit, opened, require_site, say
from plantroom.errors import BadData
from plantroom.plain import plain
from plantroom.ports.ledger import Ledger
from plantroom.ports.letters import REPLAY_ASKED, DeadLetter, message_of
from plantroom.ports.paging import EVERYTHING, PageRequest

app = typer.Typer(name="dead-letter", help="Messages that could not be stored.", no_args_is_help=True)
LOOK_EVERY_S = 0.1
MANY = 1_000
CODES_SHOWN = 5
"""Of sites that the ledger does not have."""

SomeIds = Annotated[list[str] | None, typer.Argument(help="Ids, as `dead-letter list` shows them.")]
OfSite = Annotated[str | None, typer.Option("--site", help="Only this site.")]
OfReason = Annotated[str | None, typer.Option("--reason", help="Only this reason, by its code (unknown_point).")]
OfTopic = Annotated[str | None, typer.Option("--topic", help="Only this topic, as `dead-letter list` shows it.")]
Every = Annotated[bool, typer.Option("--all", help="Every dead letter that --site, --reason and --topic leave.")]
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
    site: OfSite = None,
    reason: OfReason = None,
    topic: OfTopic = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 100,
    cursor: Annotated[str | None, typer.Option(help="Go on behind these: `next_cursor` of an earlier list.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """The newest dead letters with their reasons, of how many, and where the next ones begin."""
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        _require_reason(tx, reason)
        page = tx.collect.dead_letters(EVERYTHING, PageRequest(limit, cursor), site, reason, topic)
        total = tx.collect.count_dead_letters(EVERYTHING, site, reason, topic)
        if not total:
            _require_letters_of(tx, site)
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
def discard(
    ids: SomeIds = None,
    every: Every = False,
    site: OfSite = None,
    reason: OfReason = None,
    topic: OfTopic = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Throw dead letters away for good: those that are named, or all of a site, reason or topic but what waits for a
    replay."""
    of_a_kind = every or not (site is None and reason is None and topic is None)
    if bool(ids) == of_a_kind:
        raise BadData("say which: ids, or --reason, --topic, --site or --all")
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        _require_reason(tx, reason)
        for letter_id in ids or ():
            tx.collect.dead_letter(letter_id)
        discarded = tx.collect.discard_dead_letters(ids) if ids else tx.collect.discard_fitting(site, reason, topic)
        if not discarded:
            _require_letters_of(tx, site)
    emit({"discarded": discarded}, as_json, f"{discarded} discarded")


@app.command()
def replay(
    ids: SomeIds = None,
    every: Every = False,
    site: OfSite = None,
    reason: OfReason = None,
    topic: OfTopic = None,
    wait: Annotated[float, typer.Option(min=0, help="How many seconds to wait for the collectors.")] = 10.0,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Have messages processed again, after their cause is mended. What is stored is off the list, what is not is back
    with what is wrong with it now; each keeps the time at which it first came."""
    if not ids and not every and site is None and reason is None and topic is None:
        raise BadData("say which: ids, --reason, --topic, --site or --all")
    with opened(data_dir) as parts:
        with parts.ledger.read() as tx:
            sites = [known.code for known in tx.assets.sites()]
            letters = [tx.collect.dead_letter(letter_id) for letter_id in ids or ()]
            named = {letter.site for letter in letters} | ({site} if site is not None else set())
            if unknown := sorted(named - set(sites)):
                raise BadData("; ".join(_hindrances(unknown)))
            _require_reason(tx, reason)
            asked = tx.collect.letters_to_ask(EVERYTHING, ids or None, site, reason, topic)
            there = tx.collect.letter_reasons([*map(message_of, asked)]).keys()
            without_site = {} if named else tx.collect.letters_without_site(EVERYTHING, reason, topic)
        with parts.ledger.begin() as tx:
            tx.collect.ask_replay(EVERYTHING, ids or None, site, reason, topic)
        _wait_taken_up(parts.ledger, asked, wait)
        with parts.ledger.read() as tx:
            now = tx.collect.letter_reasons([*map(message_of, asked)])
    became = _become(asked, there - set(asked), now)
    emit(became.document() | {"left": without_site}, as_json, "; ".join([became.text(), *_left(without_site)]))


@dataclass(frozen=True, slots=True)
class _Replayed:
    """Letters that were asked for, and what became of them; ``reasons`` (codes) are of those that are back."""

    asked: int
    waiting: int
    back: int
    reasons: Mapping[str, int]

    def document(self) -> dict[str, Any]:
        """``replayed`` were taken up, whatever became of them."""
        taken = self.asked - self.waiting
        counts = {"replayed": taken, "asked": self.asked, "waiting": self.waiting}
        return counts | {"stored": taken - self.back, "back": self.back, "back_reasons": self.reasons}

    def text(self) -> str:
        """In one line."""
        if not self.asked:
            return "0 asked for"
        stored = self.asked - self.waiting - self.back
        told = [f"{stored} stored"] if stored or self.back else []
        if self.back:
            told.append(f"{self.back} back ({', '.join(f'{code} {count}' for code, count in self.reasons.items())})")
        if self.waiting:
            told.append(f"{self.waiting} waiting for the collector of their site")
        return f"{self.asked} asked for: {', '.join(told)}"


def _become(asked: Sequence[str], others: Collection[str], now: Mapping[str, str]) -> _Replayed:
    """What has become of letters that were asked for. ``now`` has the reasons of all letters of their messages; of
    these ``others`` were there before, for other reasons, and say nothing."""
    from ingest.rejections import code_of

    waiting = {message_of(one) for one in asked if code_of(now.get(one, "")) == REPLAY_ASKED}
    back: dict[str, list[str]] = {}
    for letter_id, reason in now.items():
        message = message_of(letter_id)
        if message not in waiting and letter_id not in others:
            back.setdefault(message, []).append(code_of(reason))
    messages = [*map(message_of, asked)]
    reasons = Counter(code for codes in back.values() for code in codes)
    left = sum(one in waiting for one in messages)
    return _Replayed(len(asked), left, sum(one in back for one in messages), dict(reasons.most_common()))


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


def _require_letters_of(tx: MaintenanceTx, site: str | None) -> None:
    """Raises ``BadData`` for a site that is none: letters are kept under codes that are no site's, too."""
    if not tx.collect.count_dead_letters(EVERYTHING, site):
        require_site(tx, site)


def _wait_taken_up(ledger: Ledger[MaintenanceTx], asked: Sequence[str], seconds: float) -> None:
    """Until none of these letters waits any more, or the time is over."""
    end, pause_s = time.monotonic() + seconds, LOOK_EVERY_S
    while True:
        with ledger.read() as tx:
            waiting = tx.collect.asked_letters()
        if set(waiting).isdisjoint(asked) or time.monotonic() > end:
            return
        time.sleep(pause_s)
        # Of many letters each look takes its time, and they theirs.
        pause_s = min(2.0, 2 * pause_s) if len(waiting) > MANY else LOOK_EVERY_S
