"""What a point measures, and how small a change of it means nothing to an engineer.

A quiet sensor makes any statistic infinitely sensitive: a tiny, lasting shift becomes "significant" although
no machine is ill. The engineering deadband takes such shifts out before anything is scored. It is relative to
the point's own typical level, so that it does not depend on the unit, except for temperatures, whose zero is
arbitrary and which are brought to degrees Celsius first.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Quantity(StrEnum):
    """Kind of quantity, as far as unit and key tell."""

    VIBRATION = "vibration"
    TEMPERATURE = "temperature"
    FLOW = "flow"
    PRESSURE = "pressure"
    CURRENT = "current"
    VOLTAGE = "voltage"
    POWER = "power"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Deadband:
    """A change up to ``relative`` x typical level, or ``absolute`` where that is more, means nothing.

    ``absolute`` is in kelvin for temperatures, otherwise 0 (unit unknown).
    """

    relative: float
    absolute: float = 0.0


DEADBANDS: dict[Quantity, Deadband] = {
    # ISO 20816-1: a change counts once it reaches 25 % of the zone boundary; 10 % of the own level is stricter.
    Quantity.VIBRATION: Deadband(0.10),
    # The rise of a warm body above its surroundings follows load and weather by some percent.
    Quantity.TEMPERATURE: Deadband(0.05, 1.0),
    Quantity.FLOW: Deadband(0.015),
    Quantity.PRESSURE: Deadband(0.03),
    Quantity.CURRENT: Deadband(0.05),
    # GB/T 12325 allows a supply +-7 % and more; a machine's own fault does not show in the mains voltage.
    Quantity.VOLTAGE: Deadband(0.07),
    Quantity.POWER: Deadband(0.05),
    Quantity.OTHER: Deadband(0.03),
}

_UNITS: dict[str, Quantity] = {
    "mm/s": Quantity.VIBRATION,
    "m/s2": Quantity.VIBRATION,
    "g": Quantity.VIBRATION,
    "[g]": Quantity.VIBRATION,
    "um": Quantity.VIBRATION,
    "Cel": Quantity.TEMPERATURE,
    "K": Quantity.TEMPERATURE,
    "[degF]": Quantity.TEMPERATURE,
    "m3/h": Quantity.FLOW,
    "L/s": Quantity.FLOW,
    "L/min": Quantity.FLOW,
    "bar": Quantity.PRESSURE,
    "MPa": Quantity.PRESSURE,
    "kPa": Quantity.PRESSURE,
    "Pa": Quantity.PRESSURE,
    "A": Quantity.CURRENT,
    "V": Quantity.VOLTAGE,
    "kV": Quantity.VOLTAGE,
    "W": Quantity.POWER,
    "kW": Quantity.POWER,
    "kVA": Quantity.POWER,
}

_WORDS: tuple[tuple[str, Quantity], ...] = (
    ("vib", Quantity.VIBRATION),
    ("accel", Quantity.VIBRATION),
    ("temp", Quantity.TEMPERATURE),
    ("thermo", Quantity.TEMPERATURE),
    ("flow", Quantity.FLOW),
    ("press", Quantity.PRESSURE),
    ("head", Quantity.PRESSURE),
    ("current", Quantity.CURRENT),
    ("volt", Quantity.VOLTAGE),
    ("power", Quantity.POWER),
)

_TO_CELSIUS: dict[str, tuple[float, float]] = {"K": (1.0, -273.15), "[degF]": (5.0 / 9.0, -160.0 / 9.0)}


def quantity_of(key: str, unit: str) -> Quantity:
    """Quantity of a point: its UCUM unit decides, and the words in its key where the unit is unknown.

    >>> quantity_of("discharge", "m3/h"), quantity_of("thermocouple", ""), quantity_of("speed", "r/min")
    (<Quantity.FLOW: 'flow'>, <Quantity.TEMPERATURE: 'temperature'>, <Quantity.OTHER: 'other'>)
    """
    if unit in _UNITS:
        return _UNITS[unit]
    if unit:
        return Quantity.OTHER
    return next((quantity for word, quantity in _WORDS if word in key.lower()), Quantity.OTHER)


def deadband_of(key: str, unit: str, values: NDArray[np.float64]) -> float:
    """Half-width of the engineering deadband in the point's own unit.

    ``values`` (n,) is normal data without NaN; their median magnitude is the typical level.

    >>> deadband_of("flow", "m3/h", np.full(5, 50.0))
    0.75
    """
    quantity = quantity_of(key, unit)
    rule = DEADBANDS[quantity]
    if quantity is not Quantity.TEMPERATURE:
        return rule.relative * float(np.median(np.abs(values)))
    factor, offset = _TO_CELSIUS.get(unit, (1.0, 0.0))
    level_c = float(np.median(np.abs(values * factor + offset)))
    return max(rule.relative * level_c, rule.absolute) / factor
