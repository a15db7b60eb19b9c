"""People and papers for tests of the rules."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from maintenance.people.on_call import Rota
from maintenance.people.rosters import ChangeKind, Duty, Shift, ShiftChange
from maintenance.people.staff import Certificate, Contractor, ContractorLicence, Membership, Person
from plantroom.domain.assets import LocalName
from plantroom.ports.accounts import Grant, Role

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
ELECTRICAL, WATER = "电气管理部门", "水务管理部门"


def shift(key: str = "s", starts: time = time(8), ends: time = time(16), *people: str, **given: Any) -> Shift:
    return Shift(
        id=key,
        site="demo",
        department=given.pop("department", ELECTRICAL),
        name=LocalName(key, key),
        starts=starts,
        ends=ends,
        people=people or ("li",),
        valid_from=given.pop("valid_from", date(2026, 1, 1)),
        **given,
    )


def change(
    kind: ChangeKind, day: date, user: str | None = "li", other: str | None = None, key: str = "s"
) -> ShiftChange:
    return ShiftChange(f"{kind}-{day}-{user}", key, day, kind, user, other, "", "boss", NOW)


def rota(*people: str, **given: Any) -> Rota:
    return Rota(
        **(
            {
                "id": "r",
                "site": "demo",
                "department": None,
                "level": 1,
                "name": LocalName("r", "r"),
                "people": people or ("li", "wang"),
                "starts_on": date(2026, 1, 5),
                "handover": time(9),
            }
            | given
        )
    )


def person(username: str = "li", *departments: str, **given: Any) -> Person:
    return Person(
        username=username,
        name=given.pop("name", username),
        language="zh",
        active=given.pop("active", True),
        grants=given.pop("grants", (Grant(Role.TECHNICIAN, "demo"),)),
        memberships=tuple(Membership("demo", d) for d in departments),
        **given,
    )


def paper(
    kind: str, issued: date = date(2025, 1, 1), expires: date | None = date(2027, 1, 1), **given: Any
) -> Certificate:
    number = given.pop("number", "N1")
    return Certificate(f"{kind}-{number}", given.pop("username", "li"), kind, number, issued, expires, **given)


def contractor(*kinds: str, key: str = "anda", expires: date | None = date(2028, 1, 1), **given: Any) -> Contractor:
    licences = tuple(ContractorLicence(kind, f"L-{kind}", date(2024, 1, 1), expires) for kind in kinds)
    return Contractor(key, given.pop("site", "demo"), LocalName("安达", "Anda"), licences, **given)


def duty(user: str = "li") -> Duty:
    return Duty(datetime(2026, 3, 2, 0, tzinfo=UTC), datetime(2026, 3, 2, 8, tzinfo=UTC), user, "s", TODAY)
