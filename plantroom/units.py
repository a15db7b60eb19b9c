"""Units by their UCUM codes: from what a device sends to a point's own unit.

ucumvert reads UCUM (pint alone does not know ``Cel`` or ``m3/h``), pint converts. Both take seconds to load, so
they are loaded by the first conversion between two different units.
"""

import math
import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from plantroom.errors import PlantroomError

OFFSET_DIGITS = 9
"""Decimal places of a temperature, the only thing whose units have other zeros: those beyond are rounding. 212 [degF]
are 100 Cel."""

MEANT = {
    "°C": "Cel", "℃": "Cel", "degC": "Cel", "C": "Cel", "°F": "[degF]", "℉": "[degF]", "F": "[degF]",
    "kWh": "kW.h", "Mpa": "MPa", "mpa": "MPa", "Kpa": "kPa", "KPa": "kPa", "kpa": "kPa", "°": "deg",
    "mmHg": "mm[Hg]", "inHg": "[in_i'Hg]", "kn": "[kn_i]", "mph": "[mi_i]/h", "ft/s": "[ft_i]/s", "yd/s": "[yd_i]/s",
}  # fmt: skip
"""What people write where UCUM has another code."""

_TYPED = {"μ": "u", "Ω": "Ohm", "·": ".", "⋅": ".", "∕": "/", "⁄": "/", "−": "-", "°C": "Cel", "°F": "[degF]"}
"""Signs, as compatibility decomposition (NFKC) leaves them, that UCUM writes in ASCII: ``m³/h`` is ``m3/h``."""


class UnitError(PlantroomError):
    """A unit that is none, or two that do not measure the same."""

    code = "wrong_unit"


MAX_UNIT = 64
"""Characters of the longest code that is looked at."""

REMEMBERED = 2_000
REGISTRY_LOOKS = 10_000
"""Conversions that one registry is asked for: pint keeps about a kilobyte of each unit that it has seen, for good."""

_INCHES = {"[in_i'Hg]": "(m[Hg].[in_i]/m)", "[in_i'H2O]": "(m[H2O].[in_i]/m)"}
"""As UCUM defines them (table "clinical units"): ucumvert takes pint's inches at 60 [degF], 0.3 % and 0.1 % less."""

_MAX_BRACKETS = 4
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_LONG_NUMBER = re.compile(r"[^./(0-9][+-]?[0-9]{3}|[0-9]{10}")
"""Powers of three digits, and other numbers of ten. ``10*99999999`` is a number that no memory holds."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """``value * scale / divisor + offset`` is the value in the other unit. A small factor is a ``divisor`` where that
    is a whole number: 410 kPa are 0.41 MPa to the last digit. Of a ``difference`` the offset does not count: 9 [degF]
    more are 5 K more."""

    scale: float = 1.0
    offset: float = 0.0
    divisor: float = 1.0
    difference: bool = False

    def __call__(self, value: float) -> float:
        """The value in the other unit."""
        converted = value * self.scale / self.divisor
        if not self.offset:
            return converted
        return round(converted if self.difference else converted + self.offset, OFFSET_DIGITS)


SAME = Conversion()


def conversion(sent: str, wanted: str, *, difference: bool = False) -> Conversion:
    """From the UCUM unit ``sent`` to ``wanted``; ``SAME`` when they are equal or one of them is unknown (empty).
    ``difference``: the values are differences of two (UCUM's units do not tell).

    Linear units only. Raises ``UnitError`` for a code that is not UCUM or longer than ``MAX_UNIT``, for units of
    different dimension and for logarithmic ones (``dB``) among others. What was asked before, refused or not, costs a
    look into a table of ``REMEMBERED``; what was not takes milliseconds, up to some tens.
    """
    if sent == wanted or not sent or not wanted:
        return SAME
    _check_form(sent)
    _check_form(wanted)
    found = _conversion(sent, wanted)
    if isinstance(found, str):
        raise UnitError(found)
    return replace(found, difference=True) if difference and found.offset else found


def check_unit(code: str) -> None:
    """Raises ``UnitError`` for what is no UCUM code; an empty one is allowed."""
    if code:
        _check_form(code)
        _quantity(_registry_now(), 1.0, code)


def _check_form(code: str) -> None:
    """Anybody who sends may name a unit, so that what takes for ever is refused at sight."""
    if len(code) > MAX_UNIT:
        raise UnitError(f"{code[:MAX_UNIT]!r} and so on is longer than any unit")
    bare = _ANNOTATION.sub("", code)
    if _LONG_NUMBER.search(bare) or bare.count("(") > _MAX_BRACKETS:
        raise UnitError(f"{code!r} has higher powers, or more brackets, than any unit")


@lru_cache(maxsize=REMEMBERED)
def _conversion(sent: str, wanted: str) -> Conversion | str:
    """The conversion, or why there is none."""
    registry = _registry_now()
    try:
        zero, hundred, most = (_convert(registry, value, sent, wanted) for value in (0.0, 100.0, 1000.0))
    except UnitError as error:
        return str(error)
    scale = hundred / 100 if zero == 0 else (hundred - zero) / 100
    linear = math.isclose(most, 1000 * scale + zero, rel_tol=1e-9, abs_tol=1e-9)
    if not linear or not math.isfinite(scale) or scale == 0:
        return f"{sent} cannot be converted into {wanted} by a factor and an offset"
    # Digits beyond these are noise of the detour over base units: 1 L/min is 0.06 m3/h.
    scale, offset, inverse = float(f"{scale:.15g}"), float(f"{zero:.14g}"), float(f"{1 / scale:.13g}")
    return Conversion(1.0, offset, inverse) if 1 < abs(inverse) == round(abs(inverse)) else Conversion(scale, offset)


def _convert(registry: Any, value: float, sent: str, wanted: str) -> float:
    import pint

    try:
        return float(_quantity(registry, value, sent).to(_quantity(registry, 1.0, wanted).units).magnitude)
    except (pint.PintError, ArithmeticError, AssertionError, ValueError, RecursionError) as error:
        raise UnitError(f"{sent} cannot be converted into {wanted}") from error


def _quantity(registry: Any, value: float, code: str) -> Any:
    """``value`` of the unit; a code that ucumvert reads as a number of units (``10.L``) keeps its factor."""
    import pint
    from lark.exceptions import LarkError

    exact = code
    for inches, meters in _INCHES.items():
        exact = exact.replace(inches, meters)
    try:
        unit = registry.from_ucum(exact)
        if unit.magnitude == 1:
            return registry.Quantity(value, unit.units)
    except (LarkError, pint.PintError, ArithmeticError, ValueError, AttributeError, TypeError, RecursionError) as error:
        meant = f"; {hint} is meant?" if (hint := _meant(code)) else ""
        raise UnitError(f"{code!r} is not a unit that UCUM has and this program knows{meant}") from error
    return value * unit


def _meant(code: str) -> str:
    """The UCUM code that somebody means who writes ``code``: ``[degF]`` for ``degF``; empty when that is not known."""
    if code in MEANT or code.startswith("["):
        return MEANT.get(code, "")
    plain = unicodedata.normalize("NFKC", code)
    for sign, ascii_ in _TYPED.items():
        plain = plain.replace(sign, ascii_)
    hint = plain if plain != code else f"[{code}]"
    try:
        check_unit(hint)
    except UnitError:
        return MEANT.get(plain, "")
    return hint


def _registry_now() -> Any:
    return _registry(_conversion.cache_info().misses // REGISTRY_LOOKS)


@lru_cache(maxsize=1)
def _registry(_generation: int) -> Any:
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()
