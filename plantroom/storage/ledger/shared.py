"""What all transactions of one ledger in one process share: the plant as it was last read, and the index of assets."""

import threading
from typing import TYPE_CHECKING

from plantroom.domain.assets import Plant

if TYPE_CHECKING:
    from plantroom.storage.ledger.asset_index import IndexKeeper


class Shared:
    """Kept as long as the ledger is. ``lock`` is held while the plant is brought up to date, by one thread for all."""

    def __init__(self, index: "IndexKeeper | None" = None) -> None:
        self.lock = threading.Lock()
        self.plant: Plant | None = None
        self.index = index
