"""Credentials of publishers."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Supervisor
from api.devices.schemas import Device, DeviceCreate, DeviceList, DeviceQuery, NewDevice
from api.paging import bad_field, cut_in_order
from api.retrying import BeginAgain
from api.services import Parts
from gateway.broker.credentials import new_device
from plantroom.errors import NotFound, Unreachable

router = APIRouter(prefix="/api/v1/devices", tags=["devices"], route_class=BeginAgain)


@router.get("", operation_id="listDevices")
def list_devices(query: Annotated[DeviceQuery, Query()], caller: Supervisor, services: Parts) -> DeviceList:
    """Credentials of the sites that the caller supervises, by user name; those that were revoked included."""
    with services.ledger.read() as tx:
        found = [d for d in tx.devices.list() if caller.scope.allows(d.site) and query.site in {None, d.site}]
    page = cut_in_order(found, query, lambda d: d.id)
    return DeviceList(items=[Device.model_validate(d) for d in page.items], next_cursor=page.next_cursor)


@router.post("", operation_id="createDevice", status_code=201)
def create_device(form: DeviceCreate, caller: Supervisor, services: Parts) -> NewDevice:
    """A user name and a password with which one publisher may write the topics of its site, or of its assets."""
    caller.require_site(form.site)
    by = caller.principal.id
    device, password = new_device(form.site, form.client, services.clock.now(), by, form.assets)
    with services.ledger.begin() as tx:
        try:
            tx.devices.add(device)
        except NotFound:
            raise bad_field("site", "unknown_site", f"there is no site {form.site!r}") from None
    shown = Device.model_validate(device).model_dump()
    try:
        broker = services.tell_broker()
    except Unreachable as error:  # the credential stands, and nobody can ask for its password a second time
        broker = str(error)
    return NewDevice(**shown, password=password, broker=broker)


@router.delete("/{device_id}", operation_id="revokeDevice", status_code=204)
def revoke_device(device_id: str, caller: Supervisor, services: Parts) -> None:
    """End a credential for good; the publisher's connection ends with it. 503: the broker could not be told and takes
    the publisher still; doing it again tells it again."""
    with services.ledger.begin() as tx:
        caller.require_change(tx.devices.get(device_id).site)
        tx.devices.revoke(device_id, services.clock.now(), caller.principal.id)
    services.tell_broker()
