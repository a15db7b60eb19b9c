"""Definitions of custom fields, the same for every site."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import Admin, Viewer
from api.custom_fields.schemas import CustomField, CustomFieldChange, CustomFieldCreate, CustomFieldList
from api.paging import bad_field, cut
from api.preconditions import IfMatch, etag, expected_version
from api.problems import StaleVersion
from api.retrying import BeginAgain
from api.services import Parts
from api.shapes import ListQuery
from plantroom.domain.assets import EquipmentClass
from plantroom.domain.custom import CustomField as DomainField
from plantroom.errors import VersionConflict
from plantroom.units import UnitError, check_unit

router = APIRouter(prefix="/api/v1/custom-fields", tags=["custom fields"], route_class=BeginAgain)


@router.get("", operation_id="listCustomFields")
def list_fields(query: Annotated[ListQuery, Query()], _caller: Viewer, services: Parts) -> CustomFieldList:
    """All custom fields."""
    with services.ledger.read() as tx:
        page = cut(tx.custom_fields.list(), query, lambda f: f.key, ["key"])
    return CustomFieldList(items=[CustomField.model_validate(f) for f in page.items], next_cursor=page.next_cursor)


@router.post("", operation_id="createCustomField", status_code=201)
def create_field(form: CustomFieldCreate, caller: Admin, services: Parts, response: Response) -> CustomField:
    """A new custom field. Assets that are there need no value until their custom fields are next written."""
    caller.require_everywhere()
    made = DomainField(
        form.key, form.name.to_domain(), form.type, form.equipment_class, form.unit, tuple(form.choices), form.required
    )
    _check(services.classes, made)
    with services.ledger.begin() as tx:
        tx.custom_fields.add(made)
    response.headers["ETag"] = etag(made.version)
    return CustomField.model_validate(made)


@router.get("/{field_key}", operation_id="getCustomField")
def get_field(field_key: str, _caller: Viewer, services: Parts, response: Response) -> CustomField:
    """One custom field; its `ETag` is what a change has to send as `If-Match`."""
    with services.ledger.read() as tx:
        found = tx.custom_fields.get(field_key)
    response.headers["ETag"] = etag(found.version)
    return CustomField.model_validate(found)


@router.patch("/{field_key}", operation_id="changeCustomField")
def change_field(
    field_key: str,
    form: CustomFieldChange,
    caller: Admin,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> CustomField:
    """Change a definition. 412 with it as it stands now when somebody else was faster."""
    caller.require_everywhere()
    with services.ledger.begin() as tx:
        stored = tx.custom_fields.get(field_key)
        given = {name: getattr(form, name) for name in form.model_fields_set}
        if "name" in given:
            given["name"] = form.name.to_domain()
        if "choices" in given:
            given["choices"] = tuple(form.choices)
        changed = replace(stored, **given)
        _check(services.classes, changed)
        try:
            changed = tx.custom_fields.update(changed, expected_version(if_match))
        except VersionConflict as error:
            current = CustomField.model_validate(stored).model_dump(mode="json", by_alias=True)
            differing = [name for name, value in given.items() if getattr(stored, name) != value]
            raise StaleVersion(str(error), current, stored.version, differing) from error
    response.headers["ETag"] = etag(changed.version)
    return CustomField.model_validate(changed)


@router.delete("/{field_key}", operation_id="removeCustomField", status_code=204)
def remove_field(field_key: str, caller: Admin, services: Parts) -> None:
    """Remove a definition. Values that assets have stay, as values that nobody checks."""
    caller.require_everywhere()
    with services.ledger.begin() as tx:
        tx.custom_fields.remove(field_key)


def _check(classes: Mapping[str, EquipmentClass], field: DomainField) -> None:
    if field.equipment_class is not None and field.equipment_class not in classes:
        raise bad_field("class", "unknown_class", f"should be one of {', '.join(sorted(classes))}")
    if field.unit:
        try:
            check_unit(field.unit)
        except UnitError as error:
            raise bad_field("unit", "unknown_unit", str(error)) from None
