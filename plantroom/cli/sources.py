"""``source add|list|remove|test``: foreign devices and the points that their messages feed."""

import base64
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, by_flags, emit, opened, require_site
from plantroom.domain.assets import Priority, SourceClock
from plantroom.domain.keys import new_key
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.domain.wording import counted
from plantroom.errors import BadData

if TYPE_CHECKING:
    from ingest.trial import Trial, TriedMessage

app = typer.Typer(name="source", help="Foreign devices and the points that their messages feed.", no_args_is_help=True)
EXIT_REJECTED = 4
QUALITIES = ("good", "uncertain", "bad")
SourceKey = Annotated[str, typer.Argument(help="Key, as `source list` shows it.")]


@app.callback()
def _group() -> None:
    """Foreign devices and the points that their messages feed."""


def _document(source: TopicSource) -> dict[str, Any]:
    fields = [{"field": one.field, "point": one.point, "asset": one.asset, "unit": one.unit} for one in source.fields]
    return {
        "key": source.key,
        "site": source.site,
        "name": source.name,
        "topic_filter": source.topic_filter,
        "dialect": source.dialect,
        "priority": source.priority.value,
        "clock": source.clock.value,
        "time_zone": source.time_zone,
        "asset": source.asset,
        "asset_from": source.asset_from,
        "fields": fields,
        "version": source.version,
    }


def parse_field(text: str) -> FieldMapping:
    """``FIELD=POINT``, ``FIELD=ASSET:POINT``, each with ``@UNIT`` behind it. Raises ``BadData``."""
    name, equals, target = text.rpartition("=")
    target, _, unit = target.partition("@")
    asset, _, point = target.rpartition(":")
    if not equals or not name.strip() or not point.strip():
        raise BadData(f"--field {text!r}: use FIELD=POINT, FIELD=ASSET:POINT or FIELD=ASSET:POINT@UNIT")
    return FieldMapping(name.strip(), point.strip(), asset.strip(), unit.strip())


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What the source is, for people.")],
    site: Annotated[str, typer.Option(help="The site that it belongs to.")],
    topics: Annotated[str, typer.Option(help="MQTT topic filter, such as tele/+/SENSOR; + and # as in MQTT.")],
    dialect: Annotated[str, typer.Option(help="How the messages are read; see docs/dialects.md.")],
    asset: Annotated[str, typer.Option(help="Code of the asset that fields without one belong to.")] = "",
    asset_from: Annotated[int, typer.Option(help="The topic's level (from 1) that holds the asset's code.")] = 0,
    field: Annotated[
        list[str] | None,
        typer.Option(help="FIELD=[ASSET:]POINT[@UNIT], UNIT in UCUM; repeated. Left out: every name is a point."),
    ] = None,
    priority: Annotated[Priority, typer.Option(help="The lane that the messages take.")] = Priority.NORMAL,
    clock: Annotated[SourceClock, typer.Option(help="Whether timestamps are live or recorded.")] = SourceClock.LIVE,
    time_zone: Annotated[str, typer.Option(help="IANA zone of devices that send local time.")] = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Hear further topics. A running collector takes them up within two seconds."""
    from ingest.trial import check_source

    fields = tuple(parse_field(text) for text in field or ())
    source = TopicSource(new_key(), site, name, topics, dialect, priority, clock, time_zone, asset, asset_from, fields)
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        tx.assets.site(site)
        with by_flags(topic_filter="--topics", fields="--field", name="NAME"):
            check_source(tx.assets.plant(), source)
        tx.sources.add(source)
        tx.live.note("source", site, {"key": source.key, "change": "created"})
    emit(_document(source), as_json, source.key)


@app.command("list")
def list_sources(
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """All sources, by site and name."""
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        require_site(tx, site)
        found = tx.sources.list(site)
    lines = [
        f"{s.key}  {s.site}  {s.name}  {s.topic_filter}  {s.dialect}  {counted(len(s.fields), 'field')}" for s in found
    ]
    emit({"items": [_document(one) for one in found]}, as_json, lines or "no sources")


@app.command()
def remove(key: SourceKey, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Hear a source's topics no more."""
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        source = tx.sources.get(key)
        tx.sources.remove(key)
        tx.live.note("source", source.site, {"key": key, "change": "removed"})
    emit({"removed": key}, as_json, f"{source.name} removed")


@app.command("test")
def try_message(
    topic: Annotated[list[str], typer.Option(help="The topic; repeated with --payload, earlier messages come first.")],
    payload: Annotated[list[Path], typer.Option(help="File with the payload (- is stdin), one for each --topic.")],
    site: Annotated[str | None, typer.Option(help="The site (left out: the one that hears the topic).")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """What would be stored of a message and what rejected, and why. Nothing is stored or published.

    Exit code 4 when all of the message would be rejected, or none of its fields is one that the source maps.
    """
    from ingest.trial import TriedMessage, site_of, try_messages
    from plantroom.cli.source_notes import notes_on

    if len(topic) != len(payload):
        raise BadData("give one --payload for each --topic")
    for name in topic:
        _require_topic(name)
    messages = [TriedMessage(name, _bytes_of(file)) for name, file in zip(topic, payload, strict=True)]
    with opened(data_dir) as parts:
        with parts.ledger.read() as tx:
            plant = tx.assets.plant()
        if site is not None and site not in plant.sites:
            raise BadData(f"there is no site {site!r}")
        now_ms = int(parts.clock.now().timestamp() * 1000)
        heard_by, kept = site or site_of(plant, topic[-1]), parts.readings.retention
        trial = try_messages(plant, parts.classes, heard_by, messages, now_ms, kept)
    notes = notes_on(trial, messages[-1])
    emit(_trial_document(trial) | {"notes": notes}, as_json, [*_trial_text(trial), *(f"note     {n}" for n in notes)])
    if (trial.rejected or trial.passed_over) and not (trial.readings or trial.events):
        raise typer.Exit(EXIT_REJECTED)


def _require_topic(name: str) -> None:
    if not name or set(name) & set("+#\0"):
        raise BadData(f"--topic {name!r}: give the topic of one message, without + and #, which are for filters")


def _bytes_of(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise BadData(f"--payload {file}: {error.strerror or error}") from error


def _trial_document(trial: "Trial") -> dict[str, Any]:
    from datetime import UTC, datetime, timedelta

    from plantroom.domain.quality import quality_of

    start = datetime(1970, 1, 1, tzinfo=UTC)
    return {
        "site": trial.site,
        "source": None if trial.source is None else trial.source.key,
        "readings": [
            {
                "asset": one.asset,
                "point": one.point,
                "ts": (start + timedelta(milliseconds=one.ts_ms))
                .isoformat(timespec="milliseconds")
                .replace("+00:00", "Z"),
                "value": one.value,
                "unit": one.unit,
                "quality": int(quality_of(one.reason)),
                "reason": one.reason.name.lower(),
            }
            for one in trial.readings
        ],
        "rejected": [{"reason": reason, "part": part} for reason, part in trial.rejected],
        "presence": [{"asset": asset, "presence": word.value} for asset, word in trial.presence],
        "requests": [_request(one) for one in trial.requests],
        "events": [{"asset": asset, "event": event} for asset, event in trial.events],
    }


def _judged(reading: dict[str, Any]) -> str:
    quality, reason = QUALITIES[reading["quality"]], reading["reason"]
    return quality if quality == reason else f"{quality} ({reason})"


def _request(one: "TriedMessage") -> dict[str, str]:
    return {"topic": one.topic, "payload_base64": base64.b64encode(one.payload).decode()}


def _trial_text(trial: "Trial") -> list[str]:
    document = _trial_document(trial)
    name = "no source" if trial.source is None else f"source {trial.source.name!r}"
    lines = [f"site {trial.site}, {name}"]
    lines += [
        f"store    {r['asset']}  {r['point']} = {r['value']} {r['unit']}  {r['ts']}  {_judged(r)}"
        for r in document["readings"]
    ]
    lines += [f"reject   {r['reason']}" + (f"  ({r['part']})" if r["part"] else "") for r in document["rejected"]]
    lines += [f"event    {e['asset']}  {e['event']}" for e in document["events"]]
    lines += [f"presence {p['asset']}  {p['presence']}" for p in document["presence"]]
    lines += [f"publish  {r['topic']}" for r in document["requests"]]
    return lines
