"""The few numbers that steer scoring. They are frozen into every model's manifest."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ScoreClock:
    """One time scale of scoring. All times are observed seconds; rows are distinct observed instants.

    A machine may report once a second or once a minute, so each time is "at least so many seconds and at
    least so many rows": ``tau_s`` and ``tau_rows`` of smoothing, ``confirm_*`` beyond the raising threshold
    before a finding, ``clear_*`` below the clearing one before its end.
    """

    name: str = "fast"
    tau_s: float = 30.0
    tau_rows: float = 5.0
    confirm_s: float = 30.0
    confirm_rows: int = 3
    clear_s: float = 60.0
    clear_rows: int = 5


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """Scores are in standard deviations of held-out normal data (noise and drift) beyond the deadband.

    ``hold_*``: how long a point's last value counts when a row comes without it. ``gap_*``: a silence after
    which smoothing starts afresh. ``settle_*``: not judged for so long after a start. ``attach_s``: points
    that deviate within this time of a raised finding belong to the same physical deviation.
    """

    clock: ScoreClock = field(default_factory=ScoreClock)
    raise_z: float = 8.0
    watch_z: float = 4.0
    clear_z: float = 2.5
    hold_s: float = 10.0
    hold_rows: float = 5.0
    gap_s: float = 120.0
    gap_rows: float = 10.0
    settle_s: float = 120.0
    settle_rows: float = 3.0
    attach_s: float = 900.0
    blocks: int = 8
    min_learn_rows: int = 60
    drift_horizon_windows: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.clear_z < self.watch_z < self.raise_z:
            raise ValueError("thresholds must rise: 0 < clear_z < watch_z < raise_z")
        if self.blocks < 3 or self.min_learn_rows < 6 * self.blocks:
            raise ValueError("need at least 3 blocks, and 6 rows a block")
