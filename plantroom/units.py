"""Units by their UCUM codes: from what a device sends to a point's own unit.

ucumvert reads UCUM (pint alone does not know ``Cel`` or ``m3/h``), pint converts. Both take seconds to load, so
they are loaded by the first conversion between two different units.
"""

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from plantroom.errors import PlantroomError

OFFSET_DIGITS = 9
"""Decimal places of a value with an offset, which only temperatures have: those beyond are the sum's rounding. 212
[degF] are 100 Cel."""

MEANT = {"°C": "Cel", "℃": "Cel", "degC": "Cel", "C": "Cel", "°F": "[degF]", "℉": "[degF]", "F": "[degF]"}
"""What people write where UCUM has another code."""


class UnitError(PlantroomError):
    """A unit that is none, or two that do not measure the same."""

    code = "wrong_unit"


@dataclass(frozen=True, slots=True)
class Conversion:
    """``value * scale / divisor + offset`` is the value in the other unit. A small factor is a ``divisor`` where that
    is a whole number: 410 kPa are 0.41 MPa to the last digit."""

    scale: float = 1.0
    offset: float = 0.0
    divisor: float = 1.0

    def __call__(self, value: float) -> float:
        """The value in the other unit."""
        converted = value * self.scale / self.divisor
        return round(converted + self.offset, OFFSET_DIGITS) if self.offset else converted


SAME = Conversion()


@lru_cache(maxsize=10_000)
def conversion(sent: str, wanted: str) -> Conversion:
    """From the UCUM unit ``sent`` to ``wanted``; ``SAME`` when they are equal or one of them is unknown (empty).

    Linear units only. Raises ``UnitError`` for a code that is not UCUM, for units of different dimension and for
    logarithmic ones (``dB``) among others.
    """
    if sent == wanted or not sent or not wanted:
        return SAME
    zero, hundred, most = (_convert(value, sent, wanted) for value in (0.0, 100.0, 1000.0))
    scale = hundred / 100 if zero == 0 else (hundred - zero) / 100
    linear = math.isclose(most, 1000 * scale + zero, rel_tol=1e-9, abs_tol=1e-9)
    if not linear or not math.isfinite(scale) or scale == 0:
        raise UnitError(f"{sent} cannot be converted into {wanted} by a factor and an offset")
    # Digits beyond these are noise of the detour over base units: 1 L/min is 0.06 m3/h.
    scale, offset, inverse = float(f"{scale:.15g}"), float(f"{zero:.14g}"), float(f"{1 / scale:.13g}")
    return Conversion(1.0, offset, inverse) if 1 < abs(inverse) == round(abs(inverse)) else Conversion(scale, offset)


def check_unit(code: str) -> None:
    """Raises ``UnitError`` for what is no UCUM code; an empty one is allowed."""
    if code:
        _quantity(1.0, code)


def _convert(value: float, sent: str, wanted: str) -> float:
    import pint

    try:
        return float(_quantity(value, sent).to(_quantity(1.0, wanted).units).magnitude)
    except (pint.PintError, ArithmeticError, ValueError) as error:
        raise UnitError(f"{sent} cannot be converted into {wanted}") from error


def _quantity(value: float, code: str) -> Any:
    """``value`` of the unit; a code that ucumvert reads as a number of units (``10.L``) keeps its factor."""
    import pint
    from lark.exceptions import LarkError

    try:
        unit = _registry().from_ucum(code)
        if unit.magnitude == 1:
            return _registry().Quantity(value, unit.units)
    except (LarkError, pint.PintError, ArithmeticError, ValueError, AttributeError, TypeError) as error:
        meant = f"; {hint} is meant?" if (hint := _meant(code)) else ""
        raise UnitError(f"{code!r} is not a unit that UCUM has and this program knows{meant}") from error
    return value * unit


def _meant(code: str) -> str:
    """The UCUM code that somebody means who writes ``code``: ``[degF]`` for ``degF``; empty when that is not known."""
    if code in MEANT or code.startswith("["):
        return MEANT.get(code, "")
    try:
        check_unit(f"[{code}]")
    except UnitError:
        return ""
    return f"[{code}]"


@cache
def _registry() -> Any:
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()
