"""``channel add|list|test|remove``: ways by which people, and other programs, are told."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, by_flags, emit, opened, require_site, say
from plantroom.errors import BadData, NotFound, Unreachable

if TYPE_CHECKING:
    from maintenance.notify.channels import Channel
    from plantroom.bootstrap.parts import Parts

app = typer.Typer(name="channel", help="Notification channels.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The channel's name.")]
BY = "command line"


class ReceiverAway(Unreachable):
    """A test message did not arrive."""


@app.callback()
def _group() -> None:
    """Notification channels."""


@app.command()
def add(
    name: Name,
    url: Annotated[
        str,
        typer.Option(
            help="wecombot://KEY, dingtalk://SECRET@TOKEN, feishu://TOKEN, mailtos://USER:PASSWORD@HOST?to=..., any"
            " other address that Apprise knows, or http(s)://... for a signed webhook. `-` reads it from stdin."
        ),
    ],
    secret: Annotated[
        str | None, typer.Option(help="Of a webhook: what it is signed with. `-` reads it from stdin.")
    ] = None,
    site: Annotated[str | None, typer.Option(help="Only this site. Default: every site.")] = None,
    department: Annotated[str | None, typer.Option(help="Only tickets of this department.")] = None,
    user: Annotated[str | None, typer.Option(help="User name of the one person whom it reaches.")] = None,
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    min_severity: Annotated[str, typer.Option(help="critical, major, general or info: the mildest.")] = "general",
    quiet: Annotated[str | None, typer.Option(help="Quiet hours such as 22:00-07:00, local time of the site.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Add a channel. Its address is stored encrypted and never shown again; nothing is sent."""
    from maintenance.notify.channels import Channel, check_channel
    from maintenance.notify.senders import check_address, sealed_address
    from plantroom.domain.keys import new_key
    from plantroom.storage.vault import FileVault

    given, signed = _read(url), _read(secret)
    with by_flags(quiet_from="--quiet", quiet_to="--quiet"), opened(data_dir) as parts:
        kind, shown = check_address(str(given), signed, None)
        begins, _, ends = (quiet or "").partition("-")
        sealed = sealed_address(FileVault(parts.settings.secrets), str(given), signed)
        channel = Channel(
            id=new_key(),
            name=name.strip(),
            kind=kind,
            sealed=sealed,
            shown=shown,
            created_at=parts.clock.now(),
            created_by=BY,
            site=site,
            department=department,
            user=user,
            language=language,
            min_severity=_severity(min_severity),
            quiet_from=begins.strip() or None,
            quiet_to=ends.strip() or None,
        )
        check_channel(channel)
        with parts.ledger.begin() as tx:
            if user is not None and tx.accounts.user_by_name(user) is None:
                raise BadData(f"--user: there is no user {user!r}")
            tx.channels.add(channel)
    emit(_document(channel), as_json, [_line(channel), f"try it: plantroom channel test {channel.name!r}"])


@app.command("list")
def list_channels(
    site: Annotated[str | None, typer.Option(help="Only this site's, and those of every site.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Every channel and how it goes."""
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        require_site(tx, site)
        found = list(tx.channels.list(site=site))
    emit({"items": [_document(one) for one in found]}, as_json, list(map(_line, found)) or "no channels")


@app.command("test")
def send_test(name: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Send a test message now. Exit code 5 when it does not arrive."""
    from maintenance.notify.senders import Sender
    from maintenance.notify.trying import try_channel
    from plantroom.storage.vault import FileVault

    with opened(data_dir) as parts:
        channel = _named(parts, name)
        say(f"sending to {channel.shown} (ten seconds at most for each step) ...")
        problem = try_channel(parts.ledger, Sender(FileVault(parts.settings.secrets)), channel, parts.clock, BY)
    if problem is not None:
        raise ReceiverAway(f"channel {name}", problem)
    emit({"name": name, "delivered": True}, as_json, f"{name}: arrived")


@app.command()
def remove(name: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Remove a channel, with the record of what went out by it."""
    with opened(data_dir) as parts:
        channel = _named(parts, name)
        with parts.ledger.begin() as tx:
            tx.channels.remove(channel.id)
            tx.live.note("channel", channel.site, {"id": channel.id, "removed": True})
    emit({"name": name, "removed": True}, as_json, f"{name} is removed")


def _read(text: str | None) -> str | None:
    """What was given, or a line of stdin: what stands on a command line stands in a shell's history."""
    if text != "-":
        return text
    import sys

    return sys.stdin.readline().strip()


def _severity(text: str) -> Any:
    from plantroom.domain.assets import Severity

    try:
        return Severity(text)
    except ValueError:
        raise BadData("--min-severity: should be critical, major, general or info") from None


def _named(parts: "Parts", name: str) -> "Channel":
    with parts.ledger.read() as tx:
        found = tx.channels.named(name)
    if found is None:
        raise NotFound(f"there is no channel {name!r}; `plantroom channel list` shows them")
    return found


def _document(one: "Channel") -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "kind": one.kind.value,
        "address": one.shown,
        "site": one.site,
        "department": one.department,
        "user": one.user,
        "language": one.language,
        "min_severity": one.min_severity.value,
        "quiet_from": one.quiet_from,
        "quiet_to": one.quiet_to,
        "goes": one.goes.value,
        "last_error": one.last_error,
    }


def _line(one: "Channel") -> str:
    reach = " ".join(filter(None, [one.site or "every site", one.department, one.user and f"for {one.user}"]))
    why = f" ({one.last_error})" if one.failures and one.last_error else ""
    return f"{one.name}  {one.kind.value}  {one.shown}  {reach}  {one.language}  {one.goes.value}{why}"
