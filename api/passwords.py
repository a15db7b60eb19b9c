"""Passwords: argon2id in PHC form (RFC 9106, the library's second recommended parameters)."""

import threading
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_AT_ONCE = threading.Semaphore(2)
"""Each hash takes 64 MiB: a burst of sign-ins waits its turn instead of filling the memory."""


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash("nobody signs in with this")


def hash_password(password: str) -> str:
    """argon2id hash of a password in PHC form."""
    with _AT_ONCE:
        return _hasher().hash(password)


def verify_password(password_hash: str, password: str) -> bool:
    """Whether the password is the one that was hashed.

    Takes the same time for an empty hash (unknown user, no password set) as for a wrong password, so that
    the answer's delay does not tell which user names exist.
    """
    from argon2.exceptions import InvalidHashError, VerificationError

    with _AT_ONCE:
        try:
            return _hasher().verify(password_hash or _nobody(), password) and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False
