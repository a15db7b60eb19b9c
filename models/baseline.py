"""What one machine looks like when it is well: fitted once on declared normal rows, then frozen."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.settings import DetectorSettings

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A fitted model of one asset with ``p`` points and ``k`` components. Arrays are float64.

    ``level`` (p,) in the points' units; ``noise`` (p,) standard deviation row to row; ``scale`` (p,) standard
    deviation of the smoothed deviation from ``level`` on held-out blocks, with drift; ``deadband`` (p,);
    ``components`` (k, p) and ``variances`` (k,) of the correlation of standardised rows; ``t2_limit`` and
    ``q_limit`` their 99 % limits on held-out blocks; ``dt_s`` the usual time between rows.
    """

    points: tuple[str, ...]
    level: Floats
    noise: Floats
    scale: Floats
    deadband: Floats
    components: Floats
    variances: Floats
    t2_limit: float
    q_limit: float
    dt_s: float
    settings: DetectorSettings

    @property
    def tau_s(self) -> float:
        """Time constant of the smoothing in observed seconds."""
        clock = self.settings.clock
        return max(clock.tau_s, clock.tau_rows * self.dt_s)

    @property
    def hold_ms(self) -> int:
        """How long a point's last value stands in for a missing one."""
        return round(1000 * max(self.settings.hold_s, self.settings.hold_rows * self.dt_s))

    @property
    def gap_ms(self) -> int:
        """Silence after which smoothing starts afresh."""
        return round(1000 * max(self.settings.gap_s, self.settings.gap_rows * self.dt_s))

    @property
    def settle_ms(self) -> int:
        """How long after a start the machine is not judged."""
        return round(1000 * max(self.settings.settle_s, self.settings.settle_rows * self.dt_s))

    @property
    def gain(self) -> float:
        """Weight of a new row at the usual rate: ``1 - exp(-dt / tau)``."""
        return float(-np.expm1(-self.dt_s / self.tau_s))

    @property
    def reach(self) -> Floats:
        """Largest deviation (p,) that one row may bring in.

        Chosen so that two false rows in a row cannot lift a smoothed score over ``raise_z``, however wild.
        """
        allowed: Floats = self.deadband + 0.45 * self.settings.raise_z / self.gain * self.scale
        return allowed

    @property
    def sound(self) -> NDArray[np.bool_]:
        """Which points (p,) can be judged: every number of theirs is finite, so is every value within their reach,
        and the scale is not 0."""
        with np.errstate(over="ignore", invalid="ignore"):
            farthest = np.abs(self.level) + self.reach + self.noise
        return np.isfinite(farthest) & (self.scale > 0.0)

    def of(self, chosen: NDArray[np.bool_]) -> "Baseline":
        """The baseline of some of the points (p,), before its components are known."""
        return replace(
            self,
            points=tuple(point for point, yes in zip(self.points, chosen.tolist(), strict=True) if yes),
            level=self.level[chosen], noise=self.noise[chosen], scale=self.scale[chosen],
            deadband=self.deadband[chosen], components=np.zeros((0, int(chosen.sum()))), variances=np.zeros(0),
        )  # fmt: skip
