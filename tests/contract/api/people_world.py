"""People for the tests of the API: somebody on each site, with one of everything, and sound requests about them."""

from datetime import date, datetime, time, timedelta
from typing import Any

from maintenance.people.departments import Department
from maintenance.people.on_call import Cover, Rota
from maintenance.people.owners import save_department
from maintenance.people.rosters import Absence, ChangeKind, Shift, ShiftChange
from maintenance.people.staff import Certificate, Contractor
from plantroom.domain.assets import LocalName
from plantroom.ports.accounts import Grant, Role, User
from tests.contract.api.world import NOW, World

ELECTRICAL = "电气管理部门"
DAY = NOW.date()


def add_user(world: World, username: str, *grants: Grant, name: str = "") -> str:
    with world.ledger.begin() as tx:
        tx.accounts.put_user(User(f"id-{username}", username, "", grants, name or username))
    return username


def add_people(world: World, site: str) -> dict[str, str]:
    """Ids of one of everything."""
    for name in (f"staff-{site}", f"other-{site}"):
        add_user(world, name, Grant(Role.TECHNICIAN, site))
    shift = a_shift(f"shift-{site}", site, [f"staff-{site}"])
    with world.ledger.begin() as tx:
        save_department(tx, Department(site, "garden", LocalName("绿化部", "Gardens")), None, is_new=True)
        tx.people.put_certificate(certificate(f"cert-{site}", f"staff-{site}"))
        tx.people.put_contractor(Contractor(f"contractor-{site}", site, LocalName("安达", "Anda")))
        tx.people.put_shift(shift)
        tx.people.put_shift(a_shift(f"late-{site}", site, [f"other-{site}"], time(20), time(23)))
        tx.people.add_shift_change(
            ShiftChange(
                f"change-{site}",
                shift.id,
                DAY + timedelta(days=9),
                ChangeKind.CANCELLED,
                None,
                None,
                "",
                "somebody",
                NOW,
            )
        )
        tx.people.add_absence(
            Absence(f"absence-{site}", f"staff-{site}", DAY + timedelta(days=20), DAY + timedelta(days=21))
        )
        tx.people.put_rota(a_rota(f"rota-{site}", site, [f"staff-{site}"]))
        tx.people.add_cover(
            Cover(f"cover-{site}", f"rota-{site}", f"other-{site}", NOW, NOW + timedelta(hours=2), "", "somebody", NOW)
        )
    return {
        "username": f"staff-{site}",
        "department_id": f"{site}:garden",
        "certificate_id": f"cert-{site}",
        "contractor_id": f"contractor-{site}",
        "shift_id": shift.id,
        "exception_id": f"change-{site}",
        "absence_id": f"absence-{site}",
        "rota_id": f"rota-{site}",
        "cover_id": f"cover-{site}",
    }


NOBODY = dict.fromkeys(
    (
        "username", "department_id", "certificate_id", "contractor_id", "shift_id", "exception_id", "absence_id",
        "rota_id", "cover_id",
    ),
    "nope",
)  # fmt: skip


def a_shift(
    key: str,
    site: str,
    people: list[str],
    starts: time = time(8),
    ends: time = time(20),
    department: str = ELECTRICAL,
    **given: Any,
) -> Shift:
    return Shift(key, site, department, LocalName(key, key), starts, ends, tuple(people), date(2026, 1, 1), **given)


def a_rota(key: str, site: str, people: list[str], **given: Any) -> Rota:
    return Rota(
        id=key,
        site=site,
        name=LocalName(key, key),
        people=tuple(people),
        **({"department": None, "level": 1, "starts_on": date(2026, 1, 5), "handover": time(9)} | given),
    )


def certificate(
    key: str,
    username: str,
    kind: str = "electrician_low",
    issued_on: date = date(2025, 1, 1),
    expires_on: date | None = date(2028, 1, 1),
    **given: Any,
) -> Certificate:
    return Certificate(key, username, kind, f"N-{key}", issued_on, expires_on, **given)


def queries(site: str) -> dict[str, dict[str, str]]:
    """What the lists need."""
    span = {"site": site, "from": DAY.isoformat(), "to": (DAY + timedelta(days=7)).isoformat()}
    named = {"site": site}
    return {
        "/api/v1/departments": named,
        "/api/v1/rosters/shifts": named,
        "/api/v1/rosters/duties": span,
        "/api/v1/rosters/warnings": span,
        "/api/v1/rosters/on-shift": named,
        "/api/v1/on-call": named,
        "/api/v1/on-call/gaps": named,
        "/api/v1/on-call/rotas": named,
        "/api/v1/on-time": {"from": "2026-01-01T00:00:00Z", "to": "2026-12-31T00:00:00Z"},
    }


SITE_BOUND = {("GET", path) for path in queries("") if path != "/api/v1/on-time"} | {
    ("POST", "/api/v1/departments"),
    ("POST", "/api/v1/staff"),
    ("POST", "/api/v1/contractors"),
    ("POST", "/api/v1/rosters/shifts"),
    ("POST", "/api/v1/rosters/swaps"),
    ("POST", "/api/v1/on-call/rotas"),
}

PERSON_ONLY = {
    ("POST", "/api/v1/work-orders/{order_id}/accept"),
    ("POST", "/api/v1/work-orders/{order_id}/decline"),
}


def bodies(site: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Sound requests about a site's people."""
    day, name = (DAY + timedelta(days=3)).isoformat(), {"zh": "甲"}
    shift = {"site": site, "department": "water", "name": name, "starts": "08:00", "ends": "16:00", "valid_from": day}
    rota = {"site": site, "name": name, "people": [f"staff-{site}"], "starts_on": day}
    paper = {"kind": "electrician_low", "number": "7", "issued_on": "2026-01-01"}
    return {
        ("POST", "/api/v1/departments"): {"site": site, "key": "lawn", "name": {"zh": "草坪部"}},
        ("PATCH", "/api/v1/departments/{department_id}"): {"aliases": ["园林"]},
        ("POST", "/api/v1/staff"): {"username": f"new-{site}", "grants": [{"role": "viewer", "site": site}]},
        ("PATCH", "/api/v1/staff/{username}"): {"skills": ["泵"]},
        ("POST", "/api/v1/staff/{username}/certificates"): paper,
        ("POST", "/api/v1/staff/{username}/absences"): {"first": "2026-09-01", "last": "2026-09-02"},
        ("PATCH", "/api/v1/certificates/{certificate_id}"): {"issuer": "应急局"},
        ("POST", "/api/v1/contractors"): {"site": site, "name": name},
        ("PATCH", "/api/v1/contractors/{contractor_id}"): {"contact": "王"},
        ("POST", "/api/v1/rosters/shifts"): shift,
        ("PATCH", "/api/v1/rosters/shifts/{shift_id}"): {"minimum": 2},
        ("POST", "/api/v1/rosters/shifts/{shift_id}/exceptions"): {"day": day, "kind": "cancelled"},
        ("POST", "/api/v1/rosters/swaps"): {
            "one": {"user": f"staff-{site}", "shift": f"shift-{site}", "day": DAY.isoformat()},
            "other": {"user": f"other-{site}", "shift": f"late-{site}", "day": DAY.isoformat()},
        },
        ("POST", "/api/v1/on-call/rotas"): rota,
        ("PATCH", "/api/v1/on-call/rotas/{rota_id}"): {"days": 1},
        ("POST", "/api/v1/on-call/rotas/{rota_id}/covers"): {
            "user": f"staff-{site}",
            "starts_at": "2026-09-01T00:00:00Z",
            "ends_at": "2026-09-02T00:00:00Z",
        },
        ("POST", "/api/v1/work-orders/{order_id}/assignment"): {"assignee": None},
        ("POST", "/api/v1/work-orders/{order_id}/decline"): {"reason": "sick"},
    }


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)
