"""Where fitted models are kept: a folder per asset, with manifests, states and the way back.

Layout: ``<root>/<asset>/<model>.npz`` (arrays, never pickle), ``<model>.json`` (manifest, with the SHA-256 of the
arrays; both never change once written) and ``index.json`` (which model is shadow, active or retired, and why).
Every file appears whole or not at all; a lock file keeps two processes from changing one index at once.

A file that is missing or damaged is ``BadData``: the model is lost, and waiting does not help. Where the disk does
not answer, every method raises ``OSError``; ``reachable`` turns that into ``Unreachable``.
"""

import fcntl
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
import structlog

from models.baseline import Baseline
from models.settings import DetectorSettings, ScoreClock
from plantroom.errors import BadData, Conflict, NotFound, Unreachable

_log = structlog.get_logger()

_ARRAYS = ("level", "noise", "scale", "deadband", "components", "variances")
_NUMBERS = ("t2_limit", "q_limit", "dt_s")
_CODE = ("baseline.py", "fitting.py", "quantities.py", "scoring.py", "settings.py")
_FORMAT = 1


class ModelState(StrEnum):
    """Shadow models score without a say, one active model decides, retired ones can come back."""

    SHADOW = "shadow"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Why a model exists. ``start_ms``, ``end_ms`` (inclusive) and ``rows`` are its learning data;
    ``window`` the learn window's id where an operator declared one. It never scores a row at or before
    ``end_ms``."""

    asset: str
    start_ms: int
    end_ms: int
    rows: int
    reason: str
    created_at: datetime
    window: int | None = None
    calibration: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A registered model as its manifest and the asset's index tell."""

    model: str
    asset: str
    state: ModelState
    manifest: Mapping[str, Any]

    @property
    def scores_after_ms(self) -> int:
        """The model must not see rows at or before this instant."""
        return int(self.manifest["data"]["end_ms"])

    @property
    def parent(self) -> str | None:
        """The model that this one replaced."""
        parent = self.manifest["parent"]
        return None if parent is None else str(parent)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model taken out of the registry; without a ``baseline`` it is lost: missing or damaged."""

    model: str
    baseline: Baseline | None
    scores_after_ms: int = 0


@cache
def code_hash() -> str:
    """SHA-256 over the sources that decide what a fitted model means."""
    digest = hashlib.sha256()
    for name in _CODE:
        digest.update(name.encode() + b"\0" + (Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()


class ModelRegistry:
    """Models of all assets under one folder. Safe to use from several processes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: dict[str, tuple[tuple[int, int], dict[str, Any]]] = {}
        self._paths: dict[str, Path] = {}

    def register(self, baseline: Baseline, provenance: Provenance, state: ModelState) -> ModelRecord:
        """Store a model and give it ``state``; the active one it replaces is retired and becomes its parent.

        The same baseline of the same asset and data has the same id: registering it again changes nothing.
        """
        packed = _pack(baseline)
        model = _model_id(provenance, packed)
        with self._locked(provenance.asset):
            index = self._index(provenance.asset)
            if model not in index["models"]:
                parent = index["active"]
                manifest = _manifest(model, baseline, provenance, packed, parent)
                folder = self._folder(provenance.asset)
                _write(folder / f"{model}.npz", packed)
                _write(folder / f"{model}.json", json.dumps(manifest, indent=1, ensure_ascii=False).encode())
                index["models"][model] = {"state": ModelState.SHADOW.value, "window": provenance.window}
                if state is ModelState.ACTIVE:
                    _make_active(index, model, "succeeded")
                self._store(provenance.asset, index, provenance.reason, provenance.created_at)
        return self.record(provenance.asset, model)

    def promote(self, asset: str, model: str, reason: str, at: datetime) -> ModelRecord:
        """Make a stored model the active one by hand; running stages take it up with their next batch."""
        with self._locked(asset):
            index = self._index(asset)
            if model not in index["models"]:
                raise NotFound(f"asset {asset} has no model {model}")
            _make_active(index, model, "set_aside")
            index["by_hand"] += 1
            self._store(asset, index, reason, at)
        return self.record(asset, model)

    def rollback(self, asset: str, reason: str, at: datetime) -> ModelRecord:
        """Go back to the parent of the active model. Raises ``Conflict`` when there is none."""
        active = self.active(asset)
        if active is None or active.parent is None:
            raise Conflict(f"asset {asset} has no earlier model to go back to")
        return self.promote(asset, active.parent, reason, at)

    def active(self, asset: str) -> ModelRecord | None:
        """The model in charge of an asset."""
        model = self._index(asset)["active"]
        return None if model is None else self.record(asset, model)

    def active_model(self, asset: str) -> str | None:
        """The id of the model in charge of an asset, whatever has become of its files."""
        model = self._index(asset)["active"]
        return None if model is None else str(model)

    def by_window(self, asset: str, window: int) -> tuple[str, bool] | None:
        """The id of the model learned from a window, and whether it was set aside by hand since."""
        for model, entry in self._index(asset)["models"].items():
            if entry["window"] == window:
                return model, entry.get("retired") == "set_aside"
        return None

    def by_hand(self, asset: str) -> int:
        """Counts the changes made by hand, so that a running stage notices them. One ``stat`` a call."""
        return int(self._index(asset)["by_hand"])

    def assets(self) -> list[str]:
        """Keys of the assets that have models, in order."""
        return sorted(unquote(path.parent.name) for path in self._root.glob("*/index.json"))

    def models(self, asset: str) -> list[ModelRecord]:
        """All models of an asset, oldest first."""
        return [self.record(asset, model) for model in self._index(asset)["models"]]

    def record(self, asset: str, model: str) -> ModelRecord:
        """Manifest and state of one model. Raises ``NotFound``, and ``BadData`` when the manifest is damaged."""
        entry = self._index(asset)["models"].get(model)
        if entry is None:
            raise NotFound(f"asset {asset} has no model {model}")
        path = self._folder(asset) / f"{model}.json"
        manifest = _document(path, _bytes_of(path), ("data", "parent", "points", "settings", "npz_sha256"))
        return ModelRecord(model, asset, ModelState(entry["state"]), manifest)

    def load(self, record: ModelRecord) -> Baseline:
        """The baseline, after checking its SHA-256. Raises ``BadData`` when the file is not what was stored, or not
        numbers to judge by."""
        packed = _bytes_of(self._folder(record.asset) / f"{record.model}.npz")
        if hashlib.sha256(packed).hexdigest() != record.manifest["npz_sha256"]:
            raise BadData(f"model {record.model} of asset {record.asset}: the stored file was changed or damaged")
        try:
            baseline = _unpack(packed, record.manifest)
        except (KeyError, TypeError, ValueError) as error:
            raise BadData(f"model {record.model} of asset {record.asset}: of another version ({error!r})") from error
        if not baseline.sound.all():
            raise BadData(f"model {record.model} of asset {record.asset}: holds a number that cannot be judged by")
        return baseline

    def find(self, asset: str, model: str) -> Loaded:
        """The model if its files are what was stored. If not it is lost, and the log says why."""
        try:
            record = self.record(asset, model)
            return Loaded(model, self.load(record), record.scores_after_ms)
        except (BadData, NotFound) as error:
            _log.error("model_lost", asset=asset, model=model, problem=str(error))
            return Loaded(model, None)

    def _folder(self, asset: str) -> Path:
        return self._root / quote(asset, safe="").replace(".", "%2E")

    def _index(self, asset: str) -> dict[str, Any]:
        path = self._paths.get(asset)
        if path is None:
            path = self._paths[asset] = self._folder(asset) / "index.json"
        try:
            stat = path.stat()
        except FileNotFoundError:
            return {"active": None, "by_hand": 0, "models": {}, "history": []}
        version_seen = (stat.st_mtime_ns, stat.st_ino)
        cached = self._seen.get(asset)
        if cached is None or cached[0] != version_seen:
            cached = (version_seen, _document(path, path.read_bytes(), ("active", "by_hand", "models", "history")))
            self._seen[asset] = cached
        return cached[1]

    def _store(self, asset: str, index: dict[str, Any], reason: str, at: datetime) -> None:
        index["history"].append({"at": at.isoformat(), "active": index["active"], "reason": reason})
        _write(self._folder(asset) / "index.json", json.dumps(index, indent=1, ensure_ascii=False).encode())

    @contextmanager
    def _locked(self, asset: str) -> Iterator[None]:
        folder = self._folder(asset)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._seen.pop(asset, None)
            try:
                yield
            finally:
                self._seen.pop(asset, None)


@contextmanager
def reachable() -> Iterator[None]:
    """What a disk refuses in here is ``Unreachable``: waiting may help, and nothing is wrong with the data."""
    try:
        yield
    except OSError as error:
        raise Unreachable("model registry", str(error)) from error


def _bytes_of(path: Path) -> bytes:
    """A file that the index names."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise BadData(f"model registry: {path.name} is missing") from error


def _document(path: Path, content: bytes, keys: Sequence[str]) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError as error:
        raise BadData(f"model registry: {path.name} is damaged: {error}") from error
    if not isinstance(document, dict) or not document.keys() >= set(keys):
        raise BadData(f"model registry: {path.name} is not one of its files")
    return document


def _make_active(index: dict[str, Any], model: str, why: str) -> None:
    before = index["active"]
    if before is not None and before != model:
        index["models"][before] |= {"state": ModelState.RETIRED.value, "retired": why}
    entry = index["models"][model]
    entry["state"] = ModelState.ACTIVE.value
    entry.pop("retired", None)
    index["active"] = model


def _pack(baseline: Baseline) -> bytes:
    buffer = io.BytesIO()
    arrays = {name: getattr(baseline, name) for name in (*_ARRAYS, *_NUMBERS)}
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _unpack(packed: bytes, manifest: Mapping[str, Any]) -> Baseline:
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        fields: dict[str, Any] = {name: float(arrays[name]) for name in _NUMBERS}
        fields |= {name: np.asarray(arrays[name], dtype=np.float64) for name in _ARRAYS}
    settings = dict(manifest["settings"])
    settings["clock"] = ScoreClock(**settings["clock"])
    return Baseline(points=tuple(manifest["points"]), **fields, settings=DetectorSettings(**settings))


def _model_id(provenance: Provenance, packed: bytes) -> str:
    """From asset, learning data and fitted numbers. A zip file holds the time of its making, so the arrays are
    hashed rather than the file."""
    digest = hashlib.sha256(f"{provenance.asset}|{provenance.start_ms}|{provenance.end_ms}".encode())
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        for name in sorted(arrays.files):
            digest.update(name.encode() + arrays[name].tobytes())
    return f"m{digest.hexdigest()[:15]}"


def _manifest(
    model: str, baseline: Baseline, provenance: Provenance, packed: bytes, parent: str | None
) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "model": model,
        "asset": provenance.asset,
        "points": list(baseline.points),
        "data": {"start_ms": provenance.start_ms, "end_ms": provenance.end_ms, "rows": provenance.rows},
        "window": provenance.window,
        "reason": provenance.reason,
        "parent": parent,
        "created_at": provenance.created_at.isoformat(),
        "calibration": dict(provenance.calibration),
        "settings": asdict(baseline.settings),
        "npz_sha256": hashlib.sha256(packed).hexdigest(),
        "code_sha256": code_hash(),
        "versions": {name: version(name) for name in ("numpy", "scikit-learn")},
    }


def _write(path: Path, content: bytes) -> None:
    """The file appears whole or not at all, and survives a power cut."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
