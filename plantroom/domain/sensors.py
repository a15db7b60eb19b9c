"""How a sensor's own fault is told: for how long nothing good must come of a point, and how it is called."""

SENSOR = "sensor"
"""Stands behind the point in the subject of its sensor's fault (``limit:POINT:sensor``), where limits have a level."""

ON_DELAY_S = 300.0
"""For how long a live point says nothing good before people are told."""

SAFETY_ON_DELAY_S = 60.0
"""The same for a point of a safety source that has alarm limits: they are mute meanwhile, and wait no longer than the
alarm itself would (``Limits.alarm_delay_s``)."""

OFF_DELAY_S = 60.0
"""For how long it says nothing bad before it counts as mended."""
