"""The bucket of one shelf, and how long it keeps what is in it."""

from collections.abc import Mapping
from typing import Any

import structlog

from plantroom.errors import NotThere, Unreachable
from plantroom.ports.readings import DAY_MS, StoreSeen
from plantroom.storage.readings.influx_http import InfluxConnection, InfluxTarget

log = structlog.get_logger()

OURS = "made by Plantroom"
"""How the description of a bucket begins whose rule follows the setting. Who writes it on another one gives that one to
us."""

DESCRIPTION = f"{OURS}: its retention follows the setting"
FOR_EVER = 0
_SHARDS = ((2, 3_600), (180, 86_400))
"""Days, and the seconds of a shard for rules below that (``influxd``'s own choice); else a week."""


class Bucket:
    """A bucket that is made when it is missing. ``keep_days`` 0: for ever.

    One that we made is known by its description. What makes its rule longer is done by ``open``, since nothing goes by
    it; what makes it shorter by ``expires``, which only collectors call. Another one's rule is left alone, and
    ``look`` tells when it is not what the setting says.
    """

    def __init__(self, target: InfluxTarget, keep_days: int) -> None:
        self._target = target
        self._keep_s = keep_days * DAY_MS // 1000

    def open(self, connection: InfluxConnection) -> None:
        """Make it, or its rule longer. Raises ``Unreachable``."""
        found = self._find(connection)
        if not found:
            self._make(connection)
        elif _is_ours(found) and _is_shorter(_rule_s(found), self._keep_s):
            self._set(connection, found)

    def expires(self, connection: InfluxConnection, *, held: bool) -> bool:
        """Whether the server itself has deleted what is too old, or soon will. Sets the rule of ours, unless something
        that is too old is ``held``. Raises ``Unreachable``."""
        found = self._find(connection)
        rule_s = _rule_s(found)
        if found and _is_ours(found) and rule_s != self._keep_s and not held:
            self._set(connection, found)
        return bool(rule_s)

    def look(self, connection: InfluxConnection) -> StoreSeen:
        """Whether it is there, and keeps what the setting says or has no rule, so that we delete. Raises
        ``Unreachable``, also where it is missing and cannot be made."""
        found = self._find(connection)
        if not found:
            self._organisation(connection)
            return StoreSeen(missing=(f"bucket {self._target.bucket!r}",))
        rule_s, ours = _rule_s(found), _is_ours(found)
        if rule_s == self._keep_s or not (rule_s or ours):
            return StoreSeen()
        words = f"bucket {self._target.bucket!r} keeps {_span(rule_s)}, not {_span(self._keep_s)}: its rule"
        if ours:
            return StoreSeen(own_rules=(f"{words} is one that Plantroom sets",))
        return StoreSeen(other_rules=(f"{words} is not of Plantroom's making and left alone",))

    def _organisation(self, connection: InfluxConnection) -> str:
        """Its id. Raises ``NotThere`` when the token does not see it, so that no bucket can be made in it."""
        target = self._target
        orgs = connection.request("GET", "/api/v2/orgs", params={"org": target.org}).get("orgs", [])
        if not orgs:
            text = f"bucket {target.bucket!r} is not there, or not for this token, and the token may not make it"
            raise NotThere(target.what, f"{text} in organisation {target.org!r}")
        return str(orgs[0]["id"])

    def _make(self, connection: InfluxConnection) -> None:
        target = self._target
        org = self._organisation(connection)
        rules = [{"type": "expire", "everySeconds": self._keep_s}] if self._keep_s else []
        body = {"orgID": org, "name": target.bucket, "description": DESCRIPTION, "retentionRules": rules}
        try:
            connection.request("POST", "/api/v2/buckets", json=body)
        except Unreachable as error:
            # Two processes may start together: the other one's bucket is as good.
            if not self._find(connection):
                text = f"bucket {target.bucket!r} is not there and could not be made ({error.problem})"
                raise NotThere(target.what, text) from error

    def _find(self, connection: InfluxConnection) -> Mapping[str, Any]:
        """The bucket as the server describes it; empty when it is not there."""
        names = {"org": self._target.org, "name": self._target.bucket}
        try:
            found = connection.request("GET", "/api/v2/buckets", params=names).get("buckets")
        except NotThere:
            return {}
        return found[0] if found else {}

    def _set(self, connection: InfluxConnection, found: Mapping[str, Any]) -> None:
        """A token that may not is told by ``look``, and keeps nothing else from going on."""
        rule = {"type": "expire", "everySeconds": self._keep_s, "shardGroupDurationSeconds": _shard_s(self._keep_s)}
        was = _rule_s(found)
        try:
            connection.request("PATCH", f"/api/v2/buckets/{found['id']}", json={"retentionRules": [rule]})
        except Unreachable as error:
            log.warning("retention_not_changed", bucket=self._target.bucket, days=was / 86_400, problem=error.problem)
            return
        days = {"was_days": was / 86_400, "days": self._keep_s / 86_400}
        log.info("retention_changed", bucket=self._target.bucket, **days)


def _is_ours(found: Mapping[str, Any]) -> bool:
    return str(found.get("description") or "").startswith(OURS)


def _rule_s(found: Mapping[str, Any]) -> int:
    """Seconds that it keeps; ``FOR_EVER`` without a rule."""
    return next((int(rule.get("everySeconds") or 0) for rule in found.get("retentionRules", ())), FOR_EVER)


def _span(rule_s: int) -> str:
    return "for ever" if rule_s == FOR_EVER else f"{rule_s / 86_400:g} days"


def _is_shorter(one_s: int, other_s: int) -> bool:
    return one_s != FOR_EVER and (other_s == FOR_EVER or one_s < other_s)


def _shard_s(keep_s: int) -> int:
    if keep_s == FOR_EVER:
        return 7 * 86_400
    return next((seconds for days, seconds in _SHARDS if keep_s < days * 86_400), 7 * 86_400)
