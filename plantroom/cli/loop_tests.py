"""``loop-test``: from sensor to sensor, and whether each reaches a person."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, asset_by_code, by_flags, emit, opened, require_site, say
from plantroom.errors import BadData, Forbidden, NotFound

if TYPE_CHECKING:
    from maintenance.loop_driver import LoopKeeper
    from maintenance.loop_tests import LoopCheck, LoopTest
    from maintenance.ports import MaintenanceTx
    from plantroom.bootstrap.parts import Parts

app = typer.Typer(
    name="loop-test", help="Loop tests: sensor > reading > alarm > ticket > person.", no_args_is_help=True
)

TestId = Annotated[str, typer.Argument(help="The loop test's id, as `loop-test list` shows it.")]
Number = Annotated[int, typer.Argument(help="The check's number within the test.")]
BY = "command line"
WATCH_S = 0.5
MARKS = {"seen": "✓", "waiting": "…", "not_applicable": "–"}


@app.callback()
def _group() -> None:
    """Loop tests: sensor > reading > alarm > ticket > person."""


@app.command()
def start(
    site: Annotated[str, typer.Option(help="Site code.")],
    asset: Annotated[list[str] | None, typer.Option(help="Code of an asset; may be repeated. Default: all.")] = None,
    equipment_class: Annotated[str | None, typer.Option("--class", help="Only assets of this class.")] = None,
    points: Annotated[str, typer.Option(help="Keys of points, separated by commas.")] = "",
    events: Annotated[str, typer.Option(help="Keys of events, separated by commas.")] = "",
    data: Annotated[
        list[str] | None, typer.Option(help="KEY=VALUE that the events must carry, such as zone=7; may be repeated.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.05,
            max=1440,
            help="How long each sensor may take. Default: 10; 2 with safety events, safety limits, or values with which"
            " a safety event may come.",
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="What the test is called.")] = "",
    responsible: Annotated[str, typer.Option(help="Who answers for it. Default: the assets' departments.")] = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Begin a loop test and ask for its first sensor. Without --points and --events: every safety event and every point
    with alarm limits."""
    from maintenance.loop_start import Wanted, chosen_assets, start_loop_test

    with by_flags(assets="--asset", equipment_class="--class"), opened(data_dir) as parts, parts.ledger.begin() as tx:
        tx.assets.site(site)
        keys = [asset_by_code(tx, code, site).key for code in asset or ()]
        wanted = Wanted(
            site=site,
            assets=chosen_assets(tx, site, equipment_class, keys),
            points=_listed(points),
            events=_listed(events),
            data=dict(map(_pair, data or ())),
            minutes=minutes,
            name=name,
            responsible=responsible,
        )
        test = start_loop_test(tx, wanted, parts.classes, BY, parts.clock.now())
        document, text = _shown(tx, test, parts)
    emit(document, as_json, text)


@app.command("list")
def list_tests(
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """The newest hundred loop tests."""
    from maintenance.loop_report import loop_test_json
    from plantroom.ports.paging import EVERYTHING, PageRequest

    with opened(data_dir) as parts, parts.ledger.read() as tx:
        require_site(tx, site)
        found = tx.loop_tests.list(EVERYTHING, PageRequest(), site).items
    lines = [f"{t.id}  {t.site}  {t.name}  {t.state.value}  {t.started_at:%Y-%m-%d %H:%M} UTC" for t in found]
    emit({"items": [loop_test_json(t) for t in found]}, as_json, lines or "no loop tests")


@app.command()
def show(
    test_id: TestId,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on until the test ends, ticking off as it happens.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """A loop test: what to trigger now, and a table of what was seen."""
    from maintenance.loop_tests import TestState

    with opened(data_dir) as parts:
        before = None
        while True:
            with parts.ledger.read() as tx:
                test = tx.loop_tests.get(test_id)
                document, text = _shown(tx, test, parts)
            ended = test.state is TestState.FINISHED
            if not watch or ended:
                emit(document, as_json, text)
                return
            if text != before:
                say(text)
                before = text
            time.sleep(WATCH_S)


@app.command()
def confirm(
    test_id: TestId,
    number: Number,
    user: Annotated[str, typer.Option(help="User name of the person who saw the ticket.")],
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """A person signs that they saw the ticket on their tablet (accepting it there does the same)."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else typer.prompt("password", hide_input=True)
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        _check_person(tx, tx.loop_tests.get(test_id).site, user, password)
        check = _keeper(tx, parts).confirm(test_id, number, user)
    _emit_check(check, as_json)


@app.command()
def skip(
    test_id: TestId,
    number: Number,
    reason: Annotated[str, typer.Option(help="Why the sensor is left out.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Leave a sensor out."""
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        check = _keeper(tx, parts).skip(test_id, number, BY, reason)
    _emit_check(check, as_json)


@app.command()
def ask(test_id: TestId, number: Number, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Ask for a sensor now, again or out of its turn."""
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        check = _keeper(tx, parts).ask(test_id, number)
    _emit_check(check, as_json)


@app.command()
def finish(test_id: TestId, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """End a loop test. What is not answered fails, saying what is missing; what still holds becomes a real ticket."""
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        test = _keeper(tx, parts).finish(test_id, BY)
        document, text = _shown(tx, test, parts)
    emit(document, as_json, text)


@app.command()
def report(
    test_id: TestId,
    csv: Annotated[Path | None, typer.Option(help="Write a CSV file instead.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Which sensor, each link's instant, the milliseconds between them, and who."""
    from maintenance.loop_report import report_csv, report_lines

    with opened(data_dir) as parts, parts.ledger.read() as tx:
        test = tx.loop_tests.get(test_id)
        checks = tx.loop_tests.checks(test_id)
        document, _ = _shown(tx, test, parts)
    text = [_head(test)]
    for check in checks:
        text += [_line(check), *report_lines(check)]
    if csv is not None:
        try:
            csv.write_text(report_csv(test, checks), encoding="utf-8-sig", newline="")
        except OSError as error:
            raise BadData(f"--csv {csv}: {error.strerror}") from error
        text = [str(csv)]
    emit(document, as_json, text)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _pair(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise BadData(f"--data {text!r}: use KEY=VALUE")
    return key.strip(), value.strip()


def _keeper(tx: "MaintenanceTx", parts: "Parts") -> "LoopKeeper":
    from maintenance.loop_driver import LoopKeeper

    return LoopKeeper(tx, parts.clock.now(), parts.classes)


def _check_person(tx: "MaintenanceTx", site: str, username: str, password: str) -> None:
    from api.passwords import verify_password
    from plantroom.ports.accounts import Role

    user = tx.accounts.user_by_name(username)
    right = verify_password(user.password_hash if user is not None else "", password)
    if user is None or not right or not user.active:
        raise NotFound("there is no such user, or the password is another")
    whole = [grant for grant in user.grants if grant.contractor is None]
    if not any(grant.site in {None, site} and grant.role is not Role.VIEWER for grant in whole):
        raise Forbidden(f"{username} may change nothing on site {site}")


def _emit_check(check: "LoopCheck", as_json: bool) -> None:
    from maintenance.loop_report import check_json

    emit(check_json(check), as_json, _line(check))


def _head(test: "LoopTest") -> str:
    return f"{test.id}  {test.site}  {test.name}  {test.state.value}"


def _shown(tx: "MaintenanceTx", test: "LoopTest", parts: "Parts") -> tuple[dict[str, Any], list[str]]:
    from maintenance.loop_limits import limit_to_pass
    from maintenance.loop_report import check_json, loop_test_json
    from maintenance.loop_tests import CheckResult
    from maintenance.views import name_json

    checks = tx.loop_tests.checks(test.id)
    asked = next((check for check in checks if check.result is CheckResult.ASKED), None)
    trigger = None if asked is None else limit_to_pass(asked, tx.assets.points(asked.asset))
    document = loop_test_json(test) | {
        "asked": None if asked is None else asked.number,
        "trigger": None if trigger is None else name_json(trigger),
        "checks": [check_json(check) for check in checks],
    }
    lines = [_head(test)]
    for check in checks:
        lines += [_line(check), *_waiting(tx, check, parts)]
    if asked is not None and asked.deadline is not None:
        where = f"（{asked.place.zh}）" if asked.place.zh else ""
        zh, en = ("", "") if trigger is None else (f"，{trigger.zh}", f", {trigger.en}")
        lines.append(
            f"请触发 {asked.number}：{asked.name.zh}{where}{zh} / trigger {asked.number} now: {asked.name.en}{en}"
        )
        lines.append(f"  ({asked.place.en or 'no location'}; until {asked.deadline:%H:%M:%S} UTC)")
    return document, lines


def _waiting(tx: "MaintenanceTx", check: "LoopCheck", parts: "Parts") -> list[str]:
    """Which end a passed check waits for, and which events are one."""
    from maintenance.loop_ends import ends_of
    from maintenance.loop_marks import awaited

    stands = awaited(tx, check, parts.clock.now(), ends_of(parts.classes))
    if not stands:
        return []
    known = parts.classes.get(tx.assets.get(check.asset).asset.equipment_class)
    own = {} if known is None else ends_of({known.key: known}).enders
    enders = sorted({key for one in stands for key in own.get(one.removeprefix("rule:"), ())})
    said = f": {', '.join(enders)}" if enders else ""
    return [f"      已通过，等待报警结束{said.replace(': ', '：')} / passed; waits for the alarm's end{said}"]


def _line(check: "LoopCheck") -> str:
    links = "  ".join(f"{MARKS[one.state.value]} {one.step.value}" for one in check.steps)
    notes = [one.note for one in check.steps if one.state.value == "seen" and one.note != check.reason]
    said = "".join(f"  {one.zh} / {one.en}" for one in (*notes, check.reason) if one.zh)
    return f"{check.number:>4}  {check.result.value:<8}  {links}  {check.name.zh} / {check.name.en}{said}"
