"""The simulated equipment classes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import Any

from simulators.machines import ahu, elevator, fire_panel, fire_pump_set, pump
from simulators.physics import Chunk, Fault


@dataclass(frozen=True, slots=True)
class Machine:
    """How to simulate one equipment class.

    ``simulate(config, state, seconds, faults)`` goes on exactly from ``state``; ``seconds`` are whole steps of
    ``step_s``. ``faults`` are the failure modes that it knows as ramps.
    """

    config_type: type[Any]
    initial: Callable[[Any, int, str, int], Any]
    simulate: Callable[[Any, Any, int, Sequence[Fault]], tuple[Chunk, Any]]
    step_s: int
    faults: tuple[str, ...]
    per_trip: bool = False
    """Whether rows come with what the machine does (trips) and not with the clock."""


def _machine(module: ModuleType, config_type: type[Any], *, per_trip: bool = False) -> Machine:
    return Machine(config_type, module.initial, module.simulate, module.STEP_S, module.FAULTS, per_trip)


MACHINES: Mapping[str, Machine] = MappingProxyType(
    {
        "pump": _machine(pump, pump.PumpConfig),
        "elevator": _machine(elevator, elevator.ElevatorConfig, per_trip=True),
        "ahu": _machine(ahu, ahu.AhuConfig),
        "fire_pump_set": _machine(fire_pump_set, fire_pump_set.FirePumpSetConfig),
        "fire_panel": _machine(fire_panel, fire_panel.FirePanelConfig),
    }
)
