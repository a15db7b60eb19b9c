"""Scenarios: which machines a simulated site has, what goes wrong with them and when. TOML files.

Times in a scenario count from its start. ``start_s`` of a fault may be ``[low, high]``: drawn from the seed.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from plantroom.errors import BadData, NotFound
from plantroom.wire import check_topic_level
from simulators.machines import MACHINES, Machine
from simulators.nuisances import Nuisance, NuisanceKind
from simulators.physics import Climate, Fault, new_rng

FOLDER = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """An event that a controller sends at a moment of the scenario."""

    at_s: float
    event: str
    severity: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScenarioAsset:
    """One simulated machine. ``every_s``: seconds between messages; ``config``: a dataclass of its class.

    ``learning_interval_s``: seconds between the rows of its simulated history (``None``: the scenario's). A model
    smooths over some rows of the rate that it learned at, so closer rows make it answer sooner.
    """

    code: str
    equipment_class: str
    name_zh: str
    name_en: str
    config: Any
    every_s: int
    location_zh: str = ""
    location_en: str = ""
    learning_interval_s: int | None = None
    faults: tuple[Fault, ...] = ()
    nuisances: tuple[Nuisance, ...] = ()
    events: tuple[PlannedEvent, ...] = ()

    @property
    def machine(self) -> Machine:
        """The physics of its class."""
        return MACHINES[self.equipment_class]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A simulated site. ``learning_hours`` of history, a row every ``learning_interval_s``, make a baseline."""

    name: str
    site: str
    seed: int
    assets: tuple[ScenarioAsset, ...]
    learning_hours: float = 24.0
    learning_interval_s: int = 20

    def asset(self, code: str) -> ScenarioAsset:
        """An asset by its code. Raises ``NotFound``."""
        for asset in self.assets:
            if asset.code == code:
                return asset
        raise NotFound(f"scenario {self.name}: no asset {code!r}")


def scenario_names() -> tuple[str, ...]:
    """The scenarios that come with the product."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_scenario(name: str) -> Scenario:
    """A scenario by name, or from a TOML file by its path.

    Raises ``NotFound`` when there is none and ``BadData`` when it is wrong (naming the asset and field).
    """
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not path.is_file():
        raise NotFound(f"no scenario {name!r}; there are: {', '.join(scenario_names())}, or a TOML file's path")
    return parse_scenario(path.read_text(encoding="utf-8"), path.stem)


def parse_scenario(text: str, name: str) -> Scenario:
    """The scenario that a TOML text describes. Raises ``BadData``."""
    try:
        data = tomllib.loads(text)
        learning = data.get("learning", {})
        scenario = Scenario(
            name=name,
            site=check_topic_level(data["site"], "site"),
            seed=int(data["seed"]),
            assets=tuple(_asset(row, int(data["seed"])) for row in data["assets"]),
            learning_hours=float(learning.get("hours", 24.0)),
            learning_interval_s=int(learning.get("interval_s", 20)),
        )
    except KeyError as error:
        raise BadData(f"scenario {name}: {error.args[0]!r} is missing") from error
    except (tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise BadData(f"scenario {name}: {error}") from error
    codes = [asset.code for asset in scenario.assets]
    if len(set(codes)) != len(codes):
        raise BadData(f"scenario {name}: an asset code is there twice")
    return scenario


def _asset(row: Mapping[str, Any], seed: int) -> ScenarioAsset:
    code = check_topic_level(row["code"], "asset code")
    kind = row["class"]
    if kind not in MACHINES:
        raise BadData(f"asset {code}: no simulator for class {kind!r}; there are: {', '.join(MACHINES)}")
    machine = MACHINES[kind]
    every_s = int(row.get("every_s", machine.step_s))
    if every_s < machine.step_s or every_s % machine.step_s:
        raise BadData(f"asset {code}: every_s {every_s} is not a multiple of {machine.step_s}")
    return ScenarioAsset(
        code=code,
        equipment_class=kind,
        name_zh=row["zh"],
        name_en=row["en"],
        config=_config(machine, row.get("config", {}), code),
        every_s=every_s,
        location_zh=row.get("location_zh", ""),
        location_en=row.get("location_en", ""),
        learning_interval_s=row.get("learning_interval_s"),
        faults=tuple(_fault(f, machine, code, seed) for f in row.get("faults", ())),
        nuisances=tuple(_nuisance(n, code) for n in row.get("nuisances", ())),
        events=tuple(PlannedEvent(**event) for event in row.get("events", ())),
    )


def _config(machine: Machine, values: Mapping[str, Any], code: str) -> Any:
    known = {f.name for f in fields(machine.config_type)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise BadData(f"asset {code}: config has no {unknown[0]!r}; there are: {', '.join(sorted(known))}")
    made: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    if "climate" in made:
        made["climate"] = Climate(**made["climate"])
    return machine.config_type(**made)


def _fault(row: Mapping[str, Any], machine: Machine, code: str, seed: int) -> Fault:
    mode = row["mode"]
    if mode not in machine.faults:
        raise BadData(f"asset {code}: no failure mode {mode!r} to simulate; there are: {', '.join(machine.faults)}")
    start: float | Sequence[float] = row["start_s"]
    if not isinstance(start, (int, float)):
        low, high = start
        start = float(new_rng(seed, f"{code}/{mode}").uniform(low, high))
    severity = float(row.get("severity", 1.0))
    if not 0 < severity <= 1:
        raise BadData(f"asset {code}: severity {severity} is not in 0..1")
    return Fault(mode, float(start), float(row["duration_s"]), severity)


def _nuisance(row: Mapping[str, Any], code: str) -> Nuisance:
    made = Nuisance(**{**row, "kind": NuisanceKind(row["kind"])})
    if made.kind in (NuisanceKind.STUCK, NuisanceKind.DRIFT) and not made.point:
        raise BadData(f"asset {code}: {made.kind} needs a point")
    return made
