"""Users, sessions, tokens and failed sign-ins."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from plantroom.errors import Conflict, NotFound
from plantroom.ports.accounts import AccountRepository, ApiToken, SessionRecord, User
from plantroom.storage.ledger import tables_accounts as t
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work, clean

USERS = Record(User, t.users)
SESSIONS = Record(SessionRecord, t.sessions)
TOKENS = Record(ApiToken, t.api_tokens)

FAILURES_KEPT = timedelta(days=7)
"""Failed sign-ins older than this are dropped when the next one is noted."""


class SqlAccounts(AccountRepository):
    """``AccountRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def user_by_name(self, username: str) -> User | None:
        row = self._connection.execute(USERS.select().where(t.users.c.username == clean(username))).first()
        return None if row is None else USERS.item(row)

    def user(self, user_id: str) -> User:
        row = self._connection.execute(USERS.select().where(t.users.c.id == user_id)).first()
        if row is None:
            raise NotFound(f"there is no user {user_id!r}")
        return USERS.item(row)

    def users(self) -> Sequence[User]:
        return [USERS.item(row) for row in self._connection.execute(USERS.select().order_by(t.users.c.username))]

    def put_user(self, user: User) -> None:
        """Add or replace by id; ``Conflict`` when the user name is another's."""
        namesake = self.user_by_name(user.username)
        if namesake is not None and namesake.id != user.id:
            raise Conflict(f"the user name {user.username!r} is taken")
        insert = self._work.backend.insert(t.users)
        written = {c.name: insert.excluded[c.name] for c in t.users.c if c.name != "id"}
        self._connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_=written), USERS.row(user))

    def add_session(self, session: SessionRecord) -> None:
        """Add; sessions that have run out by its creation are dropped."""
        self.user(session.user)
        self._connection.execute(t.sessions.delete().where(t.sessions.c.expires_at < session.created_at))
        self._connection.execute(t.sessions.insert(), SESSIONS.row(session))

    def session(self, token_hash: str) -> SessionRecord | None:
        row = self._connection.execute(SESSIONS.select().where(t.sessions.c.token_hash == token_hash)).first()
        return None if row is None else SESSIONS.item(row)

    def drop_session(self, token_hash: str) -> None:
        self._connection.execute(t.sessions.delete().where(t.sessions.c.token_hash == token_hash))

    def add_token(self, token: ApiToken) -> None:
        self._connection.execute(t.api_tokens.insert(), TOKENS.row(token))

    def token(self, token_hash: str) -> ApiToken | None:
        row = self._connection.execute(TOKENS.select().where(t.api_tokens.c.token_hash == token_hash)).first()
        return None if row is None else TOKENS.item(row)

    def note_failed_sign_in(self, username: str, address: str, at: datetime) -> None:
        failures = t.failed_sign_ins
        self._connection.execute(failures.delete().where(failures.c.at < at - FAILURES_KEPT))
        row = {"username": clean(username), "address": clean(address), "at": at}
        self._connection.execute(failures.insert(), row)

    def failed_sign_ins(self, username: str, address: str, since: datetime) -> int:
        f = t.failed_sign_ins.c
        counts = [
            self._connection.execute(
                sa.select(sa.func.count()).where(column == clean(text), f.at >= since)
            ).scalar_one()
            for column, text in ((f.username, username), (f.address, address))
        ]
        return int(max(counts))

    def forget_failed_sign_ins(self, username: str, address: str) -> None:
        """Forget this user's failures from this address. Those of others from there stay, so that nobody clears
        the count of an attack by signing in with an account of his own."""
        f = t.failed_sign_ins.c
        self._connection.execute(
            t.failed_sign_ins.delete().where(f.username == clean(username), f.address == clean(address))
        )
