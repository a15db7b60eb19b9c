"""Port of the ledger's accounts: users and their grants, sessions, tokens."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from plantroom.ports.answers import AnswerRepository


class Role(StrEnum):
    """What a person or token may do, from most to least."""

    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    TECHNICIAN = "technician"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on a site and department; ``None`` means every one. With ``contractor`` (an organisation's id) it reaches
    no further than that contractor's orders."""

    role: Role
    site: str | None = None
    department: str | None = None
    contractor: str | None = None

    def opens(self, site: str, contractor: str | None = None) -> bool:
        """Whether it reaches what is on a site; a work order also by the ``contractor`` that it belongs to."""
        return self.site in {None, site} and self.contractor in {None, contractor}


@dataclass(frozen=True, slots=True)
class User:
    """A person. ``password_hash`` is argon2id in PHC form; empty: cannot sign in by password."""

    id: str
    username: str
    password_hash: str
    grants: Sequence[Grant]
    name: str = ""
    language: str = "zh"
    active: bool = True


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A signed-in browser. ``token_hash`` is the SHA-256 of the cookie's value, never the value."""

    token_hash: str
    user: str
    csrf_token: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A machine's token; ``token_hash`` as above."""

    id: str
    name: str
    token_hash: str
    grants: Sequence[Grant]
    created_at: datetime
    expires_at: datetime | None
    created_by: str = ""


@dataclass(frozen=True, slots=True)
class SignInCounts:
    """Sign-ins that failed and sign-ins whose password is being looked at just now."""

    failed_of_user: int
    failed_from_address: int
    in_flight_of_user: int
    in_flight_from_address: int


class AccountRepository(AnswerRepository):
    """Users, sessions, tokens, failed sign-ins, answers to requests that have a key."""

    @abstractmethod
    def user_by_name(self, username: str) -> User | None: ...

    @abstractmethod
    def users_by_name(self, usernames: Collection[str]) -> Mapping[str, User]:
        """Those that there are, by user name; one statement for a thousand."""

    @abstractmethod
    def user(self, user_id: str) -> User: ...

    @abstractmethod
    def users(self) -> Sequence[User]: ...

    @abstractmethod
    def lock_users(self) -> None:
        """Nobody else who asks for this changes users until the transaction ends: for what looks at them first."""

    @abstractmethod
    def put_user(self, user: User) -> None: ...

    @abstractmethod
    def remove_user(self, user_id: str) -> None:
        """Take a person away that was entered by mistake, with the sessions."""

    @abstractmethod
    def add_session(self, session: SessionRecord) -> None: ...

    @abstractmethod
    def session(self, token_hash: str) -> SessionRecord | None: ...

    @abstractmethod
    def drop_session(self, token_hash: str) -> None: ...

    @abstractmethod
    def add_token(self, token: ApiToken) -> None: ...

    @abstractmethod
    def token(self, token_hash: str) -> ApiToken | None: ...

    @abstractmethod
    def makers_of_tokens(self, name: str) -> Sequence[str]:
        """User names of those who made the tokens of that name, by themselves or through other tokens."""

    @abstractmethod
    def note_failed_sign_in(self, username: str, address: str, at: datetime) -> None: ...

    @abstractmethod
    def sign_ins(self, username: str, address: str, failed_since: datetime, in_flight_since: datetime) -> SignInCounts:
        """How many there are of this user name and from this address. Nobody else counts those of the same name or
        address until the transaction ends, so that a count and what is begun upon it belong together."""

    @abstractmethod
    def begin_sign_in(self, username: str, address: str, at: datetime) -> int:
        """Note an attempt before its password is looked at; gives the number to end it with."""

    @abstractmethod
    def end_sign_in(self, attempt: int) -> None:
        """The attempt has been decided; ending it twice is allowed."""

    @abstractmethod
    def forget_failed_sign_ins(self, username: str, address: str) -> None: ...
