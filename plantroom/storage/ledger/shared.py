"""What all transactions of one ledger in one process share: the plant as it was last read, and the index of assets."""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from plantroom.domain.assets import Location, Plant

if TYPE_CHECKING:
    from plantroom.storage.ledger.asset_index import IndexKeeper


class Shared:
    """Kept as long as the ledger is. ``lock`` is held while the plant is brought up to date, by one thread for all.
    ``trees`` are the sites' location trees, with the revision at which some tree had last changed then."""

    def __init__(self, index: "IndexKeeper | None" = None) -> None:
        self.lock = threading.Lock()
        self.plant: Plant | None = None
        self.index = index
        self.trees: dict[str, tuple[int, Mapping[str, Location]]] = {}
