"""A tablet's traffic: what it takes along, and what it brings back."""

from fastapi import APIRouter

from api.access import Technician
from api.retrying import BeginAgain
from api.services import Parts
from api.sync.incoming import apply_request
from api.sync.outgoing import make_bundle
from api.sync.schemas import Bundle, OperationResult, SyncAnswer, SyncRequest

router = APIRouter(prefix="/api/v1/sync", tags=["sync"], route_class=BeginAgain)


@router.post("", operation_id="sync")
def sync(form: SyncRequest, caller: Technician, services: Parts) -> SyncAnswer:
    """Apply a tablet's operations, each by itself: one that is refused costs no other. Sending the same again
    changes nothing. `value` by `type`: start, acknowledge, arrive, resume {}; hold {reason}; answer {outcome,
    number?, choice?, text?, remark?, severity?}; photo, signature {sha256, bytes, mime}; complete {note};
    verdict {verdict, cause, action}; report_fault {asset, text, severity}."""
    results = apply_request(services, caller, form)
    return SyncAnswer(server_now=services.clock.now(), results=[OperationResult.model_validate(r) for r in results])


@router.get("/bundle", operation_id="getBundle")
def get_bundle(caller: Technician, services: Parts) -> Bundle:
    """Everything a tablet takes along for a shift."""
    return make_bundle(services, caller)
