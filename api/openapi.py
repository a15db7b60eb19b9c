"""``python -m api.openapi``: prints the OpenAPI document that the web client's types are generated from.

Connects to nothing: the document needs no services.
"""

import json
import sys
from typing import Any, cast

from api.app import create_app
from api.services import Services
from maintenance.ports import MaintenanceTx
from plantroom.ports.clock import SystemClock
from plantroom.ports.ledger import Ledger
from plantroom.ports.readings import ReadingsStore


def document() -> dict[str, Any]:
    """The OpenAPI document of every endpoint."""
    nothing = Services(
        ledger=cast("Ledger[MaintenanceTx]", None),
        readings=cast("ReadingsStore", None),
        classes={},
        systems={},
        clock=SystemClock(),
    )
    return create_app(nothing).openapi()


def main() -> None:
    """Print the document with sorted keys, so that two runs can be compared."""
    sys.stdout.write(json.dumps(document(), ensure_ascii=False, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
