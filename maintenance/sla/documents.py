"""SLA policies as documents: the built-in file, and what people send. Reads, checks, writes; decides nothing."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from maintenance.sla.policy import (
    AWAITING_VERIFICATION,
    ClockKind,
    ClockRule,
    CountsFrom,
    PauseCode,
    SlaPolicy,
    Step,
)
from maintenance.work_orders import Origin
from plantroom.domain.assets import LocalName, Severity, Status
from plantroom.errors import BadData, FieldProblem

FILE = Path(__file__).parent.parent / "seed" / "sla.toml"
LONGEST_S = 366 * 86400
"""No clock runs longer than a year."""

SHORTEST_REPEAT_S = 60
MOST_ENTRIES = 500

E = TypeVar("E", bound=StrEnum)


@cache
def built_in() -> SlaPolicy:
    """The policy of ``maintenance/seed/sla.toml``."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    clocks = [one | {"severity": severity} for one in data["clocks"] for severity in one["severities"]]
    pauses = [{"code": one["code"], "name": {"zh": one["zh"], "en": one["en"]}} for one in data["pauses"]]
    steps = [
        one | {"severity": severity, "urgent": one.get("urgent", False) or severity in one.get("urgent_for", ())}
        for one in data["steps"]
        for severity in one["severities"]
    ]
    return read_policy({"clocks": clocks, "pauses": pauses, "steps": steps})


def read_policy(document: Mapping[str, Any]) -> SlaPolicy:
    """The policy of a document: ``clocks``, ``pauses`` and ``steps``, each of them optional.
    Raises ``BadData`` that names every field that is wrong."""
    found: list[FieldProblem] = []
    policy = SlaPolicy(
        tuple(_read(document, "clocks", _clock, found)),
        tuple(_read(document, "pauses", _pause, found)),
        tuple(_read(document, "steps", _step, found)),
    )
    if not found:
        found += _twice(policy)
    if found:
        raise BadData("; ".join(f"{one.field}: {one.message}" for one in found[:5]), found)
    return policy


class _Wrong(Exception):
    """A field of one entry is wrong."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.problem = FieldProblem(field, code, message)


def _read(document: Mapping[str, Any], key: str, read: Any, found: list[FieldProblem]) -> Iterator[Any]:
    listed = document.get(key) or []
    if not isinstance(listed, Sequence) or isinstance(listed, str) or len(listed) > MOST_ENTRIES:
        found.append(FieldProblem(key, "malformed", f"应为最多{MOST_ENTRIES}项的列表 / a list, {MOST_ENTRIES} at most"))
        return
    for place, entry in enumerate(listed):
        try:
            yield read(entry if isinstance(entry, Mapping) else {})
        except _Wrong as wrong:
            problem = wrong.problem
            found.append(FieldProblem(f"{key}.{place}.{problem.field}", problem.code, problem.message))


def _clock(entry: Mapping[str, Any]) -> ClockRule:
    target, limit = _seconds(entry, "target_s"), _seconds(entry, "limit_s")
    if limit < target:
        raise _Wrong(
            "limit_s",
            "limit_below_target",
            f"时限（{limit}秒）短于目标（{target}秒） / the limit ({limit} s) is shorter than the target ({target} s)",
        )
    kind = _member(entry, "clock", ClockKind)
    usual = CountsFrom.ACCEPTED if kind is ClockKind.RESOLVE else CountsFrom.OPENED
    counts_from = usual if entry.get("counts_from") is None else _member(entry, "counts_from", CountsFrom)
    if counts_from is not usual:
        words = "处理时限自接单起算，其他自报修起算 / resolve counts from acceptance, all others from the opening"
        raise _Wrong("counts_from", "fixed", words)
    origins = tuple(_one_of(str(one), "origins", Origin) for one in entry.get("origins") or ())
    return ClockRule(
        kind,
        _member(entry, "severity", Severity),
        target,
        limit,
        counts_from,
        origins,
        str(entry.get("basis") or "").strip(),
        Status.DEFAULT if entry.get("status") is None else _member(entry, "status", Status),
    )


def _pause(entry: Mapping[str, Any]) -> PauseCode:
    code, name = str(entry.get("code") or ""), entry.get("name") or {}
    if not code.isascii() or not code.replace("_", "").isalnum() or len(code) > 40 or code != code.lower():
        raise _Wrong("code", "malformed", "小写字母、数字和下划线 / lower-case letters, digits and underscores")
    if code == AWAITING_VERIFICATION:
        raise _Wrong("code", "reserved", "系统保留 / is the system's own")
    zh, en = (str(name.get(key) or "").strip() for key in ("zh", "en"))
    if not zh and not en:
        raise _Wrong("name", "required", "填写名称 / needs a name")
    return PauseCode(code, LocalName(zh or en, en or zh))


def _step(entry: Mapping[str, Any]) -> Step:
    name, to = str(entry.get("step") or "").strip(), tuple(str(one) for one in entry.get("to") or ())
    if not name or "#" in name or len(name) > 40:
        raise _Wrong("step", "required", "填写名称（不含#） / needs a name without #")
    percent = entry.get("percent")
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 <= percent <= 1000:
        raise _Wrong("percent", "out_of_range", "0至1000 / from 0 to 1000")
    if not to:
        raise _Wrong("to", "required", "写明通知谁 / say whom to tell")
    for one in to:
        _check_to(one)
    after = _seconds(entry, "after_s", 0) if entry.get("after_s") else 0
    repeat = None if entry.get("repeat_s") is None else _seconds(entry, "repeat_s", SHORTEST_REPEAT_S)
    return Step(
        name,
        _member(entry, "clock", ClockKind),
        _member(entry, "severity", Severity),
        float(percent),
        to,
        after,
        bool(entry.get("urgent")),
        repeat,
    )


def _check_to(to: str) -> None:
    head, _, rest = to.partition(":")
    fits = (head in ("assignee", "supervisors", "admins", "channels") and not rest and ":" not in to) or (
        head == "channel" and rest
    )
    if not fits and not (head == "on_call" and rest in ("1", "2", "3")):
        words = "assignee, supervisors, admins, channels, channel:NAME, on_call:1, on_call:2, on_call:3"
        raise _Wrong("to", "unknown_recipient", f"{to!r}：可选 {words} / {to!r} should be one of {words}")


def _seconds(entry: Mapping[str, Any], field: str, least: int = 1) -> int:
    value = entry.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LONGEST_S:
        words = f"应为{least}至{LONGEST_S}的整数秒 / should be a whole number of seconds from {least} to {LONGEST_S}"
        raise _Wrong(field, "out_of_range", words)
    return value


def _member(entry: Mapping[str, Any], field: str, kind: type[E]) -> E:
    return _one_of(str(entry.get(field) or ""), field, kind)


def _one_of(text: str, field: str, kind: type[E]) -> E:
    try:
        return kind(text)
    except ValueError:
        words = ", ".join(one.value for one in kind)
        raise _Wrong(field, "unknown", f"{text!r}：可选 {words} / {text!r} should be one of {words}") from None


def _twice(policy: SlaPolicy) -> list[FieldProblem]:
    keys: dict[str, list[object]] = {
        "clocks": [(one.clock, one.severity, one.origins) for one in policy.clocks],
        "pauses": [one.code for one in policy.pauses],
        "steps": [(one.clock, one.severity, one.step) for one in policy.steps],
    }
    said = "同一项出现两次 / is there twice"
    return [
        FieldProblem(f"{part}.{place}", "twice", said)
        for part, listed in keys.items()
        for place, key in enumerate(listed)
        if key in listed[:place]
    ]


def policy_json(policy: SlaPolicy) -> dict[str, Any]:
    """The document of a policy."""
    return {
        "clocks": [
            {
                "clock": one.clock.value,
                "severity": one.severity.value,
                "counts_from": one.counts_from.value,
                "origins": [origin.value for origin in one.origins],
                "target_s": one.target_s,
                "limit_s": one.limit_s,
                "basis": one.basis,
                "status": one.status.value,
            }
            for one in policy.clocks
        ],
        "pauses": [{"code": one.code, "name": {"zh": one.name.zh, "en": one.name.en}} for one in policy.pauses],
        "steps": [
            {
                "step": one.step,
                "clock": one.clock.value,
                "severity": one.severity.value,
                "percent": one.percent,
                "after_s": one.after_s,
                "to": list(one.to),
                "urgent": one.urgent,
                "repeat_s": one.repeat_s,
            }
            for one in policy.steps
        ],
    }
