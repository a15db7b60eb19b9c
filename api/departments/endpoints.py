"""Departments of a site."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import Admin, Viewer
from api.departments.schemas import Department, DepartmentChange, DepartmentCreate, DepartmentList, DepartmentQuery
from api.paging import bad_field, cut
from api.preconditions import IfMatch, etag, expected_version, require_version
from api.retrying import BeginAgain
from api.services import Parts, Services
from maintenance.people.departments import Department as DomainDepartment
from maintenance.people.owners import department_of, departments_of, remove_department, save_department

router = APIRouter(prefix="/api/v1/departments", tags=["people"], route_class=BeginAgain)


@router.get("", operation_id="listDepartments")
def list_departments(query: Annotated[DepartmentQuery, Query()], caller: Viewer, services: Parts) -> DepartmentList:
    """The departments of a site: the seeded ones until the site changes any."""
    caller.require_sight(query.site)
    with services.ledger.read() as tx:
        tx.assets.site(query.site)
        page = cut(departments_of(tx, query.site), query, lambda d: d.key, ["key"])
    return DepartmentList(items=[Department.of(d) for d in page.items], next_cursor=page.next_cursor)


@router.post("", operation_id="createDepartment", status_code=201)
def create_department(form: DepartmentCreate, caller: Admin, services: Parts, response: Response) -> Department:
    """Add a department. 409 for a key or spelling that another one of the site has."""
    caller.require_site(form.site)
    _check_classes(services, form.classes)
    made = DomainDepartment(form.site, form.key, form.name.to_domain(), form.aliases, form.classes)
    with services.ledger.begin() as tx:
        stored = save_department(tx, made, None, is_new=True)
    response.headers["ETag"] = etag(stored.version)
    return Department.of(stored)


@router.get("/{department_id}", operation_id="getDepartment")
def get_department(department_id: str, caller: Viewer, services: Parts, response: Response) -> Department:
    """One department; its id is `site:key`."""
    caller.require_sight(department_id.partition(":")[0])
    with services.ledger.read() as tx:
        found = department_of(tx, department_id)
    response.headers["ETag"] = etag(found.version)
    return Department.of(found)


@router.patch("/{department_id}", operation_id="changeDepartment")
def change_department(
    department_id: str,
    form: DepartmentChange,
    caller: Admin,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> Department:
    """Change a department. 409 for another Chinese name while orders, assets, plan rows, rosters or grants name it."""
    caller.require_change(department_id.partition(":")[0])
    expected = expected_version(if_match)
    _check_classes(services, form.classes or ())
    with services.ledger.begin() as tx:
        stored = department_of(tx, department_id)
        require_version(expected, Department.of(stored), stored.version, sorted(form.model_fields_set), "department")
        changed = replace(
            stored,
            name=stored.name if form.name is None else form.name.to_domain(),
            aliases=stored.aliases if form.aliases is None else form.aliases,
            classes=stored.classes if form.classes is None else form.classes,
        )
        stored = save_department(tx, changed, None, is_new=False)
    response.headers["ETag"] = etag(stored.version)
    return Department.of(stored)


@router.delete("/{department_id}", operation_id="deleteDepartment", status_code=204)
def delete_department(department_id: str, caller: Admin, services: Parts) -> None:
    """Take a department away. 409 while anything names it, with what does."""
    caller.require_change(department_id.partition(":")[0])
    with services.ledger.begin() as tx:
        remove_department(tx, department_of(tx, department_id))


def _check_classes(services: Services, classes: tuple[str, ...]) -> None:
    for n, key in enumerate(classes):
        if key not in services.classes:
            raise bad_field(f"classes.{n}", "unknown_class", f"should be one of {', '.join(sorted(services.classes))}")
