"""Making a publisher's credential: its user name, its password, its hash as Mosquitto reads it."""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from gateway.broker.foreign import check_foreign_filter
from plantroom.domain.keys import new_key
from plantroom.errors import BadData, FieldProblem
from plantroom.ports.devices import Device
from plantroom.wire import check_topic_level

SESSIONS = "plantroom-"
"""What the client ids of our own sessions begin with; no publisher's name may."""

ITERATIONS = 1_000
"""Of PBKDF2. Mosquitto's own 101 would do: the passwords are 256 random bits, which nobody guesses. The broker's only
thread computes this for every CONNECT, wrong ones too, and for every connection when it reads the file again: 10,000
take it 5 ms each, which strangers could use to stop it."""

SALT_BYTES, KEY_BYTES = 12, 64
CLIENT = re.compile(r"[A-Za-z0-9_-]{1,64}")


def mosquitto_hash(password: str, iterations: int = ITERATIONS) -> str:
    """The password as Mosquitto 2 stores it: ``$7$iterations$salt$key``, PBKDF2-HMAC-SHA512, base64 (its
    ``src/password_mosq.c``). Takes about a microsecond an iteration."""
    salt = secrets.token_bytes(SALT_BYTES)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations, KEY_BYTES)
    return f"$7${iterations}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def username_of(site: str, client: str) -> str:
    """``<site>.<client>``. Raises ``BadData`` for names that would reach further than the site's own topics, or
    that could be taken for a session of ours."""
    username = f"{site}.{client}"
    with _about("site"):
        check_topic_level(site, "site")
        if ":" in site:
            raise BadData(f"site {site!r}: a colon cannot stand in a user name of the broker")
        if username.startswith(SESSIONS):
            words = "could be taken for a session of Plantroom's own: the site's code begins with it"
            raise BadData(f"{username!r} {words}")
    with _about("client"):
        if not CLIENT.fullmatch(client):
            raise BadData(f"client {client!r}: use 1 to 64 letters, digits, hyphens and underscores")
    return username


@contextmanager
def _about(field: str) -> Iterator[None]:
    """What is wrong inside is wrong with this field."""
    try:
        yield
    except BadData as error:
        raise BadData(str(error), [FieldProblem(field, "bad_name", str(error))]) from None


def certificate_name(device: Device) -> str:
    """Common name of a client certificate of this credential and of no other: ``<user name>~<8 hexadecimal digits>``,
    of SHA-256 of its id. One that is added again under the same user name has another, so that certificates of the
    one before open nothing, on connections that are held open either. No user name ends like it."""
    return f"{device.username}~{hashlib.sha256(device.id.encode()).hexdigest()[:8]}"


def new_device(
    site: str, client: str, now: datetime, by: str, assets: Sequence[str] = (), topics: Sequence[str] = ()
) -> tuple[Device, str]:
    """A credential and its password, which is kept nowhere. Raises ``BadData``, which says the field that is wrong,
    for names that cannot be used."""
    username = username_of(site, client)
    with _about("assets"):
        codes = tuple(dict.fromkeys(check_topic_level(code, "asset code") for code in assets))
    with _about("topics"):
        filters = tuple(dict.fromkeys(check_foreign_filter(topic) for topic in topics))
    password = secrets.token_urlsafe(32)
    device = Device(new_key(), site, client, username, mosquitto_hash(password), now, by, codes, filters)
    return device, password
