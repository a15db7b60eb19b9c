"""How often somebody may try to sign in.

Only failures count. Attempts whose password is being looked at are held apart: while they could fill up what is left,
further ones wait for them instead of being refused, so that a whole shift signs in at once and guessing at once gains
nothing. A site's tablets and browsers often share one address (a proxy): it may fail more often than a user name.
"""

import time
from datetime import timedelta

from api.services import Services
from plantroom.errors import Throttled

WINDOW = timedelta(minutes=5)
PER_USER = 5
PER_ADDRESS = 50
IN_FLIGHT_AT_MOST = timedelta(minutes=1)
"""An attempt that takes longer has died with its process."""

PATIENCE_S = 10.0
"""How long an attempt waits for those before it."""

_LOOK_AGAIN_S = 0.05
_BUSY_S = 5.0


def reserve(services: Services, username: str, address: str) -> int:
    """Begin an attempt, before its password is looked at; gives the number to end it with. ``Throttled`` after too
    many failures, or when those before it take too long."""
    patient_until = time.monotonic() + PATIENCE_S
    while True:
        attempt = _try(services, username, address)
        if attempt is not None:
            return attempt
        if time.monotonic() >= patient_until:
            raise Throttled("too many people are signing in at this moment: try again", _BUSY_S)
        time.sleep(_LOOK_AGAIN_S)


def _try(services: Services, username: str, address: str) -> int | None:
    now = services.clock.now()
    with services.ledger.begin() as tx:
        seen = tx.accounts.sign_ins(username, address, now - WINDOW, now - IN_FLIGHT_AT_MOST)
        if seen.failed_of_user >= PER_USER or seen.failed_from_address >= PER_ADDRESS:
            raise Throttled("too many failed attempts: wait five minutes and try again", WINDOW.total_seconds())
        of_user = seen.failed_of_user + seen.in_flight_of_user
        from_address = seen.failed_from_address + seen.in_flight_from_address
        if of_user >= PER_USER or from_address >= PER_ADDRESS:
            return None
        return tx.accounts.begin_sign_in(username, address, now)
