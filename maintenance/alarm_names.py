"""What people call an alarm: its failure mode, and the events behind it. Pure."""

from maintenance.episode_events import events_told, subject_named
from maintenance.episode_subjects import worst_first
from maintenance.episodes import Episode
from maintenance.tickets import event_name
from maintenance.unknown_events import OTHERS, gathered_events, gathered_name
from plantroom.domain.assets import CLOCK, OFFLINE, SENSOR_FAULT, UNCLASSIFIED, EquipmentClass, LocalName

COMMON = {
    CLOCK: LocalName("设备时钟不准", "Device clock wrong"),
    OFFLINE: LocalName("设备离线", "No signal from the device"),
    SENSOR_FAULT: LocalName("传感器异常", "Sensor fault"),
    UNCLASSIFIED: LocalName("未分类异常", "Unclassified fault"),
}
"""Failure modes that no class has to name."""


def mode_name(made: EquipmentClass | None, failure_mode: str) -> LocalName:
    """What people call a failure mode of a class."""
    mode = made.mode(failure_mode) if made else None
    if mode is None:
        return COMMON.get(failure_mode, LocalName(failure_mode, failure_mode))
    return mode.ticket if mode.ticket.zh or mode.ticket.en else mode.name


def events_of(episode: Episode) -> list[LocalName]:
    """What the events of an episode are called: those that stand, or all when none does. An episode may hold several
    that only their names tell apart. Safety events are first, then the most urgent ones; of unknown ones that stand
    together there is their number."""
    told, place = events_told(episode), worst_first(episode)
    standing = [one for one in told if subject_named(one) in episode.open_subjects]
    names = [(subject_named(one), name) for one in standing or told if (name := event_name(one)) is not None]
    if gathered_events(episode):
        names = sorted([(OTHERS, gathered_name(episode)), *names], key=lambda one: place(one[0]))
    return [name for _, name in names]
