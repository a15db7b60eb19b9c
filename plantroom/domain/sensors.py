"""How a sensor's own fault is told: for how long nothing good must come of a point, and how it is called."""

SENSOR = "sensor"
"""Stands behind the point in the subject of its sensor's fault (``limit:POINT:sensor``), where limits have a level."""

ON_DELAY_S = 300.0
"""For how long a live point says nothing good before people are told."""

SAFETY_ON_DELAY_S = 60.0
"""The same for a point whose alarm limits are safety alarms: they are mute meanwhile, and wait no longer than the
alarm itself would (``Limits.alarm_delay_s``)."""

OFF_DELAY_S = 0.0
"""It is no longer true that nothing good comes as soon as something good does; who sends on change may say it once. A
sensor that comes and goes is not told again before it has been bad for the whole delay."""

SILENCE_S = 86_400.0
"""After a longer silence nobody can say that it was bad all the time: the delay begins anew."""
