"""Finding the asset that a request names, within what the caller may see."""

from api.access import Access
from plantroom.errors import NotFound
from plantroom.ports.ledger import AssetView, LedgerTx


def visible_asset(tx: LedgerTx, caller: Access, key: str, *, lock: bool = False) -> AssetView:
    """The asset by key; ``NotFound`` for an unknown one and for one on a site without a grant alike. ``lock`` keeps
    others from changing it until the transaction ends."""
    try:
        view = tx.assets.lock(key) if lock else tx.assets.get(key)
    except NotFound:
        raise NotFound("there is no such asset") from None
    caller.require_sight(view.asset.site)
    return view
