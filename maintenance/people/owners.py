"""Departments of a site as the ledger has them, and who owns what nobody has been named for.

Inside the caller's transaction. A site keeps the seeded departments until it changes one; then its own are written.
"""

from collections.abc import Sequence
from dataclasses import replace

from maintenance.people.departments import Department, named, owner_of, require_free
from maintenance.people.known import seeded_departments
from maintenance.ports import MaintenanceTx
from plantroom.errors import BadData, Conflict, FieldProblem, NotFound


def departments_of(tx: MaintenanceTx, site: str) -> Sequence[Department]:
    """The departments of a site, by key. A site that is not there has the seeded ones: ask for the site first."""
    return tx.people.departments(site) or sorted(seeded_departments(site), key=lambda d: d.key)


def department_of(tx: MaintenanceTx, department_id: str) -> Department:
    """A department by its id, ``site:key``. ``NotFound``."""
    site, _, key = department_id.partition(":")
    tx.assets.site(site)
    found = next((d for d in departments_of(tx, site) if d.key == key), None)
    if found is None:
        raise NotFound(f"there is no department {department_id!r}")
    return found


def known_department(tx: MaintenanceTx, site: str, text: str, field: str = "department") -> str:
    """The Chinese name of a department that a text names in any spelling. ``BadData`` for an unknown one, with those
    that there are."""
    there = departments_of(tx, site)
    found = named(there, text)
    if found is None:
        names = "、".join(d.name.zh for d in there)
        some = f"可用：{names}" if names else "该站点还没有部门"
        words = f"没有部门“{text}”，{some} / there is no department {text!r} in the site {site!r}"
        raise BadData(words, [FieldProblem(field, "unknown_department", words)])
    return found.name.zh


def default_owner(tx: MaintenanceTx, site: str, equipment_class: str | None) -> str | None:
    """The department that owns a ticket when neither the asset nor anybody else says: a ticket is never without an
    owner. ``None`` only for a site that has taken all its departments away."""
    found = owner_of(departments_of(tx, site), equipment_class)
    return None if found is None else found.name.zh


def save_department(tx: MaintenanceTx, department: Department, expected: int | None, *, is_new: bool) -> Department:
    """Add or change a department. ``Conflict`` for a key or spelling that another one has, and for another Chinese name
    while orders, assets, plan rows, rosters or grants name it."""
    tx.assets.site(department.site)
    _begin(tx, department.site)
    there = tx.people.departments(department.site)
    known = next((d for d in there if d.key == department.key), None)
    if is_new and known is not None:
        raise Conflict(f"部门代码已存在 / there is a department {department.key!r} already")
    require_free(department, there)
    if known is not None and known.name.zh != department.name.zh:
        _require_unused(tx, known)
    return tx.people.put_department(department, None if is_new else expected)


def remove_department(tx: MaintenanceTx, department: Department) -> None:
    """Take a department away. ``Conflict`` while anything names it."""
    _require_unused(tx, department)
    _begin(tx, department.site)
    tx.people.drop_department(department.site, department.key)


def _begin(tx: MaintenanceTx, site: str) -> None:
    """Write the seeded departments of a site that has none of its own yet."""
    if not tx.people.departments(site):
        for department in seeded_departments(site):
            tx.people.put_department(replace(department, version=1))


_USES = {
    "work_orders": "工单 open work orders",
    "assets": "设备 assets",
    "plan_rows": "计划 plan rows",
    "shifts": "班次 shifts",
    "on_call": "待命表 on-call rotas",
    "members": "成员 members",
    "grants": "权限 grants",
}


def _require_unused(tx: MaintenanceTx, department: Department) -> None:
    uses = tx.people.uses_of_department(department.site, department.name.zh)
    if uses:
        named_by = ", ".join(f"{_USES.get(what, what)} {count}" for what, count in uses.items())
        raise Conflict(f"部门“{department.name.zh}”仍在使用 / the department is in use: {named_by}")
