"""What the API shows of the condition models: the active baseline of an asset, from the registry's files."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import structlog

from api.services import Baseline
from models.registry import ModelRecord, ModelRegistry
from plantroom.errors import BadData, NotFound

log = structlog.get_logger()


class RegistryView:
    """Baselines by point; each model's files are read once."""

    def __init__(self, root: Path) -> None:
        self._registry = ModelRegistry(root)
        self._read: dict[str, tuple[str, Mapping[str, Baseline]]] = {}

    def baselines(self, asset: str) -> Mapping[str, Baseline]:
        """Expected value and its band (what the model takes for normal) by point key; empty without a model."""
        try:
            record = self._registry.active(asset)
            if record is None:
                return {}
            known = self._read.get(asset)
            if known is None or known[0] != record.model:
                known = self._read[asset] = (record.model, self._load(record))
            return known[1]
        except (BadData, NotFound, OSError) as error:
            log.warning("baseline_unreadable", asset=asset, problem=str(error))
            return {}

    def _load(self, record: ModelRecord) -> Mapping[str, Baseline]:
        model = self._registry.load(record)
        reach = model.deadband + model.settings.watch_z * model.scale
        data = record.manifest["data"]
        first, last = int(data["start_ms"]), int(data["end_ms"])
        rows = zip(model.points, model.level.tolist(), reach.tolist(), strict=True)
        return {
            point: Baseline(level, level - half, level + half, _instant(first), _instant(last))
            for point, level, half in rows
        }


def _instant(ts_ms: int) -> datetime:
    return datetime.fromtimestamp(ts_ms / 1000, UTC)
