"""Everything that was ever done to one machine, in one list: changes of its data, its work, its frozen records."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from maintenance.records.model import Addendum, Record
from maintenance.work_orders import WorkOrder
from plantroom.domain.audit import Entry


class LineType(StrEnum):
    """What a line is about."""

    CHANGE = "change"
    WORK_ORDER = "work_order"
    RECORD = "record"
    ADDENDUM = "addendum"


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``at``: of a change when it was made, of an order when it was verified, else completed, else opened, of
    a record when it was frozen, of an addendum when it was added. ``said`` is what ``type`` says."""

    at: datetime
    type: LineType
    said: Entry | WorkOrder | Record | Addendum
