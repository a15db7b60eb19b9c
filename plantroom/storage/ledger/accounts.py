"""Users, sessions, tokens and sign-ins."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from plantroom.errors import Conflict, NotFound
from plantroom.ports.accounts import AccountRepository, ApiToken, SessionRecord, SignInCounts, User
from plantroom.storage.ledger import tables_accounts as t
from plantroom.storage.ledger.answers import SqlAnswers
from plantroom.storage.ledger.backend import Lock
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work, chunks, clean

USERS = Record(User, t.users)
SESSIONS = Record(SessionRecord, t.sessions)
TOKENS = Record(ApiToken, t.api_tokens)

FAILURES_KEPT = timedelta(days=7)
"""Failed sign-ins older than this are dropped when the next one is noted."""

ATTEMPTS_KEPT = timedelta(days=1)
"""Attempts to sign in that were never ended (a crash) are dropped after this when the next one begins."""


class SqlAccounts(SqlAnswers, AccountRepository):
    """``AccountRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        super().__init__(work)

    def user_by_name(self, username: str) -> User | None:
        row = self._connection.execute(USERS.select().where(t.users.c.username == clean(username))).first()
        return None if row is None else USERS.item(row)

    def users_by_name(self, usernames: Collection[str]) -> Mapping[str, User]:
        wanted = sorted({clean(one) for one in usernames})
        found = (
            USERS.item(row)
            for some in chunks(wanted)
            for row in self._connection.execute(USERS.select().where(t.users.c.username.in_(some)))
        )
        return {user.username: user for user in found}

    def user(self, user_id: str) -> User:
        row = self._connection.execute(USERS.select().where(t.users.c.id == user_id)).first()
        if row is None:
            raise NotFound(f"there is no user {user_id!r}")
        return USERS.item(row)

    def users(self) -> Sequence[User]:
        return [USERS.item(row) for row in self._connection.execute(USERS.select().order_by(t.users.c.username))]

    def lock_users(self) -> None:
        self._work.backend.lock(self._connection, Lock.USERS)

    def put_user(self, user: User) -> None:
        """Add or replace by id; ``Conflict`` when the user name is another's."""
        namesake = self.user_by_name(user.username)
        if namesake is not None and namesake.id != user.id:
            raise Conflict(f"the user name {user.username!r} is taken")
        insert = self._work.backend.insert(t.users)
        written = {c.name: insert.excluded[c.name] for c in t.users.c if c.name != "id"}
        self._connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_=written), USERS.row(user))

    def remove_user(self, user_id: str) -> None:
        self._connection.execute(t.sessions.delete().where(t.sessions.c.user == user_id))
        self._connection.execute(t.users.delete().where(t.users.c.id == user_id))

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

    def makers_of_tokens(self, name: str) -> Sequence[str]:
        c, known = t.api_tokens.c, set[str]()
        new = set(self._connection.execute(sa.select(c.created_by).where(c.name == name)).scalars())
        while new:
            known |= new
            further = self._connection.execute(sa.select(c.created_by).where(c.id.in_(sorted(new)))).scalars()
            new = set(further) - known
        u = t.users.c
        makers = sa.select(u.username).where(u.id.in_(sorted(known))).order_by(u.username)
        return list(self._connection.execute(makers).scalars())

    def note_failed_sign_in(self, username: str, address: str, at: datetime) -> None:
        failures = t.failed_sign_ins
        self._connection.execute(failures.delete().where(failures.c.at < at - FAILURES_KEPT))
        row = {"username": clean(username), "address": clean(address), "at": at}
        self._connection.execute(failures.insert(), row)

    def sign_ins(self, username: str, address: str, failed_since: datetime, in_flight_since: datetime) -> SignInCounts:
        # Names before addresses, everywhere: so nobody waits in a circle.
        for text in (f"sign-ins of {clean(username)}", f"sign-ins from {clean(address)}"):
            self._work.backend.lock_text(self._connection, text)
        failed, in_flight = t.failed_sign_ins, t.sign_in_attempts
        return SignInCounts(
            self._count(failed, failed.c.username, username, failed_since),
            self._count(failed, failed.c.address, address, failed_since),
            self._count(in_flight, in_flight.c.username, username, in_flight_since),
            self._count(in_flight, in_flight.c.address, address, in_flight_since),
        )

    def _count(self, table: sa.Table, column: sa.Column[str], text: str, since: datetime) -> int:
        statement = sa.select(sa.func.count()).select_from(table).where(column == clean(text), table.c.at >= since)
        return int(self._connection.execute(statement).scalar_one())

    def begin_sign_in(self, username: str, address: str, at: datetime) -> int:
        """As the port says; attempts that nobody ended are dropped after a day."""
        attempts = t.sign_in_attempts
        self._connection.execute(attempts.delete().where(attempts.c.at < at - ATTEMPTS_KEPT))
        row = {"username": clean(username), "address": clean(address), "at": at}
        return int(self._connection.execute(attempts.insert().returning(attempts.c.id), row).scalar_one())

    def end_sign_in(self, attempt: int) -> None:
        self._connection.execute(t.sign_in_attempts.delete().where(t.sign_in_attempts.c.id == attempt))

    def forget_failed_sign_ins(self, username: str, address: str) -> None:
        """Forget this user's failures from this address. Those of others from there stay, so that nobody clears
        the count of an attack by signing in with an account of his own."""
        f = t.failed_sign_ins.c
        self._connection.execute(
            t.failed_sign_ins.delete().where(f.username == clean(username), f.address == clean(address))
        )
