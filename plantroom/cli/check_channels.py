"""What ``check`` says of the notification channels: which of them work, by the last message that each carried."""

from maintenance.notify.channels import Channel, Goes
from maintenance.ports import MaintenanceTx
from plantroom.cli.check_flow import Look
from plantroom.errors import PlantroomError, SettingError
from plantroom.plain import plain
from plantroom.ports.ledger import Ledger
from plantroom.settings import Settings

ChannelLine = tuple[Look, str, str]
NONE = "none: nobody is told of tickets, breaches or escalations outside the web app"


def channel_lines(settings: Settings) -> list[ChannelLine]:
    """A line for each channel (look, words, advice), or one that says that there is none. It sends nothing."""
    from plantroom.bootstrap.parts import make_ledger

    ledger: Ledger[MaintenanceTx] = make_ledger(settings)
    ledger.open()
    try:
        with ledger.read() as tx:
            channels = tx.channels.list()
    except PlantroomError:
        return []
    finally:
        ledger.close()
    if not channels:
        return [(Look.WARN, NONE, "add one: `plantroom channel add NAME --url ...` (docs/notifications.md)")]
    return [_line(settings, one) for one in channels]


def _line(settings: Settings, one: Channel) -> ChannelLine:
    from plantroom.storage.vault import FileVault

    name = plain(f"{one.name} ({one.kind.value}, {one.site or 'every site'})")
    try:
        FileVault(settings.secrets).open(one.sealed)
    except SettingError as error:
        return (
            Look.FAIL,
            f"{name}: its address cannot be read: {error.problem}",
            f"set {error.name} to {error.expected}",
        )
    test = f"`plantroom channel test {one.name!r}`"
    if one.goes is Goes.OFF:
        return Look.WARN, f"{name}: is switched off", "switch it on, or remove it"
    if one.goes is Goes.UNTRIED:
        return Look.WARN, f"{name}: not known, nothing has gone out by it yet", f"try it: {test}"
    if one.goes is Goes.WORKS:
        return Look.OK, f"{name}: works, a message arrived {one.last_ok_at:%Y-%m-%d %H:%M} UTC", ""
    since = f"broken since {one.broken_since:%Y-%m-%d %H:%M} UTC" if one.broken_since else f"{one.failures} failures"
    return Look.FAIL, f"{name}: {since}: {one.last_error}", f"mend its address or its receiver, then {test}"
