"""Lines of an inspection pack out of frozen records and other work. Pure.

A record's own document is what counts: names, items and files are those that were signed.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from maintenance.answers import result_of
from maintenance.entered import ENTERED_BY, is_late
from maintenance.evidence import FILE_KINDS, files_of
from maintenance.records.model import Addendum, AddendumKind, Record, Sealing
from maintenance.reports.ports import Attached, Signed
from maintenance.work.signers import Hand, naming, shared_images
from plantroom.domain.assets import LocalName
from plantroom.domain.audit import sha256

_DID = frozenset({"answered", "completed", "in_progress"})
_ACCEPTED = frozenset({"evidence_pending", "completed", "verified"})
_NOWHERE = LocalName("", "")


@dataclass(frozen=True, slots=True)
class Signature:
    """Somebody's name under a record, in which part, when."""

    name: str
    role: str
    at: datetime | None
    sha256: str


@dataclass(frozen=True, slots=True)
class Item:
    """A checklist item worth naming: what is not OK, or was measured."""

    step: str
    name: Mapping[str, str]
    said: str


@dataclass(frozen=True, slots=True)
class Remark:
    """What somebody wrote beside the checklist, when."""

    by: str
    at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class File:
    """A piece of evidence. ``there``: its bytes are in the store."""

    number: int
    day: date
    step: str
    kind: str
    by: str
    sha256: str
    bytes: int
    there: bool


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A frozen record as a pack lists it, or finished work that is to become one: its ``sha256`` is empty. ``sound``:
    its document has the SHA-256 that was frozen. ``rows`` are codes, ``lineages`` the plan rows' keys.
    ``recorded_at``: when it was entered, of one that was entered late. ``items`` is how many its checklist has,
    ``unanswered`` the steps without an answer, ``without`` those without a photo or signature that they ask for,
    ``reasons`` what was said when it was completed and verified all the same. ``order`` is the work order's id; an
    incident's record has none. ``one_image``: names of people whose signatures are one and the same image.
    ``verified``: nobody has to look at it any more."""

    day: date
    number: int
    asset: str | None
    title: Mapping[str, str]
    rows: tuple[str, ...]
    lineages: tuple[str, ...]
    counts: Mapping[str, int]
    ok: tuple[str, ...]
    not_ok: tuple[Item, ...]
    readings: tuple[Item, ...]
    done_by: tuple[str, ...]
    signatures: tuple[Signature, ...]
    verified_by: tuple[str, ...]
    sha256: str
    sound: bool
    files: tuple[File, ...]
    addenda: tuple[Addendum, ...]
    recorded_at: datetime | None = None
    items: int = 0
    unanswered: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    order: str | None = None
    verified: bool = True
    comments: tuple[Remark, ...] = ()
    one_image: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class PatrolDay:
    """The records of one row by the hour on one day. ``late``: how many were entered late, the last of them at
    ``recorded_at``. ``orders`` are the work orders' ids. ``unverified``: how many nobody has verified yet; ``digest``
    is over those that are frozen, empty where none is. ``one_image``: how many have the same image for the signatures
    of two people."""

    day: date
    row: str
    asset: str | None
    count: int
    first: int
    last: int
    done_by: tuple[str, ...]
    signed_by: tuple[str, ...]
    not_ok: int
    digest: str
    late: int = 0
    recorded_at: datetime | None = None
    unanswered: int = 0
    orders: tuple[str | None, ...] = ()
    unverified: int = 0
    one_image: int = 0


class Of(NamedTuple):
    """What a record is of: the number and the day by which a pack lists it, the machine (key), what the work is called,
    the work order's id."""

    number: int
    day: date
    asset: str | None
    title_zh: str
    title_en: str
    order: str | None


def record_line(
    record: Record,
    addenda: Sequence[Addendum],
    signed: Sequence[Signed],
    attached: Sequence[Attached],
    there: Callable[[str], bool],
    people: Mapping[str, str],
) -> RecordLine:
    """The line of a record with what else is known of its order. ``people``: what those are called who added to it."""
    of = Of(record.number, record.completed_on, record.asset, record.title_zh, record.title_en, record.work_order)
    line = document_line(json.loads(record.document), of, signed, attached, there)
    addenda = [replace(one, by=people.get(one.by, one.by)) for one in addenda]
    later = tuple(dict.fromkeys(one.by for one in addenda if one.kind == AddendumKind.VERIFICATION.value))
    return replace(
        line,
        verified_by=line.verified_by or later,
        verified=record.cause != Sealing.SIGNED.value or bool(later),
        sha256=record.sha256,
        sound=sha256(record.document) == record.sha256,
        addenda=tuple(addenda),
    )


def document_line(
    said: Mapping[str, Any],
    of: Of,
    signed: Sequence[Signed],
    attached: Sequence[Attached],
    there: Callable[[str], bool],
) -> RecordLine:
    """The line of what a record says, or would say if it were frozen now: not verified yet, and without a SHA-256."""
    names = {str(one.get("username")): str(one.get("name")) for one in said.get("staff", [])}
    asked = [one for one in said.get("items", []) if "step" in one]  # an incident's are its measures
    results = [(one, result_of(one.get("answer"))) for one in asked]
    open_steps, without = tuple(_unanswered(asked)), tuple(_without(asked))
    judged = {str(one.get("step")): one for one in said.get("work", {}).get("found", [])}
    plan = said["plan"] if isinstance(said.get("plan"), list) else []  # of an incident it is its emergency plan
    files = [
        _file(of, one.get("step"), one.get("kind"), names.get(str(one.get("by")), one.get("by")), one, there)
        for one in said.get("files", [])
    ]
    files += [
        _file(of, one.step, one.kind, names.get(one.by, one.by), {"sha256": one.sha256, "bytes": one.bytes}, there)
        for one in attached
    ]
    signatures = _signatures(said, signed, names)
    files += [_file(of, None, "signature", one.name, {"sha256": one.sha256, "bytes": 0}, there) for one in signed]
    return RecordLine(
        day=of.day,
        number=of.number,
        asset=of.asset,
        title={"zh": of.title_zh, "en": of.title_en},
        rows=tuple(str(one.get("row")) for one in plan),
        lineages=tuple(str(one.get("lineage")) for one in plan),
        counts=Counter(result for _, result in results if result is not None),
        ok=tuple(str(one["step"]) for one, result in results if result == "ok"),
        not_ok=tuple(_not_ok(one, judged) for one, result in results if result == "not_ok"),
        readings=tuple(_reading(one) for one, result in results if _is_reading(one, result)),
        done_by=_with_role(said, _DID) or _in_charge(said),
        signatures=signatures,
        one_image=_one_image(signatures, names),
        verified_by=_with_role(said, frozenset({"verified"})),
        sha256="",
        sound=True,
        files=tuple({one.sha256: one for one in reversed(files)}.values())[::-1],
        addenda=(),
        recorded_at=_recorded_late(said),
        items=len(asked),
        unanswered=open_steps,
        without=without,
        reasons=_reasons(said) if open_steps or without else (),
        order=of.order,
        verified=False,
        comments=tuple(_remark(one, names) for one in said.get("work", {}).get("comments", [])),
    )


def _remark(said: Mapping[str, Any], names: Mapping[str, str]) -> Remark:
    by, at = str(said.get("by")), said.get("at")
    return Remark(names.get(by, by), datetime.fromisoformat(at) if at else None, str(said.get("text") or ""))


def _unanswered(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for one in items:
        if one.get("type") not in FILE_KINDS and result_of(one.get("answer")) is None:
            yield str(one["step"])


def _without(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for one in items:
        answer = one.get("answer") or {}
        kind = str(one.get("type"))
        wanted = {*(one.get("evidence_required") or ()), *({kind} & set(FILE_KINDS))}
        if answer.get("outcome") != "na" and wanted - {file.get("kind") for file in files_of(answer)}:
            yield str(one["step"])


def _reasons(said: Mapping[str, Any]) -> tuple[str, ...]:
    """What was said at the completions and verifications that were frozen with it."""
    steps = (one for one in said.get("steps", []) if one.get("to") in _ACCEPTED)
    return tuple(dict.fromkeys(str(one["reason"]) for one in steps if one.get("reason")))


def _recorded_late(said: Mapping[str, Any]) -> datetime | None:
    """By the steps that were frozen with it. An incident has none: its own stages say what was entered late."""
    done_at = said.get("times", {}).get("completed_at")
    done = {state.value for state in ENTERED_BY}
    entered = [
        datetime.fromisoformat(one["recorded_at"])
        for one in said.get("steps", [])
        if one.get("to") in done and one.get("at") == done_at
    ]
    first = min(entered, default=None)
    return first if done_at is not None and is_late(datetime.fromisoformat(done_at), first) else None


def _with_role(said: Mapping[str, Any], roles: frozenset[str]) -> tuple[str, ...]:
    return tuple(str(one["name"]) for one in said.get("staff", []) if roles & set(one.get("roles", [])))


def _in_charge(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Of an incident: who took part in its stages."""
    people = (one for stage in said.get("stages", []) for one in stage.get("people", []))
    return tuple(dict.fromkeys(str(one.get("name")) for one in people if one.get("name")))


def _signatures(said: Mapping[str, Any], signed: Sequence[Signed], names: Mapping[str, str]) -> tuple[Signature, ...]:
    """Those of the document, and those that were put under the order beside it."""
    frozen = [
        Signature(
            str(one.get("name") or names.get(str(one.get("by")), one.get("by"))),
            str(one.get("role") or ""),
            datetime.fromisoformat(one["at"]) if one.get("at") else None,
            str(one.get("sha256") or ""),
        )
        for one in said.get("signatures", [])
    ]
    known = {(one.name, one.role, one.sha256) for one in frozen}
    beside = [one for one in signed if (one.name, one.role, one.sha256) not in known]
    return (*frozen, *(Signature(one.name, one.role, one.at, one.sha256) for one in beside))


def _one_image(signatures: Iterable[Signature], names: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """Who has signed with the image of somebody else. A name may be an account's user name."""
    person = naming(names)
    found = [
        Hand(person(one.name), names.get(one.name, one.name), _NOWHERE, one.sha256, one.at)
        for one in signatures
        if one.sha256
    ]
    return tuple(tuple(one.name for one in shared.hands) for shared in shared_images(found))


def _not_ok(item: Mapping[str, Any], judged: Mapping[str, Mapping[str, Any]]) -> Item:
    """With the number, where one is the cause, the limits that it was judged by, and the remark."""
    answer = item["answer"]
    by = judged.get(str(item["step"])) or item
    said = _measured(item, by if answer.get("outside_limits") else item) if answer.get("number") is not None else ""
    return Item(str(item["step"]), item["name"], f"{said} {answer.get('remark') or ''}".strip())


def _is_reading(item: Mapping[str, Any], result: str | None) -> bool:
    """Whether a number was taken that is named nowhere else."""
    return result != "not_ok" and (item.get("answer") or {}).get("number") is not None


def _reading(item: Mapping[str, Any]) -> Item:
    return Item(str(item["step"]), item["name"], _measured(item, item))


def _measured(item: Mapping[str, Any], limited: Mapping[str, Any]) -> str:
    """A number with its unit and limits."""
    ends = (("low", "≥"), ("high", "≤"))
    limits = [f"{sign} {limited[end]:g}" for end, sign in ends if limited.get(end) is not None]
    value = item["answer"]["number"]
    shown = f"{value:g}" if isinstance(value, (int, float)) else str(value)
    return " ".join([shown, str(item.get("unit") or ""), *_bracketed(limits)]).strip()


def _bracketed(limits: Sequence[str]) -> list[str]:
    return [f"({', '.join(limits)})"] if limits else []


def _file(
    of: Of, step: object, kind: object, by: object, file: Mapping[str, Any], there: Callable[[str], bool]
) -> File:
    digest = str(file.get("sha256") or "")
    size = file.get("bytes")
    return File(
        of.number,
        of.day,
        str(step or ""),
        str(kind or ""),
        str(by or ""),
        digest,
        size if isinstance(size, int) else 0,
        there(digest),
    )


def patrol_days(lines: Iterable[RecordLine], by_hour: frozenset[str]) -> tuple[list[RecordLine], list[PatrolDay]]:
    """The records but those of rows by the hour, and those day by day. ``digest`` is the SHA-256 over the SHA-256 of
    the day's records in their order, one a line."""
    others: list[RecordLine] = []
    days: defaultdict[tuple[date, str, str], list[RecordLine]] = defaultdict(list)
    for line in lines:
        if line.lineages and set(line.lineages) <= by_hour:
            days[line.day, line.rows[0], line.asset or ""].append(line)
        else:
            others.append(line)
    return others, [_patrol(key, sorted(days[key], key=lambda one: one.number)) for key in sorted(days)]


def _patrol(key: tuple[date, str, str], lines: Sequence[RecordLine]) -> PatrolDay:
    day, row, asset = key
    late = [one.recorded_at for one in lines if one.recorded_at is not None]
    frozen = [one.sha256 for one in lines if one.sha256]
    return PatrolDay(
        day=day,
        row=row,
        asset=asset or None,
        count=len(lines),
        first=lines[0].number,
        last=lines[-1].number,
        done_by=tuple(dict.fromkeys(name for one in lines for name in one.done_by)),
        signed_by=tuple(dict.fromkeys(sign.name for one in lines for sign in one.signatures)),
        not_ok=sum(one.counts.get("not_ok", 0) for one in lines),
        digest=sha256("\n".join(frozen)) if frozen else "",
        late=len(late),
        recorded_at=max(late, default=None),
        unanswered=sum(len(one.unanswered) for one in lines),
        orders=tuple(one.order for one in lines),
        unverified=sum(not one.verified for one in lines),
        one_image=sum(bool(one.one_image) for one in lines),
    )
