"""``dead-letter list|show|replay|discard``."""

import base64
import sys
import time
from typing import Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened, running_broker
from plantroom.errors import BadData
from plantroom.ports.ledger import EVERYTHING, DeadLetter, PageRequest

app = typer.Typer(name="dead-letter", help="Messages that could not be stored.", no_args_is_help=True)
Ids = Annotated[list[str], typer.Argument(help="Ids, as `dead-letter list` shows them.")]
LetterId = Annotated[str, typer.Argument(help="Id, as `dead-letter list` shows it.")]
PUBLISH_TIMEOUT_S = 10.0


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


@app.command("list")
def list_letters(
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 100,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """The newest dead letters with their reasons."""
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        found = tx.collect.dead_letters(EVERYTHING, PageRequest(limit), site=site).items
    documents = [_document(letter) for letter in found]
    lines = [f"{d['id']}  {d['received_at']}  {d['topic']}  {d['reason']}" for d in documents]
    emit({"items": documents}, as_json, "\n".join(lines) or "no dead letters")


@app.command()
def show(letter_id: LetterId, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """One dead letter with its raw bytes."""
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        letter = tx.collect.dead_letter(letter_id)
    if as_json:
        emit(_document(letter), as_json)
        return
    print(f"{letter.topic}\n{letter.reason}\n", file=sys.stderr)
    sys.stdout.buffer.write(letter.payload)


@app.command()
def discard(ids: Ids, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Throw dead letters away for good."""
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        for letter_id in ids:
            tx.collect.dead_letter(letter_id)
        count = tx.collect.discard_dead_letters(ids)
    emit({"discarded": count}, as_json, f"{count} discarded")


@app.command()
def replay(ids: Ids, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Publish dead letters again, after their cause is mended, and take them off the list."""
    with opened(data_dir) as parts:
        with parts.ledger.read() as tx:
            letters = [tx.collect.dead_letter(letter_id) for letter_id in ids]
            unknown = sorted({letter.site for letter in letters} - {site.code for site in tx.assets.sites()})
        if unknown:
            raise BadData(f"the ledger still has no site {', '.join(unknown)}: enter it first, then replay")
        _publish(running_broker(parts.settings), letters)
        with parts.ledger.begin() as tx:
            count = tx.collect.discard_dead_letters([letter.id for letter in letters])
    emit({"replayed": count}, as_json, f"{count} published again")


def _publish(broker: Any, letters: list[DeadLetter]) -> None:
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    from plantroom.wire_tls import first_that_answers, tls_context

    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    if broker.username:
        client.username_pw_set(broker.username, broker.password)
    if broker.tls:
        client.tls_set_context(tls_context(broker))
    first_that_answers(broker, client.connect)
    client.loop_start()
    # A message has a letter for each reason; published once, it answers all of them.
    messages = dict.fromkeys((letter.topic, letter.payload) for letter in letters)
    sent = [client.publish(topic, payload, qos=1) for topic, payload in messages]
    deadline = time.monotonic() + PUBLISH_TIMEOUT_S
    while not all(info.is_published() for info in sent) and time.monotonic() < deadline:
        time.sleep(0.01)
    client.disconnect()
    client.loop_stop()
    if not all(info.is_published() for info in sent):
        raise BadData("the broker did not acknowledge every message; none was taken off the list")
