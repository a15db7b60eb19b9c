"""``clocks list``: how far the devices' clocks are off ours."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened, require_site

if TYPE_CHECKING:
    from plantroom.domain.assets import Asset
    from plantroom.ports.device_clocks import DeviceClock

app = typer.Typer(name="clocks", help="How far the devices' clocks are off ours.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """How far the devices' clocks are off ours."""


@app.command("list")
def list_clocks(
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    wrong: Annotated[bool, typer.Option("--wrong", help="Only those that are wrong.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Each measured clock, the worst first. Not measured: replays, and devices that send no time of their own."""
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        require_site(tx, site)
        clocks = tx.collect.clocks()
        assets = tx.assets.plant().assets
    measured = [(assets[key], clock) for key, clock in clocks.items() if key in assets]
    measured = [(a, c) for a, c in measured if site in {None, a.site}]
    found = [(a, c) for a, c in measured if c.wrong_since is not None or not wrong]
    found.sort(key=lambda one: (-abs(one[1].offset_ms), one[0].site, one[0].code))
    none = f"no clock is wrong ({len(measured)} measured)" if measured else "no clock is measured"
    text = [_line(asset, clock) for asset, clock in found] or none
    emit({"items": [_document(asset, clock) for asset, clock in found]}, as_json, text)


def _document(asset: "Asset", clock: "DeviceClock") -> dict[str, Any]:
    return {
        "site": asset.site,
        "asset": asset.code,
        "key": asset.key,
        "clock_offset_ms": clock.offset_ms,
        "clock_times": clock.times.value,
        "clock_measured_at": clock.measured_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "wrong_since": clock.wrong_since
        and clock.wrong_since.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _line(asset: "Asset", clock: "DeviceClock") -> str:
    from ingest.clock_effects import NO_AMOUNT, words_of_standing
    from ingest.clocks import WRONG_MS
    from plantroom.ports.device_clocks import DeviceTimes

    offset_ms = clock.offset_ms
    off = f"{abs(offset_ms) / 1000:.1f} s {'ahead' if offset_ms > 0 else 'behind'}"
    if clock.says_nothing:
        off = NO_AMOUNT[clock.times].en
    elif clock.times is DeviceTimes.STANDING:
        off = words_of_standing(offset_ms).en
    if clock.wrong_since is not None:
        return f"{asset.site}  {asset.code}  {off}  WRONG since {clock.wrong_since:%Y-%m-%d %H:%M} UTC"
    if abs(offset_ms) > WRONG_MS:
        return f"{asset.site}  {asset.code}  {off}, not confirmed yet"
    return f"{asset.site}  {asset.code}  {off}  right"
