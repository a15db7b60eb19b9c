"""``leases list``: which collector holds which partition."""

from typing import Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened
from plantroom.ports.leases import Lease

app = typer.Typer(name="leases", help="Which collector holds which site.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Which collector holds which site."""


@app.command("list")
def list_(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Every partition (a site; + stands for all unknown sites) with its holder, and every collector."""
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        leases, members = tx.leases.list(), tx.leases.members()
    document = {
        "leases": [_shown(lease) for lease in leases],
        "collectors": [
            {"holder": holder, "silent_s": round(silent_s, 1), "holds": sum(one.holder == holder for one in leases)}
            for holder, silent_s in members.items()
        ],
    }
    lines = [f"{one.partition}: {one.holder or 'nobody'} (epoch {one.epoch})" for one in leases]
    emit(document, as_json, lines or "no collector has run yet")


def _shown(lease: Lease) -> dict[str, Any]:
    return {
        "partition": lease.partition,
        "holder": lease.holder,
        "epoch": lease.epoch,
        "renewed_at": lease.renewed_at.isoformat(),
        "left_s": round(max(0.0, lease.left_s), 1),
    }
