"""Interval rows of many subjects at once, in columns (NumPy): the fast path beside ``maintenance.planner``.

``maintenance.recurrence`` and ``maintenance.nesting`` are the reference; a differential test holds this package to
them, date by date. Days are proleptic Gregorian ordinals (``date.toordinal``), ``END`` stands for ``date.max`` (there
is no date any more) and ``NEVER`` for ``None`` (nothing was done before).
"""
