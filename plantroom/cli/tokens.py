"""``token create``: a scoped, expiring key for a machine."""

import hashlib
import re
import secrets
from datetime import timedelta
from typing import Annotated

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened, say
from plantroom.errors import BadData
from plantroom.ports.accounts import ApiToken, Grant, Role

app = typer.Typer(name="token", help="Keys for machines.", no_args_is_help=True)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@app.callback()
def _group() -> None:
    """Keys for machines."""


def parse_ttl(text: str) -> timedelta:
    """``8h``, ``30m``, ``90d``. Raises ``BadData``."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if not match or int(match[1]) == 0:
        raise BadData(f"--ttl {text!r}: use a number and s, m, h or d, such as 8h")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    role: Annotated[Role, typer.Option(help="What it may do.")],
    site: Annotated[str | None, typer.Option(help="Only on this site.")] = None,
    ttl: Annotated[str, typer.Option(help="How long it lives: 8h, 30m, 90d.")] = "8h",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a token for `Authorization: Bearer`. It is shown once."""
    life = parse_ttl(ttl)
    value = f"prt_{secrets.token_urlsafe(32)}"
    with opened(data_dir, begins=True) as parts, parts.ledger.begin() as tx:
        if site is not None:
            tx.assets.site(site)
        now = parts.clock.now()
        token = ApiToken(
            id=secrets.token_hex(8),
            name=name,
            token_hash=hashlib.sha256(value.encode()).hexdigest(),
            grants=(Grant(role, site),),
            created_at=now,
            expires_at=now + life,
            created_by="command line",
        )
        tx.accounts.add_token(token)
    expires = (now + life).isoformat().replace("+00:00", "Z")
    if not as_json:
        say(f"expires {expires}; it is shown this once")
    emit({"id": token.id, "token": value, "expires_at": expires}, as_json, value)
