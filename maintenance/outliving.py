"""What the state of a machine says of those that tell of it."""

from plantroom.domain.assets import Health, Presence
from plantroom.domain.findings import FindingSource
from plantroom.ports.ledger import AssetView


def unproven_by(view: AssetView) -> set[FindingSource]:
    """Sources whose last word on an asset proves nothing now."""
    if view.presence is Presence.OFFLINE:
        return {FindingSource.MODEL, FindingSource.LIMIT}
    return {FindingSource.MODEL} if view.health is Health.GOOD else set()
