"""Events of assets, as ``CollectRepository.events`` gives them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AssetEvent:
    """An event as it came in; kept for the history and the live view."""

    id: str
    site: str
    asset: str
    event: str
    observed_at: datetime
    received_at: datetime
    severity: str
    safety: bool
    data: Mapping[str, object]
