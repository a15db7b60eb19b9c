"""Which work needs which certificate, and whether those of a person or contractor will do. Pure; the rules are data
(``maintenance/seed/licences.toml``), and a plan row may ask for more (``PlanRow.licence``)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from maintenance.people.staff import Certificate, Contractor, ContractorLicence, valid_on
from plantroom.domain.assets import LocalName, Status

TICKET = "ticket"
"""Executor of work that no plan row asked for."""


class Holder(StrEnum):
    """Who holds a certificate."""

    PERSON = "person"
    CONTRACTOR = "contractor"


@dataclass(frozen=True, slots=True)
class LicenceKind:
    """A kind of certificate. ``renew_months`` is how often it is renewed or checked; what counts is the date on it."""

    key: str
    holder: Holder
    name: LocalName
    basis: LocalName
    status: Status
    renew_months: int | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """What some work needs. It holds for work whose class, kind and executor are listed (an empty list: any), or that
    comes from one of ``rows``. Any one of the ``person`` kinds will do, and of the ``contractor`` kinds; a demand
    that is not ``strict`` warns and refuses nobody."""

    key: str
    name: LocalName
    classes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    executors: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    person: tuple[str, ...] = ()
    contractor: tuple[str, ...] = ()
    strict: bool = True
    basis: LocalName = LocalName("", "")
    status: Status = Status.DEFAULT


@dataclass(frozen=True, slots=True)
class Work:
    """What the demands look at. ``executor`` is that of the plan rows, ``ticket`` without one; ``licences`` are the
    kinds that plan rows ask for themselves."""

    kind: str
    executor: str = TICKET
    equipment_class: str | None = None
    systems: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lack:
    """What is missing: ``code`` is missing, expired, not_yet_valid, expires_before_due or other_scope. ``certificate``
    is the one that came nearest."""

    demand: str
    code: str
    strict: bool
    text: LocalName
    certificate: str | None = None


def demanded(work: Work, demands: Sequence[Demand], kinds: Mapping[str, LicenceKind]) -> list[Demand]:
    """The demands that hold for a piece of work, with those of its plan rows."""
    found = [demand for demand in demands if _fits(demand, work)]
    for key in dict.fromkeys(work.licences):
        kind = kinds.get(key)
        if kind is None:
            continue
        person = (key,) if kind.holder is Holder.PERSON else ()
        contractor = () if person else (key,)
        found.append(
            Demand(f"row:{key}", kind.name, person=person, contractor=contractor, basis=kind.basis, status=kind.status)
        )
    return found


def _fits(demand: Demand, work: Work) -> bool:
    if set(demand.rows) & set(work.rows):
        return True
    if demand.classes and work.equipment_class not in demand.classes:
        return False
    if not demand.classes and demand.rows:
        return False
    return (not demand.kinds or work.kind in demand.kinds) and (
        not demand.executors or work.executor in demand.executors
    )


def lacks_of_person(
    who: str,
    certificates: Sequence[Certificate],
    demands: Iterable[Demand],
    work: Work,
    days: Sequence[date],
    kinds: Mapping[str, LicenceKind],
) -> list[Lack]:
    """What a person lacks on any of the days (today first). A renewal counts: on each day any certificate will do."""
    return [
        lack
        for demand in demands
        if demand.person and (lack := _lack(who, demand, demand.person, certificates, work, days, kinds)) is not None
    ]


def lacks_of_contractor(
    contractor: Contractor | None,
    demands: Iterable[Demand],
    work: Work,
    days: Sequence[date],
    kinds: Mapping[str, LicenceKind],
) -> list[Lack]:
    """What an organisation lacks on any of the days; ``None``: the work is not given to any."""
    found: list[Lack] = []
    for demand in demands:
        if not demand.contractor:
            continue
        if contractor is None:
            named = _names(demand.contractor, kinds)
            text = LocalName(f"须由持证单位承担：{named.zh}", f"only a licensed organisation may do this: {named.en}")
            found.append(Lack(demand.key, "no_contractor", demand.strict, text))
            continue
        who = contractor.name.zh
        lack = _lack(who, demand, demand.contractor, contractor.licences, work, days, kinds)
        if lack is not None:
            found.append(lack)
    return found


def _lack(
    who: str,
    demand: Demand,
    wanted: tuple[str, ...],
    held: Sequence[Certificate | ContractorLicence],
    work: Work,
    days: Sequence[date],
    kinds: Mapping[str, LicenceKind],
) -> Lack | None:
    named = _names(wanted, kinds)
    right = [c for c in held if c.kind in wanted]
    if not right:
        text = LocalName(f"{who}没有{named.zh}", f"{who} has no certificate: {named.en}")
        return Lack(demand.key, "missing", demand.strict, text)
    inside = [c for c in right if c.covers(work.equipment_class, work.systems)]
    if not inside:
        text = LocalName(
            f"{who}的{named.zh}（编号{right[0].number}）不含该类设备",
            f"the certificate of {who}, {named.en} (number {right[0].number}), does not cover this equipment",
        )
        return Lack(demand.key, "other_scope", demand.strict, text, right[0].number)
    failing = next((day for day in days if not any(valid_on(c, day) for c in inside)), None)
    if failing is None:
        return None
    return _out_of_date(who, demand, inside, failing, is_today=failing == days[0], kinds=kinds)


def _out_of_date(
    who: str,
    demand: Demand,
    held: Sequence[Certificate | ContractorLicence],
    day: date,
    *,
    is_today: bool,
    kinds: Mapping[str, LicenceKind],
) -> Lack:
    begun = [c for c in held if c.issued_on <= day]
    if not begun:
        first = min(held, key=lambda c: (c.issued_on, c.number))
        name = _names((first.kind,), kinds)
        text = LocalName(
            f"{who}的{name.zh}（编号{first.number}）{first.issued_on}才生效",
            f"the certificate of {who}, {name.en} (number {first.number}), is valid from {first.issued_on} only",
        )
        return Lack(demand.key, "not_yet_valid", demand.strict, text, first.number)
    last = max(begun, key=lambda c: (c.expires_on or date.max, c.number))
    name = _names((last.kind,), kinds)
    if is_today:
        text = LocalName(
            f"{who}的{name.zh}（编号{last.number}）已于{last.expires_on}到期",
            f"the certificate of {who}, {name.en} (number {last.number}), expired on {last.expires_on}",
        )
        return Lack(demand.key, "expired", demand.strict, text, last.number)
    text = LocalName(
        f"{who}的{name.zh}（编号{last.number}）{last.expires_on}到期，早于工单期限{day}",
        f"the certificate of {who}, {name.en} (number {last.number}), expires on {last.expires_on}, before the work "
        f"is due ({day})",
    )
    return Lack(demand.key, "expires_before_due", demand.strict, text, last.number)


def _names(keys: Sequence[str], kinds: Mapping[str, LicenceKind]) -> LocalName:
    known = [kinds[key].name if key in kinds else LocalName(key, key) for key in keys]
    return LocalName("或".join(n.zh for n in known), " or ".join(n.en for n in known))
