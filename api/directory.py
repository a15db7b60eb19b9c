"""Names of assets by key, kept until the ledger's plant changes."""

import threading
from collections.abc import Mapping

from api.shapes import AssetRef, Name
from plantroom.domain.assets import Asset, Plant, Source
from plantroom.domain.sources import sources_of
from plantroom.ports.ledger import LedgerTx


class Directory:
    """The plant at its newest revision, read again only after a change. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plant: Plant | None = None
        self._sources: tuple[Plant, Mapping[str, Source]] | None = None

    def plant(self, tx: LedgerTx) -> Plant:
        """The plant as the transaction sees it (scrapped assets left out)."""
        revision = tx.assets.revision()
        known = self._plant
        if known is not None and known.revision == revision:
            return known
        fresh = tx.assets.plant()
        with self._lock:
            if self._plant is None or self._plant.revision < fresh.revision:
                self._plant = fresh
        return fresh

    def sources(self, plant: Plant) -> Mapping[str, Source]:
        """As ``sources_of``, which is linear in what topic sources name; made anew only for another plant."""
        known = self._sources
        if known is None or known[0] is not plant:
            known = self._sources = plant, sources_of(plant)
        return known[1]

    def refs(self, tx: LedgerTx) -> "Refs":
        """Names of assets as the transaction sees them; one query however many are asked for."""
        return Refs(self.plant(tx))


class Refs:
    """Code and name of assets by key."""

    def __init__(self, plant: Plant) -> None:
        self._assets = plant.assets

    def __call__(self, key: str | None) -> AssetRef | None:
        """The asset's; ``None`` for a scrapped or unknown one."""
        asset = None if key is None else self._assets.get(key)
        return None if asset is None else ref_of(asset)


def ref_of(asset: Asset) -> AssetRef:
    """What people need to recognise the asset."""
    return AssetRef(
        key=asset.key,
        code=asset.code,
        name=Name(zh=asset.name.zh, en=asset.name.en),
        equipment_class=asset.equipment_class,
    )
