"""Whether what stands before a noun lets it mean what it means alone: 会议室空调 is air conditioning, but 消防通风 is
smoke control. Pure."""

import re

from plantroom.catalogue.classes import equipment_classes

_NAMES = {
    "fire": "消防|火|喷淋|排烟|防烟|fire|sprinkler|hydrant|jockey|smoke",
    "elevator": "电梯|客梯|货梯|升降梯|elevator|(?<!fork)lift",
    "elevator_escalator": "电梯|扶梯|自动人行道|elevator|escalator|travelator",
    "hvac": (
        "空调|冷气|膨胀|空气调节|冷却|冷冻|冷凝|制冷|供冷|暖通|新风|通风|"
        "chill|cooling|condens|hvac|air-?con|ventilat|expansion"
    ),
    "heating": "采暖|供暖|供热|暖气|地暖|锅炉|heating|boiler",
    "power": "电力|电气|电源|供电|配电|变电|发电|变压|强电|能耗|能源|power|electric|transformer|generator",
    "water": "供水|给水|排水|水泵|水箱|水池|水质|污水|集水|drainage|plumbing|sewage",
    "lighting": "照明|lighting",
    "security": "安防|监控|门禁|security|cctv",
    "bas": "设备|机电|楼控|楼宇自控",
}
"""What names a system in the words before a noun."""

_SERVES: dict[str, frozenset[str]] = {
    "pump": frozenset({"hvac", "heating", "elevator", "power"}),
    "stairs": frozenset({"fire"}),
    "heating": frozenset({"hvac", "water"}),
    "generator": frozenset(_NAMES),
    "distribution_board": frozenset(_NAMES),
}
"""The systems beside its own that a class stands in: what feeds the fire pumps is a distribution board all the same."""

_IS_A_PLACE = re.compile(
    "(?:[房室间厅井库区层楼站场坑口顶底]|通道|楼梯|走[道廊]|过道|车道|大堂|rooms?|lobby|lobbies|halls?|shafts?|pits?|corridors?|stairs?|"
    "stairwells?|stations?|houses?|offices?|floors?|car-?parks?)$"
)


def goes_with(head: str, system: str | None, equipment_class: str | None) -> bool:
    """Whether a system or class may be meant behind these words (folded): they name no other system, or only the place
    (电梯机房空调)."""
    if _IS_A_PLACE.search(head):
        return True
    named = {key for key, words in _NAMES.items() if re.search(words, head)}
    if not named:
        return True
    own = {system} if system is not None else {*equipment_classes()[equipment_class or ""].systems}
    return bool(named & (own | _SERVES.get(equipment_class or "", frozenset())))
