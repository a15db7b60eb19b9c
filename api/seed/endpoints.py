"""The seed: the product's own plan data, the same for every site. `plantroom seed` writes it into the ledger."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Viewer
from api.paging import bad_field
from api.seed.schemas import SeedCodes, SeedProfiles, SeedUnverified
from api.services import Parts
from maintenance.seed.document import codes_document, names_document, unverified_document

router = APIRouter(prefix="/api/v1/seed", tags=["seed"])


@router.get("/profiles", operation_id="getSeedProfiles")
def get_profiles(_caller: Viewer) -> SeedProfiles:
    """Profiles, jurisdictions and options that `plantroom seed` knows."""
    return SeedProfiles.model_validate(names_document())


@router.get("/codes", operation_id="getSeedCodes")
def get_codes(
    _caller: Viewer,
    services: Parts,
    equipment_class: Annotated[
        str | None, Query(alias="class", max_length=100, description="What fits machines of this class, first.")
    ] = None,
) -> SeedCodes:
    """Causes, actions, reasons and what owners report."""
    if equipment_class is not None and equipment_class not in services.classes:
        raise bad_field("class", "unknown_class", f"there is no equipment class {equipment_class!r}")
    return SeedCodes.model_validate(codes_document(equipment_class))


@router.get("/unverified", operation_id="getSeedUnverified")
def get_unverified(_caller: Viewer) -> SeedUnverified:
    """What is from memory, what to verify first, and what the seed leaves out."""
    return SeedUnverified.model_validate(unverified_document())
