"""Operations as tablets send them: what cannot even be looked at is set aside, the rest goes to maintenance."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import TypeGuard

from api.access import Access
from api.services import Services
from api.sync.schemas import SyncRequest
from maintenance.operations import SyncEffects
from maintenance.sync import apply_operations
from maintenance.work_orders import OperationResult
from plantroom.errors import NotFound
from plantroom.ports.accounts import Role, User
from plantroom.ports.ledger import LedgerTx

MAX_INT = 2**31 - 1
MAX_TEXT = 20_000
Op = dict[str, object]


def apply_request(services: Services, caller: Access, form: SyncRequest) -> list[OperationResult]:
    """One result per operation, in the order they were sent. ``Unreachable`` when the ledger goes away half-way:
    what was applied by then answers as duplicate when the tablet sends all of it again."""
    with services.ledger.read() as tx:
        people = _people(tx, caller, form.ops)
    effects = SyncEffects(file_arrived=services.file_arrived)
    results: list[OperationResult] = []
    for (sound, said), group in groupby(form.ops, key=lambda op: (_is_sound(op), _said_user(op))):
        ops = list(group)
        if not sound:
            results += [OperationResult(_op_id(op), "rejected", "malformed") for op in ops]
            continue
        user = people.get(said) or _caller(caller)
        given = [op for op in ops if isinstance(op, dict)]
        now = services.clock.now()
        results += apply_operations(services.ledger, user, form.device, form.device_now, given, now, effects)
    return results


def _is_sound(op: object) -> TypeGuard[Op]:
    """Whether every part of it can be stored and hashed: an object, no U+0000 or half of a surrogate pair, no
    endless text, no number beyond what databases hold."""
    if not isinstance(op, dict):
        return False
    left: list[object] = [op]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            left += value
        elif not _is_storable(value):
            return False
    return True


def _is_storable(value: object) -> bool:
    if isinstance(value, str):
        plain = not any(c == "\x00" or "\ud800" <= c <= "\udfff" for c in value)
        return plain and len(value) <= MAX_TEXT
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) <= MAX_INT


def _op_id(op: object) -> str:
    given = op.get("op_id") if isinstance(op, dict) else None
    return given.encode("utf-8", "replace").decode() if isinstance(given, str) else ""


def _said_user(op: object) -> str:
    given = op.get("user") if isinstance(op, dict) else None
    return given if isinstance(given, str) else ""


def _caller(caller: Access) -> User:
    principal = caller.principal
    return User(principal.id, principal.name, "", principal.grants, principal.display_name, principal.language)


def _people(tx: LedgerTx, caller: Access, ops: Sequence[object]) -> dict[str, User]:
    """The people on whose behalf an administrator's token brings operations, by the name that the operations
    give. Nobody else speaks for others: their operations of other users are refused (``wrong_user``)."""
    if caller.principal.kind != "token" or caller.principal.scope(Role.ADMIN).sites is not None:
        return {}
    found: dict[str, User] = {}
    for said in {_said_user(op) for op in ops if _is_sound(op)} - {""}:
        user = tx.accounts.user_by_name(said)
        if user is None:
            try:
                user = tx.accounts.user(said)
            except NotFound:
                continue
        if user.active:
            found[said] = user
    return found
