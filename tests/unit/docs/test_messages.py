"""docs/messages.md names what counts as stuck, and after how long, as the catalogue has it."""

import re
from pathlib import Path

from plantroom.catalogue import equipment_classes

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "messages.md").read_text(encoding="utf-8")
CALLED = {"a pump's": "pump", "an air handler's": "ahu"}


def test_every_point_that_can_be_stuck_is_named_with_its_time() -> None:
    ending = r",?\s+count as stuck only while the last word of `(\w+)` was true"
    sentence = re.search(r"\bSo\s+(.*?)" + ending, TEXT, re.DOTALL)
    assert sentence is not None
    told, machine = {}, ""
    for named, point, hours in re.findall(r"(an? [\w\s]+'s)|`(\w+)` \((\d+) h\)", sentence[1]):
        machine = CALLED[" ".join(named.split())] if named else machine
        if point:
            told[machine, point] = (3600 * int(hours), sentence[2])
    assert told == {
        (key, point.key): (point.stuck_after_s, point.stuck_while)
        for key, made in equipment_classes().items()
        for point in made.points
        if point.stuck_after_s is not None
    }
