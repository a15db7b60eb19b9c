"""Errors, typed by what the caller can do about them.

HTTP status codes and exit codes are mapped from these classes in one place each (``api.problems``,
``plantroom.cli.main``); nothing below those two knows of either.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class PlantroomError(Exception):
    """Base of every error that Plantroom raises on purpose.

    ``retryable`` says whether the same call may succeed later without anybody changing anything, and
    ``retry_after_s`` when to try again if that is known.
    """

    code = "error"
    retryable = False
    retry_after_s: float | None = None


class SettingError(PlantroomError):
    """A setting is wrong: names it and says what it should be."""

    code = "setting"

    def __init__(self, name: str, problem: str, expected: str) -> None:
        super().__init__(f"{name}: {problem}. Expected: {expected}")
        self.name = name
        self.problem = problem
        self.expected = expected


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing that is wrong with one field of what was sent (``field`` in dotted form)."""

    field: str
    code: str
    message: str


def plain_message(message: str) -> str:
    """A validator's message without the words that are its library's own: pydantic's ``Value error, ...`` and
    ``..., unable to parse string as an integer``."""
    if message.startswith("Input should be a valid dictionary or "):
        return "should be an object, {...}"
    bare = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return bare.partition(", unable to parse")[0]


class BadData(PlantroomError):
    """What was sent cannot be used as it is; sending it again will not help."""

    code = "bad_data"

    def __init__(self, message: str, problems: Sequence[FieldProblem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class NotFound(PlantroomError):
    """There is nothing by that name, or the caller may not see it."""

    code = "not_found"


class Conflict(PlantroomError):
    """The request is sound but does not fit the present state (a business rule)."""

    code = "conflict"


class VersionConflict(Conflict):
    """Somebody else changed the record since the caller read it."""

    code = "version_conflict"


class IllegalTransition(Conflict):
    """The state machine has no such step from where the work order stands."""

    code = "illegal_transition"


class NotSignedIn(PlantroomError):
    """No session, or an expired or revoked one."""

    code = "not_signed_in"


class Forbidden(PlantroomError):
    """Signed in, but without the grant that this needs."""

    code = "forbidden"


class Throttled(PlantroomError):
    """Too many attempts; ``retry_after_s`` says when to come back."""

    code = "throttled"
    retryable = True

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unreachable(PlantroomError):
    """A server, a file system or a port does not answer as it should; trying again may help."""

    code = "unreachable"
    retryable = True

    def __init__(self, what: str, problem: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"{what}: {problem}")
        self.what = what
        self.problem = problem
        self.retry_after_s = retry_after_s


class NotAllowed(Unreachable):
    """A server does not take our credentials, or they do not reach so far: waiting helps only once somebody mends
    them."""

    code = "not_allowed"


class NotThere(Unreachable):
    """A server answers, but what is to be used on it is not there, or not for us to see: waiting helps only once
    somebody makes it."""

    code = "not_there"


class NothingLeft(Unreachable):
    """Disk or quota is full: waiting helps only once somebody makes room."""

    code = "full"
