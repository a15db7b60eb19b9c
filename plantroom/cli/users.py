"""``user add|password|list``: people who sign in."""

import secrets
import sys
from dataclasses import replace
from typing import Annotated

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened, say
from plantroom.domain.keys import new_key
from plantroom.errors import BadData
from plantroom.ports.accounts import Grant, Role, User

app = typer.Typer(name="user", help="People who sign in.", no_args_is_help=True)
FromStdin = Annotated[bool, typer.Option("--stdin", help="Read the password from standard input; else one is made.")]
MIN_PASSWORD = 10


@app.callback()
def _group() -> None:
    """People who sign in."""


def _password(from_stdin: bool) -> str:
    if not from_stdin:
        return secrets.token_urlsafe(12)
    password = sys.stdin.readline().rstrip("\n")
    if len(password) < MIN_PASSWORD:
        raise BadData(f"a password has at least {MIN_PASSWORD} characters")
    return password


def _show(user: User, password: str, from_stdin: bool, as_json: bool) -> None:
    document = {"username": user.username} | ({} if from_stdin else {"password": password})
    if not from_stdin and not as_json:
        say(f"password of {user.username}, shown this once:")
    emit(document, as_json, "" if from_stdin else password)


@app.command()
def add(
    username: Annotated[str, typer.Argument(help="Sign-in name.")],
    role: Annotated[Role, typer.Option(help="What the person may do.")],
    site: Annotated[str | None, typer.Option(help="Only on this site.")] = None,
    department: Annotated[str | None, typer.Option(help="Only for this department.")] = None,
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    from_stdin: FromStdin = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Add a person who signs in by name and password."""
    from api.passwords import hash_password

    if not username.strip() or username != username.strip():
        raise BadData("the sign-in name is empty or has blanks at its ends")
    password = _password(from_stdin)
    user = User(new_key(), username, hash_password(password), (Grant(role, site, department),), name=name or username)
    with opened(data_dir, begins=True) as parts, parts.ledger.begin() as tx:
        if site is not None:
            tx.assets.site(site)
        tx.accounts.lock_users()
        if tx.accounts.user_by_name(username) is not None:
            raise BadData(f"there is a user {username!r} already; `plantroom user password` sets a new password")
        tx.accounts.put_user(user)
    _show(user, password, from_stdin, as_json)


@app.command("password")
def set_password(
    username: Annotated[str, typer.Argument(help="Sign-in name.")],
    from_stdin: FromStdin = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give a person a new password."""
    from api.passwords import hash_password

    password = _password(from_stdin)
    hashed = hash_password(password)
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        tx.accounts.lock_users()
        user = tx.accounts.user_by_name(username)
        if user is None:
            raise BadData(f"there is no user {username!r}")
        tx.accounts.put_user(replace(user, password_hash=hashed))
    _show(user, password, from_stdin, as_json)


@app.command("list")
def list_users(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """The people who may sign in, with their roles."""
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        users = tx.accounts.users()
    items = [
        {
            "username": user.username,
            "name": user.name,
            "grants": [{"role": g.role.value, "site": g.site, "department": g.department} for g in user.grants],
        }
        for user in users
    ]
    lines = [f"{u.username}  {', '.join(f'{g.role.value} ({g.site or chr(42)})' for g in u.grants)}" for u in users]
    emit({"items": items}, as_json, lines)
